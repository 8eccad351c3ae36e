import type { Value } from '../value.ts'
import type { ObjectCodec } from './classes.ts'
import { arrayOf } from './collections.ts'
import { readClassAndObject, readEach, withClass } from './graph.ts'
import { type KryoVersion, readSize, writeVarInt } from './primitives.ts'
import { PRIMITIVES, textCodec } from './scalars.ts'
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

const SPECIAL: Readonly<Record<string, string>> = { J: 'long', I: 'int', D: 'double' }

/** Tuples of primitives: bare numbers. */
function specialTuple(codes: string): ObjectCodec {
  const parts = [...codes].map((code) => PRIMITIVES[SPECIAL[code]!]!)
  return {
    read: ({ reader, classes }, className) =>
      withClass(
        parts.map((part) => part.read(reader, classes.version)),
        className,
      ),
    write: ({ writer, classes }, value) => {
      parts.forEach((part, i) => {
        part.write(writer, arrayOf(value)[i] ?? null, classes.version)
      })
    },
  }
}

const NOTHING: ObjectCodec = { read: () => null, write: () => {} }

const COLLECTION =
  /^scala\.collection\.(immutable|mutable)\.(\$colon\$colon|Nil\$|List|Vector|Queue|Stream|ListSet|ListMap|Set|Map|HashSet|HashMap|TreeMap|TreeSet|LinkedHashMap|LinkedHashSet|ListBuffer|ArrayBuffer|Buffer|BitSet|WrappedArray)/

/** Ranges and wrappers have fields; chill writes an `object` without a byte. */
export function scalaCodec(className: string, version: KryoVersion): ObjectCodec | undefined {
  if (!className.startsWith('scala.') || version !== 2) return undefined
  const name = className.slice(6)
  if (name === 'Some') return SOME
  if (name === 'util.Left') return side('left')
  if (name === 'util.Right') return side('right')
  if (name === 'Symbol') return textCodec()
  if (name === 'None$' || name === 'runtime.BoxedUnit') return NOTHING
  const special = /^Tuple[12]\$mc([JID]{1,2})\$sp$/.exec(name)
  if (special) return specialTuple(special[1]!)
  const arity = /^Tuple(\d{1,2})$/.exec(name)
  if (arity) return tuple(Number(arity[1]))
  if (COLLECTION.test(className)) return TRAVERSABLE
  return undefined
}
