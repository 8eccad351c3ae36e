import { createRequire } from 'node:module'
import type { Data, DataType, Field, RecordBatch } from 'apache-arrow'
import { KobelError } from '../../error.ts'
import {
  type Column,
  type ColumnField,
  isNullAt,
  type ListColumn,
  nullCount,
  type StructColumn,
} from '../../serializer/columns.ts'
import { microsOfMillis, microsOfNanos, unitsOfText, unscaledOfText } from '../physical.ts'
import type { SqlType } from '../sql-type.ts'

/** Columns as Arrow IPC: their buffers are already what Arrow wants, so no value is looked at that needs no conversion. */

type Arrow = typeof import('apache-arrow')

export const ARROW_VERSION = '21.2.0'

/** @throws KobelError `USAGE` where the optional dependency is not installed. */
export function loadArrow(): Arrow {
  try {
    return createRequire(import.meta.url)('apache-arrow') as Arrow
  } catch (error) {
    throw new KobelError(
      'USAGE',
      `Arrow files need Apache Arrow, which is not installed here: npm install apache-arrow@${ARROW_VERSION}`,
      {},
      { cause: error },
    )
  }
}

export interface ArrowColumn {
  readonly name: string
  readonly type: SqlType
}

/** A file of Arrow's IPC format, piece by piece: `batch` for each batch of rows, `end` once. */
export interface ArrowFile {
  batch(columns: readonly ColumnField[], length: number): Uint8Array[]
  end(): Uint8Array[]
}

export function createArrowFile(columns: readonly ArrowColumn[]): ArrowFile {
  const arrow = loadArrow()
  const fields = columns.map(({ name, type }) => new arrow.Field(name, arrowType(arrow, type), true))
  const schema = new arrow.Schema(fields)
  let pieces: Uint8Array[] = []
  /** The memory of a batch is used again for the next one. */
  class Pieces extends arrow.AsyncByteQueue {
    override write(value: ArrayBufferView | ArrayBufferLike): void {
      if (ArrayBuffer.isView(value))
        pieces.push(new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice())
    }
  }
  const writer = new arrow.RecordBatchFileWriter()
  writer.reset(new Pieces() as never, schema)
  const taken = (): Uint8Array[] => {
    const given = pieces
    pieces = []
    return given
  }
  return {
    batch(given, length) {
      const children = given.map(({ column }, i) => dataOf(arrow, columns[i]!.type, fields[i]!.type, column))
      const data = arrow.makeData({ type: new arrow.Struct(fields), length, nullCount: 0, children })
      writer.write(new arrow.RecordBatch(schema, data) as RecordBatch)
      return taken()
    },
    end() {
      writer.finish()
      return taken()
    },
  }
}

function arrowType(arrow: Arrow, type: SqlType): DataType {
  switch (type.id) {
    case 'BOOLEAN':
      return new arrow.Bool()
    case 'TINYINT':
      return new arrow.Int8()
    case 'SMALLINT':
      return new arrow.Int16()
    case 'INTEGER':
      return new arrow.Int32()
    case 'BIGINT':
      return new arrow.Int64()
    case 'FLOAT':
      return new arrow.Float32()
    case 'DOUBLE':
      return new arrow.Float64()
    case 'VARCHAR':
      return new arrow.Utf8()
    case 'BLOB':
      return new arrow.Binary()
    case 'DATE':
      return new arrow.DateDay()
    case 'TIME':
      return new arrow.TimeMicrosecond()
    case 'TIMESTAMP':
      return new arrow.TimestampMicrosecond()
    case 'TIMESTAMP_NS':
      return new arrow.TimestampNanosecond()
    case 'TIMESTAMP WITH TIME ZONE':
      return new arrow.TimestampMicrosecond('UTC')
    case 'DECIMAL':
      return new arrow.Decimal(type.scale, type.width, 128)
    case 'LIST':
      return new arrow.List(new arrow.Field('item', arrowType(arrow, type.child), true))
    case 'MAP': {
      const key = new arrow.Field('key', arrowType(arrow, type.key), false)
      const value = new arrow.Field('value', arrowType(arrow, type.value), true)
      return new arrow.Map_(new arrow.Field('entries', new arrow.Struct([key, value]), false) as never)
    }
    case 'STRUCT':
      return new arrow.Struct(
        type.fields.map((field) => new arrow.Field(field.name, arrowType(arrow, field.type), true)),
      )
  }
}

