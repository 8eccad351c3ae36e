import type { Reader } from '../../bytes/reader.ts'
import type { Writer } from '../../bytes/writer.ts'
import { KobelError, locate } from '../../error.ts'
import { readOperatorHead, writeOperatorHead } from './operator-id.ts'
import { readSubtaskHandles, writeSubtaskHandles } from './subtask.ts'
import type { OperatorMetadata, SubtaskMetadata } from './types.ts'

/**
 * An operator of version 2 (Flink 1.3 to 1.10):
 * ```
 * operatorId, i32 parallelism, i32 maxParallelism, i32 chainLength, i32 count, { i32 index, subtask }*
 * ```
 * (`MetadataV2Serializer`, before Flink 1.11 `SavepointV2Serializer`)
 */
export function readOperatorV2(reader: Reader): OperatorMetadata {
  const head = readOperatorHead(reader)
  try {
    const chainLength = reader.i32()
    const count = reader.count('subtasks', 26)
    const subtasks = Array.from({ length: count }, () => readSubtaskV2(reader))
    return { ...head, fullyFinished: false, subtasks, ...(chainLength === 1 ? {} : { chainLength }) }
  } catch (error) {
    throw locate(error, { operator: head.id })
  }
}

export function writeOperatorV2(writer: Writer, operator: OperatorMetadata): void {
  if (operator.fullyFinished || operator.coordinatorState !== undefined) {
    throw incompatible(operator.fullyFinished ? 'a finished operator' : 'coordinator state', operator.id)
  }
  writeOperatorHead(writer, operator)
  writer.i32(operator.chainLength ?? 1)
  writer.i32(operator.subtasks.length)
  for (const subtask of operator.subtasks) {
    if (subtask.finished) throw incompatible('a finished subtask', operator.id)
    if (subtask.inputChannelState.length > 0 || subtask.resultSubpartitionState.length > 0) {
      throw incompatible('channel state', operator.id)
    }
    writeSubtaskV2(writer, subtask)
  }
}

function incompatible(what: string, operator: string): KobelError {
  return new KobelError('INCOMPATIBLE', `_metadata version 2 has no place for ${what}; write version 3 or later`, {
    operator,
  })
}

/** `i32 index, i64 duration, i32 legacyStates, subtaskHandles`: the two numbers have had no meaning since Flink 1.3. */
function readSubtaskV2(reader: Reader): SubtaskMetadata {
  const at = reader.offset
  const index = reader.i32()
  if (index < 0) throw new KobelError('CORRUPT', `the index of a subtask is ${index}`, { offset: at })
  const duration = reader.i64()
  const legacyStates = reader.i32()
  if (legacyStates !== 0) {
    throw new KobelError(
      'UNSUPPORTED_VERSION',
      `${legacyStates} states of the "Checkpointed" interface of Flink 1.1 were found, which Flink itself no longer reads`,
      { offset: reader.offset - 4 },
    )
  }
  return {
    index,
    finished: false,
    ...readSubtaskHandles(reader),
    inputChannelState: [],
    resultSubpartitionState: [],
    ...(duration === -1n ? {} : { duration }),
  }
}

function writeSubtaskV2(writer: Writer, subtask: SubtaskMetadata): void {
  writer.i32(subtask.index)
  writer.i64(subtask.duration ?? -1n)
  writer.i32(0)
  writeSubtaskHandles(writer, subtask)
}
