import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { AwsClient } from 'aws4fetch'
import { sharedKey } from '../../src/store/azure.ts'
import { encodePath } from '../../src/store/object-path.ts'
import { listen, stop } from './proxy.ts'
import { isSigned } from './signature.ts'

/** Servers on the loopback interface, each with files that a test gives. They end with the test. */

export type Files = ReadonlyMap<string, Uint8Array>

export interface TestServer {
  readonly port: number
  stop(): Promise<void>
}

/** A web server of files; without ranges, as many simple ones are. */
export async function serveFiles(files: Files, ranges: boolean): Promise<TestServer> {
  const server = createServer((asked, answer) => {
    const bytes = files.get(decodeURIComponent(asked.url!.slice(1)))
    if (!bytes) return void answer.writeHead(404).end()
    const match = ranges ? /^bytes=(\d+)-(\d+)$/.exec(asked.headers.range ?? '') : null
    if (!match) return sendBytes(asked, answer, bytes)
    const [start, end] = [Number(match[1]), Math.min(Number(match[2]) + 1, bytes.length)]
    if (start >= bytes.length) return void answer.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end()
    const range = { 'content-range': `bytes ${start}-${end - 1}/${bytes.length}`, 'content-length': end - start }
    answer.writeHead(206, range).end(bytes.subarray(start, end))
  })
  return { port: await listen(server), stop: () => stop(server) }
}

function sendBytes(asked: IncomingMessage, answer: ServerResponse, bytes: Uint8Array): void {
  answer.writeHead(200, { 'content-length': bytes.length })
  if (asked.method === 'HEAD') answer.end()
  else answer.end(bytes)
}

/**
 * WebHDFS as the documentation of Hadoop 3 describes it: a name node and a data node in one, which redirects OPEN. It is
 * our own; no Hadoop has been tried.
 */
