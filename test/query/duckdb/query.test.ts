import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { KobelError } from '../../../src/error.ts'
import { openSnapshot, type Snapshot } from '../../../src/node/index.ts'
import { type Database, openDatabase, query } from '../../../src/query/duckdb/index.ts'

const WINDOWS = 'fixtures/2.3.0/hashmap/windows/snapshot'
const CONTENTS = '"windows-sliding"."window-contents"'

let snapshot: Snapshot
let database: Database

before(async () => {
  snapshot = await openSnapshot(WINDOWS)
  database = await openDatabase(snapshot)
})

after(async () => {
  await database.close()
  await snapshot.close()
})

async function messageOf(sql: string): Promise<string> {
  return database
    .run(sql)
    .rows()
    .then(
      () => 'no error',
      (error: KobelError) => error.message,
    )
}

test('states are tables, and tables say what the snapshot is', async () => {
  const [{ count } = {}] = await database.run(`SELECT count(*) AS count FROM ${CONTENTS}`).rows()
  assert.equal(count, 15n)
  const rows = await database
    .run("SELECT operator, kind, value_type FROM kobel.states WHERE state = 'window-contents'")
    .rows()
  assert.deepEqual(
    rows.find((row) => row.operator === 'windows-sliding'),
    { operator: 'windows-sliding', kind: 'aggregating', value_type: '(long, int)' },
  )
  const [operator] = await database
    .run("SELECT parallelism, max_parallelism FROM kobel.operators WHERE operator = 'windows-sliding'")
    .rows()
  assert.deepEqual(operator, { parallelism: 2, max_parallelism: 128 })
  const [files] = await database.run("SELECT sum(bytes)::BIGINT AS bytes FROM kobel.files WHERE part = 'keyed'").rows()
  assert.ok((files!.bytes as bigint) > 0n)
  const [groups] = await database
    .run("SELECT count(*) AS all, count(bytes) AS known FROM kobel.key_groups WHERE operator = 'windows-sliding'")
    .rows()
  assert.deepEqual(groups, { all: 128n, known: 128n })
})

test('rows have the values of entries', async () => {
  const state = snapshot.operator('windows-sliding').keyedStates.find((each) => each.name === 'window-contents')!
  const expected: unknown[] = []
  for await (const { key, namespace, value, keyGroup } of state.entries()) {
    const [f0, f1] = value as readonly unknown[]
    expected.push({ key, namespace, value: { f0, f1 }, key_group: keyGroup, subtask: keyGroup < 64 ? 0 : 1 })
  }
  const rows = await database.run(`SELECT * FROM ${CONTENTS}`).rows()
  const text = (row: unknown): string =>
    JSON.stringify(row, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each))
  assert.deepEqual(rows.map(text).sort(), expected.map(text).sort())
})

test('texts that are handed over row by row are the same', async () => {
  const sql = 'SELECT * FROM "windows-sliding"."window-contents" UNION ALL BY NAME SELECT * FROM kobel.states'
  const other = await openDatabase(snapshot, { texts: 'assign' })
  try {
    assert.deepEqual(await other.run(sql).rows(), await database.run(sql).rows())
    assert.equal(other.texts, 'assign')
    assert.equal(database.texts, 'arena', 'the check at the start is passed by this version of DuckDB')
  } finally {
    await other.close()
  }
})

test('columns have DuckDB types, names that stand twice a number', async () => {
  const result = database.run(
    `SELECT key, key, value, [1.5, NULL] AS list, MAP {'a': 1} AS map FROM ${CONTENTS} LIMIT 1`,
  )
  assert.deepEqual(
    (await result.columns()).map(({ name, type }) => `${name} ${type}`),
    [
      'key BIGINT',
      'key BIGINT',
      'value STRUCT(f0 BIGINT, f1 INTEGER)',
      'list DECIMAL(2,1)[]',
      'map MAP(VARCHAR, INTEGER)',
    ],
  )
  const [row] = await result.rows()
  assert.deepEqual(Object.keys(row!), ['key', 'key_2', 'value', 'list', 'map'])
  assert.deepEqual([row!.list, row!.map], [['1.5', null], [['a', 1]]])
})

