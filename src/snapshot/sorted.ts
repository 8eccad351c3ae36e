import type { EntryBatch, TimerBatch } from '../format/batch.ts'
import type { KeyedStateInfo } from '../format/keyed-state.ts'
import { type KeyedBatch, type KeyedSource, type ScanOptions, scanSource } from './keyed-source.ts'

/** Bytes of entries that are held to be sorted. */
const SORTED_BYTES = 32 << 20
/** What an entry costs beside its bytes: ten numbers. */
const ENTRY_BYTES = 48

/**
 * The keyed state of a source in an order that does not depend on its format: by key group, name of the state, and
 * inside by raw key, namespace and user key; timers by timestamp first. A key group that is larger than the memory
 * allowed is read several times, each time for the next part of the order.
 */
export async function* scanSorted(
  source: KeyedSource,
  options: ScanOptions = {},
  limitBytes: number = SORTED_BYTES,
): AsyncGenerator<KeyedBatch, void, undefined> {
  const order = new StateOrder(source)
  let buffer = new SortBuffer(source, order, limitBytes)
  let keyGroup = -1
  for await (const batch of scanSource(source, options)) {
    if (batch.keyGroup !== keyGroup) {
      yield* finishKeyGroup(source, options, order, buffer, keyGroup, limitBytes)
      keyGroup = batch.keyGroup
      buffer = new SortBuffer(source, order, limitBytes)
    }
    buffer.add(batch)
  }
  yield* finishKeyGroup(source, options, order, buffer, keyGroup, limitBytes)
}

async function* finishKeyGroup(
  source: KeyedSource,
  options: ScanOptions,
  order: StateOrder,
  first: SortBuffer,
  keyGroup: number,
  limitBytes: number,
): AsyncGenerator<KeyedBatch, void, undefined> {
  let buffer = first
  for (;;) {
    yield* buffer.sorted(keyGroup)
    const last = buffer.cut ? buffer.last() : undefined
    if (last === undefined) return
    buffer = new SortBuffer(source, order, limitBytes, last)
    for await (const batch of scanSource(source, { ...options, keyGroups: [keyGroup, keyGroup] })) buffer.add(batch)
  }
}

/** The place of each state in the order of names. */
class StateOrder {
  private readonly source: KeyedSource
  private ranks: Uint32Array = new Uint32Array(0)

