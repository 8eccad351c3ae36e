import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { fromBase64 } from '../../src/bytes/encoding.ts'
import type { KeyedState } from '../../src/snapshot/keyed-state.ts'
import { openSnapshotIn } from '../../src/snapshot/open.ts'
import { CountingStore } from '../../src/store/counting.ts'
import { MemoryStore } from '../../src/store/memory.ts'

/** An incremental checkpoint that Flink 2.3.0 wrote with `state.backend.rocksdb.use-bloom-filter`: bench/rocksdb/make.sh. */
const files = JSON.parse(gunzipSync(Buffer.concat([0, 1, 2, 3].map(partOf))).toString()) as Readonly<
  Record<string, string>
>

/** No file of the repository is larger than 100 kB. */
function partOf(number: number): Buffer {
  return readFileSync(`test/snapshot/rocksdb-bloom.json.gz.${number}`)
}

async function openState(name: string): Promise<{ store: CountingStore; state: KeyedState }> {
  const store = new CountingStore(
    new MemoryStore(Object.entries(files).map(([path, text]) => [path, fromBase64(text)])),
  )
  const location = Object.keys(files)
    .find((path) => path.endsWith('/_metadata'))!
    .replace('/_metadata', '')
  const snapshot = await openSnapshotIn(store, location)
  return { store, state: snapshot.operator('writing').state(name) as KeyedState }
}

async function keysOf(name: string): Promise<Map<bigint, unknown>> {
  const { state } = await openState(name)
  const found = new Map<bigint, unknown>()
  for await (const { key, value } of state.entries()) found.set(key as bigint, value)
  return found
}

/** Requests of a lookup. */
async function cost({ store, state }: { store: CountingStore; state: KeyedState }, key: bigint): Promise<number> {
  const { requests } = store
  await state.get(key)
  return store.requests - requests
}

test('a key that the filter excludes costs no block', async () => {
  const keys = await keysOf('first')
  assert.ok(keys.size > 600, `${keys.size} keys`)
  const opened = await openState('first')
  // The state's table is opened by the first lookup.
  await opened.state.get([...keys.keys()][0]!)
  let read = 0
  for (let key = 1n; key <= 2000n; key++) {
    assert.ok(!keys.has(key))
    assert.equal(await opened.state.get(key), undefined)
    read += await cost(opened, key)
  }
  // Of 10 bits for each key, about one of a hundred passes; tables end before some.
  assert.ok(read < 40, `${read} blocks`)
})

test('a key that is there costs one block of its table, and is found', async () => {
  const keys = await keysOf('first')
  const opened = await openState('first')
  await opened.state.get([...keys.keys()][0]!)
  for (const [key, value] of [...keys].filter((_, i) => i % 7 === 0)) {
    assert.equal(await opened.state.get(key), value)
    assert.ok((await cost(opened, key)) <= 1)
  }
})

test('the entries of a map are found by the beginning of their keys, which no filter knows', async () => {
  const opened = await openState('second')
  const keys = [...(await keysOf('second')).keys()]
  for (const key of keys.filter((_, i) => i % 50 === 0)) {
    const found = (await opened.state.get(key)) as [number, string][]
    assert.deepEqual(
      found.map(([mapKey]) => mapKey),
      [0, 1, 2, 3],
    )
    // They may lie in two blocks, which are read together.
    assert.ok((await cost(opened, key)) <= 1)
  }
})
