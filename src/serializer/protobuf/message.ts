import { fromBase64 } from '../../bytes/encoding.ts'
import { Reader } from '../../bytes/reader.ts'
import { Writer } from '../../bytes/writer.ts'
import { KobelError } from '../../error.ts'
import { emptyObject, type Value } from '../value.ts'
import type { ProtobufEnum, ProtobufField, ProtobufMessage, ProtobufTypes } from './types.ts'
import {
  END_GROUP,
  I32,
  I64,
  LEN,
  MAX_DEPTH,
  readInt32,
  readLength,
  readTag,
  readVarint,
  START_GROUP,
  skipField,
  type Tag,
  tooDeep,
  VARINT,
  writeTag,
  writeVarint,
} from './wire.ts'

/**
 * A message as an object of its fields by their names in the .proto file: 64-bit numbers are bigint, bytes a Uint8Array,
 * enums the constant's name (the number where it has none), maps arrays of pairs. A field that is absent is null where
 * absence can be told from the default, else it has the default. Fields that the descriptors do not know stay as bytes
 * in the member {@link UNKNOWN}, and are written behind all others, as Java does.
 */
export const UNKNOWN = '(unknown fields)'

type Fields = { [name: string]: Value }

/** Reads a message that fills all of `bytes`. */
export function readProtobuf(types: ProtobufTypes, message: ProtobufMessage, bytes: Uint8Array): Value {
  return readMessage(types, message, new Reader(bytes), undefined, 0)
}

function readMessage(
  types: ProtobufTypes,
  message: ProtobufMessage,
  reader: Reader,
  group: number | undefined,
  depth: number,
): Fields {
  if (depth > MAX_DEPTH) throw tooDeep(reader)
  const object = emptyObject()
  const lists = new Map<ProtobufField, Value[]>()
  for (const field of message.fields) {
    if (field.repeated) {
      const list: Value[] = []
      lists.set(field, list)
      object[field.name] = list
    } else object[field.name] = field.presence ? null : defaultOf(types, field)
  }
  const unknown: Uint8Array[] = []
  for (;;) {
    if (group === undefined && reader.remaining === 0) break
    const start = reader.offset
    const tag = readTag(reader)
    if (tag.wireType === END_GROUP && tag.number === group) break
    const field = message.byNumber.get(tag.number)
    if (field === undefined || !accepts(field, tag)) {
      skipField(reader, tag, depth)
      unknown.push(reader.bytes.slice(start, reader.offset))
      continue
    }
    const list = lists.get(field)
    if (list === undefined) object[field.name] = readOne(types, field, reader, depth)
    else if (tag.wireType === LEN && wireTypeOf(field) !== LEN) readPacked(types, field, reader, list, depth)
    else list.push(readOne(types, field, reader, depth))
  }
  if (unknown.length > 0) object[UNKNOWN] = joined(unknown)
  return object
}

/** A repeated number may come packed or not, whatever the descriptor says. */
function accepts(field: ProtobufField, { wireType }: Tag): boolean {
  const own = wireTypeOf(field)
  return wireType === own || (wireType === LEN && field.repeated && own !== START_GROUP)
}

function wireTypeOf({ type }: ProtobufField): number {
  switch (type) {
    case 'double':
    case 'fixed64':
    case 'sfixed64':
      return I64
    case 'float':
    case 'fixed32':
    case 'sfixed32':
      return I32
    case 'string':
    case 'bytes':
    case 'message':
      return LEN
    case 'group':
      return START_GROUP
    default:
      return VARINT
  }
}

function readPacked(types: ProtobufTypes, field: ProtobufField, reader: Reader, list: Value[], depth: number): void {
  const inside = new Reader(reader.take(readLength(reader)))
  while (inside.remaining > 0) list.push(readOne(types, field, inside, depth))
}

function readOne(types: ProtobufTypes, field: ProtobufField, reader: Reader, depth: number): Value {
  switch (field.type) {
    case 'message':
    case 'group': {
      const message = messageOf(types, field)
      if (field.type === 'group') return readMessage(types, message, reader, field.number, depth + 1)
      const inside = new Reader(reader.take(readLength(reader)))
      const value = readMessage(types, message, inside, undefined, depth + 1)
      // An entry of a map without its value has the default.
      return message.mapEntry ? [value.key ?? null, value.value ?? null] : value
    }
    case 'enum': {
      const number = readInt32(reader)
      return types.enums.get(field.typeName)?.byNumber.get(number) ?? number
    }
    case 'string':
      return new TextDecoder('utf-8', { ignoreBOM: true }).decode(reader.take(readLength(reader)))
    case 'bytes':
      return reader.take(readLength(reader)).slice()
    default:
      return readNumber(field.type, reader)
  }
}

