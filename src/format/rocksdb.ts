import { Reader } from '../bytes/reader.ts'
import { Writer } from '../bytes/writer.ts'
import { KobelError, locate } from '../error.ts'
import type { EntryBatch, TimerBatch } from './batch.ts'
import { type KeyParts, splitCompositeKey, writeCompositeKey } from './composite-key.ts'
import type { KeyedStateInfo } from './keyed-state.ts'
import type { MergedEntries } from './sst/merge.ts'

/**
 * Entries of a column family of RocksDB or ForSt as batches. A column family holds one state, whose name it has; keys are
 * composite keys, values are those of canonical savepoints (`RocksDBMapState`: null flag and value; `RocksDBListState`:
 * elements with commas between them). A timer is a key without value: i64 time stamp with its sign bit flipped, key,
 * namespace.
 */

const FLIP = -(2n ** 63n)

/** The key group of entry `i`. @throws KobelError `CORRUPT` where its key is shorter than the prefix. */
export function keyGroupOfEntry(entries: MergedEntries, i: number, prefixBytes: 1 | 2): number {
  const start = entries.keys[2 * i]!
  if (entries.keys[2 * i + 1]! - start < prefixBytes) {
    throw new KobelError('CORRUPT', 'a key is too short for its key group')
  }
  const first = entries.buffer[start]!
  return prefixBytes === 1 ? first : (first << 8) | entries.buffer[start + 1]!
}

/** The first entry from `start` on that is of another key group. */
export function endOfKeyGroup(entries: MergedEntries, start: number, prefixBytes: 1 | 2): number {
  const keyGroup = keyGroupOfEntry(entries, start, prefixBytes)
  let end = start + 1
  while (end < entries.count && keyGroupOfEntry(entries, end, prefixBytes) === keyGroup) end++
  return end
}

/**
 * The entries `start` to before `end`, all of one key group. The batch is a view: it is good as long as `entries` is.
 *
 * @param states the states of the stream; the entries belong to `states[stateId]`.
 */
export function rocksdbBatch(
  states: readonly KeyedStateInfo[],
  stateId: number,
  entries: MergedEntries,
  start: number,
  end: number,
  prefixBytes: 1 | 2,
): EntryBatch | TimerBatch {
  const state = states[stateId]!
  const keyGroup = keyGroupOfEntry(entries, start, prefixBytes)
  const common = {
    keyGroup,
    count: end - start,
    stateIds: new Uint16Array(end - start).fill(stateId),
    states,
    buffer: entries.buffer,
  }
  try {
    if (state.kind === 'timer')
      return { kind: 'timers', ...common, ...timerParts(state, entries, start, end, prefixBytes) }
    const parts = entryParts(state, entries, start, end, prefixBytes)
    return { kind: 'entries', ...common, ...parts, values: entries.values.subarray(2 * start, 2 * end) }
  } catch (error) {
    // Offsets are those of a place in memory, which nobody can look at.
    if (!(error instanceof KobelError)) throw error
    throw locate(new KobelError(error.code, error.message, { ...error.where, offset: undefined }), {
      state: state.name,
      keyGroup,
    })
  }
}

function newParts(): KeyParts {
  return { keyStart: 0, keyEnd: 0, namespaceStart: 0, namespaceEnd: 0, mapKeyStart: 0 }
}

function entryParts(
  state: KeyedStateInfo,
  entries: MergedEntries,
  start: number,
  end: number,
  prefixBytes: number,
): Pick<EntryBatch, 'keys' | 'namespaces' | 'mapKeys'> {
  const keys = new Uint32Array(2 * (end - start))
  const namespaces = new Uint32Array(keys.length)
  const mapKeys = new Uint32Array(keys.length)
  const reader = new Reader(entries.buffer)
  const parts = newParts()
  for (let i = start, to = 0; i < end; i++, to += 2) {
    reader.offset = entries.keys[2 * i]! + prefixBytes
    reader.limit = entries.keys[2 * i + 1]!
    splitCompositeKey(state, reader, parts)
    keys[to] = parts.keyStart
    keys[to + 1] = parts.keyEnd
    namespaces[to] = parts.namespaceStart
    namespaces[to + 1] = parts.namespaceEnd
    mapKeys[to] = parts.mapKeyStart
    mapKeys[to + 1] = reader.limit
  }
  return { keys, namespaces, mapKeys }
}

