import type { CheckedState, CheckReport } from '../../check/check.ts'
import type { Finding, FindingCode } from '../../check/findings.ts'
import type { Colors } from './colors.ts'
import { formatBytes, plural } from './size.ts'
import { printable, wrap } from './text.ts'

/** Findings of one operator beyond these are counted. */
const MOST_SHOWN = 20

/** What a check found, for people: what is wrong, what is left, what to do. */
export function* checkLines(report: CheckReport, notes: boolean, width: number, colors: Colors): Generator<string> {
  yield colors.bold(printable(report.location))
  const { files, bytes, entries, operators } = report
  yield `checked ${plural(entries, 'entry', 'entries')} of ${plural(operators.length, 'operator')} in ${plural(files, 'file')}, ${formatBytes(bytes)}`
  const wrong = report.findings.filter((finding) => finding.severity !== 'note')
  if (report.fine) {
    yield colors.green('fine: files, ranges, checksums and keys are as they should be')
  } else {
    const errors = wrong.filter((finding) => finding.severity === 'error').length
    const counts = [
      errors > 0 ? plural(errors, 'error') : '',
      wrong.length > errors ? plural(wrong.length - errors, 'warning') : '',
    ]
    yield colors.red(`${counts.filter((count) => count !== '').join(', ')}${report.more > 0 ? ' and more' : ''}`)
  }
  for (const { operator, states } of operators) {
    const found = wrong.filter((finding) => finding.operator === operator)
    if (found.length === 0) continue
    yield ''
    yield colors.bold(printable(operator))
    yield* findingLines(found, width, colors)
    yield* leftLines(states, width)
  }
  yield* noteLines(report.findings, notes, width, colors)
  yield* adviceLines(wrong, width)
}

function* findingLines(findings: readonly Finding[], width: number, colors: Colors): Generator<string> {
  for (const finding of findings.slice(0, MOST_SHOWN)) {
    const color =
      finding.severity === 'error' ? colors.red : finding.severity === 'warning' ? colors.yellow : colors.dim
    const [first, ...rest] = wrap(`${finding.severity}  ${printable(textOf(finding))}`, width - 2, 2)
    yield `  ${first!.replace(finding.severity, color(finding.severity))}`
    for (const line of rest) yield `  ${line}`
  }
  if (findings.length > MOST_SHOWN) yield `  and ${plural(findings.length - MOST_SHOWN, 'other')} (--json lists all)`
}

function textOf({ state, subtask, keyGroup, keyGroups, count, message, file }: Finding): string {
  const places = [
    state === undefined ? '' : `state ${state}`,
    subtask === undefined ? '' : `subtask ${subtask}`,
    keyGroup === undefined ? '' : `key group ${keyGroup}`,
    keyGroups === undefined ? '' : `key groups ${keyGroups[0]} to ${keyGroups[1]}`,
    count === undefined ? '' : `${count} times`,
  ].filter((place) => place !== '')
  return `${places.join(', ')}${places.length > 0 ? ': ' : ''}${message}${file === undefined ? '' : ` (${file})`}`
}

function* leftLines(states: readonly CheckedState[], width: number): Generator<string> {
  const named = (whole: boolean): string =>
    states
      .filter((state) => state.whole === whole && state.entries > 0)
      .map(({ name, entries }) => `${name} (${plural(entries, 'entry', 'entries')})`)
      .join(', ')
  for (const [title, list] of [
    ['whole', named(true)],
    ['left', named(false)],
  ] as const) {
    if (list !== '') yield* wrap(printable(`${title}: ${list}`), width - 2, 2).map((line) => `  ${line}`)
  }
}

function* noteLines(findings: readonly Finding[], all: boolean, width: number, colors: Colors): Generator<string> {
  const notes = findings.filter((finding) => finding.severity === 'note')
  if (notes.length === 0) return
  yield ''
  if (all) {
    yield 'not checked, or not sure:'
    for (const note of notes) {
      const [first, ...rest] = wrap(printable(`${note.operator}, ${textOf(note)}`), width - 2, 2)
      for (const line of [first!, ...rest]) yield `  ${colors.dim(line)}`
    }
    return
  }
  const count = (code: FindingCode): number => notes.filter((note) => note.code === code).length
  const [bytes, keys] = [count('UNKNOWN_SERIALIZER'), count('UNVERIFIED_KEYS')]
  const others = notes.length - bytes - keys
  const parts = [
    bytes > 0 ? `classes unknown to kobel in ${plural(bytes, 'place')}` : '',
    keys > 0 ? `key groups of ${plural(keys, 'operator')}, whose keys have a hash of their own` : '',
    others > 0 ? plural(others, 'other thing') : '',
  ].filter((part) => part !== '')
  yield* wrap(`not checked: ${parts.join('; ')} (--notes lists them)`, width, 2)
}

const COPY_AGAIN = 'copy the snapshot again from where Flink wrote it, and compare sizes and checksums'

/** What to do about findings; codes that are not here need nothing but care. */
const ADVICE: readonly (readonly [codes: readonly FindingCode[], text: string])[] = [
  [
    ['MISSING_FILE', 'NOT_FOUND'],
    'Files are missing: copy them from where Flink wrote them; a checkpoint needs the directories shared and taskowned beside it. If they are deleted, kobel ls finds older snapshots.',
  ],
  [['WRONG_SIZE', 'TRUNCATED'], `Files were cut or mixed up: ${COPY_AGAIN}.`],
  [['CORRUPT', 'LIMIT'], `Bytes were changed: ${COPY_AGAIN}.`],
  [
    ['WRONG_RANGE', 'OVERLAP', 'GAP', 'WRONG_OFFSET', 'WRONG_PARALLELISM'],
    'The _metadata file says what Flink does not write: if another tool made it, make it again with Flink.',
  ],
  [
    ['WRONG_KEY_GROUP'],
    'Keys lie where Flink will not look for them: the hashCode of their class has changed, or another tool wrote them. Restore a snapshot from before that.',
  ],
  [['DUPLICATE'], 'Keys stand twice, and Flink will keep one of them: another tool wrote them.'],
  [['UNSUPPORTED_VERSION'], 'Some of it is in a form that kobel does not read, and was not checked.'],
]

const READING: FindingCode[] = [
  'NOT_FOUND',
  'TRUNCATED',
  'CORRUPT',
  'LIMIT',
  'UNSUPPORTED_VERSION',
  'MISSING_FILE',
  'WRONG_SIZE',
]

function* adviceLines(wrong: readonly Finding[], width: number): Generator<string> {
  if (wrong.length === 0) return
  const codes = new Set(wrong.map((finding) => finding.code))
  const texts = ADVICE.flatMap(([about, text]) => (about.some((code) => codes.has(code)) ? [text] : []))
  if (READING.some((code) => codes.has(code))) {
    texts.push('What is left can be read: kobel read and kobel dump go on past broken parts with --salvage.')
  }
  yield ''
  yield 'What to do:'
  for (const text of texts) for (const line of wrap(`- ${text}`, width, 2)) yield line
}
