import { fromBase64 } from '../bytes/encoding.ts'
import { KobelError } from '../error.ts'
import type { KeyedStateInfo } from '../format/keyed-state.ts'
import { jsonToValue, toBigInt } from '../serializer/interpreter/json.ts'
import { bytesOfValue } from '../serializer/interpreter/write.ts'
import type { Layout } from '../serializer/layout.ts'
import type { Value } from '../serializer/value.ts'
import { canonicalValue } from '../snapshot/decode.ts'
import type { WriteRow } from '../write/rows.ts'
import { joinParts, latin1 } from './key-text.ts'

const NOTHING = new Uint8Array(0)

/** A row in the form of a canonical savepoint. */
export interface EncodedRow {
  readonly key: Uint8Array
  readonly namespace: Uint8Array
  readonly mapKey: Uint8Array
  readonly timestamp: bigint
  readonly value: Uint8Array
  /** Equal for rows of the same entry. */
  readonly text: string
}

/** @throws KobelError `USAGE` where the row does not fit the types of the state. */
export function encodeRow(state: KeyedStateInfo, row: WriteRow): EncodedRow {
  const part = (name: 'key' | 'namespace' | 'mapKey', layout: Layout): Uint8Array => {
    const given = row.bytes?.[name]
    if (given !== undefined) return fromBase64(given)
    if (row[name] === undefined && layout.op !== 'constant') {
      throw new KobelError('USAGE', `the row has no ${name}`, { state: state.name })
    }
    return bytesOfValue(layout, jsonToValue(layout, row[name] ?? null))
  }
  if (!state.splits) throw new KobelError('INCOMPATIBLE', 'where keys end is not known', { state: state.name })
  const key = part('key', state.key)
  const namespace = part('namespace', state.namespace)
  const mapKey = state.mapKey ? part('mapKey', state.mapKey) : NOTHING
  const isTimer = state.kind === 'timer'
  const timestamp = isTimer ? toBigInt(row.timestamp) : 0n
  const last = isTimer ? String(timestamp) : latin1(mapKey, 0, mapKey.length)
  const text = joinParts([latin1(key, 0, key.length), latin1(namespace, 0, namespace.length), last])
  return { key, namespace, mapKey, timestamp, value: isTimer ? NOTHING : bytesOfRow(state, row), text }
}

function bytesOfRow(state: KeyedStateInfo, row: WriteRow): Uint8Array {
  if (row.bytes?.value !== undefined) return fromBase64(row.bytes.value)
  if (row.value === undefined) throw new KobelError('USAGE', 'the row has no value', { state: state.name })
  const value: Value =
    state.kind === 'list'
      ? listOf(row.value).map((each) => jsonToValue(state.value, each))
      : jsonToValue(state.value, row.value)
  if (!state.ttl) return canonicalValue(state, value, undefined)
  if (row.ttl === undefined) {
    throw new KobelError('USAGE', 'the state has TTL: the row says with ttl when it was used last (ms since 1970)', {
      state: state.name,
    })
  }
  const ttl = Array.isArray(row.ttl) ? row.ttl.map(toBigInt) : toBigInt(row.ttl)
  const each = state.kind === 'list' && !Array.isArray(ttl) ? (value as readonly Value[]).map(() => ttl) : ttl
  return canonicalValue(state, value, each as bigint | readonly bigint[])
}

function listOf(json: unknown): readonly unknown[] {
  if (Array.isArray(json)) return json
  throw new KobelError('USAGE', 'the value of a list is an array of its elements')
}
