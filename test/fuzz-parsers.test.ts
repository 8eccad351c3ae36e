import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { crc32c, maskCrc32c } from '../src/bytes/crc32c.ts'
import { fromBase64, fromHex } from '../src/bytes/encoding.ts'
import { snappyFrame } from '../src/bytes/snappy-framed.ts'
import { KobelError } from '../src/error.ts'
import { readChannelRecords } from '../src/format/channel-state.ts'
import type { KeyedStateHandle } from '../src/format/metadata/index.ts'
import { mayContain } from '../src/format/sst/filter.ts'
import { readManifest } from '../src/format/sst/manifest.ts'
import { planSources } from '../src/format/sst/scan.ts'
import { NODE_DECOMPRESSORS } from '../src/node/decompressors.ts'
import { openSnapshot } from '../src/node/index.ts'
import { SERIALIZER_TABLE } from '../src/serializer/table.ts'
import { layoutOfText } from '../src/serializer/type-text.ts'
import { openChangelogSource } from '../src/snapshot/changelog-source.ts'
import { joinCutRecords, type ReadChannel } from '../src/snapshot/channel-join.ts'
import { channelsOf } from '../src/snapshot/channels.ts'
import { BatchDecoder } from '../src/snapshot/decode.ts'
import { openKeyedSource } from '../src/snapshot/open-source.ts'
import { StreamOpener } from '../src/snapshot/streams.ts'
import { MemoryStore } from '../src/store/memory.ts'
import { goldenDatabases, manifestOf, scanAll } from './format/sst/golden.ts'
import { mutate, Random } from './support/mutate.ts'

/**
 * The parsers of RocksDB's files, of change sets and of channel state over damaged bytes whose checksums are right or not
 * looked at: a value or a `KobelError`, within 2 s. `KOBEL_FUZZ_COUNT` says how many of each, `KOBEL_FUZZ_FIRST` the first
 * seed; `node --test build/test/fuzz-parsers.test.js` tells what came out.
 */
const COUNT = Number(process.env.KOBEL_FUZZ_COUNT ?? 250)
const FIRST = Number(process.env.KOBEL_FUZZ_FIRST ?? 0)
const MAX_MS = 2000

type Read = (random: Random, seed: number) => Promise<void> | void

function fuzz(name: string, read: Read): void {
  test(`${name}: ${COUNT} damaged`, async (t: TestContext) => {
    const outcomes = new Map<string, number>()
    let slowest = 0
    for (let seed = FIRST; seed < FIRST + COUNT; seed++) {
      const started = process.cpuUsage()
      let outcome = 'value'
      try {
        await read(new Random(seed), seed)
      } catch (error) {
        assert.ok(error instanceof KobelError, `seed ${seed}: ${error instanceof Error ? error.stack : error}`)
        outcome = error.code
      }
      const { user, system } = process.cpuUsage(started)
      const ms = (user + system) / 1000
      assert.ok(ms < MAX_MS, `seed ${seed} took ${ms} ms`)
      slowest = Math.max(slowest, ms)
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    }
    t.diagnostic(`${name}: ${JSON.stringify(Object.fromEntries(outcomes))}, the slowest ${Math.round(slowest)} ms`)
    // There is nothing about a filter to be noticed.
    assert.ok(name === 'filters' || (outcomes.get('value') ?? 0) < COUNT, 'none was noticed')
  })
}

function damaged(bytes: Uint8Array, random: Random): Uint8Array {
  return mutate(new Map([['_metadata', bytes]]), random).files.get('_metadata')!
}

const databases = goldenDatabases().filter(({ files }) => [...files.keys()].some((name) => name.endsWith('.sst')))

fuzz('tables', (random, seed) => {
  const { files, truth } = databases[seed % databases.length]!
  const name = random.pick([...files.keys()].filter((each) => each.endsWith('.sst')))
  const broken = new Map(files).set(name, damaged(files.get(name)!, random))
  const options = { verifyChecksums: false, decompressors: NODE_DECOMPRESSORS }
  for (const family of manifestOf(broken).columnFamilies) {
    const [key = '00'] = random.pick(truth[family.name] ?? ['00=']).split('=')
    const exactKey = fromHex(key)
    scanAll(broken, family, { ...options, exactKey, from: exactKey, to: Uint8Array.of(...exactKey, 0) })
    scanAll(broken, family, options)
  }
})

fuzz('filters', (random, seed) => {
  const length = random.below(300)
  const filter = Uint8Array.from({ length }, () => random.below(256))
  const tail = random.pick([[0xff, 0, 6, 0, 0], [6, 1 + random.below(4), 0, 0, 0], []])
  if (length >= 5) filter.set(tail, length - tail.length)
  mayContain(
    filter,
    Uint8Array.from({ length: seed % 260 }, () => random.below(256)),
  )
})

/** Rights the checksums of a log, fragment by fragment. */
function withChecksums(log: Uint8Array): Uint8Array {
  const view = new DataView(log.buffer, log.byteOffset, log.byteLength)
  for (let at = 0; at + 7 <= log.length; ) {
    const end = Math.min(log.length, at + 7 + view.getUint16(at + 4, true))
    view.setUint32(at, maskCrc32c(crc32c(log, at + 6, end)), true)
    at = end
  }
  return log
}

