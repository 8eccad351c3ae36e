import type { JavaValue } from '../../bytes/java-stream/index.ts'
import type { Reader } from '../../bytes/reader.ts'
import { KobelError } from '../../error.ts'
import { CLASS, TypedBytes, type Value } from '../value.ts'
import type { KryoClasses, ObjectCodec } from './classes.ts'
import { looksLikeJavaStream, readJavaStream } from './java.ts'
import { readKryoString, readVarInt } from './primitives.ts'
import type { DeclaredType } from './types.ts'

/** An object graph while it is read: what one `writeClassAndObject` of Kryo wrote. */
export interface Graph {
  readonly reader: Reader
  readonly classes: KryoClasses
  /** Class names by the number that stands for them when they come again. */
  readonly names: Map<number, string>
  /** Objects by the number that stands for them when they come again. */
  readonly objects: Slot[]
  /** Java object streams go on from one object of a serializer to its next. */
  readonly streams: Map<string, () => JavaValue>
  /** Bytes between the end of the value and the reader's limit; -1 where not known. */
  readonly tail: number
  /** Values that still come after the one that is read now. */
  following: number
  depth: number
  /** The greatest depth reached since it was last set. */
  deepest: number
  weight: number
  /** Weight that objects which come again have added. */
  repeated: number
}

interface Slot {
  value: Value | undefined
  /** Size of the value when printed, roughly; and how deep it goes. */
  weight: number
  height: number
}

/** Far from the end of the call stack; Kryo itself ends at some thousand levels. */
const MAX_DEPTH = 400

/** Shared objects are repeated until the value has grown by this much; then they are `{ ref }`. */
const MAX_REPEATED = 1 << 20

/** The object that a `{ ref }` stands for, so that it can be written back. */
export const REF_TARGETS: WeakMap<object, object> = new WeakMap()

export function newGraph(reader: Reader, classes: KryoClasses, tail: number): Graph {
  return {
    reader,
    classes,
    names: new Map(),
    objects: [],
    streams: new Map(),
    tail,
    following: 0,
    depth: 0,
    deepest: 0,
    weight: 0,
    repeated: 0,
  }
}

/** varint: 0 null; 1 a name: varint number, string where the number is new; else the registered id + 2. */
export function readClass(graph: Graph): string | null {
  const { reader } = graph
  const at = reader.offset
  const tag = readVarInt(reader)
  if (tag === 0) return null
  if (tag !== 1) {
    const className = graph.classes.classOf(tag - 2)
    if (className !== undefined) return className
    throw new KobelError(
      'CORRUPT',
      `the Kryo class id ${tag - 2} is not registered in the serializer snapshot (or another version of Kryo wrote this)`,
      { offset: at },
    )
  }
  const number = readVarInt(reader)
  const known = graph.names.get(number)
  if (known !== undefined) return known
  const className = readKryoString(reader)
  if (className === null || !/^[^\s;]+;?$/u.test(className) || className.length > 1000) {
    throw new KobelError('CORRUPT', 'a class name was expected in a Kryo value', { offset: at })
  }
  graph.names.set(number, className)
  return className
}

/** `Kryo.readClassAndObject`. */
export function readClassAndObject(graph: Graph, args: readonly DeclaredType[] = []): Value {
  const className = readClass(graph)
  return className === null ? weighed(graph, null) : readObject(graph, className, args)
}

/** `Kryo.readObject`: reference marker unless the class has none, then the serializer's bytes. */
export function readObject(graph: Graph, className: string, args: readonly DeclaredType[] = []): Value {
  const codec = graph.classes.codecOf(className)
  if (codec === undefined) return readUnknown(graph, className)
  return codec.referenced === false
    ? readBody(graph, codec, className, args)
    : readMarked(graph, codec, className, args, false)
}

/** `Kryo.readObjectOrNull`: always a marker. */
export function readObjectOrNull(graph: Graph, className: string, args: readonly DeclaredType[] = []): Value {
  const codec = graph.classes.codecOf(className)
  if (codec === undefined) {
    graph.reader.need(1)
    if (graph.reader.bytes[graph.reader.offset] !== 0) return readUnknown(graph, className)
    graph.reader.skip(1)
    return weighed(graph, null)
  }
  if (codec.referenced !== false) return readMarked(graph, codec, className, args, true)
  return readVarInt(graph.reader) === 0 ? weighed(graph, null) : readBody(graph, codec, className, args)
}

