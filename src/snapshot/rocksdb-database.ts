import { KobelError, locate } from '../error.ts'
import type { IncrementalRemoteKeyedStateHandle, StreamStateHandle } from '../format/metadata/index.ts'
import {
  BYTEWISE_COMPARATOR,
  readCurrent,
  readManifest,
  type SstColumnFamily,
  type SstFile,
  sstFileName,
} from '../format/sst/manifest.ts'
import type { FileRange } from '../format/sst/scan.ts'
import { nameOf } from '../store/store.ts'
import type { StateStream, StreamOpener } from './streams.ts'

/** A longer MANIFEST file is not believed; RocksDB begins a new one after its `max_manifest_file_size`, 1 GiB by default. */
const MAX_MANIFEST_BYTES = 2 ** 30

const MAX_CURRENT_BYTES = 100

/**
 * The files of the database of one subtask. Those of a checkpoint have random names, or are pieces of bigger files; the
 * handle lists them under the names they had in the database's directory: `CURRENT`, `MANIFEST-000005`, `OPTIONS-000021`,
 * `000012.sst`. Tables are in either list of the handle: the shared one in incremental checkpoints, else the private one.
 */
export class RocksdbDatabase {
  private readonly streams: StreamOpener
  private readonly handles: ReadonlyMap<string, StreamStateHandle>
  private readonly opened = new Map<string, Promise<StateStream>>()
  /** Where opened files lie, by their names. */
  private readonly locations = new Map<string, string>()
  private families: Promise<readonly SstColumnFamily[]> | undefined

  constructor(streams: StreamOpener, handle: IncrementalRemoteKeyedStateHandle) {
    this.streams = streams
    const files = [...handle.sharedState, ...handle.privateState]
    this.handles = new Map(files.map((file) => [nameOf(file.localPath), file.handle]))
  }

  /** The column families and their live files, from CURRENT and MANIFEST, which are read once. */
  columnFamilies(): Promise<readonly SstColumnFamily[]> {
    this.families ??= this.readColumnFamilies()
    return this.families
  }

  private async readColumnFamilies(): Promise<readonly SstColumnFamily[]> {
    const manifestName = await this.decodeFile('CURRENT', MAX_CURRENT_BYTES, readCurrent)
    const { columnFamilies } = await this.decodeFile(manifestName, MAX_MANIFEST_BYTES, readManifest)
    const names = new Set<string>()
    for (const { name } of columnFamilies) {
      if (names.has(name)) throw new KobelError('CORRUPT', `two column families have the name ${JSON.stringify(name)}`)
      names.add(name)
    }
    return columnFamilies
  }

  private async decodeFile<T>(name: string, maxBytes: number, decode: (bytes: Uint8Array) => T): Promise<T> {
    const stream = await this.file(name)
    try {
      if (stream.length > maxBytes) {
        throw new KobelError('LIMIT', `${name} has ${stream.length} bytes, more than ${maxBytes} are not read`)
      }
      return decode(await stream.read(0, stream.length))
    } catch (error) {
      throw locate(error, { file: stream.location })
    }
  }

  /** Bytes of a table. */
  async read({ file, start, end }: FileRange): Promise<Uint8Array> {
    const name = sstFileName(file.number)
    const stream = await this.file(name)
    try {
      checkSize(file, stream)
      return await stream.read(start, end)
    } catch (error) {
      throw locate(error, { file: stream.location })
    }
  }

  /** An error that names a table, `000012.sst`, with the place of its file instead. */
  withLocation(error: unknown): unknown {
    if (!(error instanceof KobelError) || error.where.file === undefined) return error
    const location = this.locations.get(error.where.file)
    if (location === undefined) return error
    const message = `${error.message} in ${error.where.file}`
    return new KobelError(error.code, message, { ...error.where, file: location }, { cause: error })
  }

  private async openFile(name: string, handle: StreamStateHandle): Promise<StateStream> {
    const stream = await this.streams.open(handle)
    this.locations.set(name, stream.location)
    return stream
  }

  private file(name: string): Promise<StateStream> {
    const known = this.opened.get(name)
    if (known) return known
    const handle = this.handles.get(name)
    const stream = handle
      ? this.openFile(name, handle)
      : Promise.reject(new KobelError('NOT_FOUND', `the snapshot's state handle lists no file ${name}`, { file: name }))
    this.opened.set(name, stream)
    return stream
  }
}

function checkSize(file: SstFile, stream: StateStream): void {
  if (file.size === stream.length) return
  throw new KobelError(
    'CORRUPT',
    `the table ${sstFileName(file.number)} has ${stream.length} bytes, MANIFEST says ${file.size}`,
  )
}

/** Other orders of keys would need their own merge; Flink never uses one. */
export function checkComparator({ comparator, name }: SstColumnFamily): void {
  if (comparator === BYTEWISE_COMPARATOR) return
  throw new KobelError(
    'UNSUPPORTED_VERSION',
    `the column family is sorted by ${comparator}, only ${BYTEWISE_COMPARATOR} is known`,
    { state: name },
  )
}
