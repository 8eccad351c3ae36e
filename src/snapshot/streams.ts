import { KobelError, locate } from '../error.ts'
import type { StreamStateHandle } from '../format/metadata/index.ts'
import { join, parentOf, rootOf, type Store } from '../store/store.ts'

/** The bytes behind a stream handle, read by ranges. */
export interface StateStream {
  /** For messages. */
  readonly location: string
  readonly length: number
  /** Bytes `start` to before `end`, which must not be beyond `length`. */
  read(start: number, end: number): Promise<Uint8Array>
  /** How many bytes are really there, from the front: fewer than `length` where the file was cut. */
  available?(): Promise<number>
}

/** How far above the snapshot its moved files are looked for. */
const ANCESTORS = 5

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
    return {
      location,
      length,
      read: async (start, end) => {
        if (end > length)
          throw new KobelError('TRUNCATED', `the stream has ${length} bytes, ${end} were expected`, {
            file: location,
            offset: length,
          })
        return this.store.read(location, startPosition + start, startPosition + end)
      },
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
      if ((await this.store.size(moved)) !== undefined) return moved
    }
    const stored = this.store.locate(uri)
    if (stored === undefined || rootOf(stored) === rootOf(this.directory)) {
      if (stored !== undefined && (await this.store.size(stored)) !== undefined) return stored
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
      if ((await this.store.size(stored)) !== undefined) return stored
    } catch (error) {
      const copy = isLocal ? undefined : await this.findMoved(uri)
      if (copy !== undefined) return copy
      throw error
    }
    return (isLocal ? undefined : await this.findMoved(uri)) ?? missing(uri, this.directory)
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
        if ((await this.store.size(location)) === undefined) continue
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

  /** Nothing at `end` or behind it is fetched. */
  constructor(stream: StateStream, end: number, windowBytes: number = WINDOW_BYTES) {
    this.stream = stream
    this.end = end
    this.windowBytes = windowBytes
  }

  /** The bytes from `start` that are there after fetching, at least `atLeast` of them unless `end` comes first. */
  async at(start: number, atLeast: number): Promise<Uint8Array> {
    const wantedEnd = Math.min(start + atLeast, this.end)
    const blockEnd = this.blockStart + this.block.length
    const inBlock = start >= this.blockStart && start <= blockEnd
    if (!inBlock || wantedEnd > blockEnd) {
      // Where much is wanted, fetching the beginning again costs less than copying it all.
      const keeps = inBlock && atLeast < 4 * this.windowBytes
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
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length)
  joined.set(a)
  joined.set(b, a.length)
  return joined
}
