import type { Value } from '../value.ts'
import type { ObjectCodec } from './classes.ts'
import { arrayOf } from './collections.ts'
import { mappedCodec } from './fields.ts'
import { readClassAndObject, withClass } from './graph.ts'
import { FIXED, type KryoVersion } from './primitives.ts'
import { PRIMITIVES, text } from './scalars.ts'
import { unfit, writeClassAndObject } from './sink.ts'

/** Classes of the JDK and of Flink with known fields: shown as what they hold. */

/** One field holds all there is. */
function holder(field: string, type: string): ObjectCodec {
  const codec = mappedCodec(
    { [field]: type },
    (fields) => fields[field]!,
    (value) => ({ [field]: value }),
  )
  return { ...codec, holder: true }
}

const ENTRY = mappedCodec(
  { key: '#0', value: '#1' },
  ({ key, value }, className) => withClass([key!, value!], className),
  (value) => {
    const [key = null, mapped = null] = arrayOf(value)
    return { key, value: mapped }
  },
)

const ATOMIC_BOOLEAN = mappedCodec(
  { value: 'int' },
  ({ value }) => value !== 0,
  (value) => {
    if (typeof value !== 'boolean') throw unfit('a boolean', value)
    return { value: value ? 1 : 0 }
  },
)

/** In 2.24 `{ isPresent, value }`; in 5 bool present and, if so, the number in full width. */
function optionalNumber(version: KryoVersion, type: 'int' | 'long' | 'double'): ObjectCodec {
  if (version === 2) {
    return mappedCodec(
      { isPresent: 'boolean', value: type },
      ({ isPresent, value }) => (isPresent ? value! : null),
      (value) => ({ isPresent: value !== null, value: value ?? (type === 'long' ? 0n : 0) }),
    )
  }
  const fixed = FIXED[5]
  return {
    read: ({ reader }) => {
      if (!reader.bool()) return null
      return type === 'int' ? fixed.i32(reader) : type === 'long' ? fixed.i64(reader) : fixed.f64(reader)
    },
    write: ({ writer }, value) => {
      writer.bool(value !== null)
      if (value === null) return
      if (type === 'double') return PRIMITIVES.double!.write(writer, value, 5)
      if (typeof value !== 'number' && typeof value !== 'bigint') throw unfit('a whole number', value)
      if (type === 'int') fixed.writeI32(writer, Number(value))
      else fixed.writeI64(writer, BigInt(value))
    },
  }
}

const OPTIONAL_5: ObjectCodec = {
  holder: true,
  read: (graph) => readClassAndObject(graph),
  write: (sink, value) => writeClassAndObject(sink, value),
}

/** The fields as of JDK 17; before Java 14 there is no `segment`: then describe the class with the option fields. */
const BYTE_BUFFER = mappedCodec(
  {
    address: 'long',
    bigEndian: 'boolean',
    capacity: 'int',
    hb: 'byte[]',
    isReadOnly: 'boolean',
    limit: 'int',
    mark: 'int',
    nativeByteOrder: 'boolean',
    offset: 'int',
    position: 'int',
    segment: 'jdk.internal.access.foreign.MemorySegmentProxy',
  },
  byteBufferValue,
)

/** The bytes between position and limit. */
export function byteBufferValue(fields: Readonly<Record<string, Value>>): Value {
  const { hb, offset, position, limit } = fields
  if (!(hb instanceof Uint8Array)) return null
  const start = Number(offset)
  return hb.slice(Math.max(0, start + Number(position)), Math.max(0, start + Number(limit)))
}

const URL_2 = mappedCodec(
  {
    authority: 'java.lang.String',
    file: 'java.lang.String',
    hashCode: 'int',
    host: 'java.lang.String',
    port: 'int',
    protocol: 'java.lang.String',
    ref: 'java.lang.String',
  },
  ({ protocol, authority, file, ref }) =>
    `${protocol}:${authority ? `//${authority}` : ''}${file ?? ''}${ref === null ? '' : `#${ref}`}`,
)

const ROW_KINDS: Readonly<Record<string, string>> = {
  INSERT: '+I',
  UPDATE_BEFORE: '-U',
  UPDATE_AFTER: '+U',
  DELETE: '-D',
}

/** `Row`: by position, or by name, or by position with names. */
const ROW = mappedCodec(
  {
    fieldByName: 'java.util.Map<java.lang.String, java.lang.Object>',
    fieldByPosition: 'java.lang.Object[]',
    kind: 'org.apache.flink.types.RowKind',
    positionByName: 'java.util.LinkedHashMap<java.lang.String, java.lang.Integer>',
  },
  ({ fieldByName, fieldByPosition, kind }) => {
    const named = fieldByName === null || fieldByName === undefined ? [] : arrayOf(fieldByName)
    // By name alone a Row has no order; Flink gives the fields of such a Row sorted.
    const sorted = [...named].sort((a, b) => (String(arrayOf(a)[0]) < String(arrayOf(b)[0]) ? -1 : 1))
    const fields = fieldByPosition ?? sorted.map((entry) => arrayOf(entry)[1] ?? null)
    return { kind: ROW_KINDS[String(kind)] ?? kind!, fields }
  },
  (value) => {
    const { kind, fields } = value as Readonly<Record<string, Value>>
    const constant = Object.keys(ROW_KINDS).find((each) => ROW_KINDS[each] === kind)
    if (constant === undefined || !Array.isArray(fields)) throw unfit('a row', value)
    return {
      fieldByName: null,
      fieldByPosition: withClass([...fields], '[Ljava.lang.Object;'),
      kind: constant,
      positionByName: null,
    }
  },
)

