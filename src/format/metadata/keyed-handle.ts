import type { Reader } from '../../bytes/reader.ts'
import type { Writer } from '../../bytes/writer.ts'
import { KobelError } from '../../error.ts'
import {
  readKeyGroupOffsets,
  readKeyGroupRange,
  readStreamHandle,
  writeKeyGroupOffsets,
  writeKeyGroupRange,
  writeStreamHandle,
} from './stream-handle.ts'
import type {
  ChangelogStateBackendHandle,
  ChangelogStateHandleStream,
  HandleAndLocalPath,
  IncrementalRemoteKeyedStateHandle,
  InMemoryChangelogStateHandle,
  KeyedStateHandle,
} from './types.ts'

const NULL = 0
const KEY_GROUPS = 3
const INCREMENTAL = 5
const SAVEPOINT_KEY_GROUPS = 7
const CHANGELOG = 8
const CHANGELOG_BYTE_INCREMENT = 9
const CHANGELOG_FILE_INCREMENT = 10
const INCREMENTAL_V2 = 11
const KEY_GROUPS_V2 = 12
const CHANGELOG_FILE_INCREMENT_V2 = 13
const CHANGELOG_V2 = 14

/** A changelog handle holds keyed handles; Flink itself nests them one deep. */
const DEPTH_LIMIT = 16

/**
 * ```
 * keyedHandle = i8 tag, then for tag
 *    0  nothing
 *    3  keyGroupOffsets                     12  keyGroupOffsets, utf stateHandleId       KeyGroupsStateHandle
 *    7  keyGroupOffsets                                                                  KeyGroupsSavepointStateHandle
 *    5, 11 incremental                                                                   IncrementalRemoteKeyedStateHandle
 *    8, 14 changelog                                                                     ChangelogStateBackendHandleImpl
 *    9     changelog increment in memory                                                 InMemoryChangelogStateHandle
 *   10, 13 changelog increment in files                                                  ChangelogStateHandleStreamImpl
 * ```
 * (`MetadataV2V3SerializerBase.deserializeKeyedStateHandle`). Of two tags the second is written since Flink 1.15 or 1.16
 * and stores more; here the members that only it stores tell the two apart.
 */
export function readOptionalKeyedHandle(reader: Reader, depth = 0): KeyedStateHandle | undefined {
  const at = reader.offset
  const tag = reader.i8()
  switch (tag) {
    case NULL:
      return undefined
    case KEY_GROUPS:
      return { kind: 'key-groups', ...readKeyGroupOffsets(reader) }
    case KEY_GROUPS_V2:
      return { kind: 'key-groups', ...readKeyGroupOffsets(reader), stateHandleId: reader.utf() }
    case SAVEPOINT_KEY_GROUPS:
      return { kind: 'savepoint-key-groups', ...readKeyGroupOffsets(reader) }
    case INCREMENTAL:
    case INCREMENTAL_V2:
      return readIncremental(reader, tag === INCREMENTAL_V2)
    case CHANGELOG:
    case CHANGELOG_V2:
      if (depth >= DEPTH_LIMIT) {
        throw new KobelError('LIMIT', `changelog handles are nested more than ${DEPTH_LIMIT} deep`, { offset: at })
      }
      return readChangelog(reader, tag === CHANGELOG_V2, depth + 1)
    case CHANGELOG_BYTE_INCREMENT:
      return readInMemoryChangelog(reader)
    case CHANGELOG_FILE_INCREMENT:
    case CHANGELOG_FILE_INCREMENT_V2:
      return readChangelogStream(reader, tag === CHANGELOG_FILE_INCREMENT_V2)
    default:
      throw new KobelError('CORRUPT', `a keyed state handle was expected, found the unknown tag ${tag}`, { offset: at })
  }
}

