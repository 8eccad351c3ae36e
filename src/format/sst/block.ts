import { KobelError } from '../../error.ts'
import { SstCursor } from './cursor.ts'

/**
 * A block of sorted entries (`BlockBuilder`, `DataBlockFooter`):
 *
 *     block   = entries, restarts u32 LE each, [hash buckets u8 each, their number u16 LE], footer u32 LE
 *     footer  = number of restarts; the top bit says that hash buckets are there (in blocks of at most 64 KiB)
 *     entry   = shared varint32, not shared varint32, [value length varint32], rest of the key, value
 *     restart = offset of an entry that shares nothing
 *
 * The value length is missing in index blocks with delta encoding, whose values know their length.
 */
export interface Block {
  readonly bytes: Uint8Array
  /** First byte after the entries, where the restarts begin. */
  readonly entriesEnd: number
  readonly restartCount: number
}

const MAX_HASHED_BLOCK_BYTES = 65536

export function openBlock(bytes: Uint8Array): Block {
  if (bytes.length < 4) throw new KobelError('CORRUPT', `a block of ${bytes.length} plain bytes was found`)
  const footer = new SstCursor(bytes, bytes.length - 4).fixed32()
  const hashed = bytes.length <= MAX_HASHED_BLOCK_BYTES && footer >= 0x80000000
  const restartCount = hashed ? footer - 0x80000000 : footer
  let end = bytes.length - 4
  if (hashed) {
    if (end < 2) throw new KobelError('CORRUPT', 'the hash index of a block does not fit into it')
    end -= 2 + (bytes[end - 2]! | (bytes[end - 1]! << 8))
  }
  const entriesEnd = end - 4 * restartCount
  if (entriesEnd < 0) throw new KobelError('CORRUPT', `a block with ${restartCount} restarts is too short`)
  return { bytes, entriesEnd, restartCount }
}

/** Compares `a[0, aLength)` with `b[0, bLength)` as unsigned bytes. */
export function compareKeys(a: Uint8Array, aLength: number, b: Uint8Array, bLength: number): number {
  const length = Math.min(aLength, bLength)
  for (let i = 0; i < length; i++) {
    const difference = a[i]! - b[i]!
    if (difference !== 0) return difference
  }
  return aLength - bLength
}

/** The bytes of sequence number and type after a user key. */
export const TRAILER_BYTES = 8

/**
 * Steps through the entries of blocks without making an object for any. After `next` gave true, the entry's key is
 * `key[0, keyLength)`, in a buffer of the cursor that the next step changes, and its value is
 * `block.bytes[valueStart, valueEnd)`.
 */
export class BlockCursor {
  block: Block
  /** Of the next entry. Whoever reads index values without length moves it on. */
  offset = 0
  key: Uint8Array = new Uint8Array(64)
  keyLength = 0
  valueStart = 0
  valueEnd = 0
  /** Whether the key of the entry shares bytes with the one before. */
  shares = false
  private readonly valueLengthMissing: boolean

  constructor(block: Block, valueLengthMissing = false) {
    this.block = block
    this.valueLengthMissing = valueLengthMissing
  }

  reset(block: Block): void {
    this.block = block
    this.offset = 0
    this.keyLength = 0
  }

  next(): boolean {
    const { bytes, entriesEnd } = this.block
    let p = this.offset
    if (p >= entriesEnd) return false
    let shared = bytes[p]!
    let rest = bytes[p + 1]!
    let valueLength = 0
    if (!this.valueLengthMissing && p + 3 <= entriesEnd && (shared | rest | bytes[p + 2]!) < 128) {
      valueLength = bytes[p + 2]!
      p += 3
    } else {
      const cursor = new SstCursor(bytes, p, entriesEnd)
      shared = cursor.varint32()
      rest = cursor.varint32()
      if (!this.valueLengthMissing) valueLength = cursor.varint32()
      p = cursor.offset
    }
    const keyLength = shared + rest
    if (shared > this.keyLength || rest + valueLength > entriesEnd - p) throw this.damaged()
    if (keyLength > this.key.length) this.grow(keyLength)
    const { key } = this
    for (let i = shared; i < keyLength; i++) key[i] = bytes[p++]!
    this.keyLength = keyLength
    this.shares = shared !== 0
    this.valueStart = p
    this.valueEnd = this.valueLengthMissing ? entriesEnd : p + valueLength
    this.offset = p + valueLength
    return true
  }

  /** Moves to the last restart whose key is below `target`, or to the first; `strip` bytes of each key do not count. */
  seekRestart(target: Uint8Array, strip: number): void {
    let low = 0
    let high = this.block.restartCount - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      this.moveToRestart(middle)
      if (!this.next() || this.shares || this.keyLength < strip) throw this.damaged()
      if (compareKeys(this.key, this.keyLength - strip, target, target.length) < 0) low = middle
      else high = middle - 1
    }
    if (this.block.restartCount > 0) this.moveToRestart(low)
  }

  private moveToRestart(index: number): void {
    const offset = new SstCursor(this.block.bytes, this.block.entriesEnd + 4 * index).fixed32()
    if (offset > this.block.entriesEnd) throw this.damaged()
    this.offset = offset
    this.keyLength = 0
  }

  private grow(length: number): void {
    const grown = new Uint8Array(Math.max(length, 2 * this.key.length))
    grown.set(this.key.subarray(0, this.keyLength))
    this.key = grown
  }

  private damaged(): KobelError {
    return new KobelError('CORRUPT', 'an entry of a block is damaged', { offset: this.offset })
  }
}

/** The types of entries, the lowest byte of the eight after a user key (`db/dbformat.h`). */
export const EntryTypes = { deletion: 0, value: 1, merge: 2, singleDeletion: 7, rangeDeletion: 15 } as const

/** The sequence number of the internal key `key[0, keyLength)`, of which at least 53 bits are exact. */
export function sequenceOf(key: Uint8Array, keyLength: number): number {
  const at = keyLength - TRAILER_BYTES
  const low = key[at + 1]! | (key[at + 2]! << 8) | (key[at + 3]! << 16)
  const middle = key[at + 4]! | (key[at + 5]! << 8) | (key[at + 6]! << 16)
  return low + middle * 0x1000000 + key[at + 7]! * 0x1000000000000
}
