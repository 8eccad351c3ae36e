import { Reader } from '../bytes/reader.ts'
import { Writer } from '../bytes/writer.ts'
import { KobelError, locate } from '../error.ts'
import { type EntryBatch, OffsetPairs, type TimerBatch } from './batch.ts'
import { type KeyParts, splitCompositeKey } from './composite-key.ts'
import type { KeyedStateInfo } from './keyed-state.ts'

/**
 * The body of a key group in a canonical savepoint (`FullSnapshotAsyncWriter`), after decompression:
 *
 *     u16 state id
 *     entries: i32 length, composite key, i32 length, value
 *     The last entry before another state or the end has the bit 0x80 set in its key's first byte; behind it:
 *     u16 next state id, or 0xFFFF at the end of the key group
 */

const END_OF_KEY_GROUP = 0xffff
const LAST_OF_RUN = 0x80
/** A state id; or the length of a key, and the key group at least: so much stands at every place. */
const ENTRY_HEAD_BYTES = 2
const FLIP = -(2n ** 63n)

/** What a scanner needs to know of a stream. */
export interface CanonicalLayout {
  readonly states: readonly KeyedStateInfo[]
  /** The state of an id that the head does not name. */
  readonly stateOf: (id: number) => KeyedStateInfo
  readonly prefixBytes: 1 | 2
}

/** Why a {@link RunWalker} stopped. */
export type WalkEnd = 'run-end' | 'full' | 'entry'

/**
 * Takes the entries of a run where they lie, without a batch of their offsets in between. What it cannot take, it leaves.
 */
export interface RunWalker {
  /** Where `walk` stopped: behind the last whole entry that it took. */
  readonly end: number
  /**
   * Takes entries from `start` on. `entry`: the next one is not whole, or has to be split by the scanner and goes to
   * `take`; `full`: the walker's user has to empty it first.
   */
  walk(window: Uint8Array, view: DataView, start: number, keyGroup: number): WalkEnd
  take(batch: EntryBatch): void
}

/** What one window gave. */
export interface CanonicalStep {
  readonly entries: EntryBatch | undefined
  readonly timers: TimerBatch | undefined
  /** Bytes of the window that were used; the rest must come again at the front of the next window. */
  readonly consumed: number
  /** Bytes that the next window must have at least: those of the entry that was not whole, as far as known. */
  readonly needed: number
  /** The end of the key group was met. */
  readonly done: boolean
  /** A walker has no room: it has to be emptied before the rest of the window comes again. */
  readonly full: boolean
}

/**
 * Walks one key group in windows of its plain bytes. A window may end anywhere: an entry that is not whole is left for
 * the next one. If a window gives nothing (`consumed` is 0), a longer one is needed.
 */
export class CanonicalScanner {
  private readonly layout: CanonicalLayout
  private readonly keyGroup: number
  private readonly wanted: ((state: KeyedStateInfo) => boolean) | undefined
  /** The state of the run that goes on; undefined where a state id comes next. */
  private stateId: number | undefined
  /** Of that state. */
  private isWanted = true
  private walker: RunWalker | undefined
  /** Length of the entry that was met last, as far as it is known. */
  private length = 0
  private readonly walkerOf: ((state: KeyedStateInfo) => RunWalker | undefined) | undefined

  constructor(
    layout: CanonicalLayout,
    keyGroup: number,
    wanted?: (state: KeyedStateInfo) => boolean,
    walkerOf?: (state: KeyedStateInfo) => RunWalker | undefined,
  ) {
    this.layout = layout
    this.keyGroup = keyGroup
    this.wanted = wanted
    this.walkerOf = walkerOf
  }

  step(window: Uint8Array): CanonicalStep {
    const reader = new Reader(window)
    const collected = new Collected()
    let done = false
    let full = false
    for (;;) {
      this.length = ENTRY_HEAD_BYTES
      if (this.stateId === undefined) {
        if (reader.remaining < 2) break
        const id = reader.u16()
        if (id === END_OF_KEY_GROUP) {
          done = true
          break
        }
        this.begin(id)
      }
      const { walker } = this
      const end = walker?.walk(window, reader.view, reader.offset, this.keyGroup)
      if (walker) reader.offset = walker.end
      full = end === 'full'
      if (full) break
      if (end === 'run-end') {
        this.stateId = undefined
        continue
      }
      const taken = walker ? new Collected() : collected
      const last = this.readEntry(reader, taken)
      if (last === undefined) break
      if (last) this.stateId = undefined
      const { entries } = walker ? taken.batches(window, this.keyGroup, this.layout.states) : NO_BATCHES
      if (entries) walker!.take(entries)
    }
    return {
      ...collected.batches(window, this.keyGroup, this.layout.states),
      consumed: reader.offset,
      needed: this.length,
      done,
      full,
    }
  }

