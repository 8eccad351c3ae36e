import { KobelError } from '../../error.ts'
import type { Value } from '../value.ts'
import type { ObjectCodec } from './classes.ts'
import { constantAt, ordinalOf } from './enums.ts'
import {
  type Graph,
  readClass,
  readClassAndObject,
  readEach,
  readEarlier,
  readObject,
  readObjectOrNull,
  withClass,
} from './graph.ts'
import {
  checkSize,
  type KryoVersion,
  readSize,
  readVarInt,
  readVarIntFlag,
  writeVarInt,
  writeVarIntFlag,
} from './primitives.ts'
import {
  classOfValue,
  type Sink,
  unfit,
  writeClass,
  writeClassAndObject,
  writeObject,
  writeObjectOrNull,
} from './sink.ts'
import type { DeclaredType } from './types.ts'

/** `CollectionSerializer`, `MapSerializer` and those made from them. */

type Args = readonly DeclaredType[]

/** Elements of a list of nulls take no bytes, so their number is limited. */
const MAX_NULLS = 1 << 16

/** Comparators of sorted collections that have one, to write it back. */
const COMPARATORS = new WeakMap<object, Value>()

export function arrayOf(value: Value): readonly Value[] {
  if (Array.isArray(value)) return value
  throw unfit('an array', value)
}

function readComparator(graph: Graph): Value {
  return readEarlier(graph, () => readClassAndObject(graph))
}

function remember<T extends object>(value: T, comparator: Value): T {
  if (comparator !== null) COMPARATORS.set(value, comparator)
  return value
}

function writeComparator(sink: Sink, value: object): void {
  writeClassAndObject(sink, COMPARATORS.get(value) ?? null)
}

/** What an element's own type arguments are: Kryo 2.24 knows only one level. */
function argsInside(version: KryoVersion, type: DeclaredType | undefined): Args {
  return version === 5 ? (type?.args ?? []) : []
}

// --- collections ---------------------------------------------------------------------------------------------------

interface CollectionShape {
  /** A comparator comes before the elements. */
  readonly sorted?: true
  /** Elements are never null (`List.of`). */
  readonly notNull?: true
  /** The queue of 2.24 does not know type arguments. */
  readonly untyped?: true
}

/** 2.24: [comparator], varint size, elements: with their classes, or with markers where the class is known and final. */
function readCollection2(graph: Graph, args: Args, shape: CollectionShape): Value[] {
  const comparator = shape.sorted ? readComparator(graph) : null
  const size = readSize(graph.reader, 'elements')
  const [type] = shape.untyped ? [] : args
  const final = type !== undefined && graph.classes.isFinal(type)
  return remember(
    readEach(graph, size, () => (final ? readObjectOrNull(graph, type.name) : readClassAndObject(graph))),
    comparator,
  )
}

function writeCollection2(sink: Sink, values: readonly Value[], args: Args, shape: CollectionShape): void {
  if (shape.sorted) writeComparator(sink, values)
  writeVarInt(sink.writer, values.length)
  const [type] = shape.untyped ? [] : args
  const final = type !== undefined && sink.classes.isFinal(type)
  for (const value of values) {
    if (final) writeObjectOrNull(sink, value, type.name)
    else writeClassAndObject(sink, value)
  }
}

/**
 * 5: size + 1 with a flag, [comparator], elements. Where the class is known by declaration and final the flag says
 * that there are nulls. Else it says that all elements have one class: that class (null: all are null), bool nulls,
 * elements; without the flag each has its class.
 */
function readCollection5(graph: Graph, args: Args, shape: CollectionShape): Value[] | null {
  const { reader, classes } = graph
  const at = reader.offset
  const known = args[0] !== undefined && classes.isFinal(args[0]) ? args[0] : undefined
  const noFlag = known !== undefined && shape.notNull
  const { flag, value } = noFlag ? { flag: false, value: readVarInt(reader) } : readVarIntFlag(reader)
  if (value === 0) return null
  const size = value - 1
  if (size < 0) throw new KobelError('CORRUPT', `the number of elements is ${size}`, { offset: at })
  const comparator = shape.sorted ? (size === 0 ? readClassAndObject(graph) : readComparator(graph)) : null
  if (size === 0) return remember([], comparator)
  const inside = argsInside(5, args.at(-1))
  const read = (className: string, orNull: boolean) => {
    checkSize(reader, size, 'elements')
    return readEach(graph, size, () =>
      orNull ? readObjectOrNull(graph, className, inside) : readObject(graph, className, inside),
    )
  }
  if (known !== undefined) return remember(read(known.name, flag), comparator)
  if (!flag) {
    checkSize(reader, size, 'elements')
    return remember(
      readEach(graph, size, () => readClassAndObject(graph, inside)),
      comparator,
    )
  }
  const className = readClass(graph)
  if (className !== null) return remember(read(className, shape.notNull ? false : reader.bool()), comparator)
  if (size > MAX_NULLS) throw new KobelError('LIMIT', `${size} nulls in a Kryo collection`, { offset: at })
  graph.weight += size
  return remember(new Array<Value>(size).fill(null), comparator)
}

