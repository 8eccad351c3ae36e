import type { Vector } from '@duckdb/node-bindings'
import {
  type BytesColumn,
  type Column,
  isNullAt,
  type ListColumn,
  type StructColumn,
} from '../../serializer/columns.ts'
import { decimalBytes, microsOfMillis, microsOfNanos, unitsOfText, unscaledOfText } from '../physical.ts'
import type { SqlType } from '../sql-type.ts'
import type { Bindings } from './bindings.ts'

/**
 * Rows of columns as DuckDB's vectors hold them. Numbers are copied as they are. Texts go in by two ways: `arena` copies
 * the bytes of all rows at once and writes the 16 bytes of each row (`duckdb_string_t`: i32 length, then up to 12 bytes,
 * or 4 bytes and the address of all) itself; `assign` hands over row by row, and relies on nothing but the interface.
 */
export interface Filler {
  readonly duckdb: Bindings
  readonly texts: 'arena' | 'assign'
}

/** Which rows of a column; the first one becomes the first of the vector. */
interface Range {
  readonly start: number
  readonly count: number
}

export function fillVector(filler: Filler, vector: Vector, type: SqlType, column: Column, range: Range): void {
  const { duckdb } = filler
  if (column.kind === 'null') return fillNulls(filler, vector, range.count)
  switch (type.id) {
    case 'STRUCT':
      fillValidity(filler, vector, column, range)
      for (const [i, field] of type.fields.entries()) {
        const child = duckdb.struct_vector_get_child(vector, i)
        fillVector(filler, child, field.type, childOf(column as StructColumn, field.source), range)
      }
      return
    case 'LIST':
    case 'MAP':
      return fillList(filler, vector, type, column as ListColumn, range)
    case 'VARCHAR':
    case 'BLOB':
      fillValidity(filler, vector, column, range)
      if (column.kind === 'struct') return fillEmptyStructs(filler, vector, column, range)
      return filler.texts === 'arena'
        ? fillTexts(filler, vector, column as BytesColumn, range)
        : assignTexts(filler, vector, column as BytesColumn, range)
    default:
      fillValidity(filler, vector, column, range)
      return fillNumbers(filler, vector, type, column, range)
  }
}

function childOf(column: StructColumn, name: string): Column {
  return column.children.find((each) => each.name === name)!.column
}

// --- validity ------------------------------------------------------------------------------------------------------

function fillValidity({ duckdb }: Filler, vector: Vector, { validity }: Column, { start, count }: Range): void {
  if (validity === undefined || count === 0) return
  const bytes = (count + 7) >> 3
  const shift = start & 7
  const from = start >> 3
  duckdb.vector_ensure_validity_writable(vector)
  if (shift === 0) {
    duckdb.copy_data_to_vector_validity(vector, 0, bufferOf(validity), validity.byteOffset + from, bytes)
    return
  }
  const shifted = scratch(bytes)
  for (let i = 0; i < bytes; i++) {
    shifted[i] = (validity[from + i]! >> shift) | ((validity[from + i + 1] ?? 0) << (8 - shift))
  }
  duckdb.copy_data_to_vector_validity(vector, 0, bufferOf(shifted), 0, bytes)
}

function fillNulls({ duckdb }: Filler, vector: Vector, count: number): void {
  if (count === 0) return
  const bytes = (count + 7) >> 3
  duckdb.vector_ensure_validity_writable(vector)
  duckdb.copy_data_to_vector_validity(vector, 0, bufferOf(scratch(bytes).fill(0, 0, bytes)), 0, bytes)
}

// --- numbers -------------------------------------------------------------------------------------------------------

let memory = new ArrayBuffer(1 << 16)

/** Memory that is good until the next call. */
function scratch(bytes: number): Uint8Array {
  if (bytes > memory.byteLength) memory = new ArrayBuffer(bytes * 2)
  return new Uint8Array(memory)
}

function bufferOf(array: ArrayBufferView): ArrayBuffer {
  return array.buffer as ArrayBuffer
}

function fillNumbers({ duckdb }: Filler, vector: Vector, type: SqlType, column: Column, range: Range): void {
  const { start, count } = range
  const copy = (bytes: number): void => duckdb.copy_data_to_vector(vector, 0, memory, 0, bytes)
  switch (column.kind) {
    case 'boolean': {
      const flags = scratch(count)
      const { values } = column
      for (let i = 0, row = start; i < count; i++, row++) flags[i] = (values[row >> 3]! >> (row & 7)) & 1
      return copy(count)
    }
    case 'int64':
      if (type.id === 'BIGINT') break
      scratch(count * 8)
      if (type.id === 'TIME') microsOfNanos(column, start, count, new BigInt64Array(memory, 0, count))
      else microsOfMillis(column, start, count, new BigInt64Array(memory, 0, count))
      return copy(count * 8)
    case 'utf8': {
      if (type.id === 'DECIMAL') {
        const width = decimalBytes(type.width)
        scratch(count * width)
        unscaledOfText(column, start, count, type, width, memory)
        return copy(count * width)
      }
      scratch(count * 8)
      const unit = type.id === 'TIMESTAMP_NS' ? 1_000_000_000n : 1_000_000n
      unitsOfText(column, start, count, unit, new BigInt64Array(memory, 0, count))
      return copy(count * 8)
    }
  }
  const { values } = column as Column & { values: Float64Array }
  const width = values.BYTES_PER_ELEMENT
  duckdb.copy_data_to_vector(vector, 0, bufferOf(values), values.byteOffset + start * width, count * width)
}

