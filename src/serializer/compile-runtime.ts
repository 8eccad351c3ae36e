import { Reader } from '../bytes/reader.ts'
import { KobelError } from '../error.ts'
import { type Column, truncateColumn } from './columns.ts'
import { appendValue } from './interpreter/columns.ts'
import { skipValue } from './interpreter/skip.ts'
import type { Layout } from './layout.ts'

/** Why generated code returned: all was walked. */
export const DONE = 0
/** The entry is not whole, or not what it should be. */
export const CUT = 1
/** The entry was the last of its run. */
export const RUN_END = 2
/** There is no room for another row. */
export const FULL = 3
/** The entry is not what the code was made for: the interpreter's turn. */
export const IRREGULAR = 4
/** A column has to grow first. */
export const GROW = 5

/** Where generated code stands, and where it stopped. */
export interface Walk {
  /** The next byte, the next row, and for batches the next entry. */
  p: number
  row: number
  i: number
  /** Why it returned: one of the codes of `compile-runtime.ts`. */
  why: number
  /** With `GROW`: the column and the number of bytes or rows it has to have room for. */
  column: number
  need: number
}

/** Made in one place, so that the optimizer sees one kind of object. */
export function newWalk(): Walk {
  return { p: 0, row: 0, i: 0, why: DONE, column: 0, need: 0 }
}

/** What generated code calls. */
export interface Runtime {
  readonly units: typeof units
  readonly utf8: typeof utf8
  readonly chars: typeof chars
  readonly childRoom: typeof childRoom
  readonly nullRow: (column: number, row: number) => void
  readonly appendOpaque: (
    column: number,
    layout: number,
    bytes: Uint8Array,
    p: number,
    end: number,
    row: number,
  ) => number
  readonly skipOpaque: (layout: number, bytes: Uint8Array, p: number, end: number) => number
  readonly enter: (walk: Walk, rows: number) => void
  readonly leave: (rows: number) => void
}

/** @param roots the columns that have a row for each entry; `columns` are these and all inside of them. */
export function runtimeOf(
  roots: readonly Column[],
  columns: readonly Column[],
  constants: readonly unknown[],
): Runtime {
  let reader = new Reader(new Uint8Array(0))
  const at = (bytes: Uint8Array, p: number, end: number): Reader => {
    if (reader.bytes !== bytes) reader = new Reader(bytes)
    reader.offset = p
    reader.limit = end
    return reader
  }
  const attempt = (read: () => void): number => {
    try {
      read()
      return reader.offset
    } catch (error) {
      // Read again by the interpreter as a whole, which says what is wrong and where.
      if (error instanceof KobelError) return -1
      throw error
    }
  }
  return {
    units,
    utf8,
    chars,
    childRoom,
    nullRow: (column, row) => nullRow(columns[column]!, row),
    appendOpaque: (index, layout, bytes, p, end, row) => {
      const column = columns[index]!
      truncateColumn(column, row)
      return attempt(() => appendValue(constants[layout] as Layout, at(bytes, p, end), column))
    },
    skipOpaque: (layout, bytes, p, end) => attempt(() => skipValue(constants[layout] as Layout, at(bytes, p, end))),
    enter: (walk, rows) => {
      if (walk.why === GROW) grow(columns[walk.column]!, walk.need)
      for (const column of roots) makeRoom(column, rows)
    },
    leave: (rows) => {
      for (const column of roots) truncateColumn(column, rows)
    },
  }
}

// --- room ----------------------------------------------------------------------------------------------------------

const MAX_BYTES = 0x7fffffff
const MAX_ROWS = 0x7fffffff

/** Bytes of a column of text or bytes; rows of the child of a list. */
function grow(column: Column, need: number): void {
  if (need > MAX_BYTES) {
    throw new KobelError('LIMIT', 'a column takes at most 2 GB of text or bytes: take fewer rows in a batch')
  }
  if (column.kind === 'utf8' || column.kind === 'binary') {
    column.values = larger(column.values, Math.min(MAX_BYTES, Math.max(need, 2 * column.values.length)))
  } else if (column.kind === 'list' || column.kind === 'map') {
    const child = column.child.column
    makeRoom(child, Math.min(MAX_ROWS, Math.max(need, 2 * childRoom(child), 64)))
  }
}

interface Typed<Self> {
  readonly length: number
  readonly constructor: unknown
  set(from: Self): void
}

function larger<A extends Typed<A>>(array: A, length: number): A {
  if (array.length >= length) return array
  const grown = new (array.constructor as new (length: number) => A)(length)
  grown.set(array)
  return grown
}

/** Room for so many rows, of which those behind its length count as present. */
function makeRoom(column: Column, rows: number): void {
  switch (column.kind) {
    case 'null':
      return
    case 'struct':
      for (const child of column.children) makeRoom(child.column, rows)
      break
    case 'boolean':
      column.values = larger(column.values, (rows + 7) >> 3)
      break
    case 'list':
    case 'map':
      column.offsets = larger(column.offsets, rows + 1)
      makeRoom(column.child.column, column.child.column.length + 1)
      break
    case 'utf8':
    case 'binary':
      column.offsets = larger(column.offsets, rows + 1)
      break
    case 'int64':
      column.values = larger(column.values, rows)
      break
    default:
      column.values = larger(column.values as Float64Array, rows)
  }
  const { validity, length } = column
  if (validity === undefined) return
  const all = larger(validity, (rows + 7) >> 3)
  if ((length & 7) !== 0) all[length >> 3]! |= 0xff << (length & 7)
  all.fill(0xff, (length + 7) >> 3)
  column.validity = all
}

