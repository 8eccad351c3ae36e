import { type JavaObject, readJavaObject } from '../../bytes/java-stream/index.ts'
import type { Reader } from '../../bytes/reader.ts'
import { Writer } from '../../bytes/writer.ts'
import { KobelError } from '../../error.ts'
import type { Layout } from '../layout.ts'
import { createSnapshot, row, type SerializerRow } from '../row.ts'
import type { SerializerSnapshot, SnapshotSource } from '../snapshot.ts'
import type { Type } from '../type.ts'
import { eitherLayout, eitherType } from './composite.ts'
import type { KryoBody, KryoEntry } from './kryo.ts'
import { ADAPTER_VERSION, readBlock, readOffsets, readSerializer, readSerializersAndConfigs } from './legacy-block.ts'
import {
  isSimple,
  kryoDefaults,
  paddingOf,
  type Successor,
  serializerClass,
  simpleSuccessor,
  successorOfSerializer,
} from './legacy-object.ts'
import type { PojoBody } from './pojo.ts'
import { BASE, compositeRow, RUNTIME, STATE } from './rows.ts'

/**
 * `TypeSerializerConfigSnapshot`s: how serializers were described before Flink 1.8, and how serializers of users could
 * be until Flink 1.16. Flink 1.7 and later put them into the frame of a serializer snapshot with a version of their
 * own:
 * ```
 * i32 1, i32 n, n bytes: the serializer itself, Java-serialized; then the configuration: i32 version, body
 * ```
 * Each is read as the snapshot that Flink 1.8 would have written in its place. They are kept as they are.
 */
interface LegacyBody {
  readonly bytes: Uint8Array
  readonly type: Type
  readonly layout: Layout
  /** What Flink 1.8 and later have in its place, where all of it can be made. */
  readonly modern: SerializerSnapshot | undefined
}

interface Configuration {
  readonly source: SnapshotSource
  readonly version: number
  /** The serializer, where its stream could be read. */
  readonly serializer: JavaObject | undefined
}

/** A row for a configuration. */
function legacyRow(snapshotClass: string, read: (configuration: Configuration) => Successor): SerializerRow {
  return row<LegacyBody>({
    snapshotClass,
    versions: [ADAPTER_VERSION],
    readBody: (source) => {
      const { reader, table } = source
      const start = reader.offset
      const serializer = readSerializer(reader)
      let successor = behindLock(source, serializer, read({ source, version: reader.i32(), serializer }))
      const bytes = reader.bytes.subarray(start, reader.offset)
      if (!table.has(successor.snapshotClass)) {
        successor = (serializer && successorOfSerializer(source, serializer)) ?? successor
      }
      const found =
        successor.body === undefined && !isSimple(source, successor.snapshotClass)
          ? undefined
          : table.get(successor.snapshotClass)
      if (!found) {
        return { bytes, modern: undefined, ...unknown(serializer?.className ?? successor.snapshotClass) }
      }
      const { body } = successor
      const modern = isModern(body) ? createSnapshot(found, body) : undefined
      return { bytes, modern, type: found.type(body), layout: found.layout(body) }
    },
    writeBody: (writer, { bytes }) => writer.raw(bytes),
    type: ({ type }) => type,
    layout: ({ layout }) => layout,
  })
}

/** Whether all parts of a body are there in the form of Flink 1.8: default serializers of Kryo are not. */
function isModern(body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return true
  const { nested = [], fields = [], registered = [], nonRegistered = [] } = body as Partial<Parts>
  const parts = [...nested, ...[...fields, ...registered, ...nonRegistered].map(({ read }) => read)]
  const { registrations = [], instances = [], serializers = [] } = body as Partial<KryoBody>
  return (
    parts.every((part) => part !== undefined && part.version !== ADAPTER_VERSION) &&
    [...registrations, ...instances, ...serializers].every(({ value }) => value !== undefined)
  )
}

interface Parts extends Pick<PojoBody, 'fields' | 'registered' | 'nonRegistered'> {
  readonly nested: readonly SerializerSnapshot[]
}

/** The serializer of lockable values in Flink 1.6 gave the configuration of their elements for its own. */
function behindLock(source: SnapshotSource, serializer: JavaObject | undefined, element: Successor): Successor {
  if (serializer?.className !== `${CEP_BUFFER}.Lockable$LockableTypeSerializer`) return element
  const row = source.table.get(element.snapshotClass)
  if (!row || element.snapshotClass === LOCKABLE) return element
  const nested = [createSnapshot(row, element.body)]
  return { snapshotClass: LOCKABLE, body: { outerVersion: 1, outer: undefined, nested } }
}

