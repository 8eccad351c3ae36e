import type { Reader } from '../../bytes/reader.ts'
import { KobelError } from '../../error.ts'
import type { Layout } from '../layout.ts'
import { taggedCase } from './tagged.ts'

/**
 * `hashCode` of Scala's own products: tuples, Some, None, Left, Right (Scala 2.11 and 2.12, MurmurHash3.productHash).
 * Scala's collections are left out: their hash depends on the class, which is not stored.
 */
export function hashScala(layout: Layout, reader: Reader, hashInner: (layout: Layout) => number): number {
  const element = (inner: Layout): number => hashProductElement(inner, reader, hashInner)
  switch (layout.op) {
    case 'tuple':
      return hashProduct(layout.fields.map(element))
    case 'nullable':
      return reader.bool() ? hashProduct([element(layout.inner)]) : NONE_HASH
    case 'tagged':
      return hashProduct([element(taggedCase(layout, reader).layout)])
    default:
      throw new KobelError('UNHASHABLE', 'the hashCode of a Scala collection depends on its class, which is not stored')
  }
}

/** `"None".hashCode()` */
const NONE_HASH = 2433880

/** Scala's `##`: numbers that are equal have equal hashes, whatever their types. */
export function hashProductElement(layout: Layout, reader: Reader, hashInner: (layout: Layout) => number): number {
  switch (layout.op) {
    case 'i64':
      return hashScalaLong(reader.i64())
    case 'f32':
      return hashScalaFloat(reader.f32())
    case 'f64':
      return hashScalaDouble(reader.f64())
    default:
      return hashInner(layout)
  }
}

function hashScalaLong(value: bigint): number {
  return BigInt.asIntN(32, value) === value ? Number(value) : foldLong(value)
}

function hashScalaDouble(value: number): number {
  const whole = hashWhole(value)
  if (whole !== undefined) return whole
  const view = new DataView(new ArrayBuffer(8))
  if (Math.fround(value) === value) {
    view.setFloat32(0, value)
    return view.getInt32(0)
  }
  view.setFloat64(0, value)
  return Number.isNaN(value) ? 0x7ff80000 : view.getInt32(0) ^ view.getInt32(4)
}

function hashScalaFloat(value: number): number {
  const whole = hashWhole(value)
  if (whole !== undefined) return whole
  const view = new DataView(new ArrayBuffer(4))
  view.setFloat32(0, value)
  return Number.isNaN(value) ? 0x7fc00000 : view.getInt32(0)
}

/** The hash of a number that is an int or long, with Java's saturating casts. */
function hashWhole(value: number): number | undefined {
  if (value === (value | 0)) return value | 0
  if (!Number.isInteger(value) || Math.abs(value) > 2 ** 63) return undefined
  const long = BigInt(value)
  return foldLong(long === 2n ** 63n ? long - 1n : long)
}

/** `MurmurHash3.productHash`; since Scala 2.13 the hash of the class's name goes before the elements. */
export function hashProduct(elements: readonly number[], prefix?: number): number {
  let hash = 0xcafebabe | 0
  for (const element of prefix === undefined ? elements : [prefix, ...elements]) {
    let mixed = Math.imul(element, 0xcc9e2d51)
    mixed = Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593)
    hash ^= mixed
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0
  }
  hash ^= elements.length
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

/** `Long.hashCode` */
function foldLong(value: bigint): number {
  return Number(BigInt.asIntN(32, value ^ (BigInt.asUintN(64, value) >> 32n)))
}