export async function serveWebHdfs(files: Files, user: string): Promise<TestServer> {
  const server = createServer((asked, answer) => {
    const url = new URL(asked.url!, `http://${asked.headers.host}`)
    if (url.searchParams.get('user.name') !== user) {
      return remoteException(answer, 403, 'AccessControlException', 'Permission denied')
    }
    if (url.pathname.startsWith('/datanode/')) return dataNode(files, url, answer)
    const path = decodeURIComponent(url.pathname).replace(/^\/webhdfs\/v1\//, '')
    const children = childrenOf(files, path)
    const bytes = files.get(path)
    if (!bytes && children.size === 0) {
      return remoteException(answer, 404, 'FileNotFoundException', `File does not exist: /${path}`)
    }
    const operation = url.searchParams.get('op')
    if (operation === 'GETFILESTATUS') return sendJson(answer, 200, { FileStatus: statusOf('', bytes) })
    if (operation === 'LISTSTATUS') {
      const listed = bytes ? [statusOf('', bytes)] : [...children].map(([name, each]) => statusOf(name, each))
      return sendJson(answer, 200, { FileStatuses: { FileStatus: listed } })
    }
    if (operation !== 'OPEN') return remoteException(answer, 400, 'UnsupportedOperationException', String(operation))
    if (!bytes) return remoteException(answer, 404, 'FileNotFoundException', `Path is not a file: /${path}`)
    const offset = Number(url.searchParams.get('offset') ?? 0)
    if (offset > 0 && offset >= bytes.length) {
      const message = `Offset=${offset} out of the range [0, ${bytes.length}); OPEN, path=/${path}`
      return remoteException(answer, 403, 'IOException', message)
    }
    url.pathname = `/datanode${url.pathname}`
    answer.writeHead(307, { location: url.href, 'content-length': 0 }).end()
  })
  return { port: await listen(server), stop: () => stop(server) }
}

function dataNode(files: Files, url: URL, answer: ServerResponse): void {
  const bytes = files.get(decodeURIComponent(url.pathname).replace(/^\/datanode\/webhdfs\/v1\//, ''))!
  const offset = Number(url.searchParams.get('offset') ?? 0)
  const length = Number(url.searchParams.get('length') ?? bytes.length)
  const part = bytes.subarray(offset, offset + length)
  answer.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': part.length }).end(part)
}

function childrenOf(files: Files, path: string): Map<string, Uint8Array | undefined> {
  const prefix = path === '' ? '' : `${path}/`
  const children = new Map<string, Uint8Array | undefined>()
  for (const [name, bytes] of files) {
    if (!name.startsWith(prefix)) continue
    const [child, ...below] = name.slice(prefix.length).split('/')
    children.set(child!, below.length === 0 ? bytes : undefined)
  }
  return children
}

function statusOf(pathSuffix: string, bytes: Uint8Array | undefined): object {
  const type = bytes ? 'FILE' : 'DIRECTORY'
  return { pathSuffix, type, length: bytes?.length ?? 0, modificationTime: 1_700_000_000_000, owner: 'flink' }
}

function remoteException(answer: ServerResponse, status: number, exception: string, message: string): void {
  sendJson(answer, status, { RemoteException: { exception, javaClassName: `java.io.${exception}`, message } })
}

function sendJson(answer: ServerResponse, status: number, value: object): void {
  answer.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

export const S3_KEY = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' } as const

/** Requests that S3 would take, for what stands before s3rver. */
export function admitsS3(seen: IncomingMessage): boolean {
  return isSigned(seen, S3_KEY.accessKeyId, S3_KEY.secretAccessKey)
}

interface S3rver {
  run(): Promise<{ readonly port: number }>
  close(): Promise<void>
}

type S3rverClass = new (options: object) => S3rver

/** s3rver, which looks at the key but not at the signature: `admitsS3` is for that. */
export async function startS3(bucket: string, files: Files): Promise<TestServer> {
  const require = createRequire(import.meta.url)
  allowDes(require('node:crypto'))
  const S3rver = require('s3rver') as S3rverClass
  const directory = mkdtempSync(join(tmpdir(), 'kobel-s3-'))
  const options = { address: '127.0.0.1', port: 0, silent: true, directory, configureBuckets: [{ name: bucket }] }
  const server = new S3rver(options)
  const { port } = await server.run()
  const client = new AwsClient({ ...S3_KEY, service: 's3', region: 'us-east-1' })
  for (const [path, bytes] of files) {
    const url = `http://127.0.0.1:${port}/${bucket}/${encodePath(path)}`
    await expectStatus(await client.fetch(url, { method: 'PUT', body: Uint8Array.from(bytes) }), 200)
  }
  const end = async () => {
    await server.close()
    rmSync(directory, { recursive: true, force: true })
  }
  return { port, stop: end }
}

type Cipheriv = (name: string, key: Buffer, iv: Buffer) => unknown

/** s3rver makes its continuation tokens with DES, which OpenSSL 3 has only as triple DES: equal keys make it the same. */
function allowDes(crypto: Record<'createCipheriv' | 'createDecipheriv', Cipheriv>): void {
  for (const name of ['createCipheriv', 'createDecipheriv'] as const) {
    const known = crypto[name]
    crypto[name] = (cipher, key, iv) =>
      cipher === 'des' ? known('des-ede3-cbc', Buffer.concat([key, key, key]), iv) : known(cipher, key, iv)
  }
}

async function expectStatus(response: Response, status: number): Promise<void> {
  if (response.status !== status) throw new Error(`${response.url}: ${response.status} ${await response.text()}`)
}

const AZURITE = resolve('test/servers/node_modules/azurite/dist/src/blob/main.js')

/** Azurite is large: `npm run test:stores` installs it. */
export const HAS_AZURITE: boolean = existsSync(AZURITE)

/** The account of every emulator, as Microsoft documents it. */
export const AZURE_ACCOUNT = 'devstoreaccount1'
export const AZURE_KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='

export async function startAzurite(container: string, files: Files): Promise<TestServer> {
  const directory = mkdtempSync(join(tmpdir(), 'kobel-azurite-'))
  const flags = ['--blobHost', '127.0.0.1', '--blobPort', '0', '--inMemoryPersistence', '--disableTelemetry']
  const child = spawn(process.execPath, [AZURITE, ...flags], { cwd: directory, stdio: ['ignore', 'pipe', 'inherit'] })
  const port = await new Promise<number>((resolve, reject) => {
    let said = ''
    child.stdout.on('data', (chunk) => {
      said += chunk
      const found = /listens on http:\/\/127\.0\.0\.1:(\d+)/.exec(said)
      if (found) resolve(Number(found[1]))
    })
    child.on('exit', () => reject(new Error(`azurite ended: ${said}`)))
  })
  const base = `http://127.0.0.1:${port}/${AZURE_ACCOUNT}/${container}`
  await azurePut(base, new Map([['restype', 'container']]), undefined)
  for (const [path, bytes] of files) await azurePut(`${base}/${encodePath(path)}`, new Map(), bytes)
  const end = async () => {
    child.removeAllListeners('exit')
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill()
    await ended
    rmSync(directory, { recursive: true, force: true })
  }
  return { port, stop: end }
}

async function azurePut(url: string, query: Map<string, string>, bytes: Uint8Array | undefined): Promise<void> {
  const headers: Record<string, string> = {
    'x-ms-date': new Date().toUTCString(),
    'x-ms-version': '2021-12-02',
    ...(bytes && { 'x-ms-blob-type': 'BlockBlob' }),
    ...(bytes && bytes.length > 0 && { 'content-length': String(bytes.length) }),
  }
  headers.authorization = await sharedKey('PUT', url, query, headers, AZURE_ACCOUNT, AZURE_KEY)
  delete headers['content-length']
  const search = [...query].map(([name, value]) => `${name}=${value}`).join('&')
  const response = await fetch(search === '' ? url : `${url}?${search}`, {
    method: 'PUT',
    headers,
    ...(bytes && { body: Uint8Array.from(bytes) }),
  })
  await expectStatus(response, 201)
}
