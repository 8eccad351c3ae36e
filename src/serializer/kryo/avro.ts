import { Reader } from '../../bytes/reader.ts'
import { KobelError } from '../../error.ts'
import { emptyObject, type Value } from '../value.ts'
import type { ObjectCodec } from './classes.ts'
import { mappedCodec } from './fields.ts'
import { withClass } from './graph.ts'
import { readKryoString, readSize } from './primitives.ts'
import { textCodec } from './scalars.ts'

/** Avro's generic classes: as their fields in 2.24, as schema and Avro binary with the serializers of Flink 2. */

type Schema = string | readonly Schema[] | { readonly [member: string]: unknown }

interface Decoding {
  readonly reader: Reader
  readonly named: Map<string, Schema>
  depth: number
  /** Values that took no bytes. */
  empty: number
}

const MAX_DEPTH = 200
const MAX_EMPTY = 1 << 16

function corrupt(what: string, reader: Reader): KobelError {
  return new KobelError('CORRUPT', `${what} in an Avro value inside a Kryo value`, { offset: reader.offset })
}

function parseSchema(json: string | null, reader: Reader): Schema {
  try {
    return JSON.parse(json ?? '') as Schema
  } catch {
    throw corrupt('a schema that is not JSON', reader)
  }
}

function readLong(reader: Reader): bigint {
  let result = 0n
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = reader.u8()
    result |= BigInt(byte & 0x7f) << shift
    if (byte < 0x80) return BigInt.asIntN(64, (result >> 1n) ^ -(result & 1n))
  }
  throw corrupt('a number of more than 10 bytes', reader)
}

function readLength(reader: Reader): number {
  const length = readLong(reader)
  if (length < 0n || length > BigInt(reader.remaining)) throw corrupt(`the length ${length}`, reader)
  return Number(length)
}

const textDecoder = new TextDecoder('utf-8', { ignoreBOM: true })

function readPrimitive(type: string, decoding: Decoding): Value | undefined {
  const { reader } = decoding
  switch (type) {
    case 'null':
      if (++decoding.empty > MAX_EMPTY) throw corrupt('too many nulls', reader)
      return null
    case 'boolean':
      return reader.bool()
    case 'int':
      return Number(readLong(reader))
    case 'long':
      return readLong(reader)
    case 'float':
      reader.need(4)
      reader.offset += 4
      return reader.view.getFloat32(reader.offset - 4, true)
    case 'double':
      reader.need(8)
      reader.offset += 8
      return reader.view.getFloat64(reader.offset - 8, true)
    case 'bytes':
      return reader.take(readLength(reader)).slice()
    case 'string':
      return textDecoder.decode(reader.take(readLength(reader)))
    default:
      return undefined
  }
}

function fullName(schema: { readonly [member: string]: unknown }, namespace: string): string {
  const name = String(schema.name ?? '')
  const space = typeof schema.namespace === 'string' ? schema.namespace : namespace
  return name.includes('.') || space === '' ? name : `${space}.${name}`
}

function readValue(schema: Schema, decoding: Decoding, namespace: string): Value {
  if (++decoding.depth > MAX_DEPTH) throw corrupt('values nested too deep', decoding.reader)
  const value = readInner(schema, decoding, namespace)
  decoding.depth--
  return value
}

function readInner(schema: Schema, decoding: Decoding, namespace: string): Value {
  const { reader, named } = decoding
  if (typeof schema === 'string') {
    const value = readPrimitive(schema, decoding)
    if (value !== undefined) return value
    const known = named.get(schema) ?? named.get(`${namespace}.${schema}`)
    if (known === undefined) throw corrupt(`the unknown type ${JSON.stringify(schema)}`, reader)
    return readValue(known, decoding, namespace)
  }
  if (isUnion(schema)) {
    const branch = schema[Number(readLong(reader))]
    if (branch === undefined) throw corrupt('a union branch that is not there', reader)
    return readValue(branch, decoding, namespace)
  }
  if (typeof schema !== 'object' || schema === null) throw corrupt('a schema that is none', reader)
  const { type } = schema
  switch (type) {
    case 'record':
    case 'error':
      return readRecord(schema, decoding, namespace)
    case 'enum': {
      named.set(fullName(schema, namespace), schema)
      const symbol = Array.isArray(schema.symbols) ? (schema.symbols[Number(readLong(reader))] as unknown) : undefined
      if (typeof symbol !== 'string') throw corrupt('an enum symbol that is not there', reader)
      return symbol
    }
    case 'fixed':
      named.set(fullName(schema, namespace), schema)
      return reader.take(Number(schema.size)).slice()
    case 'array':
      return readBlocks(decoding, () => readValue(schema.items as Schema, decoding, namespace))
    case 'map':
      return withClass(
        readBlocks(decoding, () => [
          textDecoder.decode(reader.take(readLength(reader))),
          readValue(schema.values as Schema, decoding, namespace),
        ]),
        'java.util.HashMap',
      )
    default:
      return readValue(type as Schema, decoding, namespace)
  }
}

