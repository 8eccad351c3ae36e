import { KobelError } from '../../error.ts'
import { type Block, BlockCursor, compareKeys, openBlock, sequenceOf, TRAILER_BYTES } from './block.ts'
import {
  BLOCK_TRAILER_BYTES,
  type BlockFormat,
  type BlockHandle,
  readBlockContents,
  type SstOptions,
} from './compression.ts'
import { SstCursor } from './cursor.ts'
import { type Footer, readFooter, readHandle } from './footer.ts'
import type { SstFile } from './manifest.ts'

/** Bytes of one file, `end` exclusive. */
export interface TableRange {
  readonly start: number
  readonly end: number
}

/**
 * A reader that never waits: it yields the ranges of the file that it needs, is resumed with their bytes in the same
 * order, and returns its result.
 */
export type TableReading<T> = Generator<readonly TableRange[], T, readonly Uint8Array[]>

/** Deletes the keys from `start` up to but not including `end` that are older than `sequence`. Keys are user keys. */
export interface RangeDeletion {
  readonly start: Uint8Array
  readonly end: Uint8Array
  readonly sequence: number
}

/** User keys from `from` on, below `to`. */
export interface KeyRange {
  readonly from?: Uint8Array | undefined
  readonly to?: Uint8Array | undefined
}

export interface Table {
  readonly format: BlockFormat
  /** Where the blocks end. */
  readonly limit: number
  readonly properties: ReadonlyMap<string, Uint8Array>
  readonly index: Block
  /** The index block leads to further index blocks. */
  readonly indexIsPartitioned: boolean
  readonly indexHasFirstKeys: boolean
  readonly indexKeysAreUserKeys: boolean
  readonly indexIsDeltaEncoded: boolean
  /** Takes the place of the sequence numbers in the file (a file that was ingested). */
  readonly globalSequence: number | undefined
  readonly rangeDeletions: readonly RangeDeletion[]
  /** Undefined where the table has none of whole user keys, or it was not asked for. */
  readonly filter: TableFilter | undefined
  /** Blocks that reading does without: filters. */
  readonly otherBlocks: readonly BlockHandle[]
  /** The last bytes of the file, which were read to open it: all of a small one. */
  readonly tail: Uint8Array
  readonly tailStart: number
}

export interface TableFilter {
  /** The filter, or the index of its parts. */
  readonly bytes: Uint8Array
  readonly isPartitioned: boolean
}

/** What a table is opened with. */
export interface TableOptions extends SstOptions {
  /** The filter is read too: it serves lookups of whole keys. */
  readonly withFilter?: boolean
}

const GLOBAL_SEQUENCE = 'rocksdb.external_sst_file.global_seqno'

/** The last bytes are read first; usually they hold all but the index of a large table. */
const TAIL_BYTES = 16384

interface TableBytes {
  readonly tail: Uint8Array
  readonly tailStart: number
  readonly format: BlockFormat
}

/** Opens a table of `fileSize` bytes. `file` is what MANIFEST says about it: bounds and sequence numbers. */
export function* openTable(fileSize: number, options: TableOptions = {}, file?: SstFile): TableReading<Table> {
  const tailStart = Math.max(0, fileSize - TAIL_BYTES)
  const tail = compact((yield [{ start: tailStart, end: fileSize }])[0]!)
  if (tail.length !== fileSize - tailStart) throw new KobelError('TRUNCATED', 'the end of a table is missing')
  const footer = readFooter(tail, fileSize)
  const { version, checksumType, baseContextChecksum } = footer
  const source: TableBytes = { tail, tailStart, format: { version, checksumType, baseContextChecksum, options } }
  const [metaBytes] = yield* readBlocks(source, [footer.metaIndex])
  const meta = readMetaIndex(openBlock(metaBytes!), footer)
  const index = footer.index ?? meta.get('rocksdb.index')
  if (index === undefined) throw new KobelError('CORRUPT', 'a table has no index')
  const filter = options.withFilter === true ? findFilter(meta) : undefined
  const handles = [index, meta.get('rocksdb.properties'), meta.get('rocksdb.range_del'), filter?.handle]
  const blocks = yield* fetchBlocks(source, handles)
  const plain = (i: number): Block | undefined => {
    const found = blocks[i]
    return found && openBlock(readBlockContents(source.format, found.handle, found.bytes, found.at))
  }
  const properties = blocks[1] === undefined ? new Map<string, Uint8Array>() : propertiesOf(source.format, blocks[1])
  const deletions = plain(2)
  checkProperties(properties, meta)
  const indexType = fixedProperty(properties, 'rocksdb.block.based.table.index.type', 4) ?? 0
  if (indexType > 3)
    throw new KobelError('UNSUPPORTED_VERSION', `a table has an index of the unknown type ${indexType}`)
  const globalSequence = readGlobalSequence(properties, file)
  return {
    format: source.format,
    limit: footer.offset,
    properties,
    index: plain(0)!,
    indexIsPartitioned: indexType === 2,
    indexHasFirstKeys: indexType === 3,
    indexKeysAreUserKeys: flagProperty(properties, 'rocksdb.index.key.is.user.key'),
    indexIsDeltaEncoded: flagProperty(properties, 'rocksdb.index.value.is.delta.encoded'),
    globalSequence,
    rangeDeletions: deletions === undefined ? [] : readRangeDeletions(deletions, globalSequence, file),
    filter: filter && readFilter(source.format, properties, blocks[3]!, filter.isPartitioned),
    otherBlocks: [...meta].flatMap(([name, handle]) => (READ_BLOCKS.has(name) ? [] : [handle])),
    tail,
    tailStart,
  }
}

