import type { Reader } from '../bytes/reader.ts'
import type { Writer } from '../bytes/writer.ts'
import { KobelError } from '../error.ts'
import {
  readSerializerSnapshot,
  type SerializerSnapshot,
  type SnapshotSource,
  writeSerializerSnapshot,
} from '../serializer/snapshot.ts'

/** `StateMetaInfoSnapshot.BackendStateType`, by ordinal. */
export const BACKEND_STATE_TYPES = ['KEY_VALUE', 'OPERATOR', 'BROADCAST', 'PRIORITY_QUEUE', 'KEY_VALUE_V2'] as const

export type BackendStateType = (typeof BACKEND_STATE_TYPES)[number]

/** What the head of a state stream says of one state (`StateMetaInfoSnapshot`). */
export interface StateMetaInfo {
  readonly name: string
  readonly backendStateType: BackendStateType
  /** In the stored order, as pairs: `KEYED_STATE_TYPE`, `OPERATOR_STATE_DISTRIBUTION_MODE`. */
  readonly options: readonly (readonly [key: string, value: string])[]
  /** In the stored order: `KEY_SERIALIZER`, `NAMESPACE_SERIALIZER`, `VALUE_SERIALIZER`, `USER_KEY_SERIALIZER`. */
  readonly serializers: readonly (readonly [key: string, snapshot: SerializerSnapshot])[]
}

/**
 * Meta info versions 6 and 7 (`StateMetaInfoSnapshotReadersWriters`): utf name, i32 ordinal of the backend state type,
 * i32 n { utf key, utf value }, i32 n { utf key, serializer snapshot }. `onName` hears the name and type before the
 * serializers are read, so that they are known even where a serializer cannot be read.
 */
export function readStateMetaInfo(
  source: SnapshotSource,
  onName: (name: string, type: BackendStateType, options: StateMetaInfo['options']) => void = () => {},
): StateMetaInfo {
  const { reader } = source
  const name = reader.utf()
  const backendStateType = readBackendStateType(reader)
  const options = readPairs(reader, 'state options', () => reader.utf())
  onName(name, backendStateType, options)
  const serializers = readPairs(reader, 'state serializers', () => readSerializerSnapshot(source))
  return { name, backendStateType, options, serializers }
}

export function readBackendStateType(reader: Reader): BackendStateType {
  const ordinal = reader.i32()
  const type = BACKEND_STATE_TYPES[ordinal]
  if (type) return type
  throw new KobelError('CORRUPT', `the type of a state is 0 to ${BACKEND_STATE_TYPES.length - 1}, found ${ordinal}`, {
    offset: reader.offset - 4,
  })
}

export function readPairs<V>(reader: Reader, what: string, readOne: () => V): (readonly [string, V])[] {
  const count = reader.count(what, 4)
  return Array.from({ length: count }, () => [reader.utf(), readOne()] as const)
}

export function writeStateMetaInfo(writer: Writer, info: StateMetaInfo): void {
  writer.utf(info.name)
  writer.i32(BACKEND_STATE_TYPES.indexOf(info.backendStateType))
  writer.i32(info.options.length)
  for (const [key, value] of info.options) {
    writer.utf(key)
    writer.utf(value)
  }
  writer.i32(info.serializers.length)
  for (const [key, snapshot] of info.serializers) {
    writer.utf(key)
    writeSerializerSnapshot(writer, snapshot)
  }
}

export function optionOf(info: StateMetaInfo, key: string): string | undefined {
  return info.options.find(([name]) => name === key)?.[1]
}

export function serializerOf(info: StateMetaInfo, key: string): SerializerSnapshot | undefined {
  return info.serializers.find(([name]) => name === key)?.[1]
}
