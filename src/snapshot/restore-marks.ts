import type { StateMetaInfo } from '../format/state-meta-info.ts'
import { simpleClassName, someType, type Type } from '../serializer/type.ts'

/**
 * What one should know of a state before its types are trusted or its job is moved to another Flink:
 *
 * - `kryo`: values of Kryo 2 (Flink 1.x); Flink 2.x has Kryo 5 and cannot read them.
 * - `pojo-collections`: List, Map or Set inside a POJO, written by Kryo; Flink 2.x has serializers of its own for them and
 *   takes the POJO for incompatible.
 * - `unknown`: classes of serializers that kobel does not know; their values are bytes.
 * - `inferred`: the end of an unknown serializer snapshot was worked out from what follows it.
 * - `differs`: subtasks declare different types.
 * - `hidden`: the head could not be read as far as this state; its name is made up.
 */
export type MarkKind = 'kryo' | 'pojo-collections' | 'unknown' | 'inferred' | 'differs' | 'hidden'

export interface Mark {
  readonly mark: MarkKind
  /** Classes or fields it is about. */
  readonly about: readonly string[]
}

/** The first version of `_metadata` that comes with Kryo 5. */
const FIRST_VERSION_WITH_KRYO_5 = 5

const COLLECTIONS = new Set(['java.util.List', 'java.util.Map', 'java.util.Set', 'java.util.Collection'])

/** Marks that follow from the types of a state. */
export function marksOfTypes(types: readonly Type[], metadataVersion: number): Mark[] {
  const kryo = new Set<string>()
  const fields = new Set<string>()
  const unknown = new Set<string>()
  for (const type of types) {
    someType(type, (each) => {
      if (isKryo(each)) kryo.add(each.className ?? each.kind)
      else if (each.kind === 'unknown') unknown.add(each.className ?? each.kind)
      else if (each.kind === 'pojo') for (const field of pojoCollections(each)) fields.add(field)
      return false
    })
  }
  const marks: Mark[] = []
  if (metadataVersion < FIRST_VERSION_WITH_KRYO_5) {
    if (kryo.size > 0) marks.push({ mark: 'kryo', about: [...kryo] })
    if (fields.size > 0) marks.push({ mark: 'pojo-collections', about: [...fields] })
  }
  if (unknown.size > 0) marks.push({ mark: 'unknown', about: [...unknown] })
  return marks
}

/** The mark of a state with a serializer snapshot of inferred extent. */
export function inferredMark(declarations: readonly (StateMetaInfo | undefined)[]): Mark[] {
  const classes = declarations.flatMap((info) =>
    (info?.serializers ?? []).flatMap(([, snapshot]) => (snapshot.extent === 'inferred' ? [snapshot.className] : [])),
  )
  return classes.length === 0 ? [] : [{ mark: 'inferred', about: [...new Set(classes)] }]
}

function isKryo(type: Type): boolean {
  return type.kind === 'kryo' || (type.kind === 'unknown' && /\.KryoSerializerSnapshot$/.test(type.className ?? ''))
}

/** Fields of a POJO as `Order.items`. */
function pojoCollections(pojo: Type): string[] {
  return (pojo.fields ?? []).flatMap(({ name, type }) => {
    const inner = type.kind === 'nullable' ? type.arguments?.[0] : type
    const found = inner?.kind === 'kryo' && COLLECTIONS.has(inner.className ?? '')
    return found ? [`${simpleClassName(pojo.className ?? 'POJO')}.${name}`] : []
  })
}
