import type { Reader } from '../bytes/reader.ts'
import type { Writer } from '../bytes/writer.ts'
import { KobelError } from '../error.ts'
import type { Layout } from './layout.ts'
import type { SerializerOptions } from './options.ts'
import type { SerializerRow, SerializerTable } from './row.ts'
import type { Type } from './type.ts'

/**
 * A serializer snapshot as Flink wrote it (`TypeSerializerSnapshot`), with the two other trees made from it. `raw`
 * loses nothing and is what is written back.
 */
export interface SerializerSnapshot {
  /** Java class of the snapshot: the tag of the type. */
  readonly className: string
  /** The snapshot's own version. */
  readonly version: number
  /** The versioned form: utf class name, i32 version, body. */
  readonly raw: Uint8Array
  /** What the table's row read from the body; `undefined` for a class or version without a row. */
  readonly body: unknown
  readonly type: Type
  readonly layout: Layout
  /** `inferred`: the class is unknown and the end of its body was worked out from what follows. */
  readonly extent: 'known' | 'inferred'
}

/** Where snapshots are read from, and what is known about bodies of unknown classes. */
export interface SnapshotSource {
  readonly reader: Reader
  readonly table: SerializerTable
  /** Lengths decided for bodies of unknown classes, by their offset (see `extents.ts`). */
  readonly extents: ReadonlyMap<number, number>
  readonly depth: number
  readonly options?: SerializerOptions | undefined
  /** Kept while lengths of unknown bodies are tried. */
  readonly attempts?: Attempts
}

/** What attempts to read the same head share: snapshots without unknown bodies are read once. */
export interface Attempts {
  /** By offset of the versioned snapshot. */
  readonly read: Map<number, { readonly snapshot: SerializerSnapshot; readonly end: number }>
  /** Unknown bodies met so far. */
  unknownBodies: number
  /** A measure of the work done. */
  work: number
}

const MAX_SNAPSHOT_DEPTH = 60

/** Thrown when the body of an unknown class begins at `offset` and nothing says where it ends. */
export class UnknownExtentError extends KobelError {
  readonly className: string
  readonly offset: number
  readonly limit: number

  constructor(className: string, offset: number, limit: number) {
    super('UNKNOWN_SERIALIZER', `the end of the serializer snapshot ${className} is not known`, { offset })
    this.className = className
    this.offset = offset
    this.limit = limit
  }
}

/** What a class name looks like; other texts come from reading at a wrong place. */
const CLASS_NAME = /^[\p{L}_$][^\p{Cc}\s]*$/u

/**
 * Reads a versioned snapshot (`TypeSerializerSnapshot.readVersionedSnapshot`): utf class name, i32 version, body.
 * There is no length around the body. `framed`: a frame outside ends exactly where this snapshot ends.
 */
export function readVersionedSnapshot(source: SnapshotSource, framed = false): SerializerSnapshot {
  const { reader, table } = source
  if (source.depth > MAX_SNAPSHOT_DEPTH) {
    throw new KobelError('LIMIT', `serializer snapshots are nested deeper than ${MAX_SNAPSHOT_DEPTH}`, {
      offset: reader.offset,
    })
  }
  const start = reader.offset
  const { attempts } = source
  const known = framed ? undefined : attempts?.read.get(start)
  if (known) {
    reader.offset = known.end
    return known.snapshot
  }
  const unknownBefore = attempts?.unknownBodies
  const className = reader.utf()
  const version = reader.i32()
  const bodyStart = reader.offset
  const row = table.get(className)
  if (row?.versions.includes(version)) {
    try {
      const body = row.readBody({ ...source, depth: source.depth + 1 }, version)
      const snapshot = snapshotOf(row, version, reader.bytes.subarray(start, reader.offset), body)
      if (attempts) {
        attempts.work += reader.offset - start
        if (attempts.unknownBodies === unknownBefore && !framed)
          attempts.read.set(start, { snapshot, end: reader.offset })
      }
      return snapshot
    } catch (error) {
      // A known class in a version from the future is as unknown as any other, and must not hide what follows it.
      if (!(error instanceof KobelError) || error.code !== 'UNSUPPORTED_VERSION') throw error
      reader.offset = bodyStart
    }
  }
  if (attempts) attempts.unknownBodies++
  if (!CLASS_NAME.test(className)) {
    throw new KobelError(
      'CORRUPT',
      `the name of a Java class was expected, found ${JSON.stringify(className.slice(0, 60))}`,
      {
        offset: start,
      },
    )
  }
  const length = framed ? reader.remaining : source.extents.get(reader.offset)
  if (length === undefined) throw new UnknownExtentError(className, reader.offset, reader.limit)
  reader.skip(length)
  return unknownSnapshot(className, version, reader.bytes.subarray(start, reader.offset))
}