test('values of all types of DuckDB come as they are', async () => {
  const [row] = await database
    .run(
      `SELECT 1::TINYINT AS tiny, 170141183460469231731687303715884105727::HUGEINT AS huge, 18446744073709551615::UBIGINT AS ubig,
        -12.30::DECIMAL(30, 2) AS decimal, 'x'::ENUM('x', 'y') AS enum, '\\xAA\\x00'::BLOB AS blob, DATE '-0044-03-15' AS early,
        DATE 'infinity' AS never, TIME '12:34:56.789' AS time, TIMESTAMP '1969-12-31 23:59:59.999999' AS timestamp,
        TIMESTAMPTZ '2026-01-31 12:00:00+02' AS instant, INTERVAL '14 months 3 days 04:05:06.5' AS interval,
        'eeccb8c5-9943-b2bb-bb5e-222f4e14b687'::UUID AS uuid, '10110'::BIT AS bits, [1, 2]::INTEGER[2] AS array,
        union_value(num := 2) AS either, NULL AS nothing, 'NaN'::DOUBLE AS nan, {'__proto__': 1} AS proto`,
    )
    .rows()
  const { nan, proto, ...rest } = row as Record<string, unknown>
  assert.deepEqual(rest, {
    tiny: 1,
    huge: 2n ** 127n - 1n,
    ubig: 2n ** 64n - 1n,
    decimal: '-12.30',
    enum: 'x',
    blob: Uint8Array.of(0xaa, 0),
    early: '-0044-03-15',
    never: 'infinity',
    time: '12:34:56.789',
    timestamp: '1969-12-31 23:59:59.999999',
    instant: '2026-01-31 10:00:00+00',
    interval: '1 year 2 months 3 days 04:05:06.5',
    uuid: 'eeccb8c5-9943-b2bb-bb5e-222f4e14b687',
    bits: '10110',
    array: [1, 2],
    either: 2,
    nothing: null,
  })
  assert.ok(Number.isNaN(nan))
  assert.deepEqual(Object.entries(proto as object), [['__proto__', 1]])
})

test('what is wrong with a statement is said where it stands', async () => {
  assert.match(await messageOf('SELECT * FROM "windows-sliding"."window-content"'), /Did you mean[\s\S]*LINE 1/)
  assert.match(await messageOf(`SELECT kee FROM ${CONTENTS} WHERE key_group = 3`), /"key"[\s\S]*LINE 1: SELECT kee/)
  assert.match(await messageOf('SELEC 1'), /syntax error[\s\S]*LINE 1/)
  assert.match(await messageOf(''), /no statement/)
})

test('statements cannot touch files, load extensions or unlock that', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'kobel-'))
  try {
    for (const sql of [
      "SELECT * FROM read_text('package.json')",
      "SELECT * FROM 'package.json'",
      `COPY (SELECT 1) TO '${directory}/x.csv'`,
      `ATTACH '${directory}/x.db'`,
      'INSTALL httpfs',
      "LOAD '/tmp/x.so'",
      "SELECT * FROM read_csv('https://example.com/x.csv')",
    ]) {
      assert.match(await messageOf(sql), /Permission Error|disabled|not exist/, sql)
    }
    assert.match(await messageOf('SET enable_external_access = true'), /locked/)
    const open = await openDatabase(snapshot, { allowFiles: true })
    await open.run(`COPY (SELECT 42 AS x) TO '${directory}/x.parquet'`).rows()
    assert.deepEqual(await open.run(`FROM '${directory}/x.parquet'`).rows(), [{ x: 42 }])
    await open.close()
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('two snapshots are joined by their names', async () => {
  const other = await openSnapshot('fixtures/2.3.0/hashmap/windows-native/snapshot')
  try {
    const result = query(
      [
        { name: 'one', snapshot },
        { name: 'two', snapshot: other },
      ],
      `SELECT count(*) AS both FROM one.${CONTENTS} a JOIN two.${CONTENTS} b USING (key, namespace)`,
    )
    assert.deepEqual(await result.rows(), [{ both: 15n }])
    await assert.rejects(query([{ name: 'temp', snapshot }], 'SELECT 1').rows(), { code: 'USAGE' })
  } finally {
    await other.close()
  }
})
