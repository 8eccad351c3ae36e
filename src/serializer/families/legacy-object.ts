import { type JavaFieldValue, type JavaObject, javaField } from '../../bytes/java-stream/index.ts'
import { Reader } from '../../bytes/reader.ts'
import { Writer } from '../../bytes/writer.ts'
import { KobelError } from '../../error.ts'
import { createSnapshot } from '../row.ts'
import { type SerializerSnapshot, type SnapshotSource, unknownSnapshot } from '../snapshot.ts'
import type { KryoBody, KryoEntry } from './kryo.ts'
import type { PojoBody } from './pojo.ts'
import { BASE, RUNTIME, STATE } from './rows.ts'

/**
 * Serializers as Java objects: what Flink 1.2 stored of a type, and all there is where a configuration is of an unknown
 * class. The object is parsed, never instantiated; its class and fields say which snapshot Flink 1.8 would have made.
 */

/** A snapshot class of Flink 1.8 and its body. */
export interface Successor {
  readonly snapshotClass: string
  readonly body: unknown
}

/** Serializers inside one another, and side by side: more than any type has. */
const MAX_SERIALIZERS = 20_000

/** Reads serializers in the fields of another one. */
class Walk {
  readonly source: SnapshotSource
  private left = MAX_SERIALIZERS
  private depth = 0

  constructor(source: SnapshotSource) {
    this.source = source
  }

  snapshot(value: JavaFieldValue | undefined): SerializerSnapshot {
    // An object may hold itself, directly or many times over: both end here.
    if (--this.left < 0 || this.depth > MAX_DEPTH) {
      throw new KobelError('LIMIT', 'a Java-serialized serializer is nested too deep, or without end')
    }
    const object = objectOf(value)
    if (object === undefined) return unknownSerializer('unknown')
    this.depth++
    const successor = successorOf(object, this)
    this.depth--
    const row = successor && this.source.table.get(successor.snapshotClass)
    if (!row) return unknownSerializer(object.className)
    return createSnapshot(row, successor.body)
  }

  snapshots(value: JavaFieldValue | undefined): SerializerSnapshot[] {
    return elementsOf(value).map((each) => this.snapshot(each))
  }
}

const MAX_DEPTH = 60
const NOTHING = new Uint8Array(0)

/** The class and no body, as snapshots of simple serializers are. */
function unknownSerializer(className: string): SerializerSnapshot {
  const writer = new Writer()
  writer.utf(className)
  writer.i32(0)
  return { ...unknownSnapshot(className, 0, writer.toBytes()), extent: 'known' }
}

/** The snapshot that stands for a serializer. */
export function snapshotOfSerializer(source: SnapshotSource, serializer: JavaObject | undefined): SerializerSnapshot {
  return new Walk(source).snapshot(serializer)
}

/** What Flink 1.8 has in the place of a serializer; `undefined` for one that only its own class knows. */
export function successorOfSerializer(source: SnapshotSource, serializer: JavaObject): Successor | undefined {
  return successorOf(serializer, new Walk(source))
}

function successorOf(object: JavaObject, walk: Walk): Successor | undefined {
  for (const className of classesOf(object)) {
    const describe = SERIALIZERS.get(className)
    if (describe) return describe(object, walk)
  }
  const simple = simpleSuccessor(object.className)
  return isSimple(walk.source, simple.snapshotClass) ? simple : undefined
}

/** Whether the body of a snapshot of this class is empty: a composite may be named in the same way. */
export function isSimple(source: SnapshotSource, snapshotClass: string): boolean {
  try {
    const reader = new Reader(NOTHING)
    return source.table.get(snapshotClass)?.readBody({ ...source, reader }, SIMPLE_VERSION) === undefined
  } catch (error) {
    if (error instanceof KobelError) return false
    throw error
  }
}

const SIMPLE_VERSION = 3

/** The class and its superclasses: serializers of Scala are anonymous subclasses. */
function classesOf(object: JavaObject): string[] {
  const names: string[] = []
  for (let desc: JavaObject['classDesc'] | null = object.classDesc; desc; desc = desc.superClass) {
    names.push(desc.className)
  }
  return names
}

/** The name of a serializer's snapshot, of a simple serializer as they all are named. */
export function simpleSuccessor(serializerClass: string): Successor {
  const simple = serializerClass.slice(Math.max(serializerClass.lastIndexOf('.'), serializerClass.lastIndexOf('$')) + 1)
  const known = RENAMED.get(serializerClass)
  return { snapshotClass: known ?? `${serializerClass}$${simple}Snapshot`, body: undefined }
}

const WINDOWS = 'org.apache.flink.streaming.api.windowing.windows'

