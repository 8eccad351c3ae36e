import { fromBase64, toBase64 } from '../../bytes/encoding.ts'
import { Reader } from '../../bytes/reader.ts'
import { KobelError } from '../../error.ts'
import { kryoToJson } from '../kryo/json.ts'
import type { Codec } from '../layout.ts'
import { emptyObject, type Value } from '../value.ts'
import { looksLikePickle, readPickle, readWholePickle } from './pickle.ts'
import { pythonToValue } from './values.ts'

/**
 * A `byte[]` as jobs of PyFlink have them in the place of every value: `{ python, bytes }`, where the bytes are one
 * pickle, or `{ elements, bytes }`, where they are { i32 length, pickle } one or more times, as PyFlink's coders write
 * values and lists. What is neither stays bytes. A value is written from its bytes: no pickle is made. There is no hash:
 * an array has one only inside of a row, and a key is found by reading all of them.
 */
export const PYTHON_BYTES: Codec = {
  name: 'Python pickle',
  delimited: true,
  read: (reader) => {
    const bytes = reader.take(reader.count('bytes')).slice()
    return unpickled(bytes) ?? bytes
  },
  skip: (reader) => reader.skip(reader.count('bytes')),
  write: (writer, value) => {
    const bytes = bytesOf(value)
    writer.i32(bytes.length)
    writer.raw(bytes)
  },
  toJson: (value) => {
    if (value instanceof Uint8Array) return `"${toBase64(value)}"`
    const { bytes, ...shown } = value as { readonly [name: string]: Value }
    const members = Object.entries(shown).map(([name, member]) => `${JSON.stringify(name)}:${kryoToJson(member)}`)
    return `{${members.join(',')},"bytes":"${toBase64(bytes as Uint8Array)}"}`
  },
  fromJson: (json) => {
    const bytes = typeof json === 'string' ? json : (json as { bytes?: unknown } | null)?.bytes
    if (typeof bytes === 'string') return fromBase64(bytes)
    throw new KobelError('USAGE', 'a Python value is written from its bytes, which are not there (member bytes)')
  },
}

function bytesOf(value: Value): Uint8Array {
  if (value instanceof Uint8Array) return value
  const bytes = typeof value === 'object' && value !== null ? (value as { bytes?: Value }).bytes : undefined
  if (bytes instanceof Uint8Array) return bytes
  throw new KobelError('USAGE', 'a Python value is written from its bytes, which are not there (member bytes)')
}

/** `undefined` for bytes that are no pickle, or one that cannot be read. */
function unpickled(bytes: Uint8Array): Value | undefined {
  try {
    const shown = emptyObject()
    if (looksLikePickle(bytes)) shown.python = pythonToValue(readWholePickle(bytes))
    else {
      const elements = elementsOf(bytes)
      if (elements === undefined) return undefined
      shown.elements = elements
    }
    shown.bytes = bytes
    return shown
  } catch (error) {
    if (error instanceof KobelError) return undefined
    throw error
  }
}

/** { i32 length, pickle } to the end. */
function elementsOf(bytes: Uint8Array): Value[] | undefined {
  const reader = new Reader(bytes)
  const elements: Value[] = []
  while (reader.remaining >= 4) {
    const length = reader.i32()
    if (length < 4 || length > reader.remaining) return undefined
    const element = reader.take(length)
    if (!looksLikePickle(element)) return undefined
    const inside = new Reader(element)
    elements.push(pythonToValue(readPickle(inside)))
    if (inside.remaining > 0) return undefined
  }
  return reader.remaining === 0 && elements.length > 0 ? elements : undefined
}