/** A snapshot of a known class from its body. */
export function snapshotOf(row: SerializerRow, version: number, raw: Uint8Array, body: unknown): SerializerSnapshot {
  const { snapshotClass: className } = row
  return { className, version, raw, body, type: row.type(body), layout: row.layout(body), extent: 'known' }
}

/** A snapshot whose class kobel does not know: its values are typed bytes. */
export function unknownSnapshot(className: string, version: number, raw: Uint8Array): SerializerSnapshot {
  return {
    className,
    version,
    raw,
    body: undefined,
    type: { kind: 'unknown', className },
    layout: { op: 'unknown', className },
    extent: 'inferred',
  }
}

export function writeVersionedSnapshot(writer: Writer, snapshot: SerializerSnapshot): void {
  writer.raw(snapshot.raw)
}

/** The frame in proxies and meta infos (`TypeSerializerSnapshotSerializationUtil`): i32 2, versioned snapshot. */
export function readSerializerSnapshot(source: SnapshotSource): SerializerSnapshot {
  const at = source.reader.offset
  const version = source.reader.i32()
  if (version !== 2) {
    throw new KobelError(
      version === 1 ? 'UNSUPPORTED_VERSION' : 'CORRUPT',
      version === 1
        ? 'the serializer is stored in the form of Flink 1.6 and older, which kobel does not read yet'
        : `a serializer snapshot begins with the version 2, found ${version}`,
      { offset: at },
    )
  }
  return readVersionedSnapshot(source)
}

export function writeSerializerSnapshot(writer: Writer, snapshot: SerializerSnapshot): void {
  writer.i32(2)
  writeVersionedSnapshot(writer, snapshot)
}

const NESTED_MAGIC = 1333245

/** Nested snapshots (`NestedSerializersSnapshotDelegate`): i32 magic, i32 1, i32 n, n versioned snapshots. */
export function readNestedSnapshots(source: SnapshotSource): SerializerSnapshot[] {
  const { reader } = source
  const at = reader.offset
  const magic = reader.i32()
  const version = reader.i32()
  if (magic !== NESTED_MAGIC || version !== 1) {
    throw new KobelError('CORRUPT', 'nested serializer snapshots were expected, their magic number is not there', {
      offset: at,
    })
  }
  const count = reader.count('nested serializer snapshots', 6)
  return Array.from({ length: count }, () => readVersionedSnapshot(source))
}

export function writeNestedSnapshots(writer: Writer, nested: readonly SerializerSnapshot[]): void {
  writer.i32(NESTED_MAGIC)
  writer.i32(1)
  writer.i32(nested.length)
  for (const snapshot of nested) writeVersionedSnapshot(writer, snapshot)
}

const OPTIONAL_MAP_MAGIC = 0x000004f2c69a3d70n

/** An entry of {@link readOptionalMap}: key or value are missing where the class was not there when Flink wrote it. */
export interface OptionalMapEntry {
  readonly name: string
  readonly key: Uint8Array | undefined
  readonly value: Uint8Array | undefined
}

/**
 * `LinkedOptionalMapSerializer`: i64 magic, i32 n, n times { utf name, bool has key [i32 length, key], bool has value
 * [i32 length, value] }. `visitValue` reads a value with a reader that ends where the value ends.
 */
export function readOptionalMap<V>(
  source: SnapshotSource,
  visitValue: (inside: SnapshotSource) => V,
): (OptionalMapEntry & { readonly read: V | undefined })[] {
  const { reader } = source
  const at = reader.offset
  if (reader.i64() !== OPTIONAL_MAP_MAGIC) {
    throw new KobelError('CORRUPT', 'a map of a serializer snapshot was expected, its magic number is not there', {
      offset: at,
    })
  }
  const count = reader.count('map entries', 4)
  return Array.from({ length: count }, () => {
    const name = reader.utf()
    const key = reader.bool() ? reader.take(reader.i32()) : undefined
    if (!reader.bool()) return { name, key, value: undefined, read: undefined }
    const length = reader.i32()
    const limit = reader.limit
    const start = reader.offset
    reader.need(length)
    reader.limit = start + length
    try {
      const read = visitValue(source)
      if (reader.offset === reader.limit) {
        return { name, key, value: reader.bytes.subarray(start, reader.offset), read }
      }
    } finally {
      reader.limit = limit
    }
    throw new KobelError('CORRUPT', 'a framed part of a serializer snapshot does not end where its frame ends', {
      offset: reader.offset,
    })
  })
}

export function writeOptionalMap(writer: Writer, entries: readonly OptionalMapEntry[]): void {
  writer.i64(OPTIONAL_MAP_MAGIC)
  writer.i32(entries.length)
  for (const { name, key, value } of entries) {
    writer.utf(name)
    for (const part of [key, value]) {
      writer.bool(part !== undefined)
      if (part === undefined) continue
      writer.i32(part.length)
      writer.raw(part)
    }
  }
}
