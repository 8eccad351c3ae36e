import { resolve } from 'node:path'
import { openSnapshotIn, type Snapshot } from '../snapshot/open.ts'
import type { OpenOptions } from '../snapshot/options.ts'
import { FileStore } from '../store/file.ts'
import { HttpStore } from '../store/http.ts'

/** kobel for Apache Flink on Node: the core, and what needs a file system. */
export * from '../index.ts'
export { FileStore }

/**
 * Opens a savepoint or checkpoint by path or URL (`file:`, `http:`, `https:`): its directory or its `_metadata` file.
 * Errors as `openSnapshotIn`.
 */
export function openSnapshot(location: string, options: OpenOptions = {}): Promise<Snapshot> {
  if (/^https?:\/\//.test(location)) return openSnapshotIn(new HttpStore(), location, options)
  const store = new FileStore()
  return openSnapshotIn(store, store.locate(location) ?? resolve(location), options)
}
