import { Writer } from '../../bytes/writer.ts'
import { KobelError } from '../../error.ts'
import { type Layout, subclassOf } from '../layout.ts'
import { writeBigDecimal, writeBigInteger } from '../numbers.ts'
import { writeFlinkString, writeVarint } from '../strings.ts'
import {
  writeInstant,
  writeLocalDate,
  writeLocalDateTime,
  writeLocalTime,
  writeMillis,
  writeSqlTimestamp,
} from '../time.ts'
import { CLASS, TypedBytes, type Value, type ValueArray, type ValueObject } from '../value.ts'
import { POJO_EXACT, POJO_NULL, POJO_REGISTERED, POJO_SUBCLASS } from './pojo-flags.ts'
import { ROW_KINDS } from './read.ts'
import { caseOf, shown, unfitCase, unwrap } from './tagged.ts'
import { branchOf } from './union.ts'

const textEncoder = new TextEncoder()

/**
 * Writes one value: the inverse of `readValue`. {@link TypedBytes} are written as they are wherever they stand, behind
 * what frames them.
 *
 * @throws KobelError `USAGE` where the value does not fit the layout, naming what was expected and found.
 */
export function writeValue(layout: Layout, writer: Writer, value: Value): void {
  if (value instanceof TypedBytes) return writeTyped(layout, writer, value)
  switch (layout.op) {
    case 'boolean':
      return writer.bool(expect(value, 'boolean', 'a boolean'))
    case 'i8':
      return writer.u8(integer(value, -0x80, 0x7f) & 0xff)
    case 'i16':
      return writer.i16(integer(value, -0x8000, 0x7fff))
    case 'i32':
      return writer.i32(integer(value, -0x80000000, 0x7fffffff))
    case 'i64':
      return writer.i64(layout.flipped ? long(value) ^ FLIP : long(value))
    case 'f32':
      return writer.f32(expect(value, 'number', 'a number'))
    case 'f64':
      return writer.f64(expect(value, 'number', 'a number'))
    case 'char':
      return writeChar(writer, value)
    case 'string':
      if (value === null && layout.notNull !== true) return writeFlinkString(writer, null)
      return writeFlinkString(writer, expect(value, 'string', 'a string'), layout.notNull)
    case 'chars': {
      const text = expect(value, 'string', 'a string')
      writer.i32(text.length)
      for (let i = 0; i < text.length; i++) writer.i16(text.charCodeAt(i))
      return
    }
    case 'utf8':
      return writeSized(writer, textEncoder.encode(expect(value, 'string', 'a string')))
    case 'bytes':
      return writeSized(writer, bytesOf(value))
    case 'fixedBytes': {
      const bytes = bytesOf(value)
      if (bytes.length !== layout.length) throw unfit(`${layout.length} bytes`, value)
      return writer.raw(bytes)
    }
    case 'bigInteger':
      return writeBigInteger(writer, value === null ? null : expect(value, 'bigint', 'a bigint'))
    case 'constant':
      writer.ensure(layout.length)
      writer.bytes.fill(layout.fill ?? 0, writer.offset, writer.offset + layout.length)
      writer.offset += layout.length
      return
    case 'enum': {
      const index = layout.constants.indexOf(expect(value, 'string', `a constant of ${layout.className}`))
      if (index < 0) throw unfit(`one of ${layout.constants.join(', ')}`, value)
      return writer.i32(index)
    }
    case 'enumById': {
      const constant = layout.constants.find((each) => each.name === value)
      if (!constant) throw unfit(`one of ${layout.constants.map((each) => each.name).join(', ')}`, value)
      return writer.i32(constant.id)
    }
    case 'bigDecimal':
    case 'millis':
    case 'sqlTimestamp':
    case 'localDate':
    case 'localTime':
    case 'localDateTime':
    case 'instant':
      return WRITE_TEXT[layout.op](writer, value === null ? null : expect(value, 'string', 'a text'))
    case 'codec':
      return layout.codec.write(writer, value)
    case 'unknown':
      throw unfit(`the bytes of a ${layout.className}`, value)
    default:
      return writeComposite(layout, writer, value)
  }
}

/** The bytes of one value. */
export function bytesOfValue(layout: Layout, value: Value): Uint8Array {
  const writer = new Writer(64)
  writeValue(layout, writer, value)
  return writer.toBytes()
}

const WRITE_TEXT = {
  bigDecimal: writeBigDecimal,
  millis: writeMillis,
  sqlTimestamp: writeSqlTimestamp,
  localDate: writeLocalDate,
  localTime: writeLocalTime,
  localDateTime: writeLocalDateTime,
  instant: writeInstant,
} as const

