/**
 * Selects every table of every snapshot below directories, exports it in every format, and compares:
 *
 *     node build/scripts/compare-sql-tables.js DIRECTORY… [--python PYTHON] [--no-exports] [--only REGEXP]
 *
 * - Rows are counted and, where keys and values are numbers, flags or texts, compared with what real Flink's job is
 *   known to have written (`expected.json`).
 * - Parquet, CSV and JSON lines are read back by DuckDB, and must have the same rows as the table.
 * - With `--python` (that has pyarrow), pyarrow reads and validates the Arrow and the Parquet file, which must be equal.
 *
 * Ends with the counts; exit code 1 where something differs.
 */
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { sqlJson } from '../src/cli/sql/rows.ts'
import { KobelError, openSnapshot, operatorIdOf } from '../src/node/index.ts'
import { type Database, type MountedTable, openDatabase, type SqlRow } from '../src/query/duckdb/index.ts'
import { type ExportedFile, exportTables } from '../src/query/export/export.ts'
import { quoteName, quoteText, type SqlType, sqlTypeText } from '../src/query/sql-type.ts'
import { type Expected, expectedFiles, readJson } from './compare.ts'

const PYTHON = `
import sys, pyarrow as pa, pyarrow.parquet as pq, pyarrow.ipc as ipc
good = 0
for line in sys.stdin:
    arrow, parquet = line.rstrip('\\n').split('\\t')
    try:
        table = ipc.open_file(arrow).read_all()
        table.validate(full=True)
        other = pq.read_table(parquet)
        # Parquet names and flags of inner fields are its own.
        other = other.cast(table.schema)
        # NaN is not equal to itself, but its text is.
        if not table.equals(other) and repr(table.to_pylist()) != repr(other.to_pylist()): raise Exception('rows differ')
        good += 1
    except Exception as error:
        print('pyarrow', arrow, type(error).__name__, str(error)[:300], file=sys.stderr)
print(good)
`

const counts = { snapshots: 0, tables: 0, rows: 0, compared: 0, unreadable: 0, exports: 0, arrow: 0, problems: 0 }
const pairs: string[] = []

function problem(what: string, error: unknown): void {
  counts.problems++
  console.log(`${what}: ${error instanceof Error ? error.message.split('\n', 1)[0]!.slice(0, 300) : String(error)}`)
}

type ExpectedOperator = Expected['operators'][number]
type ExpectedEntry = { readonly key?: unknown; readonly mapKey?: unknown; readonly value?: unknown }

function isSimple(type: SqlType | undefined, isText: boolean): boolean {
  return type !== undefined && (/INT|^BOOLEAN$|^DOUBLE$/.test(type.id) || (type.id === 'VARCHAR' && isText))
}

const TEXTS: ReadonlySet<string> = new Set(['string', 'enum', 'char', 'decimal', 'bigint'])

/** How many rows real Flink has, and where they are simple what is in them. */
function compareExpected(table: MountedTable, rows: readonly SqlRow[], operator: ExpectedOperator, what: string): void {
  const state = operator.keyedStates?.find((each) => each.name === table.state?.name)
  if (state === undefined) return
  const entries = state.entries as readonly ExpectedEntry[]
  if (rows.length !== entries.length) return problem(what, `${rows.length} rows, Flink has ${entries.length}`)
  const simple = (['key', 'map_key', 'value'] as const).filter((name) => {
    const column = table.state!.columns.find((each) => each.name === name)
    const type = table.definition.columns.find((each) => each.name === name)?.type
    return column !== undefined && isSimple(type, TEXTS.has(column.type.kind))
  })
  // Columns are UTF-8, which has no lone surrogates.
  const text = (value: unknown): string =>
    Object.is(value, -0) ? '-0' : JSON.stringify(value ?? null).replace(/\\ud[89a-f][0-9a-f]{2}/g, '\ufffd')
  const own = rows.map((row) => simple.map((name) => text(JSON.parse(sqlJson(row[name] ?? null)) as unknown)).join())
  const theirs = entries.map((entry) =>
    simple.map((name) => text(name === 'map_key' ? entry.mapKey : entry[name])).join(),
  )
  const [left, right] = [own.sort(), theirs.sort()]
  const at = left.findIndex((each, i) => each !== right[i])
  if (at >= 0) problem(what, `${left[at]} where Flink has ${right[at]}`)
  counts.compared += rows.length
}

function reader(file: ExportedFile, table: MountedTable): string {
  const path = quoteText(file.path)
  const { columns } = table.definition
  const names = columns.map(({ name }) => quoteName(name)).join(', ')
  if (file.path.endsWith('.parquet')) return `SELECT ${names} FROM read_parquet(${path})`
  const isCsv = file.path.endsWith('.csv')
  // JSON has no bytes: DuckDB writes the text that it makes of them, and does not read that as bytes.
  const typeText = (type: SqlType): string =>
    isCsv ? sqlTypeText(type) : sqlTypeText(type).replace(/\bBLOB\b/g, 'VARCHAR')
  const types = columns.map(({ name, type }) => `${quoteText(name)}: ${quoteText(typeText(type))}`).join(', ')
  const cast = columns.map(({ name, type }) => `CAST(${quoteName(name)} AS ${sqlTypeText(type)})`).join(', ')
  if (!isCsv) return `SELECT ${cast} FROM read_json(${path}, format = 'newline_delimited', columns = {${types}})`
  return `SELECT ${names} FROM read_csv(${path}, header = true, auto_detect = false, delim = ',', quote = '"', escape = '"', new_line = '\\n', allow_quoted_nulls = false, columns = {${types}})`
}