  private begin(stateId: number): void {
    const state = this.layout.stateOf(stateId)
    this.stateId = stateId
    this.isWanted = this.wanted === undefined || this.wanted(state)
    this.walker = this.isWanted ? this.walkerOf?.(state) : undefined
  }

  /** Whether the entry is the last of its run; undefined, with nothing consumed, where it is not whole. */
  private readEntry(reader: Reader, collected: Collected): boolean | undefined {
    const { view, bytes } = reader
    const start = reader.offset
    if (reader.remaining < 4) return undefined
    const keyLength = view.getInt32(start)
    const { prefixBytes } = this.layout
    if (keyLength < prefixBytes) throw this.corrupt(`a key of ${keyLength} bytes cannot be`, start)
    const keyStart = start + 4
    const valueLengthAt = keyStart + keyLength
    this.length = valueLengthAt + 4 - start
    if (valueLengthAt + 4 > reader.limit) return undefined
    const valueLength = view.getInt32(valueLengthAt)
    if (valueLength < 0) throw this.corrupt(`a value of ${valueLength} bytes cannot be`, valueLengthAt)
    const valueStart = valueLengthAt + 4
    const end = valueStart + valueLength
    this.length = end - start
    if (end > reader.limit) return undefined
    const first = bytes[keyStart]!
    const keyGroup = prefixBytes === 1 ? first & 0x7f : ((first & 0x7f) << 8) | bytes[keyStart + 1]!
    if (keyGroup !== this.keyGroup) {
      throw this.corrupt(`an entry of key group ${keyGroup} lies in key group ${this.keyGroup}`, keyStart)
    }
    if (this.isWanted) {
      const stateId = this.stateId!
      reader.offset = keyStart + prefixBytes
      this.addEntry(reader, collected, stateId, this.layout.stateOf(stateId), valueLengthAt, valueStart, end)
    }
    reader.offset = end
    return (first & LAST_OF_RUN) !== 0
  }

  private addEntry(
    reader: Reader,
    collected: Collected,
    stateId: number,
    state: KeyedStateInfo,
    keyEnd: number,
    valueStart: number,
    valueEnd: number,
  ): void {
    const limit = reader.limit
    reader.limit = keyEnd
    try {
      if (state.kind === 'timer') {
        const timestamp = reader.i64() ^ FLIP
        splitCompositeKey(state, reader, collected.parts)
        collected.addTimer(stateId, timestamp)
      } else {
        splitCompositeKey(state, reader, collected.parts)
        collected.addEntry(stateId, keyEnd, valueStart, valueEnd)
      }
    } catch (error) {
      throw locate(error, { state: state.name, keyGroup: this.keyGroup })
    } finally {
      reader.limit = limit
    }
  }

  private corrupt(message: string, offset: number): KobelError {
    return new KobelError('CORRUPT', message, { offset, keyGroup: this.keyGroup })
  }
}

const NO_BATCHES: { readonly entries: EntryBatch | undefined } = { entries: undefined }

/** Entries and timers of a window while it is walked. */
class Collected {
  readonly parts: KeyParts = { keyStart: 0, keyEnd: 0, namespaceStart: 0, namespaceEnd: 0, mapKeyStart: 0 }
  private readonly stateIds: number[] = []
  private readonly keys = new OffsetPairs()
  private readonly namespaces = new OffsetPairs()
  private readonly mapKeys = new OffsetPairs()
  private readonly values = new OffsetPairs()
  private readonly timerStateIds: number[] = []
  private readonly timestamps: bigint[] = []
  private readonly timerKeys = new OffsetPairs(16)
  private readonly timerNamespaces = new OffsetPairs(16)

  addEntry(stateId: number, compositeEnd: number, valueStart: number, valueEnd: number): void {
    const { parts } = this
    this.stateIds.push(stateId)
    this.keys.push(parts.keyStart, parts.keyEnd)
    this.namespaces.push(parts.namespaceStart, parts.namespaceEnd)
    this.mapKeys.push(parts.mapKeyStart, compositeEnd)
    this.values.push(valueStart, valueEnd)
  }

