import { Writer } from '../bytes/writer.ts'
import type { Spill, SpillFile } from '../store/writable.ts'
import { compareRanges, type Records, sortRecords } from './sort-records.ts'

/**
 * Sorts records by tag and key with bounded memory: what does not fit is spilled as sorted runs, which are merged in the
 * end. Equal keys come out in the order in which they were added, or by value where the tag's say so.
 */
export class SortedRuns {
  /** Holds the records; one is added by writing it between `begin` and `end`. */
  readonly writer: Writer = new Writer(0)
  private readonly spillTo: Spill
  private readonly memoryBytes: number
  private readonly byValue: (tag: number) => boolean
  private starts: Uint32Array = new Uint32Array(0)
  private tags: Uint32Array = new Uint32Array(0)
  private readonly runs: SpilledRun[] = []
  /** Records in memory. */
  private held = 0

  /** @param memoryBytes that will be held at most before `spill` is called, so that memory is taken at once. */
  constructor(spill: Spill, memoryBytes = 0, byValue: (tag: number) => boolean = () => false) {
    this.spillTo = spill
    this.memoryBytes = memoryBytes
    this.byValue = byValue
  }

  /** Bytes of records held in memory, with what each costs beside. */
  get heldBytes(): number {
    return this.writer.offset + this.held * INDEX_BYTES
  }

  /** Begins a record: its key is written behind. Gives where the record begins. */
  begin(): number {
    const start = this.writer.offset
    if (start + ROOM_BYTES > this.writer.bytes.length) this.grow(start + ROOM_BYTES)
    this.writer.offset = start + 4
    return start
  }

  /** Ends the key of the record that begins at `start`: its value is written behind. */
  endKey(start: number): void {
    const { writer } = this
    writer.view.setInt32(start, writer.offset - start - 4)
    writer.ensure(4)
    writer.offset += 4
  }

  /** Ends the record; `valueStart` is where its value begins. */
  end(start: number, valueStart: number, tag: number): void {
    const { writer } = this
    writer.view.setInt32(valueStart - 4, writer.offset - valueStart)
    if (this.held === this.starts.length) this.growIndex()
    this.starts[this.held] = start
    this.tags[this.held++] = tag
  }

  /** Takes back what was written of a record that begins at `start`. */
  undo(start: number): void {
    this.writer.offset = start
  }

  add(tag: number, key: Uint8Array, value: Uint8Array): void {
    const start = this.begin()
    this.writer.raw(key)
    this.endKey(start)
    const valueStart = this.writer.offset
    this.writer.raw(value)
    this.end(start, valueStart, tag)
  }

  /** Writes what is held as a sorted run, and lets go of it. A record there has its tag before it. */
  async spill(): Promise<void> {
    if (this.held === 0) return
    const file = await this.spillTo.create()
    const records = this.records()
    let piece = new Writer(PIECE_BYTES)
    let length = 0
    for (const each of sortRecords(records, this.byValue)) {
      const start = records.starts[each]!
      const end = recordEnd(records.view, start)
      if (piece.offset > 0 && piece.offset + end - start + 4 > PIECE_BYTES) {
        await file.append(piece.bytes.subarray(0, piece.offset))
        length += piece.offset
        piece = new Writer(PIECE_BYTES)
      }
      piece.i32(records.tags[each]!)
      piece.raw(records.bytes.subarray(start, end))
    }
    await file.append(piece.bytes.subarray(0, piece.offset))
    this.runs.push({ file, length: length + piece.offset })
    this.release()
  }

  /** Spills what is held and gives all runs away; whoever takes them closes their files. */
  async handOff(): Promise<SpilledRun[]> {
    await this.spill()
    return this.runs.splice(0)
  }

  /** Takes a run that another has sorted, by the same rules. */
  adopt(run: SpilledRun): void {
    this.runs.push(run)
  }