function readNumber(type: string, reader: Reader): Value {
  switch (type) {
    case 'int32':
      return readInt32(reader)
    case 'uint32':
      return readInt32(reader) >>> 0
    case 'sint32': {
      const value = readInt32(reader) >>> 0
      return (value >>> 1) ^ -(value & 1)
    }
    case 'int64':
      return BigInt.asIntN(64, readVarint(reader))
    case 'uint64':
      return readVarint(reader)
    case 'sint64': {
      const value = readVarint(reader)
      return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n))
    }
    case 'bool':
      return readVarint(reader) !== 0n
    default:
      return readFixed(type, reader)
  }
}

/** Little-endian. */
function readFixed(type: string, reader: Reader): Value {
  const bytes = reader.take(type === 'float' || type.endsWith('32') ? 4 : 8)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  switch (type) {
    case 'float':
      return view.getFloat32(0, true)
    case 'double':
      return view.getFloat64(0, true)
    case 'fixed32':
      return view.getUint32(0, true)
    case 'sfixed32':
      return view.getInt32(0, true)
    case 'fixed64':
      return view.getBigUint64(0, true)
    default:
      return view.getBigInt64(0, true)
  }
}

function messageOf(types: ProtobufTypes, { name, typeName }: ProtobufField): ProtobufMessage {
  const message = types.messages.get(typeName)
  if (message) return message
  throw new KobelError(
    'USAGE',
    `the Protobuf descriptors lack ${typeName} of the field ${name}; make them with protoc --include_imports`,
  )
}

function defaultOf(types: ProtobufTypes, { type, typeName }: ProtobufField): Value {
  switch (type) {
    case 'string':
      return ''
    case 'bytes':
      return new Uint8Array(0)
    case 'bool':
      return false
    case 'enum':
      return types.enums.get(typeName)?.byNumber.get(0) ?? 0
    case 'int64':
    case 'uint64':
    case 'sint64':
    case 'fixed64':
    case 'sfixed64':
      return 0n
    default:
      return 0
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const writer = new Writer()
  for (const part of parts) writer.raw(part)
  return writer.toBytes()
}

/** The bytes of a message as Java writes it: fields by number, then the unknown ones. */
export function writeProtobuf(types: ProtobufTypes, message: ProtobufMessage, value: Value): Uint8Array {
  const writer = new Writer()
  writeMessage(types, message, writer, value)
  return writer.toBytes()
}

function writeMessage(types: ProtobufTypes, message: ProtobufMessage, writer: Writer, value: Value): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array) {
    throw new KobelError('USAGE', `an object was expected for the Protobuf message ${message.name}`)
  }
  const object = value as Readonly<Fields>
  for (const field of message.fields) {
    const member = Object.hasOwn(object, field.name) ? object[field.name]! : null
    if (member === null) continue
    if (field.repeated) writeRepeated(types, field, writer, member)
    else if (field.presence || !isDefault(types, field, member)) writeField(types, field, writer, member)
  }
  const unknown = Object.hasOwn(object, UNKNOWN) ? object[UNKNOWN]! : null
  if (unknown !== null) writer.raw(bytesOf(unknown, UNKNOWN))
}

function isDefault(types: ProtobufTypes, field: ProtobufField, value: Value): boolean {
  if (field.type === 'bytes') return bytesOf(value, field.name).length === 0
  // -0.0 is not the default.
  if (field.type === 'float' || field.type === 'double') return Object.is(floatOf(value, field), 0)
  if (field.type === 'enum') return enumNumber(types, field, value) === 0
  if (typeof value === 'string') return field.type === 'string' ? value === '' : value === '0'
  return value === false || value === 0 || value === 0n
}

function writeRepeated(types: ProtobufTypes, field: ProtobufField, writer: Writer, value: Value): void {
  if (!Array.isArray(value)) throw unfit(field, value)
  const values = value as readonly Value[]
  if (!field.packed) {
    for (const each of values) writeField(types, field, writer, each)
  } else if (values.length > 0) {
    const inside = new Writer()
    for (const each of values) writeOne(types, field, inside, each)
    writeTag(writer, field.number, LEN)
    writeSized(writer, inside.toBytes())
  }
}

function writeField(types: ProtobufTypes, field: ProtobufField, writer: Writer, value: Value): void {
  writeTag(writer, field.number, wireTypeOf(field))
  writeOne(types, field, writer, value)
  if (field.type === 'group') writeTag(writer, field.number, END_GROUP)
}

function writeSized(writer: Writer, bytes: Uint8Array): void {
  writeVarint(writer, BigInt(bytes.length))
  writer.raw(bytes)
}

