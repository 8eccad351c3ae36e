import type { Reader } from '../../bytes/reader.ts'
import type { Writer } from '../../bytes/writer.ts'
import { KobelError } from '../../error.ts'
import { float32Shortest } from '../numbers.ts'

/** Numbers and strings of Kryo's `Input` and `Output`. Fixed-width numbers are big-endian in 2.24, little-endian in 5. */

export type KryoVersion = 2 | 5

/** 1 to 5 bytes, 7 bits each, low group first; `zigzag`: `optimizePositive` is false. */
export function readVarInt(reader: Reader, zigzag = false): number {
  let result = 0
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = reader.u8()
    result |= (byte & 0x7f) << shift
    if (byte < 0x80 || shift === 28) return zigzag ? (result >>> 1) ^ -(result & 1) : result
  }
  return result
}

export function writeVarInt(writer: Writer, value: number, zigzag = false): void {
  let rest = (zigzag ? (value << 1) ^ (value >> 31) : value) >>> 0
  while (rest > 0x7f) {
    writer.u8((rest & 0x7f) | 0x80)
    rest >>>= 7
  }
  writer.u8(rest)
}

/** 1 to 9 bytes: eight groups of 7 bits, and 8 bits in the ninth. */
export function readVarLong(reader: Reader, zigzag = false): bigint {
  let low = 0
  for (let i = 0; i < 7; i++) {
    const byte = reader.u8()
    low += (byte & 0x7f) * 2 ** (7 * i)
    if (byte < 0x80) return unZigzag(BigInt(low), zigzag)
  }
  let result = BigInt(low)
  const eighth = reader.u8()
  result |= BigInt(eighth & 0x7f) << 49n
  if (eighth >= 0x80) result |= BigInt(reader.u8()) << 56n
  return unZigzag(BigInt.asUintN(64, result), zigzag)
}

function unZigzag(value: bigint, zigzag: boolean): bigint {
  return BigInt.asIntN(64, zigzag ? (value >> 1n) ^ -(value & 1n) : value)
}

export function writeVarLong(writer: Writer, value: bigint, zigzag = false): void {
  let rest = BigInt.asUintN(64, zigzag ? (value << 1n) ^ (value >> 63n) : value)
  for (let i = 0; i < 8 && rest > 0x7fn; i++) {
    writer.u8(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  }
  writer.u8(Number(rest))
}

/** A count of things of which each takes at least `minimum` bytes. */
export function readSize(reader: Reader, what: string, minimum = 1): number {
  return checkSize(reader, readVarInt(reader), what, minimum)
}

export function checkSize(reader: Reader, count: number, what: string, minimum = 1): number {
  if (count < 0) throw new KobelError('CORRUPT', `the number of ${what} is ${count}`, { offset: reader.offset })
  if (count * minimum > reader.remaining) {
    throw new KobelError('TRUNCATED', `${count} ${what} were expected, but only ${reader.remaining} bytes are left`, {
      offset: reader.offset,
    })
  }
  return count
}

/** A varint whose first byte has a flag in bit 7, "more" in bit 6 and 6 bits of the number (Kryo 5). */
export function readVarIntFlag(reader: Reader): { flag: boolean; value: number } {
  const first = reader.u8()
  let value = first & 0x3f
  if (first & 0x40) value |= readVarInt(reader) << 6
  return { flag: first >= 0x80, value }
}

export function writeVarIntFlag(writer: Writer, flag: boolean, value: number): void {
  const bit = flag ? 0x80 : 0
  if (value < 0x40) return writer.u8(bit | value)
  writer.u8(bit | 0x40 | (value & 0x3f))
  writeVarInt(writer, value >>> 6)
}

/**
 * ASCII of 2 or more characters as they are, bit 7 set on the last; everything else: a length form, that is a varint
 * with flag of length + 1 (0 = null), then UTF-16 units in 1 to 3 bytes each as in UTF-8.
 */
export function readKryoString(reader: Reader): string | null {
  reader.need(1)
  if (reader.bytes[reader.offset]! < 0x80) return readAscii(reader)
  const { value } = readVarIntFlag(reader)
  if (value === 0) return null
  return readUnits(reader, checkSize(reader, value - 1, 'characters'))
}

function readAscii(reader: Reader): string {
  const { bytes, offset: start, limit } = reader
  let end = start
  while (end < limit && bytes[end]! < 0x80) end++
  if (end >= limit) {
    throw new KobelError('TRUNCATED', 'the end of an ASCII string is missing', { offset: start })
  }
  let text = ''
  for (let i = start; i <= end; i += 4096) {
    const stop = Math.min(end + 1, i + 4096)
    const chunk = Array.from(bytes.subarray(i, stop))
    if (stop === end + 1) chunk[chunk.length - 1]! &= 0x7f
    text += String.fromCharCode(...chunk)
  }
  reader.offset = end + 1
  return text
}

function readUnits(reader: Reader, count: number): string {
  let text = ''
  let units: number[] = []
  for (let i = 0; i < count; i++) {
    units.push(readUnit(reader))
    if (units.length === 4096) {
      text += String.fromCharCode(...units)
      units = []
    }
  }
  return text + String.fromCharCode(...units)
}

function readUnit(reader: Reader): number {
  const first = reader.u8()
  if (first < 0x80) return first
  if (first >> 5 === 6) return ((first & 0x1f) << 6) | (reader.u8() & 0x3f)
  if (first >> 4 === 14) return ((first & 0xf) << 12) | ((reader.u8() & 0x3f) << 6) | (reader.u8() & 0x3f)
  throw new KobelError('CORRUPT', `a character of a Kryo string cannot begin with the byte ${first}`, {
    offset: reader.offset - 1,
  })
}

/** The longest string that is written in the ASCII form. */
const MAX_ASCII: Readonly<Record<KryoVersion, number>> = { 2: 63, 5: 32 }

/** A class name: in 5 the ASCII form is taken however long it is. */
export function writeClassName(writer: Writer, name: string, version: KryoVersion): void {
  if (version === 2 || name.length < 2 || !isAscii(name)) return writeKryoString(writer, name, version)
  writeAscii(writer, name)
}

function writeAscii(writer: Writer, text: string): void {
  for (let i = 0; i < text.length; i++) writer.u8(text.charCodeAt(i))
  writer.bytes[writer.offset - 1]! |= 0x80
}

export function writeKryoString(writer: Writer, text: string | null, version: KryoVersion): void {
  if (text === null) return writer.u8(0x80)
  if (text.length < 2 || text.length > MAX_ASCII[version] || !isAscii(text)) return writeUnits(writer, text)
  writeAscii(writer, text)
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false
  return true
}

/** The length form whatever the characters are: how 2.24 writes a `StringBuilder`. */
export function writeUnits(writer: Writer, text: string): void {
  writeVarIntFlag(writer, true, text.length + 1)
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) writer.u8(unit)
    else if (unit < 0x800) {
      writer.u8(0xc0 | (unit >> 6))
      writer.u8(0x80 | (unit & 0x3f))
    } else {
      writer.u8(0xe0 | (unit >> 12))
      writer.u8(0x80 | ((unit >> 6) & 0x3f))
      writer.u8(0x80 | (unit & 0x3f))
    }
  }
}

