import { KobelError } from '../error.ts'

/**
 * Columns in the layout of Apache Arrow, as plain structures that grow row by row: a validity bitmap (least significant
 * bit first, 1 = present) that is only there once a null came, Int32 offsets, values in typed arrays that double.
 * `finishColumn` gives the same structures cut to their length, ready to be handed to Arrow, Parquet or DuckDB.
 */
export type Column = NullColumn | BooleanColumn | NumberColumn | LongColumn | BytesColumn | ListColumn | StructColumn

interface Rows {
  /** Number of rows. */
  length: number
  /** Absent while no row is null. */
  validity: Uint8Array | undefined
}

/** All rows are null, without a bitmap that says so. */
export interface NullColumn extends Rows {
  readonly kind: 'null'
}

/** One bit a row, least significant first. */
export interface BooleanColumn extends Rows {
  readonly kind: 'boolean'
  values: Uint8Array
}

export interface NumberColumn extends Rows {
  readonly kind: 'int8' | 'int16' | 'int32' | 'float32' | 'float64'
  /** What the number counts since 1970, where it is a date. */
  readonly unit?: 'days'
  values: Int8Array | Int16Array | Int32Array | Float32Array | Float64Array
}

export interface LongColumn extends Rows {
  readonly kind: 'int64'
  /** Of a point in time since 1970, or of a time of day. */
  readonly unit?: 'milliseconds' | 'nanosecondsOfDay'
  values: BigInt64Array
}

/** Row i is `values` from `offsets[i]` to `offsets[i + 1]`. */
export interface BytesColumn extends Rows {
  readonly kind: 'utf8' | 'binary'
  offsets: Int32Array
  values: Uint8Array
}

/** Row i is the child's rows from `offsets[i]` to `offsets[i + 1]`; a map's child is a struct of `key` and `value`. */
export interface ListColumn extends Rows {
  readonly kind: 'list' | 'map'
  offsets: Int32Array
  readonly child: ColumnField
}

/** Each child has a row for each row, null ones included. */
export interface StructColumn extends Rows {
  readonly kind: 'struct'
  readonly children: readonly ColumnField[]
}

export interface ColumnField {
  readonly name: string
  readonly column: Column
}

const VALUES = {
  boolean: () => new Uint8Array(2),
  int8: () => new Int8Array(16),
  int16: () => new Int16Array(16),
  int32: () => new Int32Array(16),
  float32: () => new Float32Array(16),
  float64: () => new Float64Array(16),
} as const

export function newNumberColumn(kind: NumberColumn['kind'], unit?: 'days'): NumberColumn {
  return { kind, ...(unit && { unit }), length: 0, validity: undefined, values: VALUES[kind]() }
}

export function newBooleanColumn(): BooleanColumn {
  return { kind: 'boolean', length: 0, validity: undefined, values: VALUES.boolean() }
}

export function newLongColumn(unit?: LongColumn['unit']): LongColumn {
  return { kind: 'int64', ...(unit && { unit }), length: 0, validity: undefined, values: new BigInt64Array(16) }
}

export function newNullColumn(): NullColumn {
  return { kind: 'null', length: 0, validity: undefined }
}

export function newBytesColumn(kind: BytesColumn['kind']): BytesColumn {
  return { kind, length: 0, validity: undefined, offsets: new Int32Array(17), values: new Uint8Array(64) }
}

export function newListColumn(kind: ListColumn['kind'], child: ColumnField): ListColumn {
  return { kind, length: 0, validity: undefined, offsets: new Int32Array(17), child }
}

/** A name that stands twice gets a number behind it. */
export function newStructColumn(children: readonly ColumnField[]): StructColumn {
  const taken = new Set<string>()
  const named = children.map(({ name, column }) => ({ name: untaken(name, taken), column }))
  return { kind: 'struct', length: 0, validity: undefined, children: named }
}

function untaken(name: string, taken: Set<string>): string {
  let free = name
  for (let i = 2; taken.has(free); i++) free = `${name}_${i}`
  taken.add(free)
  return free
}

// --- appending -----------------------------------------------------------------------------------------------------

interface TypedArray<Self> {
  readonly length: number
  readonly constructor: unknown
  set(from: Self): void
}

function grown<A extends TypedArray<A>>(array: A, length: number): A {
  const larger = new (array.constructor as new (length: number) => A)(Math.max(length, array.length * 2))
  larger.set(array)
  return larger
}

/** Ends a row whose values are in their places. */
export function endRow(column: Column, present: boolean): void {
  const row = column.length++
  if (present && column.validity === undefined) return
  const at = row >> 3
  column.validity ??= new Uint8Array(Math.max(at + 1, 8)).fill(0xff)
  if (at >= column.validity.length) column.validity = grown(column.validity, at + 1)
  if (present) column.validity[at]! |= 1 << (row & 7)
  else column.validity[at]! &= ~(1 << (row & 7))
}

export function appendBoolean(column: BooleanColumn, value: boolean): void {
  const at = column.length >> 3
  if (at >= column.values.length) column.values = grown(column.values, at + 1)
  if (value) column.values[at]! |= 1 << (column.length & 7)
  else column.values[at]! &= ~(1 << (column.length & 7))
  endRow(column, true)
}

export function appendNumber(column: NumberColumn, value: number): void {
  if (column.length >= column.values.length) growNumbers(column)
  column.values[column.length] = value
  endRow(column, true)
}

function growNumbers(column: NumberColumn): void {
  column.values = grown(column.values as Float64Array, column.length + 1)
}

export function appendLong(column: LongColumn, value: bigint): void {
  if (column.length >= column.values.length) column.values = grown(column.values, column.length + 1)
  column.values[column.length] = value
  endRow(column, true)
}