function isUnion(schema: Schema): schema is readonly Schema[] {
  return Array.isArray(schema)
}

/** `{ class, fields }` in the order of the schema. */
function readRecord(schema: { readonly [member: string]: unknown }, decoding: Decoding, namespace: string): Value {
  const name = fullName(schema, namespace)
  decoding.named.set(name, schema)
  if (++decoding.empty > MAX_EMPTY) throw corrupt('too many records', decoding.reader)
  const inside = name.includes('.') ? name.slice(0, name.lastIndexOf('.')) : ''
  const fields = emptyObject()
  for (const field of fieldsOf(schema)) {
    fields[String(field.name)] = readValue(field.type as Schema, decoding, inside)
  }
  return { class: name, fields }
}

function fieldsOf(schema: unknown): { readonly [member: string]: unknown }[] {
  const fields = typeof schema === 'object' && schema !== null ? (schema as { fields?: unknown }).fields : undefined
  return Array.isArray(fields) ? fields.filter((each) => typeof each === 'object' && each !== null) : []
}

/** Blocks: long count (negative: its size in bytes follows), items; ended by 0. */
function readBlocks<T extends Value>(decoding: Decoding, read: () => T): T[] {
  const { reader } = decoding
  const items: T[] = []
  for (;;) {
    const count = readLong(reader)
    if (count === 0n) return items
    if (count < 0n) readLong(reader)
    const size = count < 0n ? -count : count
    if (size > BigInt(reader.remaining + MAX_EMPTY)) throw corrupt(`${size} items`, reader)
    for (let i = 0n; i < size; i++) items.push(read())
  }
}

/** String schema, varint length, Avro binary. */
const BINARY: ObjectCodec = {
  read: (graph) => {
    const { reader } = graph
    const schema = parseSchema(readKryoString(reader), reader)
    const bytes = reader.take(readSize(reader, 'bytes', 1))
    const value = readValue(schema, { reader: new Reader(bytes), named: new Map(), depth: 0, empty: 0 }, '')
    graph.weight += bytes.length
    return value
  },
}

const SCHEMA_TYPE = 'org.apache.avro.Schema'

const RECORD = mappedCodec({ schema: SCHEMA_TYPE, values: 'java.lang.Object[]' }, ({ schema, values }) => {
  const parsed: unknown = safeParse(schema)
  const fields = emptyObject()
  fieldsOf(parsed).forEach((field, i) => {
    fields[String(field.name)] = Array.isArray(values) ? ((values as readonly Value[])[i] ?? null) : null
  })
  const name =
    typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? fullName(parsed as Record<string, unknown>, '')
      : ''
  return { class: name, fields }
})

function safeParse(schema: Value | undefined): unknown {
  try {
    return typeof schema === 'string' ? JSON.parse(schema) : undefined
  } catch {
    return undefined
  }
}

/** Serializers that Flink brings for Avro, by what their class is called. */
export const AVRO_SERIALIZERS: Readonly<Record<string, ObjectCodec>> = {
  AvroGenericRecordSerializer: BINARY,
  AvroGenericDataArraySerializer: BINARY,
  AvroSchemaSerializer: textCodec(),
}

export const AVRO_CODECS: Readonly<Record<string, ObjectCodec>> = {
  'org.apache.avro.generic.GenericData$Record': RECORD,
  'org.apache.avro.generic.GenericData$EnumSymbol': mappedCodec(
    { schema: SCHEMA_TYPE, symbol: 'java.lang.String' },
    ({ symbol }) => symbol!,
  ),
  'org.apache.avro.generic.GenericData$Fixed': mappedCodec(
    { bytes: 'byte[]', schema: SCHEMA_TYPE },
    ({ bytes }) => bytes!,
  ),
  'org.apache.avro.util.Utf8': mappedCodec(
    { bytes: 'byte[]', hash: 'int', length: 'int', string: 'java.lang.String' },
    ({ bytes, length }) => (bytes instanceof Uint8Array ? textDecoder.decode(bytes.subarray(0, Number(length))) : ''),
  ),
}
