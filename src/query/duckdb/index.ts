import { KobelError } from '../../error.ts'
import { Snapshot } from '../../snapshot/open.ts'
import { Database, type DatabaseOptions, type NamedSnapshot, type RunOptions } from './database.ts'
import { QueryResult } from './result.ts'

export {
  EXPORT_FORMATS,
  type ExportedFile,
  type ExportFormat,
  type ExportOptions,
  exportTables,
} from '../export/export.ts'
export { Database, type DatabaseOptions, type NamedSnapshot, type RunOptions } from './database.ts'
export type { MountedTable } from './mount.ts'
export type { ResultColumn } from './protocol.ts'
export type { SqlValue } from './read.ts'
export { QueryResult, type SqlBatch, type SqlRow } from './result.ts'

/** A database over a snapshot, or over several by name. Heads are read here. Close it when it is done with. */
export async function openDatabase(
  source: Snapshot | readonly NamedSnapshot[],
  options: DatabaseOptions = {},
): Promise<Database> {
  const sources = source instanceof Snapshot ? [source] : source
  if (sources.length === 0) throw new KobelError('USAGE', 'there is no snapshot to query')
  for (const each of sources) {
    const { operators } = each instanceof Snapshot ? each : each.snapshot
    for (const operator of operators) await operator.load()
  }
  return new Database(sources, options)
}

/**
 * Runs a statement over the states of a snapshot, each a table under the name of its operator:
 * `query(snapshot, 'SELECT key, value.amount FROM accounts.balance').rows()`. Of several snapshots the tables are
 * `name.operator.state`.
 *
 * @throws KobelError when rows are asked for: `USAGE` with DuckDB's words where the statement is wrong.
 */
export function query(
  source: Snapshot | readonly NamedSnapshot[],
  sql: string,
  options: DatabaseOptions & RunOptions = {},
): QueryResult {
  return new QueryResult(async function* (result) {
    const database = await openDatabase(source, options)
    try {
      const inner = database.run(sql, options)
      for await (const batch of inner.batches()) {
        result.setColumns(await inner.columns())
        yield batch
      }
      result.setColumns(await inner.columns())
    } finally {
      await database.close()
    }
  })
}
