import type { Reader } from '../../bytes/reader.ts'
import { KobelError } from '../../error.ts'
import { fixedLength, type Layout } from '../layout.ts'
import { readBigDecimal, readBigInteger } from '../numbers.ts'
import { readFlinkString } from '../strings.ts'
import { readInstant, readLocalDate, readLocalDateTime, readLocalTime, readMillis, readSqlTimestamp } from '../time.ts'
import { CLASS, emptyObject, TypedBytes, type Value } from '../value.ts'
import { forBlocks, MAX_DEPTH, readCount, tooDeep, unknownExtent } from './limits.ts'
import { POJO_EXACT, POJO_NULL, pojoSubclass } from './pojo-flags.ts'
import { taggedCase } from './tagged.ts'
import { unionBranch } from './union.ts'

const textDecoder = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * Reads one value.
 *
 * @param tail bytes between the end of the value and the reader's limit, or -1 where the limit is not the end of
 *   anything. With it a value of an unknown class becomes {@link TypedBytes} of the right extent.
 * @throws KobelError `TRUNCATED`, `CORRUPT`, `LIMIT`, or `UNKNOWN_SERIALIZER` where an extent cannot be known.
 */
export function readValue(layout: Layout, reader: Reader, tail = -1, depth = 0): Value {
  if (depth > MAX_DEPTH) throw tooDeep(reader)
  switch (layout.op) {
    case 'boolean':
      return reader.bool()
    case 'i8':
      return reader.i8()
    case 'i16':
      return reader.i16()
    case 'i32':
      return reader.i32()
    case 'i64':
      return layout.flipped ? reader.i64() ^ FLIP : reader.i64()
    case 'f32':
      return reader.f32()
    case 'f64':
      return reader.f64()
    case 'char':
      return String.fromCharCode(reader.u16())
    case 'string':
      return readFlinkString(reader, layout.notNull)
    case 'chars':
      return readChars(reader)
    case 'utf8':
      return textDecoder.decode(reader.take(reader.count('bytes of text')))
    case 'bytes':
      return reader.take(reader.count('bytes')).slice()
    case 'fixedBytes':
      return reader.take(layout.length).slice()
    case 'bigInteger':
      return readBigInteger(reader)
    case 'bigDecimal':
      return readBigDecimal(reader)
    case 'millis':
      return readMillis(reader)
    case 'sqlTimestamp':
      return readSqlTimestamp(reader)
    case 'localDate':
      return readLocalDate(reader)
    case 'localTime':
      return readLocalTime(reader)
    case 'localDateTime':
      return readLocalDateTime(reader)
    case 'instant':
      return readInstant(reader)
    case 'constant':
      reader.skip(layout.length)
      return layout.value
    case 'enum':
      return readEnum(layout, reader)
    case 'enumById':
      return readEnumById(layout, reader)
    case 'tuple':
      return readTuple(layout.fields, reader, tail, depth)
    case 'object':
      return readObject(layout, reader, tail, depth)
    case 'row':
      return readRow(layout, reader, tail, depth)
    case 'pojo':
      return readPojo(layout, reader, tail, depth)
    case 'list':
      return readList(layout, reader, depth)
    case 'maskedList':
      return readMaskedList(layout.element, reader, depth)
    case 'map':
      return readMap(layout, reader, depth)
    case 'nullable':
      return readNullable(layout, reader, tail, depth)
    case 'tagged': {
      const found = taggedCase(layout, reader)
      const value = readValue(found.layout, reader, tail, depth + 1)
      return found.wrap === undefined ? value : { [found.wrap]: value }
    }
    case 'union':
      return readUnion(layout, reader, tail, depth)
    case 'blockList': {
      const values: Value[] = []
      forBlocks(reader, minimumOf(layout.element, false), depth, (count) => {
        for (let i = 0; i < count; i++) values.push(readValue(layout.element, reader, -1, depth + 1))
      })
      return values
    }
    case 'blockMap': {
      const entries: Value[] = []
      forBlocks(reader, 4, depth, (count) => {
        for (let i = 0; i < count; i++) {
          const key = textDecoder.decode(reader.take(reader.count('bytes of a key')))
          entries.push([key, readValue(layout.value, reader, -1, depth + 1)])
        }
      })
      return entries
    }
    case 'ttl': {
      const ttl = reader.i64()
      return { ttl, value: readValue(layout.value, reader, tail, depth + 1) }
    }
    case 'sized':
      return within(reader, reader.count('bytes'), () => readValue(layout.inner, reader, 0, depth + 1))
    case 'codec':
      return layout.codec.read(reader, tail)
    case 'unknown':
      return new TypedBytes(layout.className, reader.take(extentFromTail(layout.className, reader, tail)).slice())
  }
}

