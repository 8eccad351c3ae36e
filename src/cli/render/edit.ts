import type { EditReport } from '../../edit/apply.ts'
import type { OperatorReport, StateReport } from '../../edit/stats.ts'
import { formatBytes, plural } from './size.ts'
import { printable } from './text.ts'

const LONGEST_SAMPLE = 160
const BEFORE_DIFFERENCE = 40

/** What an edit did, or would do. */
export function reportLines(report: EditReport, to: string | undefined): string[] {
  const size = `${plural(report.files, 'file')}, ${formatBytes(report.bytes)}`
  const title =
    report.directory === undefined ? `nothing was written; it would be ${size}` : `savepoint in ${to}: ${size}`
  const version = `for Flink ${flinkOf(report.metadataVersion)}`
  return [
    title,
    `  ${version}`,
    ...operatorsLines(report.operators),
    ...report.warnings.map((text) => `warning: ${text}`),
  ].map(printable)
}

function flinkOf(metadataVersion: number): string {
  if (metadataVersion >= 6) return '2.1 and later'
  return metadataVersion === 5 ? '2.0 and later' : '1.16 and later'
}

/** Operators that stay as they are share a line. */
function operatorsLines(operators: readonly OperatorReport[]): string[] {
  const lines = operators.map(operatorLines)
  const others = operators.filter((_, i) => lines[i]!.length === 1 && lines[i]![0]!.startsWith(' '))
  const shown = lines.filter((_, i) => !others.includes(operators[i]!)).flat()
  if (others.length === 0) return shown
  const sum = (of: (counts: OperatorReport['counts']) => number): number =>
    others.reduce((total, { counts }) => total + of(counts), 0)
  const counts = {
    referenced: sum((each) => each.referenced),
    files: sum((each) => each.files),
    keyGroups: sum((each) => each.keyGroups),
    entries: sum((each) => each.entries),
    bytes: 0,
  }
  const what = plural(others.length, shown.length === 0 ? 'operator' : 'other operator')
  return [...shown, `  ${what}: ${countsText(counts)}`]
}

function operatorLines(operator: OperatorReport): string[] {
  const { newId, newUid, removed, maxParallelism, parallelism, keyHash, states, counts, warnings } = operator
  if (removed) return [`- operator ${operator.operator}`]
  const [maxBefore, maxAfter] = maxParallelism
  const [before, after] = parallelism
  const changes = [
    ...(newUid !== undefined
      ? [`  uid ${newUid} (${newId ?? operator.id})`]
      : newId !== undefined
        ? [`  id ${newId}`]
        : []),
    ...(maxBefore !== maxAfter ? [`  max parallelism ${maxBefore} -> ${maxAfter}`] : []),
    ...(before !== after ? [`  parallelism ${before} -> ${after}`] : []),
    ...(keyHash === undefined ? [] : [`  hash of the keys: ${keyHash}; every key verified`]),
    ...(operator.keyDescribed ? ['  another description of the keys'] : []),
    ...states.flatMap(stateLines),
  ]
  const mark = changes.length === 0 ? ' ' : '~'
  return [
    `${mark} operator ${operator.operator}: ${countsText(counts)}`,
    ...changes,
    ...warnings.map((text) => `  warning: ${text}`),
  ]
}

function countsText({ referenced, files, keyGroups, entries }: OperatorReport['counts']): string {
  const parts = [
    referenced > 0 ? `${formatBytes(referenced)} referred to` : '',
    files > 0 && referenced === 0 ? `${plural(files, 'stream')} copied as ${files === 1 ? 'it is' : 'they are'}` : '',
    keyGroups > 0 ? `${plural(keyGroups, 'key group')} copied undecoded` : '',
    entries > 0 ? `${plural(entries, 'entry', 'entries')} read` : '',
  ].filter((part) => part !== '')
  return parts.length === 0 ? 'no state' : parts.join(', ')
}

function stateLines(state: StateReport): string[] {
  if (state.removed) return [`  - state ${state.name}`]
  const counts = [
    [state.changed, 'changed'],
    [state.deleted, 'removed'],
    [state.added, 'added'],
  ] as const
  const parts = [
    ...(state.renamed === undefined ? [] : [`renamed to ${state.renamed}`]),
    ...(state.retyped === undefined
      ? []
      : [state.retyped === 'type' ? 'another type' : 'another description of the type']),
    ...counts.filter(([count]) => count > 0).map(([count, what]) => `${plural(count, 'entry', 'entries')} ${what}`),
  ]
  const samples = state.samples
    .slice(0, 3)
    .flatMap(({ key, before, after }) => [
      `      ${cut(key)}`,
      ...(before === undefined ? [] : [`      - ${cut(before)}`]),
      ...(after === undefined ? [] : [`      + ${cut(after)}`]),
    ])
  return [`  ~ state ${state.name}: ${parts.length === 0 ? 'nothing fits' : parts.join(', ')}`, ...samples]
}

/** Long texts are shown from a little before the place where they differ. */
function cut(text: string, other = ''): string {
  if (text.length <= LONGEST_SAMPLE) return text
  let same = 0
  while (same < text.length && text[same] === other[same]) same++
  const start = same < LONGEST_SAMPLE / 2 || other === '' ? 0 : same - BEFORE_DIFFERENCE
  const end = start + LONGEST_SAMPLE
  return `${start > 0 ? '…' : ''}${text.slice(start, end)}${end < text.length ? '…' : ''}`
}
