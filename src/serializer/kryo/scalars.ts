import { fromBase64 } from '../../bytes/encoding.ts'
import type { Reader } from '../../bytes/reader.ts'
import type { Writer } from '../../bytes/writer.ts'
import { bigIntFromBytes, bigIntToBytes, decimalText, parseDecimal } from '../numbers.ts'
import type { Value } from '../value.ts'
import type { ObjectCodec } from './classes.ts'
import { readClass, withClass } from './graph.ts'
import { JAVA_LOCALE, localeName } from './java.ts'
import {
  FIXED,
  type KryoVersion,
  readKryoString,
  readSize,
  readVarInt,
  readVarLong,
  writeKryoString,
  writeUnits,
  writeVarInt,
  writeVarLong,
} from './primitives.ts'
import { unfit, writeClass } from './sink.ts'

/** Primitives and their wrappers, texts, numbers of any size and other values without parts. */

/** A primitive field or wrapper: how its bytes lie in a version. */
export interface PrimitiveCodec {
  readonly read: (reader: Reader, version: KryoVersion) => Value
  readonly write: (writer: Writer, value: Value, version: KryoVersion) => void
}

function integer(value: Value, bits: number): number {
  const number = typeof value === 'bigint' ? Number(value) : value
  const bound = 2 ** (bits - 1)
  if (typeof number === 'number' && Number.isInteger(number) && number >= -bound && number < bound) return number
  throw unfit(`a whole number of ${bits} bits`, value)
}

function long(value: Value): bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value)
  if (typeof value === 'string' && /^-?\d{1,20}$/.test(value)) return long(BigInt(value))
  if (typeof value === 'bigint' && BigInt.asIntN(64, value) === value) return value
  throw unfit('a whole number of 64 bits', value)
}

function floating(value: Value): number {
  if (typeof value === 'number') return value
  if (typeof value === 'string' && /^(NaN|-?Infinity)$/.test(value)) return Number(value)
  throw unfit('a number', value)
}

export function text(value: Value): string {
  if (typeof value === 'string') return value
  throw unfit('a text', value)
}

export function bytesOf(value: Value): Uint8Array {
  if (value instanceof Uint8Array) return value
  if (typeof value === 'string') return fromBase64(value)
  throw unfit('bytes', value)
}

export const PRIMITIVES: Readonly<Record<string, PrimitiveCodec>> = {
  boolean: {
    // Kryo takes any byte but 1 for false.
    read: (reader) => reader.bool(),
    write: (writer, value) => {
      if (typeof value !== 'boolean') throw unfit('a boolean', value)
      writer.bool(value)
    },
  },
  byte: { read: (reader) => reader.i8(), write: (writer, value) => writer.u8(integer(value, 8) & 0xff) },
  short: {
    read: (reader, version) => FIXED[version].i16(reader),
    write: (writer, value, version) => FIXED[version].writeI16(writer, integer(value, 16)),
  },
  char: {
    read: (reader, version) => String.fromCharCode(FIXED[version].u16(reader)),
    write: (writer, value, version) => {
      const char = text(value)
      if (char.length !== 1) throw unfit('one character', value)
      FIXED[version].writeI16(writer, char.charCodeAt(0))
    },
  },
  int: {
    read: (reader) => readVarInt(reader, true),
    write: (writer, value) => writeVarInt(writer, integer(value, 32), true),
  },
  long: {
    read: (reader) => readVarLong(reader, true),
    write: (writer, value) => writeVarLong(writer, long(value), true),
  },
  float: {
    read: (reader, version) => FIXED[version].f32(reader),
    write: (writer, value, version) => FIXED[version].writeF32(writer, floating(value)),
  },
  double: {
    read: (reader, version) => FIXED[version].f64(reader),
    write: (writer, value, version) => FIXED[version].writeF64(writer, floating(value)),
  },
}

function wrapper(primitive: string): ObjectCodec {
  const codec = PRIMITIVES[primitive]!
  return {
    referenced: false,
    read: ({ reader, classes }) => codec.read(reader, classes.version),
    write: ({ writer, classes }, value) => codec.write(writer, value, classes.version),
  }
}

export const WRAPPERS: Readonly<Record<string, string>> = {
  'java.lang.Boolean': 'boolean',
  'java.lang.Byte': 'byte',
  'java.lang.Short': 'short',
  'java.lang.Character': 'char',
  'java.lang.Integer': 'int',
  'java.lang.Long': 'long',
  'java.lang.Float': 'float',
  'java.lang.Double': 'double',
}