export function writeOptionalKeyedHandle(writer: Writer, handle: KeyedStateHandle | null | undefined): void {
  if (handle === undefined || handle === null) {
    writer.u8(NULL)
    return
  }
  switch (handle.kind) {
    case 'key-groups':
      writer.u8(handle.stateHandleId === undefined ? KEY_GROUPS : KEY_GROUPS_V2)
      writeKeyGroupOffsets(writer, handle)
      if (handle.stateHandleId !== undefined) writer.utf(handle.stateHandleId)
      return
    case 'savepoint-key-groups':
      writer.u8(SAVEPOINT_KEY_GROUPS)
      writeKeyGroupOffsets(writer, handle)
      return
    case 'incremental':
      writer.u8(handle.since115 === undefined ? INCREMENTAL : INCREMENTAL_V2)
      writeIncremental(writer, handle)
      return
    case 'changelog':
      writer.u8(handle.checkpointId === undefined ? CHANGELOG : CHANGELOG_V2)
      writeChangelog(writer, handle)
      return
    case 'changelog-in-memory':
      writer.u8(CHANGELOG_BYTE_INCREMENT)
      writeInMemoryChangelog(writer, handle)
      return
    case 'changelog-stream':
      writer.u8(handle.storageIdentifier === undefined ? CHANGELOG_FILE_INCREMENT : CHANGELOG_FILE_INCREMENT_V2)
      writeChangelogStream(writer, handle)
      return
  }
}

/**
 * ```
 * i64 checkpointId, utf backendIdentifier, keyGroupRange, V2: i64 checkpointedSize,
 * streamHandle meta, files shared, files private, V2: utf stateHandleId
 * ```
 */
function readIncremental(reader: Reader, v2: boolean): IncrementalRemoteKeyedStateHandle {
  const checkpointId = reader.i64()
  const backendIdentifier = reader.utf()
  const keyGroupRange = readKeyGroupRange(reader)
  const checkpointedSize = v2 ? reader.i64Number() : -1
  const metaState = readStreamHandle(reader)
  const sharedState = readHandlesAndLocalPaths(reader)
  const privateState = readHandlesAndLocalPaths(reader)
  return {
    kind: 'incremental',
    checkpointId,
    backendIdentifier,
    keyGroupRange,
    metaState,
    sharedState,
    privateState,
    ...(v2 ? { since115: { checkpointedSize, stateHandleId: reader.utf() } } : {}),
  }
}

function writeIncremental(writer: Writer, handle: IncrementalRemoteKeyedStateHandle): void {
  writer.i64(handle.checkpointId)
  writer.utf(handle.backendIdentifier)
  writeKeyGroupRange(writer, handle.keyGroupRange)
  if (handle.since115 !== undefined) writer.i64Number(handle.since115.checkpointedSize)
  writeStreamHandle(writer, handle.metaState)
  writeHandlesAndLocalPaths(writer, handle.sharedState)
  writeHandlesAndLocalPaths(writer, handle.privateState)
  if (handle.since115 !== undefined) writer.utf(handle.since115.stateHandleId)
}

/** `files = i32 count, { utf localPath, streamHandle }*` (`IncrementalKeyedStateHandle.HandleAndLocalPath`) */
function readHandlesAndLocalPaths(reader: Reader): HandleAndLocalPath[] {
  return Array.from({ length: reader.count('files of a keyed state handle', 3) }, () => {
    const localPath = reader.utf()
    return { localPath, handle: readStreamHandle(reader) }
  })
}

function writeHandlesAndLocalPaths(writer: Writer, files: readonly HandleAndLocalPath[]): void {
  writer.i32(files.length)
  for (const file of files) {
    writer.utf(file.localPath)
    writeStreamHandle(writer, file.handle)
  }
}

/**
 * ```
 * keyGroupRange, i64 checkpointedSize, i32 n, keyedHandle* materialized, i32 m, keyedHandle* nonMaterialized,
 * i64 materializationId, V2: i64 checkpointId, utf stateHandleId
 * ```
 */
