import { Reader } from '../bytes/reader.ts'
import { Writer } from '../bytes/writer.ts'
import { KobelError, locate } from '../error.ts'
import type { EntryBatch, TimerBatch } from '../format/batch.ts'
import type { KeyedStateInfo } from '../format/keyed-state.ts'
import { readPartly } from '../serializer/interpreter/partly.ts'
import { readExactly, readValue } from '../serializer/interpreter/read.ts'
import { writeValue } from '../serializer/interpreter/write.ts'
import type { Layout } from '../serializer/layout.ts'
import { TypedBytes, type Value } from '../serializer/value.ts'

/** A decoded entry of a keyed state. LIST: `value` is the array of elements, `ttl` the array beside it. */
export interface Entry {
  readonly keyGroup: number
  readonly key: Value
  readonly namespace: Value
  /** MAP only. */
  readonly mapKey?: Value
  readonly value: Value
  /** Last access in milliseconds since 1970, where the state has TTL. */
  readonly ttl?: bigint | readonly bigint[]
}

export interface Timer {
  readonly keyGroup: number
  /** Milliseconds since 1970. */
  readonly timestamp: bigint
  readonly key: Value
  readonly namespace: Value
}

/** One reader for each buffer, so that decoding an entry makes no DataView. */
export class BatchDecoder {
  private reader: Reader = new Reader(new Uint8Array(0))

  /** @throws KobelError `CORRUPT` or `TRUNCATED` where the bytes do not fit the state's types. */
  entry(batch: EntryBatch, i: number): Entry {
    const state = batch.states[batch.stateIds[i]!]!
    try {
      return this.decodeEntry(batch, i, state)
    } catch (error) {
      throw locate(error, { state: state.name, keyGroup: batch.keyGroup })
    }
  }

  private decodeEntry(batch: EntryBatch, i: number, state: KeyedStateInfo): Entry {
    const reader = this.readerOf(batch.buffer)
    const part = (layout: Layout, pairs: Uint32Array): Value =>
      readPart(layout, reader, pairs[2 * i]!, pairs[2 * i + 1]!)
    const { value, ttl } = readStateValue(state, reader, batch.values[2 * i]!, batch.values[2 * i + 1]!)
    return {
      keyGroup: batch.keyGroup,
      key: state.splits
        ? part(state.key, batch.keys)
        : wholeKey(state, batch.buffer, batch.keys[2 * i]!, batch.keys[2 * i + 1]!),
      namespace: state.splits ? part(state.namespace, batch.namespaces) : null,
      ...(state.mapKey !== undefined && { mapKey: state.splits ? part(state.mapKey, batch.mapKeys) : null }),
      value,
      ...(ttl !== undefined && { ttl }),
    }
  }

  timer(batch: TimerBatch, i: number): Timer {
    const state = batch.states[batch.stateIds[i]!]!
    const reader = this.readerOf(batch.buffer)
    const key = batch.keys
    return {
      keyGroup: batch.keyGroup,
      timestamp: batch.timestamps[i]!,
      key: state.splits
        ? readPart(state.key, reader, key[2 * i]!, key[2 * i + 1]!)
        : wholeKey(state, batch.buffer, key[2 * i]!, key[2 * i + 1]!),
      namespace: state.splits
        ? readPart(state.namespace, reader, batch.namespaces[2 * i]!, batch.namespaces[2 * i + 1]!)
        : null,
    }
  }

  private readerOf(buffer: Uint8Array): Reader {
    if (this.reader.bytes !== buffer) this.reader = new Reader(buffer)
    return this.reader
  }
}

/** A composite key whose parts cannot be told apart. */
function wholeKey(state: KeyedStateInfo, buffer: Uint8Array, start: number, end: number): TypedBytes {
  return new TypedBytes(state.keyType.className ?? 'unknown', buffer.slice(start, end))
}

/** One part of an entry; where its class is unknown, the bytes. */
export function readPart(layout: Layout, reader: Reader, start: number, end: number): Value {
  reader.offset = start
  try {
    return readExactly(layout, reader, end)
  } catch (error) {
    return readAround(error, layout, reader, start, end)
  }
}

/** What can be read of a value that holds bytes of a class unknown to kobel; other errors are thrown on. */
function readAround(error: unknown, layout: Layout, reader: Reader, start: number, end: number): Value {
  if (!(error instanceof KobelError) || error.code !== 'UNKNOWN_SERIALIZER') throw error
  return readPartly(layout, reader.bytes, start, end)
}

/** The byte between the elements of a LIST (`ListDelimitedSerializer`). */
export const LIST_DELIMITER = 0x2c

interface StateValue {
  readonly value: Value
  readonly ttl: bigint | readonly bigint[] | undefined
}

/** The value of a canonical entry, without its time of last access. */
export function readStateValue(state: KeyedStateInfo, reader: Reader, start: number, end: number): StateValue {
  const limit = reader.limit
  reader.offset = start
  reader.limit = end
  try {
    if (state.kind === 'list') return readListValue(state, reader, end)
    // A map's value follows a null flag. Some versions write more behind a true flag: it has no meaning.
    if (state.kind === 'map' && reader.bool()) return { value: null, ttl: undefined }
    const ttl = state.ttl ? reader.i64() : undefined
    return { value: readPart(state.value, reader, reader.offset, end), ttl }
  } finally {
    reader.limit = limit
  }
}

function readListValue(state: KeyedStateInfo, reader: Reader, end: number): StateValue {
  const start = reader.offset
  const elements: Value[] = []
  const ttls: bigint[] = []
  try {
    while (reader.offset < end) {
      if (state.ttl) ttls.push(reader.i64())
      elements.push(readValue(state.value, reader))
      if (reader.offset < end && reader.u8() !== LIST_DELIMITER) {
        throw new KobelError(
          'CORRUPT',
          'the elements of a list are not divided by a comma: they do not fit their serializer',
          {
            offset: reader.offset - 1,
          },
        )
      }
    }
  } catch (error) {
    if (!(error instanceof KobelError) || error.code !== 'UNKNOWN_SERIALIZER') throw error
    // Elements of an unknown class cannot be told apart: the comma may be a byte of theirs.
    const className =
      'className' in state.value && state.value.className !== undefined ? state.value.className : state.value.op
    return { value: new TypedBytes(className, reader.bytes.slice(start, end)), ttl: undefined }
  }
  return { value: elements, ttl: state.ttl ? ttls : undefined }
}

/** The canonical bytes of a state's value: the inverse of `readStateValue`. */
export function canonicalValue(
  state: KeyedStateInfo,
  value: Value,
  ttl: bigint | readonly bigint[] | undefined,
): Uint8Array {
  const writer = new Writer(64)
  const one = (each: Value, at: bigint | undefined): void => {
    if (state.ttl) writer.i64(at ?? 0n)
    writeValue(state.value, writer, each)
  }
  if (state.kind === 'list') {
    const elements = value as readonly Value[]
    elements.forEach((each, i) => {
      if (i > 0) writer.u8(LIST_DELIMITER)
      one(each, Array.isArray(ttl) ? ttl[i] : undefined)
    })
    return writer.toBytes()
  }
  const isNull = state.kind === 'map' && value === null && ttl === undefined
  if (state.kind === 'map') writer.bool(isNull)
  if (!isNull) one(value, typeof ttl === 'bigint' ? ttl : undefined)
  return writer.toBytes()
}
