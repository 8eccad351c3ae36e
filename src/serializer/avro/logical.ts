import { fromBase64, toBase64 } from '../../bytes/encoding.ts'
import type { Reader } from '../../bytes/reader.ts'
import type { Writer } from '../../bytes/writer.ts'
import { KobelError } from '../../error.ts'
import { longJson, toBigInt } from '../interpreter/json.ts'
import type { Codec, Layout } from '../layout.ts'
import { bigIntFromBytes, bigIntToBytes, decimalText, parseDecimal } from '../numbers.ts'
import * as time from '../time.ts'
import type { Value } from '../value.ts'
import type { AvroLogical } from './schema.ts'

/**
 * Logical types of Avro as the texts of the java.time classes that generated Avro classes have. What has no such text
 * (a time of day beyond 24 hours, a decimal with needless leading bytes) stays a number or bytes, so nothing is lost.
 */

/** The layout of a logical type over its base type; `undefined` where it is shown as the base type. */
export function logicalLayout(logical: AvroLogical, base: string, fixedSize = -1): Layout | undefined {
  const codec = codecOf(logical, base, fixedSize)
  return codec && { op: 'codec', codec, className: `avro:${logical.name}` }
}

function codecOf(logical: AvroLogical, base: string, fixedSize: number): Codec | undefined {
  if ('scale' in logical) return decimalCodec(logical.scale, fixedSize)
  const counted = COUNTED[logical.name]
  if (counted) return countedCodec(logical.name, base === 'int', counted)
  return logical.name === 'uuid' && base === 'fixed' ? UUID : undefined
}

/** A count of days, milliseconds, … and the text of it; no text where there is none. */
interface Counted {
  readonly toText: (count: bigint) => string | undefined
  readonly fromText: (text: string) => bigint
}

const MILLIS = 1000n
const MICROS = 1_000_000n
const NANOS = 1_000_000_000n

const DATE: Counted = {
  toText: (days) => time.dateText(time.civilFromDays(Number(days))),
  fromText: (text) => BigInt(time.daysFromCivil(time.parseDate(text))),
}

function timeOfDay(perSecond: bigint): Counted {
  return {
    toText: (count) => {
      const { seconds, nano } = secondsOf(count, perSecond)
      if (seconds < 0n || seconds >= 86_400n) return undefined
      const second = Number(seconds)
      return time.timeText(Math.floor(second / 3600), Math.floor(second / 60) % 60, second % 60, nano)
    },
    fromText: (text) => {
      const { hour, minute, second, nano } = time.parseTime(text)
      return countOf(BigInt(hour * 3600 + minute * 60 + second), nano, perSecond)
    },
  }
}

function instant(perSecond: bigint): Counted {
  return {
    toText: (count) => {
      const { seconds, nano } = secondsOf(count, perSecond)
      return time.instantText(seconds, nano)
    },
    fromText: (text) => {
      const { seconds, nano } = time.parseInstant(text)
      return countOf(seconds, nano, perSecond)
    },
  }
}

/** As `LocalDateTime.toString()`: an instant without `Z`, and without `:00` where the seconds are zero. */
function localDateTime(perSecond: bigint): Counted {
  const { toText, fromText } = instant(perSecond)
  return {
    toText: (count) => toText(count)?.replace(/(T\d\d:\d\d):00Z$|Z$/, '$1'),
    fromText: (text) => fromText(`${text}Z`),
  }
}

const COUNTED: Readonly<Record<string, Counted>> = {
  date: DATE,
  'time-millis': timeOfDay(MILLIS),
  'time-micros': timeOfDay(MICROS),
  'timestamp-millis': instant(MILLIS),
  'timestamp-micros': instant(MICROS),
  'timestamp-nanos': instant(NANOS),
  'local-timestamp-millis': localDateTime(MILLIS),
  'local-timestamp-micros': localDateTime(MICROS),
  'local-timestamp-nanos': localDateTime(NANOS),
}

function secondsOf(count: bigint, perSecond: bigint): { seconds: bigint; nano: number } {
  const rest = ((count % perSecond) + perSecond) % perSecond
  return { seconds: (count - rest) / perSecond, nano: Number(rest * (NANOS / perSecond)) }
}

function countOf(seconds: bigint, nano: number, perSecond: bigint): bigint {
  return seconds * perSecond + BigInt(nano) / (NANOS / perSecond)
}

