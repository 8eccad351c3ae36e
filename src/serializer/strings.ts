import type { Reader } from '../bytes/reader.ts'
import type { Writer } from '../bytes/writer.ts'
import { KobelError } from '../error.ts'

/**
 * Flink strings (`org.apache.flink.types.StringValue`):
 * `varint(length + 1)`, 0 = null, then each UTF-16 code unit as a varint of its own: 7 bits a byte, low group first,
 * the high bit says that more follow. A StringValue writes itself with `varint(length)`, and is never null: `notNull`.
 */

const CHUNK = 2048

/** A varint of at most 32 bits. */
export function readVarint(reader: Reader): number {
  let byte = reader.u8()
  if (byte < 0x80) return byte
  let value = byte & 0x7f
  for (let shift = 7; shift < 35; shift += 7) {
    byte = reader.u8()
    value += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) return value
  }
  throw new KobelError('CORRUPT', 'a varint is longer than 5 bytes', { offset: reader.offset })
}

export function writeVarint(writer: Writer, value: number): void {
  let rest = value
  while (rest >= 0x80) {
    writer.u8((rest & 0x7f) | 0x80)
    rest = Math.floor(rest / 128)
  }
  writer.u8(rest)
}

export function readFlinkString(reader: Reader, notNull = false): string | null {
  const length = readVarint(reader) - (notNull ? 0 : 1)
  if (length < 0) return null
  reader.need(length)
  const { bytes } = reader
  const start = reader.offset
  const end = start + length
  let at = start
  while (at < end && bytes[at]! < 0x80) at++
  if (at === end) {
    reader.offset = end
    return latin1(bytes, start, end)
  }
  reader.offset = at
  return latin1(bytes, start, at) + readUnits(reader, length - (at - start))
}

function readUnits(reader: Reader, count: number): string {
  let text = ''
  let units: number[] = []
  for (let i = 0; i < count; i++) {
    units.push(readUnit(reader))
    if (units.length === CHUNK) {
      text += String.fromCharCode(...units)
      units = []
    }
  }
  return text + String.fromCharCode(...units)
}

/** One UTF-16 code unit. */
export function readUnit(reader: Reader): number {
  const first = reader.u8()
  if (first < 0x80) return first
  const second = reader.u8()
  if (second < 0x80) return (first & 0x7f) | (second << 7)
  const third = reader.u8()
  if (third > 3)
    throw new KobelError('CORRUPT', 'a character of a Flink string has more than 16 bits', {
      offset: reader.offset - 1,
    })
  return (first & 0x7f) | ((second & 0x7f) << 7) | (third << 14)
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  if (end - start <= CHUNK) return String.fromCharCode.apply(null, bytes.subarray(start, end) as unknown as number[])
  let text = ''
  for (let at = start; at < end; at += CHUNK) {
    text += String.fromCharCode.apply(null, bytes.subarray(at, Math.min(end, at + CHUNK)) as unknown as number[])
  }
  return text
}

export function skipFlinkString(reader: Reader, notNull = false): void {
  let left = readVarint(reader) - (notNull ? 0 : 1)
  if (left <= 0) return
  reader.need(left)
  const { bytes, limit } = reader
  let at = reader.offset
  while (left > 0 && at < limit) {
    if (bytes[at]! < 0x80) left--
    at++
  }
  if (left > 0)
    throw new KobelError('TRUNCATED', 'a Flink string goes on beyond the bytes left', { offset: reader.offset })
  reader.offset = at
}

export function writeFlinkString(writer: Writer, text: string | null, notNull = false): void {
  if (text === null) return writer.u8(0)
  writeVarint(writer, text.length + (notNull ? 0 : 1))
  writer.ensure(text.length * 3)
  const { bytes } = writer
  let at = writer.offset
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) {
      bytes[at++] = unit
    } else if (unit < 0x4000) {
      bytes[at++] = (unit & 0x7f) | 0x80
      bytes[at++] = unit >> 7
    } else {
      bytes[at++] = (unit & 0x7f) | 0x80
      bytes[at++] = ((unit >> 7) & 0x7f) | 0x80
      bytes[at++] = unit >> 14
    }
  }
  writer.offset = at
}