function writeCollection5(sink: Sink, values: readonly Value[], args: Args, shape: CollectionShape): void {
  const { writer, classes } = sink
  const header = () => {
    if (shape.sorted) writeComparator(sink, values)
  }
  if (values.length === 0) {
    writer.u8(1)
    return header()
  }
  const known = args[0] !== undefined && classes.isFinal(args[0]) ? args[0] : undefined
  const hasNull = values.includes(null)
  const inside = argsInside(5, args.at(-1))
  const write = (className: string, orNull: boolean) => {
    for (const value of values) {
      if (orNull) writeObjectOrNull(sink, value, className, inside)
      else writeObject(sink, value, className, inside)
    }
  }
  if (known !== undefined) {
    if (shape.notNull) writeVarInt(writer, values.length + 1)
    else writeVarIntFlag(writer, hasNull, values.length + 1)
    header()
    return write(known.name, hasNull && !shape.notNull)
  }
  const met = new Set(values.filter((value) => value !== null).map(classOfValue))
  writeVarIntFlag(writer, met.size <= 1, values.length + 1)
  header()
  if (met.size > 1) {
    for (const value of values) writeClassAndObject(sink, value, inside)
    return
  }
  const className = [...met][0] ?? null
  writeClass(sink, className)
  if (className === null) return
  if (!shape.notNull) writer.bool(hasNull)
  write(className, hasNull)
}

function collectionCodec(version: KryoVersion, shape: CollectionShape = {}): ObjectCodec {
  return {
    read: (graph, className, args) => {
      const values = version === 2 ? readCollection2(graph, args, shape) : readCollection5(graph, args, shape)
      return values === null ? null : withClass(values, className)
    },
    write: (sink, value, _, args) => {
      if (version === 2) writeCollection2(sink, arrayOf(value), args, shape)
      else writeCollection5(sink, arrayOf(value), args, shape)
    },
  }
}

// --- maps ----------------------------------------------------------------------------------------------------------

/** 2.24: [comparator], varint size; 5: varint size + 1, [comparator]; then keys and values in turn. */
function mapCodec(version: KryoVersion, shape: CollectionShape = {}): ObjectCodec {
  return {
    read: (graph, className, args) => {
      const { reader, classes } = graph
      const before = version === 2 && shape.sorted ? readComparator(graph) : null
      const count = readVarInt(reader)
      if (version === 5 && count === 0) return null
      const size = checkSize(reader, version === 5 ? count - 1 : count, 'map entries', 2)
      const after =
        version === 5 && shape.sorted ? (size > 0 ? readComparator(graph) : readClassAndObject(graph)) : before
      const part = (type: DeclaredType | undefined): Value => {
        const inside = argsInside(version, type)
        if (type === undefined || !classes.isFinal(type)) return readClassAndObject(graph, inside)
        return shape.notNull ? readObject(graph, type.name, inside) : readObjectOrNull(graph, type.name, inside)
      }
      const entries = readEach(graph, size, () => [readEarlier(graph, () => part(args[0])), part(args[1])])
      return withClass(remember(entries, after), className)
    },
    write: (sink, value, _, args) => {
      const entries = arrayOf(value)
      if (version === 2 && shape.sorted) writeComparator(sink, entries)
      writeVarInt(sink.writer, entries.length + (version === 5 ? 1 : 0))
      if (version === 5 && shape.sorted) writeComparator(sink, entries)
      for (const entry of entries) {
        arrayOf(entry).forEach((each, i) => {
          writePart(sink, each, args[i], shape)
        })
      }
    },
  }
}