const CEP_BUFFER = 'org.apache.flink.cep.nfa.sharedbuffer'
const LOCKABLE = `${CEP_BUFFER}.LockableTypeSerializerSnapshot`

const unknown = (className: string): { type: Type; layout: Layout } => ({
  type: { kind: 'unknown', className },
  layout: { op: 'unknown', className },
})

/** `CompositeTypeSerializerConfigSnapshot`: the nested serializers, each with its configuration. */
function readComposite({ source }: Configuration): SerializerSnapshot[] {
  return readSerializersAndConfigs(source)
}

/** A configuration of nested serializers and nothing else. */
function compositeConfiguration(
  configClass: string,
  successor: (configuration: Configuration) => Omit<CompositeSuccessor, 'nested'>,
): SerializerRow {
  return legacyRow(configClass, (configuration) => {
    const nested = readComposite(configuration)
    const { snapshotClass, ...rest } = successor(configuration)
    return { snapshotClass, body: { ...rest, nested } }
  })
}

const composite = (
  snapshotClass: string,
  outerVersion: number,
  outer?: unknown,
): Omit<CompositeSuccessor, 'nested'> => ({ snapshotClass, outerVersion, outer })

interface CompositeSuccessor {
  readonly snapshotClass: string
  readonly outerVersion: number
  readonly outer: unknown
  readonly nested: readonly SerializerSnapshot[]
}

const SCALA = 'org.apache.flink.api.scala.typeutils'

function readClass(reader: Reader): string {
  const object = readJavaObject(reader)
  return typeof object === 'object' && object?.kind === 'class' ? object.className : ''
}

/** The class of the elements, as a Java object. */
function readArray(configuration: Configuration): Successor {
  const nested = readComposite(configuration)
  const outer = readClass(configuration.source.reader)
  return { snapshotClass: `${BASE}.GenericArraySerializerSnapshot`, body: { outerVersion: 1, outer, nested } }
}

/** The class of a tuple, as a Java object; a Scala case class shares the configuration. */
function readTuple(configuration: Configuration): Successor {
  const nested = readComposite(configuration)
  const outer = readClass(configuration.source.reader)
  const snapshotClass = outer.startsWith('org.apache.flink.api.java.tuple.')
    ? `${RUNTIME}.TupleSerializerSnapshot`
    : `${SCALA}.ScalaCaseClassSerializerSnapshot`
  return { snapshotClass, body: { outerVersion: 2, outer, nested } }
}

/**
 * `PojoSerializerConfigSnapshot`: utf class; three times (fields, registered and other subclasses) the offsets of the
 * members; then one block with all of them.
 */
function readPojo({ source }: Configuration): Successor {
  const className = source.reader.utf()
  const parts = [0, 1, 2].map(() => readOffsets(source.reader))
  const counts = parts.map((offsets) => offsets.length / 2)
  const members = readBlock(source, parts.flat(), true).map(({ name, snapshot }, i) => ({
    name,
    // A field is looked for in the class and those above it.
    key: i < counts[0]! ? texts(className, name) : new Uint8Array(0),
    value: snapshot.raw,
    read: snapshot,
  }))
  const [fields, registered] = counts
  return {
    snapshotClass: `${RUNTIME}.PojoSerializerSnapshot`,
    body: {
      className,
      fields: members.slice(0, fields),
      registered: members.slice(fields, fields! + registered!),
      nonRegistered: members.slice(fields! + registered!),
    },
  }
}

/** Version 2: utf class, i32 n, n utf constants. Version 1 has an array of the constants as a Java object. */
function readEnum({ source: { reader }, version }: Configuration): Successor {
  const className = reader.utf()
  let constants: string[]
  if (version >= 2) {
    const count = reader.count('enum constants', 2)
    constants = Array.from({ length: count }, () => reader.utf())
  } else {
    const array = readJavaObject(reader)
    const elements = typeof array === 'object' && array?.kind === 'array' ? array.elements : []
    constants = elements.map((each) => (typeof each === 'object' && each?.kind === 'enum' ? each.name : ''))
  }
  return { snapshotClass: `${BASE}.EnumSerializer$EnumSerializerSnapshot`, body: { className, constants } }
}

/** Version 2: utf class, i32 n, n times { utf name, i32 id }. Version 1: the class as a Java object, and a null. */
function readScalaEnumeration({ source: { reader }, version }: Configuration): Successor {
  const snapshotClass = `${SCALA}.ScalaEnumSerializerSnapshot`
  if (version < 2) {
    const body = { className: readClass(reader), constants: [] }
    readJavaObject(reader)
    return { snapshotClass, body }
  }
  const className = reader.utf()
  const count = reader.count('enumeration values', 6)
  const constants = Array.from({ length: count }, () => ({ name: reader.utf(), id: reader.i32() }))
  return { snapshotClass, body: { className, constants } }
}

