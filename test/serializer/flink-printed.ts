/** JSON text, parsed. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

interface Printed {
  readonly fields: { readonly [name: string]: Json }
}

/** Flink's own classes, which kobel prints without their class and by the names of its layouts. */
const FLINK_CLASSES: Readonly<Record<string, (fields: { readonly [name: string]: Json }) => Json>> = {
  TaggedUnion: ({ one, two }) => (one !== null ? { one: one! } : { two: two! }),
  BufferEntry: ({ element, hasBeenJoined }) => ({ hasBeenJoined: hasBeenJoined!, element: element! }),
  StreamRecord: ({ hasTimestamp, timestamp, value }): Json =>
    hasTimestamp === false ? { value: value! } : { timestamp: timestamp!, value: value! },
  Watermark: ({ timestamp }) => ({ watermark: timestamp! }),
  RecordAttributes: ({ isBacklog }) => ({ recordAttributes: isBacklog! }),
  LatencyMarker: ({ markedTime, operatorId, subtaskIndex }) => ({
    latencyMarker: markedTime!,
    operatorIdLower: (operatorId as unknown as Printed).fields.lowerPart!,
    operatorIdUpper: (operatorId as unknown as Printed).fields.upperPart!,
    subtask: subtaskIndex!,
  }),
  WatermarkStatus: ({ status }) => ({ watermarkStatus: status! }),
  TimerHeapInternalTimer: (fields) => fields,
  TtlValue: ({ lastAccessTimestamp, userValue }) => ({ ttl: lastAccessTimestamp!, value: userValue! }),
  State: (fields) => fields,
  TransactionHolder: (fields) => fields,
  Optional: ({ value }) => value!,
  DeweyNumber: ({ deweyNumber }) => deweyNumber!,
  ComputationState: (fields) => fields,
  EventId: (fields) => fields,
  NodeId: (fields) => fields,
  Lockable: (fields) => fields,
  SharedBufferEdge: (fields) => fields,
  // The counts of the edges were made up by Flink: the old bytes have none.
  SharedBufferNode: ({ edges }) => ({
    edges: (edges as readonly { readonly element: Json }[]).map((each) => each.element),
  }),
  BinaryVariant: (fields) => fields,
  NFAState: ({ partialMatches, completedMatches }) => ({
    partialMatches: partialMatches!,
    completedMatches: completedMatches!,
  }),
  // Flink read this one into a class with other fields than those that were written.
  TestPojoWithNewAndRemovedFields: ({ age, name }) => ({
    class:
      'org.apache.flink.api.java.typeutils.runtime.PojoSerializerSnapshotMigrationTest$TestPojoWithNewAndRemovedFields',
    fields: { age: age!, heightRemoved: 172.8, idRemoved: 911108, name: name! },
  }),
  // The names of the fields of a case class are not stored.
  CustomCaseClass: ({ a, b }) => ({
    class: 'org.apache.flink.api.scala.types.CustomCaseClass',
    fields: { _1: a!, _2: b! },
  }),
}

/** What a reflective printer of Flink's values made, in kobel's form of it. */
export function asPrinted(json: Json): Json {
  if (typeof json !== 'object' || json === null) return json
  if (Array.isArray(json)) return json.map(asPrinted)
  const object = Object.fromEntries(Object.entries(json).map(([name, value]) => [name, asPrinted(value)]))
  const { class: className, fields } = object
  if (typeof className !== 'string' || (!className.startsWith('org.apache.flink.') && !className.startsWith('java.')))
    return object
  const simple = className.slice(Math.max(className.lastIndexOf('.'), className.lastIndexOf('$')) + 1)
  const print = FLINK_CLASSES[simple]
  return print ? print(fields as { readonly [name: string]: Json }) : object
}
