import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StreamOpener } from '../../src/snapshot/streams.ts'
import { CountingStore } from '../../src/store/counting.ts'
import { MemoryStore } from '../../src/store/memory.ts'

const NAMES: readonly string[] = Array.from({ length: 200 }, (_, i) => `file-${i}`)

function storeWith(directory: string): MemoryStore {
  const store = new MemoryStore(NAMES.map((name) => [`${directory}/${name}`, Uint8Array.of(1, 2)] as const))
  store.files.set('s3://bucket/copy/chk-1/_metadata', new Uint8Array(1))
  return store
}

test('hundreds of files that were moved together are found with few requests', async () => {
  for (const directory of ['s3://bucket/copy/shared', 's3://bucket/job/shared']) {
    const store = new CountingStore(storeWith(directory))
    const streams = new StreamOpener(store, 's3://bucket/copy/chk-1')
    for (const name of NAMES) {
      const path = `s3://bucket/job/shared/${name}`
      const stream = await streams.open({ kind: 'file', path, size: 2 })
      assert.equal(stream.location, `${directory}/${name}`)
    }
    // A path is looked for in a few places, each of which is asked for a few files and then listed.
    assert.ok(store.requests <= 60, `${store.requests} requests`)
  }
})

test('a file that is missing among others is missed', async () => {
  const store = storeWith('s3://bucket/copy/shared')
  store.files.delete('s3://bucket/copy/shared/file-77')
  const streams = new StreamOpener(store, 's3://bucket/copy/chk-1')
  const missing: string[] = []
  for (const name of NAMES) {
    try {
      await streams.open({ kind: 'file', path: `s3://bucket/job/shared/${name}`, size: 2 })
    } catch (error) {
      assert.match(String(error), /neither there nor near/)
      missing.push(name)
    }
  }
  assert.deepEqual(missing, ['file-77'])
})

test('a store that cannot list is asked for each file', async () => {
  const store = storeWith('s3://bucket/copy/shared')
  store.list = async () => []
  const streams = new StreamOpener(store, 's3://bucket/copy/chk-1')
  for (const name of NAMES) {
    const { location } = await streams.open({ kind: 'file', path: `s3://bucket/job/shared/${name}`, size: 2 })
    assert.equal(location, `s3://bucket/copy/shared/${name}`)
  }
})
