import type { Reader } from '../../bytes/reader.ts'
import type { Writer } from '../../bytes/writer.ts'
import { KobelError } from '../../error.ts'
import type {
  CheckpointedStateScope,
  KeyGroupOffsets,
  KeyGroupRange,
  SegmentFileStateHandle,
  StreamStateHandle,
} from './types.ts'

/** The wire numbers of all handles share one name space (`MetadataV2V3SerializerBase`). */
const NULL = 0
const BYTE_STREAM = 1
const FILE_STREAM = 2
const KEY_GROUPS = 3
const RELATIVE_STREAM = 6
const SEGMENT_FILE = 15
const EMPTY_SEGMENT_FILE = 16

/** The order of `org.apache.flink.runtime.state.CheckpointedStateScope`. */
const SCOPES: readonly CheckpointedStateScope[] = ['EXCLUSIVE', 'SHARED']

/** A key-groups handle may wrap a key-groups handle; one level has been seen in Flink, in tests only. */
const DEPTH_LIMIT = 16

/** `Transformation.UPPER_BOUND_MAX_PARALLELISM` */
const MAX_PARALLELISM_LIMIT = 1 << 15

/**
 * ```
 * streamHandle = u8 tag, then for tag
 *    0  nothing
 *    1  utf name, i32 length, bytes                                       ByteStreamStateHandle
 *    2  i64 size, utf path                                                FileStateHandle
 *    3  keyGroupRange, i64 offset for each key group, streamHandle        KeyGroupsStateHandle
 *    6  utf path, i64 size                                                RelativeFileStateHandle
 *   15  i64 start, i64 size, i32 scope, utf path, utf logicalFileId       SegmentFileStateHandle
 *   16  nothing                                                           EmptySegmentFileStateHandle
 * ```
 * (`MetadataV2V3SerializerBase.deserializeStreamStateHandle`)
 */
export function readOptionalStreamHandle(reader: Reader, depth = 0): StreamStateHandle | undefined {
  const at = reader.offset
  const tag = reader.u8()
  switch (tag) {
    case NULL:
      return undefined
    case BYTE_STREAM: {
      const name = reader.utf()
      return { kind: 'byte-stream', name, bytes: reader.take(reader.count('bytes of inline state')) }
    }
    case FILE_STREAM: {
      const size = reader.i64Number()
      return { kind: 'file', path: reader.utf(), size }
    }
    case KEY_GROUPS:
      if (depth >= DEPTH_LIMIT) {
        throw new KobelError('LIMIT', `state handles are nested more than ${DEPTH_LIMIT} deep`, { offset: at })
      }
      return { kind: 'key-groups-stream', ...readKeyGroupOffsets(reader, depth + 1) }
    case RELATIVE_STREAM: {
      const path = reader.utf()
      return { kind: 'relative-file', path, size: reader.i64Number() }
    }
    case SEGMENT_FILE:
      return readSegmentFile(reader)
    case EMPTY_SEGMENT_FILE:
      return { kind: 'empty-segment-file' }
    default:
      throw new KobelError('CORRUPT', `a stream state handle was expected, found the unknown tag ${tag}`, {
        offset: at,
      })
  }
}

/** Where Flink's handle refuses `null`. */
export function readStreamHandle(reader: Reader, depth = 0): StreamStateHandle {
  const at = reader.offset
  const handle = readOptionalStreamHandle(reader, depth)
  if (handle === undefined) {
    throw new KobelError('CORRUPT', 'a stream state handle was expected, found null', { offset: at })
  }
  return handle
}

export function writeOptionalStreamHandle(writer: Writer, handle: StreamStateHandle | undefined): void {
  if (handle === undefined) writer.u8(NULL)
  else writeStreamHandle(writer, handle)
}

