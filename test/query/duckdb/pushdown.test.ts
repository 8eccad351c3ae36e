import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Snapshot } from '../../../src/node/index.ts'
import { type Database, openDatabase } from '../../../src/query/duckdb/index.ts'
import { openSnapshotIn } from '../../../src/snapshot/open.ts'
import { CountingStore } from '../../../src/store/counting.ts'
import { FileStore } from '../../../src/store/file.ts'

/** What a statement costs in bytes read: only what it needs of the states it names. */

const SNAPSHOT = `${process.cwd()}/fixtures/2.3.0/hashmap/kinds/snapshot`
const TUPLES = '"kinds-tuple".joining'

let store: CountingStore
let snapshot: Snapshot
let database: Database

before(async () => {
  store = new CountingStore(new FileStore())
  snapshot = await openSnapshotIn(store, SNAPSHOT)
  database = await openDatabase(snapshot)
})

after(async () => {
  await database.close()
  await snapshot.close()
})

async function cost(sql: string): Promise<{ rows: number; bytes: number }> {
  const before = store.bytes
  const rows = await database.run(sql).rows()
  return { rows: rows.length, bytes: store.bytes - before }
}

test('a statement on nothing reads nothing; one that counts reads its state', async () => {
  assert.deepEqual(await cost('SELECT 1'), { rows: 1, bytes: 0 })
  assert.deepEqual(await cost('SELECT * FROM kobel.states LIMIT 1'), { rows: 1, bytes: 0 })
  assert.ok((await cost(`SELECT count(*) FROM ${TUPLES}`)).bytes > 5000)
})

test('one key reads one key group', async () => {
  const all = await cost(`SELECT * FROM ${TUPLES}`)
  const one = await cost(`SELECT * FROM ${TUPLES} WHERE key.f0 = 't7' AND key.f1 = 2`)
  assert.deepEqual([all.rows, one.rows], [13, 1])
  const { bytes } = await cost(`SELECT * FROM ${TUPLES} WHERE key_group = 5`)
  assert.ok(one.bytes > 0 && one.bytes <= bytes && one.bytes * 5 < all.bytes, `${one.bytes} of ${all.bytes}`)
})

test('key groups are ranges, however they are written', async () => {
  const all = await database.run(`SELECT key_group FROM ${TUPLES}`).rows()
  const groups = all.map((row) => row.key_group as number)
  const count = (fits: (keyGroup: number) => boolean): number => groups.filter(fits).length
  const whole = (await cost(`SELECT count(key) FROM ${TUPLES}`)).bytes
  for (const [condition, expected] of [
    ['key_group BETWEEN 5 AND 50', count((each) => each >= 5 && each <= 50)],
    ['joining.key_group < 50', count((each) => each < 50)],
    ['50 >= key_group AND 5 < key_group', count((each) => each > 5 && each <= 50)],
    ['key_group = 157 AND key IS NOT NULL', count((each) => each === 157)],
    ['key_group = 3 AND key_group = 5', 0],
  ] as const) {
    const { rows, bytes } = await cost(`SELECT * FROM ${TUPLES} WHERE ${condition}`)
    assert.equal(rows, expected, condition)
    assert.ok(bytes < whole / 2, `${condition}: ${bytes} of ${whole}`)
  }
})

test('a condition that some rows need not fulfil leaves out none', async () => {
  const everywhere = 13
  for (const [sql, rows] of [
    [`SELECT * FROM ${TUPLES} WHERE key_group = 5 OR true`, everywhere],
    [`SELECT * FROM ${TUPLES} WHERE NOT (key_group = 5)`, everywhere - 1],
    [`SELECT a.key FROM ${TUPLES} a LEFT JOIN ${TUPLES} b ON a.key = b.key AND a.key_group = 5`, everywhere],
    [`SELECT a.key FROM ${TUPLES} a WHERE EXISTS (FROM ${TUPLES} b WHERE b.key_group = 5)`, everywhere],
    [`SELECT * FROM ${TUPLES} t(key_group, k) WHERE key_group IS NOT NULL`, everywhere],
    [`WITH t AS (FROM ${TUPLES}) SELECT * FROM t a ANTI JOIN t b ON a.key = b.key AND b.key_group = 5`, everywhere - 1],
    [`SELECT count(*) FILTER (WHERE key_group = 5) FROM ${TUPLES} GROUP BY key`, everywhere],
  ] as const) {
    assert.equal((await database.run(sql).rows()).length, rows, sql)
  }
})

test('conditions of joins count where a row without them is none', async () => {
  const whole = (await cost(`SELECT count(key) FROM ${TUPLES}`)).bytes
  const joined = await cost(
    `SELECT a.value FROM ${TUPLES} a JOIN ${TUPLES} b ON a.key = b.key AND b.key_group = 5 WHERE a.key_group = 5`,
  )
  assert.equal(joined.rows, 1)
  assert.ok(joined.bytes < whole / 4, `${joined.bytes} of ${whole}`)
})

test('only the fields that are named are there, wherever they are named', async () => {
  const sql = `SELECT key.f1, count(*) AS n FROM ${TUPLES} WHERE key.f0 <> 'x' GROUP BY ALL HAVING max(key.f1) > 1 ORDER BY 1`
  const expected = await database
    .run(
      `SELECT * FROM (SELECT key.f1, count(*) AS n FROM (SELECT * FROM ${TUPLES}) GROUP BY ALL) WHERE f1 > 1 ORDER BY 1`,
    )
    .rows()
  assert.deepEqual(await database.run(sql).rows(), expected)
  assert.deepEqual(await database.run(`SELECT joining FROM ${TUPLES} WHERE key.f0 = 't7'`).rows(), [
    { joining: { key: { f0: 't7', f1: 2 }, value: 'p0+p1+p2+p3', key_group: 5, subtask: 0 } },
  ])
})

test('a text that is not ASCII stands before the table', async () => {
  const sql = `SELECT 'ümlaut 🐿' AS text, key FROM /* ß */ ${TUPLES} AS t WHERE t.key.f0 = 't7' AND t.key.f1 = 2`
  const { rows, bytes } = await cost(sql)
  assert.equal(rows, 1)
  assert.ok(bytes > 0 && bytes < 4000, `${bytes}`)
})