/** Simple snapshots that are named otherwise. */
const RENAMED: ReadonlyMap<string, string> = new Map(
  ['TimeWindow', 'GlobalWindow'].map((name) => [
    `${WINDOWS}.${name}$Serializer`,
    `${WINDOWS}.${name}$Serializer$${name}SerializerSnapshot`,
  ]),
)

function objectOf(value: JavaFieldValue | undefined): JavaObject | undefined {
  return typeof value === 'object' && value?.kind === 'object' ? value : undefined
}

function elementsOf(value: JavaFieldValue | undefined): readonly JavaFieldValue[] {
  return typeof value === 'object' && value?.kind === 'array' ? value.elements : []
}

function classNameOf(value: JavaFieldValue | undefined): string {
  return typeof value === 'object' && value?.kind === 'class' ? value.className : ''
}

/** The members of a `java.util.HashMap`, `LinkedHashMap` or `LinkedHashSet`: what follows its sizes. */
export function membersOf(value: JavaFieldValue | undefined): readonly JavaFieldValue[] {
  const object = objectOf(value)
  if (object === undefined) return []
  const [, ...members] = object.parts.flatMap((part) => part.annotations)
  return members
}

type Describe = (object: JavaObject, walk: Walk) => Successor

/** A composite of the serializers in these fields; a field may hold an array of them. */
function composite(
  snapshotClass: string,
  outerVersion: number,
  fields: readonly string[],
  outer: (object: JavaObject) => unknown = () => undefined,
): Describe {
  return (object, walk) => ({
    snapshotClass,
    body: {
      outerVersion,
      outer: outer(object),
      nested: fields.flatMap((field) => {
        const value = javaField(object, field)
        return typeof value === 'object' && value?.kind === 'array' ? walk.snapshots(value) : [walk.snapshot(value)]
      }),
    },
  })
}

/** A generic snapshot: the name of the class in this field. */
function generic(snapshotClass: string, field: string): Describe {
  return (object) => ({ snapshotClass, body: classNameOf(javaField(object, field)) })
}

/** `PojoSerializer`: behind its fields i32 n, n times { class that declares the field, utf name }. */
function describePojo(object: JavaObject, walk: Walk): Successor {
  const serializers = walk.snapshots(javaField(object, 'fieldSerializers'))
  const [, ...named] = object.parts.find((part) => part.fields.has('fieldSerializers'))?.annotations ?? []
  const registered = membersOf(javaField(object, 'registeredClasses')).filter((_, i) => i % 2 === 0)
  const subclasses = walk.snapshots(javaField(object, 'registeredSerializers'))
  const body: PojoBody = {
    className: classNameOf(javaField(object, 'clazz')),
    described: walk.source.options?.fields,
    fields: serializers.map((read, i) => {
      const text = named[2 * i + 1]
      const name = typeof text === 'object' && text?.kind === 'block-data' ? new Reader(text.bytes).utf() : `f${i}`
      const key = new Writer()
      key.utf(classNameOf(named[2 * i]))
      key.utf(name)
      return { name, key: key.toBytes(), value: read.raw, read }
    }),
    registered: subclasses.map((read, i) => ({
      name: classNameOf(registered[i]),
      key: NOTHING,
      value: read.raw,
      read,
    })),
    nonRegistered: [],
  }
  return { snapshotClass: `${RUNTIME}.PojoSerializerSnapshot`, body }
}

/** The constants stand in the object since Flink 1.3. */
function describeEnum(object: JavaObject): Successor {
  const constants = elementsOf(javaField(object, 'values')).map((each) =>
    typeof each === 'object' && each?.kind === 'enum' ? each.name : '',
  )
  const body = { className: classNameOf(javaField(object, 'enumClass')), constants }
  // Without constants an ordinal means nothing: the snapshot's class is then one that no row has.
  const snapshotClass = `${BASE}.EnumSerializer${constants.length > 0 ? '$EnumSerializerSnapshot' : ''}`
  return { snapshotClass, body }
}

const entry = (name: string, className: string, serializer?: string): KryoEntry => ({
  name,
  key: undefined,
  value: undefined,
  read: { className, serializer },
})

/** The class that a `Class`, or the instance in a `SerializableSerializer`, is of. */
export function serializerClass(value: JavaFieldValue | undefined): string | undefined {
  const object = objectOf(value)
  if (!object) return classNameOf(value) || undefined
  return objectOf(javaField(object, 'serializer'))?.className ?? object.className
}

