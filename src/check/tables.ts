import { locate } from '../error.ts'
import type { IncrementalRemoteKeyedStateHandle, KeyedStateHandle } from '../format/metadata/index.ts'
import { type SstFile, sstFileName } from '../format/sst/manifest.ts'
import { checkOtherBlocks, openTable, type TableReading } from '../format/sst/table.ts'
import { mapConcurrent } from '../snapshot/concurrent.ts'
import type { Operator } from '../snapshot/operator.ts'
import { RocksdbDatabase } from '../snapshot/rocksdb-database.ts'
import { canSkip } from '../snapshot/skipped.ts'
import type { Findings } from './findings.ts'

/**
 * What scans of a database do not come by: tables of which no key is in the subtask's range, and blocks of filters. Data
 * blocks are checked by the scan.
 */
export async function checkTables(operator: Operator, findings: Findings): Promise<void> {
  for (const { index, managedKeyedState } of operator.metadata.subtasks) {
    if (!managedKeyedState) continue
    for (const handle of databasesOf(managedKeyedState)) await checkDatabase(operator, index, handle, findings)
  }
}

function databasesOf(handle: KeyedStateHandle): IncrementalRemoteKeyedStateHandle[] {
  if (handle.kind === 'incremental') return [handle]
  return handle.kind === 'changelog' ? handle.materialized.flatMap((each) => (each ? databasesOf(each) : [])) : []
}

async function checkDatabase(
  operator: Operator,
  subtask: number,
  handle: IncrementalRemoteKeyedStateHandle,
  findings: Findings,
): Promise<void> {
  const database = new RocksdbDatabase(operator.context.streams, handle)
  // What is wrong with the list of tables shows in the scan.
  const families = await database.columnFamilies().catch((error) => {
    if (canSkip(error)) return []
    throw error
  })
  const tables = families.flatMap((family) => family.files.map((file) => ({ state: family.name, file })))
  await mapConcurrent(tables, async ({ state, file }) => {
    try {
      await readTable(database, file, checkTable(operator, file))
    } catch (error) {
      const located = database.withLocation(locate(error, { file: sstFileName(file.number) }))
      if (!canSkip(located)) throw error
      // The files themselves are looked for elsewhere, and codecs are for the scan.
      if (located.code === 'NOT_FOUND' || located.code === 'UNSUPPORTED_VERSION') return
      const place = {
        operator: operator.label,
        state,
        subtask,
        ...(located.where.file && { file: located.where.file }),
      }
      findings.add({
        severity: 'error',
        code: located.code,
        ...place,
        message: `a table of the database: ${located.message}`,
      })
    }
  })
}

function* checkTable(operator: Operator, file: SstFile): TableReading<void> {
  const { decompressors } = operator.context
  const table = yield* openTable(file.size, decompressors ? { decompressors } : {}, file)
  yield* checkOtherBlocks(table)
}

async function readTable(database: RocksdbDatabase, file: SstFile, reading: TableReading<void>): Promise<void> {
  let step = reading.next()
  while (!step.done) {
    step = reading.next(await mapConcurrent(step.value, (range) => database.read({ file, ...range })))
  }
}
