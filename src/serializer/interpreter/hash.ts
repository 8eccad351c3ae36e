import { murmur32 } from '../../bytes/murmur32.ts'
import type { Reader } from '../../bytes/reader.ts'
import { KobelError } from '../../error.ts'
import type { Layout } from '../layout.ts'
import { readBigInteger } from '../numbers.ts'
import { readFlinkString } from '../strings.ts'
import { type CivilDate, type ClockTime, nanoOfDay, readCivilDate, readClockTime, readSecondsAndNano } from '../time.ts'
import { hashRow, isHashableInRow } from './hash-row.ts'
import { hashScala } from './hash-scala.ts'
import { MAX_DEPTH, readCount, tooDeep } from './limits.ts'
import { minimumOf, readValue } from './read.ts'
import { taggedCase } from './tagged.ts'

/**
 * Java's `hashCode()` of the value at the reader, for every layout whose hash Java or Flink specifies
 * (`hashes-and-keygroups`): what decides the key group of a key. Moves the reader behind the value.
 *
 * @throws KobelError `UNHASHABLE` where the hash is user code or differs from one JVM to the next.
 */
export function hashValue(layout: Layout, reader: Reader, depth = 0): number {
  if (depth > MAX_DEPTH) throw tooDeep(reader)
  if ('hash' in layout && (layout.hash === 'scala' || layout.hash === 'caseClass')) {
    return hashScala(layout, reader, (inner) => hashValue(inner, reader, depth + 1))
  }
  switch (layout.op) {
    case 'boolean':
      if (layout.hash === 'booleanValue') return reader.bool() ? 1 : 0
      return reader.bool() ? 1231 : 1237
    case 'i8':
      return reader.i8()
    case 'i16':
      return reader.i16()
    case 'char':
      return reader.u16()
    case 'i32':
    case 'enumById':
      return reader.i32()
    case 'i64':
      return layout.hash === 'longValue'
        ? (43 + hashLong(reader.i64())) | 0
        : hashLong(readValue(layout, reader) as bigint)
    case 'f32':
      return hashFloat(reader)
    case 'f64':
      return layout.hash === 'doubleValue' ? (31 + hashDouble(reader)) | 0 : hashDouble(reader)
    case 'string':
      return hashText(readFlinkString(reader, layout.notNull))
    case 'bigInteger':
      return hashBigInteger(readBigInteger(reader) ?? 0n)
    case 'bigDecimal': {
      const unscaled = readBigInteger(reader)
      return unscaled === null ? 0 : hashBigDecimal(unscaled, reader.i32())
    }
    case 'millis':
      return hashMillis(reader.i64())
    case 'sqlTimestamp': {
      // java.sql.Timestamp takes java.util.Date's hash: the nanoseconds below a millisecond do not count.
      const hash = hashMillis(reader.i64())
      reader.skip(4)
      return hash
    }
    case 'localDate':
      return hashDate(readCivilDate(reader))
    case 'localTime':
      return hashTime(readClockTime(reader))
    case 'localDateTime':
      return hashDate(readCivilDate(reader)) ^ hashTime(readClockTime(reader))
    case 'instant': {
      const instant = readSecondsAndNano(reader)
      return instant === null ? 0 : (hashLong(instant.seconds) + Math.imul(51, instant.nano)) | 0
    }
    case 'constant':
      reader.skip(layout.length)
      return layout.hash ?? 0
    case 'utf8':
      if (layout.hash === 'binaryString') return hashBinary(reader)
      throw unhashable('a text')
    case 'tuple':
      return hashTuple(layout, reader, depth)
    case 'row':
      if (layout.hash === 'severalRows') throw unhashable('a Row of Flink 1.11 to 1.13')
      return hashRow(layout, reader, depth, hashValue)
    case 'object':
      return hashObject(layout, reader)
    case 'list':
      return hashList(layout, reader, depth)
    case 'map':
      return hashMap(layout, reader, depth)
    case 'nullable':
      if ((reader.bool() ? 1 : 0) !== layout.nullWhen) return hashValue(layout.inner, reader, depth + 1)
      reader.skip(layout.padding)
      return 0
    case 'tagged':
      return hashValue(taggedCase(layout, reader).layout, reader, depth + 1)
    case 'codec':
      if (layout.codec.hash) return layout.codec.hash(reader)
      throw unhashable(layout.className)
    default:
      throw unhashable('className' in layout && layout.className !== undefined ? layout.className : layout.op)
  }
}

/** Whether {@link hashValue} knows the hash of every value of this layout. */
export function isHashable(layout: Layout): boolean {
  switch (layout.op) {
    case 'tuple':
      return layout.fields.every(isHashable)
    case 'row':
      return layout.hash !== 'severalRows' && layout.fields.every((field) => isHashableInRow(field, isHashable))
    case 'object':
      return layout.hash === 'timeWindow'
    case 'list':
      return layout.of !== 'array' && layout.hash === undefined && isHashable(layout.element)
    case 'map':
      return isHashable(layout.key) && isHashable(layout.value)
    case 'nullable':
      return isHashable(layout.inner)
    case 'tagged':
      return layout.cases.every((each) => isHashable(each.layout))
    case 'codec':
      return layout.codec.hash !== undefined
    case 'utf8':
      return layout.hash !== undefined
    case 'enum':
    case 'pojo':
    case 'bytes':
    case 'fixedBytes':
    case 'chars':
    case 'maskedList':
    case 'union':
    case 'blockList':
    case 'blockMap':
    case 'ttl':
    case 'sized':
    case 'unknown':
      return false
    default:
      return true
  }
}

