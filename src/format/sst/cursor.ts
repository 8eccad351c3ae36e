import { KobelError } from '../../error.ts'

/** A position in bytes that RocksDB wrote: little-endian numbers and LEB128 varints (`util/coding.h`). */
export class SstCursor {
  readonly bytes: Uint8Array
  offset: number
  readonly limit: number

  constructor(bytes: Uint8Array, offset = 0, limit: number = bytes.length) {
    this.bytes = bytes
    this.offset = offset
    this.limit = limit
  }

  get remaining(): number {
    return this.limit - this.offset
  }

  take(length: number): Uint8Array {
    if (length > this.remaining) {
      throw new KobelError('TRUNCATED', `${length} more bytes were expected, ${this.remaining} are left`, {
        offset: this.offset,
      })
    }
    const start = this.offset
    this.offset += length
    return this.bytes.subarray(start, this.offset)
  }

  u8(): number {
    return this.take(1)[0]!
  }

  fixed32(): number {
    const b = this.take(4)
    return (b[0]! | (b[1]! << 8) | (b[2]! << 16) | (b[3]! << 24)) >>> 0
  }

  /** As a number; `LIMIT` beyond 2^53. */
  fixed64(): number {
    const low = this.fixed32()
    return this.safe(this.fixed32() * 2 ** 32 + low)
  }

  varint32(): number {
    const value = this.varint(5)
    if (value > 0xffffffff) throw new KobelError('CORRUPT', 'a varint32 is too large', { offset: this.offset })
    return value
  }

  /** As a number; `LIMIT` beyond 2^53. */
  varint64(): number {
    return this.safe(this.varint(10))
  }

  /** A zigzag varint64: 0, -1, 1, -2, … */
  signedVarint64(): number {
    const value = this.varint64()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  /** A varint32 length and that many bytes. */
  slice(): Uint8Array {
    return this.take(this.varint32())
  }

  private varint(maxBytes: number): number {
    let value = 0
    for (let i = 0, scale = 1; i < maxBytes; i++, scale *= 128) {
      const byte = this.u8()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
    throw new KobelError('CORRUPT', 'a varint does not end', { offset: this.offset })
  }

  private safe(value: number): number {
    if (value > Number.MAX_SAFE_INTEGER) {
      throw new KobelError('LIMIT', `the number ${value} is beyond 2^53`, { offset: this.offset })
    }
    return value
  }
}
