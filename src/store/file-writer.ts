import { createHash, randomUUID } from 'node:crypto'
import { read } from 'node:fs'
import { type FileHandle, link, mkdir, open, rename, rm, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { KobelError } from '../error.ts'
import { FileStore } from './file.ts'
import { join } from './store.ts'
import type { ContentHash, Spill, SpillFile, StagedFile, WritableStore } from './writable.ts'

/** Names of files that are not whole yet: they begin so. */
export const STAGED_PREFIX = '.kobel-'

/** Files of the local file system, also to be written. */
export class WritableFileStore extends FileStore implements WritableStore {
  async stage(directory: string): Promise<StagedFile> {
    const path = join(directory, `${STAGED_PREFIX}${randomUUID()}`)
    return attempt(directory, async () => {
      await mkdir(directory, { recursive: true })
      return new StagedLocalFile(directory, path, await open(path, 'wx'))
    })
  }

  async writeNew(location: string, bytes: Uint8Array): Promise<void> {
    const directory = dirname(location)
    const staged = join(directory, `${STAGED_PREFIX}${randomUUID()}`)
    await attempt(location, async () => {
      await mkdir(directory, { recursive: true })
      try {
        const handle = await open(staged, 'wx')
        try {
          await writeAll(handle, bytes)
          await handle.sync()
        } finally {
          await handle.close()
        }
        // A link appears whole, and fails where the name is taken.
        await link(staged, location)
      } finally {
        await rm(staged, { force: true })
      }
      await syncDirectory(directory)
    })
  }

  async remove(location: string): Promise<void> {
    await attempt(location, () => rm(location, { force: true }))
  }

  newHash(): ContentHash {
    return nodeHash()
  }
}

/** SHA-256 as Node has it. */
export function nodeHash(): ContentHash {
  const hash = createHash('sha256')
  return { update: (bytes) => hash.update(bytes), digest: () => hash.digest('hex') }
}

class StagedLocalFile implements StagedFile {
  private readonly directory: string
  private readonly path: string
  private readonly handle: FileHandle
  private open = true

  constructor(directory: string, path: string, handle: FileHandle) {
    this.directory = directory
    this.path = path
    this.handle = handle
  }

  append(bytes: Uint8Array): Promise<void> {
    return attempt(this.path, () => writeAll(this.handle, bytes))
  }

  publish(name: string): Promise<string> {
    const target = join(this.directory, name)
    return attempt(target, async () => {
      await this.handle.sync()
      await this.close()
      await rename(this.path, target)
      await syncDirectory(this.directory)
      return name
    })
  }

  async abandon(): Promise<void> {
    if (!this.open) return
    await this.close()
    await rm(this.path, { force: true })
  }

  private async close(): Promise<void> {
    this.open = false
    await this.handle.close()
  }
}

/** Temporary files. They are unlinked at once: whatever ends the program removes them. */
export class FileSpill implements Spill {
  private readonly directory: string
  private readonly open = new Map<FileHandle, string>()

  constructor(directory: string = tmpdir()) {
    this.directory = directory
  }

  create(): Promise<SpillFile> {
    const path = join(this.directory, `kobel-spill-${randomUUID()}`)
    return attempt(path, async () => {
      const handle = await open(path, 'wx+', 0o600)
      this.open.set(handle, path)
      await unlink(path).catch(() => undefined)
      let length = 0
      return {
        append: (bytes) =>
          attempt(path, async () => {
            await writeAll(handle, bytes, length)
            length += bytes.length
          }),
        read: (start, end) => attempt(path, () => readAll(handle, start, end)),
        close: () => this.end(handle),
        descriptor: handle.fd,
      }
    })
  }

  async close(): Promise<void> {
    await Promise.all([...this.open.keys()].map((handle) => this.end(handle)))
  }

  private async end(handle: FileHandle): Promise<void> {
    const path = this.open.get(handle)
    if (path === undefined) return
    this.open.delete(handle)
    await handle.close()
    // Where an open file could not be unlinked.
    await rm(path, { force: true })
  }
}

/** A temporary file that another thread of the program wrote, and closes. */
export function sharedSpillFile(descriptor: number): SpillFile {
  const file = { read: promisify(read).bind(undefined, descriptor) } as unknown as Pick<FileHandle, 'read'>
  return {
    append: () => Promise.reject(new KobelError('STORE', 'a temporary file of another thread is only read')),
    read: (start, end) => attempt(`descriptor ${descriptor}`, () => readAll(file, start, end)),
    close: async () => {},
  }
}

async function readAll(handle: Pick<FileHandle, 'read'>, start: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - start)
  for (let done = 0; done < bytes.length; ) {
    const { bytesRead } = await handle.read(bytes, done, bytes.length - done, start + done)
    if (bytesRead === 0) throw new KobelError('STORE', 'a temporary file is shorter than what was written to it')
    done += bytesRead
  }
  return bytes
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number | null = null): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const at = position === null ? null : position + done
    done += (await handle.write(bytes, done, bytes.length - done, at)).bytesWritten
  }
}

/** The entry of a new file in its directory is durable only then. */
async function syncDirectory(directory: string): Promise<void> {
  try {
    const handle = await open(directory, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    // Windows does not open directories; it needs no sync of them.
    if (!['EISDIR', 'EPERM', 'EINVAL', 'EACCES'].includes(codeOf(error))) throw error
  }
}

async function attempt<T>(location: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof KobelError) throw error
    if (codeOf(error) === 'EEXIST') {
      throw new KobelError('CONFLICT', 'the file is there already, and is not replaced', { file: location })
    }
    const message = error instanceof Error ? error.message : String(error)
    throw new KobelError('STORE', `the file could not be written: ${message}`, { file: location })
  }
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown }).code)
}
