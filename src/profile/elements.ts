import { Reader } from '../bytes/reader.ts'
import { partAppender } from '../query/append.ts'
import type { StateTable } from '../query/table.ts'
import { columnLike, truncateColumn } from '../serializer/columns.ts'
import type { OperatorState } from '../snapshot/operator-state.ts'
import { profilerOf } from './fields.ts'
import type { ProfileOptions, StateProfile } from './profile.ts'
import { Sizes } from './sizes.ts'

const ROWS = 2048

/** Gathers what an operator state holds, element by element. */
export async function profileElements(table: StateTable, options: ProfileOptions): Promise<StateProfile> {
  const state = table.source as OperatorState
  const sizes = new Sizes()
  const observed = table.columns
    .filter(({ name }) => name !== 'subtask')
    .map(({ name, shape }) => ({ name, column: columnLike(shape), profiler: profilerOf(name, shape) }))
  let rows = 0
  let bytes = 0
  const look = (): void => {
    for (const { column, profiler } of observed) {
      profiler.observe(column)
      truncateColumn(column, 0)
    }
    rows = 0
  }
  for await (const { batch, value, mapKey } of state.batchesWithLayouts(
    options.onSkip ? { onSkip: options.onSkip } : {},
  )) {
    const reader = new Reader(batch.buffer)
    const steps = observed.map(({ name, column }) => {
      const layout = name === 'map_key' ? mapKey! : value
      return {
        append: partAppender(layout, { column, selection: true }),
        pairs: name === 'map_key' ? batch.mapKeys : batch.values,
      }
    })
    for (let i = 0; i < batch.count; i++) {
      const done = state.decode(batch, options.onSkip, () => {
        for (const { append, pairs } of steps) append(reader, pairs[2 * i]!, pairs[2 * i + 1]!)
        return true
      })
      if (!done) {
        for (const { column } of observed) truncateColumn(column, rows)
        continue
      }
      const size = steps.reduce((sum, { pairs }) => sum + pairs[2 * i + 1]! - pairs[2 * i]!, 0)
      sizes.add(size)
      bytes += size
      if (++rows === ROWS) look()
    }
    options.onEntries?.(batch.count)
  }
  look()
  const valueBytes = sizes.summary()
  const fields = observed.flatMap(({ profiler }) => profiler.fields())
  return { name: state.name, kind: state.kind, entries: valueBytes.count, bytes, valueBytes, fields }
}
