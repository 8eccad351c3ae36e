import { Reader } from '../bytes/reader.ts'
import type { KeyedStateInfo } from '../format/keyed-state.ts'
import { appendNumber, type NumberColumn } from '../serializer/columns.ts'
import type { Value } from '../serializer/value.ts'
import type { KeyedState } from '../snapshot/keyed-state.ts'
import type { Operator } from '../snapshot/operator.ts'
import { OperatorState } from '../snapshot/operator-state.ts'
import type { OnSkip } from '../snapshot/skipped.ts'
import { partAppender } from './append.ts'
import { projectionOf } from './projection.ts'
import { type ColumnBatch, KeyedRows, RowBuilder } from './rows.ts'
import { operatorLayout, type StateTable } from './table.ts'

export type { ColumnBatch }

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
  /** Whether code is generated for it; by default where there is so much state that it pays. */
  readonly compile?: boolean
  /** Where it is given, what cannot be read is passed over and told; without it the first error is thrown. */
  readonly onSkip?: OnSkip
}

const ROWS_PER_BATCH = 16384

/** The rows of a table as columns in the layout of Apache Arrow. Key groups come in ascending order by subtask. */
export async function* scanTable(
  table: StateTable,
  options: ScanTableOptions = {},
): AsyncGenerator<ColumnBatch, void, undefined> {
  const rows = new RowBuilder(projectionOf(table, options.columns), options.rowsPerBatch ?? ROWS_PER_BATCH)
  if (table.source instanceof OperatorState) yield* scanOperatorState(table.source, rows, options)
  else if (options.key !== undefined) yield* scanKey(table.source, rows, options)
  else yield* scanKeyedState(table.source, rows, options)
  if (rows.length > 0) yield rows.take()
}

/** What the interpreter reads in about the time that it takes to generate code and to have it optimized. */
const COMPILED_BYTES = 1 << 18

/** Bytes of the handles that a scan reads, which may hold other states and key groups too. */
async function keyedBytes(operator: Operator, keyGroups: readonly [number, number] | undefined): Promise<number> {
  const sources = await operator.keyedSources(keyGroups, () => {})
  return sources.reduce((sum, source) => sum + source.storedBytes, 0)
}

async function* scanKeyedState(
  state: KeyedState,
  rows: RowBuilder,
  options: ScanTableOptions,
): AsyncGenerator<ColumnBatch, void, undefined> {
  const { keyGroups, onSkip } = options
  const { operator, name, kind } = state
  const compile = options.compile ?? (await keyedBytes(operator, keyGroups)) >= COMPILED_BYTES
  const keyed = new KeyedRows(state, rows, onSkip, compile)
  const batches = operator.scan({
    wanted: (info) => info.name === name,
    ...(compile && { walkerOf: (info: KeyedStateInfo, prefixBytes: 1 | 2) => keyed.walkerOf(info, prefixBytes) }),
    ...(keyGroups && { keyGroups }),
    ...(onSkip && { onSkip }),
  })
  const isTimer = kind === 'timer'
  for await (const batch of batches) {
    // What a walker took, and only then this batch.
    if (rows.full) yield rows.take()
    if ((batch.kind === 'timers') !== isTimer) continue
    for (let i = 0; i < batch.count; ) {
      i = keyed.append(batch, i, batch.count)
      if (rows.full) yield rows.take()
    }
  }
}

async function* scanKey(
  state: KeyedState,
  rows: RowBuilder,
  { key, keyGroups, onSkip, compile = false }: ScanTableOptions,
): AsyncGenerator<ColumnBatch, void, undefined> {
  const keyed = new KeyedRows(state, rows, onSkip, compile)
  const options = { key: key!, ...(keyGroups && { keyGroups }), ...(onSkip && { onSkip }) }
  for await (const { batch, i } of state.batches(state.kind === 'timer' ? 'timers' : 'entries', options)) {
    keyed.append(batch, i, i + 1)
    if (rows.full) yield rows.take()
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
