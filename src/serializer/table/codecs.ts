import type { Reader } from '../../bytes/reader.ts'
import { hashBigDecimal, hashBinary, hashLong } from '../interpreter/hash.ts'
import type { Codec, Layout } from '../layout.ts'
import { bigIntFromBytes, bigIntToBytes } from '../numbers.ts'
import { TypedBytes, type Value } from '../value.ts'
import { binaryFromJson, binaryToJson } from './binary-json.ts'
import { type BinaryType, COMPACT_TIMESTAMP } from './binary-type.ts'
import { readSection, sectionBytes } from './binary-value.ts'
import { bigintOf, integerOf, textOf, unfit } from './check.ts'
import { shapeOf } from './shape.ts'
import { COMPACT_DECIMAL, checkDecimal, plainDecimal, unscaledOf } from './sql-decimal.ts'
import {
  dateFromDays,
  daysFromDate,
  millisFromTime,
  parseTimestamp,
  type SqlTimestamp,
  timeFromMillis,
  timestampText,
} from './sql-time.ts'

const DATA = 'org.apache.flink.table.data'

/** A codec of rows, arrays or maps; `projected` is the same with rows written as keys of state are. */
export interface BinaryCodec extends Codec {
  readonly type: BinaryType
  readonly projected: Codec
}

/** i32 length, then the bytes of a row, array or map. */
function sectionCodec(name: string, type: BinaryType, projected: boolean): Codec {
  return {
    name,
    delimited: true,
    read: (reader) => {
      const length = reader.count(`bytes of ${name}`)
      reader.skip(length)
      return readSection(type, reader, reader.offset - length, reader.offset)
    },
    write: (writer, value) => {
      const bytes = sectionBytes(type, value, projected)
      writer.i32(bytes.length)
      writer.raw(bytes)
    },
    skip: (reader) => reader.skip(reader.count(`bytes of ${name}`)),
    toJson: (value) => binaryToJson(type, value),
    fromJson: (json) => binaryFromJson(type, json),
    hash: hashBinary,
  }
}

function sectionLayout(className: string, type: BinaryType): Layout {
  const codec: BinaryCodec = {
    ...sectionCodec(className, type, false),
    type,
    projected: sectionCodec(className, type, true),
    shape: shapeOf(type),
  }
  return { op: 'codec', className: `${DATA}.${className}`, codec }
}

/** `RowDataSerializer`, `BinaryRowDataSerializer`. */
export function rowDataLayout(fields: readonly BinaryType[]): Layout {
  return sectionLayout('RowData', { form: 'row', fields })
}

/** `ArrayDataSerializer`. */
export function arrayDataLayout(element: BinaryType): Layout {
  return sectionLayout('ArrayData', { form: 'array', element })
}

/** `MapDataSerializer`. */
export function mapDataLayout(key: BinaryType, value: BinaryType): Layout {
  return sectionLayout('MapData', { form: 'map', key, value })
}

/** How the columns of a `RowData` layout lie; `undefined` for other layouts. */
export function rowDataFields(layout: Layout): readonly BinaryType[] | undefined {
  const type = layout.op === 'codec' && 'type' in layout.codec ? (layout.codec as BinaryCodec).type : undefined
  return type?.form === 'row' ? type.fields : undefined
}

/**
 * The layout with which new keys are written: Flink's generated projections give a null DECIMAL(> 18) or
 * TIMESTAMP(> 3) of a key other bytes, and so another hash, than `RowDataSerializer` gives to a null of a value.
 */
export function keyLayout(layout: Layout): Layout {
  if (layout.op !== 'codec' || !('projected' in layout.codec)) return layout
  return { ...layout, codec: (layout.codec as BinaryCodec).projected }
}

/** A layout whose values Flink hashes in another way than by their bytes. */
export function withoutHash(layout: Layout): Layout {
  if (layout.op !== 'codec') return layout
  const { hash: _, ...codec } = layout.codec
  return { ...layout, codec }
}

