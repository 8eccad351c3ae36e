import { KobelError, locate } from '../error.ts'
import { keyGroupPrefixBytes } from '../format/composite-key.ts'
import { type KeyedHead, readKeyedHead } from '../format/keyed-head.ts'
import { hiddenState, type KeyedStateInfo, keyedStatesOf } from '../format/keyed-state.ts'
import type { IncrementalRemoteKeyedStateHandle, KeyGroupRange } from '../format/metadata/index.ts'
import {
  endOfKeyGroup,
  exactKeyOf,
  keyGroupOfEntry,
  keyRangeOf,
  keyRangeOfExact,
  rocksdbBatch,
} from '../format/rocksdb.ts'
import type { Decompress } from '../format/sst/compression.ts'
import type { SstColumnFamily, SstFile } from '../format/sst/manifest.ts'
import { createMergedEntries, type MergedEntries } from '../format/sst/merge.ts'
import { type FileRange, type ScanStep, type SkippedBlocks, scanColumnFamily } from '../format/sst/scan.ts'
import type { TableCache } from '../format/sst/table-cache.ts'
import { mapConcurrent } from './concurrent.ts'
import { streamBytes } from './handles.ts'
import { MAX_PARALLELISM } from './key-groups.ts'
import { type KeyedBatch, type KeyedSource, type ScanOptions, type SourceContext, wantedRange } from './keyed-source.ts'
import { checkComparator, RocksdbDatabase } from './rocksdb-database.ts'
import { canSkip, skipOrThrow } from './skipped.ts'

/**
 * Opens the database of one subtask of RocksDB or ForSt: an incremental checkpoint, and since Flink 1.16 also a full one
 * and a native savepoint. (`RocksDBIncrementalRestoreOperation`, `ForStIncrementalRestoreOperation`; the two cannot be
 * told apart.) Its head is a stream of its own.
 */
export async function openRocksdbSource(
  context: SourceContext,
  subtask: number,
  handle: IncrementalRemoteKeyedStateHandle,
): Promise<KeyedSource> {
  const head = await readHead(context, handle)
  const states = keyedStatesOf(head)
  const { keyGroupRange } = handle
  const database = new Database(context, subtask, handle, states, head)
  // Where the head could not be read to its end, the column families still know the names of the states.
  if (head.cut) await database.columnFamilies()
  return {
    format: 'rocksdb',
    subtask,
    keyGroupRange,
    head,
    states,
    storedBytes: [...handle.sharedState, ...handle.privateState].reduce(
      (sum, file) => sum + streamBytes(file.handle),
      0,
    ),
    scan: (options = {}) => scanDatabase(database, options),
  }
}

async function readHead(context: SourceContext, handle: IncrementalRemoteKeyedStateHandle): Promise<KeyedHead> {
  const stream = await context.streams.open(handle.metaState)
  try {
    const bytes = await stream.read(0, stream.length)
    return readKeyedHead(bytes, stream.length, context.table, context.options)
  } catch (error) {
    throw locate(error, { file: stream.location })
  }
}

/** A column family and the state it holds. */
interface StateFamily {
  readonly stateId: number
  readonly family: SstColumnFamily
}

/** What the scans of a source share. */
class Database {
  readonly subtask: number
  readonly files: RocksdbDatabase
  readonly states: KeyedStateInfo[]
  readonly keyGroupRange: KeyGroupRange
  readonly prefixBytes: 1 | 2
  readonly decompressors: Readonly<Record<string, Decompress>>
  readonly tables: TableCache | undefined
  private readonly maxParallelism: number
  private readonly head: KeyedHead
  private matched: Promise<readonly StateFamily[]> | undefined

  constructor(
    context: SourceContext,
    subtask: number,
    handle: IncrementalRemoteKeyedStateHandle,
    states: KeyedStateInfo[],
    head: KeyedHead,
  ) {
    this.subtask = subtask
    this.files = new RocksdbDatabase(context.streams, handle)
    this.states = states
    this.head = head
    this.keyGroupRange = handle.keyGroupRange
    this.maxParallelism = Math.min(context.maxParallelism, MAX_PARALLELISM)
    this.prefixBytes = keyGroupPrefixBytes(this.maxParallelism)
    this.decompressors = context.decompressors ?? {}
    this.tables = context.tables
  }

