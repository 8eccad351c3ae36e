import { type Column, isNullAt } from '../serializer/columns.ts'
import { Distinct, hash, hashBytes, hashHalves, hashNumber } from './distinct.ts'
import { Frequent } from './frequent.ts'
import { type SizeSummary, Sizes } from './sizes.ts'

/** What the values of one field are. Plain data; numbers beyond 2^53 are texts. */
export interface FieldSummary {
  /** `value`, `value.city`, `value.items[]`, `value.prices{key}` */
  readonly path: string
  /** The kind of its column, see `columns.ts`. */
  readonly kind: Column['kind']
  /** What a number counts, where it is a point in time or a date, see `columns.ts`. */
  readonly unit?: 'milliseconds' | 'nanosecondsOfDay' | 'days'
  /** Values, nulls not counted. */
  readonly count: number
  readonly nulls: number
  /** Of scalars. Text is compared by its UTF-8 bytes and cut to 80 characters. */
  readonly min?: string | number | boolean
  readonly max?: string | number | boolean
  /** NaN, of floating point numbers. They are in neither `min` nor `max`. */
  readonly nan?: number
  /** Different values: exact up to 1,024, then to within 1.6 % in two of three cases. */
  readonly distinct?: number
  /** Values that make up more than 1/257 of all, with their least count. */
  readonly top?: readonly { readonly value: string | number | boolean; readonly count: number }[]
  /** What may be missing from each count in `top`. */
  readonly topError?: number
  /** Bytes of texts and bytes; elements of lists and maps. */
  readonly sizes?: SizeSummary
}

/** Takes in rows of a column and its children. */
export interface FieldProfiler {
  /** Rows of the column, which is of the same shape every time. */
  observe(column: Column): void
  /**
   * Its fields: the column itself first, then those inside. A struct has a line of its own only where it was null.
   *
   * @param outerNulls rows that are null because the struct around the column is.
   */
  fields(outerNulls?: number): FieldSummary[]
}

export function profilerOf(path: string, column: Column): FieldProfiler {
  switch (column.kind) {
    case 'struct':
      return new StructProfiler(path, column)
    case 'list':
    case 'map':
      return new ListProfiler(path, column)
    case 'utf8':
    case 'binary':
      return new BytesProfiler(path, column.kind)
    default:
      return new NumberProfiler(path, column)
  }
}

const MOST_TOP = 5
const MOST_TEXT = 80

class NumberProfiler implements FieldProfiler {
  private readonly path: string
  private readonly kind: Column['kind']
  private readonly unit: FieldSummary['unit']
  private readonly distinct = new Distinct()
  private readonly frequent = new Frequent<string | number | boolean>()
  private count = 0
  private nulls = 0
  private nan = 0
  private min: number | bigint | undefined
  private max: number | bigint | undefined

  constructor(path: string, column: Column) {
    this.path = path
    this.kind = column.kind
    this.unit = 'unit' in column ? column.unit : undefined
  }

  observe(column: Column): void {
    for (let row = 0; row < column.length; row++) {
      if (isNullAt(column, row)) this.nulls++
      else if (column.kind === 'int64') this.addLong(column.values[row]!)
      else if (column.kind === 'boolean') this.addNumber((column.values[row >> 3]! >> (row & 7)) & 1)
      else if (column.kind !== 'null') this.addNumber((column as { values: Float64Array }).values[row]!)
    }
  }

  private addNumber(value: number): void {
    this.count++
    hashNumber(value)
    this.distinct.add(hash.high, hash.low)
    this.frequent.add(value, () => this.shown(value))
    if (Number.isNaN(value)) {
      this.nan++
      return
    }
    if (this.min === undefined || value < this.min) this.min = value
    if (this.max === undefined || value > this.max) this.max = value
  }

  private addLong(value: bigint): void {
    this.count++
    hashHalves(Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)))
    this.distinct.add(hash.high, hash.low)
    this.frequent.add((hash.high >>> 0) * 0x200000 + (hash.low >>> 11), () => this.shown(value))
    if (this.min === undefined || value < this.min) this.min = value
    if (this.max === undefined || value > this.max) this.max = value
  }

  private shown(value: number | bigint): string | number | boolean {
    if (this.kind === 'boolean') return value === 1
    if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
    return Number.isFinite(value) && !Object.is(value, -0) ? value : Object.is(value, -0) ? '-0.0' : String(value)
  }

  fields(outerNulls = 0): FieldSummary[] {
    const { path, kind, count } = this
    const unit = this.unit && { unit: this.unit }
    const nulls = this.nulls - outerNulls
    if (count === 0) return [{ path, kind, ...unit, count, nulls }]
    const { values, error } = this.frequent.top(MOST_TOP)
    return [
      {
        path,
        kind,
        ...unit,
        count,
        nulls,
        ...(this.min !== undefined && { min: this.shown(this.min), max: this.shown(this.max!) }),
        ...(this.nan > 0 && { nan: this.nan }),
        distinct: Math.min(count, this.distinct.count),
        top: values,
        topError: error,
      },
    ]
  }
}

const TEXT_DECODER = new TextDecoder()

class BytesProfiler implements FieldProfiler {
  private readonly path: string
  private readonly kind: 'utf8' | 'binary'
  private readonly distinct = new Distinct()
  private readonly frequent = new Frequent<string>()
  private readonly sizes = new Sizes()
  private count = 0
  private nulls = 0
  private min: Uint8Array | undefined
  private max: Uint8Array | undefined

  constructor(path: string, kind: 'utf8' | 'binary') {
    this.path = path
    this.kind = kind
  }