function tupleCodec(arity: number): ObjectCodec {
  const names = Array.from({ length: arity }, (_, i) => `f${i}`)
  return mappedCodec(
    Object.fromEntries(names.map((name, i) => [name, `#${i}`])),
    (fields, className) =>
      withClass(
        names.map((name) => fields[name]!),
        className,
      ),
    (value) => {
      const values = arrayOf(value)
      if (values.length !== arity) throw unfit(`an array of ${arity}`, value)
      return Object.fromEntries(names.map((name, i) => [name, values[i]!]))
    },
  )
}

/** `value`, and a field of the other side that is an empty cache. */
function eitherCodec(side: 'left' | 'right', cache: string): ObjectCodec {
  return mappedCodec(
    { [cache]: 'org.apache.flink.types.Either', value: side === 'left' ? '#0' : '#1' },
    ({ value }) => ({
      [side]: value!,
    }),
    (value) => ({ [cache]: null, value: (value as Record<string, Value>)[side] ?? null }),
  )
}

const VALUE_TYPES: Readonly<Record<string, string>> = {
  BooleanValue: 'boolean',
  ByteValue: 'byte',
  ShortValue: 'short',
  IntValue: 'int',
  LongValue: 'long',
  FloatValue: 'float',
  DoubleValue: 'double',
  CharValue: 'char',
}

const TIME_WINDOW = mappedCodec(
  { start: 'long', end: 'long' },
  ({ start, end }) => ({ start: start!, end: end! }),
  (value) => value as Readonly<Record<string, Value>>,
)

export function objectCodecs(version: KryoVersion): Record<string, ObjectCodec> {
  const tuples = Array.from({ length: 26 }, (_, i) => [`org.apache.flink.api.java.tuple.Tuple${i}`, tupleCodec(i)])
  const values = Object.entries(VALUE_TYPES).map(([name, type]) => [
    `org.apache.flink.types.${name}`,
    holder('value', type),
  ])
  return {
    'java.util.Optional': version === 2 ? holder('value', '#0') : OPTIONAL_5,
    'java.util.OptionalInt': optionalNumber(version, 'int'),
    'java.util.OptionalLong': optionalNumber(version, 'long'),
    'java.util.OptionalDouble': optionalNumber(version, 'double'),
    'java.util.concurrent.atomic.AtomicInteger': holder('value', 'int'),
    'java.util.concurrent.atomic.AtomicLong': holder('value', 'long'),
    'java.util.concurrent.atomic.AtomicBoolean': ATOMIC_BOOLEAN,
    'java.util.concurrent.atomic.AtomicReference': holder('value', '#0'),
    'java.util.concurrent.atomic.AtomicIntegerArray': holder('array', 'int[]'),
    'java.util.concurrent.atomic.AtomicLongArray': holder('array', 'long[]'),
    'java.util.concurrent.atomic.AtomicReferenceArray': holder('array', 'java.lang.Object[]'),
    'java.util.AbstractMap$SimpleEntry': ENTRY,
    'java.util.AbstractMap$SimpleImmutableEntry': ENTRY,
    'java.util.KeyValueHolder': ENTRY,
    'java.nio.HeapByteBuffer': BYTE_BUFFER,
    'java.nio.HeapByteBufferR': BYTE_BUFFER,
    'java.io.File': holder('path', 'java.lang.String'),
    ...(version === 2 && { 'java.net.URL': URL_2 }),
    'org.apache.flink.types.Row': ROW,
    'org.apache.flink.types.Either$Left': eitherCodec('left', 'right'),
    'org.apache.flink.types.Either$Right': eitherCodec('right', 'left'),
    'org.apache.flink.streaming.api.windowing.windows.TimeWindow': TIME_WINDOW,
    'org.apache.flink.streaming.api.windowing.windows.GlobalWindow': mappedCodec(
      {},
      () => 'GlobalWindow',
      () => ({}),
    ),
    'org.apache.flink.types.StringValue': mappedCodec(
      { hashCode: 'int', len: 'int', value: 'char[]' },
      ({ len, value }) => text(value ?? '').slice(0, Math.max(0, Number(len))),
      (value) => ({ hashCode: 0, len: text(value).length, value }),
    ),
    ...Object.fromEntries(tuples),
    ...Object.fromEntries(values),
  }
}

/** Classes of the JDK shown as their fields, comparators of sorted collections among them. */
export const KNOWN_FIELDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'java.util.Collections$ReverseComparator': {},
  'java.util.Collections$ReverseComparator2': { cmp: 'java.util.Comparator' },
  'java.lang.String$CaseInsensitiveComparator': {},
  'java.math.MathContext': { precision: 'int', roundingMode: 'java.math.RoundingMode' },
  'java.util.IntSummaryStatistics': { count: 'long', max: 'int', min: 'int', sum: 'long' },
  'java.util.LongSummaryStatistics': { count: 'long', max: 'long', min: 'long', sum: 'long' },
  'org.apache.flink.streaming.connectors.kafka.internals.KafkaTopicPartition': {
    cachedHash: 'int',
    partition: 'int',
    topic: 'java.lang.String',
  },
}