function timerParts(
  state: KeyedStateInfo,
  entries: MergedEntries,
  start: number,
  end: number,
  prefixBytes: number,
): Pick<TimerBatch, 'keys' | 'namespaces' | 'timestamps'> {
  const keys = new Uint32Array(2 * (end - start))
  const namespaces = new Uint32Array(keys.length)
  const timestamps = new BigInt64Array(end - start)
  const reader = new Reader(entries.buffer)
  const parts = newParts()
  for (let i = start, to = 0; i < end; i++, to += 2) {
    reader.offset = entries.keys[2 * i]! + prefixBytes
    reader.limit = entries.keys[2 * i + 1]!
    timestamps[i - start] = reader.i64() ^ FLIP
    splitCompositeKey(state, reader, parts)
    keys[to] = parts.keyStart
    keys[to + 1] = parts.keyEnd
    namespaces[to] = parts.namespaceStart
    namespaces[to + 1] = parts.namespaceEnd
  }
  return { keys, namespaces, timestamps }
}

/** The keys of key groups `first` to `last`, both inclusive, of which those that go on with `keyPrefix`. */
export function keyRangeOf(
  prefixBytes: 1 | 2,
  first: number,
  last: number,
  keyPrefix?: Uint8Array,
): { from: Uint8Array; to: Uint8Array } {
  if (keyPrefix === undefined) return { from: bytesOf(prefixBytes, first), to: bytesOf(prefixBytes, last + 1) }
  const from = concat(bytesOf(prefixBytes, first), keyPrefix)
  const to = concat(bytesOf(prefixBytes, last), keyPrefix)
  return { from, to: nextPrefix(to) }
}

/**
 * The whole user key of a key where the state has one entry of it: not in maps, and only where the namespace is known.
 */
export function exactKeyOf(
  state: KeyedStateInfo,
  prefixBytes: 1 | 2,
  keyGroup: number,
  { keyPrefix, namespace }: { readonly keyPrefix?: Uint8Array; readonly namespace?: Uint8Array },
): Uint8Array | undefined {
  const { kind } = state
  const isSingle = state.splits && kind !== 'map' && kind !== 'timer' && kind !== 'unknown'
  const isVoid = state.namespace.op === 'constant' && state.namespace.value === null
  const known = namespace ?? (isVoid ? VOID_NAMESPACE : undefined)
  if (!isSingle || keyPrefix === undefined || known === undefined) return undefined
  const writer = new Writer(keyPrefix.length + known.length + 16)
  writeCompositeKey(state, writer, prefixBytes, keyGroup, keyPrefix, known, NO_BYTES)
  return writer.toBytes()
}

const VOID_NAMESPACE: Uint8Array = Uint8Array.of(0)
const NO_BYTES: Uint8Array = new Uint8Array(0)

/** Only this key. */
export function keyRangeOfExact(key: Uint8Array): { from: Uint8Array; to: Uint8Array } {
  return { from: key, to: concat(key, Uint8Array.of(0)) }
}

function bytesOf(prefixBytes: 1 | 2, keyGroup: number): Uint8Array {
  return prefixBytes === 1 ? Uint8Array.of(keyGroup) : Uint8Array.of(keyGroup >> 8, keyGroup)
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length)
  joined.set(a)
  joined.set(b, a.length)
  return joined
}

/** The least key above all that begin with `prefix`, which has a byte below 255: key groups end at 32767. */
function nextPrefix(prefix: Uint8Array): Uint8Array {
  let length = prefix.length
  while (prefix[length - 1] === 0xff) length--
  const next = prefix.slice(0, length)
  next[length - 1]!++
  return next
}
