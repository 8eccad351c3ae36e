import { KobelError } from '../error.ts'
import { crc32c, maskCrc32c } from './crc32c.ts'
import { snappyCompress, snappyDecompress, snappyUncompressedLength } from './snappy.ts'

/**
 * The Snappy framing format (google/snappy, `framing_format.txt`), which Flink's snapshot compression writes through
 * `SnappyFramedOutputStream` of aircompressor / iq80:
 *
 *     stream = identifier, then chunks; a chunk = type u8, length u24 LE, that many bytes
 *     0xff       identifier "sNaPpY", may recur (streams may be joined)
 *     0x00       masked CRC-32C of the plain bytes u32 LE, then a raw Snappy block
 *     0x01       masked CRC-32C u32 LE, then the plain bytes
 *     0x80-0xfe  to be skipped
 *     others     not to be skipped: an error
 */

const IDENTIFIER: Uint8Array = Uint8Array.of(0xff, 6, 0, 0, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59)
/** A chunk holds at most so many plain bytes. */
export const SNAPPY_CHUNK_BYTES = 65536
/** What Snappy itself calls the longest result of compressing a whole chunk, and the CRC before it. */
const MAX_DATA_LENGTH = 4 + 32 + SNAPPY_CHUNK_BYTES + Math.floor(SNAPPY_CHUNK_BYTES / 6)
const COMPRESSED = 0x00
const PLAIN = 0x01
const IDENTIFIER_TYPE = 0xff

interface Chunk {
  readonly type: number
  /** First byte after the chunk's four bytes of header, and first byte after the chunk. */
  readonly start: number
  readonly end: number
  readonly plainLength: number
}

/**
 * Decodes a stream that comes in windows of any size. `push` gives all plain bytes that can be had; `feed` with `next`
 * gives them chunk by chunk, for streams whose end is known only from the plain bytes. Bytes given must stay unchanged
 * until they are consumed.
 */
export class SnappyFramedDecoder {
  /** Bytes of whole chunks decoded so far: the offset of the next chunk, counted from the first byte given. */
  consumedBytes = 0
  private held: Uint8Array = new Uint8Array(0)
  private at = 0
  private skip = 0
  private begun = false
  private readonly verify: boolean

  constructor(options: { readonly verify?: boolean } = {}) {
    this.verify = options.verify ?? true
  }

  /** Bytes that were given but do not make a whole chunk yet (or were not asked for with `next`). */
  get pendingBytes(): number {
    return this.held.length - this.at
  }

  /**
   * Decodes the whole chunks at the front of `bytes` to where `place` says, and returns how many bytes they took: what is
   * behind them has to come again. Nothing is held back.
   */
  decodeWhole(
    bytes: Uint8Array,
    place: (length: number) => { readonly output: Uint8Array; readonly at: number },
  ): number {
    this.held = bytes
    this.at = 0
    const { chunks, length } = this.wholeChunks()
    if (length > 0) {
      const { output, at } = place(length)
      let to = at
      for (const chunk of chunks) to = this.decode(chunk, output, to)
    }
    const used = this.at
    this.held = new Uint8Array(0)
    this.at = 0
    return used
  }

  /** Takes bytes and gives the plain bytes of every chunk that is now complete, in an array of their own. */
  push(bytes: Uint8Array): Uint8Array {
    this.feed(bytes)
    const { chunks, length } = this.wholeChunks()
    const output = new Uint8Array(length)
    let to = 0
    for (const chunk of chunks) to = this.decode(chunk, output, to)
    // What is left belongs to a chunk of bounded length; a copy lets go of the window.
    this.held = this.held.slice(this.at)
    this.at = 0
    return output
  }

  private wholeChunks(): { readonly chunks: readonly Chunk[]; readonly length: number } {
    const chunks: Chunk[] = []
    let length = 0
    for (let chunk = this.nextChunk(); chunk !== undefined; chunk = this.nextChunk()) {
      chunks.push(chunk)
      length += chunk.plainLength
    }
    return { chunks, length }
  }

  feed(bytes: Uint8Array): void {
    if (this.pendingBytes === 0) {
      this.held = bytes
    } else {
      const joined = new Uint8Array(this.pendingBytes + bytes.length)
      joined.set(this.held.subarray(this.at))
      joined.set(bytes, this.pendingBytes)
      this.held = joined
    }
    this.at = 0
  }

  /** The plain bytes of the next chunk that has any; undefined when more bytes are needed. */
  next(): Uint8Array | undefined {
    const chunk = this.nextChunk()
    if (chunk === undefined) return undefined
    const output = new Uint8Array(chunk.plainLength)
    this.decode(chunk, output, 0)
    return output
  }

  /** Throws `TRUNCATED` unless the stream may end here: it has begun, and not within a chunk. */
  finish(): void {
    if (this.begun && this.pendingBytes === 0 && this.skip === 0) return
    throw new KobelError('TRUNCATED', 'a Snappy stream ends inside a chunk', { offset: this.consumedBytes })
  }

