import { type JavaObject, type JavaValue, javaField, readJavaObject } from '../../bytes/java-stream/index.ts'
import { Reader } from '../../bytes/reader.ts'
import { KobelError } from '../../error.ts'
import type { Layout } from '../layout.ts'
import { row, type SerializerRow } from '../row.ts'
import { readSerializerSnapshot, type SerializerSnapshot, type SnapshotSource, unknownSnapshot } from '../snapshot.ts'
import type { Type } from '../type.ts'
import { eitherLayout, eitherType } from './composite.ts'
import type { KryoBody, KryoEntry } from './kryo.ts'
import { BASE, compositeRow, RUNTIME } from './rows.ts'

/**
 * `TypeSerializerConfigSnapshot`s: how serializers were described before Flink 1.8, and how serializers of users could
 * be until Flink 1.16. Flink 1.7 and later put them into the frame of a serializer snapshot with a version of their
 * own:
 * ```
 * i32 1, i32 n, n bytes: the serializer itself, Java-serialized; then the configuration: i32 version, body
 * ```
 * Each is read as the snapshot that Flink 1.8 would have written in its place. They are kept as they are.
 */
const ADAPTER_VERSION = 0x7a53c4f0

interface LegacyBody {
  readonly bytes: Uint8Array
  readonly type: Type
  readonly layout: Layout
}

/** What the configuration stands for: a snapshot class of Flink 1.8 and its body. */
interface Successor {
  readonly snapshotClass: string
  readonly body: unknown
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
      const successor = read({ source, version: reader.i32(), serializer })
      const bytes = reader.bytes.subarray(start, reader.offset)
      const found = table.get(successor.snapshotClass)
      if (!found) return { bytes, ...unknown(serializer?.className ?? successor.snapshotClass) }
      return { bytes, type: found.type(successor.body), layout: found.layout(successor.body) }
    },
    writeBody: (writer, { bytes }) => writer.raw(bytes),
    type: ({ type }) => type,
    layout: ({ layout }) => layout,
  })
}

const unknown = (className: string): { type: Type; layout: Layout } => ({
  type: { kind: 'unknown', className },
  layout: { op: 'unknown', className },
})

/** `TypeSerializerSerializationUtil.writeSerializer`: i32 1, i32 n, n bytes of a Java object stream. */
function readSerializer(reader: Reader): JavaObject | undefined {
  reader.skip(4)
  const bytes = reader.take(reader.count('bytes of a serializer'))
  try {
    const object = readJavaObject(new Reader(bytes))
    return typeof object === 'object' && object?.kind === 'object' ? object : undefined
  } catch (error) {
    if (error instanceof KobelError) return undefined
    throw error
  }
}

/**
 * A serializer and its snapshot between two offsets of a block of them; the name in front only for members of a POJO.
 */
interface Nested {
  readonly name: string
  readonly snapshot: SerializerSnapshot
}

/** The offsets of n members of a block: each where its name or serializer begins, and where its snapshot does. */
function readOffsets(reader: Reader): number[] {
  const count = reader.count('nested serializers', 8)
  return Array.from({ length: 2 * count }, () => reader.i32())
}

/** i32 n, n bytes: each member is [utf name,] serializer, snapshot; the offsets are those of the last two. */
function readBlock(source: SnapshotSource, offsets: readonly number[], named: boolean): Nested[] {
  const block = source.reader.take(source.reader.count('bytes of nested serializers'))
  const nested: Nested[] = []
  let start = 0
  for (let i = 0; i < offsets.length; i += 2) {
    const [from, at, end = block.length] = offsets.slice(i, i + 3)
    if (from! < start || at! < from! || end < at! || end > block.length) {
      throw new KobelError('CORRUPT', 'the offsets of nested serializers do not ascend', {
        offset: source.reader.offset - block.length,
      })
    }
    const name = named ? new Reader(block, start, from).utf() : ''
    const limit = named && i + 2 < offsets.length ? nameStart(block, at!, end) : end
    nested.push({ name, snapshot: readFramed(source, new Reader(block, at!, limit)) })
    start = limit
  }
  return nested
}

