import { Reader } from '../bytes/reader.ts'
import type { EntryBatch, TimerBatch } from '../format/batch.ts'
import type { RunWalker, WalkEnd } from '../format/canonical.ts'
import type { KeyedStateInfo } from '../format/keyed-state.ts'
import { type Column, type ColumnField, columnLike, finishColumn, truncateColumn } from '../serializer/columns.ts'
import type { Compiled } from '../serializer/compile.ts'
import { FULL, GROW, IRREGULAR, newWalk, RUN_END } from '../serializer/compile-runtime.ts'
import { subtaskOfKeyGroup } from '../snapshot/key-groups.ts'
import type { KeyedState } from '../snapshot/keyed-state.ts'
import type { OnSkip } from '../snapshot/skipped.ts'
import { createAppender, type Target } from './append.ts'
import { compileBatch, compileRun } from './compiled.ts'
import { type Projected, selectedShape } from './projection.ts'

/** Rows of a table. Its memory is used again: it is good until the next batch is asked for. */
export interface ColumnBatch {
  readonly length: number
  readonly columns: readonly ColumnField[]
}

/** Bytes of entries that end a batch, so that large values do not make it large. */
const BYTES_PER_BATCH = 1 << 22

/** Columns that are filled row by row, and emptied batch by batch. */
export class RowBuilder {
  length = 0
  /** Bytes of the entries in it. */
  bytes = 0
  readonly targets: readonly Target[]
  readonly rowsPerBatch: number

  constructor(projection: readonly Projected[], rowsPerBatch: number) {
    this.rowsPerBatch = rowsPerBatch
    this.targets = projection.map(({ column, selection }) => ({
      part: column.name,
      selection,
      column: columnLike(selectedShape(column.shape, selection)),
    }))
  }

  get full(): boolean {
    return this.length >= this.rowsPerBatch || this.bytes >= BYTES_PER_BATCH
  }

  /** Takes away the parts of a row whose appending failed. */
  rollBack(): void {
    for (const { column } of this.targets) truncateColumn(column, this.length)
  }

  take(): ColumnBatch {
    const columns = this.targets.map(({ part, column }) => ({ name: part, column: finishColumn(column) }))
    const batch = { length: this.length, columns }
    this.length = 0
    this.bytes = 0
    for (const { column } of this.targets) emptyColumn(column)
    return batch
  }
}

function emptyColumn(column: Column): void {
  truncateColumn(column, 0)
  column.validity = undefined
}

/** Rows that generated code gave up in a batch, after which it is not tried on in this scan. */
const MAX_GIVEN_UP = 1024

/** Appends rows of a keyed state, each as its subtask declares the state. */
export class KeyedRows {
  private readonly state: KeyedState
  private readonly rows: RowBuilder
  private readonly onSkip: OnSkip | undefined
  private readonly compile: boolean
  private readonly byInfo = new Map<KeyedStateInfo, InfoRows>()

  constructor(state: KeyedState, rows: RowBuilder, onSkip: OnSkip | undefined, compile: boolean) {
    this.state = state
    this.rows = rows
    this.onSkip = onSkip
    this.compile = compile
  }

  /** Appends entries from `from` to before `to`, or until a batch of rows is full; returns where it stopped. */
  append(batch: EntryBatch | TimerBatch, from: number, to: number): number {
    let i = from
    while (i < to && !this.rows.full) {
      const id = batch.stateIds[i]!
      let end = i + 1
      while (end < to && batch.stateIds[end] === id) end++
      i = this.rowsOf(batch.states[id]!).append(batch, i, end)
    }
    return i
  }

  walkerOf(info: KeyedStateInfo, prefixBytes: 1 | 2): RunWalker | undefined {
    return this.rowsOf(info).walker(prefixBytes)
  }

  private rowsOf(info: KeyedStateInfo): InfoRows {
    const known = this.byInfo.get(info)
    if (known) return known
    const rows = new InfoRows(info, this.state, this.rows, this.onSkip, this.compile)
    this.byInfo.set(info, rows)
    return rows
  }
}

/** Appends rows of a state as one subtask declares it: by generated code, and what that gives up by the interpreter. */
class InfoRows {
  private readonly info: KeyedStateInfo
  private readonly state: KeyedState
  private readonly rows: RowBuilder
  private readonly onSkip: OnSkip | undefined
  private readonly interpreted: ReturnType<typeof createAppender>
  private readonly keyGroups: Column | undefined
  private readonly subtasks: Column | undefined
  private readonly walk = newWalk()
  private compiledBatch: Compiled | null | undefined
  private runWalker: CompiledWalker | null | undefined
  private reader = new Reader(new Uint8Array(0))
  private givenUp = 0

  constructor(info: KeyedStateInfo, state: KeyedState, rows: RowBuilder, onSkip: OnSkip | undefined, compile: boolean) {
    if (!compile) this.compiledBatch = null
    this.info = info
    this.state = state
    this.rows = rows
    this.onSkip = onSkip
    this.interpreted = createAppender(info, rows.targets)
    this.keyGroups = rows.targets.find((target) => target.part === 'key_group')?.column
    this.subtasks = rows.targets.find((target) => target.part === 'subtask')?.column
  }

