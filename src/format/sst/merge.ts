import { KobelError } from '../../error.ts'
import { type Block, BlockCursor, compareKeys, EntryTypes, openBlock, sequenceOf, TRAILER_BYTES } from './block.ts'
import { RangeDeletionSweep } from './range-deletion.ts'
import type { KeyRange, RangeDeletion } from './table.ts'

/** Live entries in an arena: entry i's key is `buffer[keys[2 i], keys[2 i + 1])`, its value likewise. */
export interface MergedEntries {
  buffer: Uint8Array
  /** Bytes of `buffer` that are taken. */
  used: number
  count: number
  readonly keys: Uint32Array
  readonly values: Uint32Array
}

/** Room for `bytes` (more where one entry is larger) and `count` entries. */
export function createMergedEntries(bytes: number = 2 ** 20, count: number = 2 ** 15): MergedEntries {
  const numbers = 2 * Math.max(1, count)
  const [keys, values] = [new Uint32Array(numbers), new Uint32Array(numbers)]
  return { buffer: new Uint8Array(bytes), used: 0, count: 0, keys, values }
}

export function clearMergedEntries(entries: MergedEntries): void {
  entries.used = 0
  entries.count = 0
}

/** What `run` stops for; numbers from 0 on name the source that needs its next block. */
export const MERGE_DONE = -1
export const MERGE_FULL = -2

const COMMA = 0x2c
const EMPTY_BLOCK: Block = openBlock(new Uint8Array(4))

interface Source {
  readonly cursor: BlockCursor
  globalSequence: number | undefined
  sequence: number
  type: number
  userKeyLength: number
  ended: boolean
}

/**
 * Merges sorted sources into what RocksDB would show of a column family: for each user key, in rising order, the newest
 * entries decide, unless a newer range deletion covers them.
 *
 *     value            is shown
 *     (single) delete  nothing is shown
 *     merge operands   are joined with commas, the oldest first, after the value below them if there is one, empty ones
 *                      too (`StringAppendTESTOperator`, by which Flink adds to lists)
 *
 * A source is a table or the tables of a level one after the other. It is given one block at a time, and `run` merges
 * without waiting until it lacks a block, so memory is one block of each source, and the operands of one key. Sources are
 * given newest first: that decides between equal sequence numbers.
 */
export class SstMerge {
  private readonly sources: Source[]
  private readonly range: KeyRange
  private readonly sweep: RangeDeletionSweep = new RangeDeletionSweep()
  /** Sources that have an entry, as a heap by internal key. */
  private readonly heap: number[] = []
  /** Sources whose block is used up. */
  private readonly wanting: number[] = []
  private current: Uint8Array = new Uint8Array(64)
  /** -1 before the first key. */
  private currentLength = -1
  /** Older entries of the current key do not count any more. */
  private decided = false
  private coveredBelow = -1
  /** Of the current key, newest first. */
  private operands: Uint8Array[] = []

  constructor(sourceCount: number, range: KeyRange = {}) {
    this.range = range
    this.sources = Array.from({ length: sourceCount }, () => ({
      cursor: new BlockCursor(EMPTY_BLOCK),
      globalSequence: undefined,
      sequence: 0,
      type: 0,
      userKeyLength: 0,
      ended: false,
    }))
    for (let i = sourceCount - 1; i >= 0; i--) this.wanting.push(i)
  }

  addRangeDeletions(deletions: readonly RangeDeletion[]): void {
    this.sweep.add(deletions)
  }

  /** Gives the source that `run` named its next block. A block must not be changed while it is in use. */
  supply(index: number, block: Block, globalSequence?: number): void {
    const source = this.wantingSource(index)
    const { from } = this.range
    source.cursor.reset(block)
    source.globalSequence = globalSequence
    if (from !== undefined && this.currentLength < 0) source.cursor.seekRestart(from, TRAILER_BYTES)
    while (this.step(source)) {
      if (from !== undefined && compareKeys(source.cursor.key, source.userKeyLength, from, from.length) < 0) continue
      this.wanting.pop()
      this.heap.push(index)
      this.siftUp(this.heap.length - 1)
      return
    }
  }

  /** Says that the source that `run` named has no more blocks. */
  end(index: number): void {
    this.wantingSource(index).ended = true
    this.wanting.pop()
  }

  private wantingSource(index: number): Source {
    if (this.wanting.at(-1) !== index) throw new KobelError('USAGE', `source ${index} of a merge wants no block now`)
    return this.sources[index]!
  }

  /** Adds entries to `out` until it is full, a source lacks its next block, or all is done. */
  run(out: MergedEntries): number {
    for (;;) {
      const wanting = this.wanting.at(-1)
      if (wanting !== undefined) return wanting
      const index = this.heap[0]
      const source = index === undefined ? undefined : this.sources[index]!
      const { to } = this.range
      if (source === undefined || (to !== undefined && this.compareWith(source, to, to.length) >= 0)) {
        return this.flush(out) ? MERGE_DONE : MERGE_FULL
      }
      const order = this.currentLength < 0 ? 1 : this.compareWith(source, this.current, this.currentLength)
      if (order !== 0) {
        if (order < 0) throw new KobelError('CORRUPT', 'the keys of a table are out of order')
        if (!this.flush(out)) return MERGE_FULL
        this.begin(source)
      }
      if (!this.decided && !this.take(source, out)) return MERGE_FULL
      this.advance(source)
    }
  }

