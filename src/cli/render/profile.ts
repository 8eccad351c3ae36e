import type { FieldSummary } from '../../profile/fields.ts'
import type { LargeItem, OperatorProfile, Profile, StateProfile } from '../../profile/profile.ts'
import type { SizeSummary } from '../../profile/sizes.ts'
import type { Spread } from '../../profile/skew.ts'
import type { TimeSummary } from '../../profile/times.ts'
import type { Colors } from './colors.ts'
import { formatBytes, formatCount, plural, sparkline } from './size.ts'
import { type Column, columnWidths, tableLine } from './table.ts'
import { printable, truncate } from './text.ts'

/** What a profile looks like in a terminal. `width` may be infinite. */
export function* profileLines(profile: Profile, width: number, colors: Colors): Generator<string> {
  yield printable(profile.location)
  yield `${plural(profile.entries, 'entry', 'entries')} · ${formatBytes(profile.bytes)} in ${plural(profile.operators.length, 'operator')}`
  for (const operator of profile.operators) {
    if (operator.states.length === 0) continue
    yield ''
    yield* operatorLines(operator, width, colors)
  }
}

function* operatorLines(operator: OperatorProfile, width: number, colors: Colors): Generator<string> {
  const { parallelism, maxParallelism } = operator
  yield `${colors.bold(printable(operator.operator))}  ${colors.dim(`parallelism ${parallelism}, max ${maxParallelism}`)}`
  if (operator.spread && operator.entries > 0) {
    yield `  subtasks    ${bars(operator.subtasks.bytes)}  ${spreadText(operator.spread)}`
    const used = operator.keyGroups.entries.filter((entries) => entries > 0).length
    yield `  key groups  ${bars(operator.keyGroups.bytes)}  ${formatCount(used)} of ${formatCount(maxParallelism)} used, ${keyGroupText(operator)}`
    for (const spread of operator.whatIf) yield `  ${colors.dim(whatIfText(spread, maxParallelism))}`
  }
  if (operator.unknownHash)
    yield `  ${colors.yellow('the hash of the keys is not known: other max parallelisms cannot be told')}`
  for (const state of operator.states) {
    yield ''
    yield* stateLines(state, width, colors)
  }
}

/** At most this many bars: neighbours are added up. */
const MOST_BARS = 32

function bars(values: readonly number[]): string {
  if (values.length <= MOST_BARS) return sparkline(values)
  const sums = new Array<number>(MOST_BARS).fill(0)
  values.forEach((value, i) => {
    sums[Math.floor((i * MOST_BARS) / values.length)]! += value
  })
  return sparkline(sums)
}

function spreadText({ bytes }: Spread): string {
  return `the largest has ${ratioText(bytes.ratio)} the mean (subtask ${bytes.largestSubtask}: ${formatBytes(bytes.largest)})`
}

function whatIfText(spread: Spread, maxParallelism: number): string {
  const max = spread.maxParallelism === maxParallelism ? '' : `, max parallelism ${spread.maxParallelism}`
  return `at parallelism ${spread.parallelism}${max} the largest subtask has ${ratioText(spread.bytes.ratio)} the mean (${formatBytes(spread.bytes.largest)})`
}

function ratioText(ratio: number): string {
  return `${ratio.toFixed(ratio < 10 ? 2 : 0)} times`
}

function keyGroupText({ keyGroups }: OperatorProfile): string {
  let largest = 0
  keyGroups.bytes.forEach((bytes, i) => {
    if (bytes > keyGroups.bytes[largest]!) largest = i
  })
  return `the largest is ${largest} (${formatBytes(keyGroups.bytes[largest]!)})`
}

function* stateLines(state: StateProfile, width: number, colors: Colors): Generator<string> {
  const entries = `${formatCount(state.entries)} × ${formatBytes(state.entries === 0 ? 0 : state.bytes / state.entries)}`
  yield `  ${colors.bold(printable(state.name))}  ${colors.cyan(state.kind)}  ${formatBytes(state.bytes)} = ${entries}`
  if (state.entries === 0) return
  if (state.keys !== undefined) yield `    keys        ${formatCount(state.keys)} different`
  if (state.keyBytes) yield `    key bytes   ${sizesText(state.keyBytes, formatBytes)}`
  if (state.valueBytes) yield `    value bytes ${sizesText(state.valueBytes, formatBytes)}`
  if (state.timers) yield `    timers      ${timesText(state.timers)}`
  if (state.ttl) yield `    last access ${timesText(state.ttl)}${expiredText(state)}`
  yield* largeLines('largest keys', state.largestKeys ?? [], state, width, colors)
  yield* largeLines('largest entries', state.largestEntries ?? [], state, width, colors)
  yield* fieldLines(state.fields, width, colors)
}

