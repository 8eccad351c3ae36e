import { Reader } from '../bytes/reader.ts'
import { Writer } from '../bytes/writer.ts'
import { KobelError, locate } from '../error.ts'
import { readCount } from '../serializer/interpreter/limits.ts'
import { skipValue } from '../serializer/interpreter/skip.ts'
import { fixedLength, type Layout } from '../serializer/layout.ts'
import type { EntryBatch, TimerBatch } from './batch.ts'
import { EntryBuilder, TimerBuilder } from './batch-builder.ts'
import type { KeyedStateInfo } from './keyed-state.ts'
import { serializerOf } from './state-meta-info.ts'

/**
 * A key group of a heap backend's native stream (`HeapSnapshotStrategy`, `CopyOnWriteStateMapSnapshot`,
 * `KeyGroupPartitioner`):
 *
 *     i32 key group                             never compressed
 *     for each state, in any order:             with compression each in a Snappy stream of its own
 *       u16 state id
 *       i32 n
 *       KEY_VALUE: n times { namespace, key, value of the declared serializer }
 *       PRIORITY_QUEUE: n times { i64 timestamp with its sign bit inverted, key, namespace }
 *
 * LIST is declared as `ListSerializer` (i32 n, elements), MAP as `MapSerializer` (i32 n, { key, bool is null, value }).
 * No entry has a length: it is skipped by its serializers.
 */

const FLIP = -(2n ** 63n)
/** `ListDelimitedSerializer`: the byte between elements of a list in canonical form. */
const LIST_DELIMITER = 0x2c
/** Entries or elements without a single byte are no evidence for their number. */
const MAX_EMPTY = 1 << 20

/** How the entries of a state lie in a heap stream. */
export type HeapValue =
  | { readonly form: 'plain' | 'list'; readonly layout: Layout }
  | { readonly form: 'map'; readonly key: Layout; readonly value: Layout }
  | { readonly form: 'timer' }
  | { readonly form: 'unknown'; readonly className: string }

/** The declared serializer of a state, as heap streams and changelogs write whole values. */
export function heapValueOf(state: KeyedStateInfo): HeapValue {
  if (state.kind === 'timer') return { form: 'timer' }
  const snapshot = state.metaInfo && serializerOf(state.metaInfo, 'VALUE_SERIALIZER')
  const className = snapshot?.className ?? 'unknown'
  if (!snapshot || state.kind === 'unknown' || state.metaInfo?.backendStateType !== 'KEY_VALUE') {
    return { form: 'unknown', className }
  }
  const { layout } = snapshot
  if (state.kind === 'list') {
    return layout.op === 'list' && layout.flag === undefined
      ? { form: 'list', layout: layout.element }
      : { form: 'unknown', className }
  }
  if (state.kind !== 'map') return { form: 'plain', layout }
  return layout.op === 'map' && !layout.keyFlag && layout.valueFlag
    ? { form: 'map', key: layout.key, value: layout.value }
    : { form: 'unknown', className }
}

/** A value whose end cannot be told hides all that follows it in its stream. */
export interface HeapBlocked {
  readonly stateId: number
  /** Entries of this state that are hidden. */
  readonly entries: number
  readonly cause: KobelError
}

/** What one window gave. */
export interface HeapStep {
  readonly batches: readonly (EntryBatch | TimerBatch)[]
  /** Bytes of the window that were used; the rest must come again at the front of the next window. */
  readonly consumed: number
  /** As many states as were asked for have been read. */
  readonly done: boolean
  readonly blocked?: HeapBlocked
}

/** The states of a stream, by id, and how they lie. */
export class HeapLayout {
  readonly states: readonly KeyedStateInfo[]
  readonly values: readonly HeapValue[]

  constructor(states: readonly KeyedStateInfo[]) {
    this.states = states
    this.values = states.map(heapValueOf)
  }
}

/** The run of a state that goes on. */
interface Run {
  readonly stateId: number
  readonly state: KeyedStateInfo
  readonly value: HeapValue
  left: number
}

/**
 * Walks `stateCount` states of one key group in windows of their plain bytes. A window may end anywhere: an entry that
 * is not whole is left for the next one. If a window gives nothing (`consumed` is 0), a longer one is needed.
 */
export class HeapScanner {
  /** Ids of the states met so far. */
  readonly met: Set<number> = new Set()
  private readonly layout: HeapLayout
  private readonly keyGroup: number
  private readonly wanted: ((state: KeyedStateInfo) => boolean) | undefined
  private readonly separate: boolean
  private statesLeft: number
  private run: Run | undefined
  private empty = 0