const READ_BLOCKS: ReadonlySet<string> = new Set(['rocksdb.index', 'rocksdb.properties', 'rocksdb.range_del'])

/** Reads the blocks that scans do without, of which RocksDB reads some. @throws KobelError where one is damaged. */
export function* checkOtherBlocks(table: Table): TableReading<void> {
  yield* readBlocks(table, table.otherBlocks)
}

/** Bytes with a block at `at` of them. */
interface FetchedBlock {
  readonly handle: BlockHandle
  readonly bytes: Uint8Array
  readonly at: number
}

/** Stored bytes of blocks, from the tail where it has them. */
function* fetchBlocks(
  source: TableBytes,
  handles: readonly (BlockHandle | undefined)[],
): TableReading<(FetchedBlock | undefined)[]> {
  const outside = handles.filter((handle) => handle !== undefined && handle.offset < source.tailStart)
  const fetched = outside.length === 0 ? [] : yield outside.map((handle) => rangeOf(handle!))
  return handles.map((handle) => {
    if (handle === undefined) return undefined
    const found = outside.indexOf(handle)
    return found < 0
      ? { handle, bytes: source.tail, at: handle.offset - source.tailStart }
      : { handle, bytes: fetched[found]!, at: 0 }
  })
}

/** Plain bytes of blocks, from the tail where it has them. */
export function* readBlocks(
  source: Pick<Table, 'tail' | 'tailStart' | 'format'>,
  handles: readonly BlockHandle[],
): TableReading<Uint8Array[]> {
  const fetched = yield* fetchBlocks(source, handles)
  return fetched.map((block) => readBlockContents(source.format, block!.handle, block!.bytes, block!.at))
}

/** A larger filter costs more than the block it may spare. */
const MAX_FILTER_BYTES = 1 << 22

function findFilter(
  meta: ReadonlyMap<string, BlockHandle>,
): { readonly handle: BlockHandle; readonly isPartitioned: boolean } | undefined {
  for (const [name, handle] of meta) {
    const isPartitioned = name.startsWith('partitionedfilter.')
    const isBuiltin = name.endsWith('.rocksdb.BuiltinBloomFilter')
    if (isBuiltin && (isPartitioned || name.startsWith('fullfilter.')) && handle.size <= MAX_FILTER_BYTES) {
      return { handle, isPartitioned }
    }
  }
  return undefined
}

/** A filter that is damaged, or is one of prefixes, is none. */
function readFilter(
  format: BlockFormat,
  properties: ReadonlyMap<string, Uint8Array>,
  { handle, bytes, at }: FetchedBlock,
  isPartitioned: boolean,
): TableFilter | undefined {
  if (properties.get('rocksdb.block.based.table.whole.key.filtering')?.[0] === ZERO_DIGIT) return undefined
  try {
    return { bytes: compact(readBlockContents(format, handle, bytes, at)), isPartitioned }
  } catch (error) {
    if (error instanceof KobelError) return undefined
    throw error
  }
}

const ZERO_DIGIT = 0x30

/** A copy where the bytes are a small part of others, which they would hold. */
export function compact(bytes: Uint8Array): Uint8Array {
  return bytes.buffer.byteLength > 2 * bytes.length ? bytes.slice() : bytes
}

function propertiesOf(format: BlockFormat, { handle, bytes, at }: FetchedBlock): Map<string, Uint8Array> {
  return readProperties(openBlock(readPropertiesContents(format, handle, bytes, at)))
}

/**
 * RocksDB may write the global sequence number into a file that it takes over, and leaves the checksum as it was when the
 * number was 0 (`write_global_seqno`).
 */
function readPropertiesContents(format: BlockFormat, handle: BlockHandle, bytes: Uint8Array, at: number): Uint8Array {
  try {
    return readBlockContents(format, handle, bytes, at)
  } catch (error) {
    const before = bytes.slice(at, at + handle.size + BLOCK_TRAILER_BYTES)
    const contents = before.subarray(0, handle.size)
    const plain = before[handle.size] === 0 && handle.size > 0
    const number = plain ? readProperties(openBlock(contents)).get(GLOBAL_SEQUENCE) : undefined
    if (number?.length !== 8) throw error
    number.fill(0)
    readBlockContents(format, handle, before, 0)
    return bytes.subarray(at, at + handle.size)
  }
}

