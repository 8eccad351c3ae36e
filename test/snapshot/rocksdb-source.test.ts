import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { fromBase64, fromHex, toHex } from '../../src/bytes/encoding.ts'
import { Writer } from '../../src/bytes/writer.ts'
import { KobelError, type KobelErrorCode } from '../../src/error.ts'
import { readKeyedHead, writeKeyedHead } from '../../src/format/keyed-head.ts'
import { keyedStatesOf } from '../../src/format/keyed-state.ts'
import { writeMetadata } from '../../src/format/metadata/index.ts'
import { endOfKeyGroup, keyRangeOf, rocksdbBatch } from '../../src/format/rocksdb.ts'
import { createMergedEntries } from '../../src/format/sst/merge.ts'
import { openSnapshot } from '../../src/node/index.ts'
import { serializerTable } from '../../src/serializer/table.ts'
import type { Value } from '../../src/serializer/value.ts'
import type { Entry, Timer } from '../../src/snapshot/decode.ts'
import { openSnapshotIn } from '../../src/snapshot/open.ts'
import type { Operator } from '../../src/snapshot/operator.ts'
import type { OpenOptions } from '../../src/snapshot/options.ts'
import { checkComparator } from '../../src/snapshot/rocksdb-database.ts'
import { CountingStore } from '../../src/store/counting.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { randomNumbers } from '../bytes/pseudo.ts'
import { goldenDatabases } from '../format/sst/golden.ts'

interface Golden {
  readonly meta: string
  readonly files: Readonly<Record<string, string>>
}

const golden = JSON.parse(gunzipSync(readFileSync('test/snapshot/rocksdb-levels.json.gz')).toString()) as Golden
const meta = fromBase64(golden.meta)
const tables: ReadonlyMap<string, Uint8Array> = new Map(
  Object.entries(golden.files).map(([name, text]) => [name, fromBase64(text)]),
)

interface Setting {
  readonly meta?: Uint8Array
  /** By the names that the handle lists; what it says of their sizes. */
  readonly listed?: ReadonlyMap<string, Uint8Array>
  readonly maxParallelism?: number
  readonly keyGroups?: readonly [number, number]
  readonly options?: OpenOptions
}

/** A checkpoint of one operator over a database, as Flink lists it; files are stored as `stored-NAME`. */
function storeOf(setting: Setting = {}): MemoryStore {
  const {
    listed = tables,
    maxParallelism = 128,
    keyGroups: [keyGroupFirst, keyGroupLast] = [0, maxParallelism - 1],
  } = setting
  const head = setting.meta ?? meta
  const file = (name: string, bytes: Uint8Array) =>
    ({ kind: 'relative-file', path: `stored-${name}`, size: bytes.length }) as const
  const files = [...listed].map(([localPath, bytes]) => ({ localPath, handle: file(localPath, bytes) }))
  const metadata = writeMetadata({
    version: 6,
    checkpointId: 1n,
    masterStates: [],
    operators: [
      {
        id: '00112233445566778899aabbccddeeff',
        uid: 'keyed',
        name: 'keyed',
        parallelism: 1,
        maxParallelism,
        fullyFinished: false,
        subtasks: [
          {
            index: 0,
            finished: false,
            managedKeyedState: {
              kind: 'incremental',
              checkpointId: 1n,
              backendIdentifier: '00000000-0000-0000-0000-000000000000',
              keyGroupRange: { keyGroupFirst, keyGroupLast },
              metaState: file('meta', head),
              sharedState: files.filter(({ localPath }) => localPath.endsWith('.sst')),
              privateState: files.filter(({ localPath }) => !localPath.endsWith('.sst')),
              since115: { checkpointedSize: 0, stateHandleId: '1' },
            },
            inputChannelState: [],
            resultSubpartitionState: [],
          },
        ],
      },
    ],
  })
  return new MemoryStore([
    ['chk/_metadata', metadata],
    ['chk/stored-meta', head],
    ...[...listed].map(([name, bytes]) => [`chk/stored-${name}`, bytes] as const),
  ])
}

async function open(store: MemoryStore | CountingStore, options: OpenOptions = {}): Promise<Operator> {
  return (await openSnapshotIn(store, 'chk', options)).operators[0]!
}

/** What `value` holds of `key-i`, by the rule of the program that wrote the database. */
function expectedValue(i: number): bigint | undefined {
  if (i % 9 === 0) return undefined
  return i % 3 === 0 ? 1000n : BigInt(i % 10)
}

