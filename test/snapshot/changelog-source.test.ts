import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fromBase64 } from '../../src/bytes/encoding.ts'
import { snappyFrame } from '../../src/bytes/snappy-framed.ts'
import { ChangeSetScanner } from '../../src/format/changelog.ts'
import type { ChangelogStateBackendHandle, KeyedStateHandle, StateChange } from '../../src/format/metadata/index.ts'
import { valueToJson } from '../../src/serializer/interpreter/json.ts'
import { SERIALIZER_TABLE } from '../../src/serializer/table.ts'
import type { Value } from '../../src/serializer/value.ts'
import { type ChangelogLimits, openChangelogSource } from '../../src/snapshot/changelog-source.ts'
import { BatchDecoder } from '../../src/snapshot/decode.ts'
import type { KeyedSource, SourceContext } from '../../src/snapshot/keyed-source.ts'
import { openKeyedSource } from '../../src/snapshot/open-source.ts'
import { StreamOpener } from '../../src/snapshot/streams.ts'
import { MemoryStore } from '../../src/store/memory.ts'

// Change sets that Flink 2.3.0 wrote, of one subtask each; a heap backend's stream of the same job at the time of the
// first of them; and what the job had in its state in the end.
interface Sample {
  readonly uid: string
  readonly maxParallelism: number
  readonly keyGroupRange: { readonly keyGroupFirst: number; readonly keyGroupLast: number }
  /** Change sets whose outcome the base holds. */
  readonly setsInBase: number
  readonly changeSets: readonly string[]
  readonly base: { readonly offsets: readonly number[]; readonly bytes: string }
  readonly states: readonly {
    readonly name: string
    readonly kind: string
    readonly entries: readonly Record<string, unknown>[]
  }[]
  readonly timers: readonly {
    readonly service: string
    readonly domain: string
    readonly entries: readonly Record<string, unknown>[]
  }[]
}

const samples = JSON.parse(readFileSync('test/snapshot/changelog.json', 'utf8')) as Sample[]

function expectedOf(sample: Sample): string[] {
  const entries = sample.states.flatMap(({ name, entries }) => entries.map((entry) => ({ state: name, ...entry })))
  const timers = sample.timers.flatMap(({ service, domain, entries }) =>
    entries.map(({ timestamp, key }) => ({ state: `_timer_state/${domain}_${service}`, key, value: timestamp })),
  )
  return [...entries, ...timers].map((each) => line(each)).sort()
}

function line(entry: Record<string, unknown>): string {
  return JSON.stringify([entry.state, entry.key, entry.mapKey ?? null, entry.value])
}

async function found(source: KeyedSource, keyGroups?: readonly [number, number]): Promise<string[]> {
  const decoder = new BatchDecoder()
  const lines: string[] = []
  let last = -1
  for await (const batch of source.scan(keyGroups && { keyGroups })) {
    assert.ok(batch.keyGroup >= last, 'key groups ascend')
    last = batch.keyGroup
    for (let i = 0; i < batch.count; i++) {
      const state = source.states[batch.stateIds[i]!]!
      const json = (layout: Parameters<typeof valueToJson>[0], value: Value): unknown =>
        JSON.parse(valueToJson(layout, value))
      if (batch.kind === 'timers') {
        const timer = decoder.timer(batch, i)
        lines.push(line({ state: state.name, key: json(state.key, timer.key), value: Number(timer.timestamp) }))
      } else {
        const entry = decoder.entry(batch, i)
        const value =
          state.kind === 'list'
            ? (entry.value as Value[]).map((each) => json(state.value, each))
            : json(state.value, entry.value)
        const mapKey = state.mapKey && json(state.mapKey, entry.mapKey!)
        lines.push(line({ state: state.name, key: json(state.key, entry.key), mapKey, value }))
      }
    }
  }
  return lines.sort()
}

/** The change sets in files of one each, or of all. */
function open(
  sample: Sample,
  form: 'files' | 'one file' | 'compressed',
  limits?: ChangelogLimits,
  context: Partial<SourceContext> = {},
): Promise<KeyedSource> {
  const sets = sample.changeSets.map(fromBase64)
  const store = new MemoryStore()
  const streams = sets.map((set, i) => {
    if (form === 'files') store.files.set(`log-${i}`, Uint8Array.of(0, ...set))
    const offset = form === 'files' ? 0 : sets.slice(0, i).reduce((sum, each) => sum + each.length, 0)
    // As in Flink, the size counts the plain bytes only.
    return { offset, stream: { kind: 'file' as const, path: form === 'files' ? `log-${i}` : 'log', size: set.length } }
  })
  const all = Uint8Array.from(sets.flatMap((set) => [...set]))
  if (form === 'one file') store.files.set('log', Uint8Array.of(0, ...all))
  if (form === 'compressed') store.files.set('log', Uint8Array.of(1, ...snappyFrame(all)))
  const { keyGroupRange } = sample
  const increment: KeyedStateHandle = {
    kind: 'changelog-stream',
    keyGroupRange,
    streams,
    size: 0,
    checkpointedSize: 0,
    stateHandleId: '',
  }
  const handle = handleOf(sample, [], [increment])
  return openChangelogSource({ ...contextOf(sample, store), ...context }, 0, handle, openKeyedSource, limits)
}