const FLIP = -(2n ** 63n)

type Composite = Extract<
  Layout,
  {
    op:
      | 'tuple'
      | 'object'
      | 'row'
      | 'pojo'
      | 'list'
      | 'maskedList'
      | 'map'
      | 'nullable'
      | 'tagged'
      | 'union'
      | 'blockList'
      | 'blockMap'
      | 'ttl'
      | 'sized'
  }
>

function writeComposite(layout: Composite, writer: Writer, value: Value): void {
  switch (layout.op) {
    case 'tuple': {
      const values = arrayOf(value, layout.fields.length)
      for (let i = 0; i < layout.fields.length; i++) writeValue(layout.fields[i]!, writer, values[i]!)
      return
    }
    case 'object': {
      const object = objectOf(value)
      for (const field of layout.fields) writeValue(field.layout, writer, member(object, field.name))
      return
    }
    case 'row':
      return writeRow(layout, writer, value)
    case 'pojo':
      return writePojo(layout, writer, value)
    case 'list': {
      const values = arrayOf(value)
      writer.i32(values.length)
      for (const each of values) {
        if (layout.flag !== undefined) writer.bool((each === null) === (layout.flag === 'isNull'))
        if (layout.flag === undefined || each !== null) writeValue(layout.element, writer, each)
      }
      return
    }
    case 'maskedList': {
      const values = arrayOf(value)
      writer.i32(values.length)
      writer.raw(maskOf(values.map((each) => each === null)))
      for (const each of values) if (each !== null) writeValue(layout.element, writer, each)
      return
    }
    case 'map': {
      const entries = arrayOf(value)
      writer.i32(entries.length)
      for (const entry of entries) {
        const [key, mapped] = arrayOf(entry, 2)
        writeFlagged(layout.key, layout.keyFlag, writer, key!)
        writeFlagged(layout.value, layout.valueFlag, writer, mapped!)
      }
      return
    }
    case 'nullable':
      return writeNullable(layout, writer, value)
    case 'tagged':
      return writeTagged(layout, writer, value)
    case 'union': {
      const { index, branch } = branchOf(layout, value)
      writer.i32(index)
      return writeValue(branch, writer, value)
    }
    case 'blockList':
      return writeBlock(writer, arrayOf(value), (each) => writeValue(layout.element, writer, each))
    case 'blockMap':
      return writeBlock(writer, arrayOf(value), (entry) => {
        const [key, mapped] = arrayOf(entry, 2)
        writeSized(writer, textEncoder.encode(expect(key!, 'string', 'a key of text')))
        writeValue(layout.value, writer, mapped!)
      })
    case 'ttl': {
      const object = objectOf(value)
      writer.i64(long(member(object, 'ttl')))
      return writeValue(layout.value, writer, member(object, 'value'))
    }
    case 'sized':
      return writeSized(writer, bytesOfValue(layout.inner, value))
  }
}

function writeRow(layout: Layout & { op: 'row' }, writer: Writer, value: Value): void {
  const object = objectOf(value)
  const kind = ROW_KINDS.indexOf(expect(member(object, 'kind'), 'string', 'a row kind'))
  if (kind < 0) throw unfit(`one of ${ROW_KINDS.join(', ')}`, member(object, 'kind'))
  const fields = arrayOf(member(object, 'fields'), layout.fields.length)
  const kindBits = layout.rowKind ? [(kind & 1) !== 0, (kind & 2) !== 0] : []
  writer.raw(maskOf([...kindBits, ...fields.map((each) => each === null)]))
  for (let i = 0; i < fields.length; i++) if (fields[i] !== null) writeValue(layout.fields[i]!, writer, fields[i]!)
}

function writePojo(layout: Layout & { op: 'pojo' }, writer: Writer, value: Value): void {
  if (value === null) return writer.u8(POJO_NULL)
  const object = objectOf(value)
  const className = object[CLASS]
  if (className !== undefined && className !== layout.className) return writeSubclass(layout, writer, object, className)
  writer.u8(POJO_EXACT)
  for (const field of layout.fields) writeFlagged(field.layout, true, writer, member(object, field.name))
}

function writeSubclass(layout: Layout & { op: 'pojo' }, writer: Writer, object: ValueObject, className: string): void {
  const subclass = subclassOf(layout, className)
  if (!subclass) throw unfit(`${layout.className} or a subclass that its snapshot knows`, className)
  writeSubclassTag(layout, writer, className)
  writeValue(subclass.layout, writer, object)
}

