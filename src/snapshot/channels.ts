import { KobelError, locate } from '../error.ts'
import { type ChannelRecords, checkChannelStateVersion, readChannelRecords } from '../format/channel-state.ts'
import type {
  ChannelStateOffsets,
  InputChannelInfo,
  InputStateHandle,
  OperatorMetadata,
  OutputStateHandle,
  ResultSubpartitionInfo,
  StreamStateHandle,
} from '../format/metadata/index.ts'
import type { Layout } from '../serializer/layout.ts'
import { layoutOfText } from '../serializer/type-text.ts'
import { type StreamOpener, StreamWindow } from './streams.ts'

/** What an unaligned checkpoint keeps of one channel: the buffers between two tasks. */
export type ChannelState = InputChannelState | ResultSubpartitionState

export interface InputChannelState extends InputChannelInfo, ChannelBuffers {
  readonly kind: 'input-channel'
}

export interface ResultSubpartitionState extends ResultSubpartitionInfo, ChannelBuffers {
  readonly kind: 'result-subpartition'
}

interface ChannelBuffers {
  readonly subtask: number
  readonly buffers: number
  /** Bytes of the buffers and their lengths, as the handle says. */
  readonly size: number
  /** The buffers, put together. A channel's state is as large as its buffers were: it is read at once. */
  readonly bytes: () => Promise<Uint8Array>
  /**
   * The records in the buffers. Their type is not in the snapshot: it is given as a layout or as text (`long`,
   * `(string, long)`), here or when the snapshot is opened.
   */
  readonly records: (type?: Layout | string) => Promise<ChannelRecords>
}

/** The channels of an operator that have state, by subtask: inputs, then outputs. */
export function channelsOf(operator: OperatorMetadata, streams: StreamOpener, type?: Layout | string): ChannelState[] {
  return operator.subtasks.flatMap((subtask) => [
    ...subtask.inputChannelState.flatMap((handle) => inputs(handle, subtask.index, streams, type)),
    ...subtask.resultSubpartitionState.flatMap((handle) => outputs(handle, subtask.index, streams, type)),
  ])
}

function inputs(
  handle: InputStateHandle,
  subtask: number,
  streams: StreamOpener,
  type?: Layout | string,
): InputChannelState[] {
  const channels = handle.kind === 'input-channel' ? [handle] : handle.channels
  return channels.map((channel) => ({
    kind: 'input-channel',
    gateIndex: channel.gateIndex,
    inputChannelIndex: channel.inputChannelIndex,
    ...buffersOf('input', channel, handle.stream, subtask, streams, type),
  }))
}

function outputs(
  handle: OutputStateHandle,
  subtask: number,
  streams: StreamOpener,
  type?: Layout | string,
): ResultSubpartitionState[] {
  const subpartitions = handle.kind === 'result-subpartition' ? [handle] : handle.subpartitions
  return subpartitions.map((subpartition) => ({
    kind: 'result-subpartition',
    partitionIndex: subpartition.partitionIndex,
    subpartitionIndex: subpartition.subpartitionIndex,
    ...buffersOf('output', subpartition, handle.stream, subtask, streams, type),
  }))
}

function buffersOf(
  side: 'input' | 'output',
  { offsets, size }: ChannelStateOffsets,
  handle: StreamStateHandle,
  subtask: number,
  streams: StreamOpener,
  declared: Layout | string | undefined,
): ChannelBuffers {
  const bytes = (): Promise<Uint8Array> => readBuffers(offsets, handle, streams)
  return {
    subtask,
    buffers: offsets.length,
    size,
    bytes,
    records: async (type = declared) => {
      if (type === undefined) {
        throw new KobelError('USAGE', 'the type of records in flight is not in a snapshot: give it, such as long')
      }
      const layout = typeof type === 'string' ? layoutOfText(type) : type
      return readChannelRecords(await bytes(), layout, side)
    },
  }
}

/** At each offset `i32 length, bytes`. Buffers that lay over one another would let a small file claim much memory. */
async function readBuffers(
  offsets: readonly number[],
  handle: StreamStateHandle,
  streams: StreamOpener,
): Promise<Uint8Array> {
  if (offsets.length === 0) return new Uint8Array(0)
  const stream = await streams.open(handle)
  try {
    const window = new StreamWindow(stream, stream.length)
    checkChannelStateVersion(await window.at(0, 4))
    const parts: Uint8Array[] = []
    let end = 4
    for (const offset of offsets) {
      if (offset < end || offset > stream.length - 4) throw misplaced(offset, end, stream.length)
      const head = await window.at(offset, 4)
      const length = new DataView(head.buffer, head.byteOffset, 4).getInt32(0)
      end = offset + 4 + length
      if (length < 0 || end > stream.length) throw misplaced(end, offset + 4, stream.length)
      parts.push((await window.at(offset + 4, length)).slice(0, length))
    }
    return joined(parts)
  } catch (error) {
    throw locate(error, { file: stream.location })
  }
}

function misplaced(found: number, first: number, last: number): KobelError {
  return new KobelError('CORRUPT', `a buffer of a channel lies between ${first} and ${last}, found ${found}`, {
    offset: found,
  })
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
