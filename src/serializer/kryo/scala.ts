import type { Value } from '../value.ts'
import type { ObjectCodec } from './classes.ts'
import { arrayOf } from './collections.ts'
import { describedCodec, mappedCodec } from './fields.ts'
import { readClassAndObject, readEach, readEarlier, readObject, withClass } from './graph.ts'
import { FIXED, type KryoVersion, readSize, writeVarInt } from './primitives.ts'
import { textCodec } from './scalars.ts'
import { unfit, writeClassAndObject } from './sink.ts'

/** Scala's classes as chill writes them. */

/**
 * Ids from 10 on when flink-scala is on the class path (`AllScalaRegistrar`); no serializer snapshot has them. Without
 * it nothing has these ids.
 */
export const FIRST_SCALA_ID = 10
const SCALA_IDS = `collection.convert.Wrappers$SeqWrapper collection.convert.Wrappers$IteratorWrapper
collection.convert.Wrappers$MapWrapper collection.convert.Wrappers$JListWrapper
collection.convert.Wrappers$JMapWrapper Some util.Left util.Right collection.immutable.Vector
collection.immutable.Set$Set1 collection.immutable.Set$Set2 collection.immutable.Set$Set3
collection.immutable.Set$Set4 collection.immutable.HashSet$HashTrieSet collection.immutable.Map$Map1
collection.immutable.Map$Map2 collection.immutable.Map$Map3 collection.immutable.Map$Map4
collection.immutable.HashMap$HashTrieMap collection.immutable.Range$Inclusive
collection.immutable.NumericRange$Inclusive collection.immutable.NumericRange$Exclusive
collection.mutable.BitSet collection.mutable.HashMap collection.mutable.HashSet
collection.convert.Wrappers$IterableWrapper Tuple1 Tuple2 Tuple3 Tuple4 Tuple5 Tuple6 Tuple7 Tuple8 Tuple9 Tuple10
Tuple11 Tuple12 Tuple13 Tuple14 Tuple15 Tuple16 Tuple17 Tuple18 Tuple19 Tuple20 Tuple21 Tuple22 Tuple1$mcJ$sp
Tuple1$mcI$sp Tuple1$mcD$sp Tuple2$mcJJ$sp Tuple2$mcJI$sp Tuple2$mcJD$sp Tuple2$mcIJ$sp Tuple2$mcII$sp
Tuple2$mcID$sp Tuple2$mcDJ$sp Tuple2$mcDI$sp Tuple2$mcDD$sp Symbol reflect.ClassTag runtime.BoxedUnit`

export const SCALA_CLASSES: readonly string[] = SCALA_IDS.split(/\s+/).map((name) => `scala.${name}`)

/** varint size, elements with their classes; the entries of a map are Tuple2. */
const TRAVERSABLE: ObjectCodec = {
  read: (graph, className) => {
    const size = readSize(graph.reader, 'elements')
    return withClass(
      readEach(graph, size, () => readClassAndObject(graph)),
      className,
    )
  },
  write: (sink, value) => {
    const values = arrayOf(value)
    writeVarInt(sink.writer, values.length)
    for (const each of values) writeClassAndObject(sink, each)
  },
}

const SOME: ObjectCodec = {
  holder: true,
  read: (graph) => readClassAndObject(graph),
  write: (sink, value) => writeClassAndObject(sink, value),
}

const side = (name: 'left' | 'right'): ObjectCodec => ({
  read: (graph) => ({ [name]: readClassAndObject(graph) }),
  write: (sink, value) => {
    const inner = (value as Record<string, Value> | null)?.[name]
    if (inner === undefined) throw unfit(`{ ${name} }`, value)
    writeClassAndObject(sink, inner)
  },
})

function tuple(arity: number): ObjectCodec {
  return {
    read: (graph, className) =>
      withClass(
        readEach(graph, arity, () => readClassAndObject(graph)),
        className,
      ),
    write: (sink, value) => {
      if (arrayOf(value).length !== arity) throw unfit(`an array of ${arity}`, value)
      for (const each of arrayOf(value)) writeClassAndObject(sink, each)
    },
  }
}

