import { resolve } from 'node:path'
import { KobelError } from '../error.ts'
import { WritableFileStore } from '../store/file-writer.ts'
import type { WritableStore } from '../store/writable.ts'

export interface OpenedTarget {
  readonly store: WritableStore
  /** Where the store has the directory. */
  readonly directory: string
}

/**
 * The store that a savepoint is to be written to, by the path or URL of its directory.
 * @throws KobelError `USAGE` for a scheme that cannot be written to.
 */
export function openWritable(path: string): OpenedTarget {
  const files = new WritableFileStore()
  if (!/^[a-z][a-z0-9+.-]+:\/\//i.test(path) || files.locate(path) !== undefined) {
    return { store: files, directory: files.locate(path) ?? resolve(path) }
  }
  throw new KobelError('USAGE', `nothing can be written to ${path}: name a directory`)
}
