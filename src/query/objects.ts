import type { BytesColumn, Column, ColumnField } from '../serializer/columns.ts'
import { canCompile } from '../serializer/compile.ts'
import { type ScanTableOptions, scanTable } from './scan.ts'
import type { StateTable } from './table.ts'

/** A row of a table: a member for each column. */
export type ObjectRow = Readonly<Record<string, ObjectValue>>

/** Structs are objects, lists arrays, maps arrays of `{ key, value }`. */
export type ObjectValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly ObjectValue[]
  | { readonly [name: string]: ObjectValue }

/**
 * The rows of a table as JavaScript objects, an array of them at a time. Unlike batches of columns they may be kept;
 * texts of one batch share memory, so that one of them kept keeps the text of its whole column in the batch. Lone surrogates
 * are U+FFFD, as in all columns.
 */
export async function* scanObjects(
  table: StateTable,
  options: ScanTableOptions = {},
): AsyncGenerator<readonly ObjectRow[], void, undefined> {
  let maker: ((rows: number) => ObjectRow[]) | undefined
  for await (const batch of scanTable(table, { rowsPerBatch: ROWS_PER_BATCH, ...options })) {
    maker = makeRows(batch.columns)
    yield maker(batch.length)
  }
}

/** Objects of a batch live until the next one: fewer of them stay in the young generation. */
const ROWS_PER_BATCH = 4096

type ReadRow = (row: number) => ObjectValue

function makeRows(columns: readonly ColumnField[]): (rows: number) => ObjectRow[] {
  const readers = columns.map(({ column }) => readerOf(column))
  const make = recordMaker(columns.map(({ name }) => name))
  const read = make(readers) as (row: number) => ObjectRow
  return (rows) => {
    const made: ObjectRow[] = new Array(rows)
    for (let i = 0; i < rows; i++) made[i] = read(i)
    return made
  }
}

type RecordMaker = (readers: readonly ReadRow[]) => ReadRow

const MAKERS = new Map<string, RecordMaker>()
const MAX_MAKERS = 256
const MAX_MEMBERS = 200

/** Makes objects of one shape: with a literal, where code can be generated. */
function recordMaker(names: readonly string[]): RecordMaker {
  const key = JSON.stringify(names)
  const known = MAKERS.get(key)
  if (known) return known
  if (MAKERS.size >= MAX_MAKERS) MAKERS.clear()
  const maker = canCompile() && names.length <= MAX_MEMBERS ? literalMaker(names) : plainMaker(names)
  MAKERS.set(key, maker)
  return maker
}

function literalMaker(names: readonly string[]): RecordMaker {
  // Only a computed name makes a member of `__proto__`; computed names make objects slowly.
  const nameOf = (name: string): string => (name === '__proto__' ? '["__proto__"]' : JSON.stringify(name))
  const members = names.map((name, i) => `${nameOf(name)}: r${i}(i)`)
  const readers = names.map((_, i) => `const r${i} = R[${i}]\n`)
  return new Function('R', `'use strict'\n${readers.join('')}return (i) => ({ ${members.join(', ')} })`) as RecordMaker
}

function plainMaker(names: readonly string[]): RecordMaker {
  return (readers) => (row) => Object.fromEntries(names.map((name, i) => [name, readers[i]!(row)]))
}

function readerOf(column: Column): ReadRow {
  const read = presentReader(column)
  if (column.kind === 'null' || column.validity === undefined) return read
  const { validity } = column
  return (row) => ((validity[row >> 3]! & (1 << (row & 7))) === 0 ? null : read(row))
}

function presentReader(column: Column): ReadRow {
  switch (column.kind) {
    case 'null':
      return () => null
    case 'boolean': {
      const { values } = column
      return (row) => (values[row >> 3]! & (1 << (row & 7))) !== 0
    }
    case 'utf8':
      return textReader(column)
    case 'binary': {
      const { values, offsets } = column
      return (row) => values.slice(offsets[row], offsets[row + 1])
    }
    case 'list':
    case 'map': {
      const { offsets } = column
      const read = readerOf(column.child.column)
      return (row) => {
        const elements: ObjectValue[] = []
        for (let i = offsets[row]!; i < offsets[row + 1]!; i++) elements.push(read(i))
        return elements
      }
    }
    case 'struct':
      return recordMaker(column.children.map(({ name }) => name))(
        column.children.map((child) => readerOf(child.column)),
      )
    default: {
      const { values } = column
      return (row) => values[row]!
    }
  }
}

const textDecoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** All text of a column is decoded at once and cut: many times as fast as decoding one by one. */
function textReader(column: BytesColumn): ReadRow {
  const { values, offsets, length } = column
  const start = offsets[0]!
  const text = textDecoder.decode(values.subarray(start, offsets[length]))
  if (text.length === offsets[length]! - start) {
    return (row) => text.substring(offsets[row]! - start, offsets[row + 1]! - start)
  }
  const ends = unitOffsets(column)
  return (row) => text.substring(ends[row]!, ends[row + 1]!)
}

/** Offsets in UTF-16 units. */
function unitOffsets({ values, offsets, length }: BytesColumn): Int32Array {
  const ends = new Int32Array(length + 1)
  let units = 0
  let at = offsets[0]!
  for (let row = 0; row < length; row++) {
    for (const end = offsets[row + 1]!; at < end; at++) {
      const byte = values[at]!
      if ((byte & 0xc0) !== 0x80) units += byte >= 0xf0 ? 2 : 1
    }
    ends[row + 1] = units
  }
  return ends
}
