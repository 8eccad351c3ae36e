import { KobelError, locate } from '../../error.ts'
import { type Block, compareKeys, openBlock } from './block.ts'
import { BLOCK_TRAILER_BYTES, readBlockContents, type SstOptions } from './compression.ts'
import { type SstFile, sstFileName } from './manifest.ts'
import { clearMergedEntries, createMergedEntries, MERGE_DONE, type MergedEntries, SstMerge } from './merge.ts'
import { boundAfter, type KeyRange, openTable, type Table, type TableReading, userKeyOf } from './table.ts'
import type { TableCache } from './table-cache.ts'
import { type KnownBlocks, type TableBlock, TableIndex, tableMayContain } from './table-index.ts'

/** Bytes of a table file, `end` exclusive. */
export interface FileRange {
  readonly file: SstFile
  readonly start: number
  readonly end: number
}

/**
 * What a scan comes with: ranges whose bytes it wants, to be given to `next` as arrays in the same order, or entries,
 * which are valid until `next`.
 */
export type ScanStep =
  | { readonly read: readonly FileRange[]; readonly entries?: undefined }
  | { readonly entries: MergedEntries; readonly read?: undefined }

export interface ScanOptions extends SstOptions, KeyRange {
  /** Bytes that are read ahead of each source; default 256 KiB. */
  readonly windowBytes?: number
  /** The only user key that is wanted, which the range includes: tables whose filters exclude it are passed over. */
  readonly exactKey?: Uint8Array
  /** Opened tables, for lookups that come again. */
  readonly tables?: TableCache
  /** Where entries go; default: a new place of 1 MiB for the whole scan. */
  readonly output?: MergedEntries
  /**
   * Where it is given, tables and blocks that cannot be read are left out and told. A range that could not be fetched is
   * then given to `next` as an empty array.
   */
  readonly onSkip?: (skipped: SkippedBlocks) => void
}

/** A block, or all of a table, that a scan left out: user keys above `from` up to `to`. */
export interface SkippedBlocks {
  readonly file: SstFile
  readonly from: Uint8Array
  readonly to: Uint8Array
  readonly error: KobelError
}

type ScanReading<T> = Generator<readonly FileRange[], T, readonly Uint8Array[]>

const WINDOW_BYTES = 1 << 18

/**
 * All live entries of a column family in order of their keys, or those of a range of keys: one key group is
 * `{ from: prefix(n), to: prefix(n + 1) }`, and a handle's key-group range should always be given, because a rescaled job's
 * tables also hold keys of other subtasks. The scan never waits; drive it so:
 *
 *     for (let step = scan.next(); !step.done; step = scan.next(bytes)) {
 *       if (step.value.read) bytes = await Promise.all(step.value.read.map(fetch)); else use(step.value.entries)
 *     }
 */
export function* scanColumnFamily(
  files: readonly SstFile[],
  options: ScanOptions = {},
): Generator<ScanStep, void, readonly Uint8Array[] | undefined> {
  const sources = planSources(files, options).map((run) => new SourceReader(run, options))
  const merge = new SstMerge(sources.length, options)
  const out = options.output ?? createMergedEntries()
  clearMergedEntries(out)
  yield* reading(together(sources.map((source) => source.fill())))
  for (;;) {
    const wanted = merge.run(out)
    if (wanted >= 0) {
      const source = sources[wanted]!
      if (!source.ready) yield* reading(source.fill())
      merge.addRangeDeletions(source.takeRangeDeletions())
      const block = source.nextBlock()
      if (block === undefined) merge.end(wanted)
      else merge.supply(wanted, block, source.globalSequence)
      continue
    }
    if (out.count > 0) yield { entries: out }
    clearMergedEntries(out)
    if (wanted === MERGE_DONE) return
  }
}

function* reading(inner: ScanReading<void>): Generator<ScanStep, void, readonly Uint8Array[] | undefined> {
  let step = inner.next()
  while (!step.done) step = inner.next((yield { read: step.value }) ?? [])
}