function countedCodec(name: string, isInt: boolean, { toText, fromText }: Counted): Codec {
  const bits = isInt ? 32 : 64
  const parse = (value: Value): bigint => {
    const count =
      typeof value === 'string' ? fromText(value) : typeof value === 'bigint' ? value : integerOf(value, name)
    if (BigInt.asIntN(bits, count) !== count) throw unfit(`a ${name} of ${bits} bits`, String(value))
    return count
  }
  return {
    name: `Avro ${name}`,
    length: bits / 8,
    delimited: true,
    read: (reader) => {
      const number = isInt ? reader.i32() : reader.i64()
      const text = toText(BigInt(number))
      return text !== undefined && fromText(text) === BigInt(number) ? text : number
    },
    write: (writer, value) => {
      const count = parse(value)
      if (isInt) writer.i32(Number(count))
      else writer.i64(count)
    },
    skip: (reader) => reader.skip(bits / 8),
    toJson: (value) => (typeof value === 'bigint' ? longJson(value) : JSON.stringify(value)),
    fromJson: (json) => {
      if (typeof json === 'number') return isInt ? json : toBigInt(json)
      const text = textOf(json, `a ${name}`)
      if (!isInt && /^-?\d+$/.test(text)) return toBigInt(text)
      parse(text)
      return text
    },
  }
}

/** Beyond this many bytes a decimal stays bytes: its digits would take long to work out. */
const MAX_DECIMAL_BYTES = 4096

/** Two's complement in bytes (i32 length first) or in a fixed. Bytes need not be the shortest: then they stay bytes. */
function decimalCodec(scale: number, fixedSize: number): Codec {
  const read = (reader: Reader): Value => {
    const bytes = reader.take(fixedSize >= 0 ? fixedSize : reader.count('bytes of a decimal'))
    if (bytes.length === 0 || bytes.length > MAX_DECIMAL_BYTES) return bytes.slice()
    const unscaled = bigIntFromBytes(bytes)
    const exact = fixedSize >= 0 || bigIntToBytes(unscaled).length === bytes.length
    return exact ? decimalText(unscaled, scale) : bytes.slice()
  }
  const bytesOf = (value: Value): Uint8Array => {
    const bytes =
      value instanceof Uint8Array ? value : decimalBytes(textOf(value, 'a decimal number'), scale, fixedSize)
    if (fixedSize >= 0 && bytes.length !== fixedSize) throw unfit(`a decimal of ${fixedSize} bytes`, String(value))
    return bytes
  }
  return {
    name: 'Avro decimal',
    ...(fixedSize >= 0 && { length: fixedSize }),
    delimited: true,
    read,
    write: (writer: Writer, value) => {
      const bytes = bytesOf(value)
      if (fixedSize < 0) writer.i32(bytes.length)
      writer.raw(bytes)
    },
    skip: (reader) => reader.skip(fixedSize >= 0 ? fixedSize : reader.count('bytes of a decimal')),
    toJson: (value) => (value instanceof Uint8Array ? `"${toBase64(value)}"` : JSON.stringify(value)),
    fromJson: (json) => {
      const text = textOf(json, 'a decimal number')
      if (!/^[+-]?\d/.test(text)) return fromBase64(text)
      bytesOf(text)
      return text
    },
  }
}

function decimalBytes(text: string, scale: number, fixedSize: number): Uint8Array {
  const decimal = parseDecimal(text)
  const missing = scale - decimal.scale
  if (missing < 0 || missing > 10_000) throw unfit(`a decimal with the scale ${scale}`, text)
  const shortest = bigIntToBytes(decimal.unscaled * 10n ** BigInt(missing))
  if (fixedSize < 0 || shortest.length >= fixedSize) return shortest
  const bytes = new Uint8Array(fixedSize).fill(shortest[0]! >= 0x80 ? 0xff : 0)
  bytes.set(shortest, fixedSize - shortest.length)
  return bytes
}

const UUID_TEXT = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

const UUID: Codec = {
  name: 'Avro uuid',
  length: 16,
  delimited: true,
  read: (reader) => {
    const hex = Array.from(reader.take(16), (byte) => byte.toString(16).padStart(2, '0')).join('')
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
  },
  write: (writer, value) => {
    const text = uuidText(value).replaceAll('-', '')
    for (let i = 0; i < 32; i += 2) writer.u8(Number.parseInt(text.slice(i, i + 2), 16))
  },
  skip: (reader) => reader.skip(16),
  toJson: (value) => JSON.stringify(value),
  fromJson: uuidText,
}

function uuidText(value: unknown): string {
  const text = textOf(value, 'a UUID')
  if (!UUID_TEXT.test(text)) throw unfit('a UUID', text)
  return text
}

function integerOf(value: Value, name: string): bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value)
  throw unfit(`a ${name}`, JSON.stringify(value) ?? typeof value)
}

function textOf(value: unknown, expected: string): string {
  if (typeof value === 'string') return value
  throw unfit(expected, JSON.stringify(value) ?? typeof value)
}

function unfit(expected: string, found: string): KobelError {
  return new KobelError('USAGE', `${expected} was expected, found ${found.slice(0, 60)}`)
}