/** The column's buffers as Arrow's; those that need other numbers are made. */
function dataOf(arrow: Arrow, type: SqlType, as: DataType, column: Column): Data {
  const { length } = column
  const rows = {
    type: as,
    length,
    nullCount: nullCount(column),
    ...(column.validity && { nullBitmap: column.validity }),
  }
  const make = (props: object): Data => arrow.makeData({ ...rows, ...props } as never) as Data
  switch (column.kind) {
    case 'null':
      return make({
        nullBitmap: new Uint8Array((length + 7) >> 3),
        valueOffsets: new Int32Array(length + 1),
        data: new Uint8Array(0),
      })
    case 'struct':
      return type.id === 'STRUCT'
        ? make({ children: structChildren(arrow, type, as, column) })
        : make(emptyTexts(column))
    case 'list':
    case 'map':
      return make({ valueOffsets: column.offsets, child: childData(arrow, type, as, column) })
    case 'utf8':
    case 'binary':
      if (type.id === 'VARCHAR' || type.id === 'BLOB')
        return make({ valueOffsets: column.offsets, data: column.values })
      return make({ data: converted(type, column) })
    case 'int64':
      return make({ data: type.id === 'BIGINT' ? column.values : converted(type, column) })
    default:
      return make({ data: column.values })
  }
}

function converted(type: SqlType, column: Column & { kind: 'utf8' | 'binary' | 'int64' }): BigInt64Array | Uint32Array {
  const { length } = column
  if (type.id === 'DECIMAL') {
    const memory = new ArrayBuffer(length * 16)
    unscaledOfText(column as Column & { kind: 'utf8' }, 0, length, type, 16, memory)
    return new Uint32Array(memory)
  }
  const out = new BigInt64Array(length)
  if (column.kind !== 'int64') {
    unitsOfText(column, 0, length, type.id === 'TIMESTAMP_NS' ? 1_000_000_000n : 1_000_000n, out)
  } else if (type.id === 'TIME') microsOfNanos(column, 0, length, out)
  else microsOfMillis(column, 0, length, out)
  return out
}

function structChildren(arrow: Arrow, type: SqlType & { id: 'STRUCT' }, as: DataType, column: StructColumn): Data[] {
  const fields = as.children as Field[]
  return type.fields.map((field, i) => {
    const child = column.children.find((each) => each.name === field.source)!
    return dataOf(arrow, field.type, fields[i]!.type, child.column)
  })
}

function childData(arrow: Arrow, type: SqlType, as: DataType, column: ListColumn): Data {
  const inner = (as.children as Field[])[0]!.type
  if (type.id === 'LIST') return dataOf(arrow, type.child, inner, column.child.column)
  const { key, value } = type as SqlType & { id: 'MAP' }
  const entries: SqlType = {
    id: 'STRUCT',
    fields: [
      { name: 'key', source: 'key', type: key },
      { name: 'value', source: 'value', type: value },
    ],
  }
  return dataOf(arrow, entries, inner, column.child.column)
}

/** `{}` for each struct that is there: Arrow's structs of nothing are unknown to many readers. */
function emptyTexts(column: Column): { valueOffsets: Int32Array; data: Uint8Array } {
  const valueOffsets = new Int32Array(column.length + 1)
  for (let i = 0; i < column.length; i++) valueOffsets[i + 1] = valueOffsets[i]! + (isNullAt(column, i) ? 0 : 2)
  return { valueOffsets, data: new Uint8Array(valueOffsets.at(-1)!).map((_, i) => (i % 2 === 0 ? 0x7b : 0x7d)) }
}