function contextOf(sample: Sample, store = new MemoryStore()): SourceContext {
  const { maxParallelism } = sample
  return { streams: new StreamOpener(store, ''), table: SERIALIZER_TABLE, options: {}, maxParallelism }
}

function handleOf(
  { keyGroupRange }: Sample,
  materialized: KeyedStateHandle[],
  nonMaterialized: KeyedStateHandle[],
): ChangelogStateBackendHandle {
  return {
    kind: 'changelog',
    keyGroupRange,
    checkpointedSize: 0,
    materialized,
    nonMaterialized,
    materializationId: 0n,
    stateHandleId: '',
  }
}

for (const sample of samples) {
  for (const form of ['files', 'one file', 'compressed'] as const) {
    test(`${sample.uid}: a changelog without a base, ${form}`, async () => {
      const source = await open(sample, form)
      assert.equal(source.format, 'changelog')
      assert.deepEqual(await found(source), expectedOf(sample))
    })
  }

  test(`${sample.uid}: a changelog that is not held in memory`, async () => {
    const source = await open(sample, 'one file', { keptBytes: 0, scanBytes: 1000 })
    assert.deepEqual(await found(source), expectedOf(sample))
    const { keyGroupFirst, keyGroupLast } = sample.keyGroupRange
    const middle = (keyGroupFirst + keyGroupLast) >> 1
    const parts = [
      ...(await found(source, [keyGroupFirst, middle])),
      ...(await found(source, [middle + 1, keyGroupLast])),
    ]
    assert.deepEqual(parts.sort(), expectedOf(sample))
  })

  test(`${sample.uid}: changes over materialized state`, async () => {
    const source = await openMixed(sample)
    assert.deepEqual(await found(source), expectedOf(sample))
    const names = source.states.map((state) => state.name)
    assert.equal(new Set(names).size, names.length, 'a state of base and log is one state')
  })
}

/** The base is newer than the first change sets: only their metadata counts. */
function openMixed(sample: Sample): Promise<KeyedSource> {
  const changes: StateChange[] = []
  sample.changeSets.map(fromBase64).forEach((set, i) => {
    new ChangeSetScanner().step(set, (keyGroup, bytes) => {
      if (keyGroup === -1 || i >= sample.setsInBase) changes.push({ keyGroup, bytes })
    })
  })
  const { keyGroupRange, base } = sample
  const increment: KeyedStateHandle = {
    kind: 'changelog-in-memory',
    keyGroupRange,
    from: 0n,
    to: 1n,
    changes,
    stateHandleId: '',
  }
  const materialized: KeyedStateHandle = {
    kind: 'key-groups',
    keyGroupRange,
    offsets: base.offsets,
    stream: { kind: 'byte-stream', name: 'base', bytes: fromBase64(base.bytes) },
  }
  return openChangelogSource(contextOf(sample), 0, handleOf(sample, [materialized], [increment]), openKeyedSource)
}

test('the key type is told from timers, or from keys and their key groups', async () => {
  for (const sample of samples) {
    const base = await openMixed(sample)
    const source = await open(sample, 'files')
    assert.equal(source.head.keySerializer.className, base.head.keySerializer.className)
    assert.equal(source.head.keySerializer.extent, 'known')
  }
})

test('the type of a key that nothing names is given', async () => {
  const sample = samples.find(({ timers }) => timers.length === 0)!
  // With another max parallelism no hash leads to its key group.
  const maxParallelism = 7
  const unknown = await open(sample, 'files', undefined, { maxParallelism })
  assert.equal(unknown.head.keySerializer.className, 'unknown')
  const inferred = (await open(sample, 'files')).head.keySerializer
  for (const keyType of ['long', inferred.raw]) {
    const given = await open(sample, 'files', undefined, { maxParallelism, keyType })
    assert.equal(given.head.keySerializer.className, inferred.className)
    assert.deepEqual(await found(given), expectedOf(sample))
  }
  await assert.rejects(
    open(sample, 'files', undefined, { keyType: 'text' }),
    /"text" is no type of a key: boolean, byte/,
  )
  await assert.rejects(open(sample, 'files', undefined, { keyType: new Uint8Array(3) }), { name: 'KobelError' })
})
