import { toBase64 } from '../bytes/encoding.ts'
import { KobelError, locate } from '../error.ts'
import {
  ChangeSetScanner,
  METADATA_KEY_GROUP,
  type MetadataChange,
  readChangeHead,
  readMetadataChange,
} from '../format/changelog.ts'
import type { ChangelogStateBackendHandle, StreamStateHandle } from '../format/metadata/index.ts'
import { CompressedBytes, PlainBytes, type PlainSource } from './canonical-source.ts'
import type { SourceContext } from './keyed-source.ts'
import { type StateStream, StreamWindow } from './streams.ts'

/** A change set is small beside the file that many subtasks share. */
const LOG_WINDOW_BYTES = 1 << 16

/** A change, with the metadata that its state id stood for where it was logged. */
export type OnChange = (keyGroup: number, metadata: MetadataChange, change: Uint8Array) => void

/** The changes of a changelog handle, in the order in which Flink replays them. */
export class ChangeLog {
  private readonly context: SourceContext
  private readonly handle: ChangelogStateBackendHandle
  /** Metadata by its bytes: it is logged again in every checkpoint. */
  private readonly known = new Map<string, MetadataChange>()

  constructor(context: SourceContext, handle: ChangelogStateBackendHandle) {
    this.context = context
    this.handle = handle
  }

  /** Every change, from the first to the last. A change is good while `onChange` runs. */
  async walk(onMetadata: (metadata: MetadataChange) => void, onChange: OnChange): Promise<void> {
    const ids = new Map<number, MetadataChange>()
    const { keyGroupFirst, keyGroupLast } = this.handle.keyGroupRange
    const take = (keyGroup: number, change: Uint8Array): void => {
      if (keyGroup === METADATA_KEY_GROUP) {
        const metadata = this.metadataOf(change)
        ids.set(metadata.stateId, metadata)
        onMetadata(metadata)
        return
      }
      // After a change of parallelism a log may hold key groups of other subtasks.
      if (keyGroup < keyGroupFirst || keyGroup > keyGroupLast) return
      const { operation, stateId } = readChangeHead(change)
      if (operation === 'METADATA') throw new KobelError('CORRUPT', `metadata stands among changes`, { keyGroup })
      const metadata = ids.get(stateId)
      if (!metadata) {
        throw new KobelError('CORRUPT', `the changelog changes the state id ${stateId} before it names it`, {
          keyGroup,
        })
      }
      onChange(keyGroup, metadata, change)
    }
    let file: LogFile | undefined
    for (const handle of this.handle.nonMaterialized) {
      if (handle.kind === 'changelog-in-memory') {
        for (const { keyGroup, bytes } of handle.changes) take(keyGroup, bytes)
      } else if (handle.kind === 'changelog-stream') {
        for (const { stream, offset } of handle.streams) {
          if (!file?.holds(stream)) file = await LogFile.open(this.context, stream)
          await file.changeSet(offset, take)
        }
      } else {
        throw new KobelError('CORRUPT', `a changelog has an increment of the form ${handle.kind}`)
      }
    }
  }

  private metadataOf(change: Uint8Array): MetadataChange {
    const key = toBase64(change)
    const known = this.known.get(key)
    if (known) return known
    const metadata = readMetadataChange(change.slice(), this.context.table, this.context.options)
    this.known.set(key, metadata)
    return metadata
  }
}

/** The size in a handle counts plain bytes, and not the first one: the file itself tells where it ends. */
async function wholeFile(context: SourceContext, handle: StreamStateHandle): Promise<StateStream> {
  const stream = await context.streams.open(handle)
  if (handle.kind !== 'file' && handle.kind !== 'relative-file') return stream
  const size = await context.streams.store.size(stream.location)
  return size === undefined ? stream : context.streams.open({ ...handle, size })
}

/** One file of a changelog. Several change sets of it are read in one pass where they follow one another. */
class LogFile {
  private readonly handle: StreamStateHandle
  private readonly stream: StateStream
  private readonly window: StreamWindow
  private readonly compressed: boolean
  private plain: PlainSource | undefined
  /** Plain bytes before those that `plain` gives next. */
  private position = 0

  private constructor(handle: StreamStateHandle, stream: StateStream, window: StreamWindow, compressed: boolean) {
    this.handle = handle
    this.stream = stream
    this.window = window
    this.compressed = compressed
  }

  static async open(context: SourceContext, handle: StreamStateHandle): Promise<LogFile> {
    const stream = await wholeFile(context, handle)
    const window = new StreamWindow(stream, stream.length, LOG_WINDOW_BYTES)
    const [flag] = await window.at(0, 1)
    if (flag === 0 || flag === 1) return new LogFile(handle, stream, window, flag === 1)
    throw new KobelError(
      flag === undefined ? 'TRUNCATED' : 'CORRUPT',
      `a file of the changelog begins with 0 or 1, found ${flag ?? 'nothing'}`,
      { file: stream.location },
    )
  }

  holds(handle: StreamStateHandle): boolean {
    const a = this.handle
    if (a === handle) return true
    if (a.kind === 'file' || a.kind === 'relative-file') return handle.kind === a.kind && handle.path === a.path
    return false
  }

  async changeSet(offset: number, take: (keyGroup: number, change: Uint8Array) => void): Promise<void> {
    try {
      const plain = await this.at(offset)
      const scanner = new ChangeSetScanner()
      let atLeast = 1
      for (;;) {
        const bytes = await plain.window(atLeast)
        const consumed = scanner.step(bytes, take)
        plain.consume(consumed)
        this.position += consumed
        if (scanner.done) return
        if (bytes.length < atLeast) throw new KobelError('TRUNCATED', 'a change set ends inside a change')
        const left = bytes.length - consumed
        atLeast = consumed === 0 ? left * 2 || 1 : left + 1
      }
    } catch (error) {
      throw locate(error, { file: this.stream.location })
    }
  }

  /** The plain bytes from `offset` on. */
  private async at(offset: number): Promise<PlainSource> {
    if (offset < 0) throw new KobelError('CORRUPT', `a change set at the offset ${offset} cannot be`)
    const extent = { keyGroup: METADATA_KEY_GROUP, start: 1, end: this.stream.length }
    if (!this.compressed) {
      this.plain = new PlainBytes(this.window, { ...extent, start: Math.min(1 + offset, extent.end) })
      this.position = offset
      return this.plain
    }
    let plain = this.plain
    if (plain === undefined || offset < this.position) {
      plain = new CompressedBytes(this.window, extent)
      this.plain = plain
      this.position = 0
    }
    while (this.position < offset) {
      const bytes = await plain.window(1)
      if (bytes.length === 0)
        throw new KobelError('TRUNCATED', `a change set begins at ${offset}, behind the file's end`)
      const passed = Math.min(bytes.length, offset - this.position)
      plain.consume(passed)
      this.position += passed
    }
    return plain
  }
}
