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
 * The elements in the buffers of one channel, put together: `{ i32 length, element }*`. The first one may be cut at its
 * beginning, where the task behind the channel had read a part of it already; the last one at its end. Where a cut
 * record ends stands nowhere: the first place is taken from which all elements decode.
 *
 * @throws KobelError where the bytes are not of elements with values of this layout.
 */
export function readChannelRecords(bytes: Uint8Array, layout: Layout): ChannelRecords {
  const whole = attempt(bytes, 0, layout)
  if (whole.records?.tail.length === 0) return whole.records
  const work = { left: 16 * bytes.length + MORE_WORK }
  for (let start = 1; start < bytes.length && work.left > 0; start++) {
    const { records, length } = attempt(bytes, start, layout)
    work.left -= length + 8
    if (records && records.elements.length > 0 && records.tail.length === 0) {
      // An end that is cut is the simpler story, unless more is read without one.
      return whole.records && whole.records.elements.length >= records.elements.length ? whole.records : records
    }
  }
  if (whole.records) return whole.records
  throw whole.error
}

/** Work that short channels may take besides what their length justifies, in bytes. */
const MORE_WORK = 1 << 16

type Attempt =
  | { readonly records: ChannelRecords; readonly error?: undefined; readonly length: number }
  | { readonly records?: undefined; readonly error: unknown; readonly length: number }

function attempt(bytes: Uint8Array, start: number, layout: Layout): Attempt {
  const reader = new Reader(bytes, start)
  const elements: StreamElement[] = []
  try {
    while (reader.remaining >= 4) {
      const at = reader.offset
      const length = reader.i32()
      if (length <= 0) throw new KobelError('CORRUPT', `a record of ${length} bytes cannot be`, { offset: at })
      if (length > reader.remaining) {
        if (reader.remaining > 0 && bytes[reader.offset]! > LAST_TAG) {
          throw new KobelError('CORRUPT', `no stream element begins with ${bytes[reader.offset]}`, { offset: at })
        }
        reader.offset = at
        break
      }
      const end = reader.offset + length
      elements.push(readStreamElement(reader, end, layout))
      if (reader.offset !== end) throw new KobelError('CORRUPT', 'bytes are left behind an element', { offset: at })
    }
  } catch (error) {
    if (!(error instanceof KobelError)) throw error
    return { error, length: reader.offset - start }
  }
  const records = { elements, head: bytes.subarray(0, start), tail: bytes.subarray(reader.offset) }
  return { records, length: reader.offset - start }
}
