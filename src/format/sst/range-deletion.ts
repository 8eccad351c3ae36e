import { compareKeys } from './block.ts'
import type { RangeDeletion } from './table.ts'

/**
 * Tells which deletion covers a key, for keys that only rise. Deletions may be added on the way, as files are opened:
 * they never begin before the file's own smallest key.
 */
export class RangeDeletionSweep {
  /** Not begun yet, the first to begin last. */
  private readonly ahead: RangeDeletion[] = []
  /** Begun, as a heap, the newest first; those that have ended leave it when they come to the top. */
  private readonly begun: RangeDeletion[] = []

  add(deletions: readonly RangeDeletion[]): void {
    if (deletions.length === 0) return
    for (const deletion of deletions) this.ahead.push(deletion)
    this.ahead.sort((a, b) => compareKeys(b.start, b.start.length, a.start, a.start.length))
  }

  /** The highest sequence number of the deletions that cover the key `key[0, keyLength)`; -1 where there is none. */
  advance(key: Uint8Array, keyLength: number): number {
    for (let next = this.ahead.at(-1); next !== undefined; next = this.ahead.at(-1)) {
      if (compareKeys(next.start, next.start.length, key, keyLength) > 0) break
      this.ahead.pop()
      this.push(next)
    }
    for (let newest = this.begun[0]; newest !== undefined; newest = this.begun[0]) {
      if (compareKeys(newest.end, newest.end.length, key, keyLength) > 0) return newest.sequence
      this.pop()
    }
    return -1
  }

  private push(deletion: RangeDeletion): void {
    const { begun } = this
    let at = begun.length
    for (; at > 0; at = (at - 1) >> 1) {
      const parent = begun[(at - 1) >> 1]!
      if (parent.sequence >= deletion.sequence) break
      begun[at] = parent
    }
    begun[at] = deletion
  }

  private pop(): void {
    const { begun } = this
    const last = begun.pop()!
    if (begun.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= begun.length) break
      if (child + 1 < begun.length && begun[child + 1]!.sequence > begun[child]!.sequence) child++
      if (begun[child]!.sequence <= last.sequence) break
      begun[at] = begun[child]!
      at = child
    }
    begun[at] = last
  }
}