  /** Steps over the next chunk that has plain bytes, if it is all there. */
  private nextChunk(): Chunk | undefined {
    for (;;) {
      const skipped = Math.min(this.skip, this.pendingBytes)
      this.advance(skipped)
      this.skip -= skipped
      if (this.skip > 0) return undefined
      const chunk = this.header()
      if (chunk === undefined) return undefined
      if (chunk.type === COMPRESSED || chunk.type === PLAIN) {
        this.advance(chunk.end - this.at)
        if (chunk.plainLength > 0) return chunk
      } else if (chunk.type === IDENTIFIER_TYPE) {
        this.begun = true
        this.advance(chunk.end - this.at)
      } else {
        this.skip = chunk.end - this.at
      }
    }
  }

  private advance(count: number): void {
    this.at += count
    this.consumedBytes += count
  }

  /** Checks the next chunk; undefined where more bytes are needed to do so. Chunks to be skipped need only a header. */
  private header(): Chunk | undefined {
    const { held, at } = this
    if (held.length - at < 4) return undefined
    const type = held[at]!
    const length = held[at + 1]! | (held[at + 2]! << 8) | (held[at + 3]! << 16)
    const start = at + 4
    const end = start + length
    if (!this.begun && type !== IDENTIFIER_TYPE)
      throw this.corrupt('a Snappy stream does not begin with its identifier')
    if (type === IDENTIFIER_TYPE) {
      if (length !== 6) throw this.corrupt('a Snappy stream has a wrong identifier')
      if (end > held.length) return undefined
      for (let i = 4; i < 10; i++) {
        if (held[at + i] !== IDENTIFIER[i]) throw this.corrupt('a Snappy stream has a wrong identifier')
      }
      return { type, start, end, plainLength: 0 }
    }
    if (type >= 0x80) return { type, start, end, plainLength: 0 }
    if (type > PLAIN) throw this.corrupt(`a Snappy stream has a chunk of the unknown type ${type}`)
    if (length < 4 || length > (type === PLAIN ? SNAPPY_CHUNK_BYTES + 4 : MAX_DATA_LENGTH)) {
      throw this.corrupt(`a Snappy chunk of ${length} bytes cannot be`)
    }
    if (end > held.length) return undefined
    const plainLength = type === PLAIN ? length - 4 : snappyUncompressedLength(held, start + 4, end)
    if (plainLength > SNAPPY_CHUNK_BYTES) {
      throw this.corrupt(`a Snappy chunk of ${plainLength} plain bytes was found, at most 65536 are allowed`)
    }
    return { type, start, end, plainLength }
  }

  private decode(chunk: Chunk, output: Uint8Array, to: number): number {
    const { held } = this
    const from = chunk.start + 4
    if (chunk.type === PLAIN) output.set(held.subarray(from, chunk.end), to)
    else snappyDecompress(held, output, from, chunk.end, to)
    const next = to + chunk.plainLength
    if (this.verify) {
      const c = chunk.start
      const stored = (held[c]! | (held[c + 1]! << 8) | (held[c + 2]! << 16) | (held[c + 3]! << 24)) >>> 0
      if (maskCrc32c(crc32c(output, to, next)) !== stored) {
        throw this.corrupt('the checksum of a Snappy chunk is wrong', chunk.start - 4)
      }
    }
    return next
  }

  private corrupt(message: string, at: number = this.at): KobelError {
    return new KobelError('CORRUPT', message, { offset: this.consumedBytes - this.at + at })
  }
}

/** Decodes a whole stream at once. */
export function snappyUnframe(bytes: Uint8Array, options: { readonly verify?: boolean } = {}): Uint8Array {
  const decoder = new SnappyFramedDecoder(options)
  const plain = decoder.push(bytes)
  decoder.finish()
  return plain
}

/**
 * The identifier and the chunks of `bytes`. A longer stream can be made piecewise, of whole 64 KiB pieces, the identifier
 * only with the first. Like Flink's, a chunk stays plain where compression saves less than 15 %.
 */
export function snappyFrame(bytes: Uint8Array, withIdentifier = true): Uint8Array {
  const parts: Uint8Array[] = withIdentifier ? [IDENTIFIER] : []
  for (let at = 0; at < bytes.length; at += SNAPPY_CHUNK_BYTES) {
    const end = Math.min(at + SNAPPY_CHUNK_BYTES, bytes.length)
    const compressed = snappyCompress(bytes, at, end)
    const pays = compressed.length / (end - at) <= 0.85
    const body = pays ? compressed : bytes.subarray(at, end)
    const length = body.length + 4
    const crc = maskCrc32c(crc32c(bytes, at, end))
    parts.push(
      Uint8Array.of(
        pays ? COMPRESSED : PLAIN,
        length,
        length >> 8,
        length >> 16,
        crc,
        crc >>> 8,
        crc >>> 16,
        crc >>> 24,
      ),
      body,
    )
  }
  return concatenate(parts)
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const output = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    output.set(part, at)
    at += part.length
  }
  return output
}
