import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KobelError } from '../../src/error.ts'
import { CachingStore } from '../../src/store/cache.ts'
import { MemoryStore } from '../../src/store/memory.ts'

/** Files in memory, with a list of what is read of them. */
class Recorded extends MemoryStore {
  readonly reads: string[] = []
  failing = false

  async readAtMost(location: string, start: number, end: number): Promise<Uint8Array> {
    this.reads.push(`${location} ${start}-${end}`)
    await Promise.resolve()
    if (this.failing) throw new KobelError('STORE', 'out of order')
    const size = this.files.get(location)!.length
    return super.read(location, Math.min(start, size), Math.min(end, size))
  }

  override async read(location: string, start: number, end: number): Promise<Uint8Array> {
    this.reads.push(`${location} ${start}-${end} exactly`)
    return super.read(location, start, end)
  }

  override async size(location: string): Promise<number | undefined> {
    this.reads.push(`${location} size`)
    return super.size(location)
  }
}

const BYTES = Uint8Array.from({ length: 1000 }, (_, i) => i & 0xff)

function open(): { inner: Recorded; store: CachingStore; take(): string[] } {
  const inner = new Recorded([
    ['a', BYTES],
    ['b', BYTES],
  ])
  const store = new CachingStore(inner, { blockBytes: 100, bigBytes: 500, maxBytes: 400 })
  return { inner, store, take: () => inner.reads.splice(0) }
}

test('small reads fetch blocks once, neighbours together', async () => {
  const { store, take } = open()
  assert.deepEqual(await store.read('a', 10, 20), BYTES.subarray(10, 20))
  assert.deepEqual(await store.read('a', 90, 100), BYTES.subarray(90, 100))
  assert.deepEqual(take(), ['a 0-100'])
  assert.deepEqual(await store.read('a', 50, 350), BYTES.subarray(50, 350))
  assert.deepEqual(take(), ['a 100-400'])
  assert.deepEqual(await store.read('a', 0, 400), BYTES.subarray(0, 400))
  assert.deepEqual(take(), [])
})

test('reads at one time share a request', async () => {
  const { store, take } = open()
  await Promise.all([store.read('a', 0, 10), store.read('a', 5, 20), store.read('a', 95, 105)])
  assert.deepEqual(take(), ['a 0-100', 'a 100-200'])
})

test('the block used longest ago goes first', async () => {
  const { store, take } = open()
  for (const at of [0, 100, 200, 300, 0, 400]) await store.read('a', at, at + 1)
  take()
  await store.read('a', 0, 1)
  assert.deepEqual(take(), [])
  await store.read('a', 100, 101)
  assert.deepEqual(take(), ['a 100-200'])
})

test('big reads go by the cache and drive nothing out', async () => {
  const { store, take } = open()
  await store.read('a', 0, 1)
  for (let i = 0; i < 3; i++) assert.deepEqual(await store.read('b', 0, 600), BYTES.subarray(0, 600))
  assert.deepEqual(take(), ['a 0-100', 'b 0-600 exactly', 'b 0-600 exactly', 'b 0-600 exactly'])
  await store.read('a', 0, 1)
  assert.deepEqual(take(), [])
})

test('the end of a file is learnt from what is read', async () => {
  const { inner, store, take } = open()
  inner.files.set('c', BYTES.subarray(0, 150))
  await store.read('c', 120, 150)
  assert.equal(await store.size('c'), 150)
  assert.deepEqual(take(), ['c 100-200'])
  await assert.rejects(store.read('c', 140, 160), { code: 'TRUNCATED' })
  await assert.rejects(store.read('c', 210, 220), { code: 'TRUNCATED' })
  assert.deepEqual(take(), [])
})

test('a failure is not kept', async () => {
  const { inner, store } = open()
  inner.failing = true
  await assert.rejects(store.read('a', 0, 10), { code: 'STORE' })
  inner.failing = false
  assert.equal((await store.read('a', 0, 10)).length, 10)
})

test('closing forgets', async () => {
  const { store, take } = open()
  await store.read('a', 0, 10)
  await store.close()
  await store.read('a', 0, 10)
  assert.deepEqual(take(), ['a 0-100', 'a 0-100'])
})
