import { extname } from 'node:path'
import type { Command } from 'commander'
import { KobelError } from '../../error.ts'
import { EXPORT_FORMATS, type ExportedFile, type ExportFormat, exportTables } from '../../query/export/export.ts'
import { noSuch } from '../../snapshot/names.ts'
import { type SnapshotFlags, withSnapshot, withSnapshotOptions } from '../open.ts'
import { writeLines } from '../output.ts'
import { startProgress } from '../render/progress.ts'
import { formatBytes, formatCount } from '../render/size.ts'
import { printable } from '../render/text.ts'

interface ExportFlags extends SnapshotFlags {
  readonly to: string
  readonly format?: string
  readonly partitionBy?: readonly string[]
  readonly overwrite?: boolean
  readonly memory?: string
}

export function configure(command: Command): Command {
  return withSnapshotOptions(command)
    .argument('<path>', 'directory of a savepoint or checkpoint, its _metadata file, or a URL')
    .argument('[operator]', 'uid, id or name; all operators where it is left out')
    .argument('[state]', 'one state; all of the operator where it is left out')
    .requiredOption('--to <path>', 'a file for one state, a directory for several')
    .option('--format <format>', 'parquet, arrow (IPC file), csv or jsonl; the ending of the file says it too')
    .option('--partition-by <what...>', 'key-groups N: N files for each state, by ranges of key groups')
    .option('--overwrite', 'replaces files that are there')
    .option('--memory <limit>', 'what DuckDB holds in memory before it writes to disk (200MB)')
    .option('--json', 'a JSON line for each file, and errors as JSON')
    .addHelpText(
      'after',
      `
Example:
  kobel export ./savepoint-4f2a accounts balance --to balance.parquet
  kobel export ./savepoint-4f2a --to ./tables --format parquet --partition-by key-groups 8`,
    )
    .action(run)
}

async function run(
  path: string,
  operator: string | undefined,
  state: string | undefined,
  flags: ExportFlags,
): Promise<void> {
  const format = formatOf(flags)
  const partitions = flags.partitionBy && partitionsOf(flags.partitionBy)
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(flags.to)) {
    throw new KobelError('USAGE', '--to takes a path of this machine: export there, and copy the files', {
      file: flags.to,
    })
  }
  await withSnapshot(path, flags, async (snapshot) => {
    for (const each of snapshot.operators) await each.load()
    const progress = startProgress('rows exported', process.stderr)
    const files = exportTables(snapshot, {
      to: flags.to,
      format,
      ...(operator !== undefined && { operator: snapshot.operator(operator).id }),
      ...(state !== undefined && { state }),
      ...(partitions !== undefined && { partitions }),
      ...(flags.overwrite && { overwrite: true }),
      ...(flags.memory !== undefined && { memoryLimit: flags.memory }),
      onRows: progress.add,
    })
    await writeLines(linesOf(files, flags.json ?? false, progress.end)).finally(progress.end)
  })
}

async function* linesOf(
  files: AsyncIterable<ExportedFile>,
  json: boolean,
  endProgress: () => void,
): AsyncGenerator<string, void, undefined> {
  for await (const file of files) {
    endProgress()
    if (json) yield JSON.stringify(file)
    else {
      const rows = `${formatCount(file.rows)} row${file.rows === 1 ? '' : 's'}`
      yield printable(`${file.operator}.${file.state}: ${rows}, ${formatBytes(file.bytes)} in ${file.path}`)
    }
  }
}

const ENDINGS: Readonly<Record<string, ExportFormat>> = {
  '.parquet': 'parquet',
  '.arrow': 'arrow',
  '.csv': 'csv',
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
}

function formatOf({ format, to }: ExportFlags): ExportFormat {
  const found = format ?? ENDINGS[extname(to)]
  if (found === undefined) {
    throw new KobelError('USAGE', `--format is needed: one of ${EXPORT_FORMATS.join(', ')}`)
  }
  const known = EXPORT_FORMATS.find((each) => each === found)
  if (known === undefined) throw new KobelError('USAGE', noSuch('format', found, EXPORT_FORMATS).message)
  return known
}

function partitionsOf(words: readonly string[]): number {
  const [what, count] = words
  if (what === 'key-groups' && words.length === 2 && /^[1-9]\d{0,4}$/.test(count ?? '')) return Number(count)
  throw new KobelError(
    'USAGE',
    `--partition-by takes key-groups and a number; found ${JSON.stringify(words.join(' '))}`,
  )
}