/** `BinaryRowDataSerializer`: only the number of columns is known, so the row stays bytes, its length included. */
export function opaqueRowLayout(): Layout {
  const className = `${DATA}.binary.BinaryRowData`
  const skip = (reader: Reader): void => reader.skip(reader.count('bytes of a row'))
  return {
    op: 'codec',
    className,
    codec: {
      name: 'BinaryRowData',
      delimited: true,
      read: (reader) => {
        const start = reader.offset
        skip(reader)
        return new TypedBytes(className, reader.bytes.slice(start, reader.offset))
      },
      write: (_, value) => {
        throw unfit('the bytes of a BinaryRowData', value)
      },
      skip,
      toJson: (value) => JSON.stringify(value),
      fromJson: (json) => {
        throw unfit('the bytes of a BinaryRowData', json)
      },
      hash: hashBinary,
    },
  }
}

/** `DecimalDataSerializer`: up to precision 18 the i64 unscaled value, else i32 length and its bytes. */
export function decimalDataLayout(precision: number, scale: number): Layout {
  checkDecimal(precision, scale)
  const compact = precision <= COMPACT_DECIMAL
  const unscaled = (reader: Reader): bigint =>
    compact ? reader.i64() : bigIntFromBytes(reader.take(reader.count('bytes of a decimal')))
  const codec: Codec = {
    name: 'DecimalData',
    delimited: true,
    shape: { op: 'string' },
    read: (reader) => plainDecimal(unscaled(reader), scale),
    write: (writer, value) => {
      const number = unscaledOf(textOf(value), precision, scale)
      if (compact) return writer.i64(number)
      const bytes = bigIntToBytes(number)
      writer.i32(bytes.length)
      writer.raw(bytes)
    },
    skip: (reader) => reader.skip(compact ? 8 : reader.count('bytes of a decimal')),
    toJson: (value) => JSON.stringify(value),
    fromJson: (json) => textOf(json as Value),
    hash: (reader) => hashBigDecimal(unscaled(reader), scale),
  }
  return { op: 'codec', className: `${DATA}.DecimalData`, codec }
}

/**
 * `TimestampDataSerializer`: i64 milliseconds, beyond precision 3 also i32 nanoseconds of the millisecond. Both
 * TIMESTAMP and TIMESTAMP_LTZ, the second one not `local`, are written so.
 */
export function timestampDataLayout(precision: number, local = true): Layout {
  const compact = precision <= COMPACT_TIMESTAMP
  const length = compact ? 8 : 12
  const read = (reader: Reader): SqlTimestamp => ({
    millis: reader.i64(),
    nanoOfMilli: compact ? 0 : reader.i32(),
  })
  const codec: Codec = {
    name: 'TimestampData',
    length,
    delimited: true,
    shape: { op: local ? 'localDateTime' : 'instant' },
    read: (reader) => timestampText(read(reader), local),
    write: (writer, value) => {
      const { millis, nanoOfMilli } = parseTimestamp(textOf(value), local)
      if (compact && nanoOfMilli !== 0) throw unfit(`a timestamp of precision ${precision}`, value)
      writer.i64(bigintOf(millis))
      if (!compact) writer.i32(nanoOfMilli)
    },
    skip: (reader) => reader.skip(length),
    toJson: (value) => JSON.stringify(value),
    fromJson: (json) => textOf(json as Value),
    hash: (reader) => {
      const { millis, nanoOfMilli } = read(reader)
      return (Math.imul(31, hashLong(millis)) + nanoOfMilli) | 0
    },
  }
  return { op: 'codec', className: `${DATA}.TimestampData`, codec }
}

/** DATE and TIME that an `IntSerializer` wrote: i32 days since 1970, or milliseconds of the day. */
export function daysOrMillisLayout(form: 'date' | 'time'): Layout {
  const toText = form === 'date' ? dateFromDays : timeFromMillis
  const toNumber = form === 'date' ? daysFromDate : millisFromTime
  const codec: Codec = {
    name: form === 'date' ? 'DATE' : 'TIME',
    length: 4,
    delimited: true,
    shape: { op: form === 'date' ? 'localDate' : 'localTime' },
    read: (reader) => toText(reader.i32()),
    write: (writer, value) => writer.i32(integerOf(toNumber(textOf(value)), 32)),
    skip: (reader) => reader.skip(4),
    toJson: (value) => JSON.stringify(value),
    fromJson: (json) => textOf(json as Value),
    hash: (reader) => reader.i32(),
  }
  return { op: 'codec', className: form === 'date' ? 'java.time.LocalDate' : 'java.time.LocalTime', codec }
}
