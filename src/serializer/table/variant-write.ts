import { Writer } from '../../bytes/writer.ts'
import { KobelError } from '../../error.ts'

/**
 * JSON as a VARIANT, in the bytes that `PARSE_JSON` of Flink makes (`BinaryVariantInternalBuilder`): whole numbers in the
 * fewest bytes, other numbers as decimals of up to 38 digits, else doubles; names in the order in which they come first;
 * the members of an object sorted by name, their values where they were.
 *
 * @param json what `JSON.parse` gives; a bigint is a whole number that a number cannot hold.
 */
export function variantOfJson(json: unknown): { metadata: Uint8Array; value: Uint8Array } {
  const names = new Map<string, number>()
  const writer = new Writer()
  writeJson(writer, json, names, 0)
  return { metadata: metadataOf([...names.keys()]), value: writer.toBytes() }
}

const MAX_DEPTH = 200

function writeJson(writer: Writer, json: unknown, names: Map<string, number>, depth: number): void {
  if (depth > MAX_DEPTH) throw new KobelError('LIMIT', `a variant is nested more than ${MAX_DEPTH} deep`)
  switch (typeof json) {
    case 'boolean':
      return writer.u8(json ? TRUE : FALSE)
    case 'string':
      return writeText(writer, json)
    case 'bigint':
      return writeWhole(writer, json)
    case 'number':
      return writeNumber(writer, json)
    default:
      if (json === null) return writer.u8(NULL)
      if (Array.isArray(json)) return writeArray(writer, json, names, depth)
      if (typeof json === 'object') return writeObject(writer, json, names, depth)
      throw new KobelError('USAGE', `a variant cannot hold a ${typeof json}`)
  }
}

/** Headers of primitives: `kind << 2`. */
const NULL = 0
const TRUE = 1 << 2
const FALSE = 2 << 2
const INT_8 = 3
const DOUBLE = 7
const DECIMAL_4 = 8
const TEXT = 16

function writeLittleEndian(writer: Writer, value: bigint, length: number): void {
  for (let i = 0; i < length; i++) writer.u8(Number((value >> BigInt(8 * i)) & 0xffn))
}

function writeUnsigned(writer: Writer, value: number, length: number): void {
  writeLittleEndian(writer, BigInt(value), length)
}

function writeWhole(writer: Writer, value: bigint): void {
  const size = [0, 1, 2, 3].find((log) => BigInt.asIntN(8 << log, value) === value)
  if (size === undefined) return writeDecimal(writer, value, 0)
  writer.u8((INT_8 + size) << 2)
  writeLittleEndian(writer, value, 1 << size)
}

function writeNumber(writer: Writer, value: number): void {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return writeWhole(writer, BigInt(value))
  const plain = /^(-?\d+)\.(\d+)$/.exec(String(value))
  if (plain === null) return writeDouble(writer, value)
  writeDecimal(writer, BigInt(plain[1]! + plain[2]!), plain[2]!.length)
}

const MAX_DIGITS = 38

function writeDecimal(writer: Writer, unscaled: bigint, scale: number): void {
  const digits = String(unscaled).replace('-', '').length
  if (Math.max(digits, scale) > MAX_DIGITS) return writeDouble(writer, Number(`${unscaled}e-${scale}`))
  const size = [9, 18, MAX_DIGITS].findIndex((most) => digits <= most && scale <= most)
  writer.u8((DECIMAL_4 + size) << 2)
  writer.u8(scale)
  writeLittleEndian(writer, BigInt.asUintN(128, unscaled), 4 << size)
}

function writeDouble(writer: Writer, value: number): void {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setFloat64(0, value, true)
  writer.u8(DOUBLE << 2)
  writer.raw(bytes)
}

/** The basic type in the two low bits. */
const SHORT_TEXT = 1
const OBJECT = 2
const ARRAY = 3
const MAX_SHORT = 63

function writeText(writer: Writer, text: string): void {
  const bytes = new TextEncoder().encode(text)
  if (bytes.length <= MAX_SHORT) writer.u8((bytes.length << 2) | SHORT_TEXT)
  else {
    writer.u8(TEXT << 2)
    writeUnsigned(writer, bytes.length, 4)
  }
  writer.raw(bytes)
}

function writeArray(writer: Writer, elements: readonly unknown[], names: Map<string, number>, depth: number): void {
  const values = new Writer()
  const offsets = elements.map((element) => {
    const at = values.offset
    writeJson(values, element, names, depth + 1)
    return at
  })
  const offsetBytes = bytesFor(values.offset)
  const large = elements.length > 0xff
  writer.u8((Number(large) << 4) | ((offsetBytes - 1) << 2) | ARRAY)
  writeUnsigned(writer, elements.length, large ? 4 : 1)
  for (const offset of [...offsets, values.offset]) writeUnsigned(writer, offset, offsetBytes)
  writer.raw(values.toBytes())
}

function writeObject(writer: Writer, object: object, names: Map<string, number>, depth: number): void {
  const values = new Writer()
  const members = Object.entries(object).map(([name, member]) => {
    const id = names.get(name) ?? names.size
    names.set(name, id)
    const offset = values.offset
    writeJson(values, member, names, depth + 1)
    return { name, id, offset }
  })
  members.sort((a, b) => (a.name < b.name ? -1 : 1))
  const idBytes = bytesFor(members.reduce((most, { id }) => Math.max(most, id), 0))
  const offsetBytes = bytesFor(values.offset)
  const large = members.length > 0xff
  writer.u8((Number(large) << 6) | ((idBytes - 1) << 4) | ((offsetBytes - 1) << 2) | OBJECT)
  writeUnsigned(writer, members.length, large ? 4 : 1)
  for (const { id } of members) writeUnsigned(writer, id, idBytes)
  for (const { offset } of members) writeUnsigned(writer, offset, offsetBytes)
  writeUnsigned(writer, values.offset, offsetBytes)
  writer.raw(values.toBytes())
}

function bytesFor(value: number): number {
  return value <= 0xff ? 1 : value <= 0xffff ? 2 : value <= 0xffffff ? 3 : 4
}

/** u8 version 1 and (length of offsets - 1) << 6, count of names, offsets, UTF-8. */
function metadataOf(names: readonly string[]): Uint8Array {
  const texts = names.map((name) => new TextEncoder().encode(name))
  const size = texts.reduce((sum, text) => sum + text.length, 0)
  const offsetBytes = bytesFor(Math.max(size, texts.length))
  const writer = new Writer()
  writer.u8(1 | ((offsetBytes - 1) << 6))
  writeUnsigned(writer, texts.length, offsetBytes)
  let at = 0
  for (const text of texts) {
    writeUnsigned(writer, at, offsetBytes)
    at += text.length
  }
  writeUnsigned(writer, at, offsetBytes)
  for (const text of texts) writer.raw(text)
  return writer.toBytes()
}
