import { toHex } from '../bytes/encoding.ts'
import { murmur3x64 } from '../bytes/murmur.ts'
import { KobelError, locate } from '../error.ts'
import { type Metadata, readMetadata } from '../format/metadata/index.ts'
import { serializerTable } from '../serializer/table.ts'
import { join, nameOf, parentOf, type Store, type StoreEntry } from '../store/store.ts'
import { nearest, noSuch } from './names.ts'
import { Operator } from './operator.ts'
import type { OpenOptions } from './options.ts'
import { StreamOpener } from './streams.ts'

/** A savepoint or checkpoint, opened. */
export class Snapshot implements AsyncDisposable {
  /** The directory of `_metadata`. */
  readonly location: string
  readonly metadata: Metadata
  readonly operators: readonly Operator[]
  readonly metadataBytes: number
  private readonly streams: StreamOpener

  constructor(
    location: string,
    metadata: Metadata,
    metadataBytes: number,
    operators: readonly Operator[],
    streams: StreamOpener,
  ) {
    this.location = location
    this.metadata = metadata
    this.metadataBytes = metadataBytes
    this.operators = operators
    this.streams = streams
  }

  /** What absolute paths in `_metadata` began with, and where their files were found: the snapshot was moved. */
  get moves(): ReadonlyMap<string, string> {
    return this.streams.moves
  }

  /** Closes the files of the snapshot. They are opened again where it is read on. */
  async close(): Promise<void> {
    await this.streams.store.close?.()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /**
   * An operator by uid, id (32 hex digits) or name. A uid is found by its hash where `_metadata` does not name it.
   * @throws KobelError `NOT_FOUND`, with names that are near; `USAGE` where several operators have the name.
   */
  operator(name: string): Operator {
    const hash = operatorIdOf(name)
    const byUid = this.operators.find(
      (operator) => operator.uid === name || operator.id === hash || operator.id === name.toLowerCase(),
    )
    if (byUid) return byUid
    const named = this.operators.filter((operator) => operator.name === name)
    if (named.length === 1) return named[0]!
    if (named.length > 1) {
      throw new KobelError(
        'USAGE',
        `${named.length} operators are called ${JSON.stringify(name)}: take one of the ids ${named.map((each) => each.id).join(', ')}`,
      )
    }
    throw noSuch(
      'operator',
      name,
      this.operators.map((operator) => operator.label),
      { file: this.location },
    )
  }
}

/** The id of an operator with this uid (`StreamGraphHasherV2`): 32 hex digits of murmur3-128 over its UTF-8. */
export function operatorIdOf(uid: string): string {
  // Java's encoder writes a question mark for a lone surrogate, TextEncoder a replacement character.
  return toHex(murmur3x64(new TextEncoder().encode(uid.replace(/\p{Surrogate}/gu, '?'))))
}

/**
 * Opens a snapshot from its directory or its `_metadata` file.
 *
 * @throws KobelError `NOT_FOUND` where there is no snapshot, or several and the option `latest` is not set (the message
 *   lists them); `CORRUPT`, `TRUNCATED`, `UNSUPPORTED_VERSION` where `_metadata` cannot be read.
 */
export async function openSnapshotIn(store: Store, location: string, options: OpenOptions = {}): Promise<Snapshot> {
  const file = await findMetadata(store, location, options.latest ?? false)
  let metadata: Metadata
  try {
    metadata = readMetadata(file.bytes)
  } catch (error) {
    throw locate(cutMetadata(error), { file: file.location })
  }
  const streams = new StreamOpener(store, parentOf(file.location))
  const context = {
    streams,
    table: serializerTable(options.serializers),
    ...(options.decompressors && { decompressors: options.decompressors }),
    options: {
      // Flink 2.0 came with Kryo 5 and with version 5 of `_metadata`.
      kryoVersion: metadata.version >= 5 ? (5 as const) : (2 as const),
      ...(options.fields && { fields: options.fields }),
    },
  }
  const uids = new Map((options.uids ?? []).map((uid) => [operatorIdOf(uid), uid]))
  const operators = metadata.operators.map(
    (operator) => new Operator(operator, operator.uid ?? uids.get(operator.id), context),
  )
  const snapshot = new Snapshot(streams.directory, metadata, file.bytes.length, operators, streams)
  if (options.heads !== 'lazy') for (const operator of operators) await operator.load()
  return snapshot
}

function cutMetadata(error: unknown): unknown {
  if (!(error instanceof KobelError) || error.code !== 'TRUNCATED') return error
  return new KobelError('TRUNCATED', `the file was cut, or is still being written: ${error.message}`, error.where)
}

const METADATA = '_metadata'

interface MetadataFile {
  readonly location: string
  readonly bytes: Uint8Array
}

async function findMetadata(store: Store, location: string, latest: boolean): Promise<MetadataFile> {
  const named = nameOf(location) === METADATA
  const direct = named ? location.replace(/\/+$/, '') : join(location, METADATA)
  try {
    return { location: direct, bytes: await store.readWhole(direct) }
  } catch (error) {
    if (named || !(error instanceof KobelError) || error.code !== 'NOT_FOUND') throw error
  }
  const children = await store.list(location)
  const found = await snapshotsBelow(store, children)
  if (found.length === 0) throw await noSnapshot(store, location, children)
  if (latest) return findMetadata(store, found[0]!.location, false)
  const names = found.map((entry) => entry.name)
  throw new KobelError(
    'NOT_FOUND',
    `the directory is no snapshot, but holds ${names.length === 1 ? 'one' : names.length}: ${names.slice(0, 12).join(', ')}${names.length > 12 ? ', …' : ''}; name one of them, or take the newest with --latest (option latest)`,
    { file: location },
  )
}

/** Complete snapshots directly below a directory, the newest first: by checkpoint number, then by age. */
async function snapshotsBelow(store: Store, children: readonly StoreEntry[]): Promise<StoreEntry[]> {
  const complete: StoreEntry[] = []
  for (const child of children) {
    if (child.directory && (await store.size(join(child.location, METADATA))) !== undefined) complete.push(child)
  }
  const number = (entry: StoreEntry): number => Number(/^chk-(\d+)$/.exec(entry.name)?.[1] ?? -1)
  return complete.sort((a, b) => number(b) - number(a) || (b.modified ?? 0) - (a.modified ?? 0))
}

async function noSnapshot(store: Store, location: string, children: readonly StoreEntry[]): Promise<KobelError> {
  if (children.length > 0) {
    return new KobelError(
      'NOT_FOUND',
      `the directory has no ${METADATA} file: it is not a savepoint or checkpoint, or was never completed`,
      { file: location },
    )
  }
  if ((await store.size(location)) !== undefined) {
    return new KobelError('NOT_FOUND', `a snapshot is a directory with a ${METADATA} file, this is another file`, {
      file: location,
    })
  }
  const near = nearest(
    nameOf(location),
    (await store.list(parentOf(location))).map((entry) => entry.name),
  )
  const hint = near.length > 0 ? `: did you mean ${near.join(' or ')}?` : ''
  return new KobelError('NOT_FOUND', `there is no such directory${hint}`, { file: location })
}