// --- texts ---------------------------------------------------------------------------------------------------------

const INLINE_BYTES = 12
const HEADER_BYTES = 16
const HEADER_WORDS = 4

function fillTexts({ duckdb }: Filler, vector: Vector, column: BytesColumn, { start, count }: Range): void {
  const { values, offsets } = column
  const headers = new Uint32Array(scratch(count * HEADER_BYTES).buffer, 0, count * HEADER_WORDS)
  const first = offsets[start]!
  if (fillHeaders(headers, values, offsets, start, count)) {
    duckdb.vector_assign_string_element_len(vector, 0, values.subarray(first, offsets[start + count]!))
    const head = duckdb.vector_get_data(vector, HEADER_BYTES)
    const address = new DataView(head.buffer, head.byteOffset, HEADER_BYTES).getBigUint64(8, true)
    addAddresses(headers, count, Number(address & 0xffffffffn), Number(address >> 32n))
  }
  duckdb.copy_data_to_vector(vector, 0, memory, 0, count * HEADER_BYTES)
}

/** Headers with offsets in place of addresses. Returns whether there are any. */
function fillHeaders(
  headers: Uint32Array,
  values: Uint8Array,
  offsets: Int32Array,
  start: number,
  count: number,
): boolean {
  const first = offsets[start]!
  let hasLong = false
  for (let i = 0, word = 0; i < count; i++, word += HEADER_WORDS) {
    const from = offsets[start + i]!
    const length = offsets[start + i + 1]! - from
    headers[word] = length
    if (length > INLINE_BYTES) {
      hasLong = true
      headers[word + 1] =
        values[from]! | (values[from + 1]! << 8) | (values[from + 2]! << 16) | (values[from + 3]! << 24)
      headers[word + 2] = from - first
      headers[word + 3] = 0
    } else {
      headers[word + 1] = wordAt(values, from, length)
      headers[word + 2] = wordAt(values, from + 4, length - 4)
      headers[word + 3] = wordAt(values, from + 8, length - 8)
    }
  }
  return hasLong
}

/** Up to four bytes, little-endian, zeros behind them. */
function wordAt(values: Uint8Array, at: number, length: number): number {
  if (length >= 4) return values[at]! | (values[at + 1]! << 8) | (values[at + 2]! << 16) | (values[at + 3]! << 24)
  if (length <= 0) return 0
  let word = values[at]!
  if (length > 1) word |= values[at + 1]! << 8
  if (length > 2) word |= values[at + 2]! << 16
  return word
}

function addAddresses(headers: Uint32Array, count: number, low: number, high: number): void {
  for (let i = 0, word = 0; i < count; i++, word += HEADER_WORDS) {
    if (headers[word]! <= INLINE_BYTES) continue
    const sum = low + headers[word + 2]!
    headers[word + 2] = sum
    headers[word + 3] = high + (sum > 0xffffffff ? 1 : 0)
  }
}

function assignTexts({ duckdb }: Filler, vector: Vector, column: BytesColumn, { start, count }: Range): void {
  const { values, offsets } = column
  for (let i = 0; i < count; i++) {
    if (isNullAt(column, start + i)) continue
    const text = values.subarray(offsets[start + i]!, offsets[start + i + 1]!)
    duckdb.vector_assign_string_element_len(vector, i, text)
  }
}

function fillEmptyStructs({ duckdb }: Filler, vector: Vector, column: StructColumn, { start, count }: Range): void {
  for (let i = 0; i < count; i++) {
    if (!isNullAt(column, start + i)) duckdb.vector_assign_string_element(vector, i, '{}')
  }
}

// --- lists ---------------------------------------------------------------------------------------------------------

/** `duckdb_list_entry`: u64 offset, u64 length. */
const ENTRY_BYTES = 16

function fillList(
  filler: Filler,
  vector: Vector,
  type: SqlType & { id: 'LIST' | 'MAP' },
  column: ListColumn,
  range: Range,
): void {
  const { duckdb } = filler
  const { start, count } = range
  const { offsets } = column
  const first = offsets[start]!
  const total = offsets[start + count]! - first
  duckdb.list_vector_reserve(vector, total)
  duckdb.list_vector_set_size(vector, total)
  fillValidity(filler, vector, column, range)
  const entries = new Uint32Array(scratch(count * ENTRY_BYTES).buffer, 0, count * 4)
  for (let i = 0; i < count; i++) {
    const from = offsets[start + i]!
    entries[4 * i] = from - first
    entries[4 * i + 1] = 0
    entries[4 * i + 2] = offsets[start + i + 1]! - from
    entries[4 * i + 3] = 0
  }
  duckdb.copy_data_to_vector(vector, 0, memory, 0, count * ENTRY_BYTES)
  if (total === 0) return
  const inner: SqlType =
    type.id === 'LIST'
      ? type.child
      : {
          id: 'STRUCT',
          fields: [
            { name: 'key', source: 'key', type: type.key },
            { name: 'value', source: 'value', type: type.value },
          ],
        }
  const child = duckdb.list_vector_get_child(vector)
  fillVector(filler, child, inner, column.child.column, { start: first, count: total })
}
