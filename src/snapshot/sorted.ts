import type { EntryBatch, TimerBatch } from '../format/batch.ts'
import type { KeyedStateInfo } from '../format/keyed-state.ts'
import type { KeyedBatch, KeyedSource, ScanOptions } from './keyed-source.ts'
import { MAX_SORTED, type Place, SortEntries } from './sort-entries.ts'

/** Bytes of entries that are held to be sorted. */
const SORTED_BYTES = 16 << 20
const MIN_ARENA_BYTES = 1 << 16
/** Entries of a batch that is handed on. */
const BATCH_ENTRIES = 1 << 12

/**
 * The keyed state of a source in an order that does not depend on its format: by key group, name of the state, and
 * inside by raw key, namespace and user key; timers by timestamp first. A key group that is larger than the memory
 * allowed is read again: once where it lies in that order already, else once for each part of it that can be held.
 */
export async function* scanSorted(
  source: KeyedSource,
  options: ScanOptions = {},
  limitBytes: number = SORTED_BYTES,
): AsyncGenerator<KeyedBatch, void, undefined> {
  const order = new StateOrder(source)
  const buffer = new SortBuffer(source, order, limitBytes)
  let survey: Survey | undefined
  let keyGroup = -1
  for await (const batch of source.scan(options)) {
    if (batch.keyGroup !== keyGroup) {
      yield* survey ? readAgain(source, options, order, buffer, survey, keyGroup) : buffer.sorted(keyGroup)
      buffer.clear()
      survey = undefined
      keyGroup = batch.keyGroup
    }
    const taken = survey ? 0 : buffer.takeAll(batch)
    if (taken === batch.count) continue
    survey ??= new Survey(buffer.entries)
    survey.add(batch, taken)
  }
  yield* survey ? readAgain(source, options, order, buffer, survey, keyGroup) : buffer.sorted(keyGroup)
}

async function* readAgain(
  source: KeyedSource,
  options: ScanOptions,
  order: StateOrder,
  buffer: SortBuffer,
  survey: Survey,
  keyGroup: number,
): AsyncGenerator<KeyedBatch, void, undefined> {
  for (const group of survey.groups(order, buffer.limitBytes)) {
    const wanted = (state: KeyedStateInfo): boolean => group.names.has(state.name) && (options.wanted?.(state) ?? true)
    // What is broken was told when it was met first.
    const onSkip = options.onSkip && { onSkip: () => undefined }
    const again: ScanOptions = { ...options, ...onSkip, keyGroups: [keyGroup, keyGroup], wanted }
    if (group.inOrder) {
      yield* source.scan(again)
      continue
    }
    let after: Place | undefined
    do {
      buffer.clear()
      for await (const batch of source.scan(again)) buffer.takeLowest(batch, after)
      after = buffer.dropped ? buffer.last() : undefined
      yield* buffer.sorted(keyGroup)
    } while (after !== undefined)
  }
}

/** The place of each state in the order of names. */
class StateOrder {
  private readonly source: KeyedSource
  private ranks: Uint32Array = new Uint32Array(0)

  constructor(source: KeyedSource) {
    this.source = source
  }

  nameOf(stateId: number): string {
    return this.source.states[stateId]!.name
  }

  rankOf(stateId: number): number {
    // States whose names are made up may join while a stream is read.
    if (this.ranks.length < this.source.states.length) {
      const byName = this.source.states
        .map((state, id) => ({ name: state.name, id }))
        .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.id - b.id))
      this.ranks = new Uint32Array(byName.length)
      byName.forEach(({ id }, rank) => {
        this.ranks[id] = rank
      })
    }
    return this.ranks[stateId]!
  }
}

/** States that are read together. */
interface Group {
  readonly names: ReadonlySet<string>
  /** Their entries come in order. */
  readonly inOrder: boolean
}

/** What is known of a key group that is too large to be held. */
class Survey {
  private readonly states = new Map<number, { bytes: number; inOrder: boolean; readonly last: SortEntries }>()
  /** State ids in the order of their coming. */
  private readonly runs: number[] = []

