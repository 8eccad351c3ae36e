import type { ColumnBatch } from '../src/query/scan.ts'
import type { BytesColumn, Column } from '../src/serializer/columns.ts'

/** The checksums of bench/README.md from columns. */
export interface Total {
  rows: number
  sum: bigint
}

function of(batch: ColumnBatch, ...path: readonly string[]): Column {
  let fields = batch.columns
  let found: Column | undefined
  for (const name of path) {
    found = fields.find((field) => field.name === name)?.column
    if (found === undefined) throw new Error(`no column ${path.join('.')}`)
    if (found.kind === 'struct') fields = found.children
  }
  return found!
}

/** 32-bit halves are added apart: BigInts one by one would cost more than the scan. */
function addLongs(column: Column, from: number, to: number): bigint {
  if (column.kind !== 'int64') throw new Error(`${column.kind} instead of int64`)
  const { values } = column
  const words = new Int32Array(values.buffer, values.byteOffset, 2 * values.length)
  let high = 0
  let low = 0
  for (let i = from; i < to; i++) {
    low += words[2 * i]! >>> 0
    high += words[2 * i + 1]!
  }
  return (BigInt(high) << 32n) + BigInt(low)
}

function addInts(column: Column, rows: number): number {
  if (column.kind !== 'int32') throw new Error(`${column.kind} instead of int32`)
  let sum = 0
  for (let i = 0; i < rows; i++) sum += column.values[i]!
  return sum
}

/** Quarters, cut to whole numbers. */
function addQuarters(column: Column, rows: number): number {
  if (column.kind !== 'float64') throw new Error(`${column.kind} instead of float64`)
  let sum = 0
  for (let i = 0; i < rows; i++) sum += Math.trunc(column.values[i]! * 4)
  return sum
}

function countTrue(column: Column, rows: number): number {
  if (column.kind !== 'boolean') throw new Error(`${column.kind} instead of boolean`)
  let count = 0
  for (let i = 0; i < rows; i++) count += (column.values[i >> 3]! >> (i & 7)) & 1
  return count
}

/** UTF-16 units of all text: bytes but those that go on a character; one more for a pair of surrogates. */
function countUnits(column: Column, rows: number): number {
  const { values, offsets } = column as BytesColumn
  const end = offsets[rows]!
  const view = new DataView(values.buffer, values.byteOffset, values.byteLength)
  let units = 0
  for (let i = 0; i < end; ) {
    if (i + 4 <= end && (view.getInt32(i) & 0x80808080) === 0) {
      units += 4
      i += 4
      continue
    }
    const byte = values[i++]!
    if ((byte & 0xc0) !== 0x80) units += byte >= 0xf0 ? 2 : 1
  }
  return units
}

export const CHECKSUMS: Readonly<Record<'A' | 'B' | 'm' | 'l', (batch: ColumnBatch, total: Total) => void>> = {
  A: (batch, total) => {
    const [keys, values] = [of(batch, 'key'), of(batch, 'value')]
    if (keys.kind !== 'int64' || values.kind !== 'int64') throw new Error('A holds longs')
    const a = new Int32Array(keys.values.buffer, keys.values.byteOffset, 2 * batch.length)
    const b = new Int32Array(values.values.buffer, values.values.byteOffset, 2 * batch.length)
    let high = 0
    let low = 0
    for (let i = 0; i < 2 * batch.length; i += 2) {
      low += (a[i]! ^ b[i]!) >>> 0
      high += a[i + 1]! ^ b[i + 1]!
    }
    total.rows += batch.length
    total.sum += (BigInt(high) << 32n) + BigInt(low)
  },
  B: (batch, total) => {
    const { length } = batch
    total.rows += length
    total.sum += addLongs(of(batch, 'value', 'id'), 0, length) + addLongs(of(batch, 'value', 'updatedAt'), 0, length)
    const rest =
      addInts(of(batch, 'value', 'visits'), length) +
      addInts(of(batch, 'value', 'pos', 'zip'), length) +
      addQuarters(of(batch, 'value', 'amount'), length) +
      countTrue(of(batch, 'value', 'active'), length) +
      countUnits(of(batch, 'key'), length) +
      countUnits(of(batch, 'value', 'name'), length) +
      countUnits(of(batch, 'value', 'city'), length)
    total.sum += BigInt(rest)
  },
  // Of C: the map, and the list with the keys.
  m: (batch, total) => {
    total.sum += BigInt(addQuarters(of(batch, 'value'), batch.length) + countUnits(of(batch, 'map_key'), batch.length))
  },
  l: (batch, total) => {
    const list = of(batch, 'value')
    if (list.kind !== 'list') throw new Error('l is a list')
    total.rows += batch.length
    total.sum += addLongs(of(batch, 'key'), 0, batch.length)
    total.sum += addLongs(list.child.column, list.offsets[0]!, list.offsets[batch.length]!)
  },
}