  addTimer(stateId: number, timestamp: bigint): void {
    const { parts } = this
    this.timerStateIds.push(stateId)
    this.timestamps.push(timestamp)
    this.timerKeys.push(parts.keyStart, parts.keyEnd)
    this.timerNamespaces.push(parts.namespaceStart, parts.namespaceEnd)
  }

  batches(
    buffer: Uint8Array,
    keyGroup: number,
    states: readonly KeyedStateInfo[],
  ): { entries: EntryBatch | undefined; timers: TimerBatch | undefined } {
    return { entries: this.entryBatch(buffer, keyGroup, states), timers: this.timerBatch(buffer, keyGroup, states) }
  }

  private entryBatch(buffer: Uint8Array, keyGroup: number, states: readonly KeyedStateInfo[]): EntryBatch | undefined {
    if (this.stateIds.length === 0) return undefined
    return {
      kind: 'entries',
      keyGroup,
      count: this.stateIds.length,
      stateIds: Uint16Array.from(this.stateIds),
      states,
      buffer,
      keys: this.keys.view(),
      namespaces: this.namespaces.view(),
      mapKeys: this.mapKeys.view(),
      values: this.values.view(),
    }
  }

  private timerBatch(buffer: Uint8Array, keyGroup: number, states: readonly KeyedStateInfo[]): TimerBatch | undefined {
    if (this.timerStateIds.length === 0) return undefined
    return {
      kind: 'timers',
      keyGroup,
      count: this.timerStateIds.length,
      stateIds: Uint16Array.from(this.timerStateIds),
      states,
      buffer,
      timestamps: BigInt64Array.from(this.timestamps),
      keys: this.timerKeys.view(),
      namespaces: this.timerNamespaces.view(),
    }
  }
}

/** Writes one key group, piece by piece: the inverse of {@link CanonicalScanner}. Entries of a state come together. */
export class CanonicalBuilder {
  private readonly writer = new Writer(1 << 16)
  private stateId: number | undefined
  /** Where the newest entry begins, which may turn out to be the last of its run. */
  private entryStart = 0

  /** Bytes held. */
  get length(): number {
    return this.writer.offset
  }

  /** The composite key and the value are parts of `bytes`. */
  add(
    stateId: number,
    bytes: Uint8Array,
    keyStart: number,
    keyEnd: number,
    valueStart: number,
    valueEnd: number,
  ): void {
    const { writer } = this
    if (stateId !== this.stateId) {
      this.endRun()
      writer.i16(stateId)
      this.stateId = stateId
    }
    this.entryStart = writer.offset
    writer.i32(keyEnd - keyStart)
    writer.raw(bytes.subarray(keyStart, keyEnd))
    writer.i32(valueEnd - valueStart)
    writer.raw(bytes.subarray(valueStart, valueEnd))
  }

  /** An entry as it stands in a file: `i32 key length, composite key, i32 value length, value`. */
  addEntry(stateId: number, bytes: Uint8Array, start: number, end: number): void {
    const { writer } = this
    if (stateId !== this.stateId) {
      this.endRun()
      writer.i16(stateId)
      this.stateId = stateId
    }
    const length = end - start
    writer.ensure(length)
    const at = writer.offset
    this.entryStart = at
    writer.offset = at + length
    const target = writer.bytes
    // A call costs more than so few bytes.
    if (length > 96) target.set(bytes.subarray(start, end), at)
    else for (let i = 0; i < length; i++) target[at + i] = bytes[start + i]!
  }

  /** The bytes that are settled; they are let go of. */
  take(): Uint8Array {
    const { writer, entryStart } = this
    const settled = writer.bytes.slice(0, entryStart)
    writer.bytes.copyWithin(0, entryStart, writer.offset)
    writer.offset -= entryStart
    this.entryStart = 0
    return settled
  }

  /** The rest of the key group; the next one can begin. There was an entry. */
  finish(): Uint8Array {
    this.endRun()
    this.writer.i16(END_OF_KEY_GROUP)
    const rest = this.writer.toBytes()
    this.writer.offset = 0
    this.entryStart = 0
    this.stateId = undefined
    return rest
  }

  private endRun(): void {
    if (this.stateId !== undefined) this.writer.bytes[this.entryStart + 4]! |= LAST_OF_RUN
  }
}
