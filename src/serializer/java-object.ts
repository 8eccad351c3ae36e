import { equalBytes, fromHex } from '../bytes/encoding.ts'
import { type JavaValue, readJavaObject } from '../bytes/java-stream/index.ts'
import { Writer } from '../bytes/writer.ts'
import { KobelError } from '../error.ts'
import { longJson, typedBytesJson } from './interpreter/json.ts'
import type { Codec } from './layout.ts'
import { TypedBytes, type Value } from './value.ts'

/**
 * A value as a stream of `java.io.ObjectOutputStream` (`JavaSerializer`). Null, String, Integer, Long and Boolean are
 * what they are; everything else is its class and the bytes of the stream.
 */
export const JAVA_OBJECT: Codec = {
  name: 'Java serialization',
  delimited: true,
  read: (reader) => {
    const start = reader.offset
    const object = readJavaObject(reader)
    const bytes = reader.bytes.slice(start, reader.offset)
    const value = simpleValue(object)
    if (value !== undefined && isShort(value) && equalBytes(simpleBytes(value), bytes)) return value
    return new TypedBytes(classOf(object), bytes)
  },
  write: (writer, value) => writer.raw(value instanceof TypedBytes ? value.bytes : simpleBytes(value)),
  skip: (reader) => {
    readJavaObject(reader)
  },
  toJson: (value) => {
    if (value instanceof TypedBytes) return typedBytesJson(value)
    return typeof value === 'bigint' ? longJson(value) : JSON.stringify(value)
  },
  fromJson: (json) => {
    simpleBytes(json as Value)
    return json as Value
  },
}

const HEADER = 'aced0005'
const NUMBER = `78720010${hexOf('java.lang.Number')}86ac951d0b94e08b02000078`
/** A class descriptor, up to where the values of its fields begin. */
const INTEGER = fromHex(
  `${HEADER}73720011${hexOf('java.lang.Integer')}12e2a0a4f781873802000149000576616c7565${NUMBER}70`,
)
const LONG = fromHex(`${HEADER}7372000e${hexOf('java.lang.Long')}3b8be490cc8f23df0200014a000576616c7565${NUMBER}70`)
const BOOLEAN = fromHex(`${HEADER}73720011${hexOf('java.lang.Boolean')}cd207280d59cfaee0200015a000576616c75657870`)

function hexOf(text: string): string {
  return Array.from(text, (char) => char.charCodeAt(0).toString(16).padStart(2, '0')).join('')
}

function simpleValue(object: JavaValue): Value | undefined {
  if (object === null || typeof object === 'string') return object
  if (object.kind !== 'object') return undefined
  const value = object.parts.at(-1)?.fields.get('value')
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean' ? value : undefined
}

function classOf(object: JavaValue): string {
  return typeof object === 'object' && object !== null && 'className' in object
    ? object.className
    : 'java.io.Serializable'
}

function simpleBytes(value: Value): Uint8Array {
  const writer = new Writer()
  if (value === null) {
    writer.raw(fromHex(`${HEADER}70`))
  } else if (typeof value === 'string') {
    writer.raw(fromHex(`${HEADER}74`))
    writer.utf(value)
  } else if (typeof value === 'boolean') {
    writer.raw(BOOLEAN)
    writer.bool(value)
  } else if (typeof value === 'number' && value === (value | 0)) {
    writer.raw(INTEGER)
    writer.i32(value)
  } else if (typeof value === 'bigint' && BigInt.asIntN(64, value) === value) {
    writer.raw(LONG)
    writer.i64(value)
  } else {
    throw new KobelError('USAGE', 'a string, boolean, int, long or null was expected, or bytes with a class')
  }
  return writer.toBytes()
}

/** A long text is stored in another form, which stays bytes. */
function isShort(value: Value): boolean {
  return typeof value !== 'string' || value.length <= 0xffff / 3
}
