import { toHex } from '../bytes/encoding.ts'
import { Reader } from '../bytes/reader.ts'
import type { Writer } from '../bytes/writer.ts'
import { KobelError } from '../error.ts'
import { readExactly } from '../serializer/interpreter/read.ts'
import { writeValue } from '../serializer/interpreter/write.ts'
import type { Layout } from '../serializer/layout.ts'
import type { Value } from '../serializer/value.ts'

/** What flows between operators. */
export type StreamElement =
  | { readonly kind: 'record'; readonly timestamp?: bigint; readonly value: Value }
  | { readonly kind: 'watermark'; readonly timestamp: bigint }
  | { readonly kind: 'internal-watermark'; readonly subpartitionIndex: number; readonly timestamp: bigint }
  | {
      readonly kind: 'latency-marker'
      readonly markedTime: bigint
      /** 32 hex digits. */
      readonly operatorId: string
      readonly subtaskIndex: number
    }
  | { readonly kind: 'watermark-status'; readonly idle: boolean }
  | { readonly kind: 'record-attributes'; readonly backlog: boolean }

/** The records of one channel. A record may begin in the output of one task and end in the input of the next. */
export interface ChannelRecords {
  readonly elements: readonly StreamElement[]
  /** The end of a record whose beginning is in another channel's state. */
  readonly head: Uint8Array
  /** The beginning of a record that ends elsewhere. */
  readonly tail: Uint8Array
}

/** `file = i32 version 0, { i32 length, bytes }*`: buffers of the network (`ChannelStateSerializerImpl`) */
export const CHANNEL_STATE_VERSION = 0

export function checkChannelStateVersion(bytes: Uint8Array): void {
  const version = new Reader(bytes).i32()
  if (version === CHANNEL_STATE_VERSION) return
  throw new KobelError('UNSUPPORTED_VERSION', `channel state of version 0 was expected, found ${version}`, {
    offset: 0,
  })
}

const RECORD_WITH_TIMESTAMP = 0
const RECORD = 1
const WATERMARK = 2
const LATENCY_MARKER = 3
const WATERMARK_STATUS = 4
const RECORD_ATTRIBUTES = 5
const INTERNAL_WATERMARK = 6
const LAST_TAG = INTERNAL_WATERMARK

/**
 * ```
 * 0, i64 timestamp, value | 1, value | 2, i64 watermark | 3, i64 time, 16 bytes of operator id, i32 subtask
 * | 4, i32 status (0 active, -1 idle) | 5, bool backlog | 6, i32 subpartition, i64 watermark
 * ```
 * (`StreamElementSerializer`). The element ends at `end`.
 */
export function readStreamElement(reader: Reader, end: number, layout: Layout): StreamElement {
  const tag = reader.u8()
  switch (tag) {
    case RECORD_WITH_TIMESTAMP: {
      const timestamp = reader.i64()
      return { kind: 'record', timestamp, value: readExactly(layout, reader, end) }
    }
    case RECORD:
      return { kind: 'record', value: readExactly(layout, reader, end) }
    case WATERMARK:
      return { kind: 'watermark', timestamp: reader.i64() }
    case LATENCY_MARKER: {
      const markedTime = reader.i64()
      return { kind: 'latency-marker', markedTime, operatorId: toHex(reader.take(16)), subtaskIndex: reader.i32() }
    }
    case WATERMARK_STATUS:
      return { kind: 'watermark-status', idle: readStatus(reader) }
    case RECORD_ATTRIBUTES:
      return { kind: 'record-attributes', backlog: reader.bool() }
    case INTERNAL_WATERMARK: {
      const subpartitionIndex = reader.i32()
      return { kind: 'internal-watermark', subpartitionIndex, timestamp: reader.i64() }
    }
    default:
      throw new KobelError('CORRUPT', `a stream element begins with 0 to ${LAST_TAG}, found ${tag}`, {
        offset: reader.offset - 1,
      })
  }
}

function readStatus(reader: Reader): boolean {
  const status = reader.i32()
  if (status === 0 || status === -1) return status === -1
  throw new KobelError('CORRUPT', `a watermark status is 0 or -1, found ${status}`, { offset: reader.offset - 4 })
}