/** Likewise `map`: user keys and values. */
function expectedMap(k: number): Map<number, string> {
  const entries = new Map(Array.from({ length: 60 }, (_, i) => [i, `value ${i % 7}`]))
  for (let i = 0; i < 60 && k % 2 === 0; i += 5) {
    entries.set(i, 'new')
    if (i % 2 === 0) entries.delete(i + 1)
  }
  return entries
}

test('entries of several column families, over levels, deleted ones left out', async () => {
  const operator = await open(storeOf())
  const found = new Map<string, bigint>()
  let before = 0
  for await (const { keyGroup, key, value } of operator.state('value').entries()) {
    assert.ok(keyGroup >= before)
    before = keyGroup
    assert.ok(!found.has(key as string))
    found.set(key as string, value as bigint)
  }
  const expected = Array.from({ length: 4000 }, (_, i) => [`key-${i}`, expectedValue(i)] as const)
  assert.deepEqual(found, new Map(expected.filter(([, value]) => value !== undefined)))
  const maps = new Map<string, Map<number, string>>()
  for await (const { key, mapKey, value } of operator.state('map').entries()) {
    const entries = maps.get(key as string) ?? new Map<number, string>()
    maps.set(key as string, entries.set(mapKey as number, value as string))
  }
  assert.equal(maps.size, 40)
  for (let k = 0; k < 40; k++) assert.deepEqual([...maps.get(`key-${k}`)!].sort(byNumber), [...expectedMap(k)])
})

function byNumber([a]: readonly [number, unknown], [b]: readonly [number, unknown]): number {
  return a - b
}

test('one pass serves all states, key group by key group, and reads each file once', async () => {
  const store = new CountingStore(storeOf())
  const operator = await open(store)
  const bytesBefore = store.bytes
  const count = { entries: 0, timers: 0 }
  let keyGroup = 0
  for await (const batch of operator.scan()) {
    assert.ok(batch.keyGroup >= keyGroup)
    keyGroup = batch.keyGroup
    count[batch.kind] += batch.count
  }
  const values = Array.from({ length: 4000 }, (_, i) => expectedValue(i)).filter((value) => value !== undefined)
  const maps = Array.from({ length: 40 }, (_, k) => expectedMap(k).size).reduce((sum, size) => sum + size)
  assert.deepEqual(count, { entries: values.length + maps, timers: 0 })
  const stored = [...tables.values()].reduce((sum, bytes) => sum + bytes.length, 0)
  // The end of a table is read to find its blocks, and again with its last blocks.
  assert.ok(store.bytes - bytesBefore <= stored + 4 * 16384, `${store.bytes - bytesBefore} bytes of ${stored}`)
})

test('a key is looked up with the end, the index and one block of each level that can hold it', async () => {
  const store = new CountingStore(storeOf())
  const operator = await open(store)
  await operator.state('value').get('key-1')
  // CURRENT and MANIFEST were read by the first lookup.
  for (const i of [1, 3, 9, 10, 1234, 3999, 4000]) {
    const [requests, bytes] = [store.requests, store.bytes]
    const expected = i < 4000 ? expectedValue(i) : undefined
    assert.equal(await operator.state('value').get(`key-${i}`), expected, `key-${i}`)
    assert.ok(store.requests - requests <= 2 * 3, `${store.requests - requests} requests`)
    assert.ok(store.bytes - bytes < 2 * (16384 + 8192), `${store.bytes - bytes} bytes`)
  }
  for (const k of [0, 7, 39]) {
    const requests = store.requests
    const found = (await operator.state('map').get(`key-${k}`)) as [number, string][]
    assert.deepEqual(found.sort(byNumber), [...expectedMap(k)])
    assert.ok(store.requests - requests <= 2 * 3)
  }
  // The tables are known by now: what is left is one block of each level.
  for (const i of [1, 3, 9, 10, 1234, 3999, 4000]) {
    const requests = store.requests
    await operator.state('value').get(`key-${i}`)
    assert.ok(store.requests - requests <= 3, `${store.requests - requests} requests`)
  }
})