function writeOne(types: ProtobufTypes, field: ProtobufField, writer: Writer, value: Value): void {
  switch (field.type) {
    case 'message': {
      const message = messageOf(types, field)
      return writeSized(
        writer,
        message.mapEntry ? entryBytes(types, message, value) : writeProtobuf(types, message, value),
      )
    }
    case 'group':
      return writeMessage(types, messageOf(types, field), writer, value)
    case 'string':
      if (typeof value !== 'string') throw unfit(field, value)
      return writeSized(writer, new TextEncoder().encode(value))
    case 'bytes':
      return writeSized(writer, bytesOf(value, field.name))
    case 'enum':
      return writeVarint(writer, BigInt(enumNumber(types, field, value)))
    case 'bool':
      if (typeof value !== 'boolean') throw unfit(field, value)
      return writer.u8(value ? 1 : 0)
    case 'float':
    case 'double':
      return writeFixed(writer, field.type, floatOf(value, field))
    default:
      return writeInteger(writer, field, integerOf(value, field))
  }
}

/** Key and value of an entry stand there also where they are the default. */
function entryBytes(types: ProtobufTypes, message: ProtobufMessage, value: Value): Uint8Array {
  const [key, mapped] = Array.isArray(value) && value.length === 2 ? (value as readonly Value[]) : []
  const [keyField, valueField] = message.fields
  if (key === undefined || key === null || !keyField || !valueField) {
    throw new KobelError('USAGE', `a pair was expected in the Protobuf map ${message.name}`)
  }
  const writer = new Writer()
  writeField(types, keyField, writer, key)
  writeField(types, valueField, writer, mapped ?? emptyObject())
  return writer.toBytes()
}

const RANGES: Readonly<Record<string, readonly [min: bigint, max: bigint]>> = Object.fromEntries(
  ['int', 'sint', 'sfixed', 'uint', 'fixed'].flatMap((kind) =>
    [32n, 64n].map((bits) => [
      `${kind}${bits}`,
      kind === 'uint' || kind === 'fixed'
        ? ([0n, (1n << bits) - 1n] as const)
        : ([-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n] as const),
    ]),
  ),
)

function integerOf(value: Value, field: ProtobufField): bigint {
  const [min, max] = RANGES[field.type]!
  if (
    typeof value !== 'bigint' &&
    !Number.isInteger(value) &&
    !(typeof value === 'string' && /^-?\d{1,20}$/.test(value))
  ) {
    throw unfit(field, value)
  }
  const integer = BigInt(value as bigint | number | string)
  if (integer < min || integer > max) throw unfit(field, value)
  return integer
}

function writeInteger(writer: Writer, { type }: ProtobufField, value: bigint): void {
  switch (type) {
    case 'sint32':
    case 'sint64':
      return writeVarint(writer, BigInt.asUintN(64, (value << 1n) ^ (value >> 63n)))
    case 'fixed32':
    case 'sfixed32':
    case 'fixed64':
    case 'sfixed64':
      return writeFixed(writer, type, value)
    default:
      return writeVarint(writer, value)
  }
}

function writeFixed(writer: Writer, type: string, value: number | bigint): void {
  const bytes = new Uint8Array(type === 'float' || type.endsWith('32') ? 4 : 8)
  const view = new DataView(bytes.buffer)
  if (type === 'float') view.setFloat32(0, Number(value), true)
  else if (type === 'double') view.setFloat64(0, Number(value), true)
  else if (bytes.length === 4) view.setUint32(0, Number(BigInt.asUintN(32, BigInt(value))), true)
  else view.setBigUint64(0, BigInt.asUintN(64, BigInt(value)), true)
  writer.raw(bytes)
}

const NAMED_FLOATS: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
  '-0.0': -0,
}

function floatOf(value: Value, field: ProtobufField): number {
  if (typeof value === 'number') return value
  if (typeof value === 'string' && Object.hasOwn(NAMED_FLOATS, value)) return NAMED_FLOATS[value]!
  throw unfit(field, value)
}

function enumNumber(types: ProtobufTypes, field: ProtobufField, value: Value): number {
  const known: ProtobufEnum | undefined = types.enums.get(field.typeName)
  const number = typeof value === 'string' ? known?.byName.get(value) : value
  if (typeof number === 'number' && number === (number | 0)) return number
  throw unfit(field, value)
}

/** Bytes, or as JSON has them: base64. */
function bytesOf(value: Value, name: string): Uint8Array {
  if (value instanceof Uint8Array) return value
  if (typeof value === 'string') return fromBase64(value)
  throw new KobelError('USAGE', `bytes were expected for the Protobuf field ${name}`)
}

function unfit({ name, type, repeated }: ProtobufField, value: Value): KobelError {
  const found =
    typeof value === 'bigint'
      ? String(value)
      : String(JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? String(v) : v)))
  const expected = repeated && !Array.isArray(value) ? `an array of ${type}` : type
  return new KobelError('USAGE', `${expected} was expected for the Protobuf field ${name}, found ${found.slice(0, 60)}`)
}
