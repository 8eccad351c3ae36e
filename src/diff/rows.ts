import type { KeyedStateInfo } from '../format/keyed-state.ts'
import type { KeyedBatch, KeyedSource } from '../snapshot/keyed-source.ts'
import type { Operator } from '../snapshot/operator.ts'
import { scanSorted } from '../snapshot/sorted.ts'

/** An entry or timer of a batch; good until the next one of its side is asked for. */
export interface Row {
  readonly batch: KeyedBatch
  readonly i: number
  readonly info: KeyedStateInfo
  /** Where entries were sorted anew: the rank of the state, and the bytes that they were sorted by. */
  readonly rank?: number
  readonly sortKey?: Uint8Array
}

/** The keyed state of an operator by key group, name of the state, and raw bytes, over all its subtasks. */
export async function* rowsInOrder(
  operator: Operator,
  wanted: (info: KeyedStateInfo) => boolean,
): AsyncGenerator<Row, void, undefined> {
  const sources = await operator.keyedSources()
  const waiting = [...sources].sort((a, b) => a.keyGroupRange.keyGroupFirst - b.keyGroupRange.keyGroupFirst)
  let active: Cursor[] = []
  for (;;) {
    active = await withOpened(active, waiting, wanted)
    if (active.length === 0) return
    let least = active[0]!
    for (let c = 1; c < active.length; c++) if (compareRows(active[c]!.row!, least.row!) < 0) least = active[c]!
    // Mostly one handle holds a key group, and then it is read on without comparing.
    const alone = active.length === 1 ? (waiting[0]?.keyGroupRange.keyGroupFirst ?? Number.POSITIVE_INFINITY) : -1
    do {
      yield least.row!
      const wait = least.advance()
      if (wait) await wait
    } while (least.row && least.row.batch.keyGroup < alone)
    if (!least.row) active = active.filter((each) => each !== least)
  }
}

/** Opens the handles that may hold what comes next: all that begin at or before the least key group at hand. */
async function withOpened(
  active: readonly Cursor[],
  waiting: KeyedSource[],
  wanted: (info: KeyedStateInfo) => boolean,
): Promise<Cursor[]> {
  const opened = [...active]
  const least = (): number => Math.min(...opened.map((each) => each.row!.batch.keyGroup))
  while (waiting.length > 0 && (opened.length === 0 || waiting[0]!.keyGroupRange.keyGroupFirst <= least())) {
    const cursor = new Cursor(scanSorted(waiting.shift()!, { wanted }))
    await cursor.advance()
    if (cursor.row) opened.push(cursor)
  }
  return opened
}

class Cursor {
  row: Row | undefined
  private readonly batches: AsyncGenerator<KeyedBatch, void, undefined>
  private batch: KeyedBatch | undefined
  private i = 0

  constructor(batches: AsyncGenerator<KeyedBatch, void, undefined>) {
    this.batches = batches
  }

  /** Goes on to the next entry; gives a promise where a batch has to be waited for. */
  advance(): Promise<void> | undefined {
    if (this.batch === undefined || this.i >= this.batch.count) return this.nextBatch()
    this.place(this.batch)
    return undefined
  }

  private async nextBatch(): Promise<void> {
    do {
      const next = await this.batches.next()
      this.batch = next.value ?? undefined
    } while (this.batch?.count === 0)
    this.i = 0
    this.row = undefined
    if (this.batch) this.place(this.batch)
  }

  private place(batch: KeyedBatch): void {
    this.row = { batch, i: this.i, info: batch.states[batch.stateIds[this.i]!]! }
    this.i++
  }
}

/** By key group, name, and the bytes of timestamp, key, namespace and user key; or by what they were sorted by anew. */
export function compareRows(a: Row, b: Row): number {
  if (a.sortKey && b.sortKey) {
    if (a.rank !== b.rank) return a.rank! - b.rank!
    return compareRanges(a.sortKey, 0, a.sortKey.length, b.sortKey, 0, b.sortKey.length)
  }
  if (a.batch.keyGroup !== b.batch.keyGroup) return a.batch.keyGroup - b.batch.keyGroup
  if (a.info.name !== b.info.name) return a.info.name < b.info.name ? -1 : 1
  return compareKeys(a, b)
}

/** Of the same state. */
function compareKeys(a: Row, b: Row): number {
  if (a.batch.kind === 'timers' && b.batch.kind === 'timers') {
    const [one, other] = [a.batch.timestamps[a.i]!, b.batch.timestamps[b.i]!]
    if (one !== other) return one < other ? -1 : 1
  }
  const byKey = comparePart(a, b, a.batch.keys, b.batch.keys)
  if (byKey !== 0) return byKey
  const byNamespace = comparePart(a, b, a.batch.namespaces, b.batch.namespaces)
  if (byNamespace !== 0 || a.batch.kind === 'timers' || b.batch.kind === 'timers') return byNamespace
  // Of other kinds the pair may cover the lengths that end an ambiguous key.
  if (a.info.kind !== 'map' || b.info.kind !== 'map') return 0
  return comparePart(a, b, a.batch.mapKeys, b.batch.mapKeys)
}

function comparePart(a: Row, b: Row, aPairs: Uint32Array, bPairs: Uint32Array): number {
  const [aStart, aEnd] = [aPairs[2 * a.i]!, aPairs[2 * a.i + 1]!]
  const [bStart, bEnd] = [bPairs[2 * b.i]!, bPairs[2 * b.i + 1]!]
  return compareRanges(a.batch.buffer, aStart, aEnd, b.batch.buffer, bStart, bEnd)
}

function compareRanges(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  const length = Math.min(aEnd - aStart, bEnd - bStart)
  for (let i = 0; i < length; i++) {
    const difference = a[aStart + i]! - b[bStart + i]!
    if (difference !== 0) return difference
  }
  return aEnd - aStart - (bEnd - bStart)
}
