import { KobelError } from '../error.ts'
import { modifiedUtf8Length, writeModifiedUtf8 } from './modified-utf8.ts'

/** A growing block of bytes, big-endian like `java.io.DataOutput`: the mirror of `Reader`. */
export class Writer {
  bytes: Uint8Array
  view: DataView
  /** Number of bytes written. */
  offset = 0

  constructor(capacity = 256) {
    this.bytes = new Uint8Array(capacity)
    this.view = new DataView(this.bytes.buffer)
  }

  /** Makes room for `count` more bytes. */
  ensure(count: number): void {
    const wanted = this.offset + count
    if (wanted <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(wanted, this.bytes.length * 2))
    grown.set(this.bytes.subarray(0, this.offset))
    this.bytes = grown
    this.view = new DataView(grown.buffer)
  }

  u8(value: number): void {
    this.ensure(1)
    this.bytes[this.offset++] = value
  }

  bool(value: boolean): void {
    this.u8(value ? 1 : 0)
  }

  i16(value: number): void {
    this.ensure(2)
    this.view.setInt16(this.offset, value)
    this.offset += 2
  }

  i32(value: number): void {
    this.ensure(4)
    this.view.setInt32(this.offset, value)
    this.offset += 4
  }

  i64(value: bigint): void {
    this.ensure(8)
    this.view.setBigInt64(this.offset, value)
    this.offset += 8
  }

  i64Number(value: number): void {
    this.i64(BigInt(value))
  }

  f32(value: number): void {
    this.ensure(4)
    if (Number.isNaN(value)) this.view.setInt32(this.offset, 0x7fc00000)
    else this.view.setFloat32(this.offset, value)
    this.offset += 4
  }

  f64(value: number): void {
    this.ensure(8)
    if (Number.isNaN(value)) this.view.setBigInt64(this.offset, 0x7ff8000000000000n)
    else this.view.setFloat64(this.offset, value)
    this.offset += 8
  }

  /** `DataOutput.writeUTF`; `LIMIT` over 65535 bytes. */
  utf(text: string): void {
    const length = modifiedUtf8Length(text)
    if (length > 0xffff) {
      throw new KobelError('LIMIT', `a text of ${length} bytes was given, Java's writeUTF takes at most 65535`)
    }
    this.ensure(2 + length)
    this.view.setUint16(this.offset, length)
    this.offset = writeModifiedUtf8(this.bytes, this.offset + 2, text)
  }

  raw(bytes: Uint8Array): void {
    this.ensure(bytes.length)
    this.bytes.set(bytes, this.offset)
    this.offset += bytes.length
  }

  /** A copy of what was written. */
  toBytes(): Uint8Array {
    return this.bytes.slice(0, this.offset)
  }
}
