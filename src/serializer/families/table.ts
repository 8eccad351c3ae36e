import { KobelError } from '../../error.ts'
import type { Layout } from '../layout.ts'
import { row, type SerializerRow } from '../row.ts'
import { readNestedSnapshots, type SerializerSnapshot, type SnapshotSource, writeNestedSnapshots } from '../snapshot.ts'
import { type BinaryType, binaryTypeOf } from '../table/binary-type.ts'
import {
  arrayDataLayout,
  daysOrMillisLayout,
  decimalDataLayout,
  mapDataLayout,
  opaqueRowLayout,
  rowDataLayout,
  timestampDataLayout,
} from '../table/codecs.ts'
import { type LogicalType, readJavaBytes, readStoredType, type StoredType } from '../table/logical-type.ts'
import { typeOfLogical } from '../table/sql-type.ts'
import type { Type } from '../type.ts'
import { ARRAY_ROWS } from './arrays.ts'
import { BASIC_ROWS } from './basic.ts'
import { compositeRow, simpleRow } from './rows.ts'

/** Serializers of rows and values of SQL, in `flink-table-runtime` (until 1.12 `flink-table-runtime-blink`). */

const TYPEUTILS = 'org.apache.flink.table.runtime.typeutils'

/** `X` of `XSerializer`, with the name of its snapshot where that does not follow. */
const nested = (name: string, snapshot = `${name}Serializer`): string =>
  `${TYPEUTILS}.${name}Serializer$${snapshot}Snapshot`

const STRING_LAYOUT: Layout = { op: 'utf8', hash: 'binaryString' }

/**
 * Layouts by serializer class, for serializers without parameters: where Java wrote the serializer itself, its class is
 * all that is known. Their snapshots are simple: a version 3, and a version 2 of Flink 1.7.
 */
const SIMPLE_LAYOUTS: ReadonlyMap<string, Layout> = new Map([
  ...[...BASIC_ROWS, ...ARRAY_ROWS]
    .filter((each) => each.versions.join() === '3,2')
    .map((each) => [each.snapshotClass.split('$')[0]!, each.layout(undefined)] as const),
  [`${TYPEUTILS}.StringDataSerializer`, STRING_LAYOUT],
])

const columnType = (logical: LogicalType, snapshot?: SerializerSnapshot): BinaryType =>
  binaryTypeOf(logical, (serializer) => SIMPLE_LAYOUTS.get(serializer), snapshot)

export interface RowDataBody {
  readonly types: readonly StoredType[]
  /** The serializers of the columns. */
  readonly columns: readonly SerializerSnapshot[]
}

/** i32 n, n Java streams of a `LogicalType` each, nested snapshots. Columns have no names. */
const rowDataRow = (snapshotClass: string): SerializerRow =>
  row<RowDataBody>({
    snapshotClass,
    versions: [3],
    readBody: (source) => {
      const count = source.reader.count('columns', 6)
      const types = Array.from({ length: count }, () => readStoredType(source.reader))
      return { types, columns: readNestedSnapshots(source) }
    },
    writeBody: (writer, { types, columns }) => {
      writer.i32(types.length)
      for (const each of types) writer.raw(each.raw)
      writeNestedSnapshots(writer, columns)
    },
    type: ({ types }) => ({
      kind: 'row',
      fields: types.map(({ logical }, i) => ({ name: `f${i}`, type: typeOfLogical(logical) })),
    }),
    layout: ({ types, columns }) => rowDataLayout(types.map(({ logical }, i) => columnType(logical, columns[i]))),
  })

interface ArrayDataBody {
  readonly element: StoredType
  readonly serializer: Uint8Array
}

