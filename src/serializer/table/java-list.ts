import { type JavaFieldValue, type JavaObject, javaField } from '../../bytes/java-stream/index.ts'

/** Fields in which wrappers of `java.util` and Guava keep the collection they wrap, or their elements. */
const WRAPPED = ['list', 'c', 'a', 'elements', 'element']

const MAX_WRAPPERS = 8

/**
 * The elements of a Java-serialized `List`: `ArrayList`, `LinkedList` and `List.of` (`java.util.CollSer`) write them
 * behind their fields, unmodifiable and synchronized lists wrap another list, `Arrays.asList` keeps an array.
 * `undefined` for what is no list kobel knows.
 */
export function javaListElements(value: JavaFieldValue | undefined): readonly JavaFieldValue[] | undefined {
  let at = value
  for (let i = 0; i < MAX_WRAPPERS; i++) {
    if (typeof at !== 'object' || at === null) return undefined
    if (at.kind === 'array') return at.elements
    if (at.kind !== 'object') return undefined
    if (at.className.endsWith('$EmptyList')) return []
    if (at.className.endsWith('$SingletonList')) return [javaField(at, 'element') ?? null]
    const wrapped = wrappedIn(at)
    if (wrapped === undefined) return writtenElements(at)
    at = wrapped
  }
  return undefined
}

function wrappedIn(object: JavaObject): JavaFieldValue | undefined {
  for (const name of WRAPPED) {
    const value = javaField(object, name)
    if (typeof value === 'object' && value !== null) return value
  }
  return undefined
}

/** Block data holds the size only. */
function writtenElements(object: JavaObject): JavaFieldValue[] | undefined {
  const part = object.parts.findLast((each) => each.annotations.length > 0)
  return part?.annotations.filter((each) => typeof each !== 'object' || each === null || each.kind !== 'block-data')
}
