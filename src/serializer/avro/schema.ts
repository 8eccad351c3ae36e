import { KobelError } from '../../error.ts'

/** An Avro schema (Avro 1.8 to 1.12). A recursive schema contains itself. */
export type AvroSchema =
  | { readonly type: AvroPrimitive; readonly logical?: AvroLogical }
  | AvroRecord
  | { readonly type: 'enum'; readonly name: string; readonly symbols: readonly string[] }
  | { readonly type: 'fixed'; readonly name: string; readonly size: number; readonly logical?: AvroLogical }
  | { readonly type: 'array'; readonly items: AvroSchema }
  | { readonly type: 'map'; readonly values: AvroSchema }
  | { readonly type: 'union'; readonly branches: readonly AvroSchema[] }

export interface AvroRecord {
  readonly type: 'record'
  /** With the namespace. */
  readonly name: string
  readonly fields: readonly AvroField[]
}

export interface AvroField {
  readonly name: string
  readonly schema: AvroSchema
}

const PRIMITIVES = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'] as const

export type AvroPrimitive = (typeof PRIMITIVES)[number]

export type AvroLogical =
  | { readonly name: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly name: string }

/** The base types of each logical type; on another type it is ignored, as the specification has it. */
const LOGICAL_TYPES: ReadonlyMap<string, readonly string[]> = new Map([
  ['date', ['int']],
  ['time-millis', ['int']],
  ['time-micros', ['long']],
  ['timestamp-millis', ['long']],
  ['timestamp-micros', ['long']],
  ['timestamp-nanos', ['long']],
  ['local-timestamp-millis', ['long']],
  ['local-timestamp-micros', ['long']],
  ['local-timestamp-nanos', ['long']],
  ['decimal', ['bytes', 'fixed']],
  ['uuid', ['string', 'fixed']],
])

const MAX_SCHEMA_DEPTH = 100

interface Scope {
  /** Named types met so far, by full name. */
  readonly named: Map<string, AvroSchema>
  /** Enclosing namespace, '' for none. */
  readonly namespace: string
  readonly depth: number
}

/**
 * Reads a schema in Avro's JSON form: the name of a type, an array of union branches, or an object with `type`.
 *
 * @throws KobelError `CORRUPT` where the text is no schema.
 */
export function parseAvroSchema(text: string): AvroSchema {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw broken('it is not JSON', text)
  }
  return schemaOf(json, { named: new Map(), namespace: '', depth: 0 })
}

function schemaOf(json: unknown, scope: Scope): AvroSchema {
  if (scope.depth > MAX_SCHEMA_DEPTH)
    throw new KobelError('LIMIT', `the Avro schema is deeper than ${MAX_SCHEMA_DEPTH}`)
  const inside: Scope = { ...scope, depth: scope.depth + 1 }
  if (typeof json === 'string') return referenceOf(json, scope)
  if (Array.isArray(json)) {
    const branches = json.map((each) => schemaOf(each, inside))
    if (branches.some((each) => each.type === 'union')) throw broken('a union stands directly in a union', json)
    return { type: 'union', branches }
  }
  const object = objectOf(json)
  const { type } = object
  if (typeof type !== 'string') return schemaOf(type, inside)
  switch (type) {
    case 'record':
    case 'error':
      return recordOf(object, inside)
    case 'enum': {
      const symbols = arrayOf(object.symbols, 'symbols').map((each) => textOf(each, 'a symbol'))
      return define({ type, name: fullName(object, scope), symbols }, scope)
    }
    case 'fixed':
      return define({ type, name: fullName(object, scope), size: sizeOf(object), ...logicalOf(type, object) }, scope)
    case 'array':
      return { type, items: schemaOf(object.items, inside) }
    case 'map':
      return { type, values: schemaOf(object.values, inside) }
    default:
      return isPrimitive(type) ? { type, ...logicalOf(type, object) } : referenceOf(type, scope)
  }
}

function recordOf(object: JsonObject, scope: Scope): AvroSchema {
  const name = fullName(object, scope)
  const fields: AvroField[] = []
  const record = define({ type: 'record', name, fields }, scope)
  // As in Avro's Java library, names inside a record without a namespace are looked up in the enclosing one.
  const namespace = name.includes('.') ? name.slice(0, name.lastIndexOf('.')) : scope.namespace
  const seen = new Set<string>()
  for (const each of arrayOf(object.fields, 'fields')) {
    const field = objectOf(each)
    const fieldName = textOf(field.name, 'the name of a field')
    if (seen.has(fieldName)) throw broken(`the field ${fieldName} stands there twice`, name)
    seen.add(fieldName)
    fields.push({ name: fieldName, schema: schemaOf(field.type, { ...scope, namespace }) })
  }
  return record
}

function isPrimitive(type: string): type is AvroPrimitive {
  return (PRIMITIVES as readonly string[]).includes(type)
}

/** A primitive, or a type named before: in the enclosing namespace, else without one. */
function referenceOf(name: string, { named, namespace }: Scope): AvroSchema {
  if (isPrimitive(name)) return { type: name }
  const inNamespace = name.includes('.') || namespace === '' ? undefined : named.get(`${namespace}.${name}`)
  const found = inNamespace ?? named.get(name)
  if (found === undefined) throw broken(`the type ${name} is not defined before it is used`, namespace)
  return found
}

function define<S extends AvroSchema & { name: string }>(schema: S, { named }: Scope): S {
  if (named.has(schema.name)) throw broken(`the type ${schema.name} is defined twice`, schema.name)
  named.set(schema.name, schema)
  return schema
}

/** A name with dots is full already; else the namespace beside it counts, else the enclosing one. */
function fullName(object: JsonObject, scope: Scope): string {
  const name = textOf(object.name, 'a name')
  if (name.includes('.')) return name.startsWith('.') ? name.slice(1) : name
  const namespace = typeof object.namespace === 'string' ? object.namespace : scope.namespace
  return namespace === '' ? name : `${namespace}.${name}`
}

const MAX_FIXED_SIZE = 1 << 28

function sizeOf({ size }: JsonObject): number {
  if (typeof size === 'number' && Number.isInteger(size) && size >= 0 && size <= MAX_FIXED_SIZE) return size
  throw broken('the size of a fixed type is no whole number in range', size)
}

function logicalOf(type: string, object: JsonObject): { readonly logical?: AvroLogical } {
  const { logicalType: name, precision, scale = 0 } = object
  if (typeof name !== 'string' || !LOGICAL_TYPES.get(name)?.includes(type)) return {}
  if (name === 'uuid' && type === 'fixed' && object.size !== 16) return {}
  if (name !== 'decimal') return { logical: { name } }
  if (!isDigits(precision) || precision === 0 || !isDigits(scale) || scale > precision) return {}
  return { logical: { name, precision, scale } }
}

/** A precision or scale; beyond what any decimal has they are taken for damage. */
function isDigits(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 100_000
}

type JsonObject = Readonly<Record<string, unknown>>

function objectOf(json: unknown): JsonObject {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as JsonObject
  throw broken('an object was expected', json)
}

function arrayOf(json: unknown, what: string): readonly unknown[] {
  if (Array.isArray(json)) return json
  throw broken(`${what} was expected to be an array`, json)
}

function textOf(json: unknown, what: string): string {
  if (typeof json === 'string') return json
  throw broken(`${what} was expected to be a text`, json)
}

function broken(why: string, found: unknown): KobelError {
  return new KobelError(
    'CORRUPT',
    `the Avro schema is broken: ${why}, found ${(JSON.stringify(found) ?? '').slice(0, 60)}`,
  )
}