  /**
   * The column families with the states of their names, in the order of states; a state without a column family is
   * empty. A column family that the head does not name becomes a state of unknown kind, so that nothing of it is lost.
   */
  columnFamilies(): Promise<readonly StateFamily[]> {
    this.matched ??= this.matchColumnFamilies()
    return this.matched
  }

  private async matchColumnFamilies(): Promise<readonly StateFamily[]> {
    const { states, head } = this
    const families = await this.files.columnFamilies()
    const idByName = new Map(states.map((state, id) => [state.name, id]))
    const matched: StateFamily[] = []
    for (const family of families) {
      const { name } = family
      let stateId = idByName.get(name)
      // Flink keeps no state in the default column family, which every database has.
      if (stateId === undefined && name === 'default' && family.files.length === 0) continue
      if (stateId === undefined) {
        stateId = states.length
        states.push({ ...hiddenState(head.keySerializer, stateId), name, named: true })
      }
      matched.push({ stateId, family })
    }
    return matched.sort((a, b) => a.stateId - b.stateId)
  }

  /** The wanted key groups. @throws KobelError `CORRUPT` where there cannot be such: keys have no place for them. */
  wantedKeyGroups(options: ScanOptions): { first: number; last: number } {
    const { keyGroupFirst, keyGroupLast } = this.keyGroupRange
    if (keyGroupFirst <= keyGroupLast && (keyGroupFirst < 0 || keyGroupLast >= this.maxParallelism)) {
      const range = `${keyGroupFirst} to ${keyGroupLast}`
      throw new KobelError('CORRUPT', `key groups are below the max parallelism ${this.maxParallelism}, found ${range}`)
    }
    return wantedRange(this.keyGroupRange, options)
  }
}

/** Shared by the column families of a scan. */
const OUTPUT_BYTES = 1 << 23
const MIN_OUTPUT_BYTES = 1 << 16
const MAX_OUTPUT_BYTES = 1 << 20
/** Read ahead of each file of level 0 and each other level; there are several in a column family. */
const WINDOW_BYTES = 1 << 22
const MIN_WINDOW_BYTES = 1 << 15
const MAX_WINDOW_BYTES = 1 << 18

/** Key group by key group through all wanted column families side by side, so that each file is read once. */
async function* scanDatabase(database: Database, options: ScanOptions): AsyncGenerator<KeyedBatch, void, undefined> {
  const { first, last } = database.wantedKeyGroups(options)
  if (first > last) return
  const wanted = (await database.columnFamilies()).filter(
    ({ stateId, family }) => family.files.length > 0 && (options.wanted?.(database.states[stateId]!) ?? true),
  )
  const scans = wanted.map((each) => new FamilyScan(database, each, wanted.length, first, last, options))
  await mapConcurrent(scans, (scan) => scan.fill())
  for (;;) {
    const open = scans.filter((scan) => !scan.done)
    if (open.length === 0) return
    const keyGroup = Math.min(...open.map((scan) => scan.keyGroup))
    for (const scan of open) {
      while (!scan.done && scan.keyGroup === keyGroup) {
        const batch = scan.take()
        if (batch) yield batch
        if (scan.exhausted) await scan.fill()
      }
    }
  }
}

function share(bytes: number, count: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, Math.floor(bytes / count)))
}

/** A scan of one column family that stands before its next key group. */
class FamilyScan {
  done = false
  /** Of the next entry. */
  keyGroup = -1
  private readonly database: Database
  private readonly stateId: number
  private readonly steps: Generator<ScanStep, void, readonly Uint8Array[] | undefined>
  private entries: MergedEntries | undefined
  private next = 0
  private readonly last: number
  private readonly onSkip: ScanOptions['onSkip']
  /** Why tables could not be fetched, by their numbers. */
  private readonly failed = new Map<number, KobelError>()

