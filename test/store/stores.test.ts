import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { AzureStore } from '../../src/store/azure.ts'
import { CachingStore } from '../../src/store/cache.ts'
import { CompositeStore } from '../../src/store/composite.ts'
import { FileStore } from '../../src/store/file.ts'
import { HttpStore } from '../../src/store/http.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { encodePath } from '../../src/store/object-path.ts'
import { gcsStore, S3Store } from '../../src/store/s3.ts'
import { WebHdfsStore } from '../../src/store/webhdfs.ts'
import { QUICK, type Subject, testStore } from './contract.ts'
import { CountingProxy, fetchAt } from './proxy.ts'
import {
  AZURE_ACCOUNT,
  AZURE_KEY,
  admitsS3,
  HAS_AZURITE,
  S3_KEY,
  serveFiles,
  serveWebHdfs,
  startAzurite,
  startS3,
  type TestServer,
} from './servers.ts'

const nothing = async (): Promise<void> => undefined

testStore('memory', { lists: true, ranges: true }, async (files) => ({
  store: new MemoryStore(files),
  location: (path) => path,
  stop: nothing,
}))

testStore('files', { lists: true, ranges: true }, async (files) => {
  const root = mkdtempSync(join(tmpdir(), 'kobel-files-'))
  for (const [path, bytes] of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), bytes)
  }
  return {
    store: new CompositeStore([new FileStore()]),
    location: (path) => join(root, path),
    stop: async () => rmSync(root, { recursive: true, force: true }),
  }
})

async function behindProxy(
  server: TestServer,
  open: (proxy: CountingProxy) => Omit<Subject, 'proxy' | 'stop'>,
  admits?: (seen: IncomingMessage) => boolean,
): Promise<Subject> {
  const proxy = await new CountingProxy(server.port, admits).start()
  const stop = async () => {
    await proxy.stop()
    await server.stop()
  }
  return { ...open(proxy), proxy, stop }
}

for (const ranges of [true, false]) {
  testStore(`HTTP ${ranges ? 'with' : 'without'} ranges`, { lists: false, ranges }, async (files) =>
    behindProxy(await serveFiles(files, ranges), ({ port }) => ({
      store: new HttpStore({ retry: QUICK }),
      location: (path) => `http://127.0.0.1:${port}/${encodePath(path)}`,
    })),
  )
}

testStore('S3, bucket in the path', { lists: true, ranges: true, emptyRanges: false }, async (files) =>
  behindProxy(
    await startS3('flink', files),
    ({ port }) => ({
      store: new S3Store({ endpoint: `http://127.0.0.1:${port}`, credentials: S3_KEY, retry: QUICK, pageSize: 10 }),
      location: (path) => `s3://flink/${path}`,
    }),
    admitsS3,
  ),
)

testStore('S3, bucket in the host', { lists: true, ranges: true, emptyRanges: false }, async (files) =>
  behindProxy(
    await startS3('flink', files),
    ({ port }) => ({
      store: new S3Store({ credentials: async () => S3_KEY, retry: QUICK, pageSize: 10, fetch: fetchAt(port) }),
      location: (path) => `s3://flink/${path}`,
    }),
    admitsS3,
  ),
)

// The server speaks the S3 protocol and is not Google's.
testStore('Google Cloud Storage with an HMAC key', { lists: true, ranges: true, emptyRanges: false }, async (files) =>
  behindProxy(
    await startS3('flink', files),
    ({ port }) => ({
      store: gcsStore({
        endpoint: `http://127.0.0.1:${port}`,
        credentials: S3_KEY,
        retry: QUICK,
        pageSize: 10,
      }),
      location: (path) => `gs://flink/${path}`,
    }),
    admitsS3,
  ),
)

testStore('WebHDFS', { lists: true, ranges: true, requestsPerRead: 2 }, async (files) =>
  behindProxy(await serveWebHdfs(files, 'flink'), ({ port }) => ({
    store: new WebHdfsStore({ endpoints: [`http://127.0.0.1:${port}`], user: 'flink', retry: QUICK }),
    location: (path) => `hdfs://nameservice1/${path}`,
  })),
)

if (HAS_AZURITE) {
  testStore('Azure', { lists: true, ranges: true }, async (files) =>
    behindProxy(await startAzurite('flink', files), ({ port }) => ({
      store: new AzureStore({
        account: AZURE_ACCOUNT,
        accountKey: AZURE_KEY,
        endpoint: `http://127.0.0.1:${port}/${AZURE_ACCOUNT}`,
        retry: QUICK,
        pageSize: 10,
      }),
      location: (path) => `wasbs://flink@${AZURE_ACCOUNT}.blob.core.windows.net/${path}`,
    })),
  )
} else {
  test('Azure', { skip: 'azurite is not installed: npm run test:stores' })
}

testStore('the cache before memory', { lists: true, ranges: true }, async (files) => ({
  store: new CachingStore(new MemoryStore(files), { blockBytes: 64, bigBytes: 500, maxBytes: 4096 }),
  location: (path) => path,
  stop: nothing,
}))
