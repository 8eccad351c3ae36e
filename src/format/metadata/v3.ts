import type { Reader } from '../../bytes/reader.ts'
import type { Writer } from '../../bytes/writer.ts'
import { KobelError, locate } from '../../error.ts'
import { readInputHandle, readOutputHandle, writeInputHandle, writeOutputHandle } from './channel-handle.ts'
import { readOperatorHead, writeOperatorHead } from './operator-id.ts'
import { readOptionalStreamHandle, writeOptionalStreamHandle } from './stream-handle.ts'
import { readSubtaskHandles, writeSubtaskHandles } from './subtask.ts'
import type { OperatorMetadata, SubtaskMetadata } from './types.ts'

/** Stands for the number of subtasks of a fully finished operator. */
const FULLY_FINISHED = -1

/** A merged handle without channels, in an empty segment. */
const CHANNEL_HANDLE_MIN_BYTES = 22

/**
 * An operator of version 3 and 4 (Flink 1.11 to 1.20); later versions put name and uid before it:
 * ```
 * operatorId, i32 parallelism, i32 maxParallelism, streamHandle coordinatorState, i32 count, { i32 index, subtask }*
 * ```
 * A count of -1 is a fully finished operator. An index below 0 is a finished subtask, -index-1, with nothing behind it.
 * (`MetadataV3Serializer`)
 */
export function readOperatorV3(reader: Reader, typedChannels = false): OperatorMetadata {
  const head = readOperatorHead(reader)
  try {
    const coordinatorState = readOptionalStreamHandle(reader)
    if (peekI32(reader) === FULLY_FINISHED) {
      if (coordinatorState !== undefined) {
        throw new KobelError('CORRUPT', 'a fully finished operator has coordinator state', { offset: reader.offset })
      }
      reader.skip(4)
      return { ...head, fullyFinished: true, subtasks: [] }
    }
    const count = reader.count('subtasks', 4)
    const subtasks = Array.from({ length: count }, () => readSubtaskV3(reader, typedChannels))
    return {
      ...head,
      ...(coordinatorState === undefined ? {} : { coordinatorState }),
      fullyFinished: false,
      subtasks,
    }
  } catch (error) {
    throw locate(error, { operator: head.id })
  }
}

export function writeOperatorV3(writer: Writer, operator: OperatorMetadata, typedChannels = false): void {
  writeOperatorHead(writer, operator)
  if (operator.fullyFinished && (operator.coordinatorState !== undefined || operator.subtasks.length > 0)) {
    throw new KobelError('USAGE', 'a fully finished operator has neither coordinator state nor subtasks', {
      operator: operator.id,
    })
  }
  writeOptionalStreamHandle(writer, operator.coordinatorState)
  if (operator.fullyFinished) {
    writer.i32(FULLY_FINISHED)
    return
  }
  writer.i32(operator.subtasks.length)
  for (const subtask of operator.subtasks) writeSubtaskV3(writer, subtask, typedChannels)
}

function peekI32(reader: Reader): number {
  const value = reader.i32()
  reader.offset -= 4
  return value
}

/** `i32 index, subtaskHandles, i32 n, inputStateHandle*, i32 m, outputStateHandle*` */
function readSubtaskV3(reader: Reader, typedChannels: boolean): SubtaskMetadata {
  const stored = reader.i32()
  if (stored < 0) return { index: -stored - 1, finished: true, inputChannelState: [], resultSubpartitionState: [] }
  const handles = readSubtaskHandles(reader)
  const inputs = reader.count('input channel state handles', CHANNEL_HANDLE_MIN_BYTES)
  const inputChannelState = Array.from({ length: inputs }, () => readInputHandle(reader, typedChannels))
  const outputs = reader.count('result subpartition state handles', CHANNEL_HANDLE_MIN_BYTES)
  const resultSubpartitionState = Array.from({ length: outputs }, () => readOutputHandle(reader, typedChannels))
  return { index: stored, finished: false, ...handles, inputChannelState, resultSubpartitionState }
}

function writeSubtaskV3(writer: Writer, subtask: SubtaskMetadata, typedChannels: boolean): void {
  if (subtask.finished) {
    writer.i32(-subtask.index - 1)
    return
  }
  writer.i32(subtask.index)
  writeSubtaskHandles(writer, subtask)
  writer.i32(subtask.inputChannelState.length)
  for (const handle of subtask.inputChannelState) writeInputHandle(writer, handle, typedChannels)
  writer.i32(subtask.resultSubpartitionState.length)
  for (const handle of subtask.resultSubpartitionState) writeOutputHandle(writer, handle, typedChannels)
}
