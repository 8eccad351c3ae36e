import type { Reader } from '../../bytes/reader.ts'
import { KobelError } from '../../error.ts'
import type { Layout } from '../layout.ts'
import { hashText, hashValue, isHashable } from './hash.ts'
import { hashProductElement } from './hash-scala.ts'
import { forBlocks, MAX_DEPTH, readCount, tooDeep } from './limits.ts'
import { POJO_EXACT, POJO_NULL } from './pojo-flags.ts'
import { minimumOf } from './read.ts'
import { skipValue } from './skip.ts'
import { unionBranch } from './union.ts'

/** A record whose `hashCode` is user code, made of the hashes of its fields. */
export type RecordLayout = Layout & { op: 'pojo' | 'object' }

/** How user code takes the hash of a field, where Java leaves a choice. */
export interface FieldStyle {
  readonly whenTrue: number
  readonly whenFalse: number
  readonly whenNull: number
  /** The hash of an enum itself differs from one JVM to the next: code that means to be stable takes one of these. */
  readonly enums: 'name' | 'ordinal'
  /** Scala's `##` in place of `hashCode`. */
  readonly scala?: true
  /** Avro hashes the UTF-8 bytes of a text, from this on; it has changed. */
  readonly avroText?: 0 | 1
  /** Hash of a record that is a field, from those of its fields. */
  readonly nested: (hashes: readonly number[], className: string) => number
}

export function isRecord(layout: Layout): layout is RecordLayout {
  return (
    (layout.op === 'pojo' || (layout.op === 'object' && layout.className !== undefined)) && layout.fields.length > 0
  )
}

/**
 * The hashes of the fields of the record at the reader; 0 for those that `passOver` names by index.
 *
 * @returns undefined where the record is null or of a subclass, whose hash is another.
 * @throws KobelError `UNHASHABLE` where a field's hash follows from nothing that is stored.
 */
export function hashFields(
  layout: RecordLayout,
  reader: Reader,
  style: FieldStyle,
  passOver: ReadonlySet<number> = NONE,
  depth = 0,
): number[] | undefined {
  if (depth > MAX_DEPTH) throw tooDeep(reader)
  if (layout.op === 'pojo' && reader.u8() !== POJO_EXACT) return undefined
  return layout.fields.map((field, i) => {
    if (layout.op === 'pojo' && reader.bool()) return passOver.has(i) ? 0 : style.whenNull
    if (!passOver.has(i)) return hashField(field.layout, reader, style, depth + 1)
    skipValue(field.layout, reader)
    return 0
  })
}

const NONE: ReadonlySet<number> = new Set()

function hashField(layout: Layout, reader: Reader, style: FieldStyle, depth: number): number {
  if (depth > MAX_DEPTH) throw tooDeep(reader)
  if (isRecord(layout)) return hashNested(layout, reader, style, depth)
  const inner = (each: Layout): number => hashField(each, reader, style, depth + 1)
  switch (layout.op) {
    case 'boolean':
      return reader.bool() ? style.whenTrue : style.whenFalse
    case 'enum': {
      const index = reader.i32()
      return style.enums === 'ordinal' ? index : hashText(layout.constants[index] ?? '')
    }
    case 'nullable':
      if (layout.hash !== undefined) return hashValue(layout, reader, depth)
      if ((reader.bool() ? 1 : 0) !== layout.nullWhen) return inner(layout.inner)
      reader.skip(layout.padding)
      return style.whenNull
    case 'utf8':
    case 'union':
    case 'blockList':
    case 'fixedBytes':
      return hashAvro(layout, reader, style, inner, depth)
    case 'bytes':
      return style.avroText !== undefined ? hashBuffer(reader) : hashArray(reader, 1, () => reader.i8())
    case 'chars':
      return hashArray(reader, 2, () => reader.u16())
    case 'list': {
      if (layout.of !== 'array') return hashValue(layout, reader, depth)
      const count = readCount(reader, 'elements', minimumOf(layout.element, layout.flag !== undefined), depth)
      return chained(count, () => {
        const isNull = layout.flag !== undefined && reader.bool() === (layout.flag === 'isNull')
        return isNull ? 0 : hashField(layout.element, reader, { ...style, whenTrue: 1231, whenFalse: 1237 }, depth + 1)
      })
    }
    default:
      if (!style.scala) return hashValue(layout, reader, depth)
      return hashProductElement(layout, reader, (each) => hashValue(each, reader, depth + 1))
  }
}

function hashNested(layout: RecordLayout, reader: Reader, style: FieldStyle, depth: number): number {
  const isNull = layout.op === 'pojo' && reader.bytes[reader.offset] === POJO_NULL
  const hashes = hashFields(layout, reader, style, NONE, depth + 1)
  if (hashes) return style.nested(hashes, layout.className ?? '')
  if (isNull) return style.whenNull
  throw new KobelError('UNHASHABLE', `a field is of a subclass of ${layout.className}`, { offset: reader.offset })
}

/** `Arrays.hashCode`. */
function hashArray(reader: Reader, width: 1 | 2, next: () => number): number {
  return chained(reader.count('elements', width), next)
}

function chained(count: number, next: () => number): number {
  let hash = 1
  for (let i = 0; i < count; i++) hash = (Math.imul(31, hash) + next()) | 0
  return hash
}

/** `ByteBuffer.hashCode`: from the last byte to the first. */
function hashBuffer(reader: Reader): number {
  const bytes = reader.take(reader.count('bytes'))
  return bytes.reduceRight((hash, byte) => (Math.imul(31, hash) + ((byte << 24) >> 24)) | 0, 1)
}

/** `GenericData.hashCode` of what only Avro has. */
function hashAvro(
  layout: Layout & { op: 'utf8' | 'union' | 'blockList' | 'fixedBytes' },
  reader: Reader,
  style: FieldStyle,
  inner: (layout: Layout) => number,
  depth: number,
): number {
  if (style.avroText === undefined) return hashValue(layout, reader, depth)
  switch (layout.op) {
    case 'utf8': {
      let hash: number = style.avroText
      for (const byte of reader.take(reader.count('bytes of text'))) {
        hash = (Math.imul(31, hash) + ((byte << 24) >> 24)) | 0
      }
      return hash
    }
    case 'union':
      return inner(unionBranch(layout, reader))
    case 'fixedBytes':
      return chained(layout.length, () => reader.i8())
    case 'blockList': {
      let hash = 1
      forBlocks(reader, minimumOf(layout.element, false), depth, (count) => {
        for (let i = 0; i < count; i++) hash = (Math.imul(31, hash) + inner(layout.element)) | 0
      })
      return hash
    }
  }
}

/** Whether the hash of a field can follow from its bytes in some style. */
export function isFieldHashable(layout: Layout, isAvro: boolean, depth = 0): boolean {
  if (depth > MAX_DEPTH) return false
  const inner = (each: Layout): boolean => isFieldHashable(each, isAvro, depth + 1)
  if (isRecord(layout)) return layout.fields.every((field) => inner(field.layout))
  switch (layout.op) {
    case 'enum':
    case 'bytes':
    case 'chars':
      return true
    case 'nullable':
      return layout.hash === undefined ? inner(layout.inner) : isHashable(layout)
    case 'list':
      return layout.of === 'array' ? inner(layout.element) : isHashable(layout)
    case 'utf8':
    case 'fixedBytes':
      return isAvro
    case 'union':
      return isAvro && layout.branches.every(inner)
    case 'blockList':
      return isAvro && inner(layout.element)
    default:
      return isHashable(layout)
  }
}