const manifests = databases.map(({ files }) => [...files].find(([name]) => name.startsWith('MANIFEST'))![1])

fuzz('MANIFEST', (random, seed) => {
  const bytes = damaged(manifests[seed % manifests.length]!, random)
  const { columnFamilies } = readManifest(seed % 5 === 0 ? bytes : withChecksums(bytes.slice()))
  for (const { files } of columnFamilies) planSources(files)
})

interface ChangelogSample {
  readonly maxParallelism: number
  readonly keyGroupRange: { readonly keyGroupFirst: number; readonly keyGroupLast: number }
  readonly changeSets: readonly string[]
}

const changelogs = JSON.parse(readFileSync('test/snapshot/changelog.json', 'utf8')) as ChangelogSample[]

fuzz('changelog', async (random, seed) => {
  const { maxParallelism, keyGroupRange, changeSets } = changelogs[seed % changelogs.length]!
  const sets = changeSets.map(fromBase64)
  const broken = random.below(sets.length)
  sets[broken] = damaged(sets[broken]!, random)
  const store = new MemoryStore()
  const streams = sets.map((set, i) => {
    // The first byte says whether all that follows is compressed.
    store.files.set(`log-${i}`, seed % 3 === 0 ? Uint8Array.of(1, ...snappyFrame(set)) : Uint8Array.of(0, ...set))
    return { offset: 0, stream: { kind: 'file' as const, path: `log-${i}`, size: set.length } }
  })
  const common = { keyGroupRange, checkpointedSize: 0, stateHandleId: '' }
  const increment: KeyedStateHandle = { kind: 'changelog-stream', ...common, streams, size: 0 }
  const handle = {
    ...common,
    kind: 'changelog' as const,
    materialized: [],
    nonMaterialized: [increment],
    materializationId: 0n,
  }
  const context = { streams: new StreamOpener(store, ''), table: SERIALIZER_TABLE, options: {}, maxParallelism }
  const source = await openChangelogSource(context, 0, handle, openKeyedSource)
  const decoder = new BatchDecoder()
  for await (const batch of source.scan()) {
    for (let i = 0; i < batch.count; i++) {
      if (batch.kind === 'timers') decoder.timer(batch, i)
      else decoder.entry(batch, i)
    }
  }
})

const unaligned = await openSnapshot('fixtures/2.3.0/rocksdb/unaligned/checkpoints', { latest: true })
const withChannels = unaligned.operators.filter((operator) => operator.channelState().length > 0)
const buffers = await Promise.all(withChannels[0]!.channelState().map((channel) => channel.bytes()))
const LAYOUTS = ['long', '(string, long)', 'string', 'list<int>'].map(layoutOfText)

fuzz('records in flight', (random, seed) => {
  const bytes = damaged(buffers[seed % buffers.length]!, random)
  const { elements } = readChannelRecords(bytes, LAYOUTS[seed % 8] ?? LAYOUTS[0]!, seed % 2 === 0 ? 'input' : 'output')
  // A record that was lost leaves no trace; what is read must not be more than there were.
  assert.ok(elements.length <= bytes.length)
})

fuzz('channel state', async (random) => {
  const operators = await Promise.all(
    withChannels.map(async ({ metadata, context }) => {
      const store = new MemoryStore()
      const streams = new StreamOpener(store, '')
      const change = async <T extends { readonly stream: Parameters<StreamOpener['open']>[0] }>(
        handle: T,
      ): Promise<T> => {
        const stream = await context.streams.open(handle.stream)
        const bytes = await stream.read(0, stream.length)
        const name = `channels-${store.files.size}`
        store.files.set(name, random.below(2) === 0 ? damaged(bytes, random) : bytes)
        const moved = (offset: number): number => (random.below(40) === 0 ? offset + random.below(9) - 4 : offset)
        const offsets = 'offsets' in handle ? { offsets: (handle.offsets as number[]).map(moved) } : {}
        return { ...handle, ...offsets, stream: { kind: 'file', path: name, size: store.files.get(name)!.length } }
      }
      const subtasks = await Promise.all(
        metadata.subtasks.map(async (subtask) => ({
          ...subtask,
          inputChannelState: await Promise.all(subtask.inputChannelState.map(change)),
          resultSubpartitionState: await Promise.all(subtask.resultSubpartitionState.map(change)),
        })),
      )
      return { id: metadata.id, channels: channelsOf({ ...metadata, subtasks }, streams, LAYOUTS[0]!) }
    }),
  )
  const read: ReadChannel[] = []
  let failed: unknown
  for (const { id, channels } of operators) {
    for (const channel of channels) {
      try {
        read.push({ operator: id, channel, layout: LAYOUTS[0]!, records: await channel.records() })
      } catch (error) {
        failed = error
      }
    }
  }
  await joinCutRecords(read)
  if (failed !== undefined) throw failed
})
