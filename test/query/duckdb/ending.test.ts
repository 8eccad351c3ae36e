import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { after, before, test } from 'node:test'
import { KobelError } from '../../../src/error.ts'
import { openSnapshot, type Snapshot } from '../../../src/node/index.ts'
import { type Database, openDatabase, query } from '../../../src/query/duckdb/index.ts'
import { openSnapshotIn } from '../../../src/snapshot/open.ts'
import { FileStore } from '../../../src/store/file.ts'

/** However a statement ends, nothing waits for ever: DuckDB sleeps in callbacks until rows come. */

const B = '"windows-sliding"."window-contents"'
/** 15 * 15 * 10^9 rows. */
const ENDLESS = `SELECT sum(hash(a.key, b.key, i)) FROM ${B} a, ${B} b, range(1000000000) r(i)`

let snapshot: Snapshot
let database: Database

before(async () => {
  snapshot = await openSnapshot('fixtures/2.3.0/hashmap/windows/snapshot')
  database = await openDatabase(snapshot)
})

after(async () => {
  await database.close()
  await snapshot.close()
})

async function works(): Promise<void> {
  assert.deepEqual(await database.run(`SELECT count(key) AS n FROM ${B}`).rows(), [{ n: 15n }])
}

test('LIMIT ends the scan', async () => {
  assert.equal((await database.run(`SELECT a.* FROM ${B} a, ${B} b LIMIT 2`).rows()).length, 2)
  await works()
})

test('rows that nobody asks for any more end the statement', async () => {
  for await (const row of database.run(`SELECT a.key, i FROM ${B} a, range(1000000000) r(i)`)) {
    assert.equal(typeof row.key, 'bigint')
    break
  }
  await works()
})

test('a signal cancels', async () => {
  const controller = new AbortController()
  setTimeout(() => controller.abort(new Error('enough')), 50)
  await assert.rejects(database.run(ENDLESS, { signal: controller.signal }).rows(), { message: 'enough' })
  await works()
  const before = AbortSignal.abort(new Error('too late'))
  await assert.rejects(database.run('SELECT 1', { signal: before }).rows(), { message: 'too late' })
  await works()
})

/** A store that fails, or never answers, once the heads were read. */
class BrokenStore extends FileStore {
  broken: 'no' | 'fails' | 'hangs' = 'no'

  override async read(location: string, start: number, end: number): Promise<Uint8Array> {
    if (this.broken === 'fails') throw new KobelError('STORE', 'the disk is gone', { file: location })
    if (this.broken === 'hangs') await new Promise(() => {})
    return super.read(location, start, end)
  }
}

async function brokenSnapshot(): Promise<{ store: BrokenStore; snapshot: Snapshot }> {
  const store = new BrokenStore()
  const opened = await openSnapshotIn(store, `${process.cwd()}/fixtures/2.3.0/hashmap/windows/snapshot`)
  return { store, snapshot: opened }
}

test('an error of the scan is the error of the statement', async () => {
  const { store, snapshot: broken } = await brokenSnapshot()
  const own = await openDatabase(broken)
  try {
    store.broken = 'fails'
    await assert.rejects(own.run(`SELECT sum(key) FROM ${B}`).rows(), (error: KobelError) => {
      assert.equal(error.code, 'STORE')
      assert.match(error.message, /the disk is gone/)
      return true
    })
    store.broken = 'no'
    assert.equal((await own.run(`SELECT key FROM ${B}`).rows()).length, 15)
  } finally {
    await own.close()
    await broken.close()
  }
})

test('a scan that hangs does not keep a statement from being cancelled, nor the database from closing', async () => {
  const { store, snapshot: broken } = await brokenSnapshot()
  const own = await openDatabase(broken)
  store.broken = 'hangs'
  const controller = new AbortController()
  setTimeout(() => controller.abort(new Error('enough')), 100)
  await assert.rejects(own.run(`SELECT sum(key) FROM ${B}`, { signal: controller.signal }).rows(), {
    message: 'enough',
  })
  assert.deepEqual(await own.run('SELECT 1 AS one').rows(), [{ one: 1 }])
  await own.close()
})

test('statements wait for their turn', async () => {
  const results = await Promise.all(
    [1, 2, 3, 4].map((i) => database.run(`SELECT ${i} AS i, count(*) AS n FROM ${B}`).rows()),
  )
  assert.deepEqual(
    results.flat(),
    [1, 2, 3, 4].map((i) => ({ i, n: 15n })),
  )
})

test('more databases than Node has threads for files', async () => {
  const counts = await Promise.all(
    Array.from({ length: 6 }, () => query(snapshot, `SELECT count(key) AS n FROM ${B}`).rows()),
  )
  assert.deepEqual(counts.flat(), new Array(6).fill({ n: 15n }))
})

test('memory is bounded: what does not fit goes to a directory that is removed', async () => {
  const own = await openDatabase(snapshot, { memoryLimit: '40MB', threads: 1 })
  const sql = 'SELECT count(*) AS n FROM (SELECT DISTINCT md5(i::VARCHAR) FROM range(400000) r(i))'
  assert.deepEqual(await own.run(sql).rows(), [{ n: 400000n }])
  await own.close()
  assert.deepEqual(
    readdirSync(tmpdir()).filter((name) => name.startsWith(`kobel-sql-${process.pid}-`)),
    [],
  )
})

test('a closed database says so', async () => {
  const own = await openDatabase(snapshot)
  await own.close()
  await assert.rejects(own.run('SELECT 1').rows(), { code: 'USAGE', message: /closed/ })
})
