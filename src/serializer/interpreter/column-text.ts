import type { Reader } from '../../bytes/reader.ts'
import { appendBytes, appendNull, type BytesColumn, endBytes, reserveBytes } from '../columns.ts'
import { readUnit, readVarint } from '../strings.ts'

/** Text goes from its bytes to UTF-8 without becoming a JavaScript string. */

/** A Flink string: units as varints, which are already UTF-8 while they are ASCII. */
export function appendFlinkString(reader: Reader, column: BytesColumn, notNull = false): void {
  const length = readVarint(reader) - (notNull ? 0 : 1)
  if (length < 0) return appendNull(column)
  reader.need(length)
  const { bytes } = reader
  const from = reader.offset
  let at = reserveBytes(column, length)
  const ascii = asciiLength(bytes, from, from + length)
  copy(bytes, from, ascii, column.values, at)
  at += ascii
  reader.offset = from + ascii
  if (ascii < length) at = appendUnits(reader, length - ascii, column, at, readUnit)
  endBytes(column, at)
}

/** i32 n, n times u16. */
export function appendChars(reader: Reader, column: BytesColumn): void {
  const count = reader.count('characters', 2)
  endBytes(column, appendUnits(reader, count, column, reserveBytes(column, count), readU16))
}

export function appendChar(reader: Reader, column: BytesColumn): void {
  endBytes(column, appendUnits(reader, 1, column, reserveBytes(column, 1), readU16))
}

const textDecoder = new TextDecoder('utf-8', { ignoreBOM: true })
const textEncoder = new TextEncoder()

/** i32 length, UTF-8; what is not UTF-8 becomes U+FFFD, as when it is read. */
export function appendUtf8(reader: Reader, column: BytesColumn): void {
  const text = reader.take(reader.count('bytes of text'))
  const isAscii = asciiLength(text, 0, text.length) === text.length
  appendBytes(column, isAscii ? text : textEncoder.encode(textDecoder.decode(text)))
}

function asciiLength(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && bytes[at]! < 0x80) at++
  return at - start
}

const SHORT = 32

function copy(from: Uint8Array, start: number, length: number, to: Uint8Array, at: number): void {
  if (length > SHORT) to.set(from.subarray(start, start + length), at)
  else for (let i = 0; i < length; i++) to[at + i] = from[start + i]!
}

function readU16(reader: Reader): number {
  return reader.u16()
}

/** Room is made for so many units at a time, so that a damaged count costs little. */
const ROOM_UNITS = 1024

/** Appends UTF-16 units from `at` on and returns the end; a surrogate without its other half becomes U+FFFD. */
function appendUnits(
  reader: Reader,
  count: number,
  column: BytesColumn,
  at: number,
  next: (reader: Reader) => number,
): number {
  const start = column.offsets[column.length]!
  let end = at
  let high = 0
  for (let i = 0; i < count; i++) {
    // Up to 3 bytes a unit, and 3 for the half that the unit before left behind.
    if (i % ROOM_UNITS === 0) reserveBytes(column, end - start + 3 * (Math.min(ROOM_UNITS, count - i) + 2))
    const { values } = column
    const unit = next(reader)
    if (high !== 0) {
      if ((unit & 0xfc00) === 0xdc00) {
        const point = 0x10000 + ((high & 0x3ff) << 10) + (unit & 0x3ff)
        values[end++] = 0xf0 | (point >> 18)
        values[end++] = 0x80 | ((point >> 12) & 0x3f)
        values[end++] = 0x80 | ((point >> 6) & 0x3f)
        values[end++] = 0x80 | (point & 0x3f)
        high = 0
        continue
      }
      end = putUnit(values, end, 0xfffd)
      high = 0
    }
    if ((unit & 0xfc00) === 0xd800) high = unit
    else end = putUnit(values, end, (unit & 0xfc00) === 0xdc00 ? 0xfffd : unit)
  }
  return high === 0 ? end : putUnit(column.values, end, 0xfffd)
}

function putUnit(values: Uint8Array, at: number, unit: number): number {
  if (unit < 0x80) {
    values[at] = unit
    return at + 1
  }
  if (unit < 0x800) {
    values[at] = 0xc0 | (unit >> 6)
    values[at + 1] = 0x80 | (unit & 0x3f)
    return at + 2
  }
  values[at] = 0xe0 | (unit >> 12)
  values[at + 1] = 0x80 | ((unit >> 6) & 0x3f)
  values[at + 2] = 0x80 | (unit & 0x3f)
  return at + 3
}
