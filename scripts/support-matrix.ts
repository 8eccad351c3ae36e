/**
 * The support matrix of docs/support-matrix.md, from what was compared with real Flink.
 *
 *     node build/scripts/support-matrix.js compare [DIRECTORY …]   compares fixtures/ (and more) and writes the dated result
 *     node build/scripts/support-matrix.js print                   writes the page from the result
 */
import { writeFile } from 'node:fs/promises'
import { relative } from 'node:path'
import { type FieldDescriptions, KobelError } from '../src/node/index.ts'
import { compareFile, type Expected, expectedFiles, readJson } from './compare.ts'
import { type KnownGap, readGaps, withoutGaps } from './known-gaps.ts'

const RESULT = 'conformance/compared-fixtures.json'
/** What `conformance/run.sh full` found: everything made afresh, outside the repository. */
const FULL_RUN = 'conformance/results.json'
/** What `conformance/run.sh write` and `edit` found. */
const PROOF = 'conformance/proof.json'
const PAGE = 'docs/support-matrix.md'

/** One snapshot that was compared. */
interface ResultRow {
  readonly flink: string
  readonly backend: string
  readonly format: string
  readonly job: string
  readonly name: string
  readonly entries: number
  /** Differences that no known gap explains. */
  readonly differences: number
  /** Reasons of known gaps that showed. */
  readonly gaps: readonly string[]
}

/** One type of value, as Flink prints it, in a Flink version. */
interface TypeRow {
  readonly flink: string
  readonly type: string
  readonly entries: number
  readonly equal: boolean
}

interface Result {
  readonly date: string
  readonly node: string
  readonly snapshots: readonly ResultRow[]
  readonly types: readonly TypeRow[]
}

async function compareAll(directories: readonly string[]): Promise<Result> {
  const gaps = await readGaps('conformance/known-gaps.txt')
  const fields = await readJson<FieldDescriptions>('conformance/fields.json')
  const snapshots: ResultRow[] = []
  const types = new Map<string, TypeRow>()
  for (const directory of directories) {
    for (const file of await expectedFiles(directory)) {
      const expected = await readJson<Expected>(file)
      const { row, differing } = await compareOne(file, relative(directory, file), expected, fields, gaps)
      snapshots.push(row)
      for (const operator of expected.operators) {
        for (const state of operator.keyedStates ?? []) {
          const equal = !differing.has('') && !differing.has(`${operator.uid ?? operator.operatorId}/${state.name}`)
          for (const type of [state.valueType, state.mapKeyType, state.mapValueType, operator.keyType]) {
            if (type !== undefined) addType(types, expected.flinkVersion, type, state.entries.length, equal)
          }
        }
      }
    }
  }
  const date = new Date().toISOString().slice(0, 10)
  return {
    date,
    node: process.versions.node,
    snapshots,
    types: [...types.values()].sort((a, b) => compareText(a.type + a.flink, b.type + b.flink)),
  }
}

/** The states (`operator/state`) that differ; `''` where the whole snapshot could not be read. */
async function compareOne(
  file: string,
  name: string,
  expected: Expected,
  fields: FieldDescriptions,
  gaps: readonly KnownGap[],
): Promise<{ row: ResultRow; differing: Set<string> }> {
  let differences: string[]
  let entries = 0
  const differing = new Set<string>()
  try {
    const outcome = await compareFile(file, { fields })
    differences = outcome.differences
    entries = outcome.compared
    for (const difference of differences) differing.add(difference.slice(0, difference.indexOf(':')))
  } catch (error) {
    if (!(error instanceof KobelError)) throw error
    differences = [`${error.code} ${error.describe()}`]
    differing.add('')
  }
  const { flinkVersion: flink, backend, format, job } = expected
  const row: ResultRow = {
    flink,
    backend,
    format: `${format}${expected.compression ? ' compressed' : ''}`,
    job,
    name: name.replace(/\/expected.*$/, ''),
    entries,
    differences: withoutGaps(gaps, name, differences).length,
    gaps: gaps
      .filter((gap) => gap.file.test(name) && differences.some((each) => gap.difference.test(each)))
      .map((gap) => gap.reason),
  }
  return { row, differing }
}

