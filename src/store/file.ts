import { type FileHandle, open, readdir, stat } from 'node:fs/promises'
import { isAbsolute, resolve } from 'node:path'
import { KobelError } from '../error.ts'
import { join, notFound, type Store, type StoreEntry, tooShort } from './store.ts'

/** Reads up to this long are tried without asking for the file's size. */
const UNCHECKED_BYTES = 4 << 20

/** Open files kept at most; the one used longest ago is closed first. */
const MAX_OPEN = 32

/** Files of the local file system. Locations are absolute paths. */
export class FileStore implements Store {
  private readonly handles = new Map<string, Promise<FileHandle>>()

  /** `file:/a/b`, `file:///a/b` and plain absolute paths; Flink does not percent-encode. */
  locate(uri: string): string | undefined {
    const path = uri.replace(/^file:(\/\/(?=\/))?/, '')
    return isAbsolute(path) ? resolve(path) : undefined
  }

  async read(location: string, start: number, end: number): Promise<Uint8Array> {
    const handle = await this.open(location)
    // A damaged length must not make this allocate what no file justifies.
    if (end - start > UNCHECKED_BYTES) {
      const { size } = await handle.stat()
      if (end > size) throw tooShort(location, end, size)
    }
    const bytes = new Uint8Array(end - start)
    await this.fill(handle, location, start, bytes)
    return bytes
  }

  async readInto(location: string, start: number, target: Uint8Array): Promise<void> {
    return this.fill(await this.open(location), location, start, target)
  }

  private async fill(handle: FileHandle, location: string, start: number, target: Uint8Array): Promise<void> {
    const end = start + target.length
    let done = 0
    while (done < target.length) {
      const { bytesRead } = await handle.read(target, done, target.length - done, start + done).catch((error) => {
        throw storeError(error, location)
      })
      if (bytesRead === 0) throw tooShort(location, end, done > 0 ? start + done : ((await this.size(location)) ?? 0))
      done += bytesRead
    }
  }

  async readWhole(location: string): Promise<Uint8Array> {
    const handle = await this.open(location)
    const stats = await handle.stat().catch((error) => {
      throw storeError(error, location)
    })
    if (!stats.isFile()) throw notFound(location)
    return this.read(location, 0, stats.size)
  }

  async size(location: string): Promise<number | undefined> {
    try {
      const stats = await stat(location)
      return stats.isFile() ? stats.size : undefined
    } catch (error) {
      if (isMissing(error)) return undefined
      throw storeError(error, location)
    }
  }

  async list(location: string): Promise<StoreEntry[]> {
    try {
      const entries = await readdir(location, { withFileTypes: true })
      const found = await Promise.all(
        entries.map(async (entry): Promise<StoreEntry | undefined> => {
          const path = join(location, entry.name)
          // A file may vanish between listing and asking.
          const stats = await stat(path).catch(() => undefined)
          if (!stats) return undefined
          const directory = stats.isDirectory()
          return {
            name: entry.name,
            location: path,
            directory,
            modified: stats.mtimeMs,
            ...(!directory && { size: stats.size }),
          }
        }),
      )
      return found.filter((entry) => entry !== undefined)
    } catch (error) {
      if (isMissing(error)) return []
      throw storeError(error, location)
    }
  }

  async close(): Promise<void> {
    const handles = [...this.handles.values()]
    this.handles.clear()
    await Promise.all(handles.map(async (handle) => (await handle).close()))
  }

  private open(location: string): Promise<FileHandle> {
    const known = this.handles.get(location)
    this.handles.delete(location)
    const handle =
      known ??
      open(location).catch((error) => {
        this.handles.delete(location)
        throw storeError(error, location)
      })
    this.handles.set(location, handle)
    if (this.handles.size > MAX_OPEN) {
      const [oldest, old] = this.handles.entries().next().value!
      this.handles.delete(oldest)
      // A read under way on it ends first: closing waits for it.
      old.then((each) => each.close()).catch(() => undefined)
    }
    return handle
  }
}

function isMissing(error: unknown): boolean {
  const code = (error as { code?: unknown }).code
  return code === 'ENOENT' || code === 'ENOTDIR'
}

function storeError(error: unknown, location: string): KobelError {
  if (error instanceof KobelError) return error
  if (isMissing(error)) return notFound(location)
  return new KobelError('STORE', `the file could not be read: ${error instanceof Error ? error.message : error}`, {
    file: location,
  })
}