/** A map of classes to serializers or to classes of serializers, a field of the `KryoSerializer`. */
export function kryoDefaults(object: JavaObject | undefined, field: string): KryoEntry[] {
  const members = object ? membersOf(javaField(object, field)) : []
  const entries: KryoEntry[] = []
  for (let i = 0; i + 1 < members.length; i += 2) {
    const className = serializerClass(members[i])
    if (className !== undefined) entries.push(entry(className, '', serializerClass(members[i + 1]) ?? 'unknown'))
  }
  return entries
}

/** Since Flink 1.3 one map of all registrations in their order, the type itself among them; before four collections. */
function kryoRegistrations(object: JavaObject): KryoEntry[] {
  const registrations = javaField(object, 'kryoRegistrations')
  if (objectOf(registrations)) {
    return membersOf(registrations).flatMap((each) => {
      const registration = objectOf(each)
      if (!registration) return []
      const className = classNameOf(javaField(registration, 'registeredClass'))
      const serializer =
        serializerClass(javaField(registration, 'serializerClass')) ??
        serializerClass(javaField(registration, 'serializableSerializerInstance'))
      return [entry(className, className, serializer)]
    })
  }
  const type = classNameOf(javaField(object, 'type'))
  const types = membersOf(javaField(object, 'registeredTypes')).map(classNameOf)
  const plain = [type, ...types].map((className) => entry(className, className))
  const withSerializers = ['registeredTypesWithSerializerClasses', 'registeredTypesWithSerializers'].flatMap((field) =>
    kryoDefaults(object, field).map(({ name, read }) => entry(name, name, read?.serializer)),
  )
  return [...plain, ...withSerializers]
}

/** Before 2.0 all Kryo was 2.24. */
function describeKryo(object: JavaObject, walk: Walk): Successor {
  const body: KryoBody = {
    className: classNameOf(javaField(object, 'type')),
    registrations: kryoRegistrations(object),
    instances: kryoDefaults(object, 'defaultSerializers'),
    serializers: kryoDefaults(object, 'defaultSerializerClasses'),
    options: { ...walk.source.options, kryoVersion: 2 },
  }
  return { snapshotClass: `${RUNTIME}.kryo.KryoSerializerSnapshot`, body }
}

/** How many zero bytes stand for null. */
export function paddingOf(object: JavaObject | undefined): number {
  const padding = object && javaField(object, 'padding')
  return typeof padding === 'object' && padding?.kind === 'bytes' ? padding.bytes.length : 0
}

const STREAMING = 'org.apache.flink.streaming'
const SCALA = 'org.apache.flink.api.scala.typeutils'
const TWO_PHASE = `${STREAMING}.api.functions.sink.TwoPhaseCommitSinkFunction`
const CEP = 'org.apache.flink.cep.nfa'
const EDGE = `${CEP}.sharedbuffer.SharedBufferEdge$SharedBufferEdgeSerializer`
const NODE = `${CEP}.sharedbuffer.SharedBufferNode$SharedBufferNodeSerializer`
const NODE_ID = `${CEP}.sharedbuffer.NodeId$NodeIdSerializer`

/** Serializers of the pattern library had no fields before Flink 1.8: what is in them is always the same. */
function fixed(snapshotClass: string, ...nested: readonly ((source: SnapshotSource) => Successor)[]) {
  return (source: SnapshotSource): Successor => ({
    snapshotClass,
    body: {
      outerVersion: 1,
      outer: false,
      nested: nested.map((each) => {
        const successor = each(source)
        const row = source.table.get(successor.snapshotClass)
        return row ? createSnapshot(row, successor.body) : unknownSerializer(successor.snapshotClass)
      }),
    },
  })
}

const eventId = (): Successor => simpleSuccessor(`${CEP}.sharedbuffer.EventId$EventIdSerializer`)
const version = (): Successor => simpleSuccessor(`${CEP}.DeweyNumber$DeweyNumberSerializer`)
const nodeId = fixed(`${NODE_ID}$NodeIdSerializerSnapshot`, eventId)
const edge = fixed(`${EDGE}$SharedBufferEdgeSerializerSnapshot`, nodeId, version)
const node = fixed(`${NODE}$SharedBufferNodeSerializerSnapshot`, fixed(`${BASE}.ListSerializerSnapshot`, edge))
const nfaState = fixed(`${CEP}.NFAStateSerializerSnapshot`, version, nodeId, eventId)

const tupleClass = (object: JavaObject): string => classNameOf(javaField(object, 'tupleClass'))