  constructor(
    database: Database,
    { stateId, family }: StateFamily,
    familyCount: number,
    first: number,
    last: number,
    options: ScanOptions,
  ) {
    checkComparator(family)
    this.database = database
    this.stateId = stateId
    this.keyGroup = first
    this.last = last
    this.onSkip = options.onSkip
    const outputBytes = share(OUTPUT_BYTES, familyCount, MIN_OUTPUT_BYTES, MAX_OUTPUT_BYTES)
    const state = database.states[stateId]!
    // Keys of timers begin with their time stamp.
    const prefix = state.kind === 'timer' ? undefined : options.keyPrefix
    const exactKey = first === last ? exactKeyOf(state, database.prefixBytes, first, options) : undefined
    const { onSkip } = options
    this.steps = scanColumnFamily(family.files, {
      ...(exactKey ? keyRangeOfExact(exactKey) : keyRangeOf(database.prefixBytes, first, last, prefix)),
      ...(exactKey && { exactKey }),
      // What a scan reads is read once.
      ...(prefix && database.tables && { tables: database.tables }),
      output: createMergedEntries(outputBytes, outputBytes >> 5),
      windowBytes: share(WINDOW_BYTES, familyCount, MIN_WINDOW_BYTES, MAX_WINDOW_BYTES),
      decompressors: database.decompressors,
      ...(onSkip && { onSkip: (skipped) => this.skipBlocks(skipped, family) }),
    })
  }

  /** Whether `fill` is needed before the next `take`. */
  get exhausted(): boolean {
    return this.entries !== undefined && this.next >= this.entries.count
  }

  /** Reads on until there are entries, or no more. */
  async fill(): Promise<void> {
    try {
      let step = this.steps.next()
      while (!step.done && step.value.read) {
        step = this.steps.next(await mapConcurrent(step.value.read, (range) => this.read(range)))
      }
      this.done = step.done === true
      this.entries = step.done ? undefined : step.value.entries
      this.next = 0
      this.look()
    } catch (error) {
      this.done = true
      this.skip(error, this.keyGroup, this.last)
    }
  }

  private async read(range: FileRange): Promise<Uint8Array> {
    try {
      return await this.database.files.read(range)
    } catch (error) {
      if (this.onSkip === undefined || !canSkip(error)) throw error
      this.failed.set(range.file.number, error)
      return new Uint8Array(0)
    }
  }

  /** Where the table lies over others, these show what it deleted or replaced. */
  private skipBlocks({ file, from, to, error }: SkippedBlocks, family: SstColumnFamily): void {
    const found = this.failed.get(file.number) ?? error
    const stale = family.files.some((other) => liesBelow(other, file))
    this.skip(found, this.keyGroupOfKey(from), this.keyGroupOfKey(to), stale)
  }

  private keyGroupOfKey(key: Uint8Array): number {
    const { prefixBytes, keyGroupRange } = this.database
    const keyGroup = prefixBytes === 1 ? (key[0] ?? 0) : ((key[0] ?? 0) << 8) | (key[1] ?? 0)
    return Math.min(Math.max(keyGroup, keyGroupRange.keyGroupFirst), keyGroupRange.keyGroupLast)
  }

  private skip(error: unknown, first: number, last: number, stale = false): void {
    const { states, subtask } = this.database
    skipOrThrow(this.located(error), this.onSkip, {
      part: 'keyed',
      subtask,
      keyGroups: [first, last],
      states: [states[this.stateId]!.name],
      ...(stale && { stale }),
    })
  }

  /** The entries of the next key group that are there; the batch is good until `fill`. Undefined where it was skipped. */
  take(): KeyedBatch | undefined {
    const { states, prefixBytes } = this.database
    const { next, keyGroup } = this
    try {
      this.next = endOfKeyGroup(this.entries!, next, prefixBytes)
      const batch = rocksdbBatch(states, this.stateId, this.entries!, next, this.next, prefixBytes)
      this.look()
      return batch
    } catch (error) {
      if (this.next === next) this.done = true
      else this.look()
      this.skip(error, keyGroup, this.done ? this.last : keyGroup)
      return undefined
    }
  }

  private look(): void {
    const { entries, next } = this
    if (entries && next < entries.count) this.keyGroup = keyGroupOfEntry(entries, next, this.database.prefixBytes)
  }

  private located(error: unknown): unknown {
    return locate(this.database.files.withLocation(error), { state: this.database.states[this.stateId]!.name })
  }
}

/** Whether the table may hold what the other one deleted or replaced: it is of a deeper level, or an older one of level 0. */
function liesBelow(table: SstFile, other: SstFile): boolean {
  if (table.level !== other.level) return table.level > other.level
  return table.level === 0 && table !== other && (table.largestSequence ?? 0) <= (other.largestSequence ?? 0)
}