const MAX_OFFSET = 0x7fffffff

/** Where the next row's bytes begin, with room for `count` of them. */
export function reserveBytes(column: BytesColumn, count: number): number {
  const start = column.offsets[column.length]!
  const end = start + count
  if (end > MAX_OFFSET) {
    throw new KobelError(
      'LIMIT',
      'a column takes at most 2 GB of text or bytes: append fewer rows before it is finished',
    )
  }
  if (end > column.values.length) column.values = grown(column.values, end)
  return start
}

/** Ends a row of bytes that {@link reserveBytes} made room for. */
export function endBytes(column: BytesColumn, end: number): void {
  endOffset(column, end, true)
}

function endOffset(column: BytesColumn | ListColumn, end: number, present: boolean): void {
  const next = column.length + 1
  if (next >= column.offsets.length) column.offsets = grown(column.offsets, next + 1)
  column.offsets[next] = end
  endRow(column, present)
}

export function appendBytes(column: BytesColumn, bytes: Uint8Array): void {
  const start = reserveBytes(column, bytes.length)
  column.values.set(bytes, start)
  endBytes(column, start + bytes.length)
}

const textEncoder = new TextEncoder()

/** Lone surrogates become U+FFFD. */
export function appendText(column: BytesColumn, text: string): void {
  const start = reserveBytes(column, text.length)
  const { values } = column
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit >= 0x80) return appendBytes(column, textEncoder.encode(text))
    values[start + i] = unit
  }
  endBytes(column, start + text.length)
}

/** Ends a row whose elements were appended to the child. */
export function endList(column: ListColumn): void {
  if (column.child.column.length > MAX_OFFSET) {
    throw new KobelError('LIMIT', 'a column takes at most 2^31 elements: append fewer rows before it is finished')
  }
  endOffset(column, column.child.column.length, true)
}

export function appendNull(column: Column): void {
  switch (column.kind) {
    case 'null':
      column.length++
      return
    case 'boolean':
      appendBoolean(column, false)
      break
    case 'int64':
      appendLong(column, 0n)
      break
    case 'utf8':
    case 'binary':
    case 'list':
    case 'map':
      return endOffset(column, column.offsets[column.length]!, false)
    case 'struct':
      for (const child of column.children) appendNull(child.column)
      return endRow(column, false)
    default:
      appendNumber(column, 0)
  }
  column.length--
  endRow(column, false)
}

/** Takes rows away, also the parts of a row whose appending failed half-way. */
export function truncateColumn(column: Column, length: number): void {
  column.length = length
  if (column.kind === 'list' || column.kind === 'map') truncateColumn(column.child.column, column.offsets[length]!)
  if (column.kind === 'struct') for (const child of column.children) truncateColumn(child.column, length)
}

// --- reading -------------------------------------------------------------------------------------------------------

export function isNullAt(column: Column, row: number): boolean {
  if (column.kind === 'null') return true
  return column.validity !== undefined && (column.validity[row >> 3]! & (1 << (row & 7))) === 0
}

export function nullCount(column: Column): number {
  if (column.kind === 'null') return column.length
  let count = 0
  if (column.validity !== undefined) for (let i = 0; i < column.length; i++) if (isNullAt(column, i)) count++
  return count
}

/** The column cut to its rows: views of the same memory, so the builder must not be appended to any more. */
export function finishColumn(column: Column): Column {
  const { length } = column
  const bytes = (length + 7) >> 3
  const validity = column.validity?.subarray(0, bytes)
  switch (column.kind) {
    case 'null':
      return { ...column }
    case 'boolean':
      return { ...column, validity, values: column.values.subarray(0, bytes) }
    case 'int64':
      return { ...column, validity, values: column.values.subarray(0, length) }
    case 'utf8':
    case 'binary': {
      const offsets = column.offsets.subarray(0, length + 1)
      return { ...column, validity, offsets, values: column.values.subarray(0, offsets[length]!) }
    }
    case 'list':
    case 'map':
      return { ...column, validity, offsets: column.offsets.subarray(0, length + 1), child: finishField(column.child) }
    case 'struct':
      return { ...column, validity, children: column.children.map(finishField) }
    default:
      return { ...column, validity, values: column.values.subarray(0, length) }
  }
}

function finishField({ name, column }: ColumnField): ColumnField {
  return { name, column: finishColumn(column) }
}

/** The kinds and names of a column and those inside: equal texts mean that the same rows can be appended. */
export function columnShape(column: Column): string {
  if (column.kind === 'struct') {
    const inner = column.children.map(({ name, column: child }) => `${JSON.stringify(name)}:${columnShape(child)}`)
    return `{${inner.join(',')}}`
  }
  if (column.kind === 'list' || column.kind === 'map') return `${column.kind}<${columnShape(column.child.column)}>`
  return 'unit' in column ? `${column.kind}(${column.unit})` : column.kind
}

/** An empty column of the same shape. */
export function columnLike(shape: Column): Column {
  switch (shape.kind) {
    case 'null':
      return newNullColumn()
    case 'boolean':
      return newBooleanColumn()
    case 'int64':
      return newLongColumn(shape.unit)
    case 'utf8':
    case 'binary':
      return newBytesColumn(shape.kind)
    case 'list':
    case 'map':
      return newListColumn(shape.kind, fieldLike(shape.child))
    case 'struct':
      return newStructColumn(shape.children.map(fieldLike))
    default:
      return newNumberColumn(shape.kind, shape.unit)
  }
}

function fieldLike({ name, column }: ColumnField): ColumnField {
  return { name, column: columnLike(column) }
}