/** Java streams of the element's `LogicalType` and of its serializer itself. */
const arrayDataRow = (snapshotClass: string): SerializerRow =>
  row<ArrayDataBody>({
    snapshotClass,
    versions: [3],
    readBody: ({ reader }) => ({ element: readStoredType(reader), serializer: readJavaBytes(reader) }),
    writeBody: (writer, { element, serializer }) => {
      writer.raw(element.raw)
      writer.raw(serializer)
    },
    type: ({ element }) => ({ kind: 'array', arguments: [typeOfLogical(element.logical)] }),
    layout: ({ element }) => arrayDataLayout(columnType(element.logical)),
  })

interface MapDataBody {
  readonly key: StoredType
  readonly value: StoredType
  /** Key serializer, value serializer. */
  readonly serializers: readonly [Uint8Array, Uint8Array]
}

/** Java streams of both `LogicalType`s, then of both serializers. */
const mapDataRow = (snapshotClass: string): SerializerRow =>
  row<MapDataBody>({
    snapshotClass,
    versions: [3],
    readBody: ({ reader }) => {
      const key = readStoredType(reader)
      const value = readStoredType(reader)
      return { key, value, serializers: [readJavaBytes(reader), readJavaBytes(reader)] }
    },
    writeBody: (writer, { key, value, serializers }) => {
      for (const part of [key.raw, value.raw, ...serializers]) writer.raw(part)
    },
    type: ({ key, value }) => ({ kind: 'map', arguments: [typeOfLogical(key.logical), typeOfLogical(value.logical)] }),
    layout: ({ key, value }) => mapDataLayout(columnType(key.logical), columnType(value.logical)),
  })

const binaryRowRow = (snapshotClass: string): SerializerRow =>
  row<number>({
    snapshotClass,
    versions: [3],
    readBody: ({ reader }) => reader.i32(),
    writeBody: (writer, arity) => writer.i32(arity),
    type: () => ({ kind: 'internal', className: 'org.apache.flink.table.data.binary.BinaryRowData' }),
    layout: opaqueRowLayout,
  })

const decimalRow = (snapshotClass: string): SerializerRow =>
  row<{ readonly precision: number; readonly scale: number }>({
    snapshotClass,
    versions: [3],
    readBody: ({ reader }) => ({ precision: reader.i32(), scale: reader.i32() }),
    writeBody: (writer, { precision, scale }) => {
      writer.i32(precision)
      writer.i32(scale)
    },
    type: ({ precision, scale }) => ({ kind: 'decimal', precision, scale, sql: `DECIMAL(${precision}, ${scale})` }),
    layout: ({ precision, scale }) => decimalDataLayout(precision, scale),
  })

const timestampRow = (snapshotClass: string): SerializerRow =>
  row<number>({
    snapshotClass,
    versions: [1],
    readBody: ({ reader }) => reader.i32(),
    writeBody: (writer, precision) => writer.i32(precision),
    type: (precision) => ({ kind: 'timestamp', precision, sql: `TIMESTAMP(${precision})` }),
    layout: (precision) => timestampDataLayout(precision),
  })

/** i32 length, the value in the bytes of its own serializer. */
const rawValueRow = (snapshotClass: string): SerializerRow =>
  compositeRow({
    snapshotClass,
    outerVersions: [0],
    nestedCount: 1,
    type: (_, [inner]) => ({ kind: 'raw', arguments: [inner!.type] }),
    layout: (_, [inner]) => ({ op: 'sized', inner: inner!.layout }),
  })

interface ExternalBody {
  readonly dataType: StoredType
  readonly isInternalInput: boolean
}

/** The bytes are those of the internal serializer, which does not know a date from a number. */
function externalLayout({ root, precision }: LogicalType, internal: Layout): Layout {
  if (internal.op === 'i32' && root === 'DATE') return daysOrMillisLayout('date')
  if (internal.op === 'i32' && root === 'TIME_WITHOUT_TIME_ZONE') return daysOrMillisLayout('time')
  if (internal.op === 'codec' && root === 'TIMESTAMP_WITH_LOCAL_TIME_ZONE') {
    return timestampDataLayout(precision ?? 6, false)
  }
  return internal
}

