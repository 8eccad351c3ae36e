import type { Spill } from '../store/writable.ts'
import { SortedRuns } from '../write/sorted-runs.ts'

/** A record of bytes, a copy of its own. */
export interface SortedBytes {
  readonly tag: number
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/** Records that are handed over at once. */
const CHUNK = 512
const MEMORY_BYTES: number = 32 << 20

/** Sorts records by tag and key in bounded memory, and gives them out as they are asked for. */
export class SortedRecords {
  private readonly runs: SortedRuns
  private readonly memoryBytes: number

  constructor(spill: Spill, memoryBytes: number = MEMORY_BYTES) {
    this.runs = new SortedRuns(spill, memoryBytes)
    this.memoryBytes = memoryBytes
  }

  /** Gives a promise where memory has to be freed first. */
  add(tag: number, key: Uint8Array, value: Uint8Array): Promise<void> | undefined {
    this.runs.add(tag, key, value)
    return this.runs.heldBytes > this.memoryBytes ? this.runs.spill() : undefined
  }

  /** All records in order; those of equal keys in the order in which they were added. */
  async *drain(): AsyncGenerator<SortedBytes, void, undefined> {
    let chunk: SortedBytes[] = []
    let goOn: (() => void) | undefined
    let arrived: (() => void) | undefined
    let ended = false
    const draining = this.runs
      .drain(
        ({ tag, bytes, keyStart, keyEnd, valueStart, end }) => {
          chunk.push({ tag, key: bytes.slice(keyStart, keyEnd), value: bytes.slice(valueStart, end) })
        },
        () => {
          if (chunk.length < CHUNK) return undefined
          arrived?.()
          return new Promise<void>((resolve) => {
            goOn = resolve
          })
        },
      )
      .finally(() => {
        ended = true
        arrived?.()
      })
    // It is awaited below; until then a failure must not count as unheard.
    draining.catch(() => {})
    for (;;) {
      if (chunk.length < CHUNK && !ended) {
        await new Promise<void>((resolve) => {
          arrived = resolve
        })
      }
      const records = chunk
      chunk = []
      yield* records
      if (ended && chunk.length === 0) break
      goOn?.()
    }
    await draining
  }

  close(): Promise<void> {
    return this.runs.close()
  }
}
