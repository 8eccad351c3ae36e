import { KobelError } from '../../error.ts'
import { type Block, BlockCursor, compareKeys, openBlock, TRAILER_BYTES } from './block.ts'
import { BLOCK_TRAILER_BYTES, type BlockHandle } from './compression.ts'
import { SstCursor } from './cursor.ts'
import { mayContain } from './filter.ts'
import { checkHandle, readHandle } from './footer.ts'
import { compact, type KeyRange, readBlocks, type Table, type TableReading } from './table.ts'

/** A data block as the index names it. */
export interface TableBlock extends BlockHandle {
  /** Not below any user key of the block, and below all of the next. */
  readonly lastKey: Uint8Array
}

/** Parts of an index that lie side by side are read together, up to so many bytes. */
const PARTS_BYTES = 1 << 16

/** Plain bytes of blocks that were read before, by their offsets: for lookups, which need the same ones again. */
export interface KnownBlocks {
  get(offset: number): Uint8Array | undefined
  set(offset: number, bytes: Uint8Array): void
}

/**
 * Walks the data blocks of a table that can hold keys of a range, in order. Nothing but the index itself is held: a table
 * of 64 MB has some 20,000 blocks. The parts of a partitioned index are read as they come up.
 */
export class TableIndex {
  private readonly table: Table
  private readonly range: KeyRange
  private readonly root: IndexCursor
  private part: IndexCursor | undefined
  private parts: Uint8Array[] = []
  /** A part that lay too far behind those that were read. */
  private nextPart: TableBlock | undefined
  private end = 0
  private readonly known: KnownBlocks | undefined

  constructor(table: Table, range: KeyRange = {}, known?: KnownBlocks) {
    this.table = table
    this.range = range
    this.known = known
    this.root = new IndexCursor(table, table.index, range, table.indexHasFirstKeys)
    if (table.indexIsPartitioned) this.nextPart = this.root.next()
    else this.part = this.root
  }

  /** Whether `readParts` is needed before the next `next`. */
  get wantsParts(): boolean {
    return this.part === undefined && this.parts.length === 0 && this.nextPart !== undefined
  }

  /** The next block; undefined where there is none, or parts of the index must be read first. */
  next(): TableBlock | undefined {
    for (;;) {
      if (this.part === undefined) {
        const part = this.parts.shift()
        if (part === undefined) return undefined
        this.part = new IndexCursor(this.table, openBlock(part), this.range, false)
      }
      const found = this.part.next()
      if (found !== undefined) {
        this.checkOrder(found)
        return found
      }
      if (!this.table.indexIsPartitioned) return undefined
      this.part = undefined
    }
  }

  *readParts(): TableReading<void> {
    const handles: BlockHandle[] = []
    const limit = (this.nextPart?.offset ?? 0) + PARTS_BYTES
    let part = this.nextPart
    while (part !== undefined && (handles.length === 0 || part.offset + part.size <= limit)) {
      handles.push(part)
      part = this.root.next()
    }
    this.nextPart = part
    this.parts = yield* readKnown(this.table, handles, this.known)
  }

  /** Blocks follow one another; that no block is read twice also bounds the work on a damaged file. */
  private checkOrder({ offset, size }: BlockHandle): void {
    if (offset < this.end) throw new KobelError('CORRUPT', 'the blocks of a table overlap', { offset })
    this.end = offset + size + BLOCK_TRAILER_BYTES
  }
}

/**
 * The entries of one index block. Each is a key not below any of its block and below all of the next, with the block's
 * handle. With delta encoding a handle whose key shares bytes with the one before is only the difference of the sizes
 * (zigzag): the block follows the one before.
 */
class IndexCursor {
  private readonly table: Table
  private readonly index: Block
  private readonly range: KeyRange
  private readonly hasFirstKeys: boolean
  private readonly cursor: BlockCursor
  /** Bytes behind the user key. */
  private readonly strip: number
  private before: BlockHandle | undefined
  private lastEnd = 0
  private isDone = false

  constructor(table: Table, index: Block, range: KeyRange, hasFirstKeys: boolean) {
    this.table = table
    this.index = index
    this.range = range
    this.hasFirstKeys = hasFirstKeys
    this.cursor = new BlockCursor(index, table.indexIsDeltaEncoded)
    this.strip = table.indexKeysAreUserKeys ? 0 : TRAILER_BYTES
    if (range.from !== undefined) this.cursor.seekRestart(range.from, this.strip)
  }

  next(): TableBlock | undefined {
    const { cursor, range, strip } = this
    while (!this.isDone && cursor.next()) {
      if (cursor.keyLength < strip) throw new KobelError('CORRUPT', 'a key of an index is too short')
      const handle = this.readHandle()
      const length = cursor.keyLength - strip
      if (range.from !== undefined && compareKeys(cursor.key, length, range.from, range.from.length) < 0) continue
      this.isDone = range.to !== undefined && compareKeys(cursor.key, length, range.to, range.to.length) >= 0
      return { offset: handle.offset, size: handle.size, lastKey: cursor.key.slice(0, length) }
    }
    return undefined
  }

  private readHandle(): BlockHandle {
    const { cursor, table } = this
    const value = new SstCursor(this.index.bytes, cursor.valueStart, cursor.valueEnd)
    let handle: BlockHandle
    if (table.indexIsDeltaEncoded && cursor.shares) {
      if (this.before === undefined) throw new KobelError('CORRUPT', 'the first entry of an index is incomplete')
      const size = this.before.size + value.signedVarint64()
      handle = checkHandle({ offset: this.lastEnd, size }, table.limit)
    } else {
      handle = readHandle(value, table.limit)
    }
    if (this.hasFirstKeys) value.slice()
    if (table.indexIsDeltaEncoded) cursor.offset = value.offset
    if (handle.offset < this.lastEnd) {
      throw new KobelError('CORRUPT', 'the blocks of a table overlap', { offset: handle.offset })
    }
    this.before = handle
    this.lastEnd = handle.offset + handle.size + BLOCK_TRAILER_BYTES
    return handle
  }
}

function* readKnown(
  table: Table,
  handles: readonly BlockHandle[],
  known: KnownBlocks | undefined,
): TableReading<Uint8Array[]> {
  if (known === undefined) return yield* readBlocks(table, handles)
  const blocks: Uint8Array[] = []
  for (const handle of handles) {
    let block = known.get(handle.offset)
    if (block === undefined) {
      block = compact((yield* readBlocks(table, [handle]))[0]!)
      known.set(handle.offset, block)
    }
    blocks.push(block)
  }
  return blocks
}

/** False where the table's filter excludes the user key. */
export function* tableMayContain(table: Table, key: Uint8Array, known?: KnownBlocks): TableReading<boolean> {
  const { filter } = table
  if (filter === undefined) return true
  if (!filter.isPartitioned) return mayContain(filter.bytes, key)
  // The index of the parts is written as that of the table is; behind its last key there is nothing.
  const part = new IndexCursor(table, openBlock(filter.bytes), { from: key }, false).next()
  return part === undefined || mayContain((yield* readKnown(table, [part], known))[0]!, key)
}
