import { resolve } from 'node:path'
import { KobelError } from '../error.ts'
import { WritableAzureStore } from '../store/azure-writer.ts'
import { nodeHash, WritableFileStore } from '../store/file-writer.ts'
import { WritableS3Store, writableGcsStore } from '../store/s3-writer.ts'
import type { WritableStore } from '../store/writable.ts'
import { azureOptions } from './azure.ts'
import { type Environment, gcsOptions, s3Options } from './s3.ts'

export interface OpenedTarget {
  readonly store: WritableStore
  /** Where the store has the directory. */
  readonly directory: string
}

/**
 * The store that a savepoint is to be written to, by the path or URL of its directory: local, `s3:`, `gs:`, `abfss:`,
 * `wasbs:` and their kin, with the credentials of the usual environment.
 *
 * @throws KobelError `USAGE` for a scheme that cannot be written to.
 */
export function openWritable(path: string, env: Environment = process.env): OpenedTarget {
  const files = new WritableFileStore()
  if (!/^[a-z][a-z0-9+.-]+:\/\//i.test(path) || files.locate(path) !== undefined) {
    return { store: files, directory: files.locate(path) ?? resolve(path) }
  }
  const stores: readonly WritableStore[] = [
    new WritableS3Store(() => s3Options(env)),
    writableGcsStore(async () => gcsOptions(env)),
    new WritableAzureStore(async () => azureOptions(env)),
  ]
  for (const store of stores) {
    const directory = store.locate(path)
    if (directory !== undefined) return { store: Object.assign(store, { newHash: nodeHash }), directory }
  }
  const schemes = 'a directory, s3://, gs://, abfss:// or wasbs://'
  throw new KobelError('USAGE', `nothing can be written to ${JSON.stringify(path)}: name ${schemes}`)
}
