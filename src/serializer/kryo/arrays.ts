import type { Value } from '../value.ts'
import type { KryoClasses, ObjectCodec } from './classes.ts'
import { arrayOf } from './collections.ts'
import { readClassAndObject, readEach, readObjectOrNull, withClass } from './graph.ts'
import { FIXED, readSize, writeVarInt } from './primitives.ts'
import { bytesOf, PRIMITIVES, text } from './scalars.ts'
import { writeClassAndObject, writeObjectOrNull } from './sink.ts'
import { componentOf } from './types.ts'

/** varint length + 1 (0 = null), elements. */

const WIDTHS: Readonly<Record<string, number>> = {
  boolean: 1,
  byte: 1,
  short: 2,
  char: 2,
  int: 1,
  long: 1,
  float: 4,
  double: 8,
}

const BYTES: ObjectCodec = {
  read: ({ reader }) => {
    const length = readSize(reader, 'bytes', 0)
    return length === 0 ? null : reader.take(length - 1).slice()
  },
  write: ({ writer }, value) => {
    const bytes = bytesOf(value)
    writeVarInt(writer, bytes.length + 1)
    writer.raw(bytes)
  },
}

const CHARS: ObjectCodec = {
  read: ({ reader, classes }) => {
    const length = readSize(reader, 'characters', 0)
    if (length === 0) return null
    reader.need(2 * (length - 1))
    let all = ''
    for (let i = 1; i < length; i++) all += String.fromCharCode(FIXED[classes.version].u16(reader))
    return all
  },
  write: ({ writer, classes }, value) => {
    const all = text(value)
    writeVarInt(writer, all.length + 1)
    for (let i = 0; i < all.length; i++) FIXED[classes.version].writeI16(writer, all.charCodeAt(i))
  },
}

function primitiveArray(name: string): ObjectCodec {
  const primitive = PRIMITIVES[name]!
  return {
    read: (graph, className) => {
      const { reader, classes } = graph
      const length = readSize(reader, 'elements', 0)
      if (length === 0) return null
      reader.need((length - 1) * WIDTHS[name]!)
      const values: Value[] = []
      for (let i = 1; i < length; i++) values.push(primitive.read(reader, classes.version))
      graph.weight += length
      return withClass(values, className)
    },
    write: ({ writer, classes }, value) => {
      const values = arrayOf(value)
      writeVarInt(writer, values.length + 1)
      for (const each of values) primitive.write(writer, each, classes.version)
    },
  }
}

/** Elements of a final class, and arrays, have no class of their own. */
const OBJECTS: ObjectCodec = {
  read: (graph, className, args) => {
    const size = readSize(graph.reader, 'elements', 0)
    if (size === 0) return null
    graph.reader.need(size - 1)
    const element = elementOf(graph.classes, className)
    const inside = graph.classes.version === 2 ? args : []
    const values = readEach(graph, size - 1, () =>
      element.final ? readObjectOrNull(graph, element.name, inside) : readClassAndObject(graph, inside),
    )
    return withClass(values, className)
  },
  write: (sink, value, className, args) => {
    const values = arrayOf(value)
    writeVarInt(sink.writer, values.length + 1)
    const element = elementOf(sink.classes, className)
    const inside = sink.classes.version === 2 ? args : []
    for (const each of values) {
      if (element.final) writeObjectOrNull(sink, each, element.name, inside)
      else writeClassAndObject(sink, each, inside)
    }
  },
}

function elementOf(classes: KryoClasses, className: string): { name: string; final: boolean } {
  const name = componentOf(className) ?? 'java.lang.Object'
  return { name, final: name.startsWith('[') || classes.isFinal({ name, args: [] }) }
}

const CODECS: ReadonlyMap<string, ObjectCodec> = new Map([
  ['byte', BYTES],
  ['char', CHARS],
  ...['boolean', 'short', 'int', 'long', 'float', 'double'].map((name) => [name, primitiveArray(name)] as const),
])

/** The codec of an array class; `undefined` for other classes. */
export function arrayCodec(className: string): ObjectCodec | undefined {
  const component = componentOf(className)
  return component === undefined ? undefined : (CODECS.get(component) ?? OBJECTS)
}