function writePart(sink: Sink, value: Value, type: DeclaredType | undefined, shape: CollectionShape): void {
  const inside = argsInside(sink.classes.version, type)
  if (type === undefined || !sink.classes.isFinal(type)) writeClassAndObject(sink, value, inside)
  else if (shape.notNull) writeObject(sink, value, type.name, inside)
  else writeObjectOrNull(sink, value, type.name, inside)
}

// --- the small ones of java.util.Collections, enums, Arrays.asList ---------------------------------------------------

function emptyCodec(): ObjectCodec {
  return {
    read: (_, className) => withClass([], className),
    write: (_, value) => {
      if (arrayOf(value).length > 0) throw unfit('no element', value)
    },
  }
}

const SINGLETON: ObjectCodec = {
  read: (graph, className) => withClass([readClassAndObject(graph)], className),
  write: (sink, value) => {
    if (arrayOf(value).length !== 1) throw unfit('one element', value)
    writeClassAndObject(sink, arrayOf(value)[0]!)
  },
}

const SINGLETON_MAP: ObjectCodec = {
  read: (graph, className) => {
    const key = readEarlier(graph, () => readClassAndObject(graph))
    return withClass([[key, readClassAndObject(graph)]], className)
  },
  write: (sink, value) => {
    if (arrayOf(value).length !== 1) throw unfit('one entry', value)
    for (const each of arrayOf(arrayOf(value)[0]!)) writeClassAndObject(sink, each)
  },
}

/** chill's serializer for `Arrays.asList`: varint size, class of the array's elements, elements. */
const AS_LIST_2: ObjectCodec = {
  read: (graph, className) => {
    const size = readVarInt(graph.reader)
    readClass(graph)
    checkSize(graph.reader, size, 'elements')
    return withClass(
      readEach(graph, size, () => readClassAndObject(graph)),
      className,
    )
  },
  write: (sink, value) => {
    const values = arrayOf(value)
    const met = new Set(values.map(classOfValue))
    writeVarInt(sink.writer, values.length)
    writeClass(sink, met.size === 1 ? ([...met][0] ?? 'java.lang.Object') : 'java.lang.Object')
    for (const each of values) writeClassAndObject(sink, each)
  },
}

/** Class of a constant, varint size, varint ordinal + 1 of each. */
export function enumSetCodec(constantsOf: (className: string) => readonly string[] | undefined): ObjectCodec {
  return {
    read: (graph, className) => {
      const { reader } = graph
      const element = readClass(graph)
      if (element === null) throw new KobelError('CORRUPT', 'an EnumSet has no class', { offset: reader.offset })
      const constants = constantsOf(element)
      const size = readSize(reader, 'constants')
      const values = Array.from({ length: size }, () => {
        const at = reader.offset
        return constantAt(readVarInt(reader) - 1, element, constants, at)
      })
      ENUM_CLASSES.set(values, element)
      return withClass(values, className)
    },
    write: (sink, value) => {
      const values = arrayOf(value)
      const element = ENUM_CLASSES.get(values)
      if (element === undefined) throw unfit('an EnumSet that was read', value)
      writeClass(sink, element)
      writeVarInt(sink.writer, values.length)
      for (const each of values) writeVarInt(sink.writer, ordinalOf(each, element, constantsOf(element)) + 1)
    },
  }
}

const ENUM_CLASSES = new WeakMap<object, string>()

// --- classes -------------------------------------------------------------------------------------------------------

const UTIL = 'java.util.'
const CONCURRENT = 'java.util.concurrent.'

function named(prefix: string, names: string): string[] {
  return names.split(' ').map((name) => prefix + name)
}

const LISTS: readonly string[] = [
  ...named(UTIL, 'ArrayList LinkedList ArrayDeque Vector Stack ArrayList$SubList AbstractList$SubList'),
  ...named(UTIL, 'AbstractList$RandomAccessSubList SubList RandomAccessSubList Collections$CopiesList'),
  ...named(`${UTIL}Collections$`, 'UnmodifiableCollection UnmodifiableList UnmodifiableRandomAccessList'),
  ...named(`${UTIL}Collections$`, 'SynchronizedCollection SynchronizedList SynchronizedRandomAccessList'),
  ...named(`${UTIL}Collections$`, 'CheckedCollection CheckedList CheckedRandomAccessList AsLIFOQueue'),
  ...named(CONCURRENT, 'CopyOnWriteArrayList ConcurrentLinkedQueue ConcurrentLinkedDeque LinkedBlockingQueue'),
  ...named(CONCURRENT, 'LinkedBlockingDeque ArrayBlockingQueue PriorityBlockingQueue LinkedTransferQueue DelayQueue'),
  ...named(UTIL, 'HashMap$Values LinkedHashMap$LinkedValues TreeMap$Values'),
]

