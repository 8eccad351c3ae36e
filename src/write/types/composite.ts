import { BASE, RUNTIME } from '../../serializer/families/rows.ts'
import { declaredLength } from '../../serializer/layout.ts'
import type { SerializerSnapshot } from '../../serializer/snapshot.ts'
import {
  type BuiltType,
  compositeFor,
  flagOf,
  isObject,
  isSince,
  leftToKryo,
  listOf,
  membersOf,
  needsFlink,
  snapshotFor,
  type TypeForm,
  type TypePlace,
  textOf,
  wrongType,
} from './form.ts'

/** Types made of others, in `flink-core`. */

const MAX_TUPLE_FIELDS = 25
const TUPLES = 'org.apache.flink.api.java.tuple'

/** `{ "tuple": ["string", "long"] }`: Tuple0 to Tuple25. */
const TUPLE: TypeForm = {
  member: 'tuple',
  build: ({ tuple }, at) => {
    const fields = listOf(tuple, at, 'tuple')
    if (fields.length > MAX_TUPLE_FIELDS) {
      throw wrongType(at, `a tuple has up to ${MAX_TUPLE_FIELDS} fields, found ${fields.length}`)
    }
    if (fields.length === 0) return at.nested('tuple0', 'tuple')
    return tupleOf(fields.map((each, i) => at.nested(each, `tuple.f${i}`).snapshot))
  },
}

export function tupleOf(nested: readonly SerializerSnapshot[]): BuiltType {
  const javaClass = `${TUPLES}.Tuple${nested.length}`
  return { snapshot: compositeFor(`${RUNTIME}.TupleSerializerSnapshot`, 2, nested, javaClass), javaClass }
}

/** `{ "row": ["int", …] }`, or with names, which are not stored: `{ "row": { "id": "int", … } }`. */
const ROW: TypeForm = {
  member: 'row',
  build: ({ row }, at) => {
    const fields = Array.isArray(row)
      ? row.map((each, i) => [`f${i}`, each] as const)
      : orderedMembersOf(row, at, 'row').map(([name, each]) => [name, each] as const)
    const nested = fields.map(([name, each]) => at.nested(each, `row.${name}`).snapshot)
    return {
      snapshot: compositeFor(`${RUNTIME}.RowSerializer$RowSerializerSnapshot`, 4, nested, { supportsRowKind: true }),
      javaClass: 'org.apache.flink.types.Row',
    }
  },
}

/** Members whose order matters: JavaScript puts names that are numbers first. */
export function orderedMembersOf(json: unknown, at: TypePlace, name: string): [string, unknown][] {
  const members = membersOf(json, at, name)
  if (!members.some(([each]) => /^\d+$/.test(each))) return members
  throw wrongType(at, `${name} has names that are numbers, whose order is lost: give an array`)
}

/** `wrap` of NullableSerializer: nothing is wrapped twice. */
export function nullableOf(inner: SerializerSnapshot, padded = false): SerializerSnapshot {
  const className = `${RUNTIME}.NullableSerializer$NullableSerializerSnapshot`
  if (inner.className === className) return inner
  return compositeFor(className, 2, [inner], padded ? Math.max(0, declaredLength(inner.layout)) : 0)
}

/** `{ "nullable": "long" }`: NullableSerializer. `padded`: null takes as many bytes as a value. */
const NULLABLE: TypeForm = {
  member: 'nullable',
  others: ['padded'],
  build: ({ nullable, padded }, at) => {
    const inner = at.nested(nullable, 'nullable')
    return { ...inner, snapshot: nullableOf(inner.snapshot, flagOf(padded, at, 'padded')) }
  },
}

/** Forms of which Java has type arguments, so that `List<…>` of them is no list of plain classes. */
const GENERIC = ['list', 'set', 'map', 'tuple', 'either']

/**
 * Whether a collection is the one that Flink's TypeExtractor makes of a field of a POJO since 2.0: it and its elements
 * may be null. `Types.LIST` and the like do without. What TypeExtractor leaves to Kryo is not guessed.
 */
function isNullable(nullable: unknown, at: TypePlace, javaClass: string, elements: readonly unknown[]): boolean {
  const given = flagOf(nullable, at, 'nullable')
  if (given === true) needsFlink(at, 'a nullable collection', 2, 0)
  if (given !== undefined || !at.inPojo) return given ?? false
  const areClasses = elements.every((each) => !isObject(each) || !GENERIC.some((member) => Object.hasOwn(each, member)))
  if (isSince(at, 2, 0) && areClasses) return true
  throw leftToKryo(
    at,
    javaClass,
    isSince(at, 2, 0) ? 'its type arguments are no plain classes' : 'Flink 1.x has no other way',
  )
}