export function rangeOf(handle: BlockHandle): TableRange {
  return { start: handle.offset, end: handle.offset + handle.size + BLOCK_TRAILER_BYTES }
}

function* entriesOf(block: Block): Generator<readonly [string, Uint8Array]> {
  const cursor = new BlockCursor(block)
  const decoder = new TextDecoder('latin1')
  while (cursor.next()) {
    const name = decoder.decode(cursor.key.subarray(0, cursor.keyLength))
    yield [name, block.bytes.subarray(cursor.valueStart, cursor.valueEnd)]
  }
}

function readMetaIndex(block: Block, footer: Footer): Map<string, BlockHandle> {
  const handles = new Map<string, BlockHandle>()
  for (const [name, value] of entriesOf(block)) handles.set(name, readHandle(new SstCursor(value), footer.offset))
  return handles
}

function readProperties(block: Block): Map<string, Uint8Array> {
  return new Map(entriesOf(block))
}

function checkProperties(properties: ReadonlyMap<string, Uint8Array>, meta: ReadonlyMap<string, BlockHandle>): void {
  if (meta.has('rocksdb.compression_dict')) {
    throw new KobelError('UNSUPPORTED_VERSION', 'a table is compressed with a dictionary, which is not supported')
  }
  const comparator = properties.get('rocksdb.comparator')
  const name = comparator === undefined ? undefined : new TextDecoder('latin1').decode(comparator)
  if (name !== undefined && name !== 'leveldb.BytewiseComparator') {
    throw new KobelError(
      'UNSUPPORTED_VERSION',
      `a table is sorted by ${name}, only leveldb.BytewiseComparator is known`,
    )
  }
}

function fixedProperty(properties: ReadonlyMap<string, Uint8Array>, name: string, size: 4 | 8): number | undefined {
  const value = properties.get(name)
  if (value === undefined) return undefined
  const cursor = new SstCursor(value)
  return size === 4 ? cursor.fixed32() : cursor.fixed64()
}

function flagProperty(properties: ReadonlyMap<string, Uint8Array>, name: string): boolean {
  const value = properties.get(name)
  return value !== undefined && new SstCursor(value).varint64() !== 0
}

/** `GetGlobalSequenceNumber` (table/block_based/block_based_table_reader.cc). */
function readGlobalSequence(properties: ReadonlyMap<string, Uint8Array>, file?: SstFile): number | undefined {
  const version = fixedProperty(properties, 'rocksdb.external_sst_file.version', 4)
  if (version === undefined || version < 2) return undefined
  const stored = fixedProperty(properties, GLOBAL_SEQUENCE, 8) ?? 0
  return stored !== 0 ? stored : file?.largestSequence
}

/**
 * The meta block `rocksdb.range_del`: entries of start key with trailer -> end key. A deletion counts only inside its
 * file's bounds: what lies outside belongs to another file of the level, where it may be gone already, with the
 * sequence numbers of newer entries set to 0.
 */
function readRangeDeletions(block: Block, globalSequence: number | undefined, file?: SstFile): RangeDeletion[] {
  const deletions: RangeDeletion[] = []
  const low = file === undefined ? undefined : userKeyOf(file.smallest)
  const high = file === undefined ? undefined : boundAfter(file.largest)
  const cursor = new BlockCursor(block)
  while (cursor.next()) {
    if (cursor.keyLength < TRAILER_BYTES) throw new KobelError('CORRUPT', 'the start of a range deletion is too short')
    const start = cursor.key.slice(0, cursor.keyLength - TRAILER_BYTES)
    const end = block.bytes.subarray(cursor.valueStart, cursor.valueEnd)
    const sequence = globalSequence ?? sequenceOf(cursor.key, cursor.keyLength)
    const from = low !== undefined && compareWhole(start, low) < 0 ? low : start
    const to = high !== undefined && compareWhole(high, end) < 0 ? high : end
    if (compareWhole(from, to) < 0) deletions.push({ start: from, end: to, sequence })
  }
  return deletions
}

function compareWhole(a: Uint8Array, b: Uint8Array): number {
  return compareKeys(a, a.length, b, b.length)
}

export function userKeyOf(internalKey: Uint8Array): Uint8Array {
  return internalKey.subarray(0, internalKey.length - TRAILER_BYTES)
}

/** The first user key after the largest of a file. A range deletion's end, with the highest sequence number, is not in it. */
export function boundAfter(largest: Uint8Array): Uint8Array {
  const isRangeEnd = largest.at(-8) === 15 && largest.subarray(-7).every((byte) => byte === 0xff)
  if (isRangeEnd) return userKeyOf(largest)
  const bound = new Uint8Array(largest.length - TRAILER_BYTES + 1)
  bound.set(userKeyOf(largest))
  return bound
}

/** Reads a whole table's bytes that are in memory. */
export function readWhole<T>(bytes: Uint8Array, reading: TableReading<T>): T {
  let step = reading.next()
  while (!step.done) step = reading.next(step.value.map(({ start, end }) => bytes.subarray(start, end)))
  return step.value
}
