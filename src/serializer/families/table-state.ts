import type { Layout, LayoutField } from '../layout.ts'
import { row, type SerializerRow } from '../row.ts'
import { readVersionedSnapshot, type SerializerSnapshot, writeVersionedSnapshot } from '../snapshot.ts'
import { withoutHash } from '../table/codecs.ts'
import { variantLayout } from '../table/variant.ts'
import type { Type } from '../type.ts'
import { BASE, compositeRow, simpleNamed, simpleRow } from './rows.ts'
import { TIME_WINDOW_LAYOUT } from './state.ts'

/** Serializers that operators of SQL keep state with: data views, windows, ordered multisets. */

const TABLE = 'org.apache.flink.table'
const DATAVIEW = `${TABLE}.dataview`
const WINDOW = `${TABLE}.runtime.operators.window`
const MULTISET = `${TABLE}.runtime.sequencedmultisetstate.linked`

const LONG: Layout = { op: 'i64' }

const record = (name: string, names: readonly string[], nested: readonly SerializerSnapshot[]): Type => ({
  kind: 'record',
  className: name,
  fields: names.map((each, i) => ({ name: each, type: nested[i]!.type })),
})

const object = (names: readonly string[], nested: readonly SerializerSnapshot[]): Layout => ({
  op: 'object',
  fields: names.map((name, i): LayoutField => ({ name, layout: nested[i]!.layout })),
})

/** A `CompositeSerializer` of an ordered multiset (2.3): the fields one after another. */
const multisetRow = (name: string, names: readonly string[]): SerializerRow =>
  compositeRow({
    snapshotClass: `${MULTISET}.${name}Serializer$${name}SerializerSnapshot`,
    outerVersions: [0],
    nestedCount: names.length,
    type: (_, nested) => record(`${MULTISET}.${name}`, names, nested),
    layout: (_, nested) => object(names, nested),
  })

/** A view: the bytes of the list or map that it is. */
const viewRow = (name: string): SerializerRow =>
  compositeRow({
    snapshotClass: `${DATAVIEW}.${name}SerializerSnapshot`,
    outerVersions: [1],
    nestedCount: 1,
    type: (_, [inner]) => inner!.type,
    layout: (_, [inner]) => inner!.layout,
  })

interface RowDataKeyBody {
  /** Java streams of generated code: the equaliser and the hash function. */
  readonly generated: readonly [Uint8Array, Uint8Array]
  readonly inner: SerializerSnapshot
}

export const TABLE_STATE_ROWS: readonly SerializerRow[] = [
  simpleRow(
    `${DATAVIEW}.NullSerializer$NullSerializerSnapshot`,
    { kind: 'void' },
    { op: 'constant', length: 1, declaredLength: 1, value: null },
  ),
  viewRow('ListView'),
  viewRow('MapView'),
  compositeRow({
    // i32 n, n times { bool key is null, key, bool value is null, value }.
    snapshotClass: `${DATAVIEW}.NullAwareMapSerializerSnapshot`,
    outerVersions: [1],
    nestedCount: 2,
    type: (_, nested) => ({ kind: 'map', arguments: nested.map((each) => ({ ...each.type, nullable: true })) }),
    layout: (_, [key, value]) => ({
      op: 'map',
      key: key!.layout,
      value: value!.layout,
      keyFlag: true,
      valueFlag: true,
    }),
  }),
  compositeRow({
    // i64 window, key.
    snapshotClass: `${TABLE}.runtime.typeutils.WindowKeySerializer$WindowKeySerializerSnapshot`,
    outerVersions: [1],
    nestedCount: 1,
    type: (_, [key]) => ({
      kind: 'record',
      className: `${TABLE}.runtime.util.WindowKey`,
      fields: [
        { name: 'window', type: { kind: 'long' } },
        { name: 'key', type: key!.type },
      ],
    }),
    layout: (_, [key]) => ({
      op: 'object',
      fields: [
        { name: 'window', layout: LONG },
        { name: 'key', layout: key!.layout },
      ],
    }),
  }),
  compositeRow({
    // The first planner, until Flink 1.13: a Row, then bool: true adds it, false retracts it.
    snapshotClass: `${TABLE}.runtime.types.CRowSerializerSnapshot`,
    outerVersions: [1],
    nestedCount: 1,
    type: (_, [inner]) => ({
      kind: 'record',
      className: `${TABLE}.runtime.types.CRow`,
      fields: [
        { name: 'row', type: inner!.type },
        { name: 'change', type: { kind: 'boolean' } },
      ],
    }),
    layout: (_, [inner]) => ({
      op: 'object',
      fields: [
        { name: 'row', layout: inner!.layout },
        { name: 'change', layout: { op: 'boolean' } },
      ],
    }),
  }),
  simpleRow(
    `${TABLE}.runtime.operators.sink.SortedLongSerializer$SortedLongSerializerSnapshot`,
    { kind: 'long' },
    { op: 'i64', flipped: true },
  ),
  simpleRow(
    `${WINDOW}.TimeWindow$Serializer$TimeWindowSerializerSnapshot`,
    { kind: 'time-window' },
    TIME_WINDOW_LAYOUT,
  ),
  simpleRow(
    `${WINDOW}.CountWindow$Serializer$CountWindowSerializerSnapshot`,
    { kind: 'count-window' },
    { op: 'object', fields: [{ name: 'id', layout: LONG }] },
  ),
  simpleRow(
    `${WINDOW}.GlobalWindow$Serializer$GlobalWindowSerializerSnapshot`,
    { kind: 'global-window' },
    { op: 'constant', length: 1, declaredLength: 1, value: 'GlobalWindow' },
  ),
  multisetRow('MetaSqnInfo', ['highSqn', 'size']),
  multisetRow('RowSqnInfo', ['firstSqn', 'lastSqn']),
  multisetRow('Node', ['row', 'sqn', 'prevSqn', 'nextSqn', 'nextSqnForRecord', 'timestamp']),
  row<RowDataKeyBody>({
    // Two framed Java streams, the snapshot of the row. Generated code hashes the key.
    snapshotClass: `${MULTISET}.RowDataKeySerializerSnapshot`,
    versions: [0],
    readBody: (source) => {
      const { reader } = source
      const generated = (): Uint8Array => reader.take(reader.count('bytes of generated code'))
      return { generated: [generated(), generated()], inner: readVersionedSnapshot(source) }
    },
    writeBody: (writer, { generated, inner }) => {
      for (const each of generated) {
        writer.i32(each.length)
        writer.raw(each)
      }
      writeVersionedSnapshot(writer, inner)
    },
    type: ({ inner }) => inner.type,
    layout: ({ inner }) => withoutHash(inner.layout),
  }),
  simpleNamed(BASE, 'Variant', { kind: 'variant' }, variantLayout()),
  // i32 length, the roaring bitmap.
  simpleNamed(BASE, 'Bitmap', { kind: 'bitmap' }, { op: 'bytes' }),
]