interface Registrations {
  readonly className: string
  readonly entries: readonly KryoEntry[]
}

/** `KryoRegistrationSerializerConfigSnapshot`: utf class; i32 n, n times { utf name, registration }. */
function readRegistrations({ source: { reader } }: Configuration): Registrations {
  const className = reader.utf()
  const count = reader.count('Kryo registrations', 8)
  const entries = Array.from({ length: count }, (): KryoEntry => {
    const name = reader.utf()
    const start = reader.offset
    const read = { className: reader.utf(), serializer: readRegistered(reader) }
    return { name, key: texts(name), value: reader.bytes.subarray(start, reader.offset), read }
  })
  return { className, entries }
}

/** A registration behind its class: i32 kind; for 1 utf serializer class, for 2 a Java object. */
function readRegistered(reader: Reader): string | undefined {
  const kind = reader.i32()
  if (kind === 1) return reader.utf()
  if (kind === 2) return serializerClass(readJavaObject(reader)) ?? 'unknown'
  if (kind === 0) return undefined
  throw new KobelError('CORRUPT', `a Kryo registration has no kind ${kind}`, { offset: reader.offset })
}

/** `DataOutput.writeUTF` of each. */
function texts(...each: readonly string[]): Uint8Array {
  const writer = new Writer()
  for (const one of each) writer.utf(one)
  return writer.toBytes()
}

/** Before 2.0 all Kryo was 2.24. */
function readKryo(configuration: Configuration): Successor {
  const { className, entries } = readRegistrations(configuration)
  const body: KryoBody = {
    className,
    registrations: entries,
    instances: kryoDefaults(configuration.serializer, 'defaultSerializers'),
    serializers: kryoDefaults(configuration.serializer, 'defaultSerializerClasses'),
    options: { ...configuration.source.options, kryoVersion: 2 },
  }
  return { snapshotClass: `${RUNTIME}.kryo.KryoSerializerSnapshot`, body }
}

const COMMON = 'org.apache.flink.api.common.typeutils'
const STREAMING = 'org.apache.flink.streaming'

/** Composites of `flink-streaming-java`: the configuration, and the snapshot since Flink 1.8. */
const STREAMING_CONFIGURATIONS: readonly (readonly [configClass: string, snapshotClass: string])[] = [
  [
    'runtime.streamrecord.StreamElementSerializer$StreamElementSerializerConfigSnapshot',
    'runtime.streamrecord.StreamElementSerializer$StreamElementSerializerSnapshot',
  ],
  ['api.operators.TimerSerializer$TimerSerializerConfigSnapshot', 'api.operators.TimerSerializerSnapshot'],
  [
    'api.operators.co.IntervalJoinOperator$BufferSerializerConfigSnapshot',
    'api.operators.co.IntervalJoinOperator$BufferEntrySerializerSnapshot',
  ],
  [
    'api.datastream.CoGroupedStreams$UnionSerializerConfigSnapshot',
    'api.datastream.CoGroupedStreams$UnionSerializerSnapshot',
  ],
  [
    'api.functions.sink.TwoPhaseCommitSinkFunction$StateSerializerConfigSnapshot',
    'api.functions.sink.TwoPhaseCommitSinkFunction$StateSerializerSnapshot',
  ],
]

/** A class that Flink 1.7 wrote as a snapshot, and Flink 1.6 and older as a configuration. */
function inBothForms(snapshot: SerializerRow, configuration: SerializerRow): SerializerRow {
  const of = (body: unknown): SerializerRow => ('bytes' in (body as object) ? configuration : snapshot)
  return {
    snapshotClass: snapshot.snapshotClass,
    versions: [...snapshot.versions, ...configuration.versions],
    readBody: (source, version) => (version === ADAPTER_VERSION ? configuration : snapshot).readBody(source, version),
    writeBody: (writer, body, version) => of(body).writeBody(writer, body, version),
    type: (body) => of(body).type(body),
    layout: (body) => of(body).layout(body),
  }
}