/** Runs readings side by side, so that what they want is fetched at once. */
function* together(readings: readonly ScanReading<void>[]): ScanReading<void> {
  let open = readings.map((inner) => ({ inner, step: inner.next() }))
  for (;;) {
    open = open.filter(({ step }) => !step.done)
    if (open.length === 0) return
    const counts = open.map(({ step }) => (step.done ? 0 : step.value.length))
    const bytes = yield open.flatMap(({ step }) => (step.done ? [] : step.value))
    let at = 0
    open = open.map(({ inner }, i) => {
      const start = at
      at += counts[i]!
      return { inner, step: inner.next(bytes.slice(start, at)) }
    })
  }
}

/**
 * The sources of a merge, newest first: each file of level 0 by itself, of the other levels all files one after the other
 * where they do not overlap. Files without keys of the range are left out.
 */
export function planSources(files: readonly SstFile[], range: KeyRange = {}): SstFile[][] {
  const levels = new Map<number, SstFile[]>()
  for (const file of files.filter((each) => overlaps(each, range))) {
    const level = levels.get(file.level)
    if (level === undefined) levels.set(file.level, [file])
    else level.push(file)
  }
  const sources: SstFile[][] = []
  for (const [level, members] of [...levels].sort(([a], [b]) => a - b)) {
    const newestFirst = members.toSorted((a, b) => sequenceBound(b) - sequenceBound(a) || b.number - a.number)
    const run = members.toSorted((a, b) => compareWhole(userKeyOf(a.smallest), userKeyOf(b.smallest)))
    const disjoint = level > 0 && run.every((file, i) => i === 0 || startsAfter(run[i - 1]!, file))
    if (disjoint) sources.push(run)
    else sources.push(...newestFirst.map((file) => [file]))
  }
  return sources
}

function sequenceBound(file: SstFile): number {
  return file.largestSequence ?? 0
}

function startsAfter(before: SstFile, file: SstFile): boolean {
  return compareWhole(boundAfter(before.largest), userKeyOf(file.smallest)) <= 0
}

function overlaps(file: SstFile, { from, to }: KeyRange): boolean {
  if (to !== undefined && compareWhole(userKeyOf(file.smallest), to) >= 0) return false
  return from === undefined || compareWhole(boundAfter(file.largest), from) > 0
}

function compareWhole(a: Uint8Array, b: Uint8Array): number {
  return compareKeys(a, a.length, b, b.length)
}

/** Reads the blocks of the files of one source in order, a window of neighbouring blocks at a time. */
class SourceReader {
  globalSequence: number | undefined
  private readonly files: readonly SstFile[]
  private readonly options: ScanOptions
  private nextFile = 0
  private table: Table | undefined
  private index: TableIndex | undefined
  /** Of the window. */
  private blocks: TableBlock[] = []
  private nextIndex = 0
  /** The first block behind the window. */
  private behind: TableBlock | undefined
  /** Not below the keys of the block that was given last. */
  private lastKey: Uint8Array | undefined
  private window: Uint8Array = new Uint8Array(0)
  private windowStart = 0
  private deletions: Table['rangeDeletions'] = []

  constructor(files: readonly SstFile[], options: ScanOptions) {
    this.files = files
    this.options = options
  }

  /** Whether `nextBlock` can answer. */
  get ready(): boolean {
    return this.nextIndex < this.blocks.length || (this.index === undefined && this.nextFile >= this.files.length)
  }

  /** Range deletions of the files that were opened since the last call. */
  takeRangeDeletions(): Table['rangeDeletions'] {
    const taken = this.deletions
    this.deletions = []
    return taken
  }

  /** Reads what `nextBlock` needs: the next file if there is one to be opened, and the next window. */
  *fill(): ScanReading<void> {
    while (!this.ready) {
      const isOpen = this.index !== undefined
      const file = this.files[isOpen ? this.nextFile - 1 : this.nextFile++]!
      try {
        if (isOpen) yield* this.fillWindow(file)
        else yield* this.openFile(file)
      } catch (error) {
        const from = (isOpen && this.lastKey) || userKeyOf(file.smallest)
        this.index = undefined
        this.blocks = []
        this.nextIndex = 0
        this.skip(error, from, userKeyOf(file.largest))
      }
    }
  }