const SERIALIZERS: ReadonlyMap<string, Describe> = new Map<string, Describe>([
  [`${RUNTIME}.TupleSerializer`, composite(`${RUNTIME}.TupleSerializerSnapshot`, 2, ['fieldSerializers'], tupleClass)],
  [
    `${SCALA}.CaseClassSerializer`,
    composite(`${SCALA}.ScalaCaseClassSerializerSnapshot`, 2, ['fieldSerializers'], tupleClass),
  ],
  [
    `${RUNTIME}.RowSerializer`,
    composite(`${RUNTIME}.RowSerializer$RowSerializerSnapshot`, 2, ['fieldSerializers'], () => ({
      supportsRowKind: false,
    })),
  ],
  [
    `${RUNTIME}.EitherSerializer`,
    composite(`${RUNTIME}.JavaEitherSerializerSnapshot`, 1, ['leftSerializer', 'rightSerializer']),
  ],
  [
    `${SCALA}.EitherSerializer`,
    composite(`${SCALA}.ScalaEitherSerializerSnapshot`, 1, ['leftSerializer', 'rightSerializer']),
  ],
  [`${SCALA}.OptionSerializer`, composite(`${SCALA}.ScalaOptionSerializerSnapshot`, 2, ['elemSerializer'])],
  [
    `${RUNTIME}.NullableSerializer`,
    composite(`${RUNTIME}.NullableSerializer$NullableSerializerSnapshot`, 2, ['originalSerializer'], paddingOf),
  ],
  [`${BASE}.ListSerializer`, composite(`${BASE}.ListSerializerSnapshot`, 1, ['elementSerializer'])],
  [`${STATE}.ArrayListSerializer`, composite(`${STATE}.ArrayListSerializerSnapshot`, 1, ['elementSerializer'])],
  [`${BASE}.MapSerializer`, composite(`${BASE}.MapSerializerSnapshot`, 1, ['keySerializer', 'valueSerializer'])],
  [`${STATE}.HashMapSerializer`, composite(`${BASE}.MapSerializerSnapshot`, 1, ['keySerializer', 'valueSerializer'])],
  [
    `${BASE}.GenericArraySerializer`,
    composite(`${BASE}.GenericArraySerializerSnapshot`, 1, ['componentSerializer'], (object) =>
      classNameOf(javaField(object, 'componentClass')),
    ),
  ],
  [`${RUNTIME}.PojoSerializer`, describePojo],
  [`${BASE}.EnumSerializer`, describeEnum],
  [`${RUNTIME}.kryo.KryoSerializer`, describeKryo],
  [`${RUNTIME}.ValueSerializer`, generic(`${RUNTIME}.ValueSerializer$ValueSerializerSnapshot`, 'type')],
  [
    `${RUNTIME}.CopyableValueSerializer`,
    generic(`${RUNTIME}.CopyableValueSerializer$CopyableValueSerializerSnapshot`, 'valueClass'),
  ],
  [`${RUNTIME}.WritableSerializer`, generic(`${RUNTIME}.WritableSerializer$WritableSerializerSnapshot`, 'typeClass')],
  [
    `${STATE}.ttl.TtlStateFactory$TtlSerializer`,
    composite(`${STATE}.ttl.TtlStateFactory$TtlSerializerSnapshot`, 2, ['fieldSerializers']),
  ],
  [
    `${STREAMING}.api.operators.TimerSerializer`,
    composite(`${STREAMING}.api.operators.TimerSerializerSnapshot`, 2, ['keySerializer', 'namespaceSerializer']),
  ],
  ...[`${STREAMING}.runtime.streamrecord.StreamElementSerializer`].map((name): [string, Describe] => [
    name,
    composite(`${name}$StreamElementSerializerSnapshot`, 2, ['typeSerializer']),
  ]),
  [
    `${STREAMING}.api.datastream.CoGroupedStreams$UnionSerializer`,
    composite(`${STREAMING}.api.datastream.CoGroupedStreams$UnionSerializerSnapshot`, 2, [
      'oneSerializer',
      'twoSerializer',
    ]),
  ],
  [
    `${STREAMING}.api.operators.co.IntervalJoinOperator$BufferEntrySerializer`,
    composite(`${STREAMING}.api.operators.co.IntervalJoinOperator$BufferEntrySerializerSnapshot`, 2, [
      'elementSerializer',
    ]),
  ],
  [
    `${TWO_PHASE}$StateSerializer`,
    composite(`${TWO_PHASE}$StateSerializerSnapshot`, 2, ['transactionSerializer', 'contextSerializer']),
  ],
  [NODE_ID, (_, walk) => nodeId(walk.source)],
  [EDGE, (_, walk) => edge(walk.source)],
  [NODE, (_, walk) => node(walk.source)],
  [`${CEP}.NFAStateSerializer`, (_, walk) => nfaState(walk.source)],
  [
    `${CEP}.sharedbuffer.Lockable$LockableTypeSerializer`,
    composite(`${CEP}.sharedbuffer.LockableTypeSerializerSnapshot`, 1, ['elementSerializer']),
  ],
])
