import { KobelError, locate } from '../error.ts'
import type { StreamStateHandle } from '../format/metadata/index.ts'
import { join, nameOf, parentOf, rootOf, type Store } from '../store/store.ts'

/** The bytes behind a stream handle, read by ranges. */
export interface StateStream {
  /** For messages. */
  readonly location: string
  readonly length: number
  /** Bytes `start` to before `end`, which must not be beyond `length`. */
  read(start: number, end: number): Promise<Uint8Array>
  /** The same into bytes that the caller has. */
  readInto?(start: number, target: Uint8Array): Promise<void>
  /** How many bytes are really there, from the front: fewer than `length` where the file was cut. */
  available?(): Promise<number>
}

/** How far above the snapshot its moved files are looked for. */
const ANCESTORS = 5
/** Files of one directory that are asked for one by one; when there are more, the directory is listed. */
const ASKED_ALONE = 4

/**
 * Opens the streams of one snapshot. Absolute paths that point to where the snapshot once lay are found below where it
 * lies now; each such move is kept in `moves`.
 */
export class StreamOpener {
  readonly store: Store
  /** The directory of `_metadata`. */
  readonly directory: string
  /** Prefixes of absolute paths, and what stands for them now. */
  readonly moves: Map<string, string> = new Map()
  private readonly found = new Map<string, Promise<string>>()
  /** How many files were asked for by directory. */
  private readonly asked = new Map<string, number>()
  private readonly listed = new Map<string, Promise<ReadonlySet<string>>>()

  constructor(store: Store, directory: string) {
    this.store = store
    this.directory = directory
  }

  /** @throws KobelError `CORRUPT` for a path that leaves the snapshot; `NOT_FOUND` where no file is there. */
  async open(handle: StreamStateHandle): Promise<StateStream> {
    switch (handle.kind) {
      case 'byte-stream':
        return inlineStream(handle.name, handle.bytes)
      case 'empty-segment-file':
        return inlineStream('an empty segment', new Uint8Array(0))
      case 'relative-file':
        return this.fileStream(this.relativeLocation(handle.path), 0, handle.size)
      case 'file':
        return this.fileStream(await this.absoluteLocation(handle.path), 0, handle.size)
      case 'segment-file':
        return this.fileStream(await this.absoluteLocation(handle.path), handle.startPosition, handle.size)
      case 'key-groups-stream':
        return this.open(handle.stream)
    }
  }

  private fileStream(location: string, startPosition: number, length: number): StateStream {
    if (length < 0) throw new KobelError('CORRUPT', `a file of ${length} bytes cannot be`, { file: location })
    const { store } = this
    const checkEnd = (end: number): void => {
      if (end <= length) return
      throw new KobelError('TRUNCATED', `the stream has ${length} bytes, ${end} were expected`, {
        file: location,
        offset: length,
      })
    }
    return {
      location,
      length,
      read: async (start, end) => {
        checkEnd(end)
        return store.read(location, startPosition + start, startPosition + end)
      },
      ...(store.readInto && {
        readInto: async (start: number, target: Uint8Array) => {
          checkEnd(start + target.length)
          await store.readInto?.(location, startPosition + start, target)
        },
      }),
      available: async () => {
        const size = (await this.store.size(location)) ?? 0
        return Math.max(0, Math.min(length, size - startPosition))
      },
    }
  }

  private relativeLocation(path: string): string {
    if (path.startsWith('/') || path.split('/').includes('..')) {
      throw new KobelError('CORRUPT', `the relative path ${JSON.stringify(path)} leaves the snapshot`, {
        file: this.directory,
      })
    }
    return join(this.directory, path)
  }

  private absoluteLocation(uri: string): Promise<string> {
    const known = this.found.get(uri)
    if (known) return known
    const location = this.findLocation(uri)
    this.found.set(uri, location)
    return location
  }

  private async findLocation(uri: string): Promise<string> {
    for (const [from, to] of this.moves) {
      if (!uri.startsWith(from)) continue
      const moved = join(to, uri.slice(from.length))
      if (await this.exists(moved)) return moved
    }
    const stored = this.store.locate(uri)
    if (stored === undefined || rootOf(stored) === rootOf(this.directory)) {
      if (stored !== undefined && (await this.exists(stored))) return stored
      return (await this.findMoved(uri)) ?? missing(uri, this.directory)
    }
    return this.findElsewhere(uri, stored)
  }

  /**
   * A path into another store or bucket than the snapshot lies in. A local copy is asked first: looking is cheap, and
   * nobody wants a connection for it. Otherwise a copy is only looked for where the other store has no such file, or
   * cannot be reached.
   */
  private async findElsewhere(uri: string, stored: string): Promise<string> {
    const isLocal = rootOf(this.directory) === ''
    const near = isLocal ? await this.findMoved(uri) : undefined
    if (near !== undefined) return near
    try {
      if (await this.exists(stored)) return stored
    } catch (error) {
      const copy = isLocal ? undefined : await this.findMoved(uri)
      if (copy !== undefined) return copy
      throw error
    }
    return (isLocal ? undefined : await this.findMoved(uri)) ?? missing(uri, this.directory)
  }

  /** One request for each of hundreds of shared files would take longer than reading what is wanted of them. */
  private async exists(location: string): Promise<boolean> {
    const directory = parentOf(location)
    const asked = (this.asked.get(directory) ?? 0) + 1
    this.asked.set(directory, asked)
    if (asked > ASKED_ALONE && directory !== '') {
      const names = await this.namesIn(directory)
      // No names may also mean that the store cannot list.
      if (names.size > 0) return names.has(nameOf(location))
    }
    return (await this.store.size(location)) !== undefined
  }

