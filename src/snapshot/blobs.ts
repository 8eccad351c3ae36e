import type { Blob } from '../format/batch.ts'
import type { OperatorMetadata, StreamStateHandle } from '../format/metadata/index.ts'
import { type OnSkip, skipOrThrow } from './skipped.ts'
import type { StateStream, StreamOpener } from './streams.ts'

/** Channel, coordinator and raw state of an operator: bytes that are listed, and read on request. */
export async function blobsOf(operator: OperatorMetadata, streams: StreamOpener, onSkip?: OnSkip): Promise<Blob[]> {
  const blobs: Blob[] = []
  const add = async (
    part: Exclude<Blob['part'], 'master'>,
    name: string,
    subtask: number,
    handle: StreamStateHandle,
  ): Promise<void> => {
    let stream: StateStream
    try {
      stream = await streams.open(handle)
    } catch (error) {
      skipOrThrow(error, onSkip, { part, subtask })
      return
    }
    blobs.push({
      kind: 'blob',
      part,
      name,
      subtask,
      length: stream.length,
      read: (start, end) => stream.read(start, end),
    })
  }
  if (operator.coordinatorState) await add('coordinator', 'coordinator', -1, operator.coordinatorState)
  for (const subtask of operator.subtasks) {
    const { rawOperatorState, rawKeyedState, index } = subtask
    if (rawOperatorState)
      await add(
        'raw-operator',
        rawOperatorState.states.map((state) => state.name).join(',') || 'raw',
        index,
        rawOperatorState.stream,
      )
    if (rawKeyedState && 'stream' in rawKeyedState) await add('raw-keyed', 'raw', index, rawKeyedState.stream)
    for (const channel of subtask.inputChannelState) {
      const name =
        channel.kind === 'input-channel'
          ? `gate ${channel.gateIndex} channel ${channel.inputChannelIndex}`
          : `${channel.channels.length} channels`
      await add('input-channel', name, index, channel.stream)
    }
    for (const channel of subtask.resultSubpartitionState) {
      const name =
        channel.kind === 'result-subpartition'
          ? `partition ${channel.partitionIndex} subpartition ${channel.subpartitionIndex}`
          : `${channel.subpartitions.length} subpartitions`
      await add('result-subpartition', name, index, channel.stream)
    }
  }
  return blobs
}