/** Reads a value that ends exactly at `end`; bytes left over are `CORRUPT`. */
export function readExactly(layout: Layout, reader: Reader, end: number): Value {
  const limit = reader.limit
  reader.limit = end
  try {
    const value = readValue(layout, reader, 0)
    if (reader.offset !== end) throw leftOver(reader, end)
    return value
  } finally {
    reader.limit = limit
  }
}

export function leftOver(reader: Reader, end: number): KobelError {
  return new KobelError('CORRUPT', `${end - reader.offset} bytes are left behind a value: it does not fit its type`, {
    offset: reader.offset,
  })
}

const FLIP = -(2n ** 63n)

function readChars(reader: Reader): string {
  const count = reader.count('characters', 2)
  let text = ''
  for (let i = 0; i < count; i++) text += String.fromCharCode(reader.u16())
  return text
}

function readEnum(layout: Layout & { op: 'enum' }, reader: Reader): string {
  const index = reader.i32()
  const constant = layout.constants[index]
  if (constant === undefined) {
    throw new KobelError(
      'CORRUPT',
      `the enum ${layout.className} has ${layout.constants.length} constants, found index ${index}`,
      {
        offset: reader.offset - 4,
      },
    )
  }
  return constant
}

function readEnumById(layout: Layout & { op: 'enumById' }, reader: Reader): string {
  const id = reader.i32()
  const constant = layout.constants.find((each) => each.id === id)
  if (constant) return constant.name
  throw new KobelError('CORRUPT', `the enumeration ${layout.className} has no value with the id ${id}`, {
    offset: reader.offset - 4,
  })
}

/** The tail of each field: known where the fields behind it have fixed lengths. */
export function fieldTail(fields: readonly Layout[], index: number, tail: number): number {
  if (tail < 0) return -1
  let total = tail
  for (let i = index + 1; i < fields.length; i++) {
    const length = fixedLength(fields[i]!)
    if (length < 0) return -1
    total += length
  }
  return total
}

function readTuple(fields: readonly Layout[], reader: Reader, tail: number, depth: number): Value[] {
  const values: Value[] = new Array(fields.length)
  for (let i = 0; i < fields.length; i++) {
    values[i] = readValue(fields[i]!, reader, tail < 0 ? -1 : fieldTail(fields, i, tail), depth + 1)
  }
  return values
}

function readObject(layout: Layout & { op: 'object' }, reader: Reader, tail: number, depth: number): Value {
  const layouts = tail < 0 ? [] : layout.fields.map((field) => field.layout)
  const object = emptyObject()
  for (let i = 0; i < layout.fields.length; i++) {
    const field = layout.fields[i]!
    object[field.name] = readValue(field.layout, reader, tail < 0 ? -1 : fieldTail(layouts, i, tail), depth + 1)
  }
  return object
}

export const ROW_KINDS: readonly string[] = ['+I', '-U', '+U', '-D']

/**
 * `RowSerializer`: mask bits, most significant first: two of the row kind (its low bit, then its high bit) where the
 * serializer supports it, then one a field, 1 = null; then the fields that are not null.
 */
function readRow(layout: Layout & { op: 'row' }, reader: Reader, tail: number, depth: number): Value {
  const ahead = layout.rowKind ? 2 : 0
  const mask = reader.take((ahead + layout.fields.length + 7) >> 3)
  const kind = layout.rowKind ? (maskBit(mask, 0) ? 1 : 0) + (maskBit(mask, 1) ? 2 : 0) : 0
  const present = layout.fields.filter((_, i) => !maskBit(mask, ahead + i))
  const values = readTuple(present, reader, tail, depth)
  let next = 0
  const fields = layout.fields.map((_, i) => (maskBit(mask, ahead + i) ? null : values[next++]!))
  return { kind: ROW_KINDS[kind]!, fields }
}

export function maskBit(mask: Uint8Array, index: number): boolean {
  return (mask[index >> 3]! & (0x80 >> (index & 7))) !== 0
}

/**
 * `PojoSerializer`: u8 flags: 1 null; 2 exactly this class: `{ bool is null, [value] }` for each field; 4 a subclass:
 * utf class name, then its own bytes; 8 a registered subclass: u8 tag, then its own bytes.
 */
