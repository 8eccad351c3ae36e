import type { SstFile } from './manifest.ts'
import type { Table } from './table.ts'

interface Kept {
  readonly table: Table
  /** Further blocks by their offsets: filters, and parts of indexes. */
  readonly blocks: Map<number, Uint8Array>
  bytes: number
}

/**
 * Opened tables for lookups, with the blocks that lead to an entry; those that were not used for the longest time are
 * dropped first. Tables are told apart by the objects that describe them, which belong to one database.
 */
export class TableCache {
  private readonly maxBytes: number
  private readonly kept = new Map<SstFile, Kept>()
  private heldBytes = 0

  constructor(maxBytes: number = 1 << 24) {
    this.maxBytes = maxBytes
  }

  get(file: SstFile): Table | undefined {
    const found = this.kept.get(file)
    if (found === undefined) return undefined
    this.kept.delete(file)
    this.kept.set(file, found)
    return found.table
  }

  set(file: SstFile, table: Table): void {
    if (this.kept.has(file)) return
    this.kept.set(file, { table, blocks: new Map(), bytes: 0 })
    this.count(file, table.tail.length + table.index.bytes.length + (table.filter?.bytes.length ?? 0))
  }

  block(file: SstFile, offset: number): Uint8Array | undefined {
    return this.kept.get(file)?.blocks.get(offset)
  }

  /** Keeps the plain bytes of a block of a table that is here. */
  setBlock(file: SstFile, offset: number, bytes: Uint8Array): void {
    const blocks = this.kept.get(file)?.blocks
    if (blocks === undefined || blocks.has(offset)) return
    blocks.set(offset, bytes)
    this.count(file, bytes.length)
  }

  private count(file: SstFile, bytes: number): void {
    this.kept.get(file)!.bytes += bytes
    this.heldBytes += bytes
    for (const [oldest, { bytes: dropped }] of this.kept) {
      if (this.heldBytes <= this.maxBytes) break
      this.kept.delete(oldest)
      this.heldBytes -= dropped
    }
  }
}
