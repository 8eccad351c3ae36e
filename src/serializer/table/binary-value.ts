import { Reader } from '../../bytes/reader.ts'
import { ROW_KINDS, readExactly } from '../interpreter/read.ts'
import { bytesOfValue } from '../interpreter/write.ts'
import { bigIntFromBytes, bigIntToBytes } from '../numbers.ts'
import { TypedBytes, type Value, type ValueArray } from '../value.ts'
import { type BinaryType, COMPACT_TIMESTAMP, widthOf } from './binary-type.ts'
import { bigintOf, booleanOf, bytesOf, entriesOf, integerOf, listOf, numberOf, rowOf, textOf, unfit } from './check.ts'
import {
  addPart,
  corrupt,
  type Draft,
  finishDraft,
  hasBit,
  newDraft,
  openSection,
  readReference,
  type Section,
  setBit,
} from './section.ts'
import { COMPACT_DECIMAL, plainDecimal, unscaledOf } from './sql-decimal.ts'
import {
  dateFromDays,
  daysFromDate,
  millisFromTime,
  parseTimestamp,
  timeFromMillis,
  timestampText,
} from './sql-time.ts'
import { readVariant, variantBytes } from './variant.ts'

/** Bits of the row kind ahead of the null bits. */
const KIND_BITS = 8
/** A text or binary up to this length stands in place, with `0x80 | length` in the word's last byte. */
const MAX_IN_PLACE = 7
const DECIMAL_PART = 16

const textDecoder = new TextDecoder('utf-8', { ignoreBOM: true })
const textEncoder = new TextEncoder()

// --- sections ------------------------------------------------------------------------------------------------------

/** A row, array or map that takes all bytes from `start` to `end`. */
export function readSection(type: BinaryType, reader: Reader, start: number, end: number): Value {
  switch (type.form) {
    case 'row':
      return readRow(type.fields, reader, start, end)
    case 'array':
      return readArray(type.element, reader, start, end)
    case 'map':
      return readMap(type.key, type.value, reader, start, end)
    default:
      throw corrupt(`${type.form} is no section`, start)
  }
}

/**
 * @param projected writes a row as generated projections do, which make the keys of state: a null DECIMAL(> 18) or
 *   TIMESTAMP(> 3) still has its part.
 */
export function sectionBytes(type: BinaryType, value: Value, projected = false): Uint8Array {
  switch (type.form) {
    case 'row':
      return rowBytes(type.fields, value, projected)
    case 'array':
      return arrayBytes(type.element, listOf(value))
    case 'map':
      return mapBytes(type.key, type.value, value)
    default:
      throw unfit('a row, array or map', value)
  }
}

/** `BinaryRowData`: u8 row kind, null bits, padded to 8 bytes; a word for each field. */
function readRow(fields: readonly BinaryType[], reader: Reader, start: number, end: number): Value {
  const header = rowHeader(fields.length)
  const section = openSection(reader, start, end, header + 8 * fields.length)
  const kind = ROW_KINDS[section.bytes[start]!]
  if (kind === undefined) throw corrupt(`its row kind is ${section.bytes[start]}`, start)
  const values: Value[] = fields.map((field, i) =>
    hasBit(section.bytes, start, KIND_BITS + i) ? null : readElement(field, section, start + header + 8 * i),
  )
  return { kind, fields: values }
}

function rowBytes(fields: readonly BinaryType[], value: Value, projected: boolean): Uint8Array {
  const header = rowHeader(fields.length)
  const draft = newDraft(header + 8 * fields.length)
  const { kind, fields: values } = rowOf(value, fields.length)
  draft.fixed[0] = kind
  fields.forEach((field, i) => {
    const at = header + 8 * i
    if (values[i] !== null) {
      writeElement(field, draft, at, values[i]!)
      return
    }
    setBit(draft, 0, KIND_BITS + i)
    if (projected) reservePart(field, draft, at)
  })
  return finishDraft(draft)
}

function rowHeader(arity: number): number {
  return Math.ceil((arity + KIND_BITS) / 64) * 8
}

function reservePart(type: BinaryType, draft: Draft, at: number): void {
  if (type.form === 'decimal' && type.precision > COMPACT_DECIMAL) addPart(draft, at, new Uint8Array(DECIMAL_PART), 0)
  if (type.form === 'timestamp' && type.precision > COMPACT_TIMESTAMP) addPart(draft, at, new Uint8Array(8), 0)
}

/** `BinaryArrayData`: i32 count, null bits in 4-byte words; the elements in their own width, padded to 8 bytes. */
function readArray(element: BinaryType, reader: Reader, start: number, end: number): Value[] {
  if (end - start < 4) throw corrupt('an array without a count', start)
  const count = reader.view.getInt32(start, true)
  if (count < 0) throw corrupt(`an array of ${count} elements`, start)
  const width = widthOf(element)
  const header = arrayHeader(count)
  const section = openSection(reader, start, end, header + width * count)
  const values: Value[] = []
  for (let i = 0; i < count; i++) {
    values.push(hasBit(section.bytes, start + 4, i) ? null : readElement(element, section, start + header + width * i))
  }
  return values
}

