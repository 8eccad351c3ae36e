import { fromBase64 } from '../bytes/encoding.ts'
import type { Writer } from '../bytes/writer.ts'
import { KobelError } from '../error.ts'
import { writeLengthDigits } from '../format/composite-key.ts'
import type { KeyedStateInfo } from '../format/keyed-state.ts'
import { jsonToValue, toBigInt } from '../serializer/interpreter/json.ts'
import type { Layout } from '../serializer/layout.ts'
import { TypedBytes } from '../serializer/value.ts'
import { LIST_DELIMITER } from '../snapshot/decode.ts'
import { encodeJson } from './encode-json.ts'
import type { ElementState } from './resolve.ts'
import { atField } from './wrong-field.ts'

/** A row of a state, as `kobel dump` prints it. */
export interface WriteRow {
  /** Id or uid; `uid` may stand alone. */
  readonly operator?: string
  readonly uid?: string
  readonly state?: string
  readonly kind?: string
  /** Worked out from the key where it is not given. */
  readonly keyGroup?: number
  readonly key?: unknown
  /** Left out for VoidNamespace. */
  readonly namespace?: unknown
  /** MAP and BROADCAST. */
  readonly mapKey?: unknown
  /** LIST: the array of its elements. */
  readonly value?: unknown
  /** Milliseconds since 1970, where the state has TTL; LIST: an array beside the elements. Else the plan's `now`. */
  readonly ttl?: unknown
  /** Timers: milliseconds since 1970. */
  readonly timestamp?: unknown
  /** Operator state. */
  readonly subtask?: number
  /** Base64 of parts; they go before what the other members say. */
  readonly bytes?: Readonly<Partial<Record<'key' | 'namespace' | 'mapKey' | 'value', string>>>
}

const FLIP = -(2n ** 63n)

/** The composite key of an entry behind its key group; `key` holds the bytes of its key. */
export function encodeCompositeKey(state: KeyedStateInfo, row: WriteRow, key: Writer, writer: Writer): void {
  if (state.kind === 'timer') writer.i64(longOf(row.timestamp, 'timestamp') ^ FLIP)
  const isAmbiguous = state.ambiguous && state.splits
  copyWritten(key, writer)
  if (isAmbiguous) writeLengthDigits(writer, key.offset)
  if (!state.splits) return
  const start = writer.offset
  encodePart(state.namespace, row, 'namespace', state.namespace.op !== 'constant', writer)
  if (isAmbiguous) writeLengthDigits(writer, writer.offset - start)
  if (state.mapKey) encodePart(state.mapKey, row, 'mapKey', true, writer)
}

/** A call costs more than a few bytes. */
export function copyWritten({ bytes, offset }: Writer, writer: Writer): void {
  writer.ensure(offset)
  if (offset > 32) writer.bytes.set(bytes.subarray(0, offset), writer.offset)
  else for (let i = 0; i < offset; i++) writer.bytes[writer.offset + i] = bytes[i]!
  writer.offset += offset
}

/** A part of a row: as given in bytes, else of its value. */
function encodePart(
  layout: Layout,
  row: WriteRow,
  name: 'namespace' | 'mapKey' | 'value',
  needed: boolean,
  writer: Writer,
): void {
  const given = row.bytes?.[name]
  if (given !== undefined) return writer.raw(fromBase64(given))
  const json = row[name]
  if (json === undefined && needed) throw new KobelError('USAGE', `the row has no ${name}`)
  try {
    encodeJson(layout)(json ?? null, writer)
  } catch (error) {
    throw atField(error, layout, json ?? null, name)
  }
}

/** The canonical value of an entry. */
export function encodeStateValue(state: KeyedStateInfo, row: WriteRow, now: number | undefined, writer: Writer): void {
  if (state.kind === 'timer') return
  if (row.bytes?.value !== undefined) return writer.raw(fromBase64(row.bytes.value))
  if (row.value === undefined) throw new KobelError('USAGE', 'the row has no value')
  if (state.kind === 'list') return encodeList(state, row, now, writer)
  // A map's null has no time; one inside a TtlValue has.
  const isEmpty = state.kind === 'map' && row.value === null && row.ttl === undefined
  if (state.kind === 'map') writer.bool(isEmpty)
  if (!state.ttl || isEmpty) checkNoTtl(row)
  else writer.i64(longOf(row.ttl ?? now, 'ttl'))
  if (!isEmpty) encodePart(state.value, row, 'value', true, writer)
}

function encodeList(state: KeyedStateInfo, row: WriteRow, now: number | undefined, writer: Writer): void {
  const { value, ttl } = row
  if (!Array.isArray(value)) {
    const whole = jsonToValue(state.value, value)
    if (whole instanceof TypedBytes) return writer.raw(whole.bytes)
    throw new KobelError('USAGE', 'the value of a list is an array of its elements')
  }
  if (!state.ttl) checkNoTtl(row)
  else if ((ttl !== undefined || now === undefined) && (!Array.isArray(ttl) || ttl.length !== value.length)) {
    throw new KobelError('USAGE', 'the ttl of a list is an array with a time for each element')
  }
  const encode = encodeJson(state.value)
  for (let i = 0; i < value.length; i++) {
    if (i > 0) writer.u8(LIST_DELIMITER)
    if (state.ttl) writer.i64(longOf(ttl === undefined ? now : (ttl as unknown[])[i], 'ttl'))
    try {
      encode(value[i], writer)
    } catch (error) {
      throw atField(error, state.value, value[i], `value[${i}]`)
    }
  }
}

function checkNoTtl(row: WriteRow): void {
  if (row.ttl !== undefined) throw new KobelError('USAGE', 'the row has a ttl, but there is no place for it')
}

/** A long, as a number, a bigint or text. */
export function longOf(json: unknown, name: string): bigint {
  if (typeof json === 'bigint' && BigInt.asIntN(64, json) === json) return json
  try {
    const value = toBigInt(json)
    if (BigInt.asIntN(64, value) === value) return value
  } catch (error) {
    if (!(error instanceof KobelError)) throw error
  }
  const found = json === undefined ? 'nothing' : typeof json === 'bigint' ? `${json}` : JSON.stringify(json)
  throw new KobelError('USAGE', `${name}: a whole number of 64 bits was expected, found ${found.slice(0, 60)}`)
}

/** What the rows of a state are ordered by: the member that the plan names. Bytes that sort as the number does. */
export function encodeOrder(order: string, row: WriteRow, writer: Writer): void {
  const value = (row as unknown as Readonly<Record<string, unknown>>)[order]
  writer.i64(longOf(value, order) ^ FLIP)
}

/** An element of operator state; BROADCAST: the length of the key, key and value. */
export function encodeElement(state: ElementState, row: WriteRow, writer: Writer): void {
  if (state.mapKey) {
    const start = writer.offset
    writer.i32(0)
    encodePart(state.mapKey, row, 'mapKey', true, writer)
    writer.view.setInt32(start, writer.offset - start - 4)
  }
  encodePart(state.value, row, 'value', true, writer)
}
