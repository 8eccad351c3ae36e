import type { LogicalType, Vector } from '@duckdb/node-bindings'
import { civilFromDays, dateText } from '../../serializer/time.ts'
import type { Bindings } from './bindings.ts'
import { TYPE_IDS } from './types.ts'

/**
 * What a statement gives, in JavaScript. Whole numbers of 64 bits and more are bigints, decimals and points in time are
 * texts as DuckDB prints them, so that nothing is lost; a map is an array of its keys and values.
 */
export type SqlValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly SqlValue[]
  | { readonly [name: string]: SqlValue }

/** The first `count` values of a vector. */
export type ReadVector = (vector: Vector, count: number) => SqlValue[]

/** How values of a type are read; worked out once a column. */
export function createVectorReader(duckdb: Bindings, type: LogicalType): ReadVector {
  const id = duckdb.get_type_id(type) as number
  const read = nestedReader(duckdb, id, type) ?? flatReader(duckdb, id, type)
  return (vector, count) => {
    if (count === 0) return []
    const values = read(vector, count)
    const validity = duckdb.vector_get_validity(vector, Math.ceil(count / 64) * 8) as Uint8Array | null
    if (validity) for (let i = 0; i < count; i++) if (((validity[i >> 3]! >> (i & 7)) & 1) === 0) values[i] = null
    return values
  }
}

function nestedReader(duckdb: Bindings, id: number, type: LogicalType): ReadVector | undefined {
  switch (id) {
    case TYPE_IDS.LIST:
      return listReader(duckdb, createVectorReader(duckdb, duckdb.list_type_child_type(type)))
    case TYPE_IDS.MAP: {
      const key = createVectorReader(duckdb, duckdb.map_type_key_type(type))
      const value = createVectorReader(duckdb, duckdb.map_type_value_type(type))
      return listReader(duckdb, (vector, count) => {
        const keys = key(duckdb.struct_vector_get_child(vector, 0), count)
        const values = value(duckdb.struct_vector_get_child(vector, 1), count)
        return keys.map((each, i) => [each, values[i]!])
      })
    }
    case TYPE_IDS.ARRAY: {
      const size = duckdb.array_type_array_size(type)
      const child = createVectorReader(duckdb, duckdb.array_type_child_type(type))
      return (vector, count) => {
        const all = child(duckdb.array_vector_get_child(vector), count * size)
        return Array.from({ length: count }, (_, i) => all.slice(i * size, (i + 1) * size))
      }
    }
    case TYPE_IDS.STRUCT:
      return structReader(duckdb, type)
    case TYPE_IDS.UNION:
      return unionReader(duckdb, type)
    default:
      return undefined
  }
}

function listReader(duckdb: Bindings, child: ReadVector): ReadVector {
  return (vector, count) => {
    const all = child(duckdb.list_vector_get_child(vector), duckdb.list_vector_get_size(vector))
    const entries = viewOf(duckdb, vector, count * 16)
    return Array.from({ length: count }, (_, i) => {
      const from = entries.getUint32(i * 16, true)
      return all.slice(from, from + entries.getUint32(i * 16 + 8, true))
    })
  }
}

function structReader(duckdb: Bindings, type: LogicalType): ReadVector {
  const fields = Array.from({ length: duckdb.struct_type_child_count(type) }, (_, i) => ({
    name: duckdb.struct_type_child_name(type, i),
    read: createVectorReader(duckdb, duckdb.struct_type_child_type(type, i)),
  }))
  return (vector, count) => {
    const columns = fields.map(({ read }, i) => read(duckdb.struct_vector_get_child(vector, i), count))
    return Array.from({ length: count }, (_, row) => {
      const value: Record<string, SqlValue> = {}
      for (const [i, { name }] of fields.entries()) setMember(value, name, columns[i]![row]!)
      return value
    })
  }
}

/** `__proto__` is a name like others. */
export function setMember(value: Record<string, SqlValue>, name: string, member: SqlValue): void {
  if (name === '__proto__') {
    Object.defineProperty(value, name, { value: member, enumerable: true, writable: true, configurable: true })
  } else value[name] = member
}

/** A struct of the tag and of all members; the value is that of the tag. */
function unionReader(duckdb: Bindings, type: LogicalType): ReadVector {
  const reads = Array.from({ length: duckdb.union_type_member_count(type) }, (_, i) =>
    createVectorReader(duckdb, duckdb.union_type_member_type(type, i)),
  )
  return (vector, count) => {
    const tags = duckdb.vector_get_data(duckdb.struct_vector_get_child(vector, 0), count)
    const columns = reads.map((read, i) => read(duckdb.struct_vector_get_child(vector, i + 1), count))
    return Array.from({ length: count }, (_, row) => columns[tags[row]!]?.[row] ?? null)
  }
}

