import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { dumpSnapshot } from '../../src/export/dump.ts'
import { openSnapshotIn } from '../../src/snapshot/open.ts'
import { CachingStore } from '../../src/store/cache.ts'
import { FileStore } from '../../src/store/file.ts'
import type { RetryOptions } from '../../src/store/retry.ts'
import type { Store } from '../../src/store/store.ts'
import type { CountingProxy } from './proxy.ts'
import type { Files } from './servers.ts'

/** What every store does, whatever it reads from. */

export interface Subject {
  readonly store: Store
  /** The location of a file or directory; `''` is the root of the files. */
  location(path: string): string
  /** What stands before the server of a remote store. */
  readonly proxy?: CountingProxy
  stop(): Promise<void>
}

export interface Traits {
  readonly lists: boolean
  /** False where a server sends files from their front up to what was asked for. */
  readonly ranges: boolean
  /** Of an empty file: the answer of s3rver never ends. */
  readonly emptyRanges?: boolean
  /** Answers behind each request, which redirects double. */
  readonly requestsPerRead?: number
}

/** So that tests do not wait. */
export const QUICK: RetryOptions = { attempts: 4, firstWaitMs: 1, maxWaitMs: 5, timeoutMs: 10_000 }

const BIG_BYTES = 5 << 20
const SAVEPOINT = 'fixtures/2.3.0/rocksdb/windows/snapshot'
const CHECKPOINTS = 'fixtures/2.3.0/rocksdb/windows-checkpoint/checkpoints'

/** Bytes whose places can be told from them. */
function patterned(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8) * 7 + (i >> 16)) & 0xff)
}

function contractFiles(): Files {
  const files = new Map<string, Uint8Array>([
    ['plain/a.bin', patterned(1000)],
    ['plain/b.bin', patterned(10)],
    ['plain/empty', new Uint8Array(0)],
    ['plain/deeper/c.bin', patterned(300)],
    ['plainer/d.bin', patterned(3)],
    ["odd/a b+c%41&d='e'(f)#g,ä𝄞.bin", patterned(77)],
    ['big.bin', patterned(BIG_BYTES)],
  ])
  for (let i = 0; i < 25; i++) files.set(`many/f${String(i).padStart(2, '0')}`, patterned(i))
  for (const root of [SAVEPOINT, CHECKPOINTS]) {
    for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name)
      if (entry.isFile()) files.set(path, readFileSync(path))
    }
  }
  return files
}

export function testStore(name: string, traits: Traits, open: (files: Files) => Promise<Subject>): void {
  describe(name, () => {
    const files = contractFiles()
    let subject: Subject
    before(async () => {
      subject = await open(files)
    })
    after(async () => {
      await subject.store.close?.()
      await subject.stop()
    })
    testReading(files, traits, () => subject)
    if (traits.lists) testListing(files, () => subject)
    testRemote(files, traits, () => subject)
    testSnapshots(traits, () => subject)
  })
}

