import { KobelError } from '../../error.ts'
import { readModifiedUtf8 } from '../modified-utf8.ts'
import type { Reader } from '../reader.ts'
import {
  corrupt,
  enter,
  leave,
  mark,
  newState,
  readReference,
  remember,
  rewind,
  type StoringClass,
  type StreamState,
} from './state.ts'
import type {
  JavaArray,
  JavaBlockData,
  JavaBytes,
  JavaClassDesc,
  JavaEnum,
  JavaFieldDesc,
  JavaFieldValue,
  JavaObject,
  JavaPart,
  JavaValue,
} from './types.ts'

export type * from './types.ts'
export { javaField } from './types.ts'

/** `java.io.ObjectStreamConstants` */
const STREAM_MAGIC = 0xaced
const STREAM_VERSION = 5
const TC_NULL = 0x70
const TC_REFERENCE = 0x71
const TC_CLASSDESC = 0x72
const TC_OBJECT = 0x73
const TC_STRING = 0x74
const TC_ARRAY = 0x75
const TC_CLASS = 0x76
const TC_BLOCKDATA = 0x77
const TC_ENDBLOCKDATA = 0x78
const TC_RESET = 0x79
const TC_BLOCKDATALONG = 0x7a
const TC_EXCEPTION = 0x7b
const TC_LONGSTRING = 0x7c
const TC_PROXYCLASSDESC = 0x7d
const TC_ENUM = 0x7e
const SC_WRITE_METHOD = 0x01
const SC_SERIALIZABLE = 0x02
const SC_EXTERNALIZABLE = 0x04
const SC_BLOCK_DATA = 0x08
const SC_ENUM = 0x10

/**
 * Reads the stream of a fresh `java.io.ObjectOutputStream` that took one object, and leaves the reader behind it:
 * ```
 * stream  = u16 0xACED, u16 5, content
 * content = TC_NULL | TC_REFERENCE i32 | TC_STRING utf | TC_LONGSTRING i64 bytes | TC_CLASS classDesc | classDesc
 *         | TC_OBJECT classDesc part* | TC_ENUM classDesc string | TC_ARRAY classDesc i32 value*
 *         | TC_BLOCKDATA u8 bytes | TC_BLOCKDATALONG i32 bytes
 * ```
 * (Java Object Serialization Specification, chapter 6). The stream does not say its length: that it is read to its end
 * is how the caller learns where the next thing begins.
 */
export function readJavaObject(reader: Reader): JavaValue {
  return openJavaStream(reader)()
}

/** Reads the header, and gives a function that reads the objects behind it one by one: they share their handles. */
export function openJavaStream(reader: Reader): () => JavaValue {
  const at = reader.offset
  const magic = reader.u16()
  const version = reader.u16()
  if (magic !== STREAM_MAGIC || version !== STREAM_VERSION) {
    throw new KobelError('CORRUPT', 'a Java-serialized object was expected, it would begin with AC ED 00 05', {
      offset: at,
    })
  }
  while (peek(reader) === TC_RESET) reader.skip(1)
  const state = newState(reader)
  return () => readContent(state)
}

function readContent(state: StreamState): JavaValue {
  enter(state)
  const { reader } = state
  const at = reader.offset
  const tag = reader.u8()
  const value = readTagged(state, tag, at)
  leave(state)
  return value
}

function readTagged(state: StreamState, tag: number, at: number): JavaValue {
  switch (tag) {
    case TC_NULL:
      return null
    case TC_REFERENCE:
      return readReference(state)
    case TC_STRING:
      return remember(state, state.reader.utf())
    case TC_LONGSTRING:
      return remember(state, readLongString(state.reader))
    case TC_CLASS: {
      const classDesc = readClassDescOf(state, 'a class')
      return remember(state, { kind: 'class', className: classDesc.className, classDesc })
    }
    case TC_CLASSDESC:
      return readClassDescBody(state)
    case TC_PROXYCLASSDESC:
      return readProxyClassDescBody(state)
    case TC_OBJECT:
      return readObject(state)
    case TC_ENUM:
      return readEnum(state)
    case TC_ARRAY:
      return readArray(state)
    case TC_BLOCKDATA:
      return { kind: 'block-data', bytes: state.reader.take(state.reader.u8()) }
    case TC_BLOCKDATALONG:
      return { kind: 'block-data', bytes: state.reader.take(state.reader.count('bytes of block data')) }
    case TC_EXCEPTION:
      throw corrupt('writing it failed in Java, what follows is the exception', at)
    default:
      throw corrupt(`the unknown or misplaced tag 0x${tag.toString(16)}`, at)
  }
}

function peek(reader: Reader): number {
  reader.need(1)
  return reader.bytes[reader.offset]!
}

function readLongString(reader: Reader): string {
  const length = reader.i64Number()
  reader.need(length)
  const text = readModifiedUtf8(reader.bytes, reader.offset, reader.offset + length)
  reader.skip(length)
  return text
}