function writeSubclassTag(layout: Layout & { op: 'pojo' }, writer: Writer, className: string): void {
  const tag = layout.registered.findIndex((each) => each.className === className)
  writer.u8(tag >= 0 ? POJO_REGISTERED : POJO_SUBCLASS)
  if (tag >= 0) writer.u8(tag)
  else writer.utf(className)
}

function writeNullable(layout: Layout & { op: 'nullable' }, writer: Writer, value: Value): void {
  writer.bool((value === null) === (layout.nullWhen === 1))
  if (value === null) return writer.raw(new Uint8Array(layout.padding))
  const start = writer.offset
  writeValue(layout.inner, writer, value)
  const length = writer.offset - start
  if (layout.padding > 0 && length !== layout.padding) throw unfit(`a value of ${layout.padding} bytes`, value)
}

function writeTagged(layout: Layout & { op: 'tagged' }, writer: Writer, value: Value): void {
  const found = caseOf(layout, value)
  if (!found) throw unfitCase(layout, shown(value))
  writer.u8(found.tag)
  writeValue(found.layout, writer, unwrap(found, value) as Value)
}

/** Bytes in the place of a value: what tells their class, length or presence goes before them. */
function writeTyped(layout: Layout, writer: Writer, value: TypedBytes): void {
  switch (layout.op) {
    case 'nullable':
      return writeNullable(layout, writer, value)
    case 'tagged':
      return writeTagged(layout, writer, value)
    case 'sized':
      return writeSized(writer, value.bytes)
    case 'pojo':
      if (value.class === layout.className) return writer.raw(value.bytes)
      writeSubclassTag(layout, writer, value.class)
      return writer.raw(value.bytes)
    default:
      return writer.raw(value.bytes)
  }
}

/** One block of all elements, as Avro writes them, then the block of none. */
function writeBlock(writer: Writer, values: ValueArray, writeEach: (each: Value) => void): void {
  if (values.length > 0) writeVarint(writer, values.length)
  for (const each of values) writeEach(each)
  writer.u8(0)
}

function writeFlagged(layout: Layout, flag: boolean, writer: Writer, value: Value): void {
  if (flag) writer.bool(value === null)
  if (!flag || value !== null) writeValue(layout, writer, value)
}

function maskOf(bits: readonly boolean[]): Uint8Array {
  const mask = new Uint8Array((bits.length + 7) >> 3)
  bits.forEach((bit, i) => {
    if (bit) mask[i >> 3]! |= 0x80 >> (i & 7)
  })
  return mask
}

function writeSized(writer: Writer, bytes: Uint8Array): void {
  writer.i32(bytes.length)
  writer.raw(bytes)
}

function writeChar(writer: Writer, value: Value): void {
  const text = expect(value, 'string', 'a character')
  if (text.length !== 1) throw unfit('one UTF-16 code unit', value)
  writer.i16(text.charCodeAt(0))
}

type Primitive = { boolean: boolean; number: number; bigint: bigint; string: string }

function expect<K extends keyof Primitive>(value: Value, kind: K, expected: string): Primitive[K] {
  if (typeof value !== kind) throw unfit(expected, value)
  return value as Primitive[K]
}

function integer(value: Value, least: number, most: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    throw unfit(`a whole number from ${least} to ${most}`, value)
  }
  return value
}

function long(value: Value): bigint {
  if (typeof value === 'bigint' && BigInt.asIntN(64, value) === value) return value
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value)
  throw unfit('a bigint of 64 bits', value)
}

function bytesOf(value: Value): Uint8Array {
  if (value instanceof Uint8Array) return value
  throw unfit('a Uint8Array', value)
}

function arrayOf(value: Value, length?: number): ValueArray {
  if (!Array.isArray(value) || (length !== undefined && value.length !== length)) {
    throw unfit(length === undefined ? 'an array' : `an array of ${length}`, value)
  }
  return value
}

function objectOf(value: Value): ValueObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array) {
    throw unfit('an object', value)
  }
  return value as ValueObject
}

function member(object: ValueObject, name: string): Value {
  const value = Object.hasOwn(object, name) ? object[name] : undefined
  if (value === undefined) throw unfit(`a member ${JSON.stringify(name)}`, Object.keys(object))
  return value
}

function unfit(expected: string, found: unknown): KobelError {
  return new KobelError('USAGE', `${expected} was expected, found ${shown(found)}`)
}
