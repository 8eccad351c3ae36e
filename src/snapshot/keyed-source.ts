import type { EntryBatch, TimerBatch } from '../format/batch.ts'
import type { RunWalker } from '../format/canonical.ts'
import type { KeyedHead } from '../format/keyed-head.ts'
import type { KeyedStateInfo } from '../format/keyed-state.ts'
import type { KeyedStateHandle, KeyGroupRange } from '../format/metadata/index.ts'
import type { Decompress } from '../format/sst/compression.ts'
import type { TableCache } from '../format/sst/table-cache.ts'
import type { Layout } from '../serializer/layout.ts'
import type { SerializerOptions } from '../serializer/options.ts'
import type { SerializerTable } from '../serializer/row.ts'
import { type OnSkip, skipOrThrow } from './skipped.ts'
import type { StreamOpener } from './streams.ts'

/** What reading a handle needs to know of the snapshot and the operator around it. */
export interface SourceContext {
  readonly streams: StreamOpener
  readonly table: SerializerTable
  readonly options: SerializerOptions
  readonly maxParallelism: number
  /** Codecs of RocksDB blocks that are not built in, see `OpenOptions`. */
  readonly decompressors?: Readonly<Record<string, Decompress>>
  /** The type of the key where nothing names it, and of records in flight; see `OpenOptions`. */
  readonly keyType?: string | Uint8Array
  readonly records?: Layout | string
  /** Opened tables of RocksDB, kept for lookups. */
  readonly tables?: TableCache
}

/** Which part of the keyed state is wanted. */
export interface ScanOptions {
  /** First and last key group, both inclusive. All by default. */
  readonly keyGroups?: readonly [first: number, last: number]
  /** Entries of other states are passed over. All by default. */
  readonly wanted?: (state: KeyedStateInfo) => boolean
  /**
   * Bytes of a key: entries of other keys may be left out by sources that find keys without reading all. It is no filter:
   * other entries can come, those of longer keys that begin so among them.
   */
  readonly keyPrefix?: Uint8Array
  /** Bytes of a namespace, beside a key: entries of other namespaces may be left out likewise. */
  readonly namespace?: Uint8Array
  /**
   * Where it is given, broken parts are passed over and told: the rest of a key group, a block or a table of a database,
   * a handle. Without it the first one is thrown.
   */
  readonly onSkip?: OnSkip
  /**
   * A walker that takes the entries of a state where they lie in canonical form: then no batches of them come, but now
   * and then a batch of no entries, in which time the walker can be emptied. Sources in other forms do not ask for it.
   */
  readonly walkerOf?: (state: KeyedStateInfo, prefixBytes: 1 | 2) => RunWalker | undefined
}

export type KeyedBatch = EntryBatch | TimerBatch

/** How the bytes of a keyed handle are laid out. */
export type KeyedFormat = 'canonical' | 'heap' | 'rocksdb' | 'changelog' | 'raw-timers'

/** One keyed state handle of one subtask, opened. Every format makes one of these, and nothing above knows formats. */
export interface KeyedSource {
  readonly format: KeyedFormat
  readonly subtask: number
  readonly keyGroupRange: KeyGroupRange
  readonly head: KeyedHead
  readonly states: readonly KeyedStateInfo[]
  /** Bytes of the state behind the head, as stored. */
  readonly storedBytes: number
  /** Batches in ascending order of key groups; a batch is good until the next one is asked for. */
  scan(options?: ScanOptions): AsyncGenerator<KeyedBatch, void, undefined>
}

/** Opens one kind of handle. */
export type OpenKeyedSource<H extends KeyedStateHandle> = (
  context: SourceContext,
  subtask: number,
  handle: H,
) => Promise<KeyedSource>

/** The key groups of the source that are wanted. */
export function wantedRange(range: KeyGroupRange, options: ScanOptions): { first: number; last: number } {
  const [first, last] = options.keyGroups ?? [range.keyGroupFirst, range.keyGroupLast]
  return { first: Math.max(first, range.keyGroupFirst), last: Math.min(last, range.keyGroupLast) }
}

/** The source with scans that never end in what `onSkip` can hear of. */
export function skippingSource(source: KeyedSource): KeyedSource {
  return { ...source, scan: (options = {}) => scanSkipping(source, options) }
}

async function* scanSkipping(source: KeyedSource, options: ScanOptions): AsyncGenerator<KeyedBatch, void, undefined> {
  try {
    yield* source.scan(options)
  } catch (error) {
    const { first, last } = wantedRange(source.keyGroupRange, options)
    const part = source.format === 'raw-timers' ? 'raw-keyed' : 'keyed'
    skipOrThrow(error, options.onSkip, { part, subtask: source.subtask, keyGroups: [first, last] })
  }
}
