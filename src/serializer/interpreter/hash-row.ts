import { Reader } from '../../bytes/reader.ts'
import type { Layout } from '../layout.ts'
import { MAX_DEPTH, readCount, tooDeep } from './limits.ts'
import { maskBit, minimumOf, readValue } from './read.ts'

/**
 * `Row.hashCode()`, which changed with Flink. 1.8 to 1.10: `Arrays.deepHashCode` of the fields. 1.11: with the row kind
 * before it. 1.12: the kind is where the fields' hash begins. Since 1.13: the kind, then the fields by
 * `RowUtils.deepHashCodeInternal`. The serializer snapshot tells the first apart (`arrayRow`) and everything since 1.14,
 * but not the three between them (`severalRows`).
 */

type HashInner = (layout: Layout, reader: Reader, depth: number) => number

export function hashRow(layout: Layout & { op: 'row' }, reader: Reader, depth: number, inner: HashInner): number {
  const ahead = layout.rowKind ? 2 : 0
  const mask = reader.take((ahead + layout.fields.length + 7) >> 3)
  const kind = layout.rowKind ? (maskBit(mask, 0) ? 1 : 0) + (maskBit(mask, 1) ? 2 : 0) : 0
  const of = layout.hash === 'arrayRow' ? hashInArray : deepHash
  let hash = 1
  layout.fields.forEach((field, i) => {
    hash = (Math.imul(31, hash) + (maskBit(mask, ahead + i) ? 0 : of(field, reader, depth + 1, inner))) | 0
  })
  return (Math.imul(31, kind) + hash) | 0
}

/** `Arrays.deepHashCode` of an array of this value, without the 31 it begins with: arrays by what is in them. */
function hashInArray(layout: Layout, reader: Reader, depth: number, inner: HashInner): number {
  if (depth > MAX_DEPTH) throw tooDeep(reader)
  switch (layout.op) {
    case 'nullable':
      if ((reader.bool() ? 1 : 0) !== layout.nullWhen) return hashInArray(layout.inner, reader, depth + 1, inner)
      reader.skip(layout.padding)
      return 0
    case 'bytes':
      return hashElements(reader.count('bytes'), () => reader.i8())
    case 'chars':
      return hashElements(reader.count('characters', 2), () => reader.u16())
    case 'list':
      return layout.of === 'array' ? hashList(layout, reader, depth, inner, hashInArray) : inner(layout, reader, depth)
    default:
      return inner(layout, reader, depth)
  }
}

/**
 * `RowUtils.deepHashCodeInternal`: null is 0, lists, maps and arrays of objects go by their members, and all else
 * counts as `Arrays.deepHashCode` of an array of it, which also takes arrays of primitives.
 */
function deepHash(layout: Layout, reader: Reader, depth: number, inner: HashInner): number {
  if (depth > MAX_DEPTH) throw tooDeep(reader)
  switch (layout.op) {
    case 'nullable':
      if ((reader.bool() ? 1 : 0) !== layout.nullWhen) return deepHash(layout.inner, reader, depth + 1, inner)
      reader.skip(layout.padding)
      return 0
    case 'bytes':
    case 'chars':
      return (31 + hashInArray(layout, reader, depth, inner)) | 0
    case 'list':
      if (layout.of === 'set') return (31 + inner(layout, reader, depth)) | 0
      if (isPrimitiveArray(layout)) return (31 + hashInArray(layout, reader, depth, inner)) | 0
      return hashList(layout, reader, depth, inner, deepHash)
    case 'map':
      return deepHashMap(layout, reader, depth, inner)
    default: {
      const start = reader.offset
      const hash = inner(layout, reader, depth)
      // Only null is 0 here: an empty string is 31.
      const isNull = hash === 0 && readValue(layout, new Reader(reader.bytes, start, reader.limit), -1, depth) === null
      return isNull ? 0 : (31 + hash) | 0
    }
  }
}

function isPrimitiveArray(layout: Layout & { op: 'list' }): boolean {
  return layout.of === 'array' && layout.flag === undefined && layout.element.op !== 'string'
}

function hashList(
  layout: Layout & { op: 'list' },
  reader: Reader,
  depth: number,
  inner: HashInner,
  of: typeof deepHash,
): number {
  const count = readCount(reader, 'elements', minimumOf(layout.element, layout.flag !== undefined), depth)
  return hashElements(count, () => {
    const isNull = layout.flag !== undefined && reader.bool() === (layout.flag === 'isNull')
    return isNull ? 0 : of(layout.element, reader, depth + 1, inner)
  })
}

function deepHashMap(layout: Layout & { op: 'map' }, reader: Reader, depth: number, inner: HashInner): number {
  const count = readCount(reader, 'map entries', minimumOf(layout.key, layout.keyFlag || layout.valueFlag), depth)
  let hash = 1
  for (let i = 0; i < count; i++) {
    const key = layout.keyFlag && reader.bool() ? 0 : deepHash(layout.key, reader, depth + 1, inner)
    const value = layout.valueFlag && reader.bool() ? 0 : deepHash(layout.value, reader, depth + 1, inner)
    hash = (hash + (key ^ value)) | 0
  }
  return hash
}

function hashElements(count: number, next: () => number): number {
  let hash = 1
  for (let i = 0; i < count; i++) hash = (Math.imul(31, hash) + next()) | 0
  return hash
}

/** Whether the hash of a row's field is known: unlike elsewhere, arrays have one. */
export function isHashableInRow(layout: Layout, isHashable: (layout: Layout) => boolean): boolean {
  const isInside = (each: Layout) => isHashableInRow(each, isHashable)
  switch (layout.op) {
    case 'bytes':
    case 'chars':
      return true
    case 'list':
      return layout.of === 'set' || layout.hash !== undefined ? isHashable(layout) : isInside(layout.element)
    case 'map':
      return isInside(layout.key) && isInside(layout.value)
    case 'nullable':
      return isInside(layout.inner)
    default:
      return isHashable(layout)
  }
}
