import type { Reader } from '../bytes/reader.ts'
import { Writer } from '../bytes/writer.ts'
import { KobelError, locate } from '../error.ts'
import { skipValue } from '../serializer/interpreter/skip.ts'
import { fixedLength } from '../serializer/layout.ts'
import type { EntryBatch, TimerBatch } from './batch.ts'
import { EntryBuilder, TimerBuilder } from './batch-builder.ts'
import { type ChangeOperation, readChangeHead } from './changelog.ts'
import { type HeapValue, heapValueOf, joinList, readMapEntries } from './heap.ts'
import type { KeyedStateInfo } from './keyed-state.ts'

const FLIP = -(2n ** 63n)
const LIST_DELIMITER = 0x2c
/** A key of an unknown class is looked for in so many bytes. */
const MAX_UNKNOWN_KEY = 1024

/** The states of a changelog by the ids of batches; some join while it is read. */
export interface OverlayStates {
  readonly states: readonly KeyedStateInfo[]
}

/** A part of a value: bytes that were logged, or what the base holds for a cell. */
type Piece = { readonly state: number; readonly bytes: Uint8Array } | { readonly base: Cell }

/** Key and namespace of a state that is not a map. Its value is the join of its pieces. */
interface Cell {
  readonly key: Uint8Array
  readonly namespace: Uint8Array
  pieces: Piece[]
  /** Some cell needs what the base holds here. */
  needed: boolean
  base?: { readonly state: number; readonly bytes: Uint8Array }
}

interface MapCell {
  readonly key: Uint8Array
  readonly namespace: Uint8Array
  /** What the base holds is gone. */
  cleared: boolean
  /** By user key; a removed one has no value. */
  readonly entries: Map<string, { readonly mapKey: Uint8Array; readonly state: number; readonly value?: Uint8Array }>
}

interface TimerCell {
  readonly state: number
  readonly timestamp: bigint
  readonly key: Uint8Array
  readonly namespace: Uint8Array
  present: boolean
}

/** What a log says of one state. */
class StateTable {
  readonly cells: Map<string, Cell> = new Map()
  readonly maps: Map<string, MapCell> = new Map()
  readonly timers: Map<string, TimerCell> = new Map()
}

/**
 * The changes of one key group, replayed over what the base holds (`ChangelogBackendLogApplier`): the last value of each
 * key, elements added to lists in their order, lists of merged namespaces joined. Held in memory: the keys and values of
 * the log, and the base's values of those lists that the log appends to.
 *
 * First {@link apply} every change, then {@link filter} every batch of the base, then {@link finish}.
 */
export class ChangelogOverlay {
  private readonly keyGroup: number
  private readonly source: OverlayStates
  private readonly values = new Map<number, HeapValue>()
  /** By name: base and log may declare a state differently. */
  private readonly tables = new Map<string, StateTable>()
  private sealed = false

  constructor(keyGroup: number, source: OverlayStates) {
    this.keyGroup = keyGroup
    this.source = source
  }

  /** @param stateId what the change's own state id stands for. The change must stay as it is. */
  apply(stateId: number, change: Uint8Array): void {
    const state = this.source.states[stateId]!
    try {
      const { operation, reader } = readChangeHead(change)
      let value = this.values.get(stateId)
      if (value === undefined) {
        value = heapValueOf(state)
        this.values.set(stateId, value)
      }
      if (value.form === 'unknown') {
        throw new KobelError(
          'UNKNOWN_SERIALIZER',
          `kobel does not know the serializer snapshot ${value.className}: changes of the state cannot be read`,
        )
      }
      new Replay(stateId, state, value, this.tableOf(state.name), reader).run(operation)
    } catch (error) {
      throw locate(error, { state: state.name, keyGroup: this.keyGroup })
    }
  }

  /** What of a batch of the base still holds; undefined where nothing does. State ids are those of `states`. */
  filter<B extends EntryBatch | TimerBatch>(batch: B): B | undefined {
    this.seal()
    if (!batch.stateIds.some((id) => this.tables.has(batch.states[id]!.name))) return batch
    const kept: number[] = []
    for (let i = 0; i < batch.count; i++) if (this.keeps(batch, i)) kept.push(i)
    if (kept.length === batch.count) return batch
    return kept.length === 0 ? undefined : selected(batch, kept)
  }