/** Fixed-width numbers in the byte order of the version. */
export interface FixedNumbers {
  readonly i16: (reader: Reader) => number
  readonly u16: (reader: Reader) => number
  readonly i32: (reader: Reader) => number
  readonly i64: (reader: Reader) => bigint
  /** As the shortest decimal number that is the same float. */
  readonly f32: (reader: Reader) => number
  readonly f64: (reader: Reader) => number
  readonly writeI16: (writer: Writer, value: number) => void
  readonly writeI32: (writer: Writer, value: number) => void
  readonly writeI64: (writer: Writer, value: bigint) => void
  readonly writeF32: (writer: Writer, value: number) => void
  readonly writeF64: (writer: Writer, value: number) => void
}

function fixedNumbers(little: boolean): FixedNumbers {
  const at = (reader: Reader, length: number) => {
    reader.need(length)
    reader.offset += length
    return reader.offset - length
  }
  // The view is another one once the writer has grown.
  const put = (writer: Writer, length: number, set: (view: DataView, at: number) => void) => {
    writer.ensure(length)
    set(writer.view, writer.offset)
    writer.offset += length
  }
  return {
    i16: (reader) => reader.view.getInt16(at(reader, 2), little),
    u16: (reader) => reader.view.getUint16(at(reader, 2), little),
    i32: (reader) => reader.view.getInt32(at(reader, 4), little),
    i64: (reader) => reader.view.getBigInt64(at(reader, 8), little),
    f32: (reader) => float32Shortest(reader.view.getFloat32(at(reader, 4), little)),
    f64: (reader) => reader.view.getFloat64(at(reader, 8), little),
    writeI16: (writer, value) => put(writer, 2, (view, at) => view.setInt16(at, value, little)),
    writeI32: (writer, value) => put(writer, 4, (view, at) => view.setInt32(at, value, little)),
    writeI64: (writer, value) => put(writer, 8, (view, at) => view.setBigInt64(at, value, little)),
    writeF32: (writer, value) => put(writer, 4, (view, at) => view.setFloat32(at, value, little)),
    writeF64: (writer, value) => put(writer, 8, (view, at) => view.setFloat64(at, value, little)),
  }
}

export const FIXED: Readonly<Record<KryoVersion, FixedNumbers>> = { 2: fixedNumbers(false), 5: fixedNumbers(true) }