  private namesIn(directory: string): Promise<ReadonlySet<string>> {
    const known = this.listed.get(directory)
    if (known) return known
    const names = this.store.list(directory).then(
      (entries) => new Set(entries.map(({ name }) => name)),
      () => new Set<string>(),
    )
    this.listed.set(directory, names)
    return names
  }

  /** Looks for the end of the path, the longest first, below the snapshot's directory and those above it. */
  private async findMoved(uri: string): Promise<string | undefined> {
    const parts = uri.split('/')
    const ancestors: string[] = [this.directory]
    while (ancestors.length < ANCESTORS) {
      const above = parentOf(ancestors.at(-1)!)
      if (above === '' || above === ancestors.at(-1)) break
      ancestors.push(above)
    }
    for (let kept = Math.min(parts.length - 1, 12); kept >= 1; kept--) {
      const suffix = parts.slice(-kept)
      if (suffix.includes('..')) return undefined
      for (const ancestor of ancestors) {
        const location = join(ancestor, suffix.join('/'))
        if (!(await this.exists(location))) continue
        const prefix = parts.slice(0, -kept).join('/')
        this.moves.set(`${prefix}/`, ancestor)
        return location
      }
    }
    return undefined
  }
}

function missing(uri: string, directory: string): never {
  throw new KobelError(
    'NOT_FOUND',
    `the snapshot needs the file ${uri}, which is neither there nor near ${directory}`,
    { file: uri },
  )
}

function inlineStream(name: string, bytes: Uint8Array): StateStream {
  return {
    location: `_metadata (${name})`,
    length: bytes.length,
    read: async (start, end) => {
      if (end > bytes.length)
        throw new KobelError('TRUNCATED', `the stream has ${bytes.length} bytes, ${end} were expected`, {
          offset: bytes.length,
        })
      return bytes.subarray(start, end)
    },
  }
}

/** Fetched at once when a stream is read from front to end. */
export const WINDOW_BYTES: number = 1 << 20

/** Bytes up to `wantedEnd`; where the file was cut, as many as are there, but at least those up to `end`. */
export async function readAtLeast(
  stream: StateStream,
  start: number,
  end: number,
  wantedEnd: number,
): Promise<Uint8Array> {
  try {
    return await stream.read(start, wantedEnd)
  } catch (error) {
    if (!(error instanceof KobelError) || error.code !== 'TRUNCATED' || end >= wantedEnd || !stream.available)
      throw error
    const available = Math.min(wantedEnd, await stream.available())
    if (available < end || available >= wantedEnd) throw error
    return stream.read(start, available)
  }
}

/** Reads a part of a stream from front to back in windows; what is asked for again is hardly ever fetched again. */
export class StreamWindow {
  private readonly stream: StateStream
  private readonly end: number
  private readonly windowBytes: number
  private block: Uint8Array = new Uint8Array(0)
  private blockStart = 0
  /** Memory that is used again and again, where that is wanted. */
  private own: Uint8Array | undefined

  /**
   * Nothing at `end` or behind it is fetched.
   * @param reuses bytes given are good until `at` is called again: they may lie in the same memory.
   */
  constructor(stream: StateStream, end: number, windowBytes: number = WINDOW_BYTES, reuses = false) {
    this.stream = stream
    this.end = end
    this.windowBytes = windowBytes
    if (reuses && stream.readInto) this.own = new Uint8Array(Math.min(end, 2 * windowBytes))
  }

  /** The bytes from `start` that are there after fetching, at least `atLeast` of them unless `end` comes first. */
  async at(start: number, atLeast: number): Promise<Uint8Array> {
    const wantedEnd = Math.min(start + atLeast, this.end)
    const blockEnd = this.blockStart + this.block.length
    const inBlock = start >= this.blockStart && start <= blockEnd
    if (!inBlock || wantedEnd > blockEnd) {
      // Where much is wanted, fetching the beginning again costs less than copying it all.
      const keeps = inBlock && atLeast < 4 * this.windowBytes
      if (keeps && this.own && (await this.refill(start, wantedEnd))) return this.block
      const kept = keeps ? this.block.subarray(start - this.blockStart) : new Uint8Array(0)
      const from = start + kept.length
      const to = Math.min(this.end, Math.max(wantedEnd, from + this.windowBytes))
      const fetched = await readAtLeast(this.stream, from, wantedEnd, to).catch((error) => {
        throw locate(error, { file: this.stream.location })
      })
      this.block = kept.length === 0 ? fetched : concat(kept, fetched)
      this.blockStart = start
    }
    return this.block.subarray(start - this.blockStart)
  }

  /** Moves what is still wanted to the front of the own memory and reads on behind it; false where it cannot. */
  private async refill(start: number, wantedEnd: number): Promise<boolean> {
    const { own, stream, block } = this
    const kept = block.subarray(start - this.blockStart)
    const from = start + kept.length
    const to = Math.min(this.end, Math.max(wantedEnd, from + this.windowBytes))
    if (own === undefined || to - start > own.length) return false
    own.set(kept)
    // Where the file was cut, the other way says so.
    const isRead = await stream.readInto!(from, own.subarray(kept.length, to - start)).then(
      () => true,
      () => false,
    )
    this.block = own.subarray(0, isRead ? to - start : kept.length)
    this.blockStart = start
    return isRead
  }
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length)
  joined.set(a)
  joined.set(b, a.length)
  return joined
}
