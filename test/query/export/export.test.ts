import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { tableFromIPC } from 'apache-arrow'
import { openSnapshot, type Snapshot } from '../../../src/node/index.ts'
import { type Database, openDatabase } from '../../../src/query/duckdb/index.ts'
import { type ExportedFile, type ExportOptions, exportTables } from '../../../src/query/export/export.ts'
import { quoteName } from '../../../src/query/sql-type.ts'

let directory: string
let snapshot: Snapshot
let database: Database

before(async () => {
  directory = mkdtempSync(join(tmpdir(), 'kobel-export-'))
  snapshot = await openSnapshot('fixtures/2.3.0/hashmap/types/snapshot')
  database = await openDatabase(snapshot, { allowFiles: true })
})

after(async () => {
  await database.close()
  await snapshot.close()
  rmSync(directory, { recursive: true })
})

async function exported(options: Omit<ExportOptions, 'database'>): Promise<ExportedFile[]> {
  const files: ExportedFile[] = []
  for await (const file of exportTables(snapshot, { ...options, database })) files.push(file)
  return files
}

test('Parquet holds the rows of the tables', async () => {
  const files = await exported({ to: join(directory, 'parquet'), format: 'parquet', operator: 'types' })
  assert.ok(files.length > 20)
  for (const { state, path, rows } of files) {
    const [here, there] = [`FROM types.${quoteName(state)}`, `FROM '${path.replaceAll("'", "''")}'`]
    const [found] = await database
      .run(`SELECT (SELECT count(*) ${there}) AS rows, count(*) AS missing FROM (${here} EXCEPT ALL ${there})`)
      .rows()
    assert.deepEqual(found, { rows: BigInt(rows), missing: 0n }, state)
  }
})

test('Arrow files have the same rows, nulls and types', async () => {
  const to = join(directory, 'value.arrow')
  for (const state of ['value-string', 'value-tuple3', 'value-byte-array', 'value-instant']) {
    const [file] = await exported({ to, format: 'arrow', operator: 'types', state, overwrite: true })
    const table = tableFromIPC(readFileSync(to))
    const rows = await database.run(`SELECT key, key_group FROM types.${quoteName(state)}`).rows()
    assert.equal(table.numRows, rows.length)
    assert.equal(file!.rows, rows.length)
    assert.deepEqual(
      Array.from(table, (row) => ({ key: row!.key as unknown, key_group: row!.key_group as unknown })),
      rows,
    )
  }
})

test('partitions are ranges of key groups, together all rows', async () => {
  const to = join(directory, 'parts')
  const files = await exported({ to, format: 'jsonl', operator: 'types', state: 'value-string', partitions: 3 })
  const ranges = files.map((file) => file.keyGroups!)
  assert.deepEqual([ranges.length, ranges[0]![0]], [3, 0])
  assert.equal(ranges[1]![0], ranges[0]![1] + 1)
  const lines = files.flatMap((file) => readFileSync(file.path, 'utf8').split('\n').filter(Boolean))
  const [{ n } = {}] = await database.run('SELECT count(*) AS n FROM types."value-string"').rows()
  assert.equal(BigInt(lines.length), n)
  for (const [i, file] of files.entries()) {
    for (const line of readFileSync(file.path, 'utf8').split('\n').filter(Boolean)) {
      const { key_group: keyGroup } = JSON.parse(line) as { key_group: number }
      assert.ok(keyGroup >= ranges[i]![0] && keyGroup <= ranges[i]![1])
    }
  }
})

test('a file that is there stays, and a failed one leaves nothing', async () => {
  const to = join(directory, 'once.csv')
  const options = { to, format: 'csv', operator: 'types', state: 'value-string' } as const
  await exported(options)
  const text = readFileSync(to, 'utf8')
  await assert.rejects(exported(options), { code: 'CONFLICT' })
  assert.equal(readFileSync(to, 'utf8'), text)
  await assert.rejects(exported({ ...options, state: 'value-strin' }), { code: 'NOT_FOUND', message: /value-string/ })
  await assert.rejects(exported({ ...options, to: join(to, 'x.csv') }), { code: 'STORE' })
  assert.deepEqual(
    readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.unfinished')),
    [],
  )
  assert.ok(!existsSync(`${to}.unfinished`))
})
