import { compareBytes } from '../bytes/encoding.ts'
import type { Spill, SpillFile } from '../store/writable.ts'

/**
 * Sorts records of bytes by their keys with bounded memory: what does not fit is spilled as sorted runs, which are
 * merged in the end. A record is `u32 key length, u32 value length, key, value`.
 */
export class SortedRuns {
  private readonly spillTo: Spill
  private bytes: Uint8Array = new Uint8Array(0)
  private view: DataView = new DataView(this.bytes.buffer)
  private length = 0
  private starts: Uint32Array = new Uint32Array(0)
  private readonly runs: { readonly file: SpillFile; readonly length: number }[] = []
  /** Records in memory. */
  private held = 0

  constructor(spill: Spill) {
    this.spillTo = spill
  }

  /** Bytes of records held in memory, with what each costs beside. */
  get heldBytes(): number {
    return this.length + this.held * INDEX_BYTES
  }

  add(key: Uint8Array, value: Uint8Array): void {
    const at = this.length
    const end = at + 8 + key.length + value.length
    this.ensure(end)
    this.view.setUint32(at, key.length)
    this.view.setUint32(at + 4, value.length)
    this.bytes.set(key, at + 8)
    this.bytes.set(value, at + 8 + key.length)
    this.starts[this.held++] = at
    this.length = end
  }

  /** Writes what is held as a sorted run, and lets go of it. */
  async spill(): Promise<void> {
    if (this.held === 0) return
    const file = await this.spillTo.create()
    let piece = new Uint8Array(0)
    let filled = 0
    for (const start of this.sorted()) {
      const end = start + 8 + this.view.getUint32(start) + this.view.getUint32(start + 4)
      if (filled + end - start > piece.length) {
        if (filled > 0) await file.append(piece.subarray(0, filled))
        piece = new Uint8Array(Math.max(PIECE_BYTES, end - start))
        filled = 0
      }
      piece.set(this.bytes.subarray(start, end), filled)
      filled += end - start
    }
    await file.append(piece.subarray(0, filled))
    this.runs.push({ file, length: this.length })
    this.release()
  }

  /**
   * Gives every record in the order of keys. After each, `pause` may give a promise to wait for. Records are parts of
   * buffers that are used again.
   */
  async drain(visit: (record: SortedRecord) => void, pause: () => Promise<void> | undefined): Promise<void> {
    const cursors: Cursor[] = [
      ...this.runs.map((run) => new FileCursor(run.file, run.length)),
      new MemoryCursor(this.bytes, this.view, this.sorted()),
    ]
    let live: Cursor[] = []
    for (const cursor of cursors) if (await cursor.next()) live.push(cursor)
    while (live.length > 0) {
      let least = live[0]!
      for (let i = 1; i < live.length; i++) if (compareKeys(live[i]!.record, least.record) < 0) least = live[i]!
      visit(least.record)
      const more = least.next()
      if (!(typeof more === 'boolean' ? more : await more)) live = live.filter((each) => each !== least)
      const wait = pause()
      if (wait) await wait
    }
    await this.close()
  }

  /** Lets go of everything. */
  async close(): Promise<void> {
    this.release()
    await Promise.all(this.runs.splice(0).map((run) => run.file.close()))
  }

  private release(): void {
    this.bytes = new Uint8Array(0)
    this.view = new DataView(this.bytes.buffer)
    this.starts = new Uint32Array(0)
    this.length = 0
    this.held = 0
  }

  private sorted(): Uint32Array {
    const { bytes, view } = this
    const keyOf = (start: number): Uint8Array => bytes.subarray(start + 8, start + 8 + view.getUint32(start))
    // Records that come in order, as those of a dump, need no sorting.
    let ordered = true
    for (let i = 1; i < this.held && ordered; i++) {
      ordered = compareBytes(keyOf(this.starts[i - 1]!), keyOf(this.starts[i]!)) <= 0
    }
    const starts = this.starts.subarray(0, this.held)
    // Equal keys keep the order in which they came.
    return ordered ? starts : starts.sort((a, b) => compareBytes(keyOf(a), keyOf(b)) || a - b)
  }

  private ensure(end: number): void {
    if (end > this.bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.bytes.length * 2, 4096))
      grown.set(this.bytes.subarray(0, this.length))
      this.bytes = grown
      this.view = new DataView(grown.buffer)
    }
    if (this.held === this.starts.length) {
      const grown = new Uint32Array(Math.max(64, this.held * 2))
      grown.set(this.starts)
      this.starts = grown
    }
  }
}

const INDEX_BYTES = 4
const PIECE_BYTES = 1 << 18

/** One record, in a buffer that is used again. */
export interface SortedRecord {
  bytes: Uint8Array
  keyStart: number
  keyEnd: number
  valueEnd: number
}

interface Cursor {
  readonly record: SortedRecord
  /** False at the end. */
  next(): boolean | Promise<boolean>
}

function compareKeys(a: SortedRecord, b: SortedRecord): number {
  const length = Math.min(a.keyEnd - a.keyStart, b.keyEnd - b.keyStart)
  for (let i = 0; i < length; i++) {
    const difference = a.bytes[a.keyStart + i]! - b.bytes[b.keyStart + i]!
    if (difference !== 0) return difference
  }
  return a.keyEnd - a.keyStart - (b.keyEnd - b.keyStart)
}

class MemoryCursor implements Cursor {
  readonly record: SortedRecord
  private readonly view: DataView
  private readonly starts: Uint32Array
  private at = 0

  constructor(bytes: Uint8Array, view: DataView, starts: Uint32Array) {
    this.record = { bytes, keyStart: 0, keyEnd: 0, valueEnd: 0 }
    this.view = view
    this.starts = starts
  }

  next(): boolean {
    if (this.at === this.starts.length) return false
    place(this.record, this.view, this.starts[this.at++]!)
    return true
  }
}

function place(record: SortedRecord, view: DataView, start: number): void {
  record.keyStart = start + 8
  record.keyEnd = record.keyStart + view.getUint32(start)
  record.valueEnd = record.keyEnd + view.getUint32(start + 4)
}

class FileCursor implements Cursor {
  readonly record: SortedRecord
  private readonly file: SpillFile
  private readonly length: number
  /** Offset in the file of the first byte of the window. */
  private windowStart = 0
  private view: DataView

  constructor(file: SpillFile, length: number) {
    this.file = file
    this.length = length
    this.record = { bytes: new Uint8Array(0), keyStart: 0, keyEnd: 0, valueEnd: 0 }
    this.view = new DataView(this.record.bytes.buffer)
  }

  next(): boolean | Promise<boolean> {
    const start = this.record.valueEnd
    if (this.windowStart + start >= this.length) return false
    if (!this.isWhole(start)) return this.fetch(this.windowStart + start)
    place(this.record, this.view, start)
    return true
  }

  private isWhole(start: number): boolean {
    const { view } = this
    if (start + 8 > view.byteLength) return false
    return start + 8 + view.getUint32(start) + view.getUint32(start + 4) <= view.byteLength
  }

  private async fetch(from: number): Promise<boolean> {
    for (let bytes = PIECE_BYTES; ; bytes *= 2) {
      const window = await this.file.read(from, Math.min(this.length, from + bytes))
      this.record.bytes = window
      this.view = new DataView(window.buffer, window.byteOffset, window.byteLength)
      this.windowStart = from
      if (!this.isWhole(0)) continue
      place(this.record, this.view, 0)
      return true
    }
  }
}