  walker(prefixBytes: 1 | 2): RunWalker | undefined {
    if (this.runWalker === undefined) {
      const compiled = compileRun(this.info, this.decoded(), prefixBytes)
      this.runWalker = compiled ? new CompiledWalker(compiled, this, this.rows) : null
    }
    return this.runWalker ?? undefined
  }

  append(batch: EntryBatch | TimerBatch, from: number, to: number): number {
    if (this.compiledBatch === undefined) {
      this.compiledBatch = (batch.kind === 'entries' && compileBatch(this.info, this.decoded())) || null
    }
    if (this.reader.bytes !== batch.buffer) this.reader = new Reader(batch.buffer)
    if (this.compiledBatch) return this.appendCompiled(this.compiledBatch, batch as EntryBatch, from, to)
    let i = from
    while (i < to && !this.rows.full) this.appendOne(batch, i++)
    return i
  }

  /** Columns that are not the same for all rows of a key group. */
  private decoded(): Target[] {
    return this.rows.targets.filter(({ part }) => part !== 'key_group' && part !== 'subtask')
  }

  private appendCompiled(compiled: Compiled, batch: EntryBatch, from: number, to: number): number {
    const { walk, rows } = this
    walk.i = from
    while (walk.i < to && !rows.full) {
      const { i } = walk
      walk.row = rows.length
      compiled.enter(walk, rows.rowsPerBatch)
      const { keys, namespaces, mapKeys, values } = batch
      compiled.run(walk, batch.buffer, this.reader.view, to, keys, namespaces, mapKeys, values, rows.rowsPerBatch)
      compiled.leave(walk.row)
      this.ended(walk.row, batch.keyGroup)
      for (let j = i; j < walk.i; j++) rows.bytes += entryBytes(batch, j)
      if (walk.why !== IRREGULAR) continue
      this.appendOne(batch, walk.i++)
      if (++this.givenUp > MAX_GIVEN_UP) {
        this.compiledBatch = null
        break
      }
    }
    return walk.i
  }

  /** Generated code appended rows up to `length`: their columns of key group and subtask. */
  ended(length: number, keyGroup: number): void {
    const { rows } = this
    if (this.keyGroups) fillRows(this.keyGroups, rows.length, length, keyGroup)
    if (this.subtasks) fillRows(this.subtasks, rows.length, length, this.subtaskOf(keyGroup))
    rows.length = length
  }

  private subtaskOf(keyGroup: number): number {
    const { maxParallelism, parallelism } = this.state.operator
    return subtaskOfKeyGroup(maxParallelism, parallelism, keyGroup)
  }

  /** By the interpreter. */
  appendOne(batch: EntryBatch | TimerBatch, i: number): void {
    const { rows, state } = this
    if (this.reader.bytes !== batch.buffer) this.reader = new Reader(batch.buffer)
    const subtask = this.subtaskOf(batch.keyGroup)
    const done = state.decode(batch, this.onSkip, () => {
      this.interpreted(this.reader, batch, i, subtask)
      return true
    })
    if (!done) return rows.rollBack()
    rows.length++
    rows.bytes += entryBytes(batch, i)
  }
}

function entryBytes(batch: EntryBatch | TimerBatch, i: number): number {
  const key = batch.keys[2 * i + 1]! - batch.keys[2 * i]!
  return batch.kind === 'entries' ? key + batch.values[2 * i + 1]! - batch.values[2 * i]! : key
}

function fillRows(column: Column, from: number, to: number, value: number): void {
  if (column.kind !== 'int32') return
  if (column.values.length < to) {
    const grown = new Int32Array(Math.max(to, 2 * column.values.length))
    grown.set(column.values as Int32Array)
    column.values = grown
  }
  ;(column.values as Int32Array).fill(value, from, to)
  column.length = to
}

/** Takes entries from the bytes of a canonical stream. */
class CompiledWalker implements RunWalker {
  end = 0
  private readonly compiled: Compiled
  private readonly into: InfoRows
  private readonly rows: RowBuilder
  private readonly step = newWalk()

  constructor(compiled: Compiled, into: InfoRows, rows: RowBuilder) {
    this.compiled = compiled
    this.into = into
    this.rows = rows
  }

  walk(window: Uint8Array, view: DataView, start: number, keyGroup: number): WalkEnd {
    const { compiled, step, rows } = this
    step.p = start
    do {
      step.row = rows.length
      compiled.enter(step, rows.rowsPerBatch)
      compiled.run(step, window, view, window.length, keyGroup, rows.rowsPerBatch)
      compiled.leave(step.row)
      this.into.ended(step.row, keyGroup)
    } while (step.why === GROW)
    rows.bytes += step.p - start
    this.end = step.p
    if (step.why === FULL) return 'full'
    return step.why === RUN_END ? 'run-end' : 'entry'
  }

  take(batch: EntryBatch): void {
    this.into.appendOne(batch, 0)
  }
}
