import type { Layout } from '../layout.ts'
import { row, type SerializerRow } from '../row.ts'
import { readVersionedSnapshot, type SerializerSnapshot, writeVersionedSnapshot } from '../snapshot.ts'
import type { Type } from '../type.ts'
import { compositeRow, STATE, simpleNamed, simpleRow } from './rows.ts'

/** Serializers of Flink's runtime: namespaces, timers, TTL, window elements, operator state lists. */

const WINDOWS = 'org.apache.flink.streaming.api.windowing.windows'
const OPERATORS = 'org.apache.flink.streaming.api.operators'

export const TIME_WINDOW_LAYOUT: Layout = {
  op: 'object',
  hash: 'timeWindow',
  fields: [
    { name: 'start', layout: { op: 'i64' } },
    { name: 'end', layout: { op: 'i64' } },
  ],
}

/** A record of a `StreamElementSerializer`, as evicting windows and join buffers store them. */
function streamElementLayout(value: Layout): Layout {
  const object = (...fields: [string, Layout][]): Layout => ({
    op: 'object',
    fields: fields.map(([name, layout]) => ({ name, layout })),
  })
  return {
    op: 'tagged',
    cases: [
      { tag: 0, layout: object(['timestamp', { op: 'i64' }], ['value', value]) },
      { tag: 1, layout: object(['value', value]) },
      { tag: 2, layout: object(['watermark', { op: 'i64' }]) },
      {
        tag: 3,
        layout: object(
          ['latencyMarker', { op: 'i64' }],
          ['operatorIdLower', { op: 'i64' }],
          ['operatorIdUpper', { op: 'i64' }],
          ['subtask', { op: 'i32' }],
        ),
      },
      { tag: 4, layout: object(['watermarkStatus', { op: 'i32' }]) },
      { tag: 5, layout: object(['recordAttributes', { op: 'boolean' }]) },
    ],
  }
}

const generic = (kind: Type['kind'], nested: readonly SerializerSnapshot[]): Type => ({
  kind,
  arguments: nested.map((each) => each.type),
})

export const STATE_ROWS: readonly SerializerRow[] = [
  // VoidNamespaceSerializer says that its length is 0, and writes a byte.
  simpleNamed(
    STATE,
    'VoidNamespace',
    { kind: 'void-namespace' },
    { op: 'constant', length: 1, declaredLength: 0, value: null, hash: 99 },
  ),
  simpleRow(
    `${WINDOWS}.TimeWindow$Serializer$TimeWindowSerializerSnapshot`,
    { kind: 'time-window' },
    TIME_WINDOW_LAYOUT,
  ),
  simpleRow(
    `${WINDOWS}.GlobalWindow$Serializer$GlobalWindowSerializerSnapshot`,
    { kind: 'global-window' },
    {
      op: 'constant',
      length: 1,
      declaredLength: 1,
      value: 'GlobalWindow',
    },
  ),
  compositeRow({
    // i64 timestamp with the sign bit inverted, key, namespace.
    snapshotClass: `${OPERATORS}.TimerSerializerSnapshot`,
    outerVersions: [2, 1],
    nestedCount: 2,
    type: (_, nested) => generic('timer', nested),
    layout: (_, [key, namespace]) => ({
      op: 'object',
      fields: [
        { name: 'timestamp', layout: { op: 'i64', flipped: true } },
        { name: 'key', layout: key!.layout },
        { name: 'namespace', layout: namespace!.layout },
      ],
    }),
  }),
  ...['ttl', 'v2.ttl'].map((pkg) =>
    compositeRow({
      snapshotClass: `${STATE}.${pkg}.TtlStateFactory$TtlSerializerSnapshot`,
      outerVersions: [2, 1],
      nestedCount: 2,
      type: (_, [, value]) => generic('ttl', [value!]),
      layout: (_, [, value]) => ({ op: 'ttl', value: value!.layout }),
    }),
  ),
  row<{ readonly isTtl: boolean; readonly inner: SerializerSnapshot }>({
    // A wrapper for compatibility checks between states with and without TTL: the bytes are the inner serializer's.
    snapshotClass: `${STATE}.ttl.TtlAwareSerializerSnapshot`,
    versions: [1],
    readBody: (source) => ({ isTtl: source.reader.bool(), inner: readVersionedSnapshot(source) }),
    writeBody: (writer, { isTtl, inner }) => {
      writer.bool(isTtl)
      writeVersionedSnapshot(writer, inner)
    },
    type: ({ inner }) => inner.type,
    layout: ({ inner }) => inner.layout,
  }),
  compositeRow({
    snapshotClass: `${STATE}.ArrayListSerializerSnapshot`,
    outerVersions: [1],
    nestedCount: 1,
    type: (_, nested) => generic('list', nested),
    layout: (_, [element]) => ({ op: 'list', of: 'list', element: element!.layout }),
  }),
  compositeRow({
    snapshotClass:
      'org.apache.flink.streaming.runtime.streamrecord.StreamElementSerializer$StreamElementSerializerSnapshot',
    outerVersions: [2, 1],
    nestedCount: 1,
    type: (_, nested) => generic('stream-element', nested),
    layout: (_, [value]) => streamElementLayout(value!.layout),
  }),
  compositeRow({
    snapshotClass: 'org.apache.flink.streaming.api.datastream.CoGroupedStreams$UnionSerializerSnapshot',
    outerVersions: [2, 1],
    nestedCount: 2,
    type: (_, nested) => generic('union', nested),
    layout: (_, [one, two]) => ({
      op: 'tagged',
      cases: [
        { tag: 1, wrap: 'one', layout: one!.layout },
        { tag: 2, wrap: 'two', layout: two!.layout },
      ],
    }),
  }),
  compositeRow({
    snapshotClass: 'org.apache.flink.streaming.api.operators.co.IntervalJoinOperator$BufferEntrySerializerSnapshot',
    outerVersions: [2, 1],
    nestedCount: 1,
    type: (_, nested) => generic('stream-element', nested),
    layout: (_, [element]) => ({
      op: 'object',
      fields: [
        { name: 'hasBeenJoined', layout: { op: 'boolean' } },
        { name: 'element', layout: element!.layout },
      ],
    }),
  }),
]