function viewOf(duckdb: Bindings, vector: Vector, bytes: number): DataView {
  const found = duckdb.vector_get_data(vector, bytes)
  return new DataView(found.buffer, found.byteOffset, bytes)
}

type ReadAt = (view: DataView, at: number) => SqlValue

const NUMBERS: Readonly<Record<number, readonly [width: number, read: ReadAt]>> = {
  [TYPE_IDS.BOOLEAN]: [1, (view, at) => view.getUint8(at) !== 0],
  [TYPE_IDS.TINYINT]: [1, (view, at) => view.getInt8(at)],
  [TYPE_IDS.SMALLINT]: [2, (view, at) => view.getInt16(at, true)],
  [TYPE_IDS.INTEGER]: [4, (view, at) => view.getInt32(at, true)],
  [TYPE_IDS.BIGINT]: [8, (view, at) => view.getBigInt64(at, true)],
  [TYPE_IDS.UTINYINT]: [1, (view, at) => view.getUint8(at)],
  [TYPE_IDS.USMALLINT]: [2, (view, at) => view.getUint16(at, true)],
  [TYPE_IDS.UINTEGER]: [4, (view, at) => view.getUint32(at, true)],
  [TYPE_IDS.UBIGINT]: [8, (view, at) => view.getBigUint64(at, true)],
  [TYPE_IDS.FLOAT]: [4, (view, at) => view.getFloat32(at, true)],
  [TYPE_IDS.DOUBLE]: [8, (view, at) => view.getFloat64(at, true)],
  [TYPE_IDS.HUGEINT]: [16, signed128],
  [TYPE_IDS.UHUGEINT]: [16, (view, at) => BigInt.asUintN(128, signed128(view, at))],
  [TYPE_IDS.DATE]: [4, (view, at) => dateOf(view.getInt32(at, true))],
  [TYPE_IDS.TIME]: [8, (view, at) => timeOf(view.getBigInt64(at, true), 6)],
  [TYPE_IDS.TIME_NS]: [8, (view, at) => timeOf(view.getBigInt64(at, true), 9)],
  [TYPE_IDS.TIME_TZ]: [8, (view, at) => timeWithZoneOf(view.getBigUint64(at, true))],
  [TYPE_IDS.TIMESTAMP_S]: [8, (view, at) => timestampText(view.getBigInt64(at, true), 0)],
  [TYPE_IDS.TIMESTAMP_MS]: [8, (view, at) => timestampText(view.getBigInt64(at, true), 3)],
  [TYPE_IDS.TIMESTAMP]: [8, (view, at) => timestampText(view.getBigInt64(at, true), 6)],
  [TYPE_IDS.TIMESTAMP_NS]: [8, (view, at) => timestampText(view.getBigInt64(at, true), 9)],
  [TYPE_IDS.TIMESTAMP_TZ]: [8, (view, at) => withZone(timestampText(view.getBigInt64(at, true), 6))],
  [TYPE_IDS.INTERVAL]: [16, intervalOf],
  [TYPE_IDS.UUID]: [16, uuidOf],
}

function signed128(view: DataView, at: number): bigint {
  return (view.getBigInt64(at + 8, true) << 64n) | view.getBigUint64(at, true)
}

function flatReader(duckdb: Bindings, id: number, type: LogicalType): ReadVector {
  const number = NUMBERS[id]
  if (number) return fixedReader(duckdb, ...number)
  switch (id) {
    case TYPE_IDS.SQLNULL:
      return (_, count) => new Array<SqlValue>(count).fill(null)
    case TYPE_IDS.DECIMAL:
      return decimalReader(duckdb, type)
    case TYPE_IDS.ENUM: {
      const names = Array.from({ length: duckdb.enum_dictionary_size(type) }, (_, i) =>
        duckdb.enum_dictionary_value(type, i),
      )
      const [width, read] = NUMBERS[duckdb.enum_internal_type(type) as number]!
      return fixedReader(duckdb, width, (view, at) => names[Number(read(view, at))] ?? null)
    }
    case TYPE_IDS.VARCHAR:
      return bytesReader(duckdb, (bytes) => textDecoder.decode(bytes))
    case TYPE_IDS.BIT:
      return bytesReader(duckdb, bitsOf)
    default:
      return bytesReader(duckdb, (bytes) => bytes.slice())
  }
}

function fixedReader(duckdb: Bindings, width: number, read: ReadAt): ReadVector {
  return (vector, count) => {
    const view = viewOf(duckdb, vector, count * width)
    return Array.from({ length: count }, (_, i) => read(view, i * width))
  }
}

