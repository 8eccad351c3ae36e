import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { dumpSnapshot } from '../../src/export/dump.ts'
import { openSnapshotIn } from '../../src/snapshot/open.ts'
import { WritableAzureStore } from '../../src/store/azure-writer.ts'
import { FileSpill, WritableFileStore } from '../../src/store/file-writer.ts'
import { WritableS3Store, writableGcsStore } from '../../src/store/s3-writer.ts'
import type { WritableStore } from '../../src/store/writable.ts'
import { loadDump } from '../../src/write/load.ts'
import { dumpLines } from '../support/write.ts'
import { QUICK } from './contract.ts'
import { CountingProxy } from './proxy.ts'
import { AZURE_ACCOUNT, AZURE_KEY, admitsS3, HAS_AZURITE, S3_KEY, startAzurite, startS3 } from './servers.ts'

/** What every store does that can be written to. */
interface Target {
  readonly store: WritableStore
  readonly directory: string
  readonly proxy?: CountingProxy
  stop(): Promise<void>
}

const ID = `${'ab'.repeat(16)}-keyed-0`
const NAME = `${ID}-${'0'.repeat(16)}`

function patterned(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8) * 7 + seed) & 0xff)
}

async function written(store: WritableStore, directory: string, pieces: readonly Uint8Array[]): Promise<string> {
  const file = await store.stage(directory, ID)
  for (const piece of pieces) await file.append(piece)
  return file.publish(NAME)
}

function testWriting(name: string, open: () => Promise<Target>): void {
  describe(`writing to ${name}`, () => {
    let target: Target
    before(async () => {
      target = await open()
    })
    after(() => target.stop())
    const at = (path: string): string => `${target.directory}/${path}`

    test('a file has its name once it is published', async () => {
      const { store } = target
      const file = await store.stage(at('small'), ID)
      await file.append(patterned(1000, 1))
      await file.append(patterned(500, 2))
      assert.deepEqual(
        (await store.list(at('small'))).filter((each) => !each.name.startsWith('.')),
        [],
      )
      assert.equal(await file.publish(NAME), NAME)
      const expected = Buffer.concat([patterned(1000, 1), patterned(500, 2)])
      assert.deepEqual(Buffer.from(await store.readWhole(at(`small/${NAME}`))), expected)
      // Another attempt gives the same.
      assert.equal(await written(store, at('small'), [expected]), NAME)
      assert.equal((await store.list(at('small'))).length, 1)
    })

    test('a large file is sent in parts', async () => {
      const { store } = target
      const piece = patterned(3 << 20, 3)
      const name = await written(
        store,
        at('large'),
        Array.from({ length: 12 }, () => piece),
      )
      assert.match(name, /^[0-9a-f]{32}-keyed-0-[0-9a-f]{16}$/)
      const location = at(`large/${name}`)
      assert.equal(await store.size(location), 36 << 20)
      for (const start of [0, (16 << 20) - 7, (32 << 20) - 1, (36 << 20) - 20]) {
        const bytes = await store.read(location, start, start + 20)
        const expected = Array.from({ length: 20 }, (_, i) => piece[(start + i) % piece.length])
        assert.deepEqual([...bytes], expected)
      }
    })

    test('what is abandoned is not there', async () => {
      const { store } = target
      for (const bytes of [patterned(10, 1), patterned(17 << 20, 1)]) {
        const file = await store.stage(at('abandoned'), ID)
        await file.append(bytes)
        await file.abandon()
      }
      assert.deepEqual(await store.list(at('abandoned')), [])
    })

    test('a new file replaces none', async () => {
      const { store } = target
      const location = at('new/_metadata')
      await store.writeNew(location, patterned(100, 1))
      await assert.rejects(store.writeNew(location, patterned(100, 2)), { code: 'CONFLICT' })
      await assert.rejects(store.writeNew(location, patterned(100, 1)), { code: 'CONFLICT' })
      assert.deepEqual(Buffer.from(await store.readWhole(location)), Buffer.from(patterned(100, 1)))
      await store.remove(location)
      await store.remove(location)
      assert.equal(await store.size(location), undefined)
      await store.writeNew(location, patterned(100, 2))
    })

    test('faults that pass are tried again; others say what happened', async (t) => {
      const { store, proxy } = target
      if (!proxy) return t.skip()
      proxy.faults.push(503, 500)
      assert.equal(await written(store, at('faults'), [patterned(10, 1)]), NAME)
      proxy.faults.push(403)
      await assert.rejects(written(store, at('faults'), [patterned(10, 1)]), {
        code: 'STORE',
        message: /could not be written: the server refuses access/,
      })
      proxy.faults.length = 0
    })

    test('a dump is loaded, and the savepoint dumps the same', async () => {
      const { store } = target
      const lines = await dumpLines('fixtures/2.3.0/hashmap/opstate/snapshot')
      const directory = at('savepoint')
      const result = await loadDump(lines, { store, directory, spill: new FileSpill(), inlineBytes: 0 })
      assert.ok(result.files > 2)
      const found: string[] = []
      for await (const line of dumpSnapshot(await openSnapshotIn(store, directory))) found.push(line)
      assert.deepEqual(found, lines)
      const again = loadDump(lines, { store, directory, spill: new FileSpill(), inlineBytes: 0 })
      await assert.rejects(again, { code: 'CONFLICT', message: /a savepoint already/ })
    })
  })
}

