import { KobelError } from '../../error.ts'
import type { Writer } from '../writer.ts'
import type { JavaArray, JavaClassDesc, JavaEnum, JavaFieldValue, JavaObject, JavaPart, JavaValue } from './types.ts'

/** `java.io.ObjectStreamConstants` */
const STREAM_HEADER = 0xaced0005
const BASE_WIRE_HANDLE = 0x7e0000
const TC_NULL = 0x70
const TC_REFERENCE = 0x71
const TC_CLASSDESC = 0x72
const TC_OBJECT = 0x73
const TC_STRING = 0x74
const TC_ARRAY = 0x75
const TC_CLASS = 0x76
const TC_BLOCKDATA = 0x77
const TC_ENDBLOCKDATA = 0x78
const TC_ENUM = 0x7e
const SC_WRITE_METHOD = 1
const SC_SERIALIZABLE = 2
const SC_ENUM = 0x10

export interface JavaWriteOptions {
  /** Classes whose string fields hold a `String` of their own each time: such are never written as references. */
  readonly ownStrings?: ReadonlySet<string>
  /** The `serialVersionUID` of array classes, which Java works out from their names. */
  readonly arrayIds?: ReadonlyMap<string, bigint>
}

interface WriteState {
  readonly writer: Writer
  /** Objects by identity; strings, enum constants and class descriptors by what they say. */
  readonly handles: Map<unknown, number>
  readonly ownStrings: ReadonlySet<string>
  readonly arrayIds: ReadonlyMap<string, bigint>
  next: number
}

/**
 * Writes what a `java.io.ObjectOutputStream` writes of an object: the mirror of `readJavaObject`. An object that is met
 * again is a reference; so are equal strings, which for names of classes, fields and constants is what Java does.
 *
 * @throws KobelError `USAGE` for what Flink's own classes do not need: externalizable classes, proxies, long strings.
 */
export function writeJavaObject(writer: Writer, value: JavaValue, options: JavaWriteOptions = {}): void {
  writer.i32(STREAM_HEADER | 0)
  const { ownStrings = new Set(), arrayIds = new Map() } = options
  writeContent({ writer, handles: new Map(), ownStrings, arrayIds, next: 0 }, value)
}

function writeContent(state: WriteState, value: JavaValue): void {
  if (value === null) return state.writer.u8(TC_NULL)
  if (typeof value === 'string') return writeString(state, value)
  const key = value.kind === 'enum' ? `enum ${value.className}#${value.name}` : value
  if (writeReference(state, key)) return
  switch (value.kind) {
    case 'object':
      return writeObject(state, value)
    case 'enum':
      return writeEnum(state, value, key)
    case 'array':
      return writeArray(state, value)
    case 'class':
      state.writer.u8(TC_CLASS)
      writeClassDesc(state, value.classDesc)
      remember(state, value)
      return
    default:
      throw new KobelError('USAGE', `kobel does not write Java objects of the kind ${value.kind}`)
  }
}

function writeReference({ writer, handles }: WriteState, key: unknown): boolean {
  const handle = handles.get(key)
  if (handle === undefined) return false
  writer.u8(TC_REFERENCE)
  writer.i32(BASE_WIRE_HANDLE + handle)
  return true
}

function remember(state: WriteState, key: unknown): void {
  state.handles.set(key, state.next++)
}

function writeString(state: WriteState, text: string, own = false): void {
  const key = `string ${text}`
  if (!own && writeReference(state, key)) return
  remember(state, own ? {} : key)
  state.writer.u8(TC_STRING)
  state.writer.utf(text)
}

/** `TC_CLASSDESC utf, i64 serialVersionUID, u8 flags, u16 n, { u8 type, utf name, [string type] }, end, superclass` */
function writeClassDesc(state: WriteState, desc: JavaClassDesc | null): void {
  const { writer } = state
  if (desc === null) return writer.u8(TC_NULL)
  const key = `class ${desc.className}`
  if (writeReference(state, key)) return
  if (desc.externalizable || desc.interfaces) {
    throw new KobelError('USAGE', `kobel does not write Java objects of ${desc.className}`)
  }
  writer.u8(TC_CLASSDESC)
  writer.utf(desc.className)
  writer.i64(desc.serialVersionUID)
  remember(state, key)
  writer.u8(flagsOf(desc))
  writer.i16(desc.fields.length)
  for (const { name, type } of desc.fields) {
    writer.u8(type.charCodeAt(0))
    writer.utf(name)
    if (isReference(type)) writeString(state, type)
  }
  writer.u8(TC_ENDBLOCKDATA)
  writeClassDesc(state, desc.superClass)
}