  /** @param taken entries of the key group that came already. */
  constructor(taken: SortEntries) {
    for (let i = 0; i < taken.count; i++) {
      const bytes = taken.offsetOf(i, 5) - taken.offsetOf(i, 0)
      this.note(taken.stateOf(i), bytes, (last) => last.addCopy(taken, i))
    }
  }

  add(batch: KeyedBatch, first: number): void {
    for (let i = first; i < batch.count; i++) {
      this.note(batch.stateIds[i]!, entryBytes(batch, i), (last) => last.addKey(batch, i, 0))
    }
  }

  private note(stateId: number, bytes: number, addTo: (last: SortEntries) => void): void {
    let state = this.states.get(stateId)
    if (!state) {
      state = { bytes: 0, inOrder: true, last: new SortEntries(256) }
      this.states.set(stateId, state)
    }
    if (this.runs.at(-1) !== stateId && this.runs.length <= MAX_RUNS) this.runs.push(stateId)
    state.bytes += bytes + SortEntries.entryBytes
    if (!state.inOrder) return
    addTo(state.last)
    if (state.last.count === 1) return
    if (state.last.compare(0, 1) > 0) state.inOrder = false
    state.last.keep(ONLY_SECOND)
  }

  /**
   * In the order of names, as many states together as can be held. States in order are not held: they stay alone where
   * they are large, and all are read together where they also follow one another in order.
   */
  groups(order: StateOrder, limitBytes: number): Group[] {
    const ids = [...this.states.keys()].sort((a, b) => order.rankOf(a) - order.rankOf(b))
    const isSorted = this.runs.length === ids.length && this.runs.every((id, i) => id === ids[i])
    if (isSorted && ids.every((id) => this.states.get(id)!.inOrder)) {
      return [{ names: new Set(ids.map((id) => order.nameOf(id))), inOrder: true }]
    }
    const groups: Group[] = []
    let names = new Set<string>()
    let held = 0
    const finish = (): void => {
      if (names.size > 0) groups.push({ names, inOrder: false })
      names = new Set()
      held = 0
    }
    for (const id of ids) {
      const { bytes, inOrder } = this.states.get(id)!
      if (held + bytes > limitBytes) finish()
      if (bytes > limitBytes && inOrder) {
        groups.push({ names: new Set([order.nameOf(id)]), inOrder: true })
        continue
      }
      names.add(order.nameOf(id))
      held += bytes
    }
    finish()
    return groups
  }
}

/** States that take turns more often than this are not in order anyway. */
const MAX_RUNS = 1 << 16
const ONLY_SECOND: Uint32Array = Uint32Array.of(1)

function entryBytes(batch: KeyedBatch, i: number): number {
  const length = (pairs: Uint32Array): number => (pairs[2 * i + 1] ?? 0) - (pairs[2 * i] ?? 0)
  const key = 10 + length(batch.keys) + length(batch.namespaces)
  return batch.kind === 'timers' ? key : key + length(batch.mapKeys) + length(batch.values)
}

/** Entries that are held to be sorted. */
class SortBuffer {
  /** Entries were left out: more come behind the last one. */
  dropped = false
  readonly limitBytes: number
  readonly entries: SortEntries
  private readonly source: KeyedSource
  private readonly order: StateOrder
  private bound: Place | undefined

  constructor(source: KeyedSource, order: StateOrder, limitBytes: number) {
    this.source = source
    this.order = order
    this.limitBytes = limitBytes
    // Not more by and by where much will come: an arena that grows is there twice while it does.
    this.entries = new SortEntries(Math.min(limitBytes, Math.max(MIN_ARENA_BYTES, 2 * source.storedBytes)))
  }

  clear(): void {
    this.entries.clear()
    this.bound = undefined
    this.dropped = false
  }