  /** @param separate each state is in a stream of its own, so that unwanted ones need not be walked. */
  constructor(
    layout: HeapLayout,
    keyGroup: number,
    stateCount: number,
    wanted?: (state: KeyedStateInfo) => boolean,
    separate = false,
  ) {
    this.layout = layout
    this.keyGroup = keyGroup
    this.statesLeft = stateCount
    this.wanted = wanted
    this.separate = separate
  }

  /** The states of another stream of the same key group come next. */
  begin(stateCount: number): void {
    this.statesLeft = stateCount
    this.run = undefined
  }

  step(window: Uint8Array): HeapStep {
    const reader = new Reader(window)
    const found = new Found(window)
    let blocked: HeapBlocked | undefined
    while (blocked === undefined) {
      this.run ??= this.readRun(reader)
      if (this.run === undefined) break
      const outcome = this.readEntries(this.run, reader, found)
      if (outcome === 'short') break
      if (outcome !== 'all') blocked = outcome
      else this.run = undefined
    }
    return {
      batches: found.batches(this.keyGroup, this.layout.states),
      consumed: reader.offset,
      done: this.run === undefined && this.statesLeft === 0,
      ...(blocked && { blocked }),
    }
  }

  /** No state that is wanted can follow. */
  get satisfied(): boolean {
    const { wanted } = this
    if (wanted === undefined || this.run !== undefined) return false
    return this.layout.states.every((state, id) => this.met.has(id) || !wanted(state))
  }

  /** The head of the next state's run; undefined where there is none, or it is not whole. */
  private readRun(reader: Reader): Run | undefined {
    if (this.statesLeft === 0 || reader.remaining < 6) return undefined
    const at = reader.offset
    const stateId = reader.u16()
    const left = reader.i32()
    const state = this.layout.states[stateId]
    if (!state) {
      throw this.corrupt(`the state id ${stateId} occurs, but the head names ${this.layout.states.length} states`, at)
    }
    if (this.met.has(stateId)) throw this.corrupt(`the state ${state.name} occurs twice`, at)
    if (left < 0) throw this.corrupt(`a state of ${left} entries cannot be`, at)
    const value = this.layout.values[stateId]!
    if (left > MAX_EMPTY && leastBytes(state, value) === 0) {
      throw new KobelError('LIMIT', `${left} entries without bytes are over the limit of ${MAX_EMPTY}`, {
        offset: at,
        state: state.name,
        keyGroup: this.keyGroup,
      })
    }
    this.met.add(stateId)
    this.statesLeft--
    const passed = this.separate && this.wanted !== undefined && !this.wanted(state)
    return { stateId, state, value, left: passed ? 0 : left }
  }

  /** Reads entries up to the end of the run or of the window. */
  private readEntries(run: Run, reader: Reader, found: Found): 'all' | 'short' | HeapBlocked {
    const { stateId, state } = run
    const collect = this.wanted === undefined || this.wanted(state) ? found : undefined
    let start = reader.offset
    collect?.mark()
    try {
      while (run.left > 0) {
        start = reader.offset
        collect?.mark()
        this.readEntry(run, reader, collect)
        run.left--
      }
      return 'all'
    } catch (error) {
      if (!(error instanceof KobelError)) throw error
      reader.offset = start
      collect?.rollBack()
      if (error.code === 'TRUNCATED') return 'short'
      if (error.code === 'UNKNOWN_SERIALIZER') return { stateId, entries: run.left, cause: error }
      throw locate(error, { state: state.name, keyGroup: this.keyGroup })
    }
  }

  private readEntry(run: Run, reader: Reader, found: Found | undefined): void {
    const { stateId, state, value } = run
    if (value.form === 'timer') {
      const timestamp = reader.i64() ^ FLIP
      const keyStart = reader.offset
      skipValue(state.key, reader)
      const keyEnd = reader.offset
      skipValue(state.namespace, reader)
      found?.timers.add(stateId, timestamp, keyStart, keyEnd, keyEnd, reader.offset)
      return
    }
    const namespaceStart = reader.offset
    skipValue(state.namespace, reader)
    const keyStart = reader.offset
    skipValue(state.key, reader)
    const keyEnd = reader.offset
    switch (value.form) {
      case 'plain':
        skipValue(value.layout, reader)
        found?.entries.add(stateId, keyStart, keyEnd, namespaceStart, keyStart, keyEnd, keyEnd, keyEnd, reader.offset)
        return
      case 'map':
        return readMapEntries(value, reader, (mapKeyStart, mapKeyEnd) =>
          found?.entries.add(
            stateId,
            keyStart,
            keyEnd,
            namespaceStart,
            keyStart,
            mapKeyStart,
            mapKeyEnd,
            mapKeyEnd,
            reader.offset,
          ),
        )
      case 'list':
        return this.readList(run, value.layout, reader, found, namespaceStart, keyStart)
      case 'unknown':
        throw new KobelError('UNKNOWN_SERIALIZER', `kobel does not know the serializer snapshot ${value.className}`)
    }
  }