test('only the entries of the key are taken from its block', async () => {
  const [source] = await (await open(storeOf())).keyedSources()
  const key = fromHex('066b65792d37') // key-7
  const wanted = (state: { readonly name: string }): boolean => state.name === 'map'
  const counts: number[] = []
  for await (const batch of source!.scan({ wanted })) {
    const own = Array.from({ length: batch.count }, (_, i) =>
      batch.buffer.slice(batch.keys[2 * i], batch.keys[2 * i + 1]),
    )
    if (!own.some((each) => toHex(each) === toHex(key))) continue
    const keyGroups = [batch.keyGroup, batch.keyGroup] as const
    for await (const { count } of source!.scan({ wanted, keyGroups, keyPrefix: key })) counts.push(count)
    break
  }
  assert.deepEqual(counts, [expectedMap(7).size])
})

test('what is found by a key is what is found without it, in timers too', async () => {
  const snapshot = await openSnapshot('fixtures/2.3.0/rocksdb/kinds-native/snapshot')
  const textOf = (value: unknown): string =>
    JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? `${each}n` : each))
  for (const state of snapshot.operators.flatMap((operator) => operator.keyedStates)) {
    const read = (key?: Value): AsyncGenerator<Entry | Timer> =>
      state.kind === 'timer'
        ? state.timers(key === undefined ? {} : { key })
        : state.entries(key === undefined ? {} : { key })
    const byKey = new Map<string, { readonly key: Value; readonly texts: string[] }>()
    for await (const entry of read()) {
      const known = byKey.get(textOf(entry.key)) ?? { key: entry.key, texts: [] }
      known.texts.push(textOf(entry))
      byKey.set(textOf(entry.key), known)
    }
    for (const { key, texts } of [...byKey.values()].slice(0, 12)) {
      const found: string[] = []
      for await (const entry of read(key)) found.push(textOf(entry))
      assert.deepEqual(found, texts, `${state.name} ${textOf(key)}`)
    }
  }
  await snapshot.close()
})

test('column families of states that are not wanted are not opened', async () => {
  const names = new Map([
    ['value', ['000008.sst', '000010.sst']],
    ['map', ['000009.sst', '000011.sst']],
  ])
  for (const [state, files] of names) {
    const store = storeOf()
    for (const name of files) store.files.delete(`chk/stored-${name}`)
    const cut = await open(store)
    const other = state === 'value' ? 'map' : 'value'
    let count = 0
    for await (const _ of cut.state(other).entries()) count++
    assert.ok(count > 1000)
    await assert.rejects(cut.state(state).get('key-3'), isError('NOT_FOUND', /no such file/, '.sst', state))
  }
})

test('key groups outside the wanted ones and outside the handle are left out', async () => {
  const all = await open(storeOf())
  const byKeyGroup = new Map<number, string[]>()
  for await (const { keyGroup, key } of all.state('value').entries()) {
    byKeyGroup.set(keyGroup, [...(byKeyGroup.get(keyGroup) ?? []), key as string])
  }
  assert.equal(byKeyGroup.size, 128)
  // As after a rescale: the tables also hold key groups of another subtask.
  const part = await open(storeOf({ keyGroups: [32, 63] }))
  for (const [keyGroups, first, last] of [
    [undefined, 32, 63],
    [[0, 127], 32, 63],
    [[40, 40], 40, 40],
    [[60, 90], 60, 63],
    [[64, 127], 64, 63],
  ] as const) {
    const keys: string[] = []
    for await (const { key } of part.state('value').entries(keyGroups ? { keyGroups } : {})) keys.push(key as string)
    const expected = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => byKeyGroup.get(first + i)!).flat()
    assert.deepEqual(keys, expected)
  }
  await assert.rejects(entryCount(await open(storeOf({ keyGroups: [0, 128] }))), isError('CORRUPT', /0 to 128/))
})

async function entryCount(operator: Operator): Promise<number> {
  let count = 0
  for await (const batch of operator.scan()) count += batch.count
  return count
}

function isError(code: KobelErrorCode, message: RegExp, file?: string, state?: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof KobelError, String(error))
    assert.equal(error.code, code)
    assert.match(error.message, message)
    if (file !== undefined) assert.ok(error.where.file?.endsWith(file), `${file} in ${error.where.file}`)
    if (state !== undefined) assert.equal(error.where.state, state)
    return true
  }
}