function arrayBytes(element: BinaryType, values: ValueArray): Uint8Array {
  const width = widthOf(element)
  const header = arrayHeader(values.length)
  const draft = newDraft(header + width * values.length)
  draft.view.setInt32(0, values.length, true)
  values.forEach((value, i) => {
    if (value === null) setBit(draft, 4, i)
    else writeElement(element, draft, header + width * i, value)
  })
  return finishDraft(draft)
}

function arrayHeader(count: number): number {
  return 4 + Math.ceil(count / 32) * 4
}

/** `BinaryMapData`: i32 length of the array of keys, the array of keys, the array of values. */
function readMap(key: BinaryType, value: BinaryType, reader: Reader, start: number, end: number): Value[] {
  if (end - start < 4) throw corrupt('a map without a length', start)
  const keysLength = reader.view.getInt32(start, true)
  const between = start + 4 + keysLength
  if (keysLength < 0 || between > end) throw corrupt(`a map whose keys take ${keysLength} bytes`, start)
  const keys = readArray(key, reader, start + 4, between)
  const values = readArray(value, reader, between, end)
  if (keys.length !== values.length) throw corrupt(`a map of ${keys.length} keys and ${values.length} values`, start)
  return keys.map((each, i) => [each, values[i]!])
}

function mapBytes(key: BinaryType, value: BinaryType, map: Value): Uint8Array {
  const entries = entriesOf(map)
  const keys = arrayBytes(
    key,
    entries.map(([each]) => each),
  )
  const values = arrayBytes(
    value,
    entries.map(([, each]) => each),
  )
  const bytes = new Uint8Array(4 + keys.length + values.length)
  new DataView(bytes.buffer).setInt32(0, keys.length, true)
  bytes.set(keys, 4)
  bytes.set(values, 4 + keys.length)
  return bytes
}

// --- elements ------------------------------------------------------------------------------------------------------

/** The value whose word (or narrower element) stands at `at`. */
function readElement(type: BinaryType, section: Section, at: number): Value {
  const { view } = section
  switch (type.form) {
    case 'boolean':
      return section.bytes[at] !== 0
    case 'i8':
      return view.getInt8(at)
    case 'i16':
      return view.getInt16(at, true)
    case 'i32':
      return view.getInt32(at, true)
    case 'i64':
      return view.getBigInt64(at, true)
    case 'f32':
      return view.getFloat32(at, true)
    case 'f64':
      return view.getFloat64(at, true)
    case 'date':
      return dateFromDays(view.getInt32(at, true))
    case 'time':
      return timeFromMillis(view.getInt32(at, true))
    case 'decimal':
      return readDecimal(type, section, at)
    case 'timestamp':
      return readTimestamp(type, section, at)
    case 'string':
      return textDecoder.decode(readBinary(section, at))
    case 'binary':
      return readBinary(section, at).slice()
    case 'word':
      return new TypedBytes(type.className, section.bytes.slice(at, at + 8))
    default:
      return readPart(type, section, at)
  }
}

function writeElement(type: BinaryType, draft: Draft, at: number, value: Value): void {
  const { view } = draft
  if (value instanceof TypedBytes) return writeTypedBytes(type, draft, at, value)
  switch (type.form) {
    case 'boolean':
      draft.fixed[at] = booleanOf(value) ? 1 : 0
      return
    case 'i8':
      return view.setInt8(at, integerOf(value, 8))
    case 'i16':
      return view.setInt16(at, integerOf(value, 16), true)
    case 'i32':
      return view.setInt32(at, integerOf(value, 32), true)
    case 'i64':
      return view.setBigInt64(at, bigintOf(value), true)
    case 'f32':
      return view.setFloat32(at, numberOf(value), true)
    case 'f64':
      return view.setFloat64(at, numberOf(value), true)
    case 'date':
      return view.setInt32(at, integerOf(daysFromDate(textOf(value)), 32), true)
    case 'time':
      return view.setInt32(at, millisFromTime(textOf(value)), true)
    case 'decimal':
      return writeDecimal(type, draft, at, value)
    case 'timestamp':
      return writeTimestamp(type, draft, at, value)
    case 'string':
      return writeBinary(draft, at, textEncoder.encode(textOf(value)))
    case 'binary':
      return writeBinary(draft, at, bytesOf(value))
    case 'word':
      throw unfit(`the bytes of a ${type.className}`, value)
    default:
      return addPart(draft, at, partBytes(type, value))
  }
}

