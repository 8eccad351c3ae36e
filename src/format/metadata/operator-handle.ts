import type { Reader } from '../../bytes/reader.ts'
import type { Writer } from '../../bytes/writer.ts'
import { KobelError } from '../../error.ts'
import { readCountedOffsets, readStreamHandle, writeCountedOffsets, writeStreamHandle } from './stream-handle.ts'
import type { OperatorStateHandle, OperatorStateMode, OperatorStateOffsets } from './types.ts'

const PARTITIONABLE_OPERATOR_STATE = 4
const SEGMENT_PARTITIONABLE_OPERATOR_STATE = 17

/** The order of `org.apache.flink.runtime.state.OperatorStateHandle.Mode`. */
const MODES: readonly OperatorStateMode[] = ['SPLIT_DISTRIBUTE', 'UNION', 'BROADCAST']

/**
 * ```
 * operatorHandle = i8 tag, i32 n, { utf name, i8 mode, i32 count, i64 offset each }*, then for tag
 *    4  streamHandle                                                           OperatorStreamStateHandle
 *   17  utf taskOwnedDirectory, utf sharedDirectory, bool empty, streamHandle  FileMergingOperatorStreamStateHandle
 * ```
 * (`MetadataV2V3SerializerBase.deserializeOperatorStateHandle`)
 */
export function readOperatorHandle(reader: Reader): OperatorStateHandle {
  const at = reader.offset
  const tag = reader.i8()
  if (tag !== PARTITIONABLE_OPERATOR_STATE && tag !== SEGMENT_PARTITIONABLE_OPERATOR_STATE) {
    throw new KobelError('CORRUPT', `an operator state handle was expected, found the unknown tag ${tag}`, {
      offset: at,
    })
  }
  const states = Array.from({ length: reader.count('operator states', 7) }, () => readStateOffsets(reader))
  if (tag === PARTITIONABLE_OPERATOR_STATE) {
    return { kind: 'operator-stream', states, stream: readStreamHandle(reader) }
  }
  return {
    kind: 'file-merging-operator-stream',
    states,
    taskOwnedDirectory: reader.utf(),
    sharedDirectory: reader.utf(),
    empty: reader.bool(),
    stream: readStreamHandle(reader),
  }
}

export function writeOperatorHandle(writer: Writer, handle: OperatorStateHandle): void {
  const fileMerging = handle.kind === 'file-merging-operator-stream'
  writer.u8(fileMerging ? SEGMENT_PARTITIONABLE_OPERATOR_STATE : PARTITIONABLE_OPERATOR_STATE)
  writer.i32(handle.states.length)
  for (const state of handle.states) {
    writer.utf(state.name)
    writer.u8(MODES.indexOf(state.mode))
    writeCountedOffsets(writer, state.offsets)
  }
  if (fileMerging) {
    writer.utf(handle.taskOwnedDirectory)
    writer.utf(handle.sharedDirectory)
    writer.bool(handle.empty)
  }
  writeStreamHandle(writer, handle.stream)
}

function readStateOffsets(reader: Reader): OperatorStateOffsets {
  const name = reader.utf()
  const at = reader.offset
  const ordinal = reader.i8()
  const mode = MODES[ordinal]
  if (mode === undefined) {
    throw new KobelError('CORRUPT', `the mode of an operator state is 0, 1 or 2, found ${ordinal}`, { offset: at })
  }
  return { name, mode, offsets: readCountedOffsets(reader) }
}
