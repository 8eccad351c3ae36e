import type { ConnectorState } from '../../connectors/describe.ts'
import type { BlobDescription, OperatorDescription } from '../../snapshot/describe-operator.ts'
import type { StateDescription } from '../../snapshot/describe-state.ts'
import type { Colors } from './colors.ts'
import { connectorTexts } from './connector.ts'
import { formatBytes, formatCount, plural, sparkline } from './size.ts'
import { displayWidth, printable, wrap } from './text.ts'
import { type TreeRow, treeLines } from './tree.ts'

export function labelOf(operator: OperatorDescription): string {
  return operator.uid ?? operator.name ?? operator.id
}

/** An operator and its states. */
export function* operatorLines(
  operator: OperatorDescription & Partial<Pick<ConnectorState, 'source' | 'sink'>>,
  width: number,
  colors: Colors,
): Generator<string, void, undefined> {
  yield titleLine(operator, width, colors)
  yield* wrap(factsOf(operator).join(' · '), width - 2, 2).map((line) => colors.dim('│ ') + line)
  for (const text of connectorTexts(operator)) {
    yield* wrap(text, width - 2, 2).map((line) => colors.dim('│ ') + line)
  }
  for (const text of unreadableTexts(operator)) {
    yield* wrap(text, width - 2, 2).map((line) => colors.dim('│ ') + colors.red(line))
  }
  yield* treeLines(
    [...[...operator.states].sort(byKindAndName).map(stateRow), ...operator.blobs.map(blobRow)],
    width,
    colors,
  )
}

/** One text for all subtasks with the same reason. */
function unreadableTexts({ unreadable }: OperatorDescription): string[] {
  const reasons = new Map<string, number[]>()
  for (const { subtask, part, code, message, where } of unreadable) {
    const file = where.file === undefined ? '' : `, ${printable(where.file)}`
    const reason = `${part} state: ${printable(message)} (${code}${file})`
    reasons.set(reason, [...(reasons.get(reason) ?? []), subtask])
  }
  return [...reasons].map(([reason, subtasks]) => {
    const named = `${subtasks.slice(0, 12).join(', ')}${subtasks.length > 12 ? ', …' : ''}`
    return `unreadable in ${subtasks.length === 1 ? 'subtask' : 'subtasks'} ${named}: ${reason}`
  })
}

/** `kobel read` takes timers by the shorter name too. Names that end with spaces, or have nothing else, are quoted. */
function nameOf({ name, timer }: StateDescription): string {
  if (name.trim() !== name || name === '') return printable(JSON.stringify(name))
  return printable(timer ? name.replace(/^_timer_state\//, '') : name)
}

/** Timers last; else by name: the stored order is that of a hash map for some backends. */
function byKindAndName(a: StateDescription, b: StateDescription): number {
  const timers = Number(a.timer !== undefined) - Number(b.timer !== undefined)
  return timers !== 0 ? timers : a.name < b.name ? -1 : Number(a.name > b.name)
}

function titleLine(operator: OperatorDescription, width: number, colors: Colors): string {
  const label = printable(labelOf(operator))
  const { uid, name, id } = operator
  const others = [...(uid !== undefined && name !== undefined && name !== uid ? [printable(name)] : [])]
  if (uid !== undefined || name !== undefined) others.push(id)
  const kept = others.filter((_, i) => displayWidth([label, ...others.slice(0, i + 1)].join('  ')) <= width)
  return [colors.bold(label), ...kept.map(colors.dim)].join('  ')
}

function factsOf(operator: OperatorDescription): string[] {
  const { bytes, finishedSubtasks, keyMarks, keyText } = operator
  return [
    `parallelism ${operator.parallelism}, max ${operator.maxParallelism}`,
    ...(keyText === undefined ? [] : [`key ${keyMarks.map(({ mark }) => `[${mark}] `).join('')}${printable(keyText)}`]),
    bytesText(operator),
    ...(operator.fullyFinished ? ['finished'] : []),
    ...(!operator.fullyFinished && finishedSubtasks.length > 0
      ? [`${plural(finishedSubtasks.length, 'subtask')} finished`]
      : []),
    ...(bytes.total > 0 ? skewOf(operator) : []),
  ]
}

function bytesText({ bytes }: OperatorDescription): string {
  const parts = Object.entries(bytes).filter(([part]) => part !== 'total')
  const list = parts.length < 2 ? '' : ` (${parts.map(([part, size]) => `${part} ${formatBytes(size)}`).join(', ')})`
  return formatBytes(bytes.total) + list
}

/** More subtasks get no bars of their own. */
const MOST_BARS = 32

function skewOf({ subtaskBytes }: OperatorDescription): string[] {
  if (subtaskBytes.length < 2) return []
  const least = formatBytes(subtaskBytes.reduce((a, b) => Math.min(a, b)))
  const most = formatBytes(subtaskBytes.reduce((a, b) => Math.max(a, b)))
  const range = least === most ? least : `${least} to ${most}`
  const bars = subtaskBytes.length > MOST_BARS ? '' : `${sparkline(subtaskBytes)} `
  return [`subtasks ${bars}${range}`]
}

const KINDS: Readonly<Partial<Record<StateDescription['kind'], string>>> = {
  'operator-list': 'list',
  'operator-union': 'union',
}

function stateRow(state: StateDescription): TreeRow {
  const { counts, elements, bytes } = state
  const number = counts ? formatCount(counts.entries) : elements !== undefined ? formatCount(elements) : ''
  const size = counts ? formatBytes(counts.keyBytes + counts.valueBytes) : bytes !== undefined ? formatBytes(bytes) : ''
  const perNamespace = state.namespaceText === undefined || state.timer ? '' : `, per ${printable(state.namespaceText)}`
  return {
    name: nameOf(state),
    kind: `${KINDS[state.kind] ?? state.kind}${state.ttl ? ' ttl' : ''}`,
    numbers: [number === '' ? '' : `× ${number}`, size],
    marks: state.marks.map(({ mark }) => mark),
    text: printable(state.text) + perNamespace,
    notes: (state.differences ?? []).map(({ text, subtasks }) => `${plural(subtasks, 'subtask')}: ${printable(text)}`),
  }
}

const PARTS: Readonly<Record<BlobDescription['part'], string>> = {
  coordinator: 'state of the coordinator',
  'raw-keyed': 'bytes of the operator’s own form',
  'raw-operator': 'bytes of the operator’s own form',
  'input-channel': 'records in flight',
  'result-subpartition': 'records in flight',
}

function blobRow({ part, count, bytes }: BlobDescription): TreeRow {
  return {
    name: `(${part})`,
    kind: 'bytes',
    numbers: [`× ${formatCount(count)}`, formatBytes(bytes)],
    marks: [],
    text: PARTS[part],
    notes: [],
  }
}