  private *openFile(file: SstFile): ScanReading<void> {
    const { exactKey, tables } = this.options
    const known = tables && knownBlocks(tables, file)
    let table = tables?.get(file)
    if (table === undefined) {
      const options = { ...this.options, withFilter: exactKey !== undefined }
      table = yield* ofFile(file, openTable(file.size, options, file))
      tables?.set(file, table)
    }
    const isExcluded = exactKey !== undefined && !(yield* ofFile(file, tableMayContain(table, exactKey, known)))
    this.table = table
    this.deletions = [...this.deletions, ...table.rangeDeletions]
    this.globalSequence = table.globalSequence
    this.index = isExcluded ? undefined : new TableIndex(table, this.options, known)
    this.behind = undefined
    this.lastKey = undefined
    this.window = table.tail
    this.windowStart = table.tailStart
  }

  /** Blocks that are there already, or those that are fetched together; without any the file is done. */
  private *fillWindow(file: SstFile): ScanReading<void> {
    this.blocks = []
    this.nextIndex = 0
    const first = yield* this.nextOfIndex(file)
    if (first === undefined) {
      this.index = undefined
      return
    }
    const isThere = first.offset >= this.windowStart && endOf(first) <= this.windowStart + this.window.length
    const limit = isThere
      ? this.windowStart + this.window.length
      : first.offset + (this.options.windowBytes ?? WINDOW_BYTES)
    const blocks = [first]
    for (let block = yield* this.nextOfIndex(file); block !== undefined; block = yield* this.nextOfIndex(file)) {
      if (endOf(block) > limit) {
        this.behind = block
        break
      }
      blocks.push(block)
    }
    if (!isThere) {
      // Nothing is held twice while the next window comes.
      this.window = new Uint8Array(0)
      this.window = (yield [{ file, start: first.offset, end: endOf(blocks.at(-1)!) }])[0]!
      this.windowStart = first.offset
    }
    this.blocks = blocks
  }

  private *nextOfIndex(file: SstFile): ScanReading<TableBlock | undefined> {
    const { behind } = this
    this.behind = undefined
    return behind ?? (yield* ofFile(file, nextBlockOf(this.index!)))
  }

  private skip(error: unknown, from: Uint8Array, to: Uint8Array): void {
    if (this.options.onSkip === undefined || !(error instanceof KobelError)) throw error
    this.options.onSkip({ file: this.files[this.nextFile - 1]!, from, to, error })
  }

  nextBlock(): Block | undefined {
    const handle = this.blocks[this.nextIndex]
    if (handle === undefined) return undefined
    this.nextIndex++
    const before = this.lastKey
    this.lastKey = handle.lastKey
    const file = this.files[this.nextFile - 1]!
    try {
      return openBlock(readBlockContents(this.table!.format, handle, this.window, handle.offset - this.windowStart))
    } catch (error) {
      // The key of the last block in the index may lie behind all that is there.
      const largest = userKeyOf(file.largest)
      const last = compareWhole(handle.lastKey, largest) < 0 ? handle.lastKey : largest
      const located = locate(error, { file: sstFileName(file.number) })
      this.skip(located, before ?? userKeyOf(file.smallest), last)
      return NO_ENTRIES
    }
  }
}

function knownBlocks(tables: TableCache, file: SstFile): KnownBlocks {
  return {
    get: (offset) => tables.block(file, offset),
    set: (offset, bytes) => tables.setBlock(file, offset, bytes),
  }
}

function endOf(block: TableBlock): number {
  return block.offset + block.size + BLOCK_TRAILER_BYTES
}

function* nextBlockOf(index: TableIndex): TableReading<TableBlock | undefined> {
  for (;;) {
    const block = index.next()
    if (block !== undefined || !index.wantsParts) return block
    yield* index.readParts()
  }
}

/** Stands for a block that was skipped. */
const NO_ENTRIES: Block = openBlock(new Uint8Array(4))

/** Says of which file the ranges are, and names it in errors. */
function* ofFile<T>(file: SstFile, inner: TableReading<T>): ScanReading<T> {
  try {
    let step = inner.next()
    while (!step.done) step = inner.next(yield step.value.map((range) => ({ file, ...range })))
    return step.value
  } catch (error) {
    throw locate(error, { file: sstFileName(file.number) })
  }
}
