import { Reader } from '../bytes/reader.ts'
import { Writer } from '../bytes/writer.ts'
import { KobelError } from '../error.ts'
import type { EntryBatch, TimerBatch } from '../format/batch.ts'
import type { KeyedStateInfo } from '../format/keyed-state.ts'
import { jsonToValue, valueToJson } from '../serializer/interpreter/json.ts'
import { bytesOfValue } from '../serializer/interpreter/write.ts'
import type { Layout } from '../serializer/layout.ts'
import { readPart } from '../snapshot/decode.ts'
import type { Spill } from '../store/writable.ts'
import type { Row } from './rows.ts'
import { SortedRecords } from './sorted-records.ts'

/** How parts of keys are written to be compared: by the layouts of a declaration of the other snapshot. */
export type ComparedAs = (info: KeyedStateInfo) => KeyedStateInfo

const FLIP = -(2n ** 63n)

/**
 * The same rows by state and key alone, whatever their key groups: for snapshots whose max parallelisms or key types
 * differ. They are spilled and merged.
 */
export async function* sortedAnew(
  rows: AsyncIterable<Row>,
  rankOf: (name: string) => number,
  comparedAs: ComparedAs,
  spill: Spill,
  memoryBytes?: number,
): AsyncGenerator<Row, void, undefined> {
  const records = new SortedRecords(spill, memoryBytes)
  const infos: KeyedStateInfo[] = []
  const indexes = new Map<KeyedStateInfo, number>()
  const indexOf = (info: KeyedStateInfo): number => {
    const known = indexes.get(info)
    if (known !== undefined) return known
    indexes.set(info, infos.length)
    return infos.push(info) - 1
  }
  try {
    for await (const row of rows) {
      const wait = records.add(
        rankOf(row.info.name),
        sortKeyOf(row, comparedAs(row.info)),
        recordOf(row, indexOf(row.info)),
      )
      if (wait) await wait
    }
    for await (const { tag, key, value } of records.drain()) yield rowOf(tag, key, value, infos)
  } finally {
    await records.close()
  }
}

/** Timestamp, and the parts with their lengths. */
function sortKeyOf(row: Row, as: KeyedStateInfo): Uint8Array {
  const { batch, i, info } = row
  const writer = new Writer(64)
  if (batch.kind === 'timers') writer.i64(batch.timestamps[i]! ^ FLIP)
  const part = (pairs: Uint32Array, from: Layout, to: Layout): void => {
    const bytes = inForm(batch.buffer, pairs[2 * i]!, pairs[2 * i + 1]!, from, to)
    writer.i32(bytes.length)
    writer.raw(bytes)
  }
  part(batch.keys, info.key, as.key)
  if (info.splits) part(batch.namespaces, info.namespace, as.namespace)
  if (info.kind === 'map' && batch.kind === 'entries' && info.mapKey && as.mapKey) {
    part(batch.mapKeys, info.mapKey, as.mapKey)
  }
  return writer.toBytes()
}

/** The bytes as another layout has them; as they are, where it is the same, or cannot take the value. */
function inForm(buffer: Uint8Array, start: number, end: number, from: Layout, to: Layout): Uint8Array {
  const bytes = buffer.subarray(start, end)
  if (from === to) return bytes
  try {
    const value = readPart(from, new Reader(buffer), start, end)
    return bytesOfValue(to, jsonToValue(to, JSON.parse(valueToJson(from, value))))
  } catch (error) {
    if (error instanceof KobelError || error instanceof TypeError) return bytes
    throw error
  }
}

/** u16 index of the declaration, u16 key group, then the parts as they are, lengths first. */
function recordOf({ batch, i }: Row, index: number): Uint8Array {
  const writer = new Writer(64)
  writer.i16(index)
  writer.i16(batch.keyGroup)
  const isTimer = batch.kind === 'timers'
  if (isTimer) writer.i64(batch.timestamps[i]!)
  const parts = isTimer ? [batch.keys, batch.namespaces] : [batch.keys, batch.namespaces, batch.mapKeys, batch.values]
  for (const pairs of parts) {
    const [start, end] = [pairs[2 * i] ?? 0, pairs[2 * i + 1] ?? 0]
    writer.i32(end - start)
    writer.raw(batch.buffer.subarray(start, end))
  }
  return writer.toBytes()
}

/** A batch of one. */
function rowOf(rank: number, key: Uint8Array, bytes: Uint8Array, infos: readonly KeyedStateInfo[]): Row {
  const reader = new Reader(bytes)
  const info = infos[reader.u16()]!
  const keyGroup = reader.u16()
  const timestamp = info.kind === 'timer' ? reader.i64() : undefined
  const pair = (): Uint32Array => {
    const length = reader.i32()
    const start = reader.offset
    reader.skip(length)
    return Uint32Array.of(start, start + length)
  }
  const shared = { keyGroup, count: 1, stateIds: Uint16Array.of(0), states: [info], buffer: bytes }
  if (timestamp !== undefined) {
    const batch: TimerBatch = {
      kind: 'timers',
      ...shared,
      timestamps: BigInt64Array.of(timestamp),
      keys: pair(),
      namespaces: pair(),
    }
    return { batch, i: 0, info, rank, sortKey: key }
  }
  const batch: EntryBatch = {
    kind: 'entries',
    ...shared,
    keys: pair(),
    namespaces: pair(),
    mapKeys: pair(),
    values: pair(),
  }
  return { batch, i: 0, info, rank, sortKey: key }
}