  /**
   * Gives every record in order. After each, `pause` may give a promise to wait for. Records are parts of buffers that
   * are used again.
   */
  async drain(visit: (record: SortedRecord) => void, pause: () => Promise<void> | undefined): Promise<void> {
    const records = this.records()
    const memory = new MemoryCursor(records, sortRecords(records, this.byValue))
    const live: Cursor[] = []
    for (const cursor of [...this.runs.map((run, i) => new FileCursor(run, i)), memory]) {
      if (await cursor.next()) live.push(cursor)
    }
    if (live.length === 1) await this.drainOne(live[0]!, visit, pause)
    else await this.merge(live, visit, pause)
    await this.close()
  }

  private async drainOne(
    cursor: Cursor,
    visit: (record: SortedRecord) => void,
    pause: () => Promise<void> | undefined,
  ): Promise<void> {
    for (;;) {
      visit(cursor.record)
      const wait = pause()
      if (wait) await wait
      const more = cursor.next()
      if (!(typeof more === 'boolean' ? more : await more)) return
    }
  }

  /** The least of several, kept on top of a heap. */
  private async merge(
    live: Cursor[],
    visit: (record: SortedRecord) => void,
    pause: () => Promise<void> | undefined,
  ): Promise<void> {
    for (let i = (live.length >> 1) - 1; i >= 0; i--) this.sink(live, i)
    while (live.length > 0) {
      const least = live[0]!
      visit(least.record)
      const wait = pause()
      if (wait) await wait
      const more = least.next()
      if (!(typeof more === 'boolean' ? more : await more)) {
        const last = live.pop()!
        if (live.length === 0) return
        live[0] = last
      }
      this.sink(live, 0)
    }
  }

  private sink(heap: Cursor[], from: number): void {
    const sinking = heap[from]!
    for (let at = from; ; ) {
      let child = 2 * at + 1
      if (child >= heap.length) return
      if (child + 1 < heap.length && this.compare(heap[child + 1]!, heap[child]!) < 0) child++
      if (this.compare(heap[child]!, sinking) >= 0) return
      heap[at] = heap[child]!
      heap[child] = sinking
      at = child
    }
  }

  private compare({ record: a, number: numberA }: Cursor, { record: b, number: numberB }: Cursor): number {
    if (a.tag !== b.tag) return a.tag - b.tag
    const keys = compareRanges(a.bytes, a.keyStart, a.keyEnd - a.keyStart, b.bytes, b.keyStart, b.keyEnd - b.keyStart)
    if (keys !== 0) return keys
    const values = this.byValue(a.tag)
      ? compareRanges(a.bytes, a.valueStart, a.end - a.valueStart, b.bytes, b.valueStart, b.end - b.valueStart)
      : 0
    return values || numberA - numberB
  }

  /** Lets go of everything. */
  async close(): Promise<void> {
    this.release()
    await Promise.all(this.runs.splice(0).map((run) => run.file.close()))
  }

  private records(): Records {
    const { writer, starts, tags, held } = this
    return { bytes: writer.bytes, view: writer.view, starts, tags, count: held }
  }

  private release(): void {
    this.writer.bytes = new Uint8Array(0)
    this.writer.view = new DataView(this.writer.bytes.buffer)
    this.writer.offset = 0
    this.starts = new Uint32Array(0)
    this.tags = new Uint32Array(0)
    this.held = 0
  }

  /**
   * Small buffers double. A large one takes all that will be needed at once: its pages are given only as they are
   * written, while doubling would hold old and new side by side.
   */
  private grow(wanted: number): void {
    const { writer } = this
    const doubled = Math.max(writer.bytes.length * 2, 4 * ROOM_BYTES, wanted)
    const length = doubled > SMALL_BYTES ? Math.max(this.memoryBytes, wanted) : doubled
    const grown = new Uint8Array(length > writer.bytes.length ? length : doubled)
    grown.set(writer.bytes.subarray(0, writer.offset))
    writer.bytes = grown
    writer.view = new DataView(grown.buffer)
  }

