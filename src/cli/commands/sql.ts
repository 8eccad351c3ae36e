import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { KobelError } from '../../error.ts'
import { type Database, openDatabase, type QueryResult } from '../../query/duckdb/index.ts'
import { noSuch } from '../../snapshot/names.ts'
import { outputWidth, writeLines } from '../output.ts'
import { colorsFor } from '../render/colors.ts'
import { startProgress } from '../render/progress.ts'
import { sqlCsvLines, sqlJsonLines, sqlTableLines } from '../sql/rows.ts'
import { openSources, type SourceFlags, withSources } from '../sql/sources.ts'

interface SqlFlags extends SourceFlags {
  readonly file?: string
  readonly format?: string
  readonly allowFiles?: boolean
  readonly memory?: string
}

const FORMATS: readonly string[] = ['table', 'jsonl', 'csv']

export function configure(command: Command): Command {
  return withSources(command)
    .argument('<path>', 'directory of a savepoint or checkpoint, its _metadata file, or a URL')
    .argument('[statement]', 'SQL of DuckDB; without one, a prompt on a terminal, else what stdin says')
    .option('--file <file>', 'reads the statements from a file')
    .option('--format <format>', 'table (on a terminal), jsonl (in a pipe) or csv')
    .option('--json', 'JSON lines, and errors as JSON')
    .option('--allow-files', 'statements may read and write files: COPY … TO, read_parquet and the like')
    .option('--memory <limit>', 'what DuckDB holds in memory before it writes to disk (200MB)')
    .addHelpText(
      'after',
      `
Each state is a table: operator.state, with the columns key, namespace, map_key, value, ttl_timestamp,
key_group and subtask as they apply. kobel.operators, kobel.states, kobel.files and kobel.key_groups
describe the snapshot.

Example:
  kobel sql ./savepoint-4f2a 'SELECT key, value.amount FROM accounts.balance WHERE value.amount < 0'
  kobel sql ./savepoint-4f2a --attach before=./savepoint-1c07 \\
    'SELECT key FROM accounts.balance ANTI JOIN before.accounts.balance b USING (key)'`,
    )
    .action(sql)
}

async function sql(path: string, statement: string | undefined, flags: SqlFlags): Promise<void> {
  const format = formatOf(flags)
  const isPrompt = statement === undefined && flags.file === undefined && process.stdin.isTTY === true
  const text = isPrompt ? undefined : statementOf(statement, flags)
  await openSources(path, flags, async (source) => {
    const database = await openDatabase(source, {
      allowFiles: flags.allowFiles ?? false,
      ...(flags.memory !== undefined && { memoryLimit: flags.memory }),
    })
    try {
      if (text === undefined) {
        const { prompt } = await import('../sql/prompt.ts')
        await prompt(database, (wanted, signal) => print(database, wanted, format, signal))
      } else await print(database, text, format)
    } finally {
      await database.close()
    }
  })
}

function statementOf(statement: string | undefined, { file }: SqlFlags): string {
  if (statement !== undefined && file !== undefined) {
    throw new KobelError('USAGE', 'a statement and --file cannot be given together')
  }
  try {
    return statement ?? readFileSync(file ?? 0, 'utf8')
  } catch (error) {
    throw new KobelError('USAGE', `the statements could not be read: ${(error as Error).message}`, { file })
  }
}

function formatOf({ format, json }: SqlFlags): string {
  if (format === undefined) return json || !process.stdout.isTTY ? 'jsonl' : 'table'
  if (!FORMATS.includes(format)) throw new KobelError('USAGE', noSuch('format', format, FORMATS).message)
  if (json && format !== 'jsonl') throw new KobelError('USAGE', `--json prints JSON lines, --format ${format} does not`)
  return format
}

async function print(database: Database, statement: string, format: string, signal?: AbortSignal): Promise<void> {
  const progress = startProgress('rows read', process.stderr)
  const result = database.run(statement, { onRows: progress.add, ...(signal && { signal }) })
  await writeLines(endingProgress(linesOf(result, format), progress.end)).finally(progress.end)
}

function linesOf(result: QueryResult, format: string): AsyncGenerator<string, void, undefined> {
  if (format === 'csv') return sqlCsvLines(result)
  if (format === 'jsonl') return sqlJsonLines(result)
  return sqlTableLines(result, outputWidth(), colorsFor(process.stdout, process.env))
}

/** The line of progress goes before the first row comes. */
async function* endingProgress(lines: AsyncIterable<string>, end: () => void): AsyncGenerator<string, void, undefined> {
  for await (const line of lines) {
    end()
    yield line
  }
}
