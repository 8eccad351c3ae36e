import { readFileSync, writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { readExpectations } from '../../assertions/expectations.ts'
import { junitXml, tapLines } from '../../assertions/report.ts'
import { type AssertionResult, type RunStatement, runExpectations } from '../../assertions/run.ts'
import { KobelError } from '../../error.ts'
import { type Database, openDatabase, type QueryResult } from '../../query/duckdb/index.ts'
import { writeLines } from '../output.ts'
import { sqlText } from '../sql/rows.ts'
import { openSources, type SourceFlags, withSources } from '../sql/sources.ts'

interface TestFlags extends SourceFlags {
  readonly junit?: string
}

export function configure(command: Command): Command {
  return withSources(command)
    .argument('<path>', 'directory of a savepoint or checkpoint, its _metadata file, or a URL')
    .argument('<expectations>', 'file of SQL statements, each with a comment that names it')
    .option('--junit <file>', 'also writes the results as XML of JUnit')
    .option('--json', 'results as JSON lines, and errors as JSON')
    .addHelpText(
      'after',
      `
A statement holds if it gives no row. A comment -- expect: rows, or -- expect: VALUE, says otherwise. Results are printed
as TAP; the exit code is 1 if one does not hold.

Example:
  kobel test ./savepoint-4f2a expectations.sql --junit results.xml

with expectations.sql:
  -- no balance is below zero
  SELECT key, value FROM accounts.balance WHERE value < 0;`,
    )
    .action(test)
}

async function test(path: string, file: string, flags: TestFlags): Promise<void> {
  const expectations = readExpectations(readText(file), file)
  await openSources(path, flags, async (source) => {
    const database = await openDatabase(source)
    const results: AssertionResult[] = []
    try {
      const ran = kept(
        runExpectations(expectations, statementsOf(database), () => performance.now()),
        results,
      )
      await writeLines(flags.json ? jsonLines(ran) : tapLines(ran, expectations.length))
    } finally {
      await database.close()
    }
    if (flags.junit !== undefined) writeFileSync(flags.junit, `${junitXml(file, results)}\n`)
    if (results.some((result) => !result.ok)) process.exitCode = 1
  })
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new KobelError('USAGE', `the expectations cannot be read: ${(error as Error).message}`, { file })
  }
}

async function* kept(
  results: AsyncIterable<AssertionResult>,
  into: AssertionResult[],
): AsyncGenerator<AssertionResult, void, undefined> {
  for await (const result of results) {
    into.push(result)
    yield result
  }
}

async function* jsonLines(results: AsyncIterable<AssertionResult>): AsyncGenerator<string, void, undefined> {
  for await (const result of results) yield JSON.stringify(result)
}

function statementsOf(database: Database): RunStatement {
  return async (sql) => {
    const result = database.run(sql)
    return { columns: (await result.columns()).map(({ name }) => name), rows: rowsOf(result) }
  }
}

async function* rowsOf(result: QueryResult): AsyncGenerator<readonly (string | null)[], void, undefined> {
  for await (const { count, values } of result.batches()) {
    for (let row = 0; row < count; row++) yield values.map((column) => sqlText(column[row]!))
  }
}