  /** What the log puts in the place of what it took away. */
  finish(): (EntryBatch | TimerBatch)[] {
    this.seal()
    const arena = new Writer(1 << 12)
    const entries = new EntryBuilder()
    const timers = new TimerBuilder()
    const part = (bytes: Uint8Array): readonly [number, number] => {
      const start = arena.offset
      arena.raw(bytes)
      return [start, arena.offset]
    }
    const add = (
      state: number,
      cell: { readonly key: Uint8Array; readonly namespace: Uint8Array },
      mapKey: Uint8Array,
      value: Uint8Array,
    ): void => entries.add(state, ...part(cell.key), ...part(cell.namespace), ...part(mapKey), ...part(value))
    for (const [name, table] of this.tables) {
      for (const cell of table.cells.values()) {
        const value = this.resolve(name, cell)
        if (value) add(value.state, cell, NOTHING, value.bytes)
      }
      for (const cell of table.maps.values()) {
        for (const { mapKey, state, value } of cell.entries.values()) if (value) add(state, cell, mapKey, value)
      }
      for (const timer of table.timers.values()) {
        if (timer.present) timers.add(timer.state, timer.timestamp, ...part(timer.key), ...part(timer.namespace))
      }
    }
    const buffer = arena.bytes.subarray(0, arena.offset)
    const { keyGroup, source } = this
    return [
      ...(entries.count > 0 ? [entries.batch(buffer, keyGroup, source.states)] : []),
      ...(timers.count > 0 ? [timers.batch(buffer, keyGroup, source.states)] : []),
    ]
  }

  private tableOf(name: string): StateTable {
    let table = this.tables.get(name)
    if (!table) {
      table = new StateTable()
      this.tables.set(name, table)
    }
    return table
  }

  /** All changes are applied: what the base must give is known. */
  private seal(): void {
    if (this.sealed) return
    this.sealed = true
    for (const table of this.tables.values()) {
      for (const cell of table.cells.values()) {
        for (const piece of cell.pieces) if ('base' in piece) piece.base.needed = true
      }
    }
  }

  private keeps(batch: EntryBatch | TimerBatch, i: number): boolean {
    const stateId = batch.stateIds[i]!
    const state = batch.states[stateId]!
    const table = this.tables.get(state.name)
    if (!table) return true
    if (!state.splits) {
      throw new KobelError(
        'UNKNOWN_SERIALIZER',
        'keys of the state cannot be told from their namespaces, so the changes in the changelog cannot be applied',
        { state: state.name, keyGroup: this.keyGroup },
      )
    }
    const part = (pairs: Uint32Array): Uint8Array => batch.buffer.subarray(pairs[2 * i]!, pairs[2 * i + 1]!)
    const place = placeOf(part(batch.keys), part(batch.namespaces))
    if (batch.kind === 'timers') return !table.timers.has(`${batch.timestamps[i]} ${place}`)
    if (state.kind === 'map') {
      const cell = table.maps.get(place)
      return cell === undefined || !(cell.cleared || cell.entries.has(binaryText(part(batch.mapKeys))))
    }
    const cell = table.cells.get(place)
    if (cell?.needed) cell.base = { state: stateId, bytes: part(batch.values).slice() }
    return cell === undefined
  }

  private resolve(name: string, cell: Cell): { state: number; bytes: Uint8Array } | undefined {
    const parts = cell.pieces.flatMap((piece) =>
      'base' in piece ? (piece.base.base ? [piece.base.base] : []) : [piece],
    )
    const [first] = parts
    if (first === undefined || parts.length === 1) return first
    const state = this.source.states[first.state]!
    if (state.kind !== 'list') {
      throw new KobelError(
        'UNSUPPORTED_VERSION',
        'the changelog merges namespaces whose values only the job can merge; restore it and take a savepoint',
        { state: name, keyGroup: this.keyGroup },
      )
    }
    if (parts.some((each) => each.state !== first.state)) {
      throw new KobelError(
        'UNSUPPORTED_VERSION',
        'a list was written with two serializers; restore the job and take a savepoint',
        { state: name, keyGroup: this.keyGroup },
      )
    }
    const writer = new Writer(64)
    parts.forEach((each, n) => {
      if (n > 0) writer.u8(LIST_DELIMITER)
      writer.raw(each.bytes)
    })
    return { state: first.state, bytes: writer.toBytes() }
  }
}

const NOTHING = new Uint8Array(0)

/** One change on its way into the table of its state. */
class Replay {
  private readonly stateId: number
  private readonly state: KeyedStateInfo
  private readonly value: HeapValue
  private readonly table: StateTable
  private readonly reader: Reader

  constructor(stateId: number, state: KeyedStateInfo, value: HeapValue, table: StateTable, reader: Reader) {
    this.stateId = stateId
    this.state = state
    this.value = value
    this.table = table
    this.reader = reader
  }

