import { Reader } from '../bytes/reader.ts'
import type { Writer } from '../bytes/writer.ts'
import { KobelError } from '../error.ts'
import { readWithExtents } from '../serializer/extents.ts'
import { skipValue } from '../serializer/interpreter/skip.ts'
import type { Layout } from '../serializer/layout.ts'
import type { SerializerTable } from '../serializer/row.ts'
import { type SnapshotSource, UnknownExtentError } from '../serializer/snapshot.ts'
import { OffsetPairs } from './batch.ts'
import { readLegacyOperatorHead } from './legacy-head.ts'
import { readStateMetaInfo, type StateMetaInfo, writeStateMetaInfo } from './state-meta-info.ts'

/** The head of a stream of managed operator state (`OperatorBackendSerializationProxy`). */
export interface OperatorHead {
  readonly version: number
  /** Whether the elements are one Snappy stream behind the head (Flink 1.18 and later). */
  readonly compressed: boolean
  /** LIST and UNION states. */
  readonly operatorStates: readonly StateMetaInfo[]
  readonly broadcastStates: readonly StateMetaInfo[]
  /** Class of a serializer snapshot whose end could not be told: the states behind it are not known. */
  readonly cut?: string
  readonly length: number
}

/** Version 5 is Flink 1.7 to 1.17, 6 is 1.18 and later; older ones see `legacy-head.ts`. */
const OLDEST_VERSION = 5
const NEWEST_VERSION = 6

/**
 * i32 version, [version 6: bool compressed], i16 n, n state meta infos, i16 n, n state meta infos of broadcast states.
 * Errors as `readKeyedHead`.
 */
export function readOperatorHead(
  bytes: Uint8Array,
  end: number | undefined,
  table: SerializerTable,
  options: SnapshotSource['options'],
): OperatorHead {
  const partial: { version: number; compressed: boolean; states: StateMetaInfo[] } = {
    version: 0,
    compressed: false,
    states: [],
  }
  const read = (source: SnapshotSource): OperatorHead => readHead({ ...source, options }, partial)
  try {
    return readWithExtents(bytes, end, table, read)
  } catch (error) {
    if (!(error instanceof UnknownExtentError)) throw error
    try {
      return readWithExtents(bytes, undefined, table, read)
    } catch (again) {
      if (!(again instanceof KobelError)) throw again
      const broadcast = partial.states.filter((state) => state.backendStateType === 'BROADCAST')
      const operator = partial.states.filter((state) => state.backendStateType !== 'BROADCAST')
      return {
        ...partial,
        operatorStates: operator,
        broadcastStates: broadcast,
        cut: error.className,
        length: error.offset,
      }
    }
  }
}

function readHead(
  source: SnapshotSource,
  partial: { version: number; compressed: boolean; states: StateMetaInfo[] },
): OperatorHead {
  const { reader } = source
  const version = reader.i32()
  if (version >= 1 && version < OLDEST_VERSION) {
    return { version, compressed: false, ...readLegacyOperatorHead(source, version), length: reader.offset }
  }
  if (version < 1 || version > NEWEST_VERSION) {
    throw new KobelError('CORRUPT', `a stream of operator state begins with its version (1 to 6), found ${version}`, {
      offset: 0,
    })
  }
  const compressed = version >= 6 && reader.bool()
  Object.assign(partial, { version, compressed, states: [] })
  const readStates = (): StateMetaInfo[] =>
    Array.from({ length: reader.u16() }, () => {
      const info = readStateMetaInfo(source)
      partial.states.push(info)
      return info
    })
  return { version, compressed, operatorStates: readStates(), broadcastStates: readStates(), length: reader.offset }
}

export function writeOperatorHead(writer: Writer, head: Omit<OperatorHead, 'length' | 'cut'>): void {
  writer.i32(Math.max(head.version, OLDEST_VERSION))
  if (head.version >= 6) writer.bool(head.compressed)
  for (const states of [head.operatorStates, head.broadcastStates]) {
    writer.i16(states.length)
    for (const info of states) writeStateMetaInfo(writer, info)
  }
}

/**
 * The entries of a broadcast state (`HeapBroadcastState`): i32 count, count times { key, value }, without null flags.
 * Gives the offsets of keys and values in `bytes`, and the end.
 */
export function readBroadcastEntries(
  bytes: Uint8Array,
  start: number,
  key: Layout,
  value: Layout,
): { keys: Uint32Array; values: Uint32Array; count: number; end: number } {
  const reader = new Reader(bytes, start)
  const count = reader.count('broadcast entries', 0)
  const keys = new OffsetPairs()
  const values = new OffsetPairs()
  for (let i = 0; i < count; i++) {
    const keyStart = reader.offset
    skipValue(key, reader)
    const valueStart = reader.offset
    skipValue(value, reader)
    keys.push(keyStart, valueStart)
    values.push(valueStart, reader.offset)
    if (reader.offset === keyStart && i > MAX_EMPTY) {
      throw new KobelError('LIMIT', `${count} broadcast entries without bytes are over the limit of ${MAX_EMPTY}`, {
        offset: start,
      })
    }
  }
  return { keys: keys.view(), values: values.view(), count, end: reader.offset }
}

/** Entries without bytes are no evidence for a count. */
const MAX_EMPTY = 1 << 20
