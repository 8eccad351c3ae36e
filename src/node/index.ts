import { openSnapshotIn, type Snapshot } from '../snapshot/open.ts'
import type { OpenOptions } from '../snapshot/options.ts'
import { FileStore } from '../store/file.ts'
import { FileSpill, WritableFileStore } from '../store/file-writer.ts'
import { NODE_DECOMPRESSORS } from './decompressors.ts'
import { type OpenedStore, openStore } from './open-store.ts'

/** kobel for Apache Flink on Node: the core, and what needs a file system. */
export * from '../index.ts'
export { type OpenedTarget, openWritable } from './open-writable.ts'
export { type ScanInThreadsOptions, scanTableInThreads } from './scan-threads.ts'
export { type EngineOptions, loadSavepoint, writeSavepoint } from './write-savepoint.ts'
export { FileSpill, FileStore, NODE_DECOMPRESSORS, type OpenedStore, openStore, WritableFileStore }

/**
 * Opens a savepoint or checkpoint by path or URL: its directory or its `_metadata` file. `file:`, `http:`, `https:`,
 * `s3:`, `gs:`, `abfss:`, `wasbs:`, `hdfs:` and their kin are read, with the credentials of the usual environment.
 * Errors as `openSnapshotIn`; `USAGE` for another scheme.
 */
export async function openSnapshot(location: string, options: OpenOptions = {}): Promise<Snapshot> {
  const opened = openStore(location)
  const decompressors = { ...NODE_DECOMPRESSORS, ...options.decompressors }
  return openSnapshotIn(opened.store, opened.location, { ...options, decompressors })
}