export const LEGACY_ROWS: readonly SerializerRow[] = [
  // utf format identifier, which is the name of the serializer's class, or of one with the same bytes.
  legacyRow(`${COMMON}.ParameterlessTypeSerializerConfig`, ({ source, source: { reader }, serializer }) => {
    const format = reader.utf()
    return (serializer && successorOfSerializer(source, serializer)) ?? simpleSuccessor(serializer?.className ?? format)
  }),
  legacyRow(`${RUNTIME}.TupleSerializerConfigSnapshot`, readTuple),
  legacyRow(`${RUNTIME}.PojoSerializer$PojoSerializerConfigSnapshot`, readPojo),
  legacyRow(`${BASE}.EnumSerializer$EnumSerializerConfigSnapshot`, readEnum),
  legacyRow(`${RUNTIME}.ValueSerializer$ValueSerializerConfigSnapshot`, (configuration) => ({
    snapshotClass: `${RUNTIME}.ValueSerializer$ValueSerializerSnapshot`,
    body: readRegistrations(configuration).className,
  })),
  legacyRow(`${RUNTIME}.CopyableValueSerializer$CopyableValueSerializerConfigSnapshot`, ({ source: { reader } }) => ({
    snapshotClass: `${RUNTIME}.CopyableValueSerializer$CopyableValueSerializerSnapshot`,
    body: reader.utf(),
  })),
  legacyRow(`${RUNTIME}.kryo.KryoSerializer$KryoSerializerConfigSnapshot`, readKryo),
  compositeConfiguration(`${RUNTIME}.RowSerializer$RowSerializerConfigSnapshot`, () =>
    composite(`${RUNTIME}.RowSerializer$RowSerializerSnapshot`, 2, { supportsRowKind: false }),
  ),
  compositeConfiguration(`${RUNTIME}.NullableSerializer$NullableSerializerConfigSnapshot`, ({ serializer }) =>
    composite(`${RUNTIME}.NullableSerializer$NullableSerializerSnapshot`, 2, paddingOf(serializer)),
  ),
  compositeConfiguration(`${RUNTIME}.EitherSerializerConfigSnapshot`, ({ serializer }) =>
    serializer?.className.startsWith(SCALA)
      ? composite(`${SCALA}.ScalaEitherSerializerSnapshot`, 1)
      : composite(`${RUNTIME}.JavaEitherSerializerSnapshot`, 1),
  ),
  compositeConfiguration(`${BASE}.CollectionSerializerConfigSnapshot`, () =>
    composite(`${BASE}.ListSerializerSnapshot`, 1),
  ),
  compositeConfiguration(`${BASE}.MapSerializerConfigSnapshot`, () => composite(`${BASE}.MapSerializerSnapshot`, 1)),
  compositeConfiguration(`${SCALA}.ScalaOptionSerializerConfigSnapshot`, () =>
    composite(`${SCALA}.ScalaOptionSerializerSnapshot`, 2),
  ),
  compositeConfiguration(`${SCALA}.ScalaTrySerializerConfigSnapshot`, () =>
    composite(`${SCALA}.ScalaTrySerializerSnapshot`, 2),
  ),
  // What collection it is only the code of the serializer says.
  compositeConfiguration(`${SCALA}.TraversableSerializerConfigSnapshot`, () =>
    composite(`${SCALA}.TraversableSerializerSnapshot`, 2, ''),
  ),
  legacyRow(`${SCALA}.EnumValueSerializer$ScalaEnumSerializerConfigSnapshot`, readScalaEnumeration),
  // The only serializer in Flink that has it as it is: that of values with a time to live.
  compositeConfiguration(`${COMMON}.CompositeSerializer$ConfigSnapshot`, ({ serializer }) =>
    composite(`${serializer?.className ?? `${STATE}.ttl.TtlStateFactory$TtlSerializer`}Snapshot`, 2),
  ),
  ...STREAMING_CONFIGURATIONS.map(([configClass, snapshotClass]) =>
    compositeConfiguration(`${STREAMING}.${configClass}`, () => composite(`${STREAMING}.${snapshotClass}`, 2)),
  ),
  // Snapshots that only Flink 1.7 wrote.
  compositeRow({
    snapshotClass: `${RUNTIME}.EitherSerializerSnapshot`,
    outerVersions: [2],
    nestedCount: 2,
    type: (_, nested) => eitherType(nested),
    layout: (_, nested) => eitherLayout(nested),
  }),
  inBothForms(
    compositeRow<string>({
      snapshotClass: `${BASE}.GenericArraySerializerConfigSnapshot`,
      outerVersions: [2],
      readOuter: (reader) => reader.utf(),
      writeOuter: (writer, componentClass) => writer.utf(componentClass),
      nestedCount: 1,
      type: (className, [element]) => ({ kind: 'array', className, arguments: [element!.type] }),
      layout: (_, [element]) => ({ op: 'list', of: 'array', element: element!.layout, flag: 'isNotNull' }),
    }),
    legacyRow(`${BASE}.GenericArraySerializerConfigSnapshot`, readArray),
  ),
]