  private growIndex(): void {
    const length = Math.max(64, this.held * 2)
    for (const name of ['starts', 'tags'] as const) {
      const grown = new Uint32Array(length)
      grown.set(this[name])
      this[name] = grown
    }
  }
}

const INDEX_BYTES = 8
const ROOM_BYTES = 256
const SMALL_BYTES = 8 << 20
const PIECE_BYTES = 1 << 18

/** Sorted records in a file. */
export interface SpilledRun {
  readonly file: SpillFile
  readonly length: number
}

/** One record, in a buffer that is used again. */
export interface SortedRecord {
  tag: number
  bytes: Uint8Array
  /** Of the record: its key's length stands there. */
  start: number
  keyStart: number
  keyEnd: number
  valueStart: number
  end: number
  /** Whether the bytes stay until all records were given. */
  readonly stays: boolean
}

interface Cursor {
  readonly record: SortedRecord
  /** Of equal records, that of the lower number was added first. */
  readonly number: number
  /** False at the end. */
  next(): boolean | Promise<boolean>
}

function recordEnd(view: DataView, start: number): number {
  const keyEnd = start + 4 + view.getUint32(start)
  return keyEnd + 4 + view.getUint32(keyEnd)
}

function newRecord(bytes: Uint8Array, stays: boolean): SortedRecord {
  return { tag: 0, bytes, start: 0, keyStart: 0, keyEnd: 0, valueStart: 0, end: 0, stays }
}

function place(record: SortedRecord, view: DataView, start: number): void {
  record.start = start
  record.keyStart = start + 4
  record.keyEnd = start + 4 + view.getUint32(start)
  record.valueStart = record.keyEnd + 4
  record.end = record.valueStart + view.getUint32(record.keyEnd)
}

class MemoryCursor implements Cursor {
  readonly record: SortedRecord
  readonly number: number = Number.POSITIVE_INFINITY
  private readonly records: Records
  private readonly order: Uint32Array
  private at = 0

  constructor(records: Records, order: Uint32Array) {
    this.records = records
    this.order = order
    this.record = newRecord(records.bytes, true)
  }

  next(): boolean {
    if (this.at === this.order.length) return false
    const each = this.order[this.at++]!
    this.record.tag = this.records.tags[each]!
    place(this.record, this.records.view, this.records.starts[each]!)
    return true
  }
}

class FileCursor implements Cursor {
  readonly record: SortedRecord = newRecord(new Uint8Array(0), false)
  readonly number: number
  private readonly run: SpilledRun
  /** Offset in the file of the first byte of the window. */
  private windowStart = 0
  private view: DataView = new DataView(this.record.bytes.buffer)

  constructor(run: SpilledRun, number: number) {
    this.run = run
    this.number = number
  }

  next(): boolean | Promise<boolean> {
    const at = this.record.end
    if (this.windowStart + at >= this.run.length) return false
    if (!this.isWhole(at)) return this.fetch(this.windowStart + at)
    this.take(at)
    return true
  }

  private take(at: number): void {
    this.record.tag = this.view.getUint32(at)
    place(this.record, this.view, at + 4)
  }

  private isWhole(at: number): boolean {
    const { view } = this
    if (at + 8 > view.byteLength) return false
    const keyEnd = at + 8 + view.getUint32(at + 4)
    return keyEnd + 4 <= view.byteLength && keyEnd + 4 + view.getUint32(keyEnd) <= view.byteLength
  }

  private async fetch(from: number): Promise<boolean> {
    for (let bytes = PIECE_BYTES; ; bytes *= 2) {
      const window = await this.run.file.read(from, Math.min(this.run.length, from + bytes))
      this.record.bytes = window
      this.view = new DataView(window.buffer, window.byteOffset, window.byteLength)
      this.windowStart = from
      if (!this.isWhole(0)) continue
      this.take(0)
      return true
    }
  }
}
