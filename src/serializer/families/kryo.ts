import { readJavaObject } from '../../bytes/java-stream/index.ts'
import { javaField } from '../../bytes/java-stream/types.ts'
import { Reader } from '../../bytes/reader.ts'
import type { Writer } from '../../bytes/writer.ts'
import { KobelError } from '../../error.ts'
import { kryoClasses } from '../kryo/catalog.ts'
import { kryoCodec } from '../kryo/codec.ts'
import type { KryoVersion } from '../kryo/primitives.ts'
import { parseType } from '../kryo/types.ts'
import type { SerializerOptions } from '../options.ts'
import { row, type SerializerRow } from '../row.ts'
import { type OptionalMapEntry, readOptionalMap, type SnapshotSource, writeOptionalMap } from '../snapshot.ts'
import type { Type, TypeKind } from '../type.ts'
import { RUNTIME } from './rows.ts'

/** What a registration or default of a snapshot says; no more than this, whatever the serializer is. */
export interface KryoEntry extends OptionalMapEntry {
  /** Registered class and the class of its serializer, if it has one; default serializers: the serializer's class. */
  readonly read: { readonly className: string; readonly serializer: string | undefined } | undefined
}

/** `KryoSerializerSnapshotData`: the maps are kept as they are. */
export interface KryoBody {
  readonly className: string
  readonly registrations: readonly KryoEntry[]
  /** Default serializers: instances. */
  readonly instances: readonly KryoEntry[]
  /** Default serializers: classes. */
  readonly serializers: readonly KryoEntry[]
  /** What the source of the snapshot knew; not part of the bytes. */
  readonly options: SerializerOptions
}

/**
 * `KryoSerializerSnapshot` version 2 (there has been no other since 1.8): utf class, then three optional maps:
 * registrations (key: utf name; value: utf class, i32 kind, for 1 utf serializer class, for 2 a Java object), default
 * serializers (value: a Java object), default serializer classes (value: utf class).
 */
function readKryoBody(source: SnapshotSource): KryoBody {
  const { reader, options = {} } = source
  const className = reader.utf()
  const registrations = readOptionalMap(source, ({ reader: inside }) => {
    const registered = inside.utf()
    return { className: registered, serializer: readSerializer(inside, inside.i32()) }
  })
  const instances = readOptionalMap(source, ({ reader: inside }) => {
    const serializer = readSerializer(inside, INSTANCE)
    return { className: '', serializer }
  })
  const serializers = readOptionalMap(source, ({ reader: inside }) => ({ className: '', serializer: inside.utf() }))
  return { className, registrations, instances, serializers, options }
}

const UNSPECIFIED = 0
const CLASS = 1
const INSTANCE = 2

function readSerializer(reader: Reader, kind: number): string | undefined {
  switch (kind) {
    case UNSPECIFIED:
      return undefined
    case CLASS:
      return reader.utf()
    case INSTANCE: {
      const bytes = reader.take(reader.remaining)
      return instanceClass(bytes)
    }
    default:
      throw new KobelError('CORRUPT', `a Kryo registration has a serializer of kind 0 to 2, found ${kind}`, {
        offset: reader.offset - 4,
      })
  }
}

/** The class of the serializer in a `SerializableSerializer`; the frame around it makes damage harmless. */
function instanceClass(bytes: Uint8Array): string {
  try {
    const object = readJavaObject(new Reader(bytes))
    if (typeof object !== 'object' || object?.kind !== 'object') return UNKNOWN
    const serializer = javaField(object, 'serializer')
    return typeof serializer === 'object' && serializer?.kind === 'object' ? serializer.className : object.className
  } catch (error) {
    if (!(error instanceof KobelError)) throw error
    return UNKNOWN
  }
}

const UNKNOWN = 'unknown'

function writeKryoBody(writer: Writer, body: KryoBody): void {
  writer.utf(body.className)
  for (const entries of [body.registrations, body.instances, body.serializers]) writeOptionalMap(writer, entries)
}

