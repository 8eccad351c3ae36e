import { toBase64 } from '../bytes/encoding.ts'
import type { Writer } from '../bytes/writer.ts'
import { KobelError } from '../error.ts'
import {
  type BytesColumn,
  type Column,
  isNullAt,
  type LongColumn,
  type NumberColumn,
  type StructColumn,
} from '../serializer/columns.ts'
import { POJO_EXACT, POJO_NULL } from '../serializer/interpreter/pojo-flags.ts'
import type { Layout } from '../serializer/layout.ts'
import { writeFlinkString } from '../serializer/strings.ts'
import { civilFromDays, dateText, millisText, timeText } from '../serializer/time.ts'
import { encodeJson } from './encode-json.ts'

/** Writes the value of one row. */
export type EncodeRow = (row: number, writer: Writer) => void

/**
 * What writes the values of a column in a layout, decided once for the column. Columns are those that kobel reads the
 * layout as, or others that Arrow has for it; texts of dates and numbers are taken as rows have them.
 *
 * @throws KobelError `INCOMPATIBLE` where the column's values are none of the layout's.
 */
export function encodeColumn(layout: Layout, column: Column, name: string): EncodeRow {
  const direct = directEncoder(layout, column, name)
  if (!direct) return jsonEncoder(layout, column)
  if (column.validity === undefined || takesNull(layout)) return direct
  return (row, writer) => {
    if (isNullAt(column, row)) throw unexpectedNull(name, row)
    direct(row, writer)
  }
}

function unexpectedNull(name: string, row: number): KobelError {
  return new KobelError('USAGE', `${name} is null in row ${row}, a value was expected`)
}

function takesNull({ op }: Layout): boolean {
  return op === 'nullable' || op === 'pojo' || op === 'string' || op === 'constant'
}

function directEncoder(layout: Layout, column: Column, name: string): EncodeRow | undefined {
  switch (layout.op) {
    case 'i64':
      return column.kind === 'int64' && column.unit === undefined && !layout.flipped ? longEncoder(column) : undefined
    case 'i32':
      return isPlain(column, 'int32') ? (row, writer) => writer.i32(column.values[row]!) : undefined
    case 'i16':
      return isPlain(column, 'int16') ? (row, writer) => writer.i16(column.values[row]!) : undefined
    case 'i8':
      return isPlain(column, 'int8') ? (row, writer) => writer.u8(column.values[row]! & 0xff) : undefined
    case 'f64':
      return isPlain(column, 'float64') ? (row, writer) => writer.f64(column.values[row]!) : undefined
    case 'f32':
      return isPlain(column, 'float32') ? (row, writer) => writer.f32(column.values[row]!) : undefined
    case 'boolean':
      if (column.kind !== 'boolean') return undefined
      return (row, writer) => writer.bool(((column.values[row >> 3]! >> (row & 7)) & 1) === 1)
    case 'string':
      return column.kind === 'utf8' && layout.notNull !== true ? stringEncoder(column) : undefined
    case 'bytes':
      return column.kind === 'binary' ? bytesEncoder(column) : undefined
    case 'utf8':
      return column.kind === 'utf8' ? bytesEncoder(column) : undefined
    case 'constant':
      return constantEncoder(layout)
    case 'nullable':
      return nullableEncoder(layout, column, name)
    case 'pojo':
      return column.kind === 'struct' ? pojoEncoder(layout, column, name) : undefined
    case 'tuple':
      if (column.kind !== 'struct' || column.children.length !== layout.fields.length) return undefined
      return sequence(layout.fields.map((field, i) => encodeChild(field, column, i, name)))
    default:
      return undefined
  }
}

function isPlain<Kind extends NumberColumn['kind']>(column: Column, kind: Kind): column is NumberColumn {
  return column.kind === kind && column.unit === undefined
}

/** Without bigints: as two words of 32 bits. */
function longEncoder({ values }: LongColumn): EncodeRow {
  const view = new DataView(values.buffer, values.byteOffset, values.byteLength)
  return (row, writer) => {
    writer.ensure(8)
    const { offset } = writer
    // Arrow's numbers are little-endian.
    writer.view.setInt32(offset, view.getInt32(8 * row + 4, true))
    writer.view.setInt32(offset + 4, view.getInt32(8 * row, true))
    writer.offset = offset + 8
  }
}

/** A value without content, such as VoidNamespace. */
function constantEncoder({ length, fill = 0 }: Layout & { op: 'constant' }): EncodeRow {
  return (_, writer) => {
    writer.ensure(length)
    for (let i = 0; i < length; i++) writer.bytes[writer.offset + i] = fill
    writer.offset += length
  }
}

const textDecoder = new TextDecoder()
/** Of a text whose length takes one byte. */
const MOST_UNITS = 126

