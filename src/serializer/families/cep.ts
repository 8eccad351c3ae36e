import type { Layout } from '../layout.ts'
import type { SerializerRow } from '../row.ts'
import type { Type } from '../type.ts'
import { compositeRow, simpleRow } from './rows.ts'

/** Serializers of the pattern library, `flink-cep`. */

const NFA = 'org.apache.flink.cep.nfa'
const BUFFER = `${NFA}.sharedbuffer`

const INT: Layout = { op: 'i32' }
const LONG: Layout = { op: 'i64' }

const object = (...fields: readonly (readonly [name: string, layout: Layout])[]): Layout => ({
  op: 'object',
  fields: fields.map(([name, layout]) => ({ name, layout })),
})

const record = (className: string, ...fields: readonly (readonly [name: string, type: Type])[]): Type => ({
  kind: 'record',
  className,
  fields: fields.map(([name, type]) => ({ name, type })),
})

const listOf = (element: Layout): Layout => ({ op: 'list', of: 'list', element })

/** u8: 0 = null, 1 = the value follows. */
const optional = (inner: Layout): Layout => ({ op: 'nullable', inner, nullWhen: 0, padding: 0 })

const counted = (element: Layout): Layout => object(['refCounter', INT], ['element', element])

const countedType = (element: Type): Type =>
  record(`${BUFFER}.Lockable`, ['refCounter', { kind: 'int' }], ['element', element])

const nodeType = (edges: Type): Type => record(`${BUFFER}.SharedBufferNode`, ['edges', edges])

/** A partial match: where it stands, the event before, and when it began. */
function computationState(
  supportsPreviousTimestamp: boolean,
  version: Layout,
  nodeId: Layout,
  eventId: Layout,
): Layout {
  const previous: readonly (readonly [string, Layout])[] = supportsPreviousTimestamp
    ? [['previousTimestamp', LONG]]
    : []
  return object(
    ['currentStateName', { op: 'string' }],
    ['previousBufferEntry', nodeId],
    ['version', version],
    ['startTimestamp', LONG],
    ...previous,
    ['startEventID', optional(eventId)],
  )
}

export const CEP_ROWS: readonly SerializerRow[] = [
  simpleRow(
    `${BUFFER}.EventId$EventIdSerializer$EventIdSerializerSnapshot`,
    record(`${BUFFER}.EventId`, ['id', { kind: 'int' }], ['timestamp', { kind: 'long' }]),
    object(['id', INT], ['timestamp', LONG]),
  ),
  compositeRow({
    snapshotClass: `${BUFFER}.NodeId$NodeIdSerializer$NodeIdSerializerSnapshot`,
    outerVersions: [1],
    nestedCount: 1,
    type: (_, [eventId]) => record(`${BUFFER}.NodeId`, ['eventId', eventId!.type], ['pageName', { kind: 'string' }]),
    layout: (_, [eventId]) => optional(object(['eventId', eventId!.layout], ['pageName', { op: 'string' }])),
  }),
  simpleRow(
    `${NFA}.DeweyNumber$DeweyNumberSerializer$DeweyNumberSerializerSnapshot`,
    { kind: 'array', className: `${NFA}.DeweyNumber`, arguments: [{ kind: 'int' }] },
    { op: 'list', of: 'array', element: INT },
  ),
  compositeRow({
    snapshotClass: `${BUFFER}.SharedBufferEdge$SharedBufferEdgeSerializer$SharedBufferEdgeSerializerSnapshot`,
    outerVersions: [1],
    nestedCount: 2,
    type: (_, [target, version]) =>
      record(`${BUFFER}.SharedBufferEdge`, ['target', target!.type], ['deweyNumber', version!.type]),
    layout: (_, [target, version]) => object(['target', target!.layout], ['deweyNumber', version!.layout]),
  }),
  compositeRow({
    // Each edge has a count of references, other than in the older form below.
    snapshotClass: `${BUFFER}.SharedBufferNodeSerializerSnapshotV2`,
    outerVersions: [1],
    nestedCount: 1,
    type: (_, [edge]) => nodeType({ kind: 'list', arguments: [countedType(edge!.type)] }),
    layout: (_, [edge]) => object(['edges', listOf(counted(edge!.layout))]),
  }),
  compositeRow({
    snapshotClass: `${BUFFER}.SharedBufferNode$SharedBufferNodeSerializer$SharedBufferNodeSerializerSnapshot`,
    outerVersions: [1],
    nestedCount: 1,
    type: (_, [edges]) => nodeType(edges!.type),
    layout: (_, [edges]) => object(['edges', edges!.layout]),
  }),
  compositeRow({
    snapshotClass: `${BUFFER}.LockableTypeSerializerSnapshot`,
    outerVersions: [1],
    nestedCount: 1,
    type: (_, [element]) => countedType(element!.type),
    layout: (_, [element]) => counted(element!.layout),
  }),
  compositeRow<boolean>({
    // i32 n, n partial matches; i32 n, n completed matches. Outer version 1 had no previous timestamp, 2 says so.
    snapshotClass: `${NFA}.NFAStateSerializerSnapshot`,
    outerVersions: [2, 1],
    readOuter: (reader, version) => version >= 2 && reader.bool(),
    writeOuter: (writer, supportsPreviousTimestamp, version) => {
      if (version >= 2) writer.bool(supportsPreviousTimestamp)
    },
    nestedCount: 3,
    type: () => ({ kind: 'internal', className: `${NFA}.NFAState` }),
    layout: (supportsPreviousTimestamp, [version, nodeId, eventId]) => {
      const states = listOf(
        computationState(supportsPreviousTimestamp, version!.layout, nodeId!.layout, eventId!.layout),
      )
      return object(['partialMatches', states], ['completedMatches', states])
    },
  }),
]