  run(operation: ChangeOperation): void {
    const { reader, state, value } = this
    if (value.form === 'timer') return this.timers(operation)
    const start = reader.offset
    reader.offset = this.keyEnd(operation)
    const key = reader.bytes.subarray(start, reader.offset)
    const namespaceStart = reader.offset
    skipValue(state.namespace, reader)
    const namespace = reader.bytes.subarray(namespaceStart, reader.offset)
    if (value.form === 'map') this.map(operation, key, namespace, value)
    else this.cell(operation, key, namespace, value)
    if (reader.offset !== reader.limit) {
      throw new KobelError('CORRUPT', `${reader.remaining} bytes are left behind a change: it does not fit its state`, {
        offset: reader.offset,
      })
    }
  }

  /** `ChangelogKeyGroupedPriorityQueue`: what is polled is logged as removed. */
  private timers(operation: ChangeOperation): void {
    const { reader } = this
    if (operation !== 'ADD_ELEMENT' && operation !== 'REMOVE_ELEMENT') throw this.unexpected(operation)
    const count = operation === 'ADD_ELEMENT' ? reader.count('timers', 8) : 1
    for (let i = 0; i < count; i++) {
      const timestamp = reader.i64() ^ FLIP
      const keyStart = reader.offset
      skipValue(this.state.key, reader)
      const keyEnd = reader.offset
      skipValue(this.state.namespace, reader)
      const key = reader.bytes.subarray(keyStart, keyEnd)
      const namespace = reader.bytes.subarray(keyEnd, reader.offset)
      const place = `${timestamp} ${placeOf(key, namespace)}`
      const present = operation === 'ADD_ELEMENT'
      this.table.timers.set(place, { state: this.stateId, timestamp, key, namespace, present })
    }
  }

  private cell(operation: ChangeOperation, key: Uint8Array, namespace: Uint8Array, value: HeapValue): void {
    const cell = this.cellOf(key, namespace)
    switch (operation) {
      case 'CLEAR':
        cell.pieces = []
        return
      case 'SET':
      case 'SET_INTERNAL':
        cell.pieces = this.wholeValue(value)
        return
      case 'ADD':
        if (value.form !== 'list') throw this.unexpected(operation)
        cell.pieces.push(...this.wholeValue(value))
        return
      case 'ADD_ELEMENT':
        if (value.form !== 'list') throw this.unexpected(operation)
        cell.pieces.push({ state: this.stateId, bytes: this.rest() })
        return
      case 'MERGE_NS':
        return this.mergeNamespaces(key)
      default:
        throw this.unexpected(operation)
    }
  }

  /** Target namespace, i32 n, n source namespaces: their values join the target's, and are gone. */
  private mergeNamespaces(key: Uint8Array): void {
    const { reader, state } = this
    const next = (): Cell => {
      const start = reader.offset
      skipValue(state.namespace, reader)
      return this.cellOf(key, reader.bytes.subarray(start, reader.offset))
    }
    const target = next()
    const count = reader.count('namespaces', fixedLength(state.namespace) === 0 ? 0 : 1)
    for (let i = 0; i < count && reader.remaining > 0; i++) {
      const source = next()
      if (source === target) continue
      for (const piece of source.pieces) target.pieces.push(piece)
      source.pieces = []
    }
  }

  /** A value as its whole serializer writes it; a list without elements is no value. */
  private wholeValue(value: HeapValue): Piece[] {
    if (value.form !== 'list') return [{ state: this.stateId, bytes: this.rest() }]
    const arena = new Writer(this.reader.remaining)
    const count = joinList(value.layout, this.reader, arena)
    return count === 0 ? [] : [{ state: this.stateId, bytes: arena.toBytes() }]
  }

  private map(
    operation: ChangeOperation,
    key: Uint8Array,
    namespace: Uint8Array,
    value: HeapValue & { form: 'map' },
  ): void {
    const { reader, stateId: state } = this
    const cell = this.mapCellOf(key, namespace)
    const put = (mapKey: Uint8Array, bytes?: Uint8Array): void => {
      cell.entries.set(binaryText(mapKey), { mapKey, state, ...(bytes && { value: bytes }) })
    }
    switch (operation) {
      case 'CLEAR':
        cell.cleared = true
        cell.entries.clear()
        return
      case 'ADD':
        return readMapEntries(value, reader, (start, end) =>
          put(reader.bytes.subarray(start, end), reader.bytes.subarray(end, reader.offset)),
        )
      case 'ADD_ELEMENT':
      case 'ADD_OR_UPDATE_ELEMENT': {
        const start = reader.offset
        skipValue(value.key, reader)
        const mapKey = reader.bytes.subarray(start, reader.offset)
        // Logged without the flag for null that stands before a canonical value.
        const rest = this.rest()
        const flagged = new Uint8Array(1 + rest.length)
        flagged.set(rest, 1)
        return put(mapKey, flagged)
      }
      case 'REMOVE_ELEMENT':
        return put(this.rest())
      default:
        throw this.unexpected(operation)
    }
  }

