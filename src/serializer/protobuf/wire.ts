import type { Reader } from '../../bytes/reader.ts'
import type { Writer } from '../../bytes/writer.ts'
import { KobelError } from '../../error.ts'

/** The wire format of Protocol Buffers: a message is fields, each a varint `number << 3 | wire type`, and its value. */
export const VARINT = 0
export const I64 = 1
export const LEN = 2
export const START_GROUP = 3
export const END_GROUP = 4
export const I32 = 5

/** Unsigned, at most ten bytes; what is beyond 64 bits is dropped, as Java does. */
export function readVarint(reader: Reader): bigint {
  const at = reader.offset
  let low = 0
  for (let i = 0; i < 4; i++) {
    const byte = reader.u8()
    low += (byte & 0x7f) * 2 ** (7 * i)
    if (byte < 0x80) return BigInt(low)
  }
  let value = BigInt(low)
  for (let shift = 28n; shift < 70n; shift += 7n) {
    const byte = reader.u8()
    value |= BigInt(byte & 0x7f) << shift
    if (byte < 0x80) return BigInt.asUintN(64, value)
  }
  throw new KobelError('CORRUPT', 'a varint of a Protobuf message is longer than ten bytes', { offset: at })
}

/** The last 32 bits of a varint, signed. */
export function readInt32(reader: Reader): number {
  return Number(BigInt.asIntN(32, readVarint(reader)))
}

export function writeVarint(writer: Writer, value: bigint): void {
  let rest = BigInt.asUintN(64, value)
  while (rest >= 0x80n) {
    writer.u8(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  }
  writer.u8(Number(rest))
}

export function readLength(reader: Reader): number {
  const at = reader.offset
  const length = readVarint(reader)
  if (length > BigInt(reader.remaining)) {
    throw new KobelError(
      'TRUNCATED',
      `${length} bytes were expected in a Protobuf message, ${reader.remaining} are left`,
      {
        offset: at,
      },
    )
  }
  return Number(length)
}

export interface Tag {
  readonly number: number
  readonly wireType: number
}

export function readTag(reader: Reader): Tag {
  const at = reader.offset
  const tag = Number(BigInt.asUintN(32, readVarint(reader)))
  const number = tag >>> 3
  if (number === 0) throw new KobelError('CORRUPT', 'a field of a Protobuf message has the number 0', { offset: at })
  return { number, wireType: tag & 7 }
}

export function writeTag(writer: Writer, number: number, wireType: number): void {
  writeVarint(writer, (BigInt(number) << 3n) | BigInt(wireType))
}

const MAX_DEPTH = 100

/** Behind a value of this wire type. */
export function skipField(reader: Reader, { number, wireType }: Tag, depth = 0): void {
  switch (wireType) {
    case VARINT:
      readVarint(reader)
      return
    case I64:
      return reader.skip(8)
    case LEN:
      return reader.skip(readLength(reader))
    case I32:
      return reader.skip(4)
    case START_GROUP:
      return skipGroup(reader, number, depth)
    default:
      throw new KobelError('CORRUPT', `a Protobuf field has the wire type ${wireType}`, { offset: reader.offset })
  }
}

function skipGroup(reader: Reader, number: number, depth: number): void {
  if (depth > MAX_DEPTH) throw tooDeep(reader)
  for (;;) {
    const tag = readTag(reader)
    if (tag.wireType === END_GROUP) {
      if (tag.number === number) return
      throw new KobelError('CORRUPT', `a Protobuf group ${number} ends as ${tag.number}`, { offset: reader.offset })
    }
    skipField(reader, tag, depth + 1)
  }
}

export function tooDeep(reader: Reader): KobelError {
  return new KobelError('LIMIT', `Protobuf messages are nested more than ${MAX_DEPTH} deep`, { offset: reader.offset })
}

export { MAX_DEPTH }