function readMarked(
  graph: Graph,
  codec: ObjectCodec,
  className: string,
  args: readonly DeclaredType[],
  orNull: boolean,
): Value {
  const at = graph.reader.offset
  const marker = readVarInt(graph.reader)
  if (marker === 1) return readNew(graph, () => readBody(graph, codec, className, args))
  if (marker === 0 && orNull) return weighed(graph, null)
  return readReference(graph, marker - 2, at)
}

function readNew(graph: Graph, read: () => Value): Value {
  const slot: Slot = { value: undefined, weight: 0, height: 0 }
  graph.objects.push(slot)
  const { weight, deepest } = graph
  graph.deepest = graph.depth
  const value = read()
  slot.value = value
  slot.weight = graph.weight - weight
  slot.height = graph.deepest - graph.depth
  graph.deepest = Math.max(deepest, graph.deepest)
  const waiting = WAITING.get(slot)
  if (waiting && typeof value === 'object' && value !== null) for (const ref of waiting) REF_TARGETS.set(ref, value)
  return value
}

/** `{ ref }`s to an object that is not finished: they learn their target when it is. */
const WAITING = new WeakMap<Slot, object[]>()

/** The earlier object itself, unless that would make a cycle or too much of it. */
function readReference(graph: Graph, number: number, at: number): Value {
  const slot = graph.objects[number]
  if (slot === undefined) {
    throw new KobelError('CORRUPT', `a reference to the object ${number} of ${graph.objects.length} in a Kryo value`, {
      offset: at,
    })
  }
  const { value, weight, height } = slot
  const fits = graph.repeated + weight <= MAX_REPEATED && graph.depth + height < MAX_DEPTH
  if (value !== undefined && fits) {
    graph.repeated += weight
    graph.weight += weight
    graph.deepest = Math.max(graph.deepest, graph.depth + height)
    return value
  }
  const ref = { ref: number }
  if (value === undefined) WAITING.set(slot, [...(WAITING.get(slot) ?? []), ref])
  else if (typeof value === 'object' && value !== null) REF_TARGETS.set(ref, value)
  return weighed(graph, ref)
}

function readBody(graph: Graph, codec: ObjectCodec, className: string, args: readonly DeclaredType[]): Value {
  if (++graph.depth > MAX_DEPTH) {
    throw new KobelError('LIMIT', `Kryo objects are nested deeper than ${MAX_DEPTH}`, { offset: graph.reader.offset })
  }
  if (graph.depth > graph.deepest) graph.deepest = graph.depth
  const value = codec.read(graph, className, args)
  graph.depth--
  return weighed(graph, value)
}

function weighed(graph: Graph, value: Value): Value {
  graph.weight += 1 + (typeof value === 'string' ? value.length : value instanceof Uint8Array ? value.length : 0)
  return value
}

/** Reads values one after another, so that an object of unknown fields knows whether something follows it. */
export function readEach<T>(graph: Graph, count: number, read: (index: number) => T): T[] {
  const values: T[] = []
  for (let i = 0; i < count; i++) {
    const before = graph.following
    if (i < count - 1) graph.following++
    values.push(read(i))
    graph.following = before
  }
  return values
}

/** A value that is not the last of its owner. */
export function readEarlier<T>(graph: Graph, read: () => T): T {
  graph.following++
  const value = read()
  graph.following--
  return value
}

/**
 * An object whose fields are not known: Java serialization shows itself; else its bytes are known only where nothing
 * follows it and the end of the value is known.
 */
function readUnknown(graph: Graph, className: string): Value {
  const { reader, tail } = graph
  if (looksLikeJavaStream(graph)) {
    reader.skip(1)
    return readNew(graph, () => weighed(graph, readJavaStream(graph, 'java')))
  }
  if (tail < 0 || graph.following > 0) throw unknownClass(className, reader)
  const bytes = reader.take(Math.max(0, reader.remaining - tail)).slice()
  return weighed(graph, new TypedBytes(className, bytes))
}

export function unknownClass(className: string, reader: Reader): KobelError {
  return new KobelError(
    'UNKNOWN_SERIALIZER',
    `Kryo does not store the fields of ${className}; describe them with the option fields`,
    { offset: reader.offset },
  )
}

/** Names an array's Java class without changing how the array looks or compares. */
export function withClass<T extends object>(value: T, className: string): T {
  Object.defineProperty(value, CLASS, { value: className, enumerable: false, configurable: true, writable: true })
  return value
}