/** A class that is written as one text. */
export function textCodec(toValue: (text: string) => Value = (each) => each): ObjectCodec {
  return {
    read: ({ reader }) => {
      const read = readKryoString(reader)
      return read === null ? null : toValue(read)
    },
    write: ({ writer, classes }, value) => writeKryoString(writer, text(value), classes.version),
  }
}

/** varint length + 1, two's complement. Not a bigint, which would look like a Long. */
const BIG_INTEGER: ObjectCodec = {
  read: ({ reader }) => {
    const length = readSize(reader, 'bytes of a number', 0)
    return length === 0 ? null : String(bigIntFromBytes(reader.take(length - 1)))
  },
  write: ({ writer }, value) => {
    if (typeof value !== 'bigint' && !(typeof value === 'string' && /^-?\d+$/.test(value))) {
      throw unfit('a whole number', value)
    }
    const bytes = bigIntToBytes(BigInt(value))
    writeVarInt(writer, bytes.length + 1)
    writer.raw(bytes)
  },
}

/** The unscaled value as a BigInteger, zig-zag varint scale. */
const BIG_DECIMAL: ObjectCodec = {
  read: ({ reader }) => {
    const length = readSize(reader, 'bytes of a number', 0)
    if (length === 0) return null
    const unscaled = bigIntFromBytes(reader.take(length - 1))
    return decimalText(unscaled, readVarInt(reader, true))
  },
  write: ({ writer }, value) => {
    const { unscaled, scale } = parseDecimal(text(value))
    const bytes = bigIntToBytes(unscaled)
    writeVarInt(writer, bytes.length + 1)
    writer.raw(bytes)
    writeVarInt(writer, scale, true)
  },
}

