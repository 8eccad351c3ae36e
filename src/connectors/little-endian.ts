import type { Reader } from '../bytes/reader.ts'
import { KobelError } from '../error.ts'

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Reads numbers that a little-endian `ByteBuffer` of Java wrote; moves the reader beneath. */
export class LittleEndian {
  private readonly reader: Reader

  constructor(reader: Reader) {
    this.reader = reader
  }

  i32(): number {
    this.reader.need(4)
    const value = this.reader.view.getInt32(this.reader.offset, true)
    this.reader.offset += 4
    return value
  }

  i64(): bigint {
    this.reader.need(8)
    const value = this.reader.view.getBigInt64(this.reader.offset, true)
    this.reader.offset += 8
    return value
  }

  /** As `Reader.count`. */
  count(what: string, minBytesEach: number): number {
    const count = this.i32()
    if (count < 0 || count * minBytesEach > this.reader.remaining) {
      throw new KobelError(
        count < 0 ? 'CORRUPT' : 'TRUNCATED',
        `${count} ${what} were expected, ${this.reader.remaining} bytes are left`,
        { offset: this.reader.offset },
      )
    }
    return count
  }

  /** `i32 length, bytes` */
  sized(): Uint8Array {
    return this.reader.take(this.i32())
  }

  text(bytes: Uint8Array): string {
    try {
      return UTF8.decode(bytes)
    } catch {
      throw new KobelError('CORRUPT', 'the text is not UTF-8', { offset: this.reader.offset })
    }
  }
}
