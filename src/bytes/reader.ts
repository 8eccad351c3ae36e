import { KobelError } from '../error.ts'
import { readModifiedUtf8 } from './modified-utf8.ts'

/**
 * A position in a block of bytes. All numbers are big-endian, as `java.io.DataOutput` writes them. Every read checks
 * the bytes left first and throws `TRUNCATED` when there are too few, leaving `offset` where it was.
 */
export class Reader {
  readonly bytes: Uint8Array
  readonly view: DataView
  /** Next byte to read, relative to `bytes`. */
  offset: number
  /** First byte that must not be read. */
  limit: number

  constructor(bytes: Uint8Array, offset = 0, limit: number = bytes.length) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.offset = offset
    this.limit = limit
  }

  get remaining(): number {
    return this.limit - this.offset
  }

  /** Throws `TRUNCATED` unless `count` more bytes are there. A negative count is `CORRUPT`. */
  need(count: number): void {
    if (count > this.limit - this.offset || !(count >= 0)) throw this.missing(count)
  }

  private missing(count: number): KobelError {
    return count >= 0
      ? new KobelError('TRUNCATED', `${count} more bytes were expected, ${this.remaining} are left`, {
          offset: this.offset,
        })
      : new KobelError('CORRUPT', `a length of ${count} bytes cannot be`, { offset: this.offset })
  }

  u8(): number {
    this.need(1)
    return this.bytes[this.offset++]!
  }

  i8(): number {
    this.need(1)
    return this.view.getInt8(this.offset++)
  }

  bool(): boolean {
    const value = this.u8()
    if (value > 1) {
      throw new KobelError('CORRUPT', `a boolean is 0 or 1, found ${value}`, { offset: this.offset - 1 })
    }
    return value === 1
  }

  u16(): number {
    this.need(2)
    const value = this.view.getUint16(this.offset)
    this.offset += 2
    return value
  }

  i16(): number {
    this.need(2)
    const value = this.view.getInt16(this.offset)
    this.offset += 2
    return value
  }

  i32(): number {
    this.need(4)
    const value = this.view.getInt32(this.offset)
    this.offset += 4
    return value
  }

  i64(): bigint {
    this.need(8)
    const value = this.view.getBigInt64(this.offset)
    this.offset += 8
    return value
  }

  /** A 64-bit count, size or offset as a number; `LIMIT` beyond 2^53. */
  i64Number(): number {
    const value = this.i64()
    const number = Number(value)
    if (!Number.isSafeInteger(number)) {
      throw new KobelError('LIMIT', `the number ${value} is beyond 2^53`, { offset: this.offset - 8 })
    }
    return number
  }

  f32(): number {
    this.need(4)
    const value = this.view.getFloat32(this.offset)
    this.offset += 4
    return value
  }

  f64(): number {
    this.need(8)
    const value = this.view.getFloat64(this.offset)
    this.offset += 8
    return value
  }

  /** `DataInput.readUTF`: u16 byte length, then modified UTF-8. */
  utf(): string {
    const start = this.offset
    const length = this.u16()
    if (length > this.remaining) {
      this.offset = start
      throw new KobelError('TRUNCATED', `a text of ${length} bytes was expected, ${this.remaining - 2} are left`, {
        offset: start,
      })
    }
    const text = readModifiedUtf8(this.bytes, this.offset, this.offset + length)
    this.offset += length
    return text
  }

  /** The next `length` bytes as a view, not a copy. */
  take(length: number): Uint8Array {
    this.need(length)
    const slice = this.bytes.subarray(this.offset, this.offset + length)
    this.offset += length
    return slice
  }

  skip(length: number): void {
    this.need(length)
    this.offset += length
  }

  /**
   * A non-negative i32 that counts things of at least `minBytesEach` bytes: no count is believed that the bytes left
   * could not hold, so that no allocation goes beyond what the input justifies.
   */
  count(what: string, minBytesEach = 1): number {
    const at = this.offset
    const count = this.i32()
    if (count < 0) {
      this.offset = at
      throw new KobelError('CORRUPT', `the number of ${what} is ${count}`, { offset: at })
    }
    if (count * minBytesEach > this.remaining) {
      const left = this.remaining
      this.offset = at
      throw new KobelError('TRUNCATED', `${count} ${what} were expected, but only ${left} bytes are left`, {
        offset: at,
      })
    }
    return count
  }
}