function readPojo(layout: Layout & { op: 'pojo' }, reader: Reader, tail: number, depth: number): Value {
  const flags = reader.u8()
  if (flags === POJO_NULL) return null
  if (flags !== POJO_EXACT) {
    const subclass = pojoSubclass(layout, flags, reader)
    const value = readValue(subclass.layout, reader, tail, depth + 1)
    // Named by the class of the value and not of its serializer snapshot: writing it back needs that.
    if (subclass.layout.op === 'unknown') return new TypedBytes(subclass.className, (value as TypedBytes).bytes)
    if (typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)) {
      if (!(value instanceof TypedBytes)) (value as { [CLASS]?: string })[CLASS] ??= subclass.className
    }
    return value
  }
  const object = emptyObject()
  const last = layout.fields.length - 1
  for (let i = 0; i <= last; i++) {
    const field = layout.fields[i]!
    object[field.name] = reader.bool() ? null : readValue(field.layout, reader, i === last ? tail : -1, depth + 1)
  }
  return object
}

function readList(layout: Layout & { op: 'list' }, reader: Reader, depth: number): Value[] {
  const count = readCount(reader, 'elements', minimumOf(layout.element, layout.flag !== undefined), depth)
  const values: Value[] = []
  for (let i = 0; i < count; i++) {
    const isNull = layout.flag !== undefined && reader.bool() === (layout.flag === 'isNull')
    values.push(isNull ? null : readValue(layout.element, reader, -1, depth + 1))
  }
  return values
}

/** The least number of bytes of an element: all but the empty ones take one. */
export function minimumOf(layout: Layout, flag: boolean): 0 | 1 {
  return flag || fixedLength(layout) !== 0 ? 1 : 0
}

function readUnion(layout: Layout & { op: 'union' }, reader: Reader, tail: number, depth: number): Value {
  const branch = unionBranch(layout, reader)
  const value = readValue(branch, reader, tail, depth + 1)
  // The class tells the records of a union apart when the value is written.
  if (branch.op === 'object' && branch.className !== undefined)
    (value as { [CLASS]?: string })[CLASS] = branch.className
  return value
}

function readMaskedList(element: Layout, reader: Reader, depth: number): Value[] {
  const { count, mask } = readMask(reader)
  const values: Value[] = []
  for (let i = 0; i < count; i++) values.push(maskBit(mask, i) ? null : readValue(element, reader, -1, depth + 1))
  return values
}

export function readMask(reader: Reader): { count: number; mask: Uint8Array } {
  const count = reader.i32()
  return { count, mask: reader.take(count < 0 ? count : Math.ceil(count / 8)) }
}

function readMap(layout: Layout & { op: 'map' }, reader: Reader, depth: number): Value[] {
  const count = readCount(reader, 'map entries', minimumOf(layout.key, layout.keyFlag || layout.valueFlag), depth)
  const entries: Value[] = []
  for (let i = 0; i < count; i++) {
    const key = layout.keyFlag && reader.bool() ? null : readValue(layout.key, reader, -1, depth + 1)
    const value = layout.valueFlag && reader.bool() ? null : readValue(layout.value, reader, -1, depth + 1)
    entries.push([key, value])
  }
  return entries
}

function readNullable(layout: Layout & { op: 'nullable' }, reader: Reader, tail: number, depth: number): Value {
  const flag = reader.bool() ? 1 : 0
  if (flag === layout.nullWhen) {
    reader.skip(layout.padding)
    return null
  }
  if (layout.padding === 0) return readValue(layout.inner, reader, tail, depth + 1)
  return within(reader, layout.padding, () => readValue(layout.inner, reader, 0, depth + 1))
}

/** Runs `read` with the limit `length` bytes ahead and checks that all of them were used. */
export function within<T>(reader: Reader, length: number, read: () => T): T {
  reader.need(length)
  const limit = reader.limit
  const end = reader.offset + length
  reader.limit = end
  try {
    const result = read()
    if (reader.offset !== end) throw leftOver(reader, end)
    return result
  } finally {
    reader.limit = limit
  }
}

/** The number of bytes of a value that only its end delimits. */
export function extentFromTail(className: string, reader: Reader, tail: number): number {
  if (tail < 0) throw unknownExtent(className, reader)
  const length = reader.remaining - tail
  reader.need(length)
  return length
}
