import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EntryBatch, TimerBatch } from '../../src/format/batch.ts'
import type { KeyedStateInfo } from '../../src/format/keyed-state.ts'
import type { KeyedSource, ScanOptions } from '../../src/snapshot/keyed-source.ts'
import { scanSorted } from '../../src/snapshot/sorted.ts'

/** An entry as texts of one character a byte; timers have a timestamp and neither user key nor value. */
interface Plain {
  readonly keyGroup: number
  readonly state: number
  readonly timestamp?: bigint
  readonly key: string
  readonly namespace?: string
  readonly mapKey?: string
  readonly value?: string
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}

/** One batch of one entry. */
function batchOf(entry: Plain, states: readonly KeyedStateInfo[]): EntryBatch | TimerBatch {
  const parts = [entry.key, entry.namespace ?? '', entry.mapKey ?? '', entry.value ?? ''].map(bytesOf)
  const ends = parts.map((_, i) => 3 + parts.slice(0, i + 1).reduce((sum, part) => sum + part.length, 0))
  const buffer = new Uint8Array(ends.at(-1)!)
  const pairs = parts.map((part, i) => {
    buffer.set(part, ends[i]! - part.length)
    return Uint32Array.of(ends[i]! - part.length, ends[i]!)
  })
  const common = {
    keyGroup: entry.keyGroup,
    count: 1,
    stateIds: Uint16Array.of(entry.state),
    states,
    buffer,
    keys: pairs[0]!,
    namespaces: pairs[1]!,
  }
  return entry.timestamp === undefined
    ? { kind: 'entries', ...common, mapKeys: pairs[2]!, values: pairs[3]! }
    : { kind: 'timers', ...common, timestamps: BigInt64Array.of(entry.timestamp) }
}

const STATES = [
  { name: 'zebra', kind: 'map' },
  { name: '_timer_state/event_a', kind: 'timer' },
  { name: 'ant', kind: 'value' },
] as unknown as KeyedStateInfo[]

/** A source that counts how many entries were asked of it. */
function sourceOf(entries: readonly Plain[]): KeyedSource & { given: number } {
  const batches = entries.map((entry) => batchOf(entry, STATES))
  const source = {
    states: STATES,
    given: 0,
    async *scan(options: ScanOptions = {}) {
      const [first, last] = options.keyGroups ?? [0, 127]
      for (const batch of batches) {
        if (batch.keyGroup < first || batch.keyGroup > last) continue
        if (options.wanted && !options.wanted(STATES[batch.stateIds[0]!]!)) continue
        source.given++
        yield batch
      }
    },
  }
  return source as unknown as KeyedSource & { given: number }
}

async function read(source: KeyedSource, limitBytes?: number): Promise<Plain[]> {
  const found: Plain[] = []
  for await (const batch of scanSorted(source, {}, limitBytes)) {
    const text = (pairs: Uint32Array, i: number): string =>
      String.fromCharCode(...batch.buffer.subarray(pairs[2 * i], pairs[2 * i + 1]))
    for (let i = 0; i < batch.count; i++) {
      const common = { keyGroup: batch.keyGroup, state: batch.stateIds[i]!, key: text(batch.keys, i) }
      const namespace = text(batch.namespaces, i)
      found.push(
        batch.kind === 'timers'
          ? { ...common, timestamp: batch.timestamps[i]!, namespace }
          : { ...common, namespace, mapKey: text(batch.mapKeys, i), value: text(batch.values, i) },
      )
    }
  }
  return found
}

/** By the definition: names in order, then timestamps, then bytes. */
function inOrder(entries: readonly Plain[]): Plain[] {
  const compareText = (a = '', b = ''): number => (a < b ? -1 : a > b ? 1 : 0)
  return [...entries].sort(
    (a, b) =>
      a.keyGroup - b.keyGroup ||
      compareText(STATES[a.state]!.name, STATES[b.state]!.name) ||
      Number((a.timestamp ?? 0n) - (b.timestamp ?? 0n)) ||
      compareText(a.key, b.key) ||
      compareText(a.namespace, b.namespace) ||
      compareText(a.mapKey, b.mapKey),
  )
}

/** Entries whose keys share long beginnings, differ in zeros at the end, or only in the last of their parts. */
function manyEntries(count: number): Plain[] {
  let seed = 7
  const next = (below: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
    return (seed >>> 8) % below
  }
  const keys = ['', 'k', 'k\0', 'k\0\0', `${'shared beginning '.repeat(9)}`, '\xff\xfe', 'kk']
  const entries = new Map<string, Plain>()
  for (let n = 0; n < count; n++) {
    const common = {
      keyGroup: n < count / 20 ? 3 : n < (count * 19) / 20 ? 7 : 90,
      key: keys[next(keys.length)]! + (next(3) === 0 ? String.fromCharCode(next(256), next(256)) : ''),
      namespace: next(2) === 0 ? '' : String.fromCharCode(next(4)),
    }
    const kind = next(4)
    const entry: Plain =
      kind === 0
        ? { ...common, state: 1, timestamp: BigInt(next(50) - 25) * 10n ** 15n }
        : kind === 1
          ? { ...common, state: 2, mapKey: '', value: 'v'.repeat(next(40)) }
          : { ...common, state: 0, mapKey: `user ${next(5000)}`, value: String(n) }
    const { value: _, ...place } = entry
    entries.set(Object.values(place).join('\u0100'), entry)
  }
  return [...entries.values()].sort((a, b) => a.keyGroup - b.keyGroup)
}

const ENTRIES = manyEntries(6000)

test('entries of a key group that can be held come in order, from one reading', async () => {
  const source = sourceOf(ENTRIES)
  assert.deepEqual(await read(source), inOrder(ENTRIES))
  assert.equal(source.given, ENTRIES.length)
})

test('a key group that cannot be held comes in the same order', async () => {
  for (const limit of [1, 300, 5000, 100_000, 300_000]) {
    const source = sourceOf(limit < 1000 ? ENTRIES.slice(0, 400) : ENTRIES)
    assert.deepEqual(await read(source, limit), inOrder(limit < 1000 ? ENTRIES.slice(0, 400) : ENTRIES), `${limit}`)
  }
})

test('a larger key group that lies in order is read twice, however little can be held', async () => {
  const sorted = inOrder(ENTRIES)
  const source = sourceOf(sorted)
  assert.deepEqual(await read(source, 10_000), sorted)
  assert.ok(source.given <= 2 * ENTRIES.length, `${source.given}`)
})

test('states in order that follow one another otherwise are read once more each', async () => {
  const byId = [...inOrder(ENTRIES)].sort((a, b) => a.keyGroup - b.keyGroup || a.state - b.state)
  const source = sourceOf(byId)
  assert.deepEqual(await read(source, 50_000), inOrder(ENTRIES))
  assert.ok(source.given <= 2 * ENTRIES.length, `${source.given}`)
})

test('passes are as many as the memory makes needed', async () => {
  const source = sourceOf(ENTRIES)
  const bytes = ENTRIES.length * 100
  await read(source, bytes >> 3)
  assert.ok(source.given < 14 * ENTRIES.length, `${source.given} of ${ENTRIES.length}`)
})