/** Both ways, and as often as they are there. */
async function compareBack(database: Database, table: MountedTable, file: ExportedFile, what: string): Promise<void> {
  const columns = table.definition.columns.map(({ name }) => quoteName(name)).join(', ')
  const from = `${quoteName(table.schema)}.${quoteName(table.name)}`
  const [here, there] = [`SELECT ${columns} FROM ${from}`, reader(file, table)]
  const sql = `SELECT (SELECT count(*) FROM (${here} EXCEPT ALL ${there})) AS missing, (SELECT count(*) FROM (${there} EXCEPT ALL ${here})) AS more`
  const [row] = await database.run(sql).rows()
  counts.exports++
  if (Number(row?.missing) !== 0 || Number(row?.more) !== 0) {
    problem(what, `${file.path.split('.').at(-1)}: ${row?.missing} rows are missing, ${row?.more} are others`)
  }
}

async function compareTable(
  database: Database,
  table: MountedTable,
  files: readonly ExportedFile[],
  operator: ExpectedOperator | undefined,
  what: string,
): Promise<void> {
  counts.tables++
  let rows: SqlRow[]
  try {
    rows = await database.run(`SELECT * FROM ${quoteName(table.schema)}.${quoteName(table.name)}`).rows()
  } catch (error) {
    if (!(error instanceof KobelError) || error.code !== 'UNKNOWN_SERIALIZER') return problem(what, error)
    // Which classes kobel cannot know is held elsewhere; that it says so is what can be asked for here.
    counts.unreadable++
    return
  }
  counts.rows += rows.length
  if (operator) compareExpected(table, rows, operator, what)
  for (const file of files) {
    if (file.rows !== rows.length) problem(what, `${file.path}: ${file.rows} rows`)
    if (file.path.endsWith('.arrow')) continue
    await compareBack(database, table, file, what).catch((error: unknown) => problem(`${what} ${file.path}`, error))
  }
  const [arrow, parquet] = ['.arrow', '.parquet'].map((end) => files.find((file) => file.path.endsWith(end))?.path)
  if (arrow && parquet) pairs.push(`${arrow}\t${parquet}`)
}

async function compareSnapshot(file: string, directory: string | undefined): Promise<void> {
  const expected = await readJson<Expected>(file)
  const snapshot = await openSnapshot(join(dirname(file), expected.snapshot))
  const database = await openDatabase(snapshot, { allowFiles: directory !== undefined, memoryLimit: '500MB' })
  counts.snapshots++
  try {
    for (const table of database.tables) {
      if (table.state === undefined) continue
      const what = `${file} ${table.schema}.${table.name}`
      const operator = expected.operators.find(
        (each) => (each.operatorId ?? operatorIdOf(each.uid ?? '')) === table.state!.operator.id,
      )
      const files: ExportedFile[] = []
      if (directory) {
        for (const format of ['parquet', 'arrow', 'csv', 'jsonl'] as const) {
          const to = join(directory, `${counts.snapshots}-${counts.tables}.${format}`)
          const { id } = table.state.operator
          try {
            for await (const each of exportTables(snapshot, {
              to,
              format,
              operator: id,
              state: table.state.name,
              database,
            })) {
              files.push(each)
            }
          } catch (error) {
            if (!(error instanceof KobelError) || error.code !== 'UNKNOWN_SERIALIZER')
              problem(`${what} ${format}`, error)
          }
        }
      }
      await compareTable(database, table, files, operator, what)
    }
  } finally {
    await database.close()
    await snapshot.close()
  }
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { python: { type: 'string' }, 'no-exports': { type: 'boolean' }, only: { type: 'string' } },
  })
  const directory = values['no-exports'] ? undefined : await mkdtemp(join(tmpdir(), 'kobel-exports-'))
  try {
    for (const each of positionals) {
      for (const file of await expectedFiles(each)) {
        if (values.only !== undefined && !new RegExp(values.only).test(file)) continue
        await compareSnapshot(file, directory).catch((error: unknown) => problem(file, error))
      }
    }
    if (directory && values.python !== undefined) {
      const script = join(directory, 'compare.py')
      await writeFile(script, PYTHON)
      const { stdout, stderr } = spawnSync(values.python, [script], { input: pairs.join('\n'), encoding: 'utf8' })
      for (const line of stderr.split('\n')) if (line !== '') problem('', line)
      counts.arrow = Number(stdout)
    }
  } finally {
    if (directory) await rm(directory, { recursive: true, force: true })
  }
  console.log(
    Object.entries(counts)
      .map(([name, count]) => `${count} ${name}`)
      .join(', '),
  )
  process.exitCode = counts.problems > 0 || counts.tables === 0 ? 1 : 0
}

await main()