  /** A list goes to the arena in canonical form, with its key and namespace. A list without elements is no entry. */
  private readList(
    run: Run,
    element: Layout,
    reader: Reader,
    found: Found | undefined,
    namespaceStart: number,
    keyStart: number,
  ): void {
    const keyEnd = reader.offset
    const arena = found?.arena
    const at = arena?.offset ?? 0
    arena?.raw(reader.bytes.subarray(namespaceStart, keyEnd))
    const valueAt = arena?.offset ?? 0
    const count = joinList(element, reader, arena)
    if (fixedLength(element) === 0) this.checkEmpty(count, reader)
    if (arena === undefined || found === undefined) return
    if (count === 0) {
      arena.offset = at
      return
    }
    const keyAt = at + keyStart - namespaceStart
    found.lists.add(run.stateId, keyAt, valueAt, at, keyAt, valueAt, valueAt, valueAt, arena.offset)
  }

  private checkEmpty(count: number, reader: Reader): void {
    this.empty += count
    if (this.empty <= MAX_EMPTY) return
    throw new KobelError('LIMIT', `${this.empty} elements without bytes are over the limit of ${MAX_EMPTY}`, {
      offset: reader.offset,
    })
  }

  private corrupt(message: string, offset: number): KobelError {
    return new KobelError('CORRUPT', message, { offset, keyGroup: this.keyGroup })
  }
}

/** `MapSerializer`: i32 n, n times { key, bool is null, value }. Flag and value together are the canonical value. */
export function readMapEntries(
  layout: { readonly key: Layout; readonly value: Layout },
  reader: Reader,
  onEntry: (mapKeyStart: number, mapKeyEnd: number) => void,
): void {
  const count = readCount(reader, 'map entries', 1, 0)
  for (let i = 0; i < count; i++) {
    const start = reader.offset
    skipValue(layout.key, reader)
    const end = reader.offset
    if (!reader.bool()) skipValue(layout.value, reader)
    onEntry(start, end)
  }
}

/** `ListSerializer`: i32 n, elements. Writes the elements in canonical form and gives their number. */
export function joinList(element: Layout, reader: Reader, arena: Writer | undefined): number {
  const count = readCount(reader, 'elements', fixedLength(element) === 0 ? 0 : 1, 0)
  for (let i = 0; i < count; i++) {
    const start = reader.offset
    skipValue(element, reader)
    if (arena === undefined) continue
    if (i > 0) arena.u8(LIST_DELIMITER)
    arena.raw(reader.bytes.subarray(start, reader.offset))
  }
  return count
}

/** Bytes that an entry takes at least: 0 only where nothing bounds the number of entries. */
function leastBytes(state: KeyedStateInfo, value: HeapValue): 0 | 1 {
  if (value.form === 'timer' || value.form === 'list' || value.form === 'map') return 1
  const layouts = value.form === 'plain' ? [state.namespace, state.key, value.layout] : [state.namespace, state.key]
  return layouts.some((layout) => fixedLength(layout) !== 0) ? 1 : 0
}

/** What a window holds: entries and timers lie in it, lists in an arena. */
class Found {
  readonly entries = new EntryBuilder()
  readonly lists = new EntryBuilder()
  readonly timers = new TimerBuilder()
  private readonly window: Uint8Array
  private lazyArena: Writer | undefined
  private markedEntries = 0
  private markedLists = 0
  private markedArena = 0

  constructor(window: Uint8Array) {
    this.window = window
  }

  get arena(): Writer {
    this.lazyArena ??= new Writer(Math.min(1 << 16, this.window.length))
    return this.lazyArena
  }

  /** An entry begins. */
  mark(): void {
    this.markedEntries = this.entries.count
    this.markedLists = this.lists.count
    this.markedArena = this.lazyArena?.offset ?? 0
  }

  /** Forgets what was read of an entry that is not whole. */
  rollBack(): void {
    this.entries.truncate(this.markedEntries)
    this.lists.truncate(this.markedLists)
    if (this.lazyArena) this.lazyArena.offset = this.markedArena
  }

  batches(keyGroup: number, states: readonly KeyedStateInfo[]): (EntryBatch | TimerBatch)[] {
    const batches: (EntryBatch | TimerBatch)[] = []
    if (this.entries.count > 0) batches.push(this.entries.batch(this.window, keyGroup, states))
    if (this.lists.count > 0) {
      const { bytes, offset } = this.arena
      batches.push(this.lists.batch(bytes.subarray(0, offset), keyGroup, states))
    }
    if (this.timers.count > 0) batches.push(this.timers.batch(this.window, keyGroup, states))
    return batches
  }
}