const SETS: readonly string[] = [
  ...named(UTIL, 'HashSet LinkedHashSet HashMap$KeySet LinkedHashMap$LinkedKeySet TreeMap$KeySet'),
  ...named(`${UTIL}Collections$`, 'UnmodifiableSet UnmodifiableSortedSet UnmodifiableNavigableSet SetFromMap'),
  ...named(`${UTIL}Collections$`, 'SynchronizedSet SynchronizedSortedSet CheckedSet'),
  ...named(CONCURRENT, 'ConcurrentSkipListSet CopyOnWriteArraySet ConcurrentHashMap$KeySetView'),
]

const MAPS: readonly string[] = [
  ...named(UTIL, 'HashMap LinkedHashMap Hashtable Properties IdentityHashMap WeakHashMap EnumMap'),
  ...named(`${UTIL}Collections$`, 'UnmodifiableMap UnmodifiableSortedMap UnmodifiableNavigableMap'),
  ...named(`${UTIL}Collections$`, 'SynchronizedMap SynchronizedSortedMap CheckedMap'),
  `${CONCURRENT}ConcurrentHashMap`,
]

const IMMUTABLE = `${UTIL}ImmutableCollections$`
const IMMUTABLE_LISTS: readonly string[] = named(IMMUTABLE, 'ListN List12 SubList')
const IMMUTABLE_SETS: readonly string[] = named(IMMUTABLE, 'SetN Set12')
const IMMUTABLE_MAPS: readonly string[] = named(IMMUTABLE, 'MapN Map1')
const SORTED_MAP = `${UTIL}TreeMap`
const SKIP_LIST_MAP = `${CONCURRENT}ConcurrentSkipListMap`

const SET_CLASSES: ReadonlySet<string> = new Set([
  ...SETS,
  ...IMMUTABLE_SETS,
  ...named(UTIL, 'TreeSet Collections$SingletonSet Collections$EmptySet EnumSet RegularEnumSet JumboEnumSet'),
])
const MAP_CLASSES: ReadonlySet<string> = new Set([
  ...MAPS,
  ...IMMUTABLE_MAPS,
  ...named(UTIL, 'TreeMap Collections$SingletonMap Collections$EmptyMap'),
  SKIP_LIST_MAP,
])

/** Whether values of a class have no order of their own, and so are printed sorted. */
export function isUnordered(className: string): boolean {
  return SET_CLASSES.has(className) || MAP_CLASSES.has(className) || /^scala\.collection\..*(Set|Map)/.test(className)
}

const each = (names: readonly string[], codec: ObjectCodec) => Object.fromEntries(names.map((name) => [name, codec]))

export function collectionCodecs(version: KryoVersion): Record<string, ObjectCodec> {
  const plain = collectionCodec(version)
  const map = mapCodec(version)
  const sorted = collectionCodec(version, { sorted: true })
  const notNull = version === 5 ? collectionCodec(5, { notNull: true }) : plain
  const notNullMap = version === 5 ? mapCodec(5, { notNull: true }) : map
  return {
    ...each([...LISTS, ...SETS], plain),
    ...each(MAPS, map),
    ...each([...IMMUTABLE_LISTS, ...IMMUTABLE_SETS], notNull),
    ...each(IMMUTABLE_MAPS, notNullMap),
    'java.util.TreeSet': sorted,
    'java.util.PriorityQueue': version === 2 ? collectionCodec(2, { sorted: true, untyped: true }) : sorted,
    [SORTED_MAP]: mapCodec(version, { sorted: true }),
    [SKIP_LIST_MAP]: version === 5 ? mapCodec(5, { sorted: true }) : map,
    'java.util.Arrays$ArrayList': version === 2 ? AS_LIST_2 : plain,
    'java.util.Collections$EmptyList': emptyCodec(),
    'java.util.Collections$EmptySet': emptyCodec(),
    'java.util.Collections$EmptyMap': emptyCodec(),
    'java.util.Collections$SingletonList': SINGLETON,
    'java.util.Collections$SingletonSet': SINGLETON,
    'java.util.Collections$SingletonMap': SINGLETON_MAP,
  }
}