  private compareWith(source: Source, key: Uint8Array, length: number): number {
    return compareKeys(source.cursor.key, source.userKeyLength, key, length)
  }

  private begin(source: Source): void {
    const { key } = source.cursor
    const length = source.userKeyLength
    if (this.current.length < length) this.current = new Uint8Array(2 * length)
    for (let i = 0; i < length; i++) this.current[i] = key[i]!
    this.currentLength = length
    this.decided = false
    this.coveredBelow = this.sweep.advance(key, length)
  }

  /** Takes an entry of the current key into account; false where `out` is full. */
  private take(source: Source, out: MergedEntries): boolean {
    const { block, valueStart, valueEnd } = source.cursor
    const { type } = source
    if (source.sequence < this.coveredBelow || type === EntryTypes.deletion || type === EntryTypes.singleDeletion) {
      this.decided = true
    } else if (type === EntryTypes.merge) {
      this.operands.push(block.bytes.subarray(valueStart, valueEnd))
    } else if (type !== EntryTypes.value) {
      throw new KobelError('UNSUPPORTED_VERSION', `a table has an entry of the unknown type ${type}`)
    } else if (this.operands.length > 0) {
      this.operands.push(block.bytes.subarray(valueStart, valueEnd))
      this.decided = true
    } else {
      const length = valueEnd - valueStart
      if (!reserve(out, this.currentLength + length)) return false
      const to = appendKey(out, this.current, this.currentLength)
      copyBytes(block.bytes, valueStart, valueEnd, out.buffer, to)
      endEntry(out, to, to + length)
      this.decided = true
    }
    return true
  }

  /** Emits the operands of the current key, if it has any; false where `out` is full. */
  private flush(out: MergedEntries): boolean {
    const { operands } = this
    if (operands.length === 0) return true
    const length = operands.reduce((sum, operand) => sum + operand.length, operands.length - 1)
    if (!reserve(out, this.currentLength + length)) return false
    const start = appendKey(out, this.current, this.currentLength)
    let to = start
    for (let i = operands.length - 1; i >= 0; i--) {
      out.buffer.set(operands[i]!, to)
      to += operands[i]!.length
      if (i > 0) out.buffer[to++] = COMMA
    }
    endEntry(out, start, to)
    this.operands = []
    return true
  }

  private advance(source: Source): void {
    if (this.step(source)) {
      if (this.heap.length > 1) this.siftDown()
      return
    }
    this.wanting.push(this.heap[0]!)
    const last = this.heap.pop()!
    if (this.heap.length === 0) return
    this.heap[0] = last
    this.siftDown()
  }

  private step(source: Source): boolean {
    const { cursor } = source
    if (!cursor.next()) return false
    if (cursor.keyLength < TRAILER_BYTES) throw new KobelError('CORRUPT', 'a key of a table is too short')
    source.userKeyLength = cursor.keyLength - TRAILER_BYTES
    source.type = cursor.key[source.userKeyLength]!
    source.sequence = source.globalSequence ?? sequenceOf(cursor.key, cursor.keyLength)
    return true
  }

  /** Whether source `a` comes before source `b`: user keys rising, sequence numbers falling, newer sources first. */
  private before(a: number, b: number): boolean {
    const one = this.sources[a]!
    const other = this.sources[b]!
    const order = compareKeys(one.cursor.key, one.userKeyLength, other.cursor.key, other.userKeyLength)
    if (order !== 0) return order < 0
    if (one.sequence !== other.sequence) return one.sequence > other.sequence
    return a < b
  }

  private siftUp(from: number): void {
    const { heap } = this
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1
      if (!this.before(heap[at]!, heap[parent]!)) return
      swap(heap, at, parent)
      at = parent
    }
  }

  private siftDown(): void {
    const { heap } = this
    for (let at = 0; ; ) {
      let child = 2 * at + 1
      if (child >= heap.length) return
      if (child + 1 < heap.length && this.before(heap[child + 1]!, heap[child]!)) child++
      if (!this.before(heap[child]!, heap[at]!)) return
      swap(heap, at, child)
      at = child
    }
  }
}

function swap(heap: number[], a: number, b: number): void {
  const held = heap[a]!
  heap[a] = heap[b]!
  heap[b] = held
}

/** Makes room; false where entries are there already and this one is for the next batch. */
function reserve(out: MergedEntries, bytes: number): boolean {
  if (2 * out.count >= out.keys.length) return false
  if (out.used + bytes <= out.buffer.length) return true
  if (out.count > 0) return false
  out.buffer = new Uint8Array(bytes)
  return true
}

function appendKey(out: MergedEntries, key: Uint8Array, length: number): number {
  const { buffer, used } = out
  for (let i = 0; i < length; i++) buffer[used + i] = key[i]!
  return used + length
}

function endEntry(out: MergedEntries, valueStart: number, valueEnd: number): void {
  const at = 2 * out.count++
  out.keys[at] = out.used
  out.keys[at + 1] = valueStart
  out.values[at] = valueStart
  out.values[at + 1] = valueEnd
  out.used = valueEnd
}

function copyBytes(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): void {
  if (end - start > 64) to.set(from.subarray(start, end), at)
  else for (let i = start, o = at; i < end; ) to[o++] = from[i++]!
}
