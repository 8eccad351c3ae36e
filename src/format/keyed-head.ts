import type { Writer } from '../bytes/writer.ts'
import { KobelError } from '../error.ts'
import { readWithExtents } from '../serializer/extents.ts'
import type { SerializerTable } from '../serializer/row.ts'
import {
  readSerializerSnapshot,
  type SerializerSnapshot,
  type SnapshotSource,
  UnknownExtentError,
  unknownSnapshot,
  writeSerializerSnapshot,
} from '../serializer/snapshot.ts'
import { readLegacyKeyedHead } from './legacy-head.ts'
import { type BackendStateType, readStateMetaInfo, type StateMetaInfo, writeStateMetaInfo } from './state-meta-info.ts'

/** The head of every stream of keyed state (`KeyedBackendSerializationProxy`). */
export interface KeyedHead {
  readonly version: number
  /** Whether each key group is a Snappy stream. */
  readonly compressed: boolean
  readonly keySerializer: SerializerSnapshot
  /** The id of a state is its place here. */
  readonly states: readonly StateMetaInfo[]
  /**
   * Set where the end of an unknown serializer snapshot could not be told: the states before it are known, the one that
   * has it keeps its name, those behind it have none.
   */
  readonly cut?: { readonly className: string; readonly statesInHead: number | undefined }
  /** Bytes of the head. */
  readonly length: number
}

/** Written, and read since Flink 1.7. */
const VERSION = 6

/**
 * i32 version; what follows in versions 1 to 5 says `legacy-head.ts`; in 6: bool key-group compression, key serializer snapshot, i16 n, n state meta infos.
 *
 * @param bytes the stream from its beginning; the head must be in it whole.
 * @param end where the head ends (the first key group's offset, or the end of the stream), if known.
 * @throws KobelError `CORRUPT`, `TRUNCATED`.
 */
export function readKeyedHead(
  bytes: Uint8Array,
  end: number | undefined,
  table: SerializerTable,
  options: SnapshotSource['options'],
): KeyedHead {
  const partial: Partial = {
    version: 0,
    compressed: false,
    keySerializer: undefined,
    count: undefined,
    states: [],
    open: undefined,
  }
  try {
    return readWithExtents(bytes, end, table, (source) => readHead({ ...source, options }, partial))
  } catch (error) {
    if (!(error instanceof UnknownExtentError)) throw error
    return cutHead(bytes, table, options, error)
  }
}

/** What was read before reading failed. */
interface Partial {
  version: number
  compressed: boolean
  keySerializer: SerializerSnapshot | undefined
  count: number | undefined
  states: StateMetaInfo[]
  open: { name: string; type: BackendStateType; options: StateMetaInfo['options'] } | undefined
}

function readHead(source: SnapshotSource, partial: Partial): KeyedHead {
  const { reader } = source
  const version = reader.i32()
  if (version >= 1 && version < VERSION) {
    return { version, ...readLegacyKeyedHead(source, version), length: reader.offset }
  }
  if (version !== VERSION) {
    throw new KobelError('CORRUPT', `a stream of keyed state begins with its version (1 to 6), found ${version}`, {
      offset: 0,
    })
  }
  const compressed = reader.bool()
  Object.assign(partial, {
    version,
    compressed,
    states: [],
    open: undefined,
    keySerializer: undefined,
    count: undefined,
  })
  const keySerializer = readSerializerSnapshot(source)
  partial.keySerializer = keySerializer
  const count = reader.u16()
  partial.count = count
  for (let id = 0; id < count; id++) {
    partial.open = undefined
    const info = readStateMetaInfo(source, (name, type, options) => {
      partial.open = { name, type, options }
    })
    partial.states.push(info)
  }
  return { version, compressed, keySerializer, states: partial.states, length: reader.offset }
}

/** The head up to the first snapshot whose end cannot be told. */
function cutHead(
  bytes: Uint8Array,
  table: SerializerTable,
  options: SnapshotSource['options'],
  unknown: UnknownExtentError,
): KeyedHead {
  const partial: Partial = {
    version: 0,
    compressed: false,
    keySerializer: undefined,
    count: undefined,
    states: [],
    open: undefined,
  }
  const nothing = new Uint8Array(0)
  try {
    // Without a known end only bodies of a usual form are believed, and reading stops at the first other one.
    return readWithExtents(bytes, undefined, table, (source) => readHead({ ...source, options }, partial))
  } catch (error) {
    if (!(error instanceof KobelError)) throw error
  }
  const { open } = partial
  const hidden: StateMetaInfo[] = open
    ? [{ name: open.name, backendStateType: open.type, options: open.options, serializers: [] }]
    : []
  return {
    version: partial.version,
    compressed: partial.compressed,
    keySerializer: partial.keySerializer ?? unknownSnapshot(unknown.className, 0, nothing),
    states: [...partial.states, ...hidden],
    cut: { className: unknown.className, statesInHead: partial.count },
    length: unknown.offset,
  }
}

export function writeKeyedHead(writer: Writer, head: Pick<KeyedHead, 'compressed' | 'keySerializer' | 'states'>): void {
  writer.i32(VERSION)
  writer.bool(head.compressed)
  writeSerializerSnapshot(writer, head.keySerializer)
  writer.i16(head.states.length)
  for (const info of head.states) writeStateMetaInfo(writer, info)
}
