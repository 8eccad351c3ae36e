import { KobelError } from '../error.ts'
import { exactly, type Store, type StoreEntry } from './store.ts'

export interface CacheOptions {
  /** Bytes kept at most. */
  readonly maxBytes?: number
  /** Fetched at least, from a multiple of it. */
  readonly blockBytes?: number
  /** Reads of so many bytes are of a file read from front to end: they go by the cache. */
  readonly bigBytes?: number
}

/** Sizes of files kept at most. */
const MAX_SIZES = 10_000

interface Block {
  readonly bytes: Promise<Uint8Array>
  /** What it counts against the bound. */
  length: number
}

/**
 * A cache before a store where each request is slow: small reads fetch whole blocks, which are kept, the last used
 * longest. Big reads neither come from it nor drive anything out. Files of snapshots do not change once written.
 */
export class CachingStore implements Store {
  private readonly inner: Store
  private readonly maxBytes: number
  private readonly blockBytes: number
  private readonly bigBytes: number
  /** By location and number of the block; in the order of use. */
  private readonly blocks = new Map<string, Block>()
  private readonly sizes = new Map<string, number>()
  private heldBytes = 0

  constructor(inner: Store, options: CacheOptions = {}) {
    this.inner = inner
    this.maxBytes = options.maxBytes ?? 16 << 20
    this.blockBytes = options.blockBytes ?? 64 << 10
    this.bigBytes = options.bigBytes ?? 256 << 10
  }

  locate(uri: string): string | undefined {
    return this.inner.locate(uri)
  }

  async read(location: string, start: number, end: number): Promise<Uint8Array> {
    if (end - start >= this.bigBytes) return this.inner.read(location, start, end)
    return exactly(await this.readAtMost(location, start, end), location, start, end)
  }

  async readAtMost(location: string, start: number, end: number): Promise<Uint8Array> {
    if (end - start >= this.bigBytes) return this.readInner(location, start, end)
    const first = Math.floor(start / this.blockBytes)
    const blocks = await Promise.all(this.blocksOf(location, first, Math.ceil(end / this.blockBytes)))
    const from = start - first * this.blockBytes
    if (blocks.length === 1) return blocks[0]!.subarray(from, end - first * this.blockBytes)
    const length = blocks.reduce((sum, block) => sum + block.length, 0)
    const whole = new Uint8Array(length)
    let at = 0
    for (const block of blocks) {
      whole.set(block, at)
      at += block.length
    }
    return whole.subarray(from, end - first * this.blockBytes)
  }

  readWhole(location: string): Promise<Uint8Array> {
    return this.inner.readWhole(location)
  }

  async size(location: string): Promise<number | undefined> {
    const known = this.sizes.get(location)
    if (known !== undefined) return known
    const size = await this.inner.size(location)
    if (size !== undefined) this.keepSize(location, size)
    return size
  }

  list(location: string): Promise<readonly StoreEntry[]> {
    return this.inner.list(location)
  }

  async close(): Promise<void> {
    this.blocks.clear()
    this.sizes.clear()
    this.heldBytes = 0
    await this.inner.close?.()
  }

  /** Blocks `first` to before `end`; neighbours that are not here are fetched together. */
  private blocksOf(location: string, first: number, end: number): Promise<Uint8Array>[] {
    const found: Promise<Uint8Array>[] = []
    for (let at = first; at < end; ) {
      const key = `${at} ${location}`
      const block = this.blocks.get(key)
      if (block) {
        this.blocks.delete(key)
        this.blocks.set(key, block)
        found.push(block.bytes)
        at++
        continue
      }
      let missingEnd = at + 1
      while (missingEnd < end && !this.blocks.has(`${missingEnd} ${location}`)) missingEnd++
      found.push(...this.fetchBlocks(location, at, missingEnd))
      at = missingEnd
    }
    return found
  }

  private fetchBlocks(location: string, first: number, end: number): Promise<Uint8Array>[] {
    const run = this.readInner(location, first * this.blockBytes, end * this.blockBytes)
    return Array.from({ length: end - first }, (_, i) => {
      const isOnly = end - first === 1
      // A copy, so that a block that is kept does not hold its neighbours.
      const cut = (bytes: Uint8Array) =>
        isOnly ? bytes : bytes.slice(i * this.blockBytes, Math.min((i + 1) * this.blockBytes, bytes.length))
      const block: Block = { bytes: run.then(cut), length: this.blockBytes }
      const key = `${first + i} ${location}`
      this.blocks.set(key, block)
      this.heldBytes += block.length
      block.bytes.then(
        (bytes) => this.settle(key, block, bytes.length),
        () => this.settle(key, block, undefined),
      )
      return block.bytes
    })
  }

  /** Counts what a block has in truth; one that failed is forgotten. */
  private settle(key: string, block: Block, length: number | undefined): void {
    if (this.blocks.get(key) !== block) return
    this.heldBytes += (length ?? 0) - block.length
    block.length = length ?? 0
    if (length === undefined) this.blocks.delete(key)
    for (const [oldest, { length: dropped }] of this.blocks) {
      if (this.heldBytes <= this.maxBytes) break
      this.blocks.delete(oldest)
      this.heldBytes -= dropped
    }
  }

  private async readInner(location: string, start: number, end: number): Promise<Uint8Array> {
    const known = this.sizes.get(location)
    const bounded = known === undefined ? end : Math.min(end, known)
    if (start >= bounded) return new Uint8Array(0)
    if (this.inner.readAtMost) {
      const bytes = await this.inner.readAtMost(location, start, bounded)
      if (bytes.length > 0 && start + bytes.length < end) this.keepSize(location, start + bytes.length)
      return bytes
    }
    const size = await this.size(location)
    if (size === undefined) throw new KobelError('NOT_FOUND', 'there is no such file', { file: location })
    return this.inner.read(location, Math.min(start, size), Math.min(end, size))
  }

  private keepSize(location: string, size: number): void {
    this.sizes.set(location, size)
    if (this.sizes.size > MAX_SIZES) this.sizes.delete(this.sizes.keys().next().value!)
  }
}
