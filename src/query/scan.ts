import { Reader } from '../bytes/reader.ts'
import type { EntryBatch, TimerBatch } from '../format/batch.ts'
import type { KeyedStateInfo } from '../format/keyed-state.ts'
import {
  appendNumber,
  type Column,
  type ColumnField,
  columnLike,
  finishColumn,
  type NumberColumn,
  truncateColumn,
} from '../serializer/columns.ts'
import type { Value } from '../serializer/value.ts'
import { subtaskOfKeyGroup } from '../snapshot/key-groups.ts'
import type { KeyedState } from '../snapshot/keyed-state.ts'
import { OperatorState } from '../snapshot/operator-state.ts'
import type { OnSkip } from '../snapshot/skipped.ts'
import { createAppender, partAppender, type Target } from './append.ts'
import { projectionOf, selectedShape } from './projection.ts'
import { operatorLayout, type StateTable } from './table.ts'

/** Which rows and columns of a table are wanted. */
export interface ScanTableOptions {
  /** Names of columns, or dotted paths to fields of structs (`value.pos.lat`). All by default; `[]` only counts rows. */
  readonly columns?: readonly string[]
  /** First and last key group, both inclusive. Operator state belongs to none: there it has no effect. */
  readonly keyGroups?: readonly [first: number, last: number]
  /** Only rows of this key: one key group is read where its hash is known. */
  readonly key?: Value
  /** Rows of a batch at most. */
  readonly rowsPerBatch?: number
  /** Where it is given, what cannot be read is passed over and told; without it the first error is thrown. */
  readonly onSkip?: OnSkip
}

/** Rows of a table. Its memory is used again: it is good until the next batch is asked for. */
export interface ColumnBatch {
  readonly length: number
  readonly columns: readonly ColumnField[]
}

const ROWS_PER_BATCH = 16384
/** Bytes of entries that end a batch, so that large values do not make it large. */
const BYTES_PER_BATCH = 1 << 22

/** The rows of a table as columns in the layout of Apache Arrow. Key groups come in ascending order by subtask. */
export async function* scanTable(
  table: StateTable,
  options: ScanTableOptions = {},
): AsyncGenerator<ColumnBatch, void, undefined> {
  const rows = new RowBuilder(table, options)
  if (table.source instanceof OperatorState) yield* scanOperatorState(table.source, rows, options)
  else if (options.key !== undefined) yield* scanKey(table.source, rows, options)
  else yield* scanKeyedState(table.source, rows, options)
  if (rows.length > 0) yield rows.take()
}

/** Columns that are filled row by row, and emptied batch by batch. */
class RowBuilder {
  length = 0
  bytes = 0
  readonly targets: readonly Target[]
  private readonly rowsPerBatch: number

  constructor(table: StateTable, options: ScanTableOptions) {
    this.rowsPerBatch = options.rowsPerBatch ?? ROWS_PER_BATCH
    this.targets = projectionOf(table, options.columns).map(({ column, selection }) => ({
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
}

async function* scanKeyedState(
  state: KeyedState,
  rows: RowBuilder,
  { keyGroups, onSkip }: ScanTableOptions,
): AsyncGenerator<ColumnBatch, void, undefined> {
  const { operator, name, kind } = state
  const append = new Appenders(state, rows, onSkip)
  const wanted = (info: KeyedStateInfo): boolean => info.name === name
  const isTimer = kind === 'timer'
  for await (const batch of operator.scan({ wanted, ...(keyGroups && { keyGroups }), ...(onSkip && { onSkip }) })) {
    if ((batch.kind === 'timers') !== isTimer) continue
    for (let i = 0; i < batch.count; i++) {
      append.row(batch, i)
      if (rows.full) yield rows.take()
    }
  }
}

async function* scanKey(
  state: KeyedState,
  rows: RowBuilder,
  { key, keyGroups, onSkip }: ScanTableOptions,
): AsyncGenerator<ColumnBatch, void, undefined> {
  const append = new Appenders(state, rows, onSkip)
  const options = { key: key!, ...(keyGroups && { keyGroups }), ...(onSkip && { onSkip }) }
  for await (const { batch, i } of state.batches(state.kind === 'timer' ? 'timers' : 'entries', options)) {
    append.row(batch, i)
    if (rows.full) yield rows.take()
  }
}

/** Appends rows of entries, each as its subtask declares the state. */
class Appenders {
  private readonly state: KeyedState
  private readonly rows: RowBuilder
  private readonly onSkip: OnSkip | undefined
  private readonly byInfo = new Map<KeyedStateInfo, ReturnType<typeof createAppender>>()
  private reader = new Reader(new Uint8Array(0))

  constructor(state: KeyedState, rows: RowBuilder, onSkip: OnSkip | undefined) {
    this.state = state
    this.rows = rows
    this.onSkip = onSkip
  }

  row(batch: EntryBatch | TimerBatch, i: number): void {
    const { rows, state } = this
    const info = batch.states[batch.stateIds[i]!]!
    let append = this.byInfo.get(info)
    if (append === undefined) {
      append = createAppender(info, rows.targets)
      this.byInfo.set(info, append)
    }
    if (this.reader.bytes !== batch.buffer) this.reader = new Reader(batch.buffer)
    const { maxParallelism, parallelism } = state.operator
    const subtask = subtaskOfKeyGroup(maxParallelism, parallelism, batch.keyGroup)
    const done = state.decode(batch, this.onSkip, () => {
      append(this.reader, batch, i, subtask)
      return true
    })
    if (!done) return rows.rollBack()
    rows.length++
    rows.bytes += batch.keys[2 * i + 1]! - batch.keys[2 * i]!
    if (batch.kind === 'entries') rows.bytes += batch.values[2 * i + 1]! - batch.values[2 * i]!
  }
}

async function* scanOperatorState(
  state: OperatorState,
  rows: RowBuilder,
  { onSkip }: ScanTableOptions,
): AsyncGenerator<ColumnBatch, void, undefined> {
  for await (const { batch, value, mapKey } of state.batchesWithLayouts({ ...(onSkip && { onSkip }) })) {
    const reader = new Reader(batch.buffer)
    const steps = rows.targets.map((target) => {
      if (target.part === 'subtask') return () => appendNumber(target.column as NumberColumn, batch.subtask)
      const isKey = target.part === 'map_key'
      const append = partAppender((isKey ? mapKey : value) ?? operatorLayout(target.part, undefined), target)
      const pairs = isKey ? batch.mapKeys : batch.values
      return (i: number) => append(reader, pairs[2 * i]!, pairs[2 * i + 1]!)
    })
    for (let i = 0; i < batch.count; i++) {
      const done = state.decode(batch, onSkip, () => {
        for (const step of steps) step(i)
        return true
      })
      if (!done) {
        rows.rollBack()
        continue
      }
      rows.length++
      rows.bytes += batch.values[2 * i + 1]! - batch.values[2 * i]!
      if (rows.full) yield rows.take()
    }
  }
}