function stringEncoder(column: BytesColumn): EncodeRow {
  const { offsets, values } = column
  return (row, writer) => {
    if (isNullAt(column, row)) return writeFlinkString(writer, null)
    const start = offsets[row]!
    const length = offsets[row + 1]! - start
    if (length > MOST_UNITS) return writeFlinkString(writer, textDecoder.decode(values.subarray(start, start + length)))
    writer.ensure(length + 1)
    const { bytes, offset } = writer
    bytes[offset] = length + 1
    for (let i = 0; i < length; i++) {
      const unit = values[start + i]!
      if (unit >= 0x80) return writeFlinkString(writer, textDecoder.decode(values.subarray(start, start + length)))
      bytes[offset + 1 + i] = unit
    }
    writer.offset = offset + 1 + length
  }
}

function bytesEncoder({ offsets, values }: BytesColumn): EncodeRow {
  return (row, writer) => {
    const [start, end] = [offsets[row]!, offsets[row + 1]!]
    writer.i32(end - start)
    writer.raw(values.subarray(start, end))
  }
}

function nullableEncoder(layout: Layout & { op: 'nullable' }, column: Column, name: string): EncodeRow | undefined {
  if (layout.padding > 0) return undefined
  const inner = encodeColumn(layout.inner, column, name)
  const { nullWhen } = layout
  return (row, writer) => {
    const isNull = isNullAt(column, row)
    writer.u8(isNull ? nullWhen : 1 - nullWhen)
    if (!isNull) inner(row, writer)
  }
}

/** Fields are found by name; each has a byte before it that says whether it is null. */
function pojoEncoder(layout: Layout & { op: 'pojo' }, column: StructColumn, name: string): EncodeRow | undefined {
  const names = column.children.map((child) => child.name)
  if (names.includes('$class')) return undefined
  const fields = layout.fields.map((field) => {
    const at = names.indexOf(field.name)
    if (at >= 0) return flagged(column.children[at]!.column, encodeChild(field.layout, column, at, name))
    throw new KobelError('INCOMPATIBLE', `${name} has no column ${field.name} for the field of ${layout.className}`)
  })
  return (row, writer) => {
    if (isNullAt(column, row)) return writer.u8(POJO_NULL)
    writer.u8(POJO_EXACT)
    for (let i = 0; i < fields.length; i++) fields[i]!(row, writer)
  }
}

function flagged(column: Column, encode: EncodeRow): EncodeRow {
  return (row, writer) => {
    const isNull = isNullAt(column, row)
    writer.u8(isNull ? 1 : 0)
    if (!isNull) encode(row, writer)
  }
}

function encodeChild(layout: Layout, { children }: StructColumn, at: number, name: string): EncodeRow {
  const child = children[at]!
  return encodeColumn(layout, child.column, `${name}.${child.name}`)
}

function sequence(encoders: readonly EncodeRow[]): EncodeRow {
  return (row, writer) => {
    for (let i = 0; i < encoders.length; i++) encoders[i]!(row, writer)
  }
}

/** By way of the value's JSON form. */
function jsonEncoder(layout: Layout, column: Column): EncodeRow {
  const encode = encodeJson(layout)
  return (row, writer) => encode(cellJson(column, row), writer)
}

/** The JSON form of a cell, with bigints for longs. */
export function cellJson(column: Column, row: number): unknown {
  if (isNullAt(column, row)) return null
  switch (column.kind) {
    case 'null':
      return null
    case 'boolean':
      return ((column.values[row >> 3]! >> (row & 7)) & 1) === 1
    case 'utf8':
      return textDecoder.decode(column.values.subarray(column.offsets[row], column.offsets[row + 1]))
    case 'binary':
      return toBase64(column.values.subarray(column.offsets[row], column.offsets[row + 1]))
    case 'list':
    case 'map': {
      const [start, end] = [column.offsets[row]!, column.offsets[row + 1]!]
      const { column: child } = column.child
      const cells = Array.from({ length: end - start }, (_, i) => cellJson(child, start + i))
      return column.kind === 'list' ? cells : cells.map((cell) => Object.values(cell as object))
    }
    case 'struct':
      return Object.fromEntries(column.children.map((child) => [child.name, cellJson(child.column, row)]))
    case 'int64':
      if (column.unit === undefined) return column.values[row]!
      return column.unit === 'milliseconds' ? millisText(column.values[row]!) : clockText(column.values[row]!)
    default:
      return column.unit === 'days' ? dateText(civilFromDays(column.values[row]!)) : column.values[row]!
  }
}

function clockText(nanos: bigint): string {
  const seconds = Number(nanos / 1_000_000_000n)
  const nano = Number(nanos % 1_000_000_000n)
  return timeText(Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60, nano)
}
