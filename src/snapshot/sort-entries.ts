import type { KeyedBatch } from './keyed-source.ts'

/**
 * Numbers kept of each entry: state id; where prefix, key, namespace, user key and value begin; where the value ends.
 * The prefix is the rank of the state (2 bytes) and the timestamp of a timer (8 bytes, its sign bit inverted), so that
 * the order of entries is the order of four byte strings.
 */
const FIELDS = 7
const PARTS = 4
const RANK_BYTES = 2
const FLIP = -(2n ** 63n)

/** The key of an entry outside a buffer. */
export interface Place {
  readonly bytes: Uint8Array
  /** Where prefix, key, namespace and user key begin, and the last one ends. */
  readonly offsets: Uint32Array
}

/** Entries copied from batches, in the order of their coming. */
export class SortEntries {
  arena: Uint8Array
  used = 0
  count = 0
  private view: DataView
  private fields: Uint32Array = new Uint32Array(FIELDS * 64)

  constructor(capacity: number) {
    this.arena = new Uint8Array(capacity)
    this.view = new DataView(this.arena.buffer)
  }

  /** Memory that an entry costs beside its bytes: its numbers, and what sorting and handing on need. */
  static readonly entryBytes: number = 4 * FIELDS + 20

  clear(): void {
    this.used = 0
    this.count = 0
  }

  /** Takes an entry without its value. */
  addKey(batch: KeyedBatch, i: number, rank: number): void {
    const isTimer = batch.kind === 'timers'
    const pair = 2 * i
    const { keys, namespaces } = batch
    const keyBytes = keys[pair + 1]! - keys[pair]! + namespaces[pair + 1]! - namespaces[pair]!
    this.ensure(RANK_BYTES + 8 + keyBytes + (isTimer ? 0 : batch.mapKeys[pair + 1]! - batch.mapKeys[pair]!))
    this.ensureFields()
    const at = this.count * FIELDS
    this.fields[at] = batch.stateIds[i]!
    this.fields[at + 1] = this.used
    this.setRank(this.count, rank)
    this.used += RANK_BYTES
    if (isTimer) {
      this.view.setBigInt64(this.used, batch.timestamps[i]! ^ FLIP)
      this.used += 8
    }
    this.fields[at + 2] = this.used
    this.copy(batch.buffer, keys[pair]!, keys[pair + 1]!)
    this.fields[at + 3] = this.used
    this.copy(batch.buffer, namespaces[pair]!, namespaces[pair + 1]!)
    this.fields[at + 4] = this.used
    if (!isTimer) this.copy(batch.buffer, batch.mapKeys[pair]!, batch.mapKeys[pair + 1]!)
    this.fields[at + 5] = this.used
    this.fields[at + 6] = this.used
    this.count++
  }

  /** Takes the value of the entry whose key was added last. */
  addValue(batch: KeyedBatch, i: number): void {
    if (batch.kind === 'timers') return
    const [start, end] = [batch.values[2 * i]!, batch.values[2 * i + 1]!]
    this.ensure(end - start)
    this.copy(batch.buffer, start, end)
    this.fields[(this.count - 1) * FIELDS + 6] = this.used
  }

  /** Takes the key of an entry held elsewhere. */
  addCopy(from: SortEntries, i: number): void {
    const start = from.offsetOf(i, 0)
    const end = from.offsetOf(i, PARTS)
    this.ensure(end - start)
    this.ensureFields()
    const at = this.count * FIELDS
    this.fields[at] = from.stateOf(i)
    for (let part = 0; part <= PARTS; part++) this.fields[at + 1 + part] = from.offsetOf(i, part) - start + this.used
    this.copy(from.arena, start, end)
    this.fields[at + 6] = this.used
    this.count++
  }

  removeLast(): void {
    this.count--
    this.used = this.fields[this.count * FIELDS + 1]!
  }

  /** Keeps only these entries, which are given in the order of their coming. */
  keep(ascending: Uint32Array): void {
    this.used = 0
    this.count = 0
    for (const i of ascending) {
      const from = i * FIELDS
      const to = this.count * FIELDS
      const start = this.fields[from + 1]!
      const end = this.fields[from + 6]!
      const shift = start - this.used
      this.arena.copyWithin(this.used, start, end)
      this.fields[to] = this.fields[from]!
      for (let f = 1; f < FIELDS; f++) this.fields[to + f] = this.fields[from + f]! - shift
      this.used += end - start
      this.count++
    }
  }

  stateOf(i: number): number {
    return this.fields[i * FIELDS]!
  }

  timestampOf(i: number): bigint {
    return this.view.getBigInt64(this.fields[i * FIELDS + 1]! + RANK_BYTES) ^ FLIP
  }

  /** Where a part begins: 0 prefix, 1 key, 2 namespace, 3 user key, 4 value; 5 is where the value ends. */
  offsetOf(i: number, part: number): number {
    return this.fields[i * FIELDS + 1 + part]!
  }

  setRank(i: number, rank: number): void {
    this.view.setUint16(this.fields[i * FIELDS + 1]!, rank)
  }

  placeOf(i: number): Place {
    const start = this.offsetOf(i, 0)
    const offsets = this.fields.slice(i * FIELDS + 1, i * FIELDS + 2 + PARTS)
    return { bytes: this.arena.slice(start, offsets[PARTS]!), offsets: offsets.map((offset) => offset - start) }
  }