test('files that are missing, cut or of another length', async () => {
  const scanOf = async (store: MemoryStore): Promise<number> => entryCount(await open(store))
  const unlisted = new Map([...tables].filter(([name]) => name !== '000009.sst'))
  await assert.rejects(
    scanOf(storeOf({ listed: unlisted })),
    isError('NOT_FOUND', /lists no file 000009\.sst/, '000009.sst', 'map'),
  )
  for (const name of ['CURRENT', 'MANIFEST-000005']) {
    const store = storeOf({ listed: new Map([...tables].filter(([each]) => each !== name)) })
    await assert.rejects(scanOf(store), isError('NOT_FOUND', new RegExp(`lists no file ${name}`)))
  }
  const cut = tables.get('000008.sst')!.subarray(0, 50000)
  const shorter = storeOf()
  shorter.files.set('chk/stored-000008.sst', cut)
  await assert.rejects(scanOf(shorter), isError('TRUNCATED', /the file has 50000 bytes/, 'stored-000008.sst', 'value'))
  const listedShorter = storeOf({ listed: new Map([...tables, ['000008.sst', cut]]) })
  await assert.rejects(
    scanOf(listedShorter),
    isError('CORRUPT', /000008\.sst has 50000 bytes, MANIFEST says 97147/, 'stored-000008.sst', 'value'),
  )
  const cutManifest = storeOf()
  cutManifest.files.set('chk/stored-MANIFEST-000005', tables.get('MANIFEST-000005')!.subarray(0, 100))
  await assert.rejects(scanOf(cutManifest), isError('TRUNCATED', /./, 'stored-MANIFEST-000005'))
})

/** The head with other names of states. */
function renamed(rename: (name: string) => string | undefined): Uint8Array {
  const head = readKeyedHead(meta, meta.length, serializerTable(), {})
  const states = head.states.flatMap((state) => {
    const name = rename(state.name)
    return name === undefined ? [] : [{ ...state, name }]
  })
  const writer = new Writer()
  writeKeyedHead(writer, { ...head, states })
  return writer.toBytes()
}

test('a column family that the head does not name is kept as a state of unknown kind', async () => {
  const operator = await open(storeOf({ meta: renamed((name) => (name === 'map' ? undefined : name)) }))
  assert.ok(!operator.keyedStates.some((state) => state.name === 'map'))
  const counts = new Map<string, number>()
  let example: Uint8Array | undefined
  for await (const batch of operator.scan()) {
    for (let i = 0; i < batch.count; i++) {
      const state = batch.states[batch.stateIds[i]!]!
      counts.set(state.name, (counts.get(state.name) ?? 0) + 1)
      if (state.name !== 'map') continue
      assert.equal(state.kind, 'unknown')
      example = batch.buffer.slice(batch.keys[2 * i], batch.keys[2 * i + 1])
    }
  }
  assert.equal(
    counts.get('map'),
    Array.from({ length: 40 }, (_, k) => expectedMap(k).size).reduce((a, b) => a + b),
  )
  // Key, namespace and user key together: length + 1 and text, 0, 4 bytes.
  assert.match(toHex(example!), /^0[67]6b65792d(3[0-9]){1,2}00000000[0-9a-f]{2}$/)
})

test('a state without column family is empty', async () => {
  const operator = await open(storeOf({ meta: renamed((name) => (name === 'value' ? 'other' : name)) }))
  assert.equal(await operator.state('other').get('key-1'), undefined)
  let count = 0
  for await (const _ of operator.state('other').entries()) count++
  assert.equal(count, 0)
})

test('databases of all forms of tables, whose state the head does not name', async () => {
  for (const { name, files, truth } of goldenDatabases()) {
    const expected = truth.state
    // The keys of those with filters are in no key group.
    if (expected === undefined || name.endsWith('zstd') || name.startsWith('frocksdb-filters')) continue
    const operator = await open(storeOf({ listed: files, maxParallelism: 512 }))
    const found: string[] = []
    for await (const { keyGroup, count, buffer, keys, ...batch } of operator.scan()) {
      assert.ok(batch.kind === 'entries')
      const { values } = batch
      const prefix = keyGroup.toString(16).padStart(4, '0')
      for (let i = 0; i < count; i++) {
        const [key, value] = [keys, values].map((pairs) => toHex(buffer.subarray(pairs[2 * i], pairs[2 * i + 1])))
        found.push(`${prefix}${key}=${value}`)
      }
    }
    assert.deepEqual(found, expected, name)
  }
})

test('codecs that are not built in come by an option', async () => {
  const files = goldenDatabases().find(({ name }) => name.endsWith('zstd'))!.files
  const store = storeOf({ listed: files, maxParallelism: 512 })
  await assert.rejects(entryCount(await open(store)), isError('UNSUPPORTED_VERSION', /zstd/, '.sst', 'state'))
  const asked: number[] = []
  const zstd = (input: Uint8Array, length: number): Uint8Array => {
    asked.push(length)
    return input
  }
  await assert.rejects(entryCount(await open(store, { decompressors: { zstd } })), isError('CORRUPT', /zstd/))
  assert.equal(asked.length, 1)
})