function sizesText(sizes: SizeSummary, format: (size: number) => string): string {
  if (sizes.min === sizes.max) return `${format(sizes.min)} each`
  const { min, mean, p50, p99, max, histogram } = sizes
  const first = histogram[0]!.from
  const last = histogram.at(-1)!.from
  const counts: number[] = []
  for (let from = first; from <= last; from = from === 0 ? 1 : from * 2) {
    counts.push(histogram.find((each) => each.from === from)?.count ?? 0)
  }
  return `${sparkline(counts)}  ${format(min)} to ${format(max)}, mean ${format(Math.round(mean))}, half below ${format(p50)}, 99 % below ${format(p99)}`
}

function timesText(times: TimeSummary): string {
  const counts: number[] = []
  const cells = new Map(times.histogram.map(({ from, count }) => [Number(from), count]))
  const starts = [...cells.keys()]
  if (starts.length > 0) {
    for (let from = Math.min(...starts); from <= Math.max(...starts); from += times.stepMs)
      counts.push(cells.get(from) ?? 0)
  }
  const range = times.min === times.max ? timeText(times.min) : `${timeText(times.min)} to ${timeText(times.max)}`
  return counts.length > 1 ? `${sparkline(counts)}  ${range}` : range
}

/** The furthest that JavaScript's Date goes. */
const LAST_DATE = 8.64e15

function timeText(millis: string): string {
  const time = Number(millis)
  return Math.abs(time) > LAST_DATE ? millis : new Date(time).toISOString().replace('.000Z', 'Z')
}

function expiredText({ ttl }: StateProfile): string {
  if (ttl?.expired === undefined) return ''
  return `; ${formatCount(ttl.expired)} expired (${((100 * ttl.expired) / ttl.count).toFixed(1)} %)`
}

function* largeLines(
  title: string,
  items: readonly LargeItem[],
  state: StateProfile,
  width: number,
  colors: Colors,
): Generator<string> {
  // Where all are alike none is worth a line.
  if (items.length === 0 || items[0]!.bytes * state.entries <= state.bytes * 1.5) return
  yield `    ${colors.dim(title)}`
  for (const item of items) {
    const count = item.entries > 1 ? ` in ${plural(item.entries, 'entry', 'entries')}` : ''
    const key = [item.key, item.namespace, item.mapKey].filter((part) => part !== undefined).join('  ')
    yield truncate(`      ${formatBytes(item.bytes).padStart(8)}${count}  ${printable(key)}`, width)
  }
}

const FIELD_COLUMNS: readonly Column[] = [
  { title: 'field' },
  { title: 'kind' },
  { title: 'nulls', align: 'right' },
  { title: 'different', align: 'right' },
  { title: 'least' },
  { title: 'greatest' },
  { title: 'most frequent' },
]

function* fieldLines(fields: readonly FieldSummary[], width: number, colors: Colors): Generator<string> {
  const rows = fields.map((field) => [
    printable(field.path),
    field.kind,
    field.nulls === 0 ? '' : formatCount(field.nulls),
    field.distinct === undefined ? '' : formatCount(field.distinct),
    field.min === undefined ? elementsText(field) : shown(field.min, field.unit),
    field.max === undefined ? '' : shown(field.max, field.unit),
    topText(field),
  ])
  if (rows.length === 0) return
  const widths = columnWidths(FIELD_COLUMNS, rows, width - 4)
  yield `    ${colors.dim(
    tableLine(
      FIELD_COLUMNS,
      widths,
      FIELD_COLUMNS.map((column) => column.title),
    ),
  )}`
  for (const row of rows) yield `    ${tableLine(FIELD_COLUMNS, widths, row)}`
}

function elementsText({ sizes }: FieldSummary): string {
  return sizes ? `${formatCount(sizes.min)} to ${formatCount(sizes.max)} elements` : ''
}

const MOST_SHOWN = 24

function shown(value: string | number | boolean, unit?: FieldSummary['unit']): string {
  if (unit === 'milliseconds') return timeText(String(value))
  return truncate(typeof value === 'string' ? JSON.stringify(printable(value)) : String(value), MOST_SHOWN)
}

/** Only what comes more often than once, and not where all is one value. */
function topText({ top, count, distinct, unit }: FieldSummary): string {
  if (!top || distinct === 1) return ''
  return top
    .filter((each) => each.count > 1)
    .slice(0, 3)
    .map((each) => `${shown(each.value, unit)} (${Math.round((100 * each.count) / count)} %)`)
    .join(', ')
}
