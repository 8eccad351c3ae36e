import type { Difference, DiffSummary, EntryDifference, FieldDifference, StateSummary } from '../../diff/model.ts'
import type { Colors } from './colors.ts'
import { formatBytes, formatCount, plural } from './size.ts'
import { type Column, columnWidths, tableLine } from './table.ts'
import { printable, truncate } from './text.ts'

/** Lines of one difference, below the name of its operator. `width` may be infinite. */
export function* differenceLines(
  difference: Difference,
  sameOperator: boolean,
  width: number,
  colors: Colors,
): Generator<string> {
  if (!sameOperator) yield colors.bold(printable(difference.operator))
  const line = (color: (text: string) => string, mark: string, text: string): string =>
    color(truncate(`  ${mark} ${printable(text)}`, width))
  switch (difference.kind) {
    case 'operator-removed':
      yield line(colors.red, '-', 'the operator')
      return
    case 'operator-added':
      yield line(colors.green, '+', 'the operator')
      return
    case 'operator-changed':
      yield line(colors.yellow, '~', changeText(difference))
      return
    case 'state-removed':
      yield line(colors.red, '-', `${difference.state}  the ${difference.stateKind} state`)
      return
    case 'state-added':
      yield line(colors.green, '+', `${difference.state}  the ${difference.stateKind} state`)
      return
    case 'type-changed':
      yield line(
        colors.yellow,
        '~',
        `${difference.state}  ${difference.part}: ${difference.before} -> ${difference.after}`,
      )
      return
    case 'verdict': {
      const { state, verdict, reason } = difference
      const color = { 'as is': colors.green, migrates: colors.yellow, refused: colors.red, unknown: colors.dim }[
        verdict
      ]
      yield line(color, '=', `${state}  ${VERDICTS[verdict]}${reason === undefined ? '' : `: ${reason}`}`)
      return
    }
    case 'removed':
      yield line(colors.red, '-', `${placeText(difference)}${valueText(difference.before)}`)
      return
    case 'added':
      yield line(colors.green, '+', `${placeText(difference)}${valueText(difference.after)}`)
      return
    case 'changed': {
      const changes = changesOf(difference)
      if (changes.length === 1) {
        yield line(colors.yellow, '~', `${placeText(difference)}  ${changes[0]}`)
        return
      }
      yield line(colors.yellow, '~', placeText(difference))
      for (const change of changes) yield truncate(`      ${printable(change)}`, width)
    }
  }
}

const VERDICTS = {
  'as is': 'restores as it is',
  migrates: 'migrates when it is restored',
  refused: 'is refused by Flink',
  unknown: 'only Flink can tell',
} as const

function changeText(difference: Difference & { kind: 'operator-changed' }): string {
  const { what, before, after } = difference
  if (what === 'coordinator') return 'the state of its coordinator'
  const name = what === 'maxParallelism' ? 'max parallelism' : what
  return `${name}: ${before ?? 'none'} -> ${after ?? 'none'}`
}

function placeText({ state, timestamp, key, namespace, mapKey }: EntryDifference): string {
  const parts = [key, namespace, mapKey].filter((part) => part !== undefined).map((part) => JSON.stringify(part))
  return [state, ...(timestamp === undefined ? [] : [`at ${timestamp}`]), ...parts].join('  ')
}

function valueText(value: unknown): string {
  return value === undefined ? '' : `  ${JSON.stringify(value)}`
}

function changesOf({ fields, ttl, before, after }: EntryDifference): string[] {
  const changes = (fields ?? (before === undefined && after === undefined ? [] : [{ path: '', before, after }])).map(
    fieldText,
  )
  return ttl ? [...changes, `last access: ${JSON.stringify(ttl.before)} -> ${JSON.stringify(ttl.after)}`] : changes
}

function fieldText(field: FieldDifference): string {
  const side = (name: 'before' | 'after'): string => (name in field ? JSON.stringify(field[name]) : 'none')
  return `${field.path === '' ? '' : `${field.path}: `}${side('before')} -> ${side('after')}`
}

const COLUMNS: readonly Column[] = [
  { title: 'state' },
  { title: 'kind' },
  { title: 'before', align: 'right' },
  { title: 'after', align: 'right' },
  { title: 'bytes', align: 'right' },
  { title: 'same', align: 'right' },
  { title: 'added', align: 'right' },
  { title: 'removed', align: 'right' },
  { title: 'changed', align: 'right' },
]

/** The sums of the states that differ; with `all` those of all states. */
export function* summaryLines(
  summary: DiffSummary,
  options: { readonly all: boolean; readonly typesOnly: boolean },
  width: number,
  colors: Colors,
): Generator<string> {
  const states = summary.operators.flatMap((operator) => operator.states.map((state) => ({ ...operator, state })))
  const shown = options.all ? states : states.filter(({ state }) => state.added + state.removed + state.changed > 0)
  const rows = shown.map(({ operator, state }) => rowOf(`${operator}.${state.state}`, state))
  if (rows.length > 0) {
    const widths = columnWidths(COLUMNS, rows, width)
    const titles = COLUMNS.map((column) => column.title)
    yield colors.dim(tableLine(COLUMNS, widths, titles))
    for (const row of rows) yield tableLine(COLUMNS, widths, row)
  }
  const others = states.length - shown.length
  if (summary.equal)
    yield colors.green(options.typesOnly ? 'operators, states and types are the same' : sameText(states.length))
  else if (others > 0) yield colors.dim(`${plural(others, 'other state')} with the same entries`)
}

function sameText(states: number): string {
  return `no difference in ${plural(states, 'state')}`
}

function rowOf(name: string, state: StateSummary): string[] {
  const count = (number: number): string => (number === 0 ? '' : formatCount(number))
  const bytes =
    state.before.bytes === state.after.bytes
      ? formatBytes(state.before.bytes)
      : `${formatBytes(state.before.bytes)} -> ${formatBytes(state.after.bytes)}`
  return [
    printable(name),
    state.kind,
    formatCount(state.before.entries),
    formatCount(state.after.entries),
    bytes,
    count(state.same),
    count(state.added),
    count(state.removed),
    count(state.changed),
  ]
}
