import { Reader } from '../bytes/reader.ts'
import { KobelError } from '../error.ts'
import type { EntryBatch, TimerBatch } from '../format/batch.ts'
import type { KeyedStateInfo } from '../format/keyed-state.ts'
import { hashValue, isHashable } from '../serializer/interpreter/hash.ts'
import { hasUnknown } from '../serializer/layout.ts'

/** Whether Java's hash of a state's keys is known to kobel. */
export function canHash(state: KeyedStateInfo): boolean {
  return state.splits && !hasUnknown(state.key) && isHashable(state.key)
}

/** Java's `hashCode` of keys in batches; entries of the same key mostly follow one another. */
export class KeyHashes {
  private readonly hashable = new Map<KeyedStateInfo, boolean>()
  private reader: Reader = new Reader(new Uint8Array(0))
  private batch: EntryBatch | TimerBatch | undefined
  private last: { start: number; end: number; state: KeyedStateInfo; hash: number | undefined } | undefined

  /** Undefined where the hash is not known. */
  hashOf(batch: EntryBatch | TimerBatch, i: number, state: KeyedStateInfo): number | undefined {
    if (!this.isHashable(state)) return undefined
    const [start, end] = [batch.keys[2 * i]!, batch.keys[2 * i + 1]!]
    if (this.reader.bytes !== batch.buffer) this.reader = new Reader(batch.buffer)
    // The next batch may have its own bytes in the same buffer.
    if (this.batch !== batch) this.last = undefined
    this.batch = batch
    const { last } = this
    if (last?.start === start && last.end === end && last.state === state) return last.hash
    const hash = this.hash(state, start, end)
    this.last = { start, end, state, hash }
    return hash
  }

  private hash(state: KeyedStateInfo, start: number, end: number): number | undefined {
    const { reader } = this
    const { limit } = reader
    reader.offset = start
    reader.limit = end
    try {
      return hashValue(state.key, reader)
    } catch (error) {
      // Whether the key's bytes are right shows where they are decoded; here they only have no hash.
      if (error instanceof KobelError) return undefined
      throw error
    } finally {
      reader.limit = limit
    }
  }

  private isHashable(state: KeyedStateInfo): boolean {
    let known = this.hashable.get(state)
    if (known === undefined) {
      known = canHash(state)
      this.hashable.set(state, known)
    }
    return known
  }
}