/** A string, or a reference to one. */
function readStringContent(state: StreamState, what: string): string {
  const at = state.reader.offset
  const value = readContent(state)
  if (typeof value !== 'string') throw corrupt(`${what} is not a string`, at)
  return value
}

/** `classDesc = TC_CLASSDESC … | TC_PROXYCLASSDESC … | TC_REFERENCE i32 | TC_NULL` */
function readClassDesc(state: StreamState): JavaClassDesc | null {
  const at = state.reader.offset
  const value = readContent(state)
  if (value === null) return null
  if (typeof value === 'string' || value.kind !== 'class-desc') throw corrupt('a class descriptor was expected', at)
  if (!state.classes.has(value)) throw corrupt('a class descriptor refers to itself', at)
  return value
}

function readClassDescOf(state: StreamState, what: string): JavaClassDesc {
  const at = state.reader.offset
  const classDesc = readClassDesc(state)
  if (classDesc === null) throw corrupt(`${what} has no class descriptor`, at)
  return classDesc
}

/**
 * ```
 * utf className, i64 serialVersionUID, u8 flags, u16 count, { u8 type, utf name, "[" and "L": string }*,
 * annotation, classDesc superClass
 * ```
 */
function readClassDescBody(state: StreamState): JavaClassDesc {
  const { reader } = state
  const className = reader.utf()
  const serialVersionUID = reader.i64()
  const fields: JavaFieldDesc[] = []
  const classDesc: Mutable<JavaClassDesc> = remember(state, {
    kind: 'class-desc',
    className,
    serialVersionUID,
    enumClass: false,
    externalizable: false,
    writesObject: false,
    fields,
    superClass: null,
  })
  const at = reader.offset
  const flags = reader.u8()
  classDesc.enumClass = (flags & SC_ENUM) !== 0
  classDesc.externalizable = (flags & SC_EXTERNALIZABLE) !== 0
  classDesc.writesObject = (flags & SC_WRITE_METHOD) !== 0
  if (classDesc.externalizable && (flags & SC_SERIALIZABLE) !== 0) {
    throw corrupt(`${className} is both serializable and externalizable`, at)
  }
  if (classDesc.externalizable && (flags & SC_BLOCK_DATA) === 0) {
    throw new KobelError(
      'UNSUPPORTED_VERSION',
      `${className} is externalizable in version 1 of the Java stream protocol, whose extent only its own code knows`,
      { offset: at },
    )
  }
  const count = reader.u16()
  reader.need(count * 3)
  for (let i = 0; i < count; i++) fields.push(readFieldDesc(state))
  finishClassDesc(state, classDesc)
  return classDesc
}

