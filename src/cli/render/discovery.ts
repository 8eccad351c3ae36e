import type { Discovery, FoundJob, FoundSnapshot } from '../../snapshot/discover.ts'
import { nameOf, parentOf } from '../../store/store.ts'
import type { Colors } from './colors.ts'
import { formatBytes, plural } from './size.ts'
import { type Column, columnWidths, tableLine } from './table.ts'
import { printable } from './text.ts'

const COLUMNS: readonly Column[] = [
  { title: 'name' },
  { title: 'kind' },
  { title: 'written' },
  { title: 'operators', align: 'right' },
  { title: 'state', align: 'right' },
  { title: 'shared', align: 'right' },
  { title: 'own', align: 'right' },
  { title: '' },
]

/** What was found, by directory: checkpoints of a job together, the newest first. */
export function* discoveryLines(
  { location, snapshots, jobs, unseen }: Discovery,
  shortPath: (location: string) => string,
  now: number,
  width: number,
  colors: Colors,
): Generator<string> {
  if (snapshots.length === 0) yield `no snapshots below ${printable(shortPath(location))}`
  const groups = new Map<string, FoundSnapshot[]>()
  for (const snapshot of snapshots) {
    const directory = parentOf(snapshot.location)
    groups.set(directory, [...(groups.get(directory) ?? []), snapshot])
  }
  const rows = snapshots.map((snapshot) => rowOf(snapshot, now))
  const widths = columnWidths(COLUMNS, rows, width)
  let first = true
  for (const [directory, members] of groups) {
    if (!first) yield ''
    yield colors.bold(printable(shortPath(directory)))
    if (first)
      yield colors.dim(
        tableLine(
          COLUMNS,
          widths,
          COLUMNS.map((column) => column.title),
        ),
      )
    first = false
    for (const snapshot of members) {
      const line = tableLine(COLUMNS, widths, rowOf(snapshot, now))
      yield snapshot.complete && snapshot.problem === undefined ? line : colors.yellow(line)
    }
    const job = jobs.find((each) => each.location === directory)
    if (job && job.files > 0) yield colors.dim(jobLine(job))
  }
  if (unseen > 0) {
    yield ''
    yield `${plural(unseen, 'directory', 'directories')} were not looked into: they lie deeper (--depth) or are too many`
  }
}

function jobLine({ files, bytes, unreferencedBytes }: FoundJob): string {
  const left = unreferencedBytes > 0 ? `, ${formatBytes(unreferencedBytes)} of them in no snapshot here` : ''
  return `shared and taskowned: ${plural(files, 'file')}, ${formatBytes(bytes)}${left}`
}

function rowOf(snapshot: FoundSnapshot, now: number): string[] {
  const { location, kind, modified, operators, stateBytes, sharedBytes, ownBytes, metadataBytes } = snapshot
  return [
    printable(nameOf(location)),
    kind === 'unknown' ? '' : kind,
    modified === undefined ? '' : ageText(now - modified),
    operators === undefined ? '' : String(operators),
    stateBytes === undefined ? '' : formatBytes(stateBytes),
    sharedBytes === undefined || sharedBytes === 0 ? '' : formatBytes(sharedBytes),
    formatBytes(ownBytes + metadataBytes),
    remark(snapshot),
  ]
}

function remark({ complete, problem }: FoundSnapshot): string {
  if (!complete) return 'not complete: no _metadata'
  return problem === undefined ? '' : `not readable: ${printable(problem)}`
}

const UNITS: readonly (readonly [seconds: number, name: string])[] = [
  [365 * 86400, 'year'],
  [30 * 86400, 'month'],
  [86400, 'day'],
  [3600, 'hour'],
  [60, 'minute'],
]

/** `3 days ago` */
export function ageText(millis: number): string {
  const seconds = Math.max(0, millis / 1000)
  const unit = UNITS.find(([length]) => seconds >= length)
  return unit ? `${plural(Math.floor(seconds / unit[0]), unit[1])} ago` : 'just now'
}
