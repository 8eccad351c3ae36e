import { Reader } from '../../bytes/reader.ts'
import { KobelError } from '../../error.ts'
import { hashLong, hashValue } from '../interpreter/hash.ts'
import { bytesOfValue } from '../interpreter/write.ts'
import { JAVA_LAYOUTS } from '../java-layouts.ts'
import type { Codec } from '../layout.ts'
import { TypedBytes, type Value } from '../value.ts'
import type { KryoClasses } from './classes.ts'
import { newGraph, readClass, readObject } from './graph.ts'
import { jsonToKryo, kryoToJson } from './json.ts'
import { parseUuid, WRAPPERS } from './scalars.ts'
import { classToWrite, newSink, writeClass, writeObject } from './sink.ts'

function hashOf(className: string, value: Value): number {
  if (value === null) return 0
  if (className === 'java.util.UUID') {
    const { most, least } = parseUuid(value)
    return hashLong(most ^ least)
  }
  const layout = JAVA_LAYOUTS[className]!
  const plain = className === 'java.math.BigInteger' ? BigInt(value as string) : value
  return hashValue(layout, new Reader(bytesOfValue(layout, plain)))
}

function isHashed(className: string): boolean {
  return className === 'java.util.UUID' || Object.hasOwn(JAVA_LAYOUTS, className)
}

/**
 * `KryoSerializer` of Flink: one `writeClassAndObject` with references. An object whose fields are not known makes
 * typed bytes of itself where it ends the value, else of the whole value; where the end of the value is not known
 * either, `UNKNOWN_SERIALIZER`.
 */
export function kryoCodec(classes: KryoClasses, declaredClass: string): Codec {
  const read = (reader: Reader, tail: number): Value => {
    const start = reader.offset
    let className = declaredClass
    try {
      const graph = newGraph(reader, classes, tail)
      const met = readClass(graph)
      if (met === null) return null
      className = met
      if (classes.codecOf(met) !== undefined) return readObject(graph, met)
      const value = readObject(graph, met)
      return value instanceof TypedBytes ? wholeValue(reader, start, met, tail) : value
    } catch (error) {
      if (tail < 0 || !(error instanceof KobelError) || error.code !== 'UNKNOWN_SERIALIZER') throw error
      return wholeValue(reader, start, className, tail)
    }
  }
  return {
    name: `Kryo ${classes.version}`,
    read,
    write: (writer, value) => {
      const sink = newSink(writer, classes)
      if (value === null) return writeClass(sink, null)
      if (value instanceof TypedBytes) return writer.raw(value.bytes)
      const className = classToWrite(sink, value, declaredClass)
      writeClass(sink, className)
      writeObject(sink, value, className)
    },
    skip: (reader, tail) => {
      read(reader, tail)
    },
    toJson: kryoToJson,
    fromJson: jsonToKryo,
    ...(isHashed(declaredClass) && {
      hash: (reader: Reader) => {
        const at = reader.offset
        const graph = newGraph(reader, classes, -1)
        const met = readClass(graph)
        const className = Object.entries(WRAPPERS).find(([, primitive]) => primitive === met)?.[0] ?? met
        if (className === null) return 0
        if (!isHashed(className))
          throw new KobelError('UNHASHABLE', `the hashCode of ${className} is not known`, { offset: at })
        return hashOf(className, readObject(graph, className))
      },
    }),
  }
}

function wholeValue(reader: Reader, start: number, className: string, tail: number): TypedBytes {
  reader.offset = start
  return new TypedBytes(className, reader.take(reader.remaining - tail).slice())
}
