import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSnapshot } from '../../src/node/index.ts'
import { type ScanInThreadsOptions, scanTableInThreads } from '../../src/node/scan-threads.ts'
import { type ColumnBatch, scanTable } from '../../src/query/scan.ts'
import { tablesOf } from '../../src/query/table.ts'
import { valueAt } from '../serializer/column-values.ts'

const PATH = 'fixtures/2.3.0/hashmap/kinds/snapshot'

function rowsOf(batch: ColumnBatch): string[] {
  return Array.from({ length: batch.length }, (_, i) =>
    JSON.stringify(
      batch.columns.map(({ column }) => valueAt(column, i)),
      (_key, value) => (typeof value === 'bigint' ? String(value) : value),
    ),
  )
}

async function inThreads(schema: string, name: string, options: ScanInThreadsOptions): Promise<string[]> {
  const rows: string[] = []
  for await (const batch of scanTableInThreads(PATH, schema, name, options)) rows.push(...rowsOf(batch))
  return rows.sort()
}

test('threads give the rows of one thread', async () => {
  await using snapshot = await openSnapshot(PATH)
  for (const table of tablesOf(snapshot).slice(0, 6)) {
    const rows: string[] = []
    for await (const batch of scanTable(table)) rows.push(...rowsOf(batch))
    assert.deepEqual(await inThreads(table.schema, table.name, { threads: 3, rowsPerBatch: 2 }), rows.sort())
  }
})

test('a scan can be left, and cancelled', async () => {
  await using snapshot = await openSnapshot(PATH)
  const [table] = tablesOf(snapshot)
  for await (const batch of scanTableInThreads(PATH, table!.schema, table!.name, { threads: 2, rowsPerBatch: 1 })) {
    assert.equal(batch.length, 1)
    break
  }
  const controller = new AbortController()
  const scan = scanTableInThreads(PATH, table!.schema, table!.name, { signal: controller.signal, rowsPerBatch: 1 })
  await scan.next()
  controller.abort(new Error('enough'))
  await assert.rejects(
    async () => {
      for await (const _ of scan);
    },
    { message: 'enough' },
  )
})

test('what goes wrong in a thread is told', async () => {
  await assert.rejects(inThreads('accounts', 'nothing', {}), { code: 'NOT_FOUND' })
})