test('only the order of bytes is known', () => {
  const family = { id: 1, name: 'value', files: [], comparator: 'leveldb.BytewiseComparator' }
  checkComparator(family)
  assert.throws(
    () => checkComparator({ ...family, comparator: 'rocksdb.ReverseBytewiseComparator' }),
    isError('UNSUPPORTED_VERSION', /sorted by rocksdb.ReverseBytewiseComparator/, undefined, 'value'),
  )
})

test('ranges of keys', () => {
  const hex = ({ from, to }: { from: Uint8Array; to: Uint8Array }): string => `${toHex(from)}-${toHex(to)}`
  assert.equal(hex(keyRangeOf(1, 0, 127)), '00-80')
  assert.equal(hex(keyRangeOf(1, 5, 5)), '05-06')
  assert.equal(hex(keyRangeOf(2, 0, 32767)), '0000-8000')
  assert.equal(hex(keyRangeOf(2, 255, 255)), '00ff-0100')
  assert.equal(hex(keyRangeOf(1, 5, 5, fromHex('0102'))), '050102-050103')
  assert.equal(hex(keyRangeOf(1, 5, 5, fromHex('01ffff'))), '0501ffff-0502')
  assert.equal(hex(keyRangeOf(2, 511, 511, fromHex('ffff'))), '01ffffff-02')
  assert.equal(hex(keyRangeOf(1, 127, 127, fromHex(''))), '7f-80')
})

test('any keys give batches inside of their buffer, or a KobelError', () => {
  const states = keyedStatesOf(readKeyedHead(meta, meta.length, serializerTable(), {}))
  const numbers = randomNumbers(5)
  let good = 0
  for (let round = 0; round < 4000; round++) {
    const entries = createMergedEntries(64, 1)
    entries.count = 1
    entries.used = numbers.next().value % 40
    entries.buffer.fill(0)
    // Lengths of strings that fit come often enough.
    for (let i = 1; i < entries.used; i++) entries.buffer[i] = (numbers.next().value >> 8) % (round % 3 === 0 ? 4 : 256)
    const valueStart = (numbers.next().value >> 8) % (entries.used + 1)
    entries.keys.set([0, valueStart])
    entries.values.set([valueStart, entries.used])
    const prefixBytes = round % 2 === 0 ? 1 : 2
    try {
      const end = endOfKeyGroup(entries, 0, prefixBytes)
      assert.equal(end, 1)
      const batch = rocksdbBatch(states, round % states.length, entries, 0, end, prefixBytes)
      const { keys, namespaces } = batch
      const ends = [prefixBytes, keys[0]!, keys[1]!, namespaces[0]!, namespaces[1]!, valueStart]
      assert.deepEqual(
        ends.toSorted((a, b) => a - b),
        ends,
      )
      good++
    } catch (error) {
      onlyKobel(error)
    }
  }
  assert.ok(good > 100, `${good}`)
})

test('any bytes of the files give entries or a KobelError', async () => {
  const numbers = randomNumbers(77)
  const names = ['_metadata', 'stored-meta', ...[...tables.keys()].map((name) => `stored-${name}`)].map(
    (name) => `chk/${name}`,
  )
  let failed = 0
  for (let round = 0; round < 250; round++) {
    const store = storeOf()
    const name = names[round % names.length]!
    const bytes = store.files.get(name)!.slice()
    for (let flips = 1 + (numbers.next().value % 3); flips > 0; flips--) {
      bytes[(numbers.next().value >> 4) % bytes.length] = numbers.next().value >> 16
    }
    const cut = round % 5 === 0 ? (numbers.next().value >> 4) % bytes.length : bytes.length
    store.files.set(name, bytes.subarray(0, cut))
    const start = performance.now()
    try {
      const operator = await open(store)
      await entryCount(operator)
      for (const state of operator.keyedStates) await state.get('key-1').catch(onlyKobel)
    } catch (error) {
      onlyKobel(error)
      failed++
    }
    assert.ok(performance.now() - start < 2000, `round ${round}`)
  }
  assert.ok(failed > 125)
})

function onlyKobel(error: unknown): void {
  if (!(error instanceof KobelError)) throw error
}