export function writeStreamHandle(writer: Writer, handle: StreamStateHandle): void {
  switch (handle.kind) {
    case 'byte-stream':
      writer.u8(BYTE_STREAM)
      writer.utf(handle.name)
      writer.i32(handle.bytes.length)
      writer.raw(handle.bytes)
      return
    case 'file':
      writer.u8(FILE_STREAM)
      writer.i64Number(handle.size)
      writer.utf(handle.path)
      return
    case 'key-groups-stream':
      writer.u8(KEY_GROUPS)
      writeKeyGroupOffsets(writer, handle)
      return
    case 'relative-file':
      writer.u8(RELATIVE_STREAM)
      writer.utf(handle.path)
      writer.i64Number(handle.size)
      return
    case 'segment-file':
      writer.u8(SEGMENT_FILE)
      writeSegmentFile(writer, handle)
      return
    case 'empty-segment-file':
      writer.u8(EMPTY_SEGMENT_FILE)
      return
  }
}

function readSegmentFile(reader: Reader): SegmentFileStateHandle {
  const startPosition = reader.i64Number()
  const size = reader.i64Number()
  const at = reader.offset
  const ordinal = reader.i32()
  const scope = SCOPES[ordinal]
  if (scope === undefined) {
    throw new KobelError('CORRUPT', `the scope of a file segment is 0 or 1, found ${ordinal}`, { offset: at })
  }
  const path = reader.utf()
  return { kind: 'segment-file', path, startPosition, size, scope, logicalFileId: reader.utf() }
}

function writeSegmentFile(writer: Writer, handle: SegmentFileStateHandle): void {
  writer.i64Number(handle.startPosition)
  writer.i64Number(handle.size)
  writer.i32(SCOPES.indexOf(handle.scope))
  writer.utf(handle.path)
  writer.utf(handle.logicalFileId)
}

/** `keyGroupRange = i32 first, i32 count` (`KeyGroupRange`) */
export function readKeyGroupRange(reader: Reader): KeyGroupRange {
  const at = reader.offset
  const first = reader.i32()
  const count = reader.i32()
  if (first < 0 || count < 0 || first + count > MAX_PARALLELISM_LIMIT) {
    throw new KobelError('CORRUPT', `${count} key groups from ${first} on are not within 0 to 32767`, { offset: at })
  }
  return { keyGroupFirst: first, keyGroupLast: first + count - 1 }
}

export function writeKeyGroupRange(writer: Writer, range: KeyGroupRange): void {
  writer.i32(range.keyGroupFirst)
  writer.i32(keyGroupCount(range))
}

function keyGroupCount(range: KeyGroupRange): number {
  return range.keyGroupLast - range.keyGroupFirst + 1
}

/** `keyGroupRange, i64 offset for each key group, streamHandle` */
export function readKeyGroupOffsets(reader: Reader, depth = 0): KeyGroupOffsets {
  const keyGroupRange = readKeyGroupRange(reader)
  const offsets = readOffsets(reader, keyGroupCount(keyGroupRange))
  return { keyGroupRange, offsets, stream: readStreamHandle(reader, depth) }
}

export function writeKeyGroupOffsets(writer: Writer, handle: KeyGroupOffsets): void {
  const { keyGroupRange, offsets } = handle
  if (offsets.length !== keyGroupCount(keyGroupRange)) {
    throw new KobelError('USAGE', `${offsets.length} offsets were given for ${keyGroupCount(keyGroupRange)} key groups`)
  }
  writeKeyGroupRange(writer, keyGroupRange)
  for (const offset of offsets) writer.i64Number(offset)
  writeStreamHandle(writer, handle.stream)
}

export function readOffsets(reader: Reader, count: number): number[] {
  reader.need(count * 8)
  return Array.from({ length: count }, () => reader.i64Number())
}

/** `i32 count, i64 offset each` */
export function readCountedOffsets(reader: Reader): number[] {
  return readOffsets(reader, reader.count('offsets', 8))
}

export function writeCountedOffsets(writer: Writer, offsets: readonly number[]): void {
  writer.i32(offsets.length)
  for (const offset of offsets) writer.i64Number(offset)
}
