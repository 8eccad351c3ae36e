/**
 * Compares what kobel reads with what real Flink's jobs are known to have written:
 *
 *     node build/scripts/compare-fixtures.js DIRECTORY [--only REGEXP] [--leave-out REGEXP] [--fields FILE] [--gaps FILE] [--show N] [--json FILE]
 *
 * finds every `expected*.json` (or `.json.gz`) below DIRECTORY, dumps the snapshot it names, and compares keyed states,
 * timers and operator states, entry by entry. `--leave-out` names states (`operator/state`) that are not compared; how
 * many entries that were is printed. `--gaps` names a file of known gaps: a gap that no longer shows is a failure too.
 * `--json` writes for each file what was compared, which differences there are and which known gaps show.
 * Ends with `N passed, N failed`; exit code 1 when one differs, or nothing was compared.
 */
import { writeFile } from 'node:fs/promises'
import { relative, resolve } from 'node:path'
import { type FieldDescriptions, KobelError } from '../src/node/index.ts'
import { compareFile, expectedFiles, readJson } from './compare.ts'
import { type KnownGap, readGaps, withoutGaps } from './known-gaps.ts'

interface Settings {
  readonly fields: FieldDescriptions | undefined
  readonly leaveOut: RegExp | undefined
}

interface Counts {
  failed: number
  compared: number
  leftOut: number
  gaps: number
}

/** What came out for one expected file, as `--json` writes it. */
interface FileResult {
  readonly path: string
  readonly compared: number
  readonly differences: readonly string[]
  /** The differences that a known gap accounts for. */
  readonly gaps: readonly string[]
}

async function problemsOf(file: string, settings: Settings, counts: Counts): Promise<string[]> {
  try {
    const outcome = await compareFile(file, settings)
    counts.compared += outcome.compared
    counts.leftOut += outcome.leftOut
    return outcome.differences
  } catch (error) {
    return [error instanceof KobelError ? `${error.code} ${error.describe()}` : String((error as Error).stack)]
  }
}

async function main(): Promise<void> {
  const [directory, ...rest] = process.argv.slice(2)
  if (directory === undefined) {
    console.error(
      'usage: compare-fixtures DIRECTORY [--only REGEXP] [--leave-out REGEXP] [--fields FILE] [--gaps FILE] [--show N] [--json FILE]',
    )
    process.exit(2)
  }
  const option = (name: string): string | undefined => (rest.includes(name) ? rest[rest.indexOf(name) + 1] : undefined)
  const pattern = (text: string | undefined): RegExp | undefined => (text === undefined ? undefined : new RegExp(text))
  const root = resolve(directory)
  const [only, fieldsFile, gapsFile] = [pattern(option('--only')), option('--fields'), option('--gaps')]
  const settings: Settings = {
    fields: fieldsFile ? await readJson<FieldDescriptions>(fieldsFile) : undefined,
    leaveOut: pattern(option('--leave-out')),
  }
  const gaps: readonly KnownGap[] = gapsFile ? await readGaps(gapsFile) : []
  const all = await expectedFiles(root)
  const files = all.filter((file) => only === undefined || only.test(relative(root, file)))
  const counts: Counts = { failed: 0, compared: 0, leftOut: 0, gaps: 0 }
  const results: FileResult[] = []
  for (const file of files) {
    const name = relative(root, file)
    const comparedBefore = counts.compared
    const problems = await problemsOf(file, settings, counts)
    const unexpected = withoutGaps(gaps, name, problems)
    if (unexpected.length < problems.length) counts.gaps++
    const gapsShown = problems.filter((problem) => !unexpected.includes(problem))
    results.push({
      path: name,
      compared: counts.compared - comparedBefore,
      differences: unexpected,
      gaps: gapsShown,
    })
    if (unexpected.length === 0) continue
    counts.failed++
    console.log(`not ok ${name}: ${unexpected.length} differences`)
    for (const problem of unexpected.slice(0, Number(option('--show') ?? 3))) console.log(`    ${problem}`)
  }
  const jsonFile = option('--json')
  if (jsonFile) await writeFile(jsonFile, `${JSON.stringify(results, null, 2)}\n`)
  console.log(
    `${files.length} of ${all.length} expected files, ${counts.compared} entries compared, ${counts.leftOut} entries left out, ${counts.gaps} files with a known gap`,
  )
  console.log(`${files.length - counts.failed} passed, ${counts.failed} failed`)
  process.exitCode = counts.failed > 0 || counts.compared === 0 ? 1 : 0
}

await main()