/** Tuples of primitives: numbers of full width. */
function specialTuple(codes: string): ObjectCodec {
  const fixed = FIXED[2]
  return {
    read: ({ reader }, className) =>
      withClass(
        [...codes].map((code): Value => (code === 'J' ? fixed.i64 : code === 'I' ? fixed.i32 : fixed.f64)(reader)),
        className,
      ),
  }
}

const NOTHING: ObjectCodec = { read: () => null, write: () => {} }

const COLLECTION =
  /^scala\.collection\.(immutable|mutable)\.(\$colon\$colon|Nil\$|List|Vector|Queue|Stream|ListSet|ListMap|Set|Map|HashSet|HashMap|TreeMap|TreeSet|LinkedHashMap|LinkedHashSet|ListBuffer|ArrayBuffer|Buffer|BitSet)/

/** The class of the elements, then the array. */
const WRAPPED_ARRAY: ObjectCodec = {
  read: (graph, className) => {
    readEarlier(graph, () => readObject(graph, 'java.lang.Class'))
    const array = readClassAndObject(graph)
    return Array.isArray(array) ? withClass([...array], className) : array
  },
}

const OUTER = 'scala.collection.convert.Wrappers'

/** A Java collection behind a Scala one, or the other way round. */
const wrapper = (underlying: string): ObjectCodec =>
  mappedCodec({ $outer: OUTER, underlying }, (fields) => fields.underlying!)

const MAX_RANGE = 10_000

const RANGE = mappedCodec(
  { end: 'int', isEmpty: 'boolean', lastElement: 'int', numRangeElements: 'int', start: 'int', step: 'int' },
  ({ numRangeElements, start, end, step }) => {
    const count = Number(numRangeElements)
    if (count < 0 || count > MAX_RANGE) return { start: start!, end: end!, step: step! }
    return Array.from({ length: count }, (_, i) => Number(start) + i * Number(step))
  },
)

/** Classes that chill leaves to FieldSerializer. */
const FIELDS: Readonly<Record<string, ObjectCodec>> = {
  'collection.convert.Wrappers$JListWrapper': wrapper('java.util.List'),
  'collection.convert.Wrappers$JMapWrapper': wrapper('java.util.Map'),
  'collection.convert.Wrappers$SeqWrapper': wrapper('scala.collection.Seq'),
  'collection.convert.Wrappers$MapWrapper': wrapper('scala.collection.Map'),
  'collection.immutable.Range': RANGE,
  'collection.immutable.Range$Inclusive': RANGE,
  'math.BigInt': mappedCodec({ bigInteger: 'java.math.BigInteger' }, ({ bigInteger }) => bigInteger!),
  'math.BigDecimal': mappedCodec(
    { bigDecimal: 'java.math.BigDecimal', computedHashCode: 'int', mc: 'java.math.MathContext' },
    ({ bigDecimal }) => bigDecimal!,
  ),
  'concurrent.duration.FiniteDuration': describedCodec({ length: 'long', unit: 'java.util.concurrent.TimeUnit' }),
  'util.Success': describedCodec({ value: '#0' }),
  'util.Failure': describedCodec({ exception: 'java.lang.Throwable' }),
}

/** What chill registers, or finds for Scala's classes: an `object` is written without a byte. */
export function scalaCodec(className: string, version: KryoVersion): ObjectCodec | undefined {
  if (!className.startsWith('scala.') || version !== 2) return undefined
  const name = className.slice(6)
  if (name === 'Some') return SOME
  if (name === 'util.Left') return side('left')
  if (name === 'util.Right') return side('right')
  if (name === 'Symbol') return textCodec()
  if (name === 'runtime.BoxedUnit') return NOTHING
  if (name === 'collection.immutable.Set$EmptySet$') return EMPTY_SET
  if (Object.hasOwn(FIELDS, name)) return FIELDS[name]
  const special = /^Tuple[12]\$mc([JID]{1,2})\$sp$/.exec(name)
  if (special) return specialTuple(special[1]!)
  const arity = /^Tuple(\d{1,2})$/.exec(name)
  if (arity) return tuple(Number(arity[1]))
  if (/^collection\.mutable\.WrappedArray\$/.test(name)) return WRAPPED_ARRAY
  if (COLLECTION.test(className)) return TRAVERSABLE
  return name.endsWith('$') ? NOTHING : undefined
}

const EMPTY_SET: ObjectCodec = { read: (_, className) => withClass([], className) }