/** Where the name (utf) of the next member begins, which ends at `end`: the longest that there can be. */
function nameStart(block: Uint8Array, from: number, end: number): number {
  for (let at = from; at + 2 < end; at++) {
    if (((block[at]! << 8) | block[at + 1]!) === end - at - 2 && isName(block.subarray(at + 2, end))) return at
  }
  throw new KobelError('CORRUPT', 'the name of a member of a POJO is not there', { offset: end })
}

/** Printable, as names of fields and classes are. */
function isName(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte > 0x23 && byte !== 0x7f)
}

/** A snapshot that ends where its part of the block ends: one that cannot be read is bytes. */
function readFramed(source: SnapshotSource, reader: Reader): SerializerSnapshot {
  const start = reader.offset
  try {
    // Offsets of lengths that were decided are those of the stream, not of the block.
    return readSerializerSnapshot({ ...source, reader, extents: new Map(), depth: source.depth + 1 })
  } catch (error) {
    if (!(error instanceof KobelError) || error.code !== 'UNKNOWN_SERIALIZER') throw error
    const className = new Reader(reader.bytes, start + 4, reader.limit).utf()
    return unknownSnapshot(className, ADAPTER_VERSION, reader.bytes.subarray(start + 4, reader.limit))
  }
}

/** `CompositeTypeSerializerConfigSnapshot`: i32 n, n times { i32 serializer, i32 snapshot }, then the block of them. */
function readComposite({ source }: Configuration): SerializerSnapshot[] {
  return readBlock(source, readOffsets(source.reader), false).map(({ snapshot }) => snapshot)
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

interface CompositeSuccessor {
  readonly snapshotClass: string
  readonly outerVersion: number
  readonly outer: unknown
  readonly nested: readonly SerializerSnapshot[]
}

const SCALA = 'org.apache.flink.api.scala.typeutils'

/** The class of a tuple, as a Java object; a Scala case class shares the configuration. */
function readTuple(configuration: Configuration): Successor {
  const nested = readComposite(configuration)
  const tupleClass = readJavaObject(configuration.source.reader)
  const outer = typeof tupleClass === 'object' && tupleClass?.kind === 'class' ? tupleClass.className : ''
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
  const members = readBlock(source, parts.flat(), true).map(({ name, snapshot }) => ({ name, read: snapshot }))
  const [fields, registered] = parts.map((offsets) => offsets.length / 2)
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

interface Registrations {
  readonly className: string
  readonly entries: readonly KryoEntry[]
}

/** `KryoRegistrationSerializerConfigSnapshot`: utf class; i32 n, n times { utf name, registration }. */
function readRegistrations({ source: { reader } }: Configuration): Registrations {
  const className = reader.utf()
  const count = reader.count('Kryo registrations', 8)
  const entries = Array.from({ length: count }, () => {
    const name = reader.utf()
    return kryoEntry(name, reader.utf(), readRegistered(reader))
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

function kryoEntry(name: string, className: string, serializer: string | undefined): KryoEntry {
  return { name, key: undefined, value: undefined, read: { className, serializer } }
}

/** The class that a `Class`, or the instance in a `SerializableSerializer`, is of. */
function serializerClass(value: JavaValue | undefined): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (value.kind === 'class') return value.className
  if (value.kind !== 'object') return undefined
  const inner = javaField(value, 'serializer')
  return typeof inner === 'object' && inner?.kind === 'object' ? inner.className : value.className
}

/** A `LinkedHashMap` of classes to serializers or their classes, a field of the serializer itself. */
function defaultSerializers(serializer: JavaObject | undefined, field: string): KryoEntry[] {
  const map = serializer && javaField(serializer, field)
  if (typeof map !== 'object' || map?.kind !== 'object') return []
  const [, ...members] = map.parts.flatMap((part) => part.annotations)
  const entries: KryoEntry[] = []
  for (let i = 0; i + 1 < members.length; i += 2) {
    const className = serializerClass(members[i])
    if (className !== undefined) entries.push(kryoEntry(className, '', serializerClass(members[i + 1]) ?? 'unknown'))
  }
  return entries
}

/** Before 2.0 all Kryo was 2.24. */
function readKryo(configuration: Configuration): Successor {
  const { className, entries } = readRegistrations(configuration)
  const body: KryoBody = {
    className,
    registrations: entries,
    instances: defaultSerializers(configuration.serializer, 'defaultSerializers'),
    serializers: defaultSerializers(configuration.serializer, 'defaultSerializerClasses'),
    options: { ...configuration.source.options, kryoVersion: 2 },
  }
  return { snapshotClass: `${RUNTIME}.kryo.KryoSerializerSnapshot`, body }
}

function readPadding({ serializer }: Configuration): number {
  const padding = serializer && javaField(serializer, 'padding')
  return typeof padding === 'object' && padding?.kind === 'bytes' ? padding.bytes.length : 0
}

/** The name of a serializer's snapshot, of a simple serializer as they all are named. */
function simpleSuccessor(serializerClass: string): Successor {
  const simple = serializerClass.slice(Math.max(serializerClass.lastIndexOf('.'), serializerClass.lastIndexOf('$')) + 1)
  return { snapshotClass: `${serializerClass}$${simple}Snapshot`, body: undefined }
}

const COMMON = 'org.apache.flink.api.common.typeutils'

export const LEGACY_ROWS: readonly SerializerRow[] = [
  // utf format identifier, which is the name of the serializer's class, or of one with the same bytes.
  legacyRow(`${COMMON}.ParameterlessTypeSerializerConfig`, ({ source: { reader }, serializer }) => {
    const format = reader.utf()
    return simpleSuccessor(serializer?.className ?? format)
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
  compositeConfiguration(`${RUNTIME}.RowSerializer$RowSerializerConfigSnapshot`, () => ({
    snapshotClass: `${RUNTIME}.RowSerializer$RowSerializerSnapshot`,
    outerVersion: 2,
    outer: { supportsRowKind: false },
  })),
  compositeConfiguration(`${RUNTIME}.NullableSerializer$NullableSerializerConfigSnapshot`, (configuration) => ({
    snapshotClass: `${RUNTIME}.NullableSerializer$NullableSerializerSnapshot`,
    outerVersion: 2,
    outer: readPadding(configuration),
  })),
  compositeConfiguration(`${RUNTIME}.EitherSerializerConfigSnapshot`, ({ serializer }) => ({
    snapshotClass: serializer?.className.startsWith(SCALA)
      ? `${SCALA}.ScalaEitherSerializerSnapshot`
      : `${RUNTIME}.JavaEitherSerializerSnapshot`,
    outerVersion: 1,
    outer: undefined,
  })),
  compositeConfiguration(`${BASE}.CollectionSerializerConfigSnapshot`, () => ({
    snapshotClass: `${BASE}.ListSerializerSnapshot`,
    outerVersion: 1,
    outer: undefined,
  })),
  compositeConfiguration(`${BASE}.MapSerializerConfigSnapshot`, () => ({
    snapshotClass: `${BASE}.MapSerializerSnapshot`,
    outerVersion: 1,
    outer: undefined,
  })),
  compositeConfiguration(`${SCALA}.ScalaOptionSerializerConfigSnapshot`, () => ({
    snapshotClass: `${SCALA}.ScalaOptionSerializerSnapshot`,
    outerVersion: 2,
    outer: undefined,
  })),
  compositeConfiguration(`${SCALA}.ScalaTrySerializerConfigSnapshot`, () => ({
    snapshotClass: `${SCALA}.ScalaTrySerializerSnapshot`,
    outerVersion: 2,
    outer: undefined,
  })),
  // Snapshots that only Flink 1.7 wrote.
  compositeRow({
    snapshotClass: `${RUNTIME}.EitherSerializerSnapshot`,
    outerVersions: [2],
    nestedCount: 2,
    type: (_, nested) => eitherType(nested),
    layout: (_, nested) => eitherLayout(nested),
  }),
  compositeRow<string>({
    snapshotClass: `${BASE}.GenericArraySerializerConfigSnapshot`,
    outerVersions: [2],
    readOuter: (reader) => reader.utf(),
    writeOuter: (writer, componentClass) => writer.utf(componentClass),
    nestedCount: 1,
    type: (className, [element]) => ({ kind: 'array', className, arguments: [element!.type] }),
    layout: (_, [element]) => ({ op: 'list', of: 'array', element: element!.layout, flag: 'isNotNull' }),
  }),
]