/** Marks in serialized instances: the wrapper is a class of its own since Flink 2.0. */
const MARKS: readonly (readonly [text: string, version: KryoVersion])[] = [
  ['org.apache.flink.api.common.ExecutionConfig$SerializableSerializer', 2],
  ['org.apache.flink.api.common.SerializableSerializer', 5],
]

/**
 * Which Kryo wrote the values. Every snapshot of a job with flink-avro on its class path has a serialized instance (for
 * `GenericData$Array`) that tells; without it, the options do; else what is newer.
 */
export function kryoVersionOf(body: KryoBody): KryoVersion {
  for (const { value } of [...body.registrations, ...body.instances]) {
    if (value === undefined) continue
    const text = String.fromCharCode(...value.subarray(0, 400))
    const mark = MARKS.find(([name]) => text.includes(name))
    if (mark) return mark[1]
  }
  return body.options.kryoVersion ?? 5
}

function defaultsOf(entries: readonly KryoEntry[]): [string, string][] {
  return entries.flatMap(({ name, read }) =>
    read?.serializer === undefined ? [] : [[name, read.serializer] as [string, string]],
  )
}

const KINDS: Readonly<Record<string, TypeKind>> = {
  boolean: 'boolean',
  byte: 'byte',
  short: 'short',
  int: 'int',
  long: 'long',
  float: 'float',
  double: 'double',
  char: 'char',
  'java.lang.String': 'string',
  'java.lang.Integer': 'int',
  'java.lang.Long': 'long',
  'java.lang.Double': 'double',
  'java.lang.Boolean': 'boolean',
  '[B': 'bytes',
}

function typeOf({ className, options }: KryoBody): Type {
  const { fields } = options
  const described = fields !== undefined && Object.hasOwn(fields, className) ? fields[className] : undefined
  if (described === undefined || Array.isArray(described)) return { kind: 'kryo', className }
  return {
    kind: 'kryo',
    className,
    fields: Object.entries(described).flatMap(([name, text]) => {
      // No field, but a word on the class.
      if (name === 'final') return []
      const { name: fieldClass } = parseType(String(text))
      const kind = Object.hasOwn(KINDS, fieldClass) ? KINDS[fieldClass] : undefined
      return [{ name, type: kind === undefined ? { kind: 'kryo', className: fieldClass } : { kind } }]
    }),
  }
}

/**
 * Values of `KryoSerializer`. They are shown as the table in `value.ts` says; beyond it BigInteger, UUID, URI, Locale,
 * Class and the like are texts, Optional and Atomic* what they hold, objects of described classes name their class.
 *
 * Writing takes the class from the declared type, from a described field, from `CLASS` on an object or array that was
 * read, or from the kind of the value: String, Integer or Double, Long for a bigint, Boolean, `byte[]`; ArrayList,
 * HashSet, HashMap where an interface is declared. So these lose their class when a value comes from JSON or was
 * copied: collections inside collections, comparators, and below `Object` all that is shown as a text or number of
 * another class. Whoever writes an edited value should see first that `toJson`, `fromJson` and `write` give the old
 * bytes for the old value. Not written at all: Calendar, ByteBuffer, URL, Locale and ZonedDateTime of 2.24, Avro,
 * Java-serialized objects.
 */
export const KRYO_ROWS: readonly SerializerRow[] = [
  row<KryoBody>({
    snapshotClass: `${RUNTIME}.kryo.KryoSerializerSnapshot`,
    versions: [2],
    readBody: readKryoBody,
    writeBody: writeKryoBody,
    type: typeOf,
    layout: (body) => {
      const classes = kryoClasses({
        version: kryoVersionOf(body),
        registrations: body.registrations.map(({ name, read }) => read ?? { className: name, serializer: undefined }),
        defaults: new Map([...defaultsOf(body.instances), ...defaultsOf(body.serializers)]),
        options: body.options,
      })
      return { op: 'codec', codec: kryoCodec(classes, body.className), className: body.className }
    },
  }),
]