/** `i32 length`, then the element: what a channel's buffers hold. Elements other than records are not written. */
export function writeRecord(writer: Writer, record: StreamElement & { kind: 'record' }, layout: Layout): void {
  const start = writer.offset
  writer.i32(0)
  writer.u8(record.timestamp === undefined ? RECORD : RECORD_WITH_TIMESTAMP)
  if (record.timestamp !== undefined) writer.i64(record.timestamp)
  writeValue(layout, writer, record.value)
  writer.view.setInt32(start, writer.offset - start - 4)
}

/**
 * The elements in the buffers of one channel, put together: `{ i32 length, element }*`. Those of an input begin with a
 * whole record and may end with a part of one, whose rest is in the output of the task before; there, the first record
 * may be cut. Where a cut record ends stands nowhere: it is told by the lengths and tags behind it, which must lead to
 * the end of the bytes.
 *
 * @throws KobelError where lengths and tags fit, but values are not of this layout.
 */
export function readChannelRecords(bytes: Uint8Array, layout: Layout, side: 'input' | 'output'): ChannelRecords {
  const reader = new Reader(bytes)
  const none = bytes.subarray(0, 0)
  const whole = lastFrame(reader, 0)
  if (whole === bytes.length) return decode(reader, 0, whole, layout)
  // Without a whole record the side tells which end is missing.
  if (whole === 0 && side === 'input') return { elements: [], head: none, tail: bytes }
  let failed: unknown
  const fromStart = whole > 0 ? tryDecode(reader, 0, whole, layout) : undefined
  if (fromStart instanceof KobelError) failed = fromStart
  const known = fromStart instanceof KobelError ? undefined : fromStart
  for (const start of frameStarts(reader)) {
    const records = tryDecode(reader, start, bytes.length, layout)
    if (records instanceof KobelError) failed ??= records
    // An end that is cut is the simpler story, unless more is read without one.
    else return known && known.elements.length >= records.elements.length ? known : records
  }
  if (known) return known
  if (failed) throw failed
  return { elements: [], head: bytes, tail: none }
}

/**
 * Where the elements that begin at `start` end, by their lengths and tags alone: before one that is cut, or at the end
 * of the bytes. -1 where no elements begin there.
 */
function lastFrame({ bytes, view }: Reader, start: number): number {
  let at = start
  while (at + 4 < bytes.length) {
    const length = view.getInt32(at)
    if (length <= 0 || bytes[at + 4]! > LAST_TAG) return -1
    if (length > bytes.length - at - 4) break
    at += 4 + length
  }
  return at
}

/** Places behind the first byte from which elements lead to the end. There is a limit to the work, and to what is given. */
function* frameStarts(reader: Reader): Generator<number, void, undefined> {
  const end = reader.bytes.length
  let work = MOST_STEPS
  let given = 0
  for (let start = 1; start + 4 < end && work > 0 && given < MOST_STARTS; start++) {
    let at = start
    while (at !== -1 && at < end && work-- > 0) at = nextFrame(reader, at)
    if (at !== end) continue
    given++
    yield start
  }
}

/** Elements looked at to find where a channel begins. */
const MOST_STEPS = 1 << 22

/** Places tried, of those whose lengths and tags fit. */
const MOST_STARTS = 64

function nextFrame({ bytes, view }: Reader, at: number): number {
  if (at + 4 >= bytes.length) return -1
  const length = view.getInt32(at)
  return length <= 0 || bytes[at + 4]! > LAST_TAG || length > bytes.length - at - 4 ? -1 : at + 4 + length
}

function tryDecode(reader: Reader, start: number, end: number, layout: Layout): ChannelRecords | KobelError {
  try {
    return decode(reader, start, end, layout)
  } catch (error) {
    if (error instanceof KobelError) return error
    throw error
  }
}

function decode(reader: Reader, start: number, end: number, layout: Layout): ChannelRecords {
  const elements: StreamElement[] = []
  reader.offset = start
  while (reader.offset < end) {
    const elementEnd = reader.i32() + reader.offset
    elements.push(readStreamElement(reader, elementEnd, layout))
    if (reader.offset !== elementEnd) {
      throw new KobelError('CORRUPT', 'bytes are left behind a stream element', { offset: reader.offset })
    }
  }
  return { elements, head: reader.bytes.subarray(0, start), tail: reader.bytes.subarray(end) }
}
