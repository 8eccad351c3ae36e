import { Reader } from '../../bytes/reader.ts'
import { Writer } from '../../bytes/writer.ts'
import { KobelError } from '../../error.ts'
import { readCountedOffsets, readStreamHandle, writeCountedOffsets, writeStreamHandle } from './stream-handle.ts'
import type {
  ChannelStateOffsets,
  InputChannelInfo,
  InputStateHandle,
  OutputStateHandle,
  ResultSubpartitionInfo,
} from './types.ts'

/** The type bytes of `ChannelStateHandleSerializerV2`; they are not the tags of the other handles. */
const INPUT_CHANNEL = 1
const RESULT_SUBPARTITION = 2
const MERGED_INPUT_CHANNEL = 3
const MERGED_RESULT_SUBPARTITION = 4

/** gate or partition, channel or subpartition */
type Place = readonly [number, number]

interface Channel {
  readonly subtaskIndex: number
  readonly place: Place
  readonly offsets: readonly number[]
  readonly size: number
}

/**
 * ```
 * version 3 to 5: inputStateHandle = channel                      ChannelStateHandleSerializerV1
 * version 6:      inputStateHandle = u8 1, channel | u8 3, merged ChannelStateHandleSerializerV2
 * ```
 */
export function readInputHandle(reader: Reader, typed: boolean): InputStateHandle {
  const merged = typed && readMergedFlag(reader, INPUT_CHANNEL, MERGED_INPUT_CHANNEL)
  if (merged) {
    const { places, ...rest } = readMerged(reader)
    return {
      kind: 'merged-input-channel',
      ...rest,
      channels: places.map((p) => ({ ...inputInfo(p.place), ...p.content })),
    }
  }
  const { place, ...rest } = readChannel(reader)
  return { kind: 'input-channel', ...inputInfo(place), ...rest, stream: readStreamHandle(reader) }
}

export function writeInputHandle(writer: Writer, handle: InputStateHandle, typed: boolean): void {
  if (handle.kind === 'input-channel') {
    if (typed) writer.u8(INPUT_CHANNEL)
    writeChannel(writer, { ...handle, place: [handle.gateIndex, handle.inputChannelIndex] })
    writeStreamHandle(writer, handle.stream)
    return
  }
  if (!typed) throw mergedBeforeVersion6()
  writer.u8(MERGED_INPUT_CHANNEL)
  writeMergedHead(writer, handle)
  writeMergedPlaces(
    writer,
    handle.channels.map((channel) => ({ place: [channel.gateIndex, channel.inputChannelIndex], content: channel })),
  )
}

/** As {@link readInputHandle}, with partition and subpartition for gate and channel, and the type bytes 2 and 4. */
export function readOutputHandle(reader: Reader, typed: boolean): OutputStateHandle {
  const merged = typed && readMergedFlag(reader, RESULT_SUBPARTITION, MERGED_RESULT_SUBPARTITION)
  if (merged) {
    const { places, ...rest } = readMerged(reader)
    const subpartitions = places.map((p) => ({ ...subpartitionInfo(p.place), ...p.content }))
    return { kind: 'merged-result-subpartition', ...rest, subpartitions }
  }
  const { place, ...rest } = readChannel(reader)
  return { kind: 'result-subpartition', ...subpartitionInfo(place), ...rest, stream: readStreamHandle(reader) }
}

export function writeOutputHandle(writer: Writer, handle: OutputStateHandle, typed: boolean): void {
  if (handle.kind === 'result-subpartition') {
    if (typed) writer.u8(RESULT_SUBPARTITION)
    writeChannel(writer, { ...handle, place: [handle.partitionIndex, handle.subpartitionIndex] })
    writeStreamHandle(writer, handle.stream)
    return
  }
  if (!typed) throw mergedBeforeVersion6()
  writer.u8(MERGED_RESULT_SUBPARTITION)
  writeMergedHead(writer, handle)
  writeMergedPlaces(
    writer,
    handle.subpartitions.map((one) => ({ place: [one.partitionIndex, one.subpartitionIndex], content: one })),
  )
}

function mergedBeforeVersion6(): KobelError {
  return new KobelError(
    'INCOMPATIBLE',
    'merged channel state handles can be stored from _metadata version 6 (Flink 2.1) on; write version 6',
  )
}

function readMergedFlag(reader: Reader, single: number, merged: number): boolean {
  const at = reader.offset
  const type = reader.u8()
  if (type !== single && type !== merged) {
    throw new KobelError(
      'CORRUPT',
      `a channel state handle of type ${single} or ${merged} was expected, found ${type}`,
      {
        offset: at,
      },
    )
  }
  return type === merged
}

function inputInfo([gateIndex, inputChannelIndex]: Place): InputChannelInfo {
  return { gateIndex, inputChannelIndex }
}

function subpartitionInfo([partitionIndex, subpartitionIndex]: Place): ResultSubpartitionInfo {
  return { partitionIndex, subpartitionIndex }
}

/** `channel = i32 subtask, i32 gate, i32 channel, i32 n, i64 offset each, i64 size, streamHandle` */
function readChannel(reader: Reader): Channel {
  const subtaskIndex = reader.i32()
  const place: Place = [reader.i32(), reader.i32()]
  const offsets = readCountedOffsets(reader)
  return { subtaskIndex, place, offsets, size: reader.i64Number() }
}

function writeChannel(writer: Writer, channel: Channel): void {
  writer.i32(channel.subtaskIndex)
  writer.i32(channel.place[0])
  writer.i32(channel.place[1])
  writeCountedOffsets(writer, channel.offsets)
  writer.i64Number(channel.size)
}

interface MergedHead {
  readonly subtaskIndex: number
  readonly size: number
  readonly stream: InputStateHandle['stream']
}

interface MergedPlace {
  readonly place: Place
  readonly content: ChannelStateOffsets
}

/**
 * ```
 * merged = i32 subtask, i64 size, streamHandle, i32 length, length bytes of
 *          { i32 count, { i32 gate, i32 channel, i64 size, i32 n, i64 offset each }* }
 * ```
 * (`AbstractMergedChannelStateHandle`)
 */
function readMerged(reader: Reader): MergedHead & { readonly places: readonly MergedPlace[] } {
  const subtaskIndex = reader.i32()
  const size = reader.i64Number()
  const stream = readStreamHandle(reader)
  const length = reader.count('bytes of merged channel offsets')
  const inner = new Reader(reader.bytes, reader.offset, reader.offset + length)
  const places = Array.from({ length: inner.count('merged channels', 20) }, () => {
    const place: Place = [inner.i32(), inner.i32()]
    const channelSize = inner.i64Number()
    return { place, content: { offsets: readCountedOffsets(inner), size: channelSize } }
  })
  if (inner.remaining > 0) {
    throw new KobelError('CORRUPT', `${inner.remaining} bytes follow the last merged channel`, { offset: inner.offset })
  }
  reader.skip(length)
  return { subtaskIndex, size, stream, places }
}

function writeMergedHead(writer: Writer, handle: MergedHead): void {
  writer.i32(handle.subtaskIndex)
  writer.i64Number(handle.size)
  writeStreamHandle(writer, handle.stream)
}

function writeMergedPlaces(writer: Writer, places: readonly MergedPlace[]): void {
  const inner = new Writer()
  inner.i32(places.length)
  for (const { place, content } of places) {
    inner.i32(place[0])
    inner.i32(place[1])
    inner.i64Number(content.size)
    writeCountedOffsets(inner, content.offsets)
  }
  writer.i32(inner.offset)
  writer.raw(inner.toBytes())
}
