import { KobelError } from '../../error.ts'
import { parseAvroSchema } from '../../serializer/avro/schema.ts'
import { classOf, isObject, snapshotFor, type TypeForm, wrongType } from './form.ts'

const SNAPSHOT_CLASS = 'org.apache.flink.formats.avro.typeutils.AvroSerializerSnapshot'
const GENERIC_RECORD = 'org.apache.avro.generic.GenericRecord'

/**
 * `{ "avro": SCHEMA }`: generic records; `class`: of a class that Avro's compiler made. A schema that is a text is taken
 * as it is.
 */
const AVRO: TypeForm = {
  member: 'avro',
  others: ['class'],
  build: ({ avro, class: given }, at) => {
    const schema = typeof avro === 'string' && /^\s*[[{"]/.test(avro) ? avro : avroText(avro)
    try {
      parseAvroSchema(schema)
    } catch (error) {
      if (error instanceof KobelError) throw wrongType(at, `avro is no schema of Avro: ${error.message}`)
      throw error
    }
    const javaClass = given === undefined ? GENERIC_RECORD : classOf(given, at, 'class')
    return { snapshot: snapshotFor(SNAPSHOT_CLASS, { className: javaClass, schema }), javaClass }
  },
}

export const AVRO_FORMS: readonly TypeForm[] = [AVRO]

/** A schema as `Schema.toString()` of Avro prints it: members in its order, names without the namespace around them. */
export function avroText(schema: unknown): string {
  return JSON.stringify(printed(schema, undefined))
}

/** Members that a schema has by its type, in order; all others are properties and stand behind them. */
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  record: ['doc', 'fields'],
  error: ['doc', 'fields'],
  enum: ['doc', 'symbols', 'default'],
  fixed: ['doc', 'size'],
  array: ['items'],
  map: ['values'],
}
const FIELD_MEMBERS = ['name', 'type', 'doc', 'default', 'order', 'aliases']

const MAX_DEPTH = 200

function printed(schema: unknown, space: string | undefined, depth = 0): unknown {
  if (depth > MAX_DEPTH) throw new KobelError('LIMIT', `an Avro schema is nested deeper than ${MAX_DEPTH}`)
  if (Array.isArray(schema)) return schema.map((each) => printed(each, space, depth + 1))
  if (typeof schema === 'string') return unqualified(schema, space)
  if (!isObject(schema)) return schema
  // { "type": { … } }, and a primitive type without properties.
  const { type } = schema
  if (typeof type !== 'string') return printed(type, space, depth + 1)
  const members = MEMBERS[type]
  if (!members) return Object.keys(schema).length === 1 ? unqualified(type, space) : { type, ...schema }
  const isNamed = !['array', 'map'].includes(type)
  const { name, inner } = isNamed ? nameOf(schema, space) : { name: {}, inner: space }
  const known = new Set(['type', 'name', 'namespace', 'aliases', ...members])
  const properties = Object.entries(schema).filter(([each]) => !known.has(each))
  return {
    type,
    ...name,
    ...Object.fromEntries(
      members
        .filter((each) => schema[each] !== undefined)
        .map((each) => [each, member(each, schema[each], inner, depth + 1)]),
    ),
    ...Object.fromEntries(properties),
    ...(isNamed && Array.isArray(schema.aliases) && { aliases: schema.aliases.map((each) => printed(each, inner)) }),
  }
}

function member(name: string, value: unknown, space: string | undefined, depth: number): unknown {
  if (name === 'items' || name === 'values') return printed(value, space, depth)
  return name === 'fields' && Array.isArray(value) ? value.map((each) => printedField(each, space, depth)) : value
}

function printedField(field: unknown, space: string | undefined, depth: number): unknown {
  if (!isObject(field)) return field
  const ordered = [...FIELD_MEMBERS, ...Object.keys(field).filter((each) => !FIELD_MEMBERS.includes(each))]
  const members = ordered.filter(
    (each) => field[each] !== undefined && !(each === 'order' && field.order === 'ascending'),
  )
  return Object.fromEntries(
    members.map((each) => [each, each === 'type' ? printed(field.type, space, depth) : field[each]]),
  )
}

/** A namespace is printed where it is not the one around. */
function nameOf(
  schema: Readonly<Record<string, unknown>>,
  space: string | undefined,
): { readonly name: object; readonly inner: string | undefined } {
  const full = String(schema.name)
  const dot = full.lastIndexOf('.')
  const given = typeof schema.namespace === 'string' ? schema.namespace : space
  const own = dot < 0 ? given : full.slice(0, dot)
  const inner = own === '' ? undefined : own
  return { name: { name: full.slice(dot + 1), ...(inner !== space && { namespace: inner ?? '' }) }, inner }
}

function unqualified(name: string, space: string | undefined): string {
  const dot = name.lastIndexOf('.')
  return dot >= 0 && name.slice(0, dot) === space ? name.slice(dot + 1) : name
}
