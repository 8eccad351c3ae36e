import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { completions } from '../../src/cli/sql/complete.ts'
import { describeTable, listTables } from '../../src/cli/sql/describe.ts'
import { rowsFromSql } from '../../src/cli/sql/from.ts'
import { isComplete } from '../../src/cli/sql/prompt.ts'
import { sqlJson } from '../../src/cli/sql/rows.ts'
import { openSnapshot } from '../../src/node/index.ts'
import { openDatabase } from '../../src/query/duckdb/index.ts'
import { readPlan, type WritePlan } from '../../src/write/plan.ts'
import { kobel, linesOf } from './run.ts'

const WINDOWS = 'fixtures/2.3.0/hashmap/windows/snapshot'
const scratch = mkdtempSync(join(tmpdir(), 'kobel-cli-sql-'))
after(() => rmSync(scratch, { recursive: true, force: true }))

const BY_KEY =
  'SELECT key, count(*) AS n, sum(value.f1)::BIGINT AS total FROM "windows-sliding"."window-contents" GROUP BY key ORDER BY key'

test('rows as a table, JSON lines, CSV', () => {
  const of = (...args: string[]): string[] => linesOf(kobel(['sql', WINDOWS, BY_KEY, ...args]).stdout)
  assert.deepEqual(of(), ['{"key":-2,"n":5,"total":10}', '{"key":-1,"n":5,"total":21}', '{"key":2,"n":5,"total":21}'])
  assert.deepEqual(of('--format', 'csv'), ['key,n,total\r', '-2,5,10\r', '-1,5,21\r', '2,5,21\r'])
  assert.deepEqual(of('--format', 'table'), ['key  n  total', ' -2  5     10', ' -1  5     21', '  2  5     21'])
})

test('a statement from a file, or from stdin', () => {
  const file = join(scratch, 'statement.sql')
  writeFileSync(
    file,
    `SET VARIABLE least = 15;\n${BY_KEY.replace('GROUP', "WHERE key > getvariable('least') GROUP")};\n`,
  )
  assert.deepEqual(kobel(['sql', WINDOWS, '--file', file]), { status: 0, stdout: '', stderr: '' })
  const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))
  const { stdout } = spawnSync(process.execPath, [main, 'sql', WINDOWS], { input: 'SELECT 42 AS x', encoding: 'utf8' })
  assert.equal(stdout, '{"x":42}\n')
})

test('what is wrong: exit code 2, and where', () => {
  const wrong = kobel(['sql', WINDOWS, 'SELECT kee FROM "windows-sliding"."window-contents"'])
  assert.equal(wrong.status, 2)
  assert.match(wrong.stderr, /^kobel: Binder Error: .*"kee"[\s\S]*\nLINE 1: SELECT kee FROM/)
  assert.equal(kobel(['sql', WINDOWS, 'SELECT 1', '--attach', 'nothing']).status, 2)
  assert.equal(kobel(['sql', WINDOWS, 'SELECT 1', '--file', 'x']).status, 2)
  const json = kobel(['sql', WINDOWS, "FROM read_text('package.json')", '--json'])
  assert.match(JSON.parse(json.stderr).error.message, /--allow-files/)
})

test('values as JSON', () => {
  const value = { a: 1n, b: 2n ** 60n, c: [null, -0, Number.NaN], d: Uint8Array.of(1, 2), '"': 'x\n' }
  assert.equal(sqlJson(value), '{"a":1,"b":"1152921504606846976","c":[null,-0.0,"NaN"],"d":"AQI=","\\"":"x\\n"}')
})

test('statements end with a semicolon that stands in no text', () => {
  assert.ok(isComplete(['SELECT 1;']))
  assert.ok(isComplete(["SELECT ';'", ';  -- done']))
  assert.ok(!isComplete(['SELECT 1']))
  assert.ok(!isComplete(["SELECT 'a;"]))
  assert.ok(!isComplete(['SELECT 1 -- ;']))
})

test('tables, columns and fields are completed and described', async () => {
  const snapshot = await openSnapshot(WINDOWS)
  const database = await openDatabase(snapshot)
  const { tables } = database
  await database.close()
  await snapshot.close()
  assert.deepEqual(completions('SELECT * FROM "windows-sli', tables)[0][0], '"windows-sliding"."window-contents"')
  const from = 'FROM "windows-sliding"."window-contents" SELECT '
  assert.deepEqual(completions(`${from}val`, tables), [['value'], 'val'])
  assert.deepEqual(completions(`${from}value.`, tables), [['value.f0', 'value.f1'], 'value.'])
  assert.deepEqual(completions('sel', tables)[0], ['SELECT'])
  assert.match(listTables(tables), /^table +kind +columns\n"windows-sliding"."window-contents" +aggregating/)
  assert.match(
    describeTable(tables, '"windows-sliding"."window-contents"'),
    /\nvalue +STRUCT\("f0" BIGINT, "f1" INTEGER\)/,
  )
  assert.match(describeTable(tables, 'nothing.at-all'), /no table/)
})

// Described plans are held by test/write/types; here it is what SQL's values become.
const PLAN: WritePlan = readPlan({
  flink: '2.3',
  checkpointId: 1,
  operators: [
    {
      uid: 'accounts',
      parallelism: 2,
      maxParallelism: 128,
      key: 'string',
      states: [
        {
          name: 'balance',
          kind: 'value',
          type: { pojo: 'com.acme.Balance', fields: { amount: 'long', at: 'instant', tags: { list: 'string' } } },
        },
        { name: 'perDay', kind: 'map', mapKey: 'localDate', type: { tuple: ['long', 'double'] } },
      ],
    },
  ],
})

async function rowsOf(...statements: string[]): Promise<unknown[]> {
  const rows: unknown[] = []
  for await (const row of rowsFromSql(PLAN, statements)) rows.push(row)
  return rows
}

test('rows of statements are rows of states', async () => {
  const [balance, perDay] = await rowsOf(
    `SELECT 'balance' AS state, 'k' AS key, 10::BIGINT AS amount, TIMESTAMPTZ '2026-01-01 00:00:00.5Z' AS at, ['a'] AS tags`,
    `SELECT 'perDay' AS state, 'k' AS key, DATE '2026-01-02' AS map_key, {'a': 1::BIGINT, 'b': 0.5::DOUBLE} AS value, NULL AS ttl`,
  )
  const [{ id } = { id: '' }] = PLAN.operators
  assert.deepEqual(balance, {
    operator: id,
    state: 'balance',
    key: 'k',
    value: {
      class: 'com.acme.Balance',
      fields: { amount: 10n, at: '2026-01-01T00:00:00.5Z', tags: ['a'] },
    },
  })
  assert.deepEqual(perDay, { operator: id, state: 'perDay', key: 'k', mapKey: '2026-01-02', value: [1n, 0.5] })
  await assert.rejects(rowsOf("SELECT 'k' AS key, 1 AS value"), { code: 'USAGE', message: /several states/ })
  await assert.rejects(rowsOf("SELECT 'nobody' AS operator, 'k' AS key"), { code: 'NOT_FOUND' })
})