/** `i32 count, { utf interface }*, annotation, classDesc superClass` */
function readProxyClassDescBody(state: StreamState): JavaClassDesc {
  const { reader } = state
  const interfaces: string[] = []
  const classDesc = remember(state, {
    kind: 'class-desc',
    className: 'java.lang.reflect.Proxy',
    serialVersionUID: 0n,
    enumClass: false,
    externalizable: false,
    writesObject: false,
    fields: [],
    interfaces,
    superClass: null,
  })
  const count = reader.count('interfaces of a proxy', 2)
  for (let i = 0; i < count; i++) interfaces.push(reader.utf())
  finishClassDesc(state, classDesc)
  return classDesc
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** Reads what follows the fields. `annotateClass` of an ordinary stream writes nothing; what it may write is skipped. */
function finishClassDesc(state: StreamState, classDesc: Mutable<JavaClassDesc>): void {
  readAnnotations(state)
  const superClass = readClassDesc(state)
  classDesc.superClass = superClass
  const above = superClass === null ? undefined : state.classes.get(superClass)
  const stores = classDesc.fields.length > 0 || classDesc.writesObject || classDesc.externalizable
  state.classes.set(classDesc, stores ? { classDesc, above } : above)
}

function readFieldDesc(state: StreamState): JavaFieldDesc {
  const at = state.reader.offset
  const code = String.fromCharCode(state.reader.u8())
  const name = state.reader.utf()
  if (code === '[' || code === 'L') {
    const type = readStringContent(state, `the type of the field ${name}`)
    if (!type.startsWith(code)) throw corrupt(`the field ${name} has the type ${JSON.stringify(type)}`, at)
    return { name, type }
  }
  if (!PRIMITIVES.has(code)) throw corrupt(`a field of the unknown type ${JSON.stringify(code)}`, at)
  return { name, type: code }
}

interface Primitive {
  readonly bytes: number
  readonly read: (reader: Reader) => JavaFieldValue
}

const PRIMITIVES: ReadonlyMap<string, Primitive> = new Map<string, Primitive>([
  ['B', { bytes: 1, read: (reader) => reader.i8() }],
  ['C', { bytes: 2, read: (reader) => String.fromCharCode(reader.u16()) }],
  ['D', { bytes: 8, read: (reader) => reader.f64() }],
  ['F', { bytes: 4, read: (reader) => reader.f32() }],
  ['I', { bytes: 4, read: (reader) => reader.i32() }],
  ['J', { bytes: 8, read: (reader) => reader.i64() }],
  ['S', { bytes: 2, read: (reader) => reader.i16() }],
  ['Z', { bytes: 1, read: (reader) => reader.bool() }],
])

/** `classDesc, then the part of each class from the topmost down` */
function readObject(state: StreamState): JavaObject {
  const classDesc = readClassDescOf(state, 'an object')
  const parts: JavaPart[] = []
  const { className, serialVersionUID } = classDesc
  const object: JavaObject = remember(state, { kind: 'object', className, serialVersionUID, classDesc, parts })
  const storing: JavaClassDesc[] = []
  let at: StoringClass | undefined = state.classes.get(classDesc)
  for (; at !== undefined; at = at.above) storing.push(at.classDesc)
  for (const one of storing.reverse()) parts.push(readPart(state, one))
  return object
}

/**
 * ```
 * serializable: a value for each field; with a writeObject method: annotation behind them
 * externalizable: annotation
 * ```
 * A `writeObject` that calls neither `defaultWriteObject` nor `putFields` stores no fields, and the stream does not say
 * so: where reading with fields fails, the part is read once more without.
 */
function readPart(state: StreamState, classDesc: JavaClassDesc): JavaPart {
  const { className, fields } = classDesc
  if (classDesc.externalizable) return { className, fields: new Map(), annotations: readAnnotations(state) }
  if (!classDesc.writesObject) return { className, fields: readFields(state, fields), annotations: [] }
  const start = mark(state)
  try {
    return { className, fields: readFields(state, fields), annotations: readAnnotations(state) }
  } catch (error) {
    if (fields.length === 0 || !(error instanceof KobelError) || !rewind(state, start)) throw error
    return withoutFields(state, className, error)
  }
}

function withoutFields(state: StreamState, className: string, first: KobelError): JavaPart {
  try {
    return { className, fields: new Map(), annotations: readAnnotations(state) }
  } catch {
    throw first
  }
}

function readFields(state: StreamState, fields: readonly JavaFieldDesc[]): Map<string, JavaFieldValue> {
  const values = new Map<string, JavaFieldValue>()
  for (const { name, type } of fields) {
    const primitive = PRIMITIVES.get(type)
    values.set(name, primitive === undefined ? readContent(state) : primitive.read(state.reader))
  }
  return values
}

/** `annotation = content* TC_ENDBLOCKDATA` */
function readAnnotations(state: StreamState): JavaValue[] {
  const { reader } = state
  const contents: JavaValue[] = []
  let blocks: Uint8Array[] = []
  for (;;) {
    const tag = peek(reader)
    const ends = tag === TC_ENDBLOCKDATA
    const value = ends ? null : readContent(state)
    if (isBlockData(value) && (tag === TC_BLOCKDATA || tag === TC_BLOCKDATALONG)) {
      blocks.push(value.bytes)
      continue
    }
    if (blocks.length > 0) contents.push({ kind: 'block-data', bytes: joined(blocks) })
    blocks = []
    if (ends) break
    contents.push(value)
  }
  reader.skip(1)
  return contents
}

function isBlockData(value: JavaValue): value is JavaBlockData {
  return typeof value === 'object' && value !== null && value.kind === 'block-data'
}

function joined(blocks: readonly Uint8Array[]): Uint8Array {
  if (blocks.length === 1) return blocks[0]!
  const bytes = new Uint8Array(blocks.reduce((sum, block) => sum + block.length, 0))
  let at = 0
  for (const block of blocks) {
    bytes.set(block, at)
    at += block.length
  }
  return bytes
}

/** `classDesc, string` */
function readEnum(state: StreamState): JavaEnum {
  const { className } = readClassDescOf(state, 'an enum constant')
  const constant: Mutable<JavaEnum> = remember(state, { kind: 'enum', className, name: '' })
  constant.name = readStringContent(state, 'the name of an enum constant')
  return constant
}

/** `classDesc, i32 count, value*` */
function readArray(state: StreamState): JavaArray | JavaBytes {
  const { reader } = state
  const at = reader.offset
  const { className } = readClassDescOf(state, 'an array')
  if (!className.startsWith('[')) throw corrupt(`an array has the class ${JSON.stringify(className)}`, at)
  const primitive = PRIMITIVES.get(className.slice(1))
  if (className === '[B') {
    const array: Mutable<JavaBytes> = remember(state, { kind: 'bytes', bytes: new Uint8Array(0) })
    array.bytes = reader.take(reader.count('bytes of an array'))
    return array
  }
  const elements: JavaFieldValue[] = []
  const array: JavaArray = remember(state, { kind: 'array', className, elements })
  const count = reader.count('elements of an array', primitive?.bytes ?? 1)
  for (let i = 0; i < count; i++) elements.push(primitive === undefined ? readContent(state) : primitive.read(reader))
  return array
}
