import { KobelError } from '../error.ts'
import { keyGroupPrefixBytes } from '../format/composite-key.ts'
import type { KeyedStateInfo } from '../format/keyed-state.ts'
import type { KeyedBatch } from '../snapshot/keyed-source.ts'
import { CHANGED, REMOVED } from './change.ts'
import type { Route } from './head.ts'
import type { KeyGroupBuffer } from './key-group-buffer.ts'
import type { EncodedRow } from './upsert.ts'

const FLIP = -(2n ** 63n)

/** Adds an entry or timer of a batch to a key group, with what the edit makes of it. */
export function addEntry(
  buffer: KeyGroupBuffer,
  batch: KeyedBatch,
  i: number,
  route: Route,
  keyGroup: number,
  prefixBytes: 1 | 2,
): boolean {
  const { change, target } = route
  const pair = 2 * i
  const bytes = batch.buffer
  const keyStart = batch.keys[pair]!
  const keyEnd = batch.keys[pair + 1]!
  const namespaceStart = batch.namespaces[pair]!
  const namespaceEnd = batch.namespaces[pair + 1]!
  if (batch.kind === 'timers') {
    const done = change?.timer(batch, i) ?? 0
    if (done === REMOVED) return false
    const length = 8 + keyEnd - keyStart + namespaceEnd - namespaceStart
    buffer.begin(route.id, prefixBytes, keyGroup, length)
    buffer.i64((done === CHANGED ? change!.timestamp : batch.timestamps[i]!) ^ FLIP)
    buffer.copy(bytes, keyStart, keyEnd)
    buffer.copy(bytes, namespaceStart, namespaceEnd)
    buffer.value(bytes, 0, 0)
    return true
  }
  const done = change === undefined ? 0 : change.entry(batch, i)
  if (done === REMOVED) return false
  const mapStart = batch.mapKeys[pair]!
  const mapEnd = batch.mapKeys[pair + 1]!
  const digits = target.ambiguous && route.splits
  const keyLength = keyEnd - keyStart
  const namespaceLength = namespaceEnd - namespaceStart
  const length = keyLength + namespaceLength + mapEnd - mapStart
  const extra = digits ? digitsOf(keyLength) + digitsOf(namespaceLength) : 0
  buffer.begin(route.id, prefixBytes, keyGroup, length + extra)
  buffer.copy(bytes, keyStart, keyEnd)
  if (digits) buffer.lengthDigits(keyLength)
  buffer.copy(bytes, namespaceStart, namespaceEnd)
  if (digits) buffer.lengthDigits(namespaceLength)
  buffer.copy(bytes, mapStart, mapEnd)
  if (done === CHANGED) buffer.value(change!.bytes, change!.start, change!.end)
  else buffer.value(bytes, batch.values[pair]!, batch.values[pair + 1]!)
  return true
}

/** Adds a row that was not in the source. */
export function addRow(
  buffer: KeyGroupBuffer,
  id: number,
  target: KeyedStateInfo,
  row: EncodedRow,
  keyGroup: number,
  maxParallelism: number,
): void {
  const prefixBytes = keyGroupPrefixBytes(maxParallelism)
  const isTimer = target.kind === 'timer'
  const digits = target.ambiguous && target.splits
  const extra = isTimer ? 8 : digits ? digitsOf(row.key.length) + digitsOf(row.namespace.length) : 0
  buffer.begin(id, prefixBytes, keyGroup, row.key.length + row.namespace.length + row.mapKey.length + extra)
  if (isTimer) buffer.i64(row.timestamp ^ FLIP)
  buffer.copy(row.key, 0, row.key.length)
  if (digits) buffer.lengthDigits(row.key.length)
  buffer.copy(row.namespace, 0, row.namespace.length)
  if (digits) buffer.lengthDigits(row.namespace.length)
  buffer.copy(row.mapKey, 0, row.mapKey.length)
  buffer.value(row.value, 0, row.value.length)
}

function digitsOf(length: number): number {
  return length < 0x100 ? 1 : length < 0x10000 ? 2 : length < 0x1000000 ? 3 : 4
}

/** The route of an entry; states of raw timers can turn up late. */
export function routeOf(routes: readonly Route[], batch: KeyedBatch, i: number): Route {
  const route = routes[batch.stateIds[i]!]
  if (route) return route
  throw new KobelError('CORRUPT', 'a state turned up that the head did not name', { keyGroup: batch.keyGroup })
}
