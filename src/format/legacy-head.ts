import { readJavaObject } from '../bytes/java-stream/index.ts'
import type { Reader } from '../bytes/reader.ts'
import { KobelError } from '../error.ts'
import { readLoneSerializer, readSerializersAndConfigs } from '../serializer/families/legacy-block.ts'
import { snapshotOfSerializer } from '../serializer/families/legacy-object.ts'
import type { SerializerSnapshot, SnapshotSource } from '../serializer/snapshot.ts'
import { readBackendStateType, readPairs, type StateMetaInfo } from './state-meta-info.ts'

/**
 * Heads of state streams as Flink 1.2 to 1.6 wrote them, with Java-serialized serializers in them. What they say is
 * given in the form of Flink 1.7, and so it is written.
 *
 * | keyed | operator | Flink    | serializers                                   |
 * |-------|----------|----------|-----------------------------------------------|
 * | 1, 2  | 1        | 1.2      | alone                                         |
 * | 3     | 2        | 1.3      | each with its configuration                   |
 * | 4     | 2, 3     | 1.4, 1.5 | the same; keyed: may be compressed            |
 * | 5     | 4        | 1.6      | the same, in a form common to all states      |
 */
export interface LegacyKeyedHead {
  readonly compressed: boolean
  readonly keySerializer: SerializerSnapshot
  readonly states: readonly StateMetaInfo[]
}

/** What follows the version: [4 and later: bool compressed], key serializer, i16 n, n state meta infos. */
export function readLegacyKeyedHead(source: SnapshotSource, version: number): LegacyKeyedHead {
  const { reader } = source
  const compressed = version >= 4 && reader.bool()
  const keySerializer = version >= 3 ? readOne(source) : readLoneSerializer(source)
  const states = Array.from({ length: reader.u16() }, () =>
    version >= 5 ? readGenericMetaInfo(source) : readKeyedMetaInfo(source, version),
  )
  return { compressed, keySerializer, states }
}

function readOne(source: SnapshotSource): SerializerSnapshot {
  return readSeveral(source, 1)[0]!
}

function readSeveral(source: SnapshotSource, count: number): SerializerSnapshot[] {
  const at = source.reader.offset
  const serializers = readSerializersAndConfigs(source)
  if (serializers.length === count) return serializers
  throw new KobelError('CORRUPT', `${count} serializers were expected, found ${serializers.length}`, { offset: at })
}

/** `StateDescriptor.Type`, by ordinal. */
const STATE_TYPES = ['UNKNOWN', 'VALUE', 'LIST', 'REDUCING', 'FOLDING', 'AGGREGATING', 'MAP'] as const

/** `OperatorStateHandle.Mode`, by ordinal. Up to Flink 1.4 ordinal 1 was named BROADCAST, and meant what UNION means. */
const MODES = ['SPLIT_DISTRIBUTE', 'UNION', 'BROADCAST'] as const

function named<T>(names: readonly T[], ordinal: number, what: string, reader: Reader): T {
  const name = names[ordinal]
  if (name !== undefined) return name
  throw new KobelError('CORRUPT', `${what} is 0 to ${names.length - 1}, found ${ordinal}`, { offset: reader.offset })
}

/** `KeyedBackendStateMetaInfoSnapshotReaderWriters`: i32 type, utf name, serializers of namespace and value. */
function readKeyedMetaInfo(source: SnapshotSource, version: number): StateMetaInfo {
  const { reader } = source
  const type = named(STATE_TYPES, reader.i32(), 'the type of a state', reader)
  const name = reader.utf()
  const [namespace, value] =
    version >= 3 ? readSeveral(source, 2) : [readLoneSerializer(source), readLoneSerializer(source)]
  return {
    name,
    backendStateType: 'KEY_VALUE',
    options: [['KEYED_STATE_TYPE', type]],
    serializers: [
      ['NAMESPACE_SERIALIZER', namespace!],
      ['VALUE_SERIALIZER', value!],
    ],
  }
}

/**
 * Meta info version 5 (`StateMetaInfoSnapshotReadersWriters` of Flink 1.6): as version 6 up to the options; then i32 n,
 * n utf keys of serializers, and the block of all of them.
 */
function readGenericMetaInfo(source: SnapshotSource): StateMetaInfo {
  const { reader } = source
  const name = reader.utf()
  const backendStateType = readBackendStateType(reader)
  const options = readPairs(reader, 'state options', () => reader.utf())
  const count = reader.count('state serializers', 2)
  const keys = Array.from({ length: count }, () => reader.utf())
  const serializers = readSeveral(source, count)
  return { name, backendStateType, options, serializers: keys.map((key, i) => [key, serializers[i]!]) }
}

export interface LegacyOperatorHead {
  readonly operatorStates: readonly StateMetaInfo[]
  readonly broadcastStates: readonly StateMetaInfo[]
}

/**
 * What follows the version: i16 n, n state meta infos; 3 and later: i16 n, n of broadcast states. In versions 1 to 3 the
 * number of states comes once more between the head and the elements, and is taken for a part of the head.
 */
export function readLegacyOperatorHead(source: SnapshotSource, version: number): LegacyOperatorHead {
  const readStates = (): StateMetaInfo[] =>
    Array.from({ length: source.reader.u16() }, () =>
      version >= 4 ? readGenericMetaInfo(source) : readOperatorMetaInfo(source, version),
    )
  const head = { operatorStates: readStates(), broadcastStates: version >= 3 ? readStates() : [] }
  if (version <= 3 && source.reader.remaining >= 4) source.reader.skip(4)
  return head
}

/**
 * `OperatorBackendStateMetaInfoSnapshotReaderWriters`: utf name, i8 mode, serializers: one of the elements, or those of
 * key and value for broadcast state. Version 1 has the Java object of the serializer without any frame.
 */
function readOperatorMetaInfo(source: SnapshotSource, version: number): StateMetaInfo {
  const { reader } = source
  const name = reader.utf()
  const mode = named(MODES, reader.u8(), 'the distribution of a state', reader)
  const options = [['OPERATOR_STATE_DISTRIBUTION_MODE', mode]] as const
  const serializers = version >= 2 ? readSerializersAndConfigs(source) : [readUnframedSerializer(source)]
  const [first, second] = serializers
  if (first === undefined || serializers.length > 2) {
    throw new KobelError('CORRUPT', `the state ${name} has ${serializers.length} serializers`, {
      offset: reader.offset,
    })
  }
  return second === undefined
    ? { name, backendStateType: 'OPERATOR', options, serializers: [['VALUE_SERIALIZER', first]] }
    : {
        name,
        backendStateType: 'BROADCAST',
        options,
        serializers: [
          ['KEY_SERIALIZER', first],
          ['VALUE_SERIALIZER', second],
        ],
      }
}

/** A Java object stream whose end is where it ends. */
export function readUnframedSerializer(source: SnapshotSource): SerializerSnapshot {
  const object = readJavaObject(source.reader)
  return snapshotOfSerializer(source, typeof object === 'object' && object?.kind === 'object' ? object : undefined)
}