function testReading(files: Files, traits: Traits, subject: () => Subject): void {
  test('ranges, whole files and sizes', async () => {
    const { store, location } = subject()
    for (const [path, bytes] of [...files].filter(([each]) => /^(plain|odd)/.test(each))) {
      const at = location(path)
      assert.equal(await store.size(at), bytes.length, path)
      assert.deepEqual(toBytes(await store.readWhole(at)), toBytes(bytes), path)
      for (const [start, end] of [
        [0, bytes.length],
        [0, 1],
        [2, 7],
        [bytes.length - 1, bytes.length],
        [5, 5],
      ] as const) {
        if (start < 0 || end > bytes.length) continue
        assert.deepEqual(toBytes(await store.read(at, start, end)), toBytes(bytes.subarray(start, end)), path)
      }
    }
  })

  test('a file that is not there', async () => {
    const { store, location } = subject()
    for (const path of ['plain/none', 'none/none', 'plain']) {
      assert.equal(await store.size(location(path)), undefined, path)
      if (path === 'plain') continue
      await assert.rejects(store.read(location(path), 0, 5), { code: 'NOT_FOUND' })
      await assert.rejects(store.readWhole(location(path)), { code: 'NOT_FOUND' })
    }
  })

  test('a file that is shorter than was asked for', async () => {
    const { store, location } = subject()
    const at = location('plain/a.bin')
    for (const [start, end] of [
      [990, 1001],
      [0, 5000],
      [1000, 1001],
      [4000, 4010],
    ] as const) {
      await assert.rejects(store.read(at, start, end), { code: 'TRUNCATED' })
    }
    if (traits.emptyRanges !== false)
      await assert.rejects(store.read(location('plain/empty'), 0, 1), { code: 'TRUNCATED' })
    if (!store.readAtMost) return
    assert.equal((await store.readAtMost(at, 990, 2000)).length, 10)
    assert.equal((await store.readAtMost(at, 1000, 2000)).length, 0)
    assert.equal((await store.readAtMost(at, 3000, 4000)).length, 0)
    await assert.rejects(store.readAtMost(location('plain/none'), 0, 5), { code: 'NOT_FOUND' })
  })

  test('a location is located to itself', () => {
    const { store, location } = subject()
    const at = location('plain/a.bin')
    assert.equal(store.locate(at), at)
    assert.equal(store.locate('unknown://host/path'), undefined)
  })
}

function testListing(files: Files, subject: () => Subject): void {
  test('the children of a directory', async () => {
    const { store, location } = subject()
    for (const at of [location('plain'), `${location('plain')}/`]) {
      const entries = [...(await store.list(at))].sort((a, b) => (a.name < b.name ? -1 : 1))
      assert.deepEqual(
        entries.map(({ name, directory, size }) => [name, directory, size]),
        [
          ['a.bin', false, 1000],
          ['b.bin', false, 10],
          ['deeper', true, undefined],
          ['empty', false, 0],
        ],
      )
      for (const entry of entries) {
        assert.equal(entry.location, location(`plain/${entry.name}`))
        if (entry.modified !== undefined) assert.ok(entry.modified > 1e12 && entry.modified < 1e13)
      }
    }
    assert.deepEqual(await store.list(location('none')), [])
    const odd = await store.list(location('odd'))
    assert.deepEqual(toBytes(await store.readWhole(odd[0]!.location)), toBytes(patterned(77)))
  })

  test('a listing of many pages', async () => {
    const { store, location } = subject()
    const names = (await store.list(location('many'))).map((entry) => entry.name)
    const expected = [...files.keys()].filter((path) => path.startsWith('many/')).map((path) => path.slice(5))
    assert.deepEqual(names.sort(), expected)
  })
}