function uuidText(most: bigint, least: bigint): string {
  const hex = (value: bigint) => BigInt.asUintN(64, value).toString(16).padStart(16, '0')
  const digits = hex(most) + hex(least)
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-${digits.slice(12, 16)}-${digits.slice(16, 20)}-${digits.slice(20)}`
}

export function parseUuid(value: Value): { most: bigint; least: bigint } {
  const match = /^([0-9a-fA-F]{8})-([0-9a-fA-F]{4})-([0-9a-fA-F]{4})-([0-9a-fA-F]{4})-([0-9a-fA-F]{12})$/.exec(
    text(value),
  )
  if (!match) throw unfit('a UUID', value)
  const signed = (digits: string) => BigInt.asIntN(64, BigInt(`0x${digits}`))
  return { most: signed(match[1]! + match[2]! + match[3]!), least: signed(match[4]! + match[5]!) }
}

/** Two zig-zag varlongs in 2.24, two fixed longs in 5. */
function uuidCodec(version: KryoVersion): ObjectCodec {
  const fixed = FIXED[version]
  const read = (reader: Reader) => (version === 2 ? readVarLong(reader, true) : fixed.i64(reader))
  const write = (writer: Writer, value: bigint) =>
    version === 2 ? writeVarLong(writer, value, true) : fixed.writeI64(writer, value)
  return {
    read: ({ reader }) => {
      const most = read(reader)
      return uuidText(most, read(reader))
    },
    write: ({ writer }, value) => {
      const { most, least } = parseUuid(value)
      write(writer, most)
      write(writer, least)
    },
  }
}

const PRIMITIVE_CLASSES: ReadonlySet<string> = new Set([...Object.keys(PRIMITIVES), 'void'])

/** The class; then whether it is the primitive: always in 2.24, in 5 only for primitives and wrappers. */
const CLASS_CODEC: ObjectCodec = {
  read: (graph) => {
    const { reader, classes } = graph
    const className = readClass(graph)
    const primitive = className !== null && PRIMITIVE_CLASSES.has(className)
    const flag = classes.version === 2 || primitive ? reader.u8() : 0
    if (!primitive || flag === 1) return className
    return Object.entries(WRAPPERS).find(([, name]) => name === className)?.[0] ?? 'java.lang.Void'
  },
  write: (sink, value) => {
    const className = text(value)
    writeClass(sink, className)
    const primitive = PRIMITIVE_CLASSES.has(className)
    if (sink.classes.version === 2 || primitive || Object.hasOwn(WRAPPERS, className)) sink.writer.bool(primitive)
  },
}

/** Kryo 5: three strings. */
const LOCALE: ObjectCodec = {
  read: ({ reader }) => {
    const part = () => readKryoString(reader) ?? ''
    const language = part()
    const country = part()
    return localeName(language, country, part())
  },
  write: ({ writer }, value) => {
    const [language = '', country = '', ...variant] = text(value).split('_')
    for (const part of [language, country, variant.join('_')]) writeKryoString(writer, part, 5)
  },
}

/** varint words, each 8 bytes: the numbers of the bits that are set. */
const BIT_SET: ObjectCodec = {
  read: ({ reader, classes }) => {
    const words = readSize(reader, 'words of a BitSet', 8)
    const bits: number[] = []
    for (let i = 0; i < words; i++) {
      let word = BigInt.asUintN(64, FIXED[classes.version].i64(reader))
      for (let bit = 64 * i; word !== 0n; bit++, word >>= 1n) if (word & 1n) bits.push(bit)
    }
    return withClass(bits, 'java.util.BitSet')
  },
  write: ({ writer, classes }, value) => {
    if (!Array.isArray(value)) throw unfit('the numbers of bits', value)
    const words: bigint[] = []
    for (const bit of value as Value[]) {
      const number = integer(bit, 32)
      if (number < 0 || number > 1 << 27) throw unfit('the number of a bit', bit)
      while (words.length <= number >> 6) words.push(0n)
      words[number >> 6]! |= 1n << BigInt(number & 63)
    }
    writeVarInt(writer, words.length)
    for (const word of words) FIXED[classes.version].writeI64(writer, BigInt.asIntN(64, word))
  },
}

/** Kryo 5 keeps the flags: `{ pattern, flags }` where there are any. */
const PATTERN: ObjectCodec = {
  read: ({ reader }) => {
    const pattern = readKryoString(reader)
    const flags = readVarInt(reader)
    return flags === 0 ? pattern : { pattern, flags }
  },
  write: ({ writer }, value) => {
    const plain = typeof value === 'string'
    const { pattern, flags } = plain ? { pattern: value, flags: 0 } : (value as Record<string, Value>)
    writeKryoString(writer, text(pattern ?? null), 5)
    writeVarInt(writer, integer(flags ?? null, 32))
  },
}

const SOCKET_ADDRESS: ObjectCodec = {
  read: ({ reader }) => `${readKryoString(reader)}:${readVarInt(reader)}`,
  write: ({ writer, classes }, value) => {
    const [, host, port] = /^(.*):(\d{1,5})$/.exec(text(value)) ?? []
    if (host === undefined) throw unfit('host:port', value)
    writeKryoString(writer, host, classes.version)
    writeVarInt(writer, Number(port))
  },
}

const EMPTY: ObjectCodec = { read: () => null, write: () => {} }

/** A 2.24 `StringBuilder` has the length form even where it is ASCII. */
const BUILDER: ObjectCodec = {
  read: ({ reader }) => readKryoString(reader),
  write: ({ writer }, value) => writeUnits(writer, text(value)),
}

export function scalarCodecs(version: KryoVersion): Record<string, ObjectCodec> {
  const builder = version === 2 ? BUILDER : textCodec()
  const wrappers = Object.entries(WRAPPERS).flatMap(([name, primitive]) => [
    [name, wrapper(primitive)],
    [primitive, wrapper(primitive)],
  ])
  return {
    ...Object.fromEntries(wrappers),
    'java.lang.Void': EMPTY,
    void: EMPTY,
    'java.lang.String': textCodec(),
    'java.lang.StringBuilder': builder,
    'java.lang.StringBuffer': builder,
    'java.math.BigInteger': BIG_INTEGER,
    'java.math.BigDecimal': BIG_DECIMAL,
    'java.util.UUID': uuidCodec(version),
    'java.net.URI': textCodec(),
    'java.lang.Class': CLASS_CODEC,
    'java.util.Currency': textCodec(),
    'java.util.Locale': version === 2 ? JAVA_LOCALE : LOCALE,
    'java.util.BitSet': BIT_SET,
    'java.util.regex.Pattern': version === 2 ? textCodec() : PATTERN,
    'java.net.InetSocketAddress': SOCKET_ADDRESS,
    'java.util.TimeZone': textCodec(),
    'sun.util.calendar.ZoneInfo': textCodec(),
    'java.util.SimpleTimeZone': textCodec(),
    'java.lang.Object': EMPTY,
    ...(version === 5 && {
      'java.net.URL': textCodec(),
      ...Object.fromEntries(
        ['sun.nio.cs.UTF_8', 'sun.nio.cs.ISO_8859_1', 'sun.nio.cs.US_ASCII', 'sun.nio.cs.UTF_16'].map((name) => [
          name,
          textCodec(),
        ]),
      ),
    }),
  }
}
