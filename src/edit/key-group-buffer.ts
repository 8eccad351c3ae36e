import { Writer } from '../bytes/writer.ts'

const END_OF_KEY_GROUP = 0xffff
const LAST_OF_RUN = 0x80
/** Fewer bytes are copied one by one: a view costs more. */
const SHORT = 24

/**
 * One key group of a canonical savepoint that is being written (`CanonicalScanner` tells its form). A state may take
 * several runs: Flink reads each run by the state id before it.
 */
export class KeyGroupBuffer {
  private readonly writer: Writer
  private stateId = -1
  /** Where the newest entry begins, which may turn out to be the last of its run. */
  private entryStart = 0
  /** Nothing was added since it was begun. */
  empty = true

  constructor(capacity: number = 1 << 16) {
    this.writer = new Writer(capacity)
  }

  get length(): number {
    return this.writer.offset
  }

  /** Begins an entry with its prefix. The key behind the prefix has `keyBytes`. */
  begin(stateId: number, prefixBytes: 1 | 2, keyGroup: number, keyBytes: number): void {
    const { writer } = this
    writer.ensure(keyBytes + 16)
    if (stateId !== this.stateId) {
      if (this.stateId >= 0) writer.bytes[this.entryStart + 4]! |= LAST_OF_RUN
      writer.i16(stateId)
      this.stateId = stateId
      this.empty = false
    }
    this.entryStart = writer.offset
    const { view, bytes, offset } = writer
    view.setInt32(offset, prefixBytes + keyBytes)
    if (prefixBytes === 2) bytes[offset + 4] = keyGroup >>> 8
    bytes[offset + 3 + prefixBytes] = keyGroup
    writer.offset = offset + 4 + prefixBytes
  }

  copy(buffer: Uint8Array, start: number, end: number): void {
    const { writer } = this
    writer.ensure(end - start)
    const at = writer.offset
    if (end - start > SHORT) writer.bytes.set(buffer.subarray(start, end), at)
    else for (let i = start, { bytes } = writer; i < end; i++) bytes[at + i - start] = buffer[i]!
    writer.offset = at + end - start
  }

  /** The length of a key or namespace, behind it, where both have variable lengths. */
  lengthDigits(length: number): void {
    let rest = length
    do {
      this.writer.u8(rest & 0xff)
      rest >>>= 8
    } while (rest > 0)
  }

  i64(value: bigint): void {
    this.writer.i64(value)
  }

  value(buffer: Uint8Array, start: number, end: number): void {
    this.writer.i32(end - start)
    this.copy(buffer, start, end)
  }

  /** Takes the bytes that are settled: a view, good until something is added. */
  takeSettled(): Uint8Array {
    const { writer, entryStart } = this
    const settled = writer.bytes.slice(0, entryStart)
    writer.bytes.copyWithin(0, entryStart, writer.offset)
    writer.offset -= entryStart
    this.entryStart = 0
    return settled
  }

  /** The rest of the key group with its end: a view, good until something is added. There was an entry. */
  finish(): Uint8Array {
    const { writer } = this
    writer.bytes[this.entryStart + 4]! |= LAST_OF_RUN
    writer.i16(END_OF_KEY_GROUP)
    const rest = writer.bytes.subarray(0, writer.offset)
    writer.offset = 0
    this.entryStart = 0
    this.stateId = -1
    this.empty = true
    return rest
  }
}