function testRemote(files: Files, traits: Traits, subject: () => Subject): void {
  const perRead = traits.requestsPerRead ?? 1
  const isRemote = (): CountingProxy | undefined => subject().proxy

  test('only what is asked for is sent', async (t) => {
    const proxy = isRemote()
    if (!proxy || !traits.ranges) return t.skip()
    proxy.bytes = 0
    const start = BIG_BYTES - 5000
    const bytes = await subject().store.read(subject().location('big.bin'), start, start + 10)
    assert.deepEqual(toBytes(bytes), toBytes(files.get('big.bin')!.subarray(start, start + 10)))
    assert.equal(await subject().store.size(subject().location('big.bin')), BIG_BYTES)
    assert.ok(proxy.bytes < 1000, `${proxy.bytes} bytes`)
  })

  test('a server without ranges is cut off behind what was asked for', async (t) => {
    const proxy = isRemote()
    if (!proxy || traits.ranges) return t.skip()
    proxy.bytes = 0
    const bytes = await subject().store.read(subject().location('big.bin'), 1000, 1010)
    assert.deepEqual(toBytes(bytes), toBytes(files.get('big.bin')!.subarray(1000, 1010)))
    assert.ok(proxy.bytes < BIG_BYTES / 2, `${proxy.bytes} bytes`)
  })

  test('faults that pass are tried again, others are not', async (t) => {
    const proxy = isRemote()
    if (!proxy) return t.skip()
    const { store, location } = subject()
    const at = location('plain/a.bin')
    const tried = async (...faults: (number | 'cut')[]): Promise<number> => {
      proxy.faults.push(...faults)
      proxy.requests = 0
      const bytes = await store.read(at, 0, 1000)
      assert.deepEqual(toBytes(bytes), toBytes(files.get('plain/a.bin')!))
      return proxy.requests
    }
    assert.equal(await tried(), perRead)
    assert.equal(await tried(503, 500, 429), 3 + perRead)
    assert.ok((await tried('cut', 'cut')) > perRead)
    proxy.faults.length = 0
    for (const status of [400, 403]) {
      proxy.requests = 0
      proxy.faults.push(status)
      await assert.rejects(store.read(at, 0, 10), { code: 'STORE' })
      assert.equal(proxy.requests, 1)
    }
    proxy.requests = 0
    proxy.faults.push(503, 503, 503, 503, 503)
    await assert.rejects(store.size(at), { code: 'STORE' })
    assert.equal(proxy.requests, QUICK.attempts)
    proxy.faults.length = 0
  })
}

function testSnapshots(traits: Traits, subject: () => Subject): void {
  test('a savepoint and a moved incremental checkpoint read as from files', async () => {
    for (const path of [SAVEPOINT, lastCheckpoint()]) {
      const { store, location, proxy } = subject()
      const through = proxy ? new CachingStore(store) : store
      assert.deepEqual(await linesOf(through, location(path)), await expectedLines(path), path)
    }
  })

  test('a snapshot is opened with few requests', async (t) => {
    const { store, location, proxy } = subject()
    if (!proxy) return t.skip()
    const count = async (through: Store): Promise<[requests: number, files: number]> => {
      proxy.requests = 0
      const snapshot = await openSnapshotIn(through, location(SAVEPOINT))
      const opened = proxy.requests
      for await (const _ of dumpSnapshot(snapshot));
      return [opened, proxy.requests]
    }
    const [plain, plainDumped] = await count(store)
    const [cached, cachedDumped] = await count(new CachingStore(store))
    const fileCount = readdirSync(SAVEPOINT).length
    // One for each file: small files are here as a whole once their heads have been read.
    assert.ok(cached <= fileCount * (traits.requestsPerRead ?? 1), `${cached} requests for ${fileCount} files`)
    assert.ok(cached <= plain && cachedDumped < plainDumped, `${cached}, ${plain}, ${cachedDumped}, ${plainDumped}`)
    assert.ok(cachedDumped <= cached + fileCount, `${cachedDumped} requests`)
  })
}

/** The newest checkpoint of a job, with files that older ones wrote. */
function lastCheckpoint(): string {
  const found = readdirSync(CHECKPOINTS, { recursive: true, encoding: 'utf8' })
  return join(
    CHECKPOINTS,
    found
      .filter((path) => path.endsWith('_metadata'))
      .sort()
      .at(-1)!,
    '..',
  )
}

const EXPECTED = new Map<string, Promise<readonly string[]>>()

function expectedLines(path: string): Promise<readonly string[]> {
  const lines = EXPECTED.get(path) ?? linesOf(new FileStore(), join(process.cwd(), path))
  EXPECTED.set(path, lines)
  return lines
}

async function linesOf(store: Store, location: string): Promise<string[]> {
  const snapshot = await openSnapshotIn(store, location)
  const lines: string[] = []
  for await (const line of dumpSnapshot(snapshot)) lines.push(line)
  assert.ok(lines.length > 10)
  return lines
}

/** Equal as bytes, whatever class they have. */
function toBytes(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes)
}