/** Since 1.12: a Java stream of a `DataType`, bool, and the internal serializer. */
const EXTERNAL_ROW: SerializerRow = compositeRow<ExternalBody>({
  snapshotClass: nested('External'),
  outerVersions: [1],
  readOuter: (reader) => ({ dataType: readStoredType(reader), isInternalInput: reader.bool() }),
  writeOuter: (writer, { dataType, isInternalInput }) => {
    writer.raw(dataType.raw)
    writer.bool(isInternalInput)
  },
  nestedCount: 1,
  type: ({ dataType }) => typeOfLogical(dataType.logical),
  layout: ({ dataType }, [internal]) => externalLayout(dataType.logical, internal!.layout),
})

/** Outer version 1 had no null mask, 2 always has one, 3 says so. */
const LINKED_LIST_ROW: SerializerRow = compositeRow<boolean>({
  snapshotClass: nested('LinkedList'),
  outerVersions: [3, 2, 1],
  readOuter: (reader, version) => (version >= 3 ? reader.bool() : version === 2),
  writeOuter: (writer, hasNullMask, version) => {
    if (version >= 3) writer.bool(hasNullMask)
  },
  nestedCount: 1,
  type: (hasNullMask, [element]) => ({
    kind: 'list',
    arguments: [{ ...element!.type, ...(hasNullMask && { nullable: true }) }],
  }),
  layout: (hasNullMask, [element]) =>
    hasNullMask ? { op: 'maskedList', element: element!.layout } : { op: 'list', of: 'list', element: element!.layout },
})

interface SortedMapBody {
  /** A Java stream: generated comparators hold their source text. */
  readonly comparator: Uint8Array
  readonly nested: readonly SerializerSnapshot[]
}

/** A Java stream of the comparator, nested snapshots without the frame of composites. */
const SORTED_MAP_ROW: SerializerRow = row<SortedMapBody>({
  snapshotClass: `${TYPEUTILS}.SortedMapSerializerSnapshot`,
  versions: [3],
  readBody: (source) => ({ comparator: readJavaBytes(source.reader), nested: readPair(source) }),
  writeBody: (writer, body) => {
    writer.raw(body.comparator)
    writeNestedSnapshots(writer, body.nested)
  },
  type: (body) => mapType(body.nested),
  layout: ({ nested: [key, value] }) => ({
    op: 'map',
    key: key!.layout,
    value: value!.layout,
    keyFlag: false,
    valueFlag: true,
  }),
})

/** Key and value. */
function readPair(source: SnapshotSource): SerializerSnapshot[] {
  const at = source.reader.offset
  const pair = readNestedSnapshots(source)
  if (pair.length === 2) return pair
  throw new KobelError('CORRUPT', `a map has 2 nested snapshots, found ${pair.length}`, { offset: at })
}

function mapType([key, value]: readonly SerializerSnapshot[]): Type {
  return { kind: 'map', arguments: [key!.type, value!.type] }
}

/** Behind each class its name in Flink 1.9 and 1.10: values and snapshots were the same. */
export const TABLE_ROWS: readonly SerializerRow[] = [
  ...[nested('RowData'), nested('BaseRow')].map(rowDataRow),
  ...[nested('BinaryRowData'), nested('BinaryRow')].map(binaryRowRow),
  ...[nested('ArrayData'), nested('BaseArray')].map(arrayDataRow),
  ...[nested('MapData'), nested('BaseMap')].map(mapDataRow),
  ...[nested('DecimalData', 'DecimalSerializer'), nested('Decimal')].map(decimalRow),
  ...[nested('TimestampData'), nested('SqlTimestamp')].map(timestampRow),
  ...[nested('RawValueData'), nested('BinaryGeneric')].map(rawValueRow),
  ...[nested('StringData'), nested('BinaryString')].map((each) => simpleRow(each, { kind: 'string' }, STRING_LAYOUT)),
  EXTERNAL_ROW,
  LINKED_LIST_ROW,
  SORTED_MAP_ROW,
]