  /** Takes entries as long as there is room, and tells how many. */
  takeAll(batch: KeyedBatch): number {
    for (let i = 0; i < batch.count; i++) {
      if (!this.hasRoom(entryBytes(batch, i))) return i
      this.entries.addKey(batch, i, 0)
      this.entries.addValue(batch, i)
    }
    return batch.count
  }

  /** Takes the entries behind `after`; where there is no room, those that come last in order are left out. */
  takeLowest(batch: KeyedBatch, after: Place | undefined): void {
    const { entries } = this
    for (let i = 0; i < batch.count; i++) {
      if (entries.count > 1 && !this.hasRoom(entryBytes(batch, i))) this.dropHighest()
      entries.addKey(batch, i, this.order.rankOf(batch.stateIds[i]!))
      const last = entries.count - 1
      const isBefore = after !== undefined && entries.compareTo(last, after) <= 0
      const isBehind = this.bound !== undefined && entries.compareTo(last, this.bound) > 0
      if (isBehind) this.dropped = true
      if (isBefore || isBehind) entries.removeLast()
      else entries.addValue(batch, i)
    }
  }

  last(): Place {
    return this.entries.placeOf(this.entries.sortedIndex().at(-1)!)
  }

  /** The entries in order, in batches of one kind each. */
  *sorted(keyGroup: number): Generator<KeyedBatch, void, undefined> {
    const { entries } = this
    for (let i = 0; i < entries.count; i++) entries.setRank(i, this.order.rankOf(entries.stateOf(i)))
    const index = entries.sortedIndex()
    for (let start = 0; start < index.length; ) {
      const isTimer = this.isTimer(index[start]!)
      let end = start + 1
      while (end < index.length && end - start < BATCH_ENTRIES && this.isTimer(index[end]!) === isTimer) end++
      const part = index.subarray(start, end)
      yield isTimer ? this.timerBatch(keyGroup, part) : this.entryBatch(keyGroup, part)
      start = end
    }
  }

  private hasRoom(bytes: number): boolean {
    const { used, count } = this.entries
    return used + bytes + (count + 1) * SortEntries.entryBytes <= this.limitBytes && count < MAX_SORTED
  }

  /** Makes room by a quarter, so that a pass gives three quarters of the buffer at least. */
  private dropHighest(): void {
    const { entries } = this
    const kept = entries.sortedIndex().subarray(0, Math.max(1, (entries.count * 3) >> 2))
    this.bound = entries.placeOf(kept.at(-1)!)
    this.dropped = true
    entries.keep(kept.slice().sort())
  }

  private isTimer(i: number): boolean {
    return this.source.states[this.entries.stateOf(i)]!.kind === 'timer'
  }

  private pairs(index: Uint32Array, part: number): Uint32Array {
    const pairs = new Uint32Array(index.length * 2)
    index.forEach((i, n) => {
      pairs[2 * n] = this.entries.offsetOf(i, part)
      pairs[2 * n + 1] = this.entries.offsetOf(i, part + 1)
    })
    return pairs
  }

  private common(
    keyGroup: number,
    index: Uint32Array,
  ): Pick<EntryBatch, 'keyGroup' | 'count' | 'stateIds' | 'states' | 'buffer' | 'keys' | 'namespaces'> {
    return {
      keyGroup,
      count: index.length,
      stateIds: Uint16Array.from(index, (i) => this.entries.stateOf(i)),
      states: this.source.states,
      buffer: this.entries.arena,
      keys: this.pairs(index, 1),
      namespaces: this.pairs(index, 2),
    }
  }

  private entryBatch(keyGroup: number, index: Uint32Array): EntryBatch {
    return {
      kind: 'entries',
      ...this.common(keyGroup, index),
      mapKeys: this.pairs(index, 3),
      values: this.pairs(index, 4),
    }
  }

  private timerBatch(keyGroup: number, index: Uint32Array): TimerBatch {
    return {
      kind: 'timers',
      ...this.common(keyGroup, index),
      timestamps: BigInt64Array.from(index, (i) => this.entries.timestampOf(i)),
    }
  }
}
