import { sha256 } from '../bytes/sha256.ts'
import { SNAPPY_CHUNK_BYTES, snappyFrame } from '../bytes/snappy-framed.ts'
import { Writer } from '../bytes/writer.ts'
import { KobelError } from '../error.ts'
import type { StreamStateHandle } from '../format/metadata/index.ts'
import { join } from '../store/store.ts'
import type { StagedFile } from '../store/writable.ts'
import type { EditSink } from './model.ts'

/** Bytes written to a file at once. */
const PIECE_BYTES = 1 << 18
const INLINE_BYTES = 20480

/** The files of one savepoint that is being made. Without a sink nothing is written, and all is counted. */
export class Outputs {
  readonly sink: EditSink | undefined
  /** What the names of files are made of: the source and the edit. */
  private readonly origin: string
  private readonly signal: AbortSignal | undefined
  private readonly open = new Set<FileOutput>()
  private readonly published: string[] = []
  files = 0
  /** Bytes of state, also of those in `_metadata`. */
  bytes = 0

  constructor(sink: EditSink | undefined, origin: string, signal: AbortSignal | undefined) {
    this.sink = sink
    this.origin = origin
    this.signal = signal
  }

  get inlineBytes(): number {
    return this.sink?.inlineBytes ?? INLINE_BYTES
  }

  /** @param partition names the file: an operator's id, `-keyed-` or the like, the subtask. */
  create(partition: string): FileOutput {
    const output = new FileOutput(this, partition)
    this.open.add(output)
    return output
  }

  /** Ends what is under way where the user wants it so. */
  check(): void {
    if (this.signal?.aborted) throw new KobelError('USAGE', 'the edit was cancelled; nothing was written')
  }

  nameOf(partition: string, length: number): string {
    return `${partition}-${sha256(new TextEncoder().encode(`${this.origin} ${partition} ${length}`)).slice(0, 16)}`
  }

  closed(output: FileOutput, file: string | undefined): void {
    this.open.delete(output)
    this.bytes += output.length
    if (file === undefined) return
    this.files++
    this.published.push(file)
  }

  /** Removes every file: there is to be nothing. */
  async abandon(): Promise<void> {
    for (const output of this.open) await output.abandon()
    for (const file of this.published) await this.sink?.store.remove(join(this.sink.directory, file))
  }
}

/** A stream that is written: small ones stay in memory for `_metadata`, others become a file. */
export class FileOutput {
  private readonly outputs: Outputs
  private readonly partition: string
  private readonly pending: Writer = new Writer(1 << 12)
  private file: StagedFile | undefined
  length = 0

  constructor(outputs: Outputs, partition: string) {
    this.outputs = outputs
    this.partition = partition
  }

  write(bytes: Uint8Array): void {
    this.length += bytes.length
    if (this.outputs.sink || this.length <= this.outputs.inlineBytes) this.pending.raw(bytes)
  }

  /** Bytes that stay as they are until the promise is kept: not copied. */
  async writeThrough(bytes: Uint8Array): Promise<void> {
    if (bytes.length < PIECE_BYTES || !this.outputs.sink) {
      this.write(bytes)
      await this.flush()
      return
    }
    await this.append()
    this.length += bytes.length
    await this.file!.append(bytes)
  }

  /** Moves what was written on to the file, where there is enough of it. */
  flush(): Promise<void> | undefined {
    if (this.pending.offset < PIECE_BYTES || this.length <= this.outputs.inlineBytes) return undefined
    return this.append()
  }

  private async append(): Promise<void> {
    this.outputs.check()
    const { sink } = this.outputs
    if (!sink) return
    this.file ??= await sink.store.stage(sink.directory, this.partition)
    if (this.pending.offset > 0) await this.file.append(this.pending.bytes.subarray(0, this.pending.offset))
    this.pending.offset = 0
  }

  /** @param asFile also where it is small enough for `_metadata`. */
  async finish(asFile = false): Promise<StreamStateHandle> {
    if (this.length <= this.outputs.inlineBytes && !asFile) {
      const bytes = this.pending.toBytes()
      this.outputs.closed(this, undefined)
      // Flink takes the name for the identity of the bytes, so it is made of them.
      return { kind: 'byte-stream', name: `${this.partition}-${sha256(bytes).slice(0, 16)}`, bytes }
    }
    await this.append()
    const name = this.outputs.nameOf(this.partition, this.length)
    const path = (await this.file?.publish(name)) ?? name
    this.outputs.closed(this, path)
    return { kind: 'relative-file', path, size: this.length }
  }

  async abandon(): Promise<void> {
    await this.file?.abandon()
  }
}

/** Compresses bytes that come in pieces as one Snappy stream, in chunks that do not depend on the pieces. */
export class SnappyPieces {
  private readonly output: FileOutput
  private readonly held: Writer = new Writer(SNAPPY_CHUNK_BYTES)
  private begun = false

  constructor(output: FileOutput) {
    this.output = output
  }

  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const end = Math.min(bytes.length, at + SNAPPY_CHUNK_BYTES - this.held.offset)
      this.held.raw(bytes.subarray(at, end))
      at = end
      if (this.held.offset === SNAPPY_CHUNK_BYTES) this.endChunk()
    }
  }

  /** Ends the chunk; the first one is written also where it is empty, for the stream's identifier. */
  endChunk(): void {
    if (this.held.offset === 0 && this.begun) return
    this.output.write(snappyFrame(this.held.bytes.subarray(0, this.held.offset), !this.begun))
    this.held.offset = 0
    this.begun = true
  }
}