function unhashable(what: string): KobelError {
  return new KobelError(
    'UNHASHABLE',
    `the hashCode of ${what} is not specified by Java or Flink (it is user code, or differs from one JVM to the next): its key group cannot be computed`,
  )
}

/** `BinarySection.hashCode`, which is that of `BinaryStringData`; `BinaryRowData` and the like come to the same. */
export function hashBinary(reader: Reader): number {
  const length = reader.count('bytes')
  reader.skip(length)
  return murmur32(reader.bytes, reader.offset - length, reader.offset, BINARY_SEED)
}

const BINARY_SEED = 42

/** `Long.hashCode`. */
export function hashLong(value: bigint): number {
  return Number(BigInt.asIntN(32, value ^ (BigInt.asUintN(64, value) >> 32n)))
}

function hashFloat(reader: Reader): number {
  const value = reader.f32()
  return Number.isNaN(value) ? 0x7fc00000 : reader.view.getInt32(reader.offset - 4)
}

function hashDouble(reader: Reader): number {
  const value = reader.f64()
  if (Number.isNaN(value)) return 0x7ff80000
  return reader.view.getInt32(reader.offset - 8) ^ reader.view.getInt32(reader.offset - 4)
}

/** `String.hashCode`. */
export function hashText(text: string | null): number {
  let hash = 0
  for (let i = 0; i < (text?.length ?? 0); i++) hash = (Math.imul(31, hash) + text!.charCodeAt(i)) | 0
  return hash
}

function hashBigInteger(value: bigint): number {
  let hash = 0
  const magnitude = value < 0n ? -value : value
  const words = magnitude === 0n ? 0 : Math.ceil(magnitude.toString(2).length / 32)
  for (let i = words - 1; i >= 0; i--) {
    hash = (Math.imul(31, hash) + Number(BigInt.asIntN(32, magnitude >> BigInt(32 * i)))) | 0
  }
  return value < 0n ? -hash | 0 : hash
}

/** `BigDecimal.hashCode`: by the compact form where the unscaled value fits a long (other than Long.MIN_VALUE). */
export function hashBigDecimal(unscaled: bigint, scale: number): number {
  if (unscaled > -(2n ** 63n) && unscaled < 2n ** 63n) {
    const magnitude = unscaled < 0n ? -unscaled : unscaled
    const folded = (Math.imul(Number(magnitude >> 32n), 31) + Number(BigInt.asIntN(32, magnitude))) | 0
    return (Math.imul(31, unscaled < 0n ? -folded : folded) + scale) | 0
  }
  return (Math.imul(31, hashBigInteger(unscaled)) + scale) | 0
}

/** `Date.hashCode` of java.util; Long.MIN_VALUE stands for null. */
function hashMillis(millis: bigint): number {
  return millis === -(2n ** 63n) ? 0 : hashLong(millis)
}

function hashDate(date: CivilDate | null): number {
  if (date === null) return 0
  const { year, month, day } = date
  return (year & 0xfffff800) ^ ((year << 11) + (month << 6) + day)
}

function hashTime(time: ClockTime | null): number {
  return time === null ? 0 : hashLong(nanoOfDay(time))
}

/** `Tuple2.hashCode` and the like: begins with the first field, unlike lists. */
function hashTuple(layout: Layout & { op: 'tuple' }, reader: Reader, depth: number): number {
  let hash = 0
  layout.fields.forEach((field, i) => {
    const of = hashValue(field, reader, depth + 1)
    hash = i === 0 ? of : (Math.imul(31, hash) + of) | 0
  })
  return hash
}

function hashObject(layout: Layout & { op: 'object' }, reader: Reader): number {
  if (layout.hash !== 'timeWindow') throw unhashable(layout.className ?? 'this class')
  return hashTimeWindow(reader.i64() + reader.i64())
}

/** `MathUtils.longToIntWithBitMixing` of the sum of both bounds. */
function hashTimeWindow(sum: bigint): number {
  let mixed = BigInt.asUintN(64, sum)
  mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 30n)) * 0xbf58476d1ce4e5b9n)
  mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn)
  mixed ^= mixed >> 31n
  return Number(BigInt.asIntN(32, mixed))
}

function hashList(layout: Layout & { op: 'list' }, reader: Reader, depth: number): number {
  if (layout.of === 'array') throw unhashable('an array')
  const count = readCount(reader, 'elements', minimumOf(layout.element, layout.flag !== undefined), depth)
  let hash = layout.of === 'set' ? 0 : 1
  for (let i = 0; i < count; i++) {
    const isNull = layout.flag !== undefined && reader.bool() === (layout.flag === 'isNull')
    const of = isNull ? 0 : hashValue(layout.element, reader, depth + 1)
    hash = layout.of === 'set' ? (hash + of) | 0 : (Math.imul(31, hash) + of) | 0
  }
  return hash
}

function hashMap(layout: Layout & { op: 'map' }, reader: Reader, depth: number): number {
  const count = readCount(reader, 'map entries', minimumOf(layout.key, layout.keyFlag || layout.valueFlag), depth)
  let hash = 0
  for (let i = 0; i < count; i++) {
    const key = layout.keyFlag && reader.bool() ? 0 : hashValue(layout.key, reader, depth + 1)
    const value = layout.valueFlag && reader.bool() ? 0 : hashValue(layout.value, reader, depth + 1)
    hash = (hash + (key ^ value)) | 0
  }
  return hash
}