/** A class that cannot be serialized, such as an interface that only a `Class` object names, has no flags. */
function flagsOf({ enumClass, writesObject, fields, superClass, serialVersionUID }: JavaClassDesc): number {
  if (enumClass) return SC_ENUM | SC_SERIALIZABLE
  const isPlain = serialVersionUID === 0n && fields.length === 0 && superClass === null
  return isPlain ? 0 : SC_SERIALIZABLE | (writesObject ? SC_WRITE_METHOD : 0)
}

function isReference(type: string): boolean {
  return type.startsWith('L') || type.startsWith('[')
}

/** `TC_OBJECT classDesc, the part of each class from the topmost down` */
function writeObject(state: WriteState, object: JavaObject): void {
  state.writer.u8(TC_OBJECT)
  writeClassDesc(state, object.classDesc)
  remember(state, object)
  const classes: JavaClassDesc[] = []
  for (let at: JavaClassDesc | null = object.classDesc; at; at = at.superClass) classes.unshift(at)
  for (const desc of classes) {
    if (desc.fields.length === 0 && !desc.writesObject) continue
    const part = object.parts.find((each) => each.className === desc.className)
    if (!part) throw new KobelError('USAGE', `a Java object has no part of the class ${desc.className}`)
    writePart(state, desc, part)
  }
}

function writePart(state: WriteState, desc: JavaClassDesc, part: JavaPart): void {
  const isOwn = state.ownStrings.has(desc.className)
  for (const { name, type } of desc.fields) {
    const value = part.fields.get(name)
    if (value === undefined) throw new KobelError('USAGE', `a Java object has no field ${desc.className}.${name}`)
    if (typeof value === 'string' && isReference(type)) writeString(state, value, isOwn)
    else writeField(state, type, value)
  }
  if (!desc.writesObject) return
  for (const each of part.annotations) writeAnnotation(state, each)
  state.writer.u8(TC_ENDBLOCKDATA)
}

function writeAnnotation(state: WriteState, value: JavaValue): void {
  if (typeof value !== 'object' || value?.kind !== 'block-data') return writeContent(state, value)
  if (value.bytes.length > 0xff) throw new KobelError('USAGE', 'kobel writes short block data only')
  state.writer.u8(TC_BLOCKDATA)
  state.writer.u8(value.bytes.length)
  state.writer.raw(value.bytes)
}

function writeField(state: WriteState, type: string, value: JavaFieldValue): void {
  const { writer } = state
  switch (type) {
    case 'B':
      return writer.u8(Number(value) & 0xff)
    case 'C':
      return writer.i16(String(value).charCodeAt(0))
    case 'D':
      return writer.f64(Number(value))
    case 'F':
      return writer.f32(Number(value))
    case 'I':
      return writer.i32(Number(value))
    case 'J':
      return writer.i64(value as bigint)
    case 'S':
      return writer.i16(Number(value))
    case 'Z':
      return writer.bool(value === true)
    default:
      return writeContent(state, value as JavaValue)
  }
}

/** `TC_ENUM classDesc, string`; all enums are below `java.lang.Enum`. */
function writeEnum(state: WriteState, { className, name }: JavaEnum, key: unknown): void {
  state.writer.u8(TC_ENUM)
  writeClassDesc(state, enumDesc(className, enumDesc('java.lang.Enum', null)))
  remember(state, key)
  writeString(state, name)
}

function enumDesc(className: string, superClass: JavaClassDesc | null): JavaClassDesc {
  return {
    kind: 'class-desc',
    className,
    serialVersionUID: 0n,
    enumClass: true,
    externalizable: false,
    writesObject: false,
    fields: [],
    superClass,
  }
}

/** `TC_ARRAY classDesc, i32 n, value*` */
function writeArray(state: WriteState, array: JavaArray): void {
  const { writer } = state
  const serialVersionUID = state.arrayIds.get(array.className)
  if (serialVersionUID === undefined) {
    throw new KobelError('USAGE', `kobel does not write Java arrays of the class ${array.className}`)
  }
  writer.u8(TC_ARRAY)
  writeClassDesc(state, { ...enumDesc(array.className, null), enumClass: false, serialVersionUID })
  remember(state, array)
  writer.i32(array.elements.length)
  for (const each of array.elements) writeField(state, array.className.slice(1), each)
}