function addType(types: Map<string, TypeRow>, flink: string, type: string, entries: number, equal: boolean): void {
  const key = `${type}\n${flink}`
  const known = types.get(key) ?? { flink, type, entries: 0, equal: true }
  types.set(key, { flink, type, entries: known.entries + entries, equal: known.equal && equal })
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function compareVersions(a: string, b: string): number {
  const [x, y] = [a.split('.').map(Number), b.split('.').map(Number)]
  return y[0]! - x[0]! || y[1]! - x[1]! || y[2]! - x[2]!
}

interface FullRun {
  readonly date: string
  readonly rows: readonly {
    readonly version: string
    readonly entriesCompared: number | null
    readonly differences: readonly unknown[] | number | null
    readonly verifiedByFlink: boolean
  }[]
}

/** What real Flink did with one savepoint that kobel wrote or edited. */
interface ProofRow {
  readonly version: string
  readonly proof: 'write' | 'edit'
  readonly what: string
  readonly check: string
  readonly ok: boolean
}

interface Proof {
  readonly date: string
  readonly rows: readonly ProofRow[]
}

/** A row for each thing that was written or edited, a cell for each version: how many of the checks passed. */
function proofTable(proof: Proof, of: ProofRow['proof']): string {
  const own = proof.rows.filter((row) => row.proof === of)
  const versions = [...new Set(own.map((row) => row.version))].sort(compareVersions)
  const cell = (what: string, version: string): string => {
    const rows = own.filter((row) => row.what === what && row.version === version)
    const passed = rows.filter((row) => row.ok).length
    if (rows.length === 0) return '–'
    return passed === rows.length ? String(passed) : `🔴 ${passed} of ${rows.length}`
  }
  const names = [...new Set(own.map((row) => row.what))]
  return table(
    [of === 'write' ? 'written' : 'edited', ...versions],
    names.map((what) => [what, ...versions.map((version) => cell(what, version))]),
  )
}

function fullRows(full: FullRun): string[][] {
  const versions = [...new Set(full.rows.map((row) => row.version))].sort(compareVersions)
  return versions.map((version) => {
    const rows = full.rows.filter((row) => row.version === version)
    const entries = rows.reduce((sum, row) => sum + (row.entriesCompared ?? 0), 0)
    const differences = rows.reduce(
      (sum, row) => sum + (Array.isArray(row.differences) ? row.differences.length : 0),
      0,
    )
    const restored = rows.filter((row) => row.verifiedByFlink).length
    return [
      version,
      String(rows.length),
      String(entries),
      differences > 0 ? `🔴 ${differences}` : '0',
      `${restored} of ${rows.length}`,
    ]
  })
}

/** The page: formats and types by Flink version. Every mark is the outcome of a comparison, never typed in. */
export function pageOf(result: Result, full: FullRun, proof: Proof): string {
  const versions = [...new Set(result.snapshots.map((row) => row.flink))].sort(compareVersions)
  const total = result.snapshots.reduce((sum, row) => sum + row.entries, 0)
  return `# Support matrix

Printed by \`node build/scripts/support-matrix.js print\` from [\`conformance/compared-fixtures.json\`](../conformance/compared-fixtures.json), the
outcome of comparing ${total.toLocaleString('en')} entries of ${result.snapshots.length} snapshots on ${result.date} with Node ${result.node}. The snapshots were written by
real Flink; what they hold was known to the jobs that wrote them ([conformance](../conformance/README.md)). A number is
the entries compared, all equal; 🔴 counts differences; a letter refers to a known gap below; – was not tried.

## Reading, by backend and format

${table(['backend', 'format', ...versions], formatRows(result, versions))}

## Reading, by type

Types as Flink prints them, of values, elements, map keys and values, and keys.

${table(['type', ...versions], typeRows(result, versions))}

## The full run

What the steps of \`conformance/run.sh full\`, run one by one, found on ${full.date}: the fixtures, and families of formats made
afresh by real Flink, read by kobel, and restored by real Flink as far as those steps came ([\`conformance/results.json\`](../conformance/results.json)).

${table(['Flink', 'snapshots', 'entries', 'differences', 'restored by Flink'], fullRows(full))}

## Known gaps

${gapLines(result).join('\n')}

## Writing

What [\`conformance/run.sh write\`](../conformance/README.md#proof) found on ${proof.date}: jobs say from their own model what they hold after
a first phase, kobel writes the savepoint, real Flink restores it, and goes on: all states, timers and windows are compared with
those of a job without interruption. The ledger is restored into HashMap and RocksDB at parallelism 1, 2 and 5 (ledger-128 by
1.20.3 in part), the others at their own parallelism. Of ledger-128 also: the State Processor API reads the same, claiming and disposing
leave nothing behind. A number is the checks passed, all of them. ForSt restores no canonical savepoint.

${proofTable(proof, 'write')}

\`ledger\`: every kind of state with and without TTL, timers, windows, operator and broadcast state, eight types of keys, at a
max parallelism of 128, 300 and 32768, types described by name; \`ledger-snapshots\`: the same, types given by their snapshots.
\`kinds\`: sixteen types of keys. \`types\`: the types of values above.

## Editing

What \`conformance/run.sh edit\` found: real Flink makes a savepoint, kobel edits it, and the job goes on with what the edit
says. \`rescale JOB-FROM-TO\`: another max parallelism, keys of all types whose hash is known or learned.

${proofTable(proof, 'edit')}
`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function gapReasons(result: Result): string[] {
  return [...new Set(result.snapshots.flatMap((row) => row.gaps))].sort(compareText)
}

function gapLines(result: Result): string[] {
  return gapReasons(result).map((reason, i) => `- **${letter(i)}**: ${reason}`)
}

function letter(i: number): string {
  return String.fromCharCode(97 + i)
}

function formatRows(result: Result, versions: readonly string[]): string[][] {
  const reasons = gapReasons(result)
  const kinds = [...new Set(result.snapshots.map((row) => `${row.backend} | ${row.format}`))].sort(compareText)
  return kinds.map((kind) => [
    ...kind.split(' | '),
    ...versions.map((version) => {
      const rows = result.snapshots.filter((row) => row.flink === version && `${row.backend} | ${row.format}` === kind)
      if (rows.length === 0) return '–'
      const differences = rows.reduce((sum, row) => sum + row.differences, 0)
      const gaps = [...new Set(rows.flatMap((row) => row.gaps))].map((reason) => letter(reasons.indexOf(reason))).sort()
      const entries = rows.reduce((sum, row) => sum + row.entries, 0)
      return differences > 0 ? `🔴 ${differences}` : `${entries}${gaps.length > 0 ? ` (${gaps.join(', ')})` : ''}`
    }),
  ])
}

function typeRows(result: Result, versions: readonly string[]): string[][] {
  const types = [...new Set(result.types.map((row) => row.type))].sort(compareText)
  return types.map((type) => [
    `\`${type.replaceAll('|', '\\|').replace(/kobel\.conformance\.types\./g, '')}\``,
    ...versions.map((version) => {
      const row = result.types.find((each) => each.type === type && each.flink === version)
      return row === undefined ? '–' : row.equal ? String(row.entries) : '🔴'
    }),
  ])
}

async function main(): Promise<void> {
  const [verb, ...directories] = process.argv.slice(2)
  if (verb === 'compare') {
    const result = await compareAll(['fixtures', ...directories])
    await writeFile(RESULT, `${JSON.stringify(result, null, 1)}\n`)
    await writeFile(PAGE, pageOf(result, await readJson<FullRun>(FULL_RUN), await readJson<Proof>(PROOF)))
    const failed = result.snapshots.filter((row) => row.differences > 0)
    for (const row of failed) console.log(`not ok ${row.flink} ${row.name}: ${row.differences} differences`)
    console.log(`${result.snapshots.length - failed.length} passed, ${failed.length} failed`)
    process.exitCode = failed.length > 0 ? 1 : 0
  } else if (verb === 'print') {
    await writeFile(
      PAGE,
      pageOf(await readJson<Result>(RESULT), await readJson<FullRun>(FULL_RUN), await readJson<Proof>(PROOF)),
    )
  } else {
    console.error('usage: support-matrix compare [DIRECTORY …] | print')
    process.exitCode = 2
  }
}

if (process.argv[1]?.endsWith('support-matrix.js')) await main()