/** Children that are columns of their own have room too. */
export function childRoom(column: Column): number {
  switch (column.kind) {
    case 'null':
      return MAX_ROWS
    case 'struct':
      return Math.min(...column.children.map((child) => childRoom(child.column)), MAX_ROWS)
    case 'boolean':
      return column.values.length * 8
    case 'list':
    case 'map':
    case 'utf8':
    case 'binary':
      return column.offsets.length - 1
    default:
      return column.values.length
  }
}

const MIN_VALIDITY_BYTES = 256

/** Makes a row null for which there is room. */
function nullRow(column: Column, row: number): void {
  if (column.kind === 'null') return
  const at = row >> 3
  let { validity } = column
  if (validity === undefined || at >= validity.length) {
    const more = new Uint8Array(Math.max(at + 1, 2 * (validity?.length ?? 0), MIN_VALIDITY_BYTES)).fill(0xff)
    if (validity) more.set(validity)
    validity = more
    column.validity = more
  }
  validity[at]! &= ~(1 << (row & 7))
  switch (column.kind) {
    case 'struct':
      for (const child of column.children) nullRow(child.column, row)
      return
    case 'utf8':
    case 'binary':
    case 'list':
    case 'map':
      column.offsets[row + 1] = column.offsets[row]!
      return
    case 'boolean':
      column.values[at]! &= ~(1 << (row & 7))
      return
    case 'int64':
      column.values[row] = 0n
      return
    default:
      column.values[row] = 0
  }
}

// --- text ----------------------------------------------------------------------------------------------------------

/** Where `units` stopped reading. */
export interface Stop {
  p: number
}

/**
 * Copies the UTF-16 units of a Flink string (varints) as UTF-8 to `at` and returns the end, or -1 where they are not
 * what they should be. A surrogate without its other half becomes U+FFFD.
 */
function units(
  bytes: Uint8Array,
  from: number,
  end: number,
  count: number,
  to: Uint8Array,
  at: number,
  stop: Stop,
): number {
  let p = from
  let q = at
  let high = 0
  for (let left = count; left > 0; left--) {
    if (p >= end) return -1
    let unit = bytes[p++]!
    if (unit >= 0x80) {
      if (p >= end) return -1
      const second = bytes[p++]!
      unit = (unit & 0x7f) | ((second & 0x7f) << 7)
      if (second >= 0x80) {
        if (p >= end || bytes[p]! > 3) return -1
        unit |= bytes[p++]! << 14
      }
    }
    if (high !== 0) {
      if ((unit & 0xfc00) === 0xdc00) {
        q = putPair(to, q, high, unit)
        high = 0
        continue
      }
      q = putUnit(to, q, 0xfffd)
      high = 0
    }
    if ((unit & 0xfc00) === 0xd800) high = unit
    else q = putUnit(to, q, (unit & 0xfc00) === 0xdc00 ? 0xfffd : unit)
  }
  stop.p = p
  return high === 0 ? q : putUnit(to, q, 0xfffd)
}

/** Copies big-endian UTF-16 as UTF-8. */
function chars(bytes: Uint8Array, from: number, count: number, to: Uint8Array, at: number): number {
  let q = at
  let high = 0
  for (let p = from, end = from + 2 * count; p < end; p += 2) {
    const unit = (bytes[p]! << 8) | bytes[p + 1]!
    if (high !== 0) {
      if ((unit & 0xfc00) === 0xdc00) {
        q = putPair(to, q, high, unit)
        high = 0
        continue
      }
      q = putUnit(to, q, 0xfffd)
      high = 0
    }
    if ((unit & 0xfc00) === 0xd800) high = unit
    else q = putUnit(to, q, (unit & 0xfc00) === 0xdc00 ? 0xfffd : unit)
  }
  return high === 0 ? q : putUnit(to, q, 0xfffd)
}

function putPair(to: Uint8Array, at: number, high: number, low: number): number {
  const point = 0x10000 + ((high & 0x3ff) << 10) + (low & 0x3ff)
  to[at] = 0xf0 | (point >> 18)
  to[at + 1] = 0x80 | ((point >> 12) & 0x3f)
  to[at + 2] = 0x80 | ((point >> 6) & 0x3f)
  to[at + 3] = 0x80 | (point & 0x3f)
  return at + 4
}

function putUnit(to: Uint8Array, at: number, unit: number): number {
  if (unit < 0x80) {
    to[at] = unit
    return at + 1
  }
  if (unit < 0x800) {
    to[at] = 0xc0 | (unit >> 6)
    to[at + 1] = 0x80 | (unit & 0x3f)
    return at + 2
  }
  to[at] = 0xe0 | (unit >> 12)
  to[at + 1] = 0x80 | ((unit >> 6) & 0x3f)
  to[at + 2] = 0x80 | (unit & 0x3f)
  return at + 3
}

const textDecoder = new TextDecoder('utf-8', { ignoreBOM: true })
const textEncoder = new TextEncoder()

/** Copies UTF-8, at most three times as long where it is none; returns the end. */
function utf8(bytes: Uint8Array, from: number, count: number, to: Uint8Array, at: number): number {
  let isAscii = true
  if (count <= 32) {
    for (let i = 0; i < count; i++) {
      const byte = bytes[from + i]!
      to[at + i] = byte
      if (byte >= 0x80) isAscii = false
    }
  } else {
    to.set(bytes.subarray(from, from + count), at)
    for (let i = at, end = at + count; i < end; i++) {
      if (to[i]! < 0x80) continue
      isAscii = false
      break
    }
  }
  if (isAscii) return at + count
  return at + textEncoder.encodeInto(textDecoder.decode(bytes.subarray(from, from + count)), to.subarray(at)).written
}
