import type { Command } from 'commander'
import { diffSnapshots } from '../../diff/diff.ts'
import type { Difference, DiffOptions, DiffSummary } from '../../diff/model.ts'
import { KobelError } from '../../error.ts'
import { FileSpill } from '../../store/file-writer.ts'
import { type SnapshotFlags, withSnapshot, withSnapshotOptions } from '../open.ts'
import { outputWidth, writeLines } from '../output.ts'
import { colorsFor } from '../render/colors.ts'
import { differenceLines, summaryLines } from '../render/diff.ts'
import { startProgress } from '../render/progress.ts'

interface DiffFlags extends SnapshotFlags {
  readonly operator?: readonly string[]
  readonly state?: readonly string[]
  readonly renamed?: readonly string[]
  readonly stat?: boolean
  readonly types?: boolean
  readonly ignoreTtl?: boolean
  readonly limit?: string
}

export function configure(command: Command): Command {
  return withSnapshotOptions(command)
    .argument('<before>', 'directory of a savepoint or checkpoint, its _metadata file, or a URL')
    .argument('<after>', 'the one it is compared with')
    .option('--operator <name...>', 'only these operators: uid, id or name in either')
    .option('--state <name...>', 'only states of these names')
    .option('--renamed <before=after...>', 'operators that are the same under another uid')
    .option('--types', 'compare operators, states and types only, with what Flink says of each state of both')
    .option('--ignore-ttl', 'times of last access do not count')
    .option('--stat', 'only the sums of each state')
    .option('--limit <n>', 'print at most so many differences; all are counted')
    .option('--json', 'differences as JSON lines, at last one with the sums')
    .addHelpText(
      'after',
      `
Entries are compared by key, whatever the formats, backends, parallelisms and max parallelisms of the two. The exit code
is 0 if there is no difference, and 1 if there is one.

Example:
  kobel diff ./savepoint-before ./savepoint-after --operator accounts`,
    )
    .action(diff)
}

async function diff(before: string, after: string, flags: DiffFlags): Promise<void> {
  await withSnapshot(before, flags, (old) =>
    withSnapshot(after, flags, async (young) => {
      const progress = startProgress('entries compared', process.stderr)
      const options = { ...optionsOf(flags), spill: new FileSpill(), onEntries: progress.add }
      const differences = diffSnapshots(old, young, options)
      const limit = limitOf(flags)
      const result: { summary?: DiffSummary } = {}
      const shown = limited(differences, flags.stat ? 0 : limit, result)
      const lines = flags.json ? jsonLines(shown, result) : textLines(shown, result, flags)
      await writeLines(lines).finally(progress.end)
      if (!result.summary!.equal) process.exitCode = 1
    }),
  )
}

function optionsOf(flags: DiffFlags): Omit<DiffOptions, 'spill'> {
  return {
    ...(flags.operator && { operators: flags.operator }),
    ...(flags.state && { states: flags.state }),
    ...(flags.renamed && { renamed: flags.renamed.map(pairOf) }),
    typesOnly: flags.types ?? false,
    ignoreTtl: flags.ignoreTtl ?? false,
  }
}

function pairOf(text: string): readonly [string, string] {
  const [before, after, more] = text.split('=')
  if (before && after && more === undefined) return [before, after]
  throw new KobelError('USAGE', `--renamed takes BEFORE=AFTER, two operators, found ${JSON.stringify(text)}`)
}

function limitOf({ limit }: DiffFlags): number {
  if (limit === undefined) return Number.POSITIVE_INFINITY
  if (/^\d{1,15}$/.test(limit)) return Number(limit)
  throw new KobelError('USAGE', `--limit takes a whole number, found ${JSON.stringify(limit)}`)
}

/** The first differences; the others are counted. */
async function* limited(
  differences: AsyncGenerator<Difference, DiffSummary, undefined>,
  limit: number,
  result: { summary?: DiffSummary },
): AsyncGenerator<Difference, void, undefined> {
  for (let count = 0; ; count++) {
    const { value, done } = await differences.next()
    if (done) {
      result.summary = value
      return
    }
    if (count < limit) yield value
  }
}

async function* jsonLines(
  differences: AsyncIterable<Difference>,
  result: { readonly summary?: DiffSummary },
): AsyncGenerator<string, void, undefined> {
  for await (const difference of differences) yield JSON.stringify(difference)
  yield JSON.stringify({ summary: result.summary })
}

async function* textLines(
  differences: AsyncIterable<Difference>,
  result: { readonly summary?: DiffSummary },
  flags: DiffFlags,
): AsyncGenerator<string, void, undefined> {
  const colors = colorsFor(process.stdout, process.env)
  const width = outputWidth()
  let operator: string | undefined
  for await (const difference of differences) {
    yield* differenceLines(difference, difference.operator === operator, width, colors)
    operator = difference.operator
  }
  const shown = { all: flags.stat ?? false, typesOnly: flags.types ?? false }
  if (operator !== undefined && !shown.typesOnly) yield ''
  yield* summaryLines(result.summary!, shown, width, colors)
}
