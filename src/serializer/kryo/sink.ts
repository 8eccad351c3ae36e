import type { Writer } from '../../bytes/writer.ts'
import { KobelError } from '../../error.ts'
import { CLASS, TypedBytes, type Value } from '../value.ts'
import type { KryoClasses } from './classes.ts'
import { REF_TARGETS } from './graph.ts'
import { writeClassName, writeVarInt } from './primitives.ts'
import type { DeclaredType } from './types.ts'

/** An object graph while it is written: the mirror of `Graph`. */
export interface Sink {
  readonly writer: Writer
  readonly classes: KryoClasses
  readonly names: Map<string, number>
  /** Numbers of arrays and objects written; what is the same in JavaScript is the same in Java. */
  readonly objects: Map<object, number>
  /** Number of the next object; texts and numbers count too. */
  next: number
}

export function newSink(writer: Writer, classes: KryoClasses): Sink {
  return { writer, classes, names: new Map(), objects: new Map(), next: 0 }
}

export function unfit(expected: string, found: unknown): KobelError {
  const text =
    typeof found === 'bigint'
      ? String(found)
      : (JSON.stringify(found, (_, v) => (typeof v === 'bigint' ? String(v) : v)) ?? 'nothing')
  return new KobelError('USAGE', `${expected} was expected in a Kryo value, found ${text.slice(0, 60)}`)
}

export function writeClass(sink: Sink, className: string | null): void {
  const { writer } = sink
  if (className === null) return writeVarInt(writer, 0)
  const id = sink.classes.idOf(className)
  if (id !== undefined) return writeVarInt(writer, id + 2)
  writeVarInt(writer, 1)
  const known = sink.names.get(className)
  writeVarInt(writer, known ?? sink.names.size)
  if (known !== undefined) return
  sink.names.set(className, sink.names.size)
  writeClassName(writer, className, sink.classes.version)
}

/** What a list or map is written as where an interface is declared and it does not name its class. */
const COLLECTIONS: Readonly<Record<string, string>> = {
  'java.lang.Iterable': 'java.util.ArrayList',
  'java.util.Collection': 'java.util.ArrayList',
  'java.util.List': 'java.util.ArrayList',
  'java.util.Queue': 'java.util.ArrayDeque',
  'java.util.Deque': 'java.util.ArrayDeque',
  'java.util.Set': 'java.util.HashSet',
  'java.util.SortedSet': 'java.util.TreeSet',
  'java.util.NavigableSet': 'java.util.TreeSet',
  'java.util.Map': 'java.util.HashMap',
  'java.util.SortedMap': 'java.util.TreeMap',
  'java.util.NavigableMap': 'java.util.TreeMap',
}

/**
 * The class that a value is written as where only the value tells: what it was read as, else String, Boolean, Long for
 * a bigint, Integer or Double for a number, `byte[]`.
 */
export function classOfValue(value: Value): string | null {
  if (value === null) return null
  if (typeof value === 'string') return 'java.lang.String'
  if (typeof value === 'boolean') return 'java.lang.Boolean'
  if (typeof value === 'bigint') return 'java.lang.Long'
  if (typeof value === 'number') {
    return value === (value | 0) && !Object.is(value, -0) ? 'java.lang.Integer' : 'java.lang.Double'
  }
  if (value instanceof Uint8Array) return '[B'
  if (value instanceof TypedBytes) return value.class
  const className = (value as { [CLASS]?: string })[CLASS]
  if (className !== undefined) return className
  const target = REF_TARGETS.get(value)
  const targetClass = target && (target as { [CLASS]?: string })[CLASS]
  if (targetClass !== undefined) return targetClass
  throw unfit('a value that names its Java class (member CLASS)', value)
}

/** Types that a String, number, Boolean or `byte[]` can be declared as. */
const OPEN_TYPES: ReadonlySet<string> = new Set([
  'java.lang.Object',
  'java.io.Serializable',
  'java.lang.Comparable',
  'java.lang.Number',
  'java.lang.CharSequence',
])

/**
 * The class that a value is written as where `declaredClass` is declared: its own where it names one, else the declared
 * class, else what the value tells. Refuses what would change its class.
 */
export function classToWrite(sink: Sink, value: Value, declaredClass: string): string {
  const codec = sink.classes.codecOf(declaredClass)
  const named = typeof value === 'object' && value !== null && (CLASS in value || 'ref' in value)
  if (codec?.write && declaredClass !== 'java.lang.Object' && (codec.holder || !named)) return declaredClass
  if (!named && Array.isArray(value) && Object.hasOwn(COLLECTIONS, declaredClass)) return COLLECTIONS[declaredClass]!
  const className = classOfValue(value)!
  if (named || value instanceof TypedBytes || className === declaredClass || OPEN_TYPES.has(declaredClass)) {
    return className
  }
  if (codec) throw new KobelError('USAGE', `kobel cannot write a ${declaredClass} with Kryo: give its bytes`)
  throw unfit(`a value whose class is known, for ${declaredClass},`, value)
}

export function writeClassAndObject(sink: Sink, value: Value, args: readonly DeclaredType[] = []): void {
  const className = classOfValue(value)
  writeClass(sink, className)
  if (className !== null) writeObject(sink, value, className, args)
}

export function writeObject(sink: Sink, value: Value, className: string, args: readonly DeclaredType[] = []): void {
  writeMarked(sink, value, className, args, false)
}

export function writeObjectOrNull(
  sink: Sink,
  value: Value,
  className: string,
  args: readonly DeclaredType[] = [],
): void {
  if (value === null) return writeVarInt(sink.writer, 0)
  writeMarked(sink, value, className, args, true)
}

function writeMarked(
  sink: Sink,
  value: Value,
  className: string,
  args: readonly DeclaredType[],
  orNull: boolean,
): void {
  const { writer } = sink
  if (value instanceof TypedBytes) {
    sink.next++
    return writer.raw(value.bytes)
  }
  const codec = sink.classes.codecOf(className)
  if (codec?.write === undefined) {
    throw new KobelError('USAGE', `kobel cannot write a ${className} with Kryo: give its bytes`)
  }
  if (codec.referenced === false) {
    if (orNull) writeVarInt(writer, 1)
    return codec.write(sink, value, className, args)
  }
  // What a holder holds is not the holder.
  if (typeof value === 'object' && value !== null && !codec.holder) {
    const target = REF_TARGETS.get(value) ?? value
    const known = sink.objects.get(target)
    if (known !== undefined) return writeVarInt(writer, known + 2)
    if (target !== value) throw unfit('the object that a { ref } stands for, before it,', value)
    sink.objects.set(value, sink.next)
  }
  sink.next++
  writeVarInt(writer, 1)
  codec.write(sink, value, className, args)
}