  compareTo(i: number, place: Place): number {
    return compareParts(this.arena, this.fields, i * FIELDS + 1, place.bytes, place.offsets, 0, 0)
  }

  compare(a: number, b: number, part = 0): number {
    return compareParts(this.arena, this.fields, a * FIELDS + 1, this.arena, this.fields, b * FIELDS + 1, part)
  }

  /** The entries in order; those with equal keys in the order of their coming. */
  sortedIndex(): Uint32Array {
    const index = Uint32Array.from({ length: this.count }, (_, i) => i)
    this.sortRange(index, 0, 0)
    return index
  }

  /**
   * Sorts entries whose parts before `part` are equal. Numbers are made of the five bytes that follow what all have in
   * common, and sorted as numbers, which is ten times as fast as comparing; then those whose five bytes are equal.
   */
  private sortRange(index: Uint32Array, part: number, depth: number): void {
    if (index.length < FEW || depth > MAX_DEPTH) {
      index.sort((a, b) => this.compare(a, b, part) || a - b)
      return
    }
    let common = this.commonBytes(index, part)
    let first = part
    while (common === ALL_EQUAL && first + 1 < PARTS) common = this.commonBytes(index, ++first)
    if (common === ALL_EQUAL) {
      index.sort()
      return
    }
    const numbers = new BigUint64Array(index.length)
    // Little-endian, as every machine that runs JavaScript is.
    const halves = new Uint32Array(numbers.buffer)
    for (let n = 0; n < index.length; n++) this.writeNumber(halves, n, index[n]!, first, common)
    numbers.sort()
    const before = index.slice()
    for (let n = 0; n < index.length; n++) index[n] = before[halves[2 * n]! & 0xffffff]!
    for (let start = 0; start < index.length; ) {
      let end = start + 1
      while (
        end < index.length &&
        halves[2 * end + 1] === halves[2 * start + 1] &&
        halves[2 * end]! >>> 24 === halves[2 * start]! >>> 24
      )
        end++
      if (end > start + 1) this.sortRange(index.subarray(start, end), first, depth + 1)
      start = end
    }
  }

  private writeNumber(halves: Uint32Array, n: number, i: number, part: number, common: number): void {
    const { arena } = this
    const start = this.offsetOf(i, part) + common
    const end = this.offsetOf(i, part + 1)
    let high = 0
    for (let k = 0; k < 4; k++) high = (high << 8) | (start + k < end ? arena[start + k]! : 0)
    halves[2 * n + 1] = high
    halves[2 * n] = ((start + 4 < end ? arena[start + 4]! : 0) << 24) | n
  }

  /** How many bytes of a part all have in common, or that it is the same in all. */
  private commonBytes(index: Uint32Array, part: number): number {
    const { arena } = this
    const start = this.offsetOf(index[0]!, part)
    let common = this.offsetOf(index[0]!, part + 1) - start
    let isAll = true
    for (const i of index) {
      const at = this.offsetOf(i, part)
      const length = this.offsetOf(i, part + 1) - at
      if (length !== common) isAll = false
      if (length < common) common = length
      let same = 0
      while (same < common && arena[at + same] === arena[start + same]) same++
      if (same < common) {
        common = same
        isAll = false
      }
    }
    return isAll ? ALL_EQUAL : common
  }

  private copy(buffer: Uint8Array, start: number, end: number): void {
    const { arena, used } = this
    // A view costs more than a few bytes.
    if (end - start > SHORT) arena.set(buffer.subarray(start, end), used)
    else for (let i = start; i < end; i++) arena[used + i - start] = buffer[i]!
    this.used = used + end - start
  }

  private ensure(bytes: number): void {
    if (this.used + bytes <= this.arena.length) return
    const grown = new Uint8Array(Math.max(this.used + bytes, this.arena.length * 2))
    grown.set(this.arena.subarray(0, this.used))
    this.arena = grown
    this.view = new DataView(grown.buffer)
  }

  private ensureFields(): void {
    if ((this.count + 1) * FIELDS <= this.fields.length) return
    const fields = new Uint32Array(this.fields.length * 2)
    fields.set(this.fields)
    this.fields = fields
  }
}

/** More entries than this are never sorted at once: a place among them has three bytes. */
export const MAX_SORTED: number = 1 << 24
const ALL_EQUAL = -1
const SHORT = 64
const FEW = 16
const MAX_DEPTH = 16

function compareParts(
  a: Uint8Array,
  aOffsets: Uint32Array,
  aAt: number,
  b: Uint8Array,
  bOffsets: Uint32Array,
  bAt: number,
  firstPart: number,
): number {
  for (let part = firstPart; part < PARTS; part++) {
    const aStart = aOffsets[aAt + part]!
    const bStart = bOffsets[bAt + part]!
    const aLength = aOffsets[aAt + part + 1]! - aStart
    const bLength = bOffsets[bAt + part + 1]! - bStart
    const length = Math.min(aLength, bLength)
    for (let i = 0; i < length; i++) {
      const difference = a[aStart + i]! - b[bStart + i]!
      if (difference !== 0) return difference
    }
    if (aLength !== bLength) return aLength - bLength
  }
  return 0
}