/** `{ "list": "long" }`: ListSerializer. */
const LIST: TypeForm = {
  member: 'list',
  others: ['nullable'],
  build: ({ list, nullable }, at) => {
    const wraps = isNullable(nullable, at, 'java.util.List', [list])
    const element = at.nested(list, 'list').snapshot
    const made = listSnapshot(wraps ? nullableOf(element) : element)
    return { snapshot: wraps ? nullableOf(made) : made, javaClass: 'java.util.List' }
  },
}

export function listSnapshot(element: SerializerSnapshot): SerializerSnapshot {
  return compositeFor(`${BASE}.ListSerializerSnapshot`, 1, [element])
}

/** `{ "set": "long" }`: SetSerializer, since Flink 2.0. */
const SET: TypeForm = {
  member: 'set',
  others: ['nullable'],
  build: ({ set, nullable }, at) => {
    needsFlink(at, 'a set (SetTypeInfo)', 2, 0)
    const made = compositeFor(`${BASE}.SetSerializerSnapshot`, 1, [at.nested(set, 'set').snapshot])
    const wraps = isNullable(nullable, at, 'java.util.Set', [set])
    return { snapshot: wraps ? nullableOf(made) : made, javaClass: 'java.util.Set' }
  },
}

/** `{ "map": ["string", "long"] }`: MapSerializer. */
const MAP: TypeForm = {
  member: 'map',
  others: ['nullable'],
  build: ({ map, nullable }, at) => {
    const [key, value] = pairOf(map, at, 'map', ['key', 'value'])
    const wraps = isNullable(nullable, at, 'java.util.Map', listOf(map, at, 'map'))
    const made = mapSnapshot(wraps ? nullableOf(key) : key, value)
    return { snapshot: wraps ? nullableOf(made) : made, javaClass: 'java.util.Map' }
  },
}

export function mapSnapshot(key: SerializerSnapshot, value: SerializerSnapshot): SerializerSnapshot {
  return compositeFor(`${BASE}.MapSerializerSnapshot`, 1, [key, value])
}

function pairOf(
  json: unknown,
  at: TypePlace,
  member: string,
  names: readonly [string, string],
): [SerializerSnapshot, SerializerSnapshot] {
  const [first, second, ...rest] = listOf(json, at, member)
  if (first === undefined || second === undefined || rest.length > 0) {
    throw wrongType(at, `${member} must be an array of two types, ${names.join(' and ')}`)
  }
  return [at.nested(first, `${member}.${names[0]}`).snapshot, at.nested(second, `${member}.${names[1]}`).snapshot]
}

/** `{ "either": ["string", "long"] }`: Flink's Either, left and right. */
const EITHER: TypeForm = {
  member: 'either',
  build: ({ either }, at) => ({
    snapshot: compositeFor(
      `${RUNTIME}.JavaEitherSerializerSnapshot`,
      1,
      pairOf(either, at, 'either', ['left', 'right']),
    ),
    javaClass: 'org.apache.flink.types.Either',
  }),
}

/** `{ "array": "long" }`: `Long[]`, whose elements may be null. `class`: of the elements, where the type does not tell. */
const ARRAY: TypeForm = {
  member: 'array',
  others: ['class'],
  build: ({ array, class: given }, at) => {
    const element = at.nested(array, 'array')
    if (element.javaClass === 'java.lang.String' && given === undefined) return at.nested('String[]', 'array')
    const component = given === undefined ? element.javaClass : textOf(given, at, 'class')
    if (component === undefined) throw wrongType(at, 'the class of the elements has to be given, as the member class')
    return {
      snapshot: compositeFor(`${BASE}.GenericArraySerializerSnapshot`, 1, [element.snapshot], component),
      javaClass: component.startsWith('[') ? `[${component}` : `[L${component};`,
    }
  },
}

/** `{ "value": "com.acme.Money" }`: a class of the user's that is a `Value`; `copyable`: a `CopyableValue`. */
const VALUE: TypeForm = {
  member: 'value',
  others: ['copyable'],
  build: ({ value, copyable }, at) => {
    const javaClass = textOf(value, at, 'value')
    const name = flagOf(copyable, at, 'copyable') ? 'CopyableValue' : 'Value'
    return { snapshot: snapshotFor(`${RUNTIME}.${name}Serializer$${name}SerializerSnapshot`, javaClass), javaClass }
  },
}

export const COMPOSITE_FORMS: readonly TypeForm[] = [TUPLE, ROW, LIST, SET, MAP, EITHER, ARRAY, NULLABLE, VALUE]
