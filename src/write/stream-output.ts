import { toBase64 } from '../bytes/encoding.ts'
import { Sha256 } from '../bytes/sha256.ts'
import { SNAPPY_CHUNK_BYTES, snappyFrame } from '../bytes/snappy-framed.ts'
import { Writer } from '../bytes/writer.ts'
import type { ContentHash, StagedFile, WritableStore } from '../store/writable.ts'
import type { WrittenStream } from './handle.ts'

/** Bytes written to a file at once. */
const PIECE_BYTES = 1 << 18

/** A state stream: small ones stay in memory for `_metadata`, others become a file. */
export class StreamOutput {
  private readonly store: WritableStore
  private readonly directory: string
  private readonly inlineBytes: number
  private readonly partition: string
  private readonly hash: ContentHash
  private readonly pending: Writer = new Writer(1 << 12)
  private file: StagedFile | undefined
  /** Bytes written so far. */
  length = 0

  constructor(store: WritableStore, directory: string, inlineBytes: number, partition: string) {
    this.store = store
    this.directory = directory
    this.inlineBytes = inlineBytes
    this.partition = partition
    this.hash = store.newHash?.() ?? new Sha256()
  }

  write(bytes: Uint8Array): void {
    this.pending.raw(bytes)
    this.length += bytes.length
  }

  /** Moves what was written on to the file, where there is enough of it. */
  flush(): Promise<void> | undefined {
    return this.pending.offset >= PIECE_BYTES && this.length > this.inlineBytes ? this.append() : undefined
  }

  private async append(): Promise<void> {
    this.file ??= await this.store.stage(this.directory, this.partition)
    const bytes = this.pending.bytes.subarray(0, this.pending.offset)
    this.hash.update(bytes)
    await this.file.append(bytes)
    this.pending.offset = 0
  }

  /** The name of a file tells its partition and its contents. */
  async finish(): Promise<WrittenStream> {
    if (this.length <= this.inlineBytes) {
      const bytes = this.pending.toBytes()
      this.hash.update(bytes)
      return { inline: toBase64(bytes), size: this.length, sha256: this.hash.digest() }
    }
    await this.append()
    const sha256 = this.hash.digest()
    const file = await this.file!.publish(`${this.partition}-${sha256.slice(0, 16)}`)
    return { file, size: this.length, sha256 }
  }

  async abandon(): Promise<void> {
    await this.file?.abandon()
  }
}

/**
 * Compresses bytes that come in pieces as one Snappy stream. Chunks are of 64 KiB however the pieces are, so that equal
 * bytes become equal streams.
 */
export class SnappyOutput {
  private readonly output: StreamOutput
  private held: Uint8Array = new Uint8Array(0)
  private begun = false

  constructor(output: StreamOutput) {
    this.output = output
  }

  write(bytes: Uint8Array): void {
    const joined = this.held.length === 0 ? bytes : concat(this.held, bytes)
    const whole = joined.length - (joined.length % SNAPPY_CHUNK_BYTES)
    if (whole > 0) this.emit(joined.subarray(0, whole))
    this.held = joined.slice(whole)
  }

  /** Ends the chunk: what comes next begins one of its own. */
  endChunk(): void {
    if (this.held.length > 0 || !this.begun) this.emit(this.held)
    this.held = new Uint8Array(0)
  }

  private emit(bytes: Uint8Array): void {
    this.output.write(snappyFrame(bytes, !this.begun))
    this.begun = true
  }
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length)
  joined.set(a)
  joined.set(b, a.length)
  return joined
}