function readChangelog(reader: Reader, v2: boolean, depth: number): ChangelogStateBackendHandle {
  const keyGroupRange = readKeyGroupRange(reader)
  const checkpointedSize = reader.i64Number()
  const materialized = Array.from(
    { length: reader.count('materialized state handles') },
    () => readOptionalKeyedHandle(reader, depth) ?? null,
  )
  const nonMaterialized = Array.from({ length: reader.count('changelog state handles') }, () => {
    const at = reader.offset
    const handle = readOptionalKeyedHandle(reader, depth)
    if (handle === undefined) {
      throw new KobelError('CORRUPT', 'a changelog state handle was expected, found null', { offset: at })
    }
    return handle
  })
  const materializationId = reader.i64()
  return {
    kind: 'changelog',
    keyGroupRange,
    checkpointedSize,
    materialized,
    nonMaterialized,
    materializationId,
    ...(v2 ? { checkpointId: reader.i64() } : {}),
    stateHandleId: reader.utf(),
  }
}

function writeChangelog(writer: Writer, handle: ChangelogStateBackendHandle): void {
  writeKeyGroupRange(writer, handle.keyGroupRange)
  writer.i64Number(handle.checkpointedSize)
  for (const handles of [handle.materialized, handle.nonMaterialized]) {
    writer.i32(handles.length)
    for (const one of handles) writeOptionalKeyedHandle(writer, one)
  }
  writer.i64(handle.materializationId)
  if (handle.checkpointId !== undefined) writer.i64(handle.checkpointId)
  writer.utf(handle.stateHandleId)
}

/** `keyGroupRange, i64 from, i64 to, i32 n, { i32 keyGroup, i32 length, bytes }*, utf stateHandleId` */
function readInMemoryChangelog(reader: Reader): InMemoryChangelogStateHandle {
  const keyGroupRange = readKeyGroupRange(reader)
  const from = reader.i64()
  const to = reader.i64()
  const changes = Array.from({ length: reader.count('state changes', 8) }, () => {
    const keyGroup = reader.i32()
    return { keyGroup, bytes: reader.take(reader.count('bytes of a state change')) }
  })
  return { kind: 'changelog-in-memory', keyGroupRange, from, to, changes, stateHandleId: reader.utf() }
}

function writeInMemoryChangelog(writer: Writer, handle: InMemoryChangelogStateHandle): void {
  writeKeyGroupRange(writer, handle.keyGroupRange)
  writer.i64(handle.from)
  writer.i64(handle.to)
  writer.i32(handle.changes.length)
  for (const change of handle.changes) {
    writer.i32(change.keyGroup)
    writer.i32(change.bytes.length)
    writer.raw(change.bytes)
  }
  writer.utf(handle.stateHandleId)
}

/**
 * ```
 * keyGroupRange, i32 n, { i64 offset, streamHandle }*, i64 size, i64 checkpointedSize, utf stateHandleId,
 * V2: utf storageIdentifier
 * ```
 */
function readChangelogStream(reader: Reader, v2: boolean): ChangelogStateHandleStream {
  const keyGroupRange = readKeyGroupRange(reader)
  const streams = Array.from({ length: reader.count('changelog files', 9) }, () => {
    const offset = reader.i64Number()
    return { offset, stream: readStreamHandle(reader) }
  })
  const size = reader.i64Number()
  const checkpointedSize = reader.i64Number()
  return {
    kind: 'changelog-stream',
    keyGroupRange,
    streams,
    size,
    checkpointedSize,
    stateHandleId: reader.utf(),
    ...(v2 ? { storageIdentifier: reader.utf() } : {}),
  }
}

function writeChangelogStream(writer: Writer, handle: ChangelogStateHandleStream): void {
  writeKeyGroupRange(writer, handle.keyGroupRange)
  writer.i32(handle.streams.length)
  for (const { offset, stream } of handle.streams) {
    writer.i64Number(offset)
    writeStreamHandle(writer, stream)
  }
  writer.i64Number(handle.size)
  writer.i64Number(handle.checkpointedSize)
  writer.utf(handle.stateHandleId)
  if (handle.storageIdentifier !== undefined) writer.utf(handle.storageIdentifier)
}