  private rest(): Uint8Array {
    return this.reader.take(this.reader.remaining)
  }

  private cellOf(key: Uint8Array, namespace: Uint8Array): Cell {
    const place = placeOf(key, namespace)
    const known = this.table.cells.get(place)
    if (known) return known
    const cell: Cell = { key, namespace, pieces: [], needed: false }
    cell.pieces.push({ base: cell })
    this.table.cells.set(place, cell)
    return cell
  }

  private mapCellOf(key: Uint8Array, namespace: Uint8Array): MapCell {
    const place = placeOf(key, namespace)
    let cell = this.table.maps.get(place)
    if (!cell) {
      cell = { key, namespace, cleared: false, entries: new Map() }
      this.table.maps.set(place, cell)
    }
    return cell
  }

  /** Where the key ends. One of an unknown class ends where all that must follow it fits exactly. */
  private keyEnd(operation: ChangeOperation): number {
    const { reader, state } = this
    const start = reader.offset
    try {
      skipValue(state.key, reader)
      return reader.offset
    } catch (error) {
      if (!(error instanceof KobelError) || error.code !== 'UNKNOWN_SERIALIZER') throw error
      const ends: number[] = []
      for (let end = start; end <= Math.min(reader.limit, start + MAX_UNKNOWN_KEY) && ends.length < 2; end++) {
        if (this.fits(end, operation)) ends.push(end)
      }
      reader.offset = start
      if (ends.length === 1) return ends[0]!
      throw new KobelError(
        'UNKNOWN_SERIALIZER',
        'a changelog without materialized state does not store the type of the key, and the bytes do not tell it; take a checkpoint after the state was materialized, or a savepoint',
        { offset: start },
        { cause: error },
      )
    }
  }

  private fits(keyEnd: number, operation: ChangeOperation): boolean {
    const { reader, state, value } = this
    reader.offset = keyEnd
    try {
      skipValue(state.namespace, reader)
      if (operation === 'MERGE_NS') {
        skipValue(state.namespace, reader)
        for (let n = reader.count('namespaces'); n > 0; n--) skipValue(state.namespace, reader)
      } else if (operation === 'ADD_ELEMENT' && value.form === 'list') skipValue(value.layout, reader, 0)
      else if (operation === 'REMOVE_ELEMENT' && value.form === 'map') skipValue(value.key, reader, 0)
      else if (operation === 'ADD_OR_UPDATE_ELEMENT' && value.form === 'map') {
        skipValue(value.key, reader)
        skipValue(value.value, reader, 0)
      } else if (operation !== 'CLEAR') {
        if (value.form === 'list') joinList(value.layout, reader, undefined)
        else if (value.form === 'map') readMapEntries(value, reader, () => {})
        else if (value.form === 'plain') skipValue(value.layout, reader, 0)
        else return false
      }
      return reader.offset === reader.limit
    } catch (error) {
      if (error instanceof KobelError) return false
      throw error
    }
  }

  private unexpected(operation: ChangeOperation): KobelError {
    return new KobelError('CORRUPT', `the changelog has the operation ${operation} for a ${this.state.kind} state`)
  }
}

/** Key and namespace as a text to look up. */
function placeOf(key: Uint8Array, namespace: Uint8Array): string {
  return `${key.length} ${binaryText(key)}${binaryText(namespace)}`
}

const TEXT_STEP = 4096

/** A text of one unit a byte. */
function binaryText(bytes: Uint8Array): string {
  if (bytes.length <= TEXT_STEP) return String.fromCharCode(...bytes)
  let text = ''
  for (let at = 0; at < bytes.length; at += TEXT_STEP) {
    text += String.fromCharCode(...bytes.subarray(at, at + TEXT_STEP))
  }
  return text
}

/** Some entries of a batch. */
function selected<B extends EntryBatch | TimerBatch>(batch: B, kept: readonly number[]): B {
  const pairs = (from: Uint32Array): Uint32Array => {
    const to = new Uint32Array(kept.length * 2)
    kept.forEach((i, n) => {
      to[2 * n] = from[2 * i]!
      to[2 * n + 1] = from[2 * i + 1]!
    })
    return to
  }
  const common = {
    count: kept.length,
    stateIds: Uint16Array.from(kept, (i) => batch.stateIds[i]!),
    keys: pairs(batch.keys),
    namespaces: pairs(batch.namespaces),
  }
  return batch.kind === 'entries'
    ? { ...batch, ...common, mapKeys: pairs(batch.mapKeys), values: pairs(batch.values) }
    : { ...batch, ...common, timestamps: BigInt64Array.from(kept, (i) => batch.timestamps[i]!) }
}
