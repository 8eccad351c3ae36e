import { toHex } from '../bytes/encoding.ts'
import { murmur3x64 } from '../bytes/murmur.ts'
import { KobelError, locate } from '../error.ts'
import { type Metadata, readMetadata } from '../format/metadata/index.ts'
import { TableCache } from '../format/sst/table-cache.ts'
import { serializerTable } from '../serializer/table.ts'
import { parentOf, type Store } from '../store/store.ts'
import { findMetadata } from './find-metadata.ts'
import { noSuch } from './names.ts'
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
    tables: new TableCache(),
    ...(options.decompressors && { decompressors: options.decompressors }),
    ...(options.records && { records: options.records }),
    options: {
      // Flink 2.0 came with Kryo 5 and with version 5 of `_metadata`.
      kryoVersion: metadata.version >= 5 ? (5 as const) : (2 as const),
      ...(options.fields && { fields: options.fields }),
      ...(options.protobuf && { protobuf: options.protobuf }),
      ...(options.python && { python: true }),
    },
  }
  const uids = new Map((options.uids ?? []).map((uid) => [operatorIdOf(uid), uid]))
  const { keyTypes = {} } = options
  const operators = metadata.operators.map((operator) => {
    const uid = operator.uid ?? uids.get(operator.id)
    const named = [uid, operator.name, operator.id].find((name) => name !== undefined && Object.hasOwn(keyTypes, name))
    return new Operator(operator, uid, named === undefined ? context : { ...context, keyType: keyTypes[named]! })
  })
  const snapshot = new Snapshot(streams.directory, metadata, file.bytes.length, operators, streams)
  if (options.heads !== 'lazy') for (const operator of operators) await operator.load()
  return snapshot
}

function cutMetadata(error: unknown): unknown {
  if (!(error instanceof KobelError) || error.code !== 'TRUNCATED') return error
  return new KobelError('TRUNCATED', `the file was cut, or is still being written: ${error.message}`, error.where)
}
