import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { dumpSnapshot } from '../../src/export/dump.ts'
import { readMetadata, writeMetadata } from '../../src/format/metadata/index.ts'
import { openStore } from '../../src/node/open-store.ts'
import { openSnapshotIn } from '../../src/snapshot/open.ts'
import { CountingProxy } from '../store/proxy.ts'
import { admitsS3, type Files, S3_KEY, startS3, type TestServer } from '../store/servers.ts'

const ROOT = 'fixtures/2.3.0/rocksdb/windows-checkpoint/checkpoints'
const JOB = join(ROOT, readdirSync(ROOT)[0]!)
const CHECKPOINT = readdirSync(JOB)
  .filter((name) => name.startsWith('chk-'))
  .sort()
  .at(-1)!
const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))

/** The checkpoint as if its files lay in a bucket: paths are changed, and nothing else. */
function metadataIn(directory: string): Uint8Array {
  const metadata = readMetadata(readFileSync(join(JOB, CHECKPOINT, '_metadata')))
  const moved = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(moved)
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
    return Object.fromEntries(
      Object.entries(value).map(([name, each]) => [
        name,
        name === 'path' && typeof each === 'string'
          ? each.replace(/^.*\/(?=(shared|chk-\d+)\/)/, `${directory}/`)
          : moved(each),
      ]),
    )
  }
  return writeMetadata(moved(metadata) as typeof metadata)
}

let server: TestServer
let proxy: CountingProxy
let env: Record<string, string>
const LOCAL = mkdtempSync(join(tmpdir(), 'kobel-mixed-'))

before(async () => {
  const files = new Map<string, Uint8Array>()
  for (const entry of readdirSync(JOB, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isFile()) files.set(path.slice(JOB.length + 1), readFileSync(path))
  }
  // Beside `_metadata` lie the files that it names by relative paths.
  for (const [path, bytes] of [...files]) {
    const [directory, name] = path.split('/')
    if (directory === CHECKPOINT) files.set(`elsewhere/${name}`, bytes)
  }
  files.set('elsewhere/_metadata', metadataIn('s3a://flink'))
  server = await startS3('flink', files satisfies Files)
  proxy = await new CountingProxy(server.port, admitsS3).start()
  env = {
    HOME: LOCAL,
    AWS_ENDPOINT_URL: `http://127.0.0.1:${proxy.port}`,
    AWS_ACCESS_KEY_ID: S3_KEY.accessKeyId,
    AWS_SECRET_ACCESS_KEY: S3_KEY.secretAccessKey,
  }
})

after(async () => {
  await proxy.stop()
  await server.stop()
  rmSync(LOCAL, { recursive: true, force: true })
})

async function dump(path: string, environment: Record<string, string> = env): Promise<string[]> {
  const { store, location } = openStore(path, environment)
  const lines: string[] = []
  try {
    for await (const line of dumpSnapshot(await openSnapshotIn(store, location))) lines.push(line)
  } finally {
    await store.close?.()
  }
  return lines
}

test('a checkpoint in a bucket, from the environment alone', async () => {
  const expected = await dump(join(JOB, CHECKPOINT))
  assert.ok(expected.length > 10)
  assert.deepEqual(await dump(`s3://flink/${CHECKPOINT}`), expected)
  assert.deepEqual(await dump(`s3a://flink/${CHECKPOINT}/_metadata`), expected)
  assert.deepEqual(await dump('s3n://flink/elsewhere'), expected)
})

test('a local _metadata whose files lie in a bucket', async () => {
  const directory = join(LOCAL, 'alone')
  cpSync(join(JOB, CHECKPOINT), directory, { recursive: true })
  writeFileSync(join(directory, '_metadata'), metadataIn('s3a://flink'))
  proxy.requests = 0
  assert.deepEqual(await dump(directory), await dump(join(JOB, CHECKPOINT)))
  assert.ok(proxy.requests > 0)
  await assert.rejects(dump(directory, { ...env, AWS_SECRET_ACCESS_KEY: 'wrong' }), { code: 'STORE' })
})

test('a local copy is read without asking where it came from', async () => {
  const directory = join(LOCAL, 'copy')
  cpSync(JOB, directory, { recursive: true })
  writeFileSync(join(directory, CHECKPOINT, '_metadata'), metadataIn('s3://flink'))
  proxy.requests = 0
  assert.deepEqual(await dump(join(directory, CHECKPOINT)), await dump(join(JOB, CHECKPOINT)))
  assert.equal(proxy.requests, 0)
})

test('a copy in another bucket is found although its origin cannot be reached', async () => {
  const directory = `s3://flink/${CHECKPOINT}`
  const { store } = openStore(directory, env)
  const whole = store.readWhole.bind(store)
  store.readWhole = async (location) =>
    location.endsWith('/_metadata') ? metadataIn('webhdfs://127.0.0.1:1/gone') : whole(location)
  const lines: string[] = []
  for await (const line of dumpSnapshot(await openSnapshotIn(store, directory))) lines.push(line)
  assert.deepEqual(lines, await dump(join(JOB, CHECKPOINT)))
})

test('files of this machine and plain HTTP are read for paths that name them only', () => {
  assert.equal(openStore('s3://flink/a', env).store.locate('file:/etc/hosts'), undefined)
  assert.equal(openStore('s3://flink/a', env).store.locate('http://127.0.0.1/a'), undefined)
  assert.equal(openStore('/a', env).store.locate('http://127.0.0.1/a'), undefined)
  assert.equal(openStore('http://127.0.0.1/a', env).location, 'http://127.0.0.1/a')
  assert.equal(openStore('file:///a/b', env).location, '/a/b')
  assert.equal(openStore('a/b', env).location, join(process.cwd(), 'a/b'))
})

test('other paths', () => {
  const blob = 'https://acme.blob.core.windows.net/ckp/chk-1?sv=2021&sig=x%2By'
  assert.equal(openStore(blob, env).location, 'wasbs://ckp@acme.blob.core.windows.net/chk-1')
  assert.equal(openStore('gs://flink/a', env).location, 'gs://flink/a')
  assert.equal(openStore('hdfs://ns1/a', env).location, 'hdfs://ns1/a')
  assert.throws(() => openStore('oss://flink/a', env), { code: 'USAGE' })
})

test('the command line reads them too', async () => {
  const [remote, local] = await Promise.all([`s3://flink/${CHECKPOINT}`, join(JOB, CHECKPOINT)].map(kobelDump))
  assert.deepEqual(remote, local)
  assert.equal(local!.status, 0)
  const missing = await kobelDump('s3://flink/chk-none')
  assert.equal(missing.status, 3)
  assert.match(missing.output, /no such directory/)
})

function kobelDump(path: string): Promise<{ status: number | null; output: string }> {
  const child = spawn(process.execPath, [MAIN, 'dump', path], { env: { ...process.env, ...env } })
  let output = ''
  const collect = (chunk: Buffer): void => {
    output += chunk
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  return new Promise((resolve) => child.on('close', (status) => resolve({ status, output })))
}