/** Up to precision 18 the i64 unscaled value; else a part of 16 bytes that begins with it, big-endian. */
function readDecimal(type: BinaryType & { form: 'decimal' }, section: Section, at: number): string {
  if (type.precision <= COMPACT_DECIMAL) return plainDecimal(section.view.getBigInt64(at, true), type.scale)
  const length = section.view.getInt32(at, true)
  const start = readReference(section, at)
  if (length < 1 || length > DECIMAL_PART) throw corrupt(`a decimal of ${length} bytes`, at)
  return plainDecimal(bigIntFromBytes(section.bytes.subarray(start, start + length)), type.scale)
}

function writeDecimal(type: BinaryType & { form: 'decimal' }, draft: Draft, at: number, value: Value): void {
  const unscaled = unscaledOf(textOf(value), type.precision, type.scale)
  if (type.precision <= COMPACT_DECIMAL) return draft.view.setBigInt64(at, unscaled, true)
  const bytes = bigIntToBytes(unscaled)
  if (bytes.length > DECIMAL_PART) throw unfit('a decimal of at most 16 bytes', value)
  const part = new Uint8Array(DECIMAL_PART)
  part.set(bytes)
  addPart(draft, at, part, bytes.length)
}

/** Up to precision 3 the i64 milliseconds; else a part with them, and the word has the nanoseconds for a length. */
function readTimestamp(type: BinaryType & { form: 'timestamp' }, section: Section, at: number): string {
  const compact = type.precision <= COMPACT_TIMESTAMP
  const start = compact ? at : readReference(section, at, 8)
  const nanoOfMilli = compact ? 0 : section.view.getInt32(at, true)
  return timestampText({ millis: section.view.getBigInt64(start, true), nanoOfMilli }, type.local)
}

function writeTimestamp(type: BinaryType & { form: 'timestamp' }, draft: Draft, at: number, value: Value): void {
  const { millis, nanoOfMilli } = parseTimestamp(textOf(value), type.local)
  if (type.precision > COMPACT_TIMESTAMP) {
    const part = new Uint8Array(8)
    new DataView(part.buffer).setBigInt64(0, bigintOf(millis), true)
    return addPart(draft, at, part, nanoOfMilli)
  }
  if (nanoOfMilli !== 0) throw unfit(`a timestamp of precision ${type.precision}`, value)
  draft.view.setBigInt64(at, bigintOf(millis), true)
}

function readBinary(section: Section, at: number): Uint8Array {
  const mark = section.bytes[at + 7]!
  if ((mark & 0x80) === 0) {
    const start = readReference(section, at)
    return section.bytes.subarray(start, start + section.view.getInt32(at, true))
  }
  const length = mark & 0x7f
  if (length > MAX_IN_PLACE) throw corrupt(`${length} bytes in a word`, at)
  return section.bytes.subarray(at, at + length)
}

function writeBinary(draft: Draft, at: number, bytes: Uint8Array): void {
  if (bytes.length > MAX_IN_PLACE) return addPart(draft, at, bytes)
  draft.fixed.set(bytes, at)
  draft.fixed[at + 7] = 0x80 | bytes.length
}

type PartType = BinaryType & { form: 'array' | 'map' | 'row' | 'raw' | 'variant' | 'bitmap' }

function readPart(type: PartType, section: Section, at: number): Value {
  const length = section.view.getInt32(at, true)
  const start = readReference(section, at)
  const end = start + length
  const reader = new Reader(section.bytes, start, end)
  switch (type.form) {
    case 'raw':
      return readRaw(type, reader, end)
    case 'variant':
      // i32 length of the metadata, big-endian here; the metadata; the value.
      return readVariant(reader, reader.count('bytes of metadata'))
    case 'bitmap':
      return section.bytes.slice(start, end)
    default:
      return readSection(type, reader, start, end)
  }
}

function partBytes(type: PartType, value: Value): Uint8Array {
  switch (type.form) {
    case 'raw':
      if (type.inner === undefined) throw unfit(`the bytes of a ${type.className}`, value)
      return bytesOfValue(type.inner, value)
    case 'variant':
      return variantBytes(value)
    case 'bitmap':
      return bytesOf(value)
    default:
      return sectionBytes(type, value)
  }
}

/** A RAW value that is not null, but whose serializer makes null of it, stays bytes: it would be written as SQL's NULL. */
function readRaw(type: BinaryType & { form: 'raw' }, reader: Reader, end: number): Value {
  const start = reader.offset
  const value = type.inner === undefined ? null : readExactly(type.inner, reader, end)
  return value ?? new TypedBytes(type.className, reader.bytes.slice(start, end))
}

/** The bytes of a part that is known by its class only, or the word in place. */
function writeTypedBytes(type: BinaryType, draft: Draft, at: number, { bytes }: TypedBytes): void {
  if (type.form === 'word' && bytes.length === 8) return draft.fixed.set(bytes, at)
  if (type.form === 'string' || type.form === 'binary') return writeBinary(draft, at, bytes)
  if (type.form === 'word' || widthOf(type) < 8) throw unfit('bytes that a word refers to', null)
  addPart(draft, at, bytes)
}