function decimalReader(duckdb: Bindings, type: LogicalType): ReadVector {
  const scale = duckdb.decimal_scale(type)
  const [width, read] = NUMBERS[duckdb.decimal_internal_type(type) as number]!
  return fixedReader(duckdb, width, (view, at) => decimalText(BigInt(read(view, at) as number | bigint), scale))
}

/** `12345` with scale 2 is `123.45`. */
export function decimalText(unscaled: bigint, scale: number): string {
  if (scale === 0) return String(unscaled)
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0')
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

// --- texts and bytes -----------------------------------------------------------------------------------------------

const textDecoder = new TextDecoder('utf-8', { ignoreBOM: true })

function bytesReader(duckdb: Bindings, convert: (bytes: Uint8Array) => SqlValue): ReadVector {
  return (vector, count) => {
    const headers = duckdb.vector_get_data(vector, count * 16)
    const view = new DataView(headers.buffer, headers.byteOffset, count * 16)
    const validity = duckdb.vector_get_validity(vector, Math.ceil(count / 64) * 8) as Uint8Array | null
    return Array.from({ length: count }, (_, i) => {
      // The header of a null may point anywhere.
      if (validity && ((validity[i >> 3]! >> (i & 7)) & 1) === 0) return null
      const length = view.getUint32(i * 16, true)
      if (length <= 12) return convert(headers.subarray(i * 16 + 4, i * 16 + 4 + length))
      const buffer = headers.buffer as ArrayBuffer
      return convert(duckdb.get_data_from_pointer(buffer, headers.byteOffset + i * 16 + 8, length))
    })
  }
}

/** The first byte says how many bits of the second one are padding. */
function bitsOf(bytes: Uint8Array): string {
  const bits = [...bytes.subarray(1)].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  return bits.slice(bytes[0])
}

// --- points in time ------------------------------------------------------------------------------------------------

const MAX_INT = 0x7fffffff
const MAX_LONG = 2n ** 63n - 1n

function dateOf(days: number): string {
  if (days === MAX_INT) return 'infinity'
  return days === -MAX_INT ? '-infinity' : dateText(civilFromDays(days))
}

function timeOf(units: bigint, digits: 6 | 9): string {
  const perSecond = 10n ** BigInt(digits)
  const seconds = Number(units / perSecond)
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')
  const fraction = String(units % perSecond)
    .padStart(digits, '0')
    .replace(/0+$/, '')
  const clock = `${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`
  return fraction === '' ? clock : `${clock}.${fraction}`
}

/** 40 bits of microseconds, then 24 of the offset in seconds, counted down from 15:59:59. */
function timeWithZoneOf(bits: bigint): string {
  const offset = 57_599 - Number(bits & 0xffffffn)
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')
  const minutes = Math.abs(offset) / 60
  const rest = Math.floor(minutes % 60) === 0 ? '' : `:${two(minutes % 60)}`
  return `${timeOf(bits >> 24n, 6)}${offset < 0 ? '-' : '+'}${two(minutes / 60)}${rest}`
}

/** As DuckDB prints it: `2026-01-31 12:00:00.5`. */
export function timestampText(units: bigint, digits: 0 | 3 | 6 | 9): string {
  if (units === MAX_LONG) return 'infinity'
  if (units === -MAX_LONG) return '-infinity'
  const perSecond = 10n ** BigInt(digits)
  const perDay = 86_400n * perSecond
  const days = units >= 0n ? units / perDay : -((perDay - 1n - units) / perDay)
  const inDay = units - days * perDay
  const micros = digits <= 6 ? inDay * 10n ** BigInt(6 - digits) : inDay
  return `${dateText(civilFromDays(Number(days)))} ${timeOf(micros, digits <= 6 ? 6 : 9)}`
}

function withZone(text: string): string {
  return text.endsWith('infinity') ? text : `${text}+00`
}

function intervalOf(view: DataView, at: number): string {
  const months = view.getInt32(at, true)
  const days = view.getInt32(at + 4, true)
  const micros = view.getBigInt64(at + 8, true)
  const counted = (count: number, unit: string): string[] =>
    count === 0 ? [] : [`${count} ${unit}${Math.abs(count) === 1 ? '' : 's'}`]
  const parts = [
    ...counted(Math.trunc(months / 12), 'year'),
    ...counted(months % 12, 'month'),
    ...counted(days, 'day'),
    ...(micros === 0n ? [] : [micros < 0n ? `-${timeOf(-micros, 6)}` : timeOf(micros, 6)]),
  ]
  return parts.length === 0 ? '00:00:00' : parts.join(' ')
}

/** The first bit is inverted so that UUIDs sort as numbers. */
function uuidOf(view: DataView, at: number): string {
  const value = BigInt.asUintN(128, signed128(view, at)) ^ (1n << 127n)
  const hex = value.toString(16).padStart(32, '0')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