testWriting('files', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'kobel-writing-'))
  const store = new WritableFileStore()
  const stop = async (): Promise<void> => {
    await store.close()
    rmSync(directory, { recursive: true, force: true })
  }
  return { store, directory, stop }
})

async function s3Target(open: (endpoint: string) => WritableStore, directory: string): Promise<Target> {
  const server = await startS3('flink', new Map())
  const proxy = await new CountingProxy(server.port, admitsS3).start()
  const stop = async (): Promise<void> => {
    await proxy.stop()
    await server.stop()
  }
  return { store: open(`http://127.0.0.1:${proxy.port}`), directory, proxy, stop }
}

testWriting('S3', () =>
  s3Target((endpoint) => new WritableS3Store({ endpoint, credentials: S3_KEY, retry: QUICK }), 's3://flink/a b'),
)

// The server speaks the S3 protocol and is not Google's.
testWriting('Google Cloud Storage with an HMAC key', () =>
  s3Target((endpoint) => writableGcsStore({ endpoint, credentials: S3_KEY, retry: QUICK }), 'gs://flink/dir'),
)

if (HAS_AZURITE) {
  testWriting('Azure', async () => {
    const server = await startAzurite('flink', new Map())
    const proxy = await new CountingProxy(server.port).start()
    const store = new WritableAzureStore({
      account: AZURE_ACCOUNT,
      accountKey: AZURE_KEY,
      endpoint: `http://127.0.0.1:${proxy.port}/${AZURE_ACCOUNT}`,
      retry: QUICK,
    })
    const stop = async (): Promise<void> => {
      await proxy.stop()
      await server.stop()
    }
    return { store, directory: `wasbs://flink@${AZURE_ACCOUNT}.blob.core.windows.net/dir`, proxy, stop }
  })
} else {
  test('writing to Azure', { skip: 'azurite is not installed: npm run test:stores' })
}

test('S3 is asked to refuse a name that is taken, also between two writers', async () => {
  const asked: string[] = []
  const store = new WritableS3Store({
    fetch: async (_, { method, headers }) => {
      asked.push(`${method} ${headers['if-none-match'] ?? ''}`)
      return new Response(null, { status: method === 'HEAD' ? 404 : 412 })
    },
  })
  const location = 's3://flink/savepoint/_metadata'
  await assert.rejects(store.writeNew(location, patterned(10, 1)), { code: 'CONFLICT' })
  assert.deepEqual(asked, ['HEAD ', 'PUT *'])
})

test('an answer that was lost is no conflict with oneself', async () => {
  const bytes = patterned(10, 1)
  const kept: Uint8Array[] = []
  const store = new WritableS3Store({
    retry: QUICK,
    fetch: async (_, { method, body }) => {
      if (method === 'PUT' && kept.length === 0) {
        kept.push(Uint8Array.from(body!))
        throw new Error('the connection was lost')
      }
      if (method === 'PUT') return new Response(null, { status: 412 })
      if (kept.length === 0) return new Response(null, { status: 404 })
      const headers = { 'content-length': String(kept[0]!.length) }
      return new Response(method === 'HEAD' ? null : Uint8Array.from(kept[0]!), { status: 200, headers })
    },
  })
  await store.writeNew('s3://flink/savepoint/_metadata', bytes)
  assert.deepEqual(Buffer.from(kept[0]!), Buffer.from(bytes))
})
