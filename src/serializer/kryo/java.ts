import { type JavaFieldValue, type JavaObject, openJavaStream } from '../../bytes/java-stream/index.ts'
import { CLASS, emptyObject, type Value } from '../value.ts'
import type { ObjectCodec } from './classes.ts'
import type { Graph } from './graph.ts'

/**
 * `JavaSerializer` of Kryo, chill and Flink (for Throwable): a Java object stream. Within one value the objects of one
 * serializer share a stream: only the first has its header.
 */
export function readJavaStream(graph: Graph, stream: string): Value {
  let next = graph.streams.get(stream)
  if (next === undefined) {
    next = openJavaStream(graph.reader)
    graph.streams.set(stream, next)
  }
  return javaToValue(next(), new Map())
}

/** Whether marker and header of a stream, or the next object of an open one, stand at the reader. */
export function looksLikeJavaStream({ reader, streams }: Graph): boolean {
  const { bytes, offset, limit } = reader
  if (offset + 2 > limit || bytes[offset] !== 1) return false
  if (streams.has('java')) return bytes[offset + 1] === 0x73
  return (
    offset + 5 <= limit &&
    bytes[offset + 1] === 0xac &&
    bytes[offset + 2] === 0xed &&
    bytes[offset + 3] === 0 &&
    bytes[offset + 4] === 5
  )
}

/** Objects become `{ CLASS, fields }`; one that comes again is `{ ref }`, counted in order of appearance. */
function javaToValue(value: JavaFieldValue, seen: Map<object, number>): Value {
  if (value === null || typeof value !== 'object') return value
  if (value.kind === 'enum') return value.name
  if (value.kind === 'class' || value.kind === 'class-desc') return value.className
  if (value.kind === 'bytes' || value.kind === 'block-data') return value.bytes.slice()
  const known = seen.get(value)
  if (known !== undefined) return { ref: known }
  seen.set(value, seen.size)
  if (value.kind === 'array') return value.elements.map((each) => javaToValue(each, seen))
  return javaObjectToValue(value, seen)
}

function javaObjectToValue(object: JavaObject, seen: Map<object, number>): Value {
  const converted = emptyObject()
  converted[CLASS] = object.className
  for (const part of object.parts) {
    for (const [name, field] of part.fields) {
      // A Throwable without cause has itself there.
      converted[name] = field === object ? null : javaToValue(field, seen)
    }
    const annotations = part.annotations.map((each) => javaToValue(each, seen))
    if (annotations.length > 0) converted[`${part.className}.writeObject`] = annotations
  }
  return converted
}

/** `Locale.toString()` of the fields that Java serialization stores. */
function localeText(value: Value): Value {
  const { language, country, variant, script } = value as Record<string, Value>
  const parts = [language, country, variant, script]
  if (!parts.every((part): part is string => typeof part === 'string')) return value
  return localeName(parts[0]!, parts[1]!, parts[2]!, parts[3]!)
}

export function localeName(language: string, country: string, variant: string, script = ''): string {
  if (language === '' && country === '') return ''
  const hasMore = country !== '' || variant !== '' || script !== ''
  let text = language
  if (country !== '' || (language !== '' && hasMore)) text += `_${country}`
  if (variant !== '') text += `_${variant}`
  if (script !== '') text += `${variant === '' ? '_' : ''}_#${script}`
  return text
}

/** Kryo 2.24 with chill writes a Locale with Java serialization, in a stream of its own. */
export const JAVA_LOCALE: ObjectCodec = { read: (graph) => localeText(readJavaStream(graph, 'locale')) }

export function javaCodec(stream: string): ObjectCodec {
  return { read: (graph) => readJavaStream(graph, stream) }
}
