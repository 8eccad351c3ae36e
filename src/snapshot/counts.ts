import { KobelError, locate } from '../error.ts'
import type { StateCounts } from './describe-state.ts'
import type { KeyedBatch, KeyedSource } from './keyed-source.ts'
import type { Unreadable } from './operator.ts'

/** Entries and bytes of keyed states by their names; a source that fails on the way is told in `unreadable`. */
export interface Counted {
  readonly states: ReadonlyMap<string, StateCounts>
  readonly unreadable: readonly Unreadable[]
}

type Sums = { -readonly [name in keyof StateCounts]: number }

/** Reads all keyed state, decodes nothing. `onEntries` hears of progress. */
export async function countEntries(
  sources: readonly KeyedSource[],
  onEntries: (count: number) => void = () => {},
): Promise<Counted> {
  const states = new Map<string, Sums>()
  const unreadable: Unreadable[] = []
  for (const source of sources) {
    for (const { name } of source.states) if (!states.has(name)) states.set(name, noEntries())
    try {
      for await (const batch of source.scan()) {
        addBatch(states, batch)
        onEntries(batch.count)
      }
    } catch (error) {
      if (!(error instanceof KobelError)) throw error
      unreadable.push({ subtask: source.subtask, part: 'keyed', error: locate(error, {}) as KobelError })
    }
  }
  return { states, unreadable }
}

function noEntries(): Sums {
  return { entries: 0, keyBytes: 0, valueBytes: 0 }
}

/** Bytes of a timer's timestamp. */
const TIMESTAMP_BYTES = 8

function addBatch(states: Map<string, Sums>, batch: KeyedBatch): void {
  const sums = batch.states.map((state) => {
    const known = states.get(state.name) ?? noEntries()
    states.set(state.name, known)
    return known
  })
  const length = (pairs: Uint32Array, i: number): number => (pairs[2 * i + 1] ?? 0) - (pairs[2 * i] ?? 0)
  for (let i = 0; i < batch.count; i++) {
    const sum = sums[batch.stateIds[i]!]!
    sum.entries++
    sum.keyBytes += length(batch.keys, i) + length(batch.namespaces, i)
    if (batch.kind === 'timers') {
      sum.keyBytes += TIMESTAMP_BYTES
    } else {
      // Of other kinds the pair may cover the lengths that end an ambiguous key.
      if (batch.states[batch.stateIds[i]!]!.kind === 'map') sum.keyBytes += length(batch.mapKeys, i)
      sum.valueBytes += length(batch.values, i)
    }
  }
}
