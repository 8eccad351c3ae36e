import { fromBase64 } from '../bytes/encoding.ts'
import { Writer } from '../bytes/writer.ts'
import { KobelError } from '../error.ts'
import { keyGroupPrefixBytes, writeCompositeKey } from '../format/composite-key.ts'
import type { KeyedStateInfo } from '../format/keyed-state.ts'
import { jsonToValue, toBigInt } from '../serializer/interpreter/json.ts'
import { bytesOfValue } from '../serializer/interpreter/write.ts'
import type { Layout } from '../serializer/layout.ts'
import { TypedBytes } from '../serializer/value.ts'
import { canonicalValue } from '../snapshot/decode.ts'
import { keyGroupOfKey, mayPrintNull, nullKey } from './plan.ts'
import type { ElementState, ResolvedOperator } from './resolve.ts'
import { wrongField } from './wrong-field.ts'

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
  /** Milliseconds since 1970, where the state has TTL; LIST: an array beside the elements. */
  readonly ttl?: unknown
  /** Timers: milliseconds since 1970. */
  readonly timestamp?: unknown
  /** Operator state. */
  readonly subtask?: number
  /** Base64 of parts; they go before what the other members say. */
  readonly bytes?: Readonly<Partial<Record<'key' | 'namespace' | 'mapKey' | 'value', string>>>
}

/** A row of keyed state in the form of a canonical savepoint. */
export interface EncodedEntry {
  readonly keyGroup: number
  readonly compositeKey: Uint8Array
  readonly value: Uint8Array
}

const NOTHING = new Uint8Array(0)
const FLIP = -(2n ** 63n)

export function encodeEntry(resolved: ResolvedOperator, state: KeyedStateInfo, row: WriteRow): EncodedEntry {
  const key = partOf(row, 'key', state.key, true)
  const keyGroup = row.keyGroup ?? keyGroupOfKey(resolved, key)
  const writer = new Writer(key.length + 32)
  const namespace = state.splits ? partOf(row, 'namespace', state.namespace, !isVoid(state.namespace)) : NOTHING
  const mapKey = state.splits && state.mapKey ? partOf(row, 'mapKey', state.mapKey, true) : NOTHING
  const prefixBytes = keyGroupPrefixBytes(resolved.operator.maxParallelism)
  const front = state.kind === 'timer' ? timerKey(row, key) : key
  writeCompositeKey(state, writer, prefixBytes, keyGroup, front, namespace, mapKey)
  return {
    keyGroup,
    compositeKey: writer.toBytes(),
    value: state.kind === 'timer' ? NOTHING : stateValueOf(state, row),
  }
}

function timerKey(row: WriteRow, key: Uint8Array): Uint8Array {
  const writer = new Writer(8 + key.length)
  writer.i64(toBigInt(row.timestamp) ^ FLIP)
  writer.raw(key)
  return writer.toBytes()
}

function isVoid(layout: Layout): boolean {
  return layout.op === 'constant'
}

/** The bytes of a part: as given, else of its value. */
function partOf(row: WriteRow, name: 'key' | 'namespace' | 'mapKey', layout: Layout, needed: boolean): Uint8Array {
  const given = row.bytes?.[name]
  if (given !== undefined) return fromBase64(given)
  if (row[name] === undefined && needed) throw new KobelError('USAGE', `the row has no ${name}`)
  if (row[name] === null && name === 'key' && !mayPrintNull(layout)) throw nullKey()
  return bytesOfJson(layout, row[name] ?? null, name)
}

/** Bytes that stand for the whole part are written as they are, whatever its layout. */
function bytesOfJson(layout: Layout, json: unknown, name: string): Uint8Array {
  try {
    return bytesOfValue(layout, jsonToValue(layout, json))
  } catch (error) {
    throw atField(error, layout, json, name)
  }
}

/** Says which field of a part an error is about. */
function atField(error: unknown, layout: Layout, json: unknown, name: string): unknown {
  if (!(error instanceof KobelError) || error.code !== 'USAGE') return error
  const message = `${name}${wrongField(layout, json)}: ${error.message}`
  return new KobelError('USAGE', message, error.where, { cause: error })
}

function stateValueOf(state: KeyedStateInfo, row: WriteRow): Uint8Array {
  if (row.bytes?.value !== undefined) return fromBase64(row.bytes.value)
  if (row.value === undefined) throw new KobelError('USAGE', 'the row has no value')
  if (state.kind === 'list' && !Array.isArray(row.value)) {
    const whole = jsonToValue(state.value, row.value)
    if (whole instanceof TypedBytes) return whole.bytes
    throw new KobelError('USAGE', 'the value of a list is an array of its elements')
  }
  const ttl = ttlOf(state, row)
  try {
    const value =
      state.kind === 'list'
        ? (row.value as unknown[]).map((each) => jsonToValue(state.value, each))
        : jsonToValue(state.value, row.value)
    return canonicalValue(state, value, ttl)
  } catch (error) {
    if (state.kind !== 'list') throw atField(error, state.value, row.value, 'value')
    throw atField(error, { op: 'list', element: state.value } as Layout, row.value, 'value')
  }
}

function ttlOf(state: KeyedStateInfo, row: WriteRow): bigint | readonly bigint[] | undefined {
  // A map's null has no time; one inside a TtlValue has.
  const empty = state.kind === 'map' && row.value === null && row.ttl === undefined
  if (!state.ttl || empty) {
    if (row.ttl !== undefined) throw new KobelError('USAGE', 'the row has a ttl, but there is no place for it')
    return undefined
  }
  if (state.kind !== 'list') return toBigInt(row.ttl)
  if (Array.isArray(row.ttl) && row.ttl.length === (row.value as unknown[]).length) return row.ttl.map(toBigInt)
  throw new KobelError('USAGE', 'the ttl of a list is an array with a time for each element')
}

/** An element of operator state: its bytes; BROADCAST: key and value behind one another. */
export function encodeElement(state: ElementState, row: WriteRow): { mapKey: Uint8Array; value: Uint8Array } {
  const mapKey = state.mapKey ? partOf(row, 'mapKey', state.mapKey, true) : NOTHING
  if (row.bytes?.value !== undefined) return { mapKey, value: fromBase64(row.bytes.value) }
  if (row.value === undefined) throw new KobelError('USAGE', 'the row has no value')
  return { mapKey, value: bytesOfJson(state.value, row.value, 'value') }
}