  observe(column: Column): void {
    if (column.kind !== 'utf8' && column.kind !== 'binary') return
    const { values, offsets } = column
    for (let row = 0; row < column.length; row++) {
      if (isNullAt(column, row)) this.nulls++
      else this.add(values, offsets[row]!, offsets[row + 1]!)
    }
  }

  private add(bytes: Uint8Array, start: number, end: number): void {
    this.count++
    this.sizes.add(end - start)
    hashBytes(bytes, start, end)
    this.distinct.add(hash.high, hash.low)
    this.frequent.add(hash.high * 0x200000 + (hash.low >>> 11), () => this.shown(bytes.subarray(start, end)))
    if (this.min === undefined || isBefore(bytes, start, end, this.min)) this.min = this.kept(bytes, start, end)
    if (this.max === undefined || !isBefore(bytes, start, end, this.max)) {
      if (this.max === undefined || !isSame(bytes, start, end, this.max)) this.max = this.kept(bytes, start, end)
    }
  }

  /** As much as is shown, whole characters of UTF-8 take four bytes at most. */
  private kept(bytes: Uint8Array, start: number, end: number): Uint8Array {
    return bytes.slice(start, Math.min(end, start + MOST_TEXT * 4))
  }

  private shown(bytes: Uint8Array): string {
    if (this.kind === 'binary') {
      const hex = [...bytes.subarray(0, MOST_TEXT / 2)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
      return bytes.length > MOST_TEXT / 2 ? `${hex}…` : hex
    }
    const text = [...TEXT_DECODER.decode(bytes.subarray(0, MOST_TEXT * 4 + 4))]
    return text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT).join('')}…` : text.join('')
  }

  fields(outerNulls = 0): FieldSummary[] {
    const { path, kind, count } = this
    const nulls = this.nulls - outerNulls
    if (count === 0) return [{ path, kind, count, nulls }]
    const { values, error } = this.frequent.top(MOST_TOP)
    return [
      {
        path,
        kind,
        count,
        nulls,
        min: this.shown(this.min!),
        max: this.shown(this.max!),
        distinct: Math.min(count, this.distinct.count),
        top: values,
        topError: error,
        sizes: this.sizes.summary(),
      },
    ]
  }
}

function isBefore(bytes: Uint8Array, start: number, end: number, other: Uint8Array): boolean {
  const length = Math.min(end - start, other.length)
  for (let i = 0; i < length; i++) if (bytes[start + i]! !== other[i]!) return bytes[start + i]! < other[i]!
  return end - start < other.length
}

function isSame(bytes: Uint8Array, start: number, end: number, other: Uint8Array): boolean {
  if (end - start !== other.length) return false
  for (let i = 0; i < other.length; i++) if (bytes[start + i] !== other[i]) return false
  return true
}

class StructProfiler implements FieldProfiler {
  private readonly path: string
  private readonly children: readonly FieldProfiler[]
  private count = 0
  private nulls = 0

  constructor(path: string, column: Column & { kind: 'struct' }) {
    this.path = path
    this.children = column.children.map((child) => profilerOf(`${path}.${child.name}`, child.column))
  }

  observe(column: Column): void {
    if (column.kind !== 'struct') return
    const nulls = nullsOf(column)
    this.nulls += nulls
    this.count += column.length - nulls
    for (let i = 0; i < this.children.length; i++) this.children[i]!.observe(column.children[i]!.column)
  }

  /** Where the struct is null its fields have a row all the same, which is no null of theirs. */
  fields(outerNulls = 0): FieldSummary[] {
    const nulls = this.nulls - outerNulls
    const inner = this.children.flatMap((child) => child.fields(this.nulls))
    const own: FieldSummary = { path: this.path, kind: 'struct', count: this.count, nulls }
    return nulls > 0 || inner.length === 0 ? [own, ...inner] : inner
  }
}

function nullsOf(column: Column): number {
  if (column.validity === undefined) return 0
  let nulls = 0
  for (let row = 0; row < column.length; row++) if (isNullAt(column, row)) nulls++
  return nulls
}

class ListProfiler implements FieldProfiler {
  private readonly path: string
  private readonly kind: 'list' | 'map'
  private readonly inner: readonly FieldProfiler[]
  private readonly sizes = new Sizes()
  private count = 0
  private nulls = 0

  constructor(path: string, column: Column & { kind: 'list' | 'map' }) {
    this.path = path
    this.kind = column.kind
    this.inner = innerColumns(column).map(([suffix, child]) => profilerOf(`${path}${suffix}`, child))
  }

  observe(column: Column): void {
    if (column.kind !== 'list' && column.kind !== 'map') return
    for (let row = 0; row < column.length; row++) {
      if (isNullAt(column, row)) this.nulls++
      else {
        this.count++
        this.sizes.add(column.offsets[row + 1]! - column.offsets[row]!)
      }
    }
    innerColumns(column).forEach(([, child], i) => {
      this.inner[i]!.observe(child)
    })
  }

  fields(outerNulls = 0): FieldSummary[] {
    const { path, kind, count } = this
    const nulls = this.nulls - outerNulls
    const own: FieldSummary = { path, kind, count, nulls, ...(count > 0 && { sizes: this.sizes.summary() }) }
    return [own, ...this.inner.flatMap((each) => each.fields())]
  }
}

function innerColumns(column: Column & { kind: 'list' | 'map' }): [suffix: string, column: Column][] {
  const { column: child } = column.child
  if (column.kind === 'list' || child.kind !== 'struct') return [['[]', child]]
  return child.children.map((each) => [`{${each.name}}`, each.column])
}
