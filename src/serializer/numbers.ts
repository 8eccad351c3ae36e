import type { Reader } from '../bytes/reader.ts'
import type { Writer } from '../bytes/writer.ts'
import { KobelError } from '../error.ts'

/** Two's complement, big-endian, as `BigInteger.toByteArray()`; no bytes are 0. */
export function bigIntFromBytes(bytes: Uint8Array): bigint {
  if (bytes.length === 0) return 0n
  let hex = '0x'
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0')
  return BigInt.asIntN(bytes.length * 8, BigInt(hex))
}

/** The shortest two's complement form, at least one byte. */
export function bigIntToBytes(value: bigint): Uint8Array {
  const magnitude = value < 0n ? -value - 1n : value
  const bits = magnitude === 0n ? 0 : magnitude.toString(2).length
  const length = Math.floor(bits / 8) + 1
  const hex = BigInt.asUintN(length * 8, value)
    .toString(16)
    .padStart(length * 2, '0')
  return Uint8Array.from({ length }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16))
}

/** Its decimal text takes time that grows faster than its length. */
const MAX_BYTES = 1 << 20

/**
 * `BigIntSerializer`: i32 0 = null, 1 = ZERO, 2 = ONE, 3 = TEN, else length + 4, then the bytes. Equal numbers have two
 * forms: the short ones stand only for the JDK's constants.
 */
export function readBigInteger(reader: Reader): bigint | null {
  const at = reader.offset
  const tag = reader.i32()
  if (tag === 0) return null
  if (tag === 1) return 0n
  if (tag === 2) return 1n
  if (tag === 3) return 10n
  if (tag <= 4) throw new KobelError('CORRUPT', `a BigInteger cannot have the length ${tag - 4}`, { offset: at })
  if (tag > MAX_BYTES) throw new KobelError('LIMIT', `a BigInteger of ${tag - 4} bytes is too long`, { offset: at })
  return bigIntFromBytes(reader.take(tag - 4))
}

export function skipBigInteger(reader: Reader): boolean {
  const tag = reader.i32()
  if (tag < 0)
    throw new KobelError('CORRUPT', `a BigInteger cannot have the length ${tag - 4}`, { offset: reader.offset - 4 })
  if (tag > 4) reader.skip(tag - 4)
  return tag !== 0
}

/** Writes the short forms for 0, 1 and 10, as the JDK's constants are written. */
export function writeBigInteger(writer: Writer, value: bigint | null): void {
  if (value === null) return writer.i32(0)
  if (value === 0n) return writer.i32(1)
  if (value === 1n) return writer.i32(2)
  if (value === 10n) return writer.i32(3)
  const bytes = bigIntToBytes(value)
  writer.i32(bytes.length + 4)
  writer.raw(bytes)
}

/** `BigDecSerializer`: the unscaled value as a BigInteger (null ends here), then i32 scale. */
export function readBigDecimal(reader: Reader): string | null {
  const unscaled = readBigInteger(reader)
  return unscaled === null ? null : decimalText(unscaled, reader.i32())
}

export function writeBigDecimal(writer: Writer, text: string | null): void {
  if (text === null) return writer.i32(0)
  const { unscaled, scale } = parseDecimal(text)
  writeBigInteger(writer, unscaled)
  writer.i32(scale)
}

/** `BigDecimal.toString()`: one text for each pair of unscaled value and scale. */
export function decimalText(unscaled: bigint, scale: number): string {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString()
  const sign = unscaled < 0n ? '-' : ''
  if (scale === 0) return sign + digits
  const exponent = -scale + (digits.length - 1)
  if (scale > 0 && exponent >= -6) {
    const point = digits.length - scale
    return point > 0
      ? `${sign}${digits.slice(0, point)}.${digits.slice(point)}`
      : `${sign}0.${'0'.repeat(-point)}${digits}`
  }
  const mantissa = digits.length === 1 ? digits : `${digits[0]}.${digits.slice(1)}`
  return exponent === 0 ? sign + mantissa : `${sign}${mantissa}E${exponent > 0 ? '+' : ''}${exponent}`
}

/** The inverse of {@link decimalText}; throws `USAGE` where the text is no decimal number. */
export function parseDecimal(text: string): { unscaled: bigint; scale: number } {
  const match = /^([+-]?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text)
  if (!match) throw new KobelError('USAGE', `a decimal number was expected, found ${JSON.stringify(text.slice(0, 40))}`)
  const fraction = match[3] ?? ''
  const magnitude = BigInt(match[2]! + fraction)
  const scale = fraction.length - Number(match[4] ?? 0)
  if (scale !== (scale | 0)) throw new KobelError('USAGE', `the scale of ${text.slice(0, 40)} does not fit 32 bits`)
  return { unscaled: match[1] === '-' ? -magnitude : magnitude, scale }
}

/** The number that `Float.toString` prints: the shortest of at least two digits that gives back the same float. */
export function float32Shortest(value: number): number {
  if (!Number.isFinite(value) || value === 0) return value
  for (let precision = 2; precision < 10; precision++) {
    const candidate = Number(value.toPrecision(precision))
    if (Math.fround(candidate) === value) return candidate
  }
  return value
}
