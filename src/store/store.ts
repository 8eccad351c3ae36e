import { KobelError } from '../error.ts'

/** One child of a directory. */
export interface StoreEntry {
  /** The last part of its location. */
  readonly name: string
  readonly location: string
  readonly directory: boolean
  /** Bytes of a file. */
  readonly size?: number
  /** Milliseconds since 1970, where the store says so. */
  readonly modified?: number
}

/**
 * Where files lie. A location is a text that only the store understands (a path, a URL); below a directory, names are
 * joined with `/`. Stores are read by ranges: nothing here reads whole files unasked.
 */
export interface Store {
  /** The location of a URI as Flink writes them into `_metadata`; undefined where it belongs to another store. */
  locate(uri: string): string | undefined
  /**
   * Bytes `start` to before `end`.
   * @throws KobelError `NOT_FOUND`; `TRUNCATED` where the file is shorter; `STORE` for all else.
   */
  read(location: string, start: number, end: number): Promise<Uint8Array>
  /** As `read`, into bytes that the caller has: spares making new ones where much is read. */
  readInto?(location: string, start: number, target: Uint8Array): Promise<void>
  /** As `read`, but where the file is shorter its bytes to its end, none behind it: for caches that read ahead. */
  readAtMost?(location: string, start: number, end: number): Promise<Uint8Array>
  /** All of a file in one request: for `_metadata`, which is read before its length is known. Errors as `read`. */
  readWhole(location: string): Promise<Uint8Array>
  /** Bytes of the file, undefined where there is none. */
  size(location: string): Promise<number | undefined>
  /** Children of a directory; none where there is no such directory. */
  list(location: string): Promise<readonly StoreEntry[]>
  /** Lets go of open files and connections. The store can be used again. */
  close?(): Promise<void>
}

/** The location of a name below a directory. */
export function join(directory: string, name: string): string {
  return directory.endsWith('/') ? directory + name : `${directory}/${name}`
}

/** The directory of a location, `''` where it has none: nothing lies above the host or bucket of a URL. */
export function parentOf(location: string): string {
  const trimmed = location.replace(/\/+$/, '')
  const at = trimmed.lastIndexOf('/')
  if (at < rootOf(trimmed).length) return ''
  return at <= 0 ? trimmed.slice(0, at + 1) : trimmed.slice(0, at)
}

/** Scheme and authority of a URL (`s3://bucket`), `''` for paths. */
export function rootOf(location: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\/[^/]*/i.exec(location)?.[0] ?? ''
}

export function nameOf(location: string): string {
  const trimmed = location.replace(/\/+$/, '')
  return trimmed.slice(trimmed.lastIndexOf('/') + 1)
}

/** @throws KobelError `TRUNCATED` where fewer bytes came than lie between `start` and `end`. */
export function exactly(bytes: Uint8Array, location: string, start: number, end: number): Uint8Array {
  if (bytes.length !== end - start) throw tooShort(location, end, start + bytes.length)
  return bytes
}

export function notFound(location: string): KobelError {
  return new KobelError('NOT_FOUND', 'there is no such file', { file: location })
}

export function tooShort(location: string, end: number, size: number): KobelError {
  return new KobelError(
    'TRUNCATED',
    `the file has ${size} bytes, ${end} were expected: it was cut, or is still being written`,
    {
      file: location,
      offset: size,
    },
  )
}