  constructor(source: KeyedSource) {
    this.source = source
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

/** An entry outside a buffer, to compare with. */
interface Place {
  readonly rank: number
  readonly timestamp: bigint
  readonly bytes: Uint8Array
  /** Ends of key, namespace and user key in `bytes`. */
  readonly ends: readonly [number, number, number]
}

/** Numbers kept of each entry: state id, and where key, namespace, user key and value begin and the value ends. */
const FIELDS = 6

class SortBuffer {
  /** Entries were dropped: more come behind the last one. */
  cut = false
  private readonly source: KeyedSource
  private readonly order: StateOrder
  private readonly limitBytes: number
  private readonly after: Place | undefined
  private bound: Place | undefined
  private arena: Uint8Array = new Uint8Array(1 << 16)
  private used = 0
  private fields: Uint32Array = new Uint32Array(FIELDS * 256)
  private timestamps: BigInt64Array = new BigInt64Array(256)
  private count = 0

  constructor(source: KeyedSource, order: StateOrder, limitBytes: number, after?: Place) {
    this.source = source
    this.order = order
    this.limitBytes = limitBytes
    this.after = after
  }

  add(batch: KeyedBatch): void {
    for (let i = 0; i < batch.count; i++) {
      const timer = batch.kind === 'timers'
      this.append(batch, i, timer ? batch.timestamps[i]! : 0n)
      const drop =
        (this.after !== undefined && this.comparePlace(this.count - 1, this.after) <= 0) ||
        (this.bound !== undefined && this.comparePlace(this.count - 1, this.bound) > 0)
      if (drop) {
        this.count--
        this.used = this.fields[this.count * FIELDS + 1]!
      } else if (this.used + this.count * ENTRY_BYTES > this.limitBytes && this.count > 1) {
        this.keepLowerHalf()
      }
    }
  }

  /** The entries in order, in batches of one kind each. */
  *sorted(keyGroup: number): Generator<KeyedBatch, void, undefined> {
    const index = this.sortedIndex()
    for (let start = 0; start < index.length; ) {
      const isTimer = this.isTimer(index[start]!)
      let end = start + 1
      while (end < index.length && this.isTimer(index[end]!) === isTimer) end++
      yield isTimer
        ? this.timerBatch(keyGroup, index.subarray(start, end))
        : this.entryBatch(keyGroup, index.subarray(start, end))
      start = end
    }
  }

  last(): Place | undefined {
    return this.count === 0 ? undefined : this.placeOf(this.sortedIndex().at(-1)!)
  }

  private append(batch: KeyedBatch, i: number, timestamp: bigint): void {
    const { keys, namespaces } = batch
    const [mapKeys, values] = batch.kind === 'entries' ? [batch.mapKeys, batch.values] : [EMPTY, EMPTY]
    const pair = 2 * i
    this.grow(
      keys[pair + 1]! -
        keys[pair]! +
        (namespaces[pair + 1]! - namespaces[pair]!) +
        (batch.kind === 'entries' ? mapKeys[pair + 1]! - mapKeys[pair]! + (values[pair + 1]! - values[pair]!) : 0),
    )
    const at = this.count * FIELDS
    this.fields[at] = batch.stateIds[i]!
    this.timestamps[this.count] = timestamp
    this.fields[at + 1] = this.used
    this.copy(batch.buffer, keys, pair)
    this.fields[at + 2] = this.used
    this.copy(batch.buffer, namespaces, pair)
    this.fields[at + 3] = this.used
    if (batch.kind === 'entries') this.copy(batch.buffer, mapKeys, pair)
    this.fields[at + 4] = this.used
    if (batch.kind === 'entries') this.copy(batch.buffer, values, pair)
    this.fields[at + 5] = this.used
    this.count++
  }

  private copy(buffer: Uint8Array, pairs: Uint32Array, pair: number): void {
    const part = buffer.subarray(pairs[pair]!, pairs[pair + 1]!)
    this.arena.set(part, this.used)
    this.used += part.length
  }

  private grow(bytes: number): void {
    if (this.used + bytes > this.arena.length) {
      const grown = new Uint8Array(Math.max(this.used + bytes, this.arena.length * 2))
      grown.set(this.arena.subarray(0, this.used))
      this.arena = grown
    }
    if ((this.count + 1) * FIELDS > this.fields.length) {
      const fields = new Uint32Array(this.fields.length * 2)
      fields.set(this.fields)
      this.fields = fields
      const timestamps = new BigInt64Array(this.timestamps.length * 2)
      timestamps.set(this.timestamps)
      this.timestamps = timestamps
    }
  }

  private sortedIndex(): Uint32Array {
    return Uint32Array.from({ length: this.count }, (_, i) => i).sort((a, b) => this.compare(a, b))
  }

  private keepLowerHalf(): void {
    const kept = this.sortedIndex().subarray(0, Math.max(1, this.count >> 1))
    this.cut = true
    this.bound = this.placeOf(kept.at(-1)!)
    const { arena, fields, timestamps } = this
    this.arena = new Uint8Array(arena.length)
    this.fields = new Uint32Array(fields.length)
    this.timestamps = new BigInt64Array(timestamps.length)
    this.used = 0
    this.count = 0
    for (const i of kept) {
      const from = fields.subarray(i * FIELDS, (i + 1) * FIELDS)
      const shift = this.used - from[1]!
      this.arena.set(arena.subarray(from[1]!, from[5]!), this.used)
      this.fields[this.count * FIELDS] = from[0]!
      for (let f = 1; f < FIELDS; f++) this.fields[this.count * FIELDS + f] = from[f]! + shift
      this.timestamps[this.count] = timestamps[i]!
      this.used += from[5]! - from[1]!
      this.count++
    }
  }

  private isTimer(i: number): boolean {
    return this.stateOf(i).kind === 'timer'
  }

  private stateOf(i: number): KeyedStateInfo {
    return this.source.states[this.fields[i * FIELDS]!]!
  }

  private compare(a: number, b: number): number {
    const { fields, timestamps, arena } = this
    const [x, y] = [a * FIELDS, b * FIELDS]
    const rank = this.order.rankOf(fields[x]!) - this.order.rankOf(fields[y]!)
    if (rank !== 0) return rank
    if (timestamps[a]! !== timestamps[b]!) return timestamps[a]! < timestamps[b]! ? -1 : 1
    for (let part = 1; part <= 3; part++) {
      const order = compareRange(
        arena,
        fields[x + part]!,
        fields[x + part + 1]!,
        arena,
        fields[y + part]!,
        fields[y + part + 1]!,
      )
      if (order !== 0) return order
    }
    return 0
  }

  private placeOf(i: number): Place {
    const at = i * FIELDS
    const start = this.fields[at + 1]!
    return {
      rank: this.order.rankOf(this.fields[at]!),
      timestamp: this.timestamps[i]!,
      bytes: this.arena.subarray(start, this.fields[at + 4]!),
      ends: [this.fields[at + 2]! - start, this.fields[at + 3]! - start, this.fields[at + 4]! - start],
    }
  }

  private comparePlace(i: number, place: Place): number {
    const at = i * FIELDS
    const rank = this.order.rankOf(this.fields[at]!) - place.rank
    if (rank !== 0) return rank
    const timestamp = this.timestamps[i]!
    if (timestamp !== place.timestamp) return timestamp < place.timestamp ? -1 : 1
    let start = 0
    for (let part = 0; part < 3; part++) {
      const end = place.ends[part]!
      const order = compareRange(
        this.arena,
        this.fields[at + 1 + part]!,
        this.fields[at + 2 + part]!,
        place.bytes,
        start,
        end,
      )
      if (order !== 0) return order
      start = end
    }
    return 0
  }

  private pairs(index: Uint32Array, part: number): Uint32Array {
    const pairs = new Uint32Array(index.length * 2)
    index.forEach((i, n) => {
      pairs[2 * n] = this.fields[i * FIELDS + part]!
      pairs[2 * n + 1] = this.fields[i * FIELDS + part + 1]!
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
      stateIds: Uint16Array.from(index, (i) => this.fields[i * FIELDS]!),
      states: this.source.states,
      buffer: this.arena,
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
      timestamps: BigInt64Array.from(index, (i) => this.timestamps[i]!),
    }
  }
}

const EMPTY = new Uint32Array(0)

function compareRange(
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
