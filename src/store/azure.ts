import { KobelError } from '../error.ts'
import { type Explain, failed, getRange, getWhole, headSize, type Send } from './http.ts'
import {
  decodeName,
  elementsOf,
  encodePath,
  encodeSegment,
  textOf,
  unescapeXml,
  type XmlElement,
} from './object-path.ts'
import { type Fetch, type RetryOptions, request } from './retry.ts'
import { exactly, nameOf, notFound, type Store, type StoreEntry } from './store.ts'

export interface AzureOptions {
  /** The account that the credentials are of; they are sent to no other. */
  readonly account?: string | undefined
  /** Base64, as Azure shows it. */
  readonly accountKey?: string | undefined
  /** A shared access signature: the query of a URL, with or without `?`. */
  readonly sas?: string | undefined
  /** An OAuth access token for `https://storage.azure.com/`. */
  readonly bearerToken?: string | undefined
  /** Where the account's blobs are asked for, `https://ACCOUNT.blob.core.windows.net` if unset. */
  readonly endpoint?: string | undefined
  readonly fetch?: Fetch
  readonly retry?: RetryOptions
  /** Entries per page of a listing. */
  readonly pageSize?: number
}

export interface AzureBlob {
  /** URL of the account, without a slash at its end. */
  readonly endpoint: string
  readonly container: string
  readonly path: string
}

const VERSION = '2021-12-02'
const MAX_PAGES = 10_000

/**
 * Blobs of Azure, by the REST interface of the Blob service; accounts with a hierarchical namespace have it too.
 * Locations are `wasbs://container@host/path`, whatever the scheme of the URI was.
 */
export class AzureStore implements Store {
  private readonly settings: () => Promise<AzureOptions>
  private known: Promise<AzureOptions> | undefined

  /** @param settings options, or a function that finds them when the first request is made. */
  constructor(settings: AzureOptions | (() => Promise<AzureOptions>) = {}) {
    this.settings = typeof settings === 'function' ? settings : async () => settings
  }

  /** `wasb(s)://` and `abfs(s)://` as Flink writes them, and `https:` URLs of blobs at Azure's hosts. */
  locate(uri: string): string | undefined {
    const blob = blobOf(uri)
    return blob && `wasbs://${blob.container}@${hostOf(blob.endpoint)}${blob.path === '' ? '' : `/${blob.path}`}`
  }

  async read(location: string, start: number, end: number): Promise<Uint8Array> {
    return exactly(await this.readAtMost(location, start, end), location, start, end)
  }

  async readAtMost(location: string, start: number, end: number): Promise<Uint8Array> {
    const blob = blobOf(location)
    if (!blob?.path) throw notFound(location)
    return getRange(await this.sender(blob, location), location, start, end, explain)
  }

  async readWhole(location: string): Promise<Uint8Array> {
    const blob = blobOf(location)
    if (!blob?.path) throw notFound(location)
    return getWhole(await this.sender(blob, location), location, explain)
  }

  async size(location: string): Promise<number | undefined> {
    const blob = blobOf(location)
    if (!blob?.path || blob.path.endsWith('/')) return undefined
    return headSize(await this.sender(blob, location), location, explain)
  }

  async list(location: string): Promise<StoreEntry[]> {
    const blob = blobOf(location)
    if (!blob) return []
    const prefix = blob.path === '' ? '' : `${blob.path.replace(/\/+$/, '')}/`
    const base = `wasbs://${blob.container}@${hostOf(blob.endpoint)}/`
    const entries = new Map<string, StoreEntry>()
    const { pageSize } = await this.load()
    let marker = ''
    for (let page = 0; ; page++) {
      const query = new Map([
        ['comp', 'list'],
        ['delimiter', '/'],
        ['include', 'metadata'],
        ['prefix', prefix],
        ['restype', 'container'],
        ...(marker === '' ? [] : [['marker', marker] as const]),
        ...(pageSize === undefined ? [] : [['maxresults', String(pageSize)] as const]),
      ])
      const send = await this.sender({ ...blob, path: '' }, location, query)
      const answer = await send('GET', {})
      if (answer.status === 404) return []
      if (answer.status !== 200) throw failed(location, answer, explain)
      const xml = new TextDecoder().decode(answer.bytes)
      for (const entry of entriesOf(xml, base, prefix)) {
        // A directory of Hadoop's client has a blob of its own name.
        if (entry.directory || !entries.get(entry.name)?.directory) entries.set(entry.name, entry)
      }
      const next = textOf(xml, 'NextMarker') ?? ''
      if (next === '') return [...entries.values()]
      if (next === marker || page >= MAX_PAGES) {
        throw new KobelError('STORE', 'the server’s listing does not end', { file: location })
      }
      marker = next
    }
  }

  private load(): Promise<AzureOptions> {
    this.known ??= this.settings().catch((error) => {
      this.known = undefined
      throw error
    })
    return this.known
  }

  protected async sender(
    blob: AzureBlob,
    location: string,
    query: ReadonlyMap<string, string> = new Map(),
  ): Promise<Send> {
    const options = await this.load()
    const isOwn = isOfAccount(blob, options)
    const path = blob.path === '' ? '' : `/${encodePath(blob.path)}`
    const url = `${isOwn ? endpointOf(options) : blob.endpoint}/${blob.container}${path}`
    return (method, headers, keep, body) =>
      request(
        options.fetch ?? globalThis.fetch,
        location,
        async () => {
          const asked = { ...headers, 'x-ms-version': VERSION, 'x-ms-date': new Date().toUTCString() }
          const length: Record<string, string> = body?.length ? { 'content-length': String(body.length) } : {}
          const signed = isOwn
            ? await authorize(method, url, query, { ...asked, ...length }, options)
            : { headers: {}, query: [] }
          const parts = [...query].map(([name, value]) => `${name}=${encodeSegment(value)}`).concat(signed.query)
          return {
            method,
            url: parts.length === 0 ? url : `${url}?${parts.join('&')}`,
            headers: { ...asked, ...signed.headers, 'accept-encoding': 'identity' },
            ...(keep && { keep }),
            ...(body && { body }),
          }
        },
        options.retry,
      )
  }
}

export function blobOf(uri: string): AzureBlob | undefined {
  const hadoop = /^(?:wasb|abfs)s?:\/\/([$\w][\w-]*)@([a-z0-9.-]+(?::\d+)?)(?:\/(.*))?$/is.exec(uri)
  const web = /^https:\/\/([a-z0-9]+\.(?:blob|dfs)\.[a-z0-9.-]+)\/([$\w][\w-]*)(?:\/(.*))?$/is.exec(uri)
  const [host, container, path] = hadoop
    ? [hadoop[2]!, hadoop[1]!, hadoop[3] ?? '']
    : web
      ? [web[1]!, web[2]!, web[3] ?? '']
      : []
  if (host === undefined || container === undefined || path === undefined || encodePath(path) === undefined)
    return undefined
  // The file-system interface has a host of its own; the blobs are the same.
  return { endpoint: `https://${host.toLowerCase().replace(/^([a-z0-9]+)\.dfs\./, '$1.blob.')}`, container, path }
}

function hostOf(endpoint: string): string {
  return endpoint
    .replace(/^https?:\/\//i, '')
    .replace(/\/+$/, '')
    .toLowerCase()
}

function endpointOf(options: AzureOptions): string | undefined {
  if (options.endpoint !== undefined) return options.endpoint.replace(/\/+$/, '')
  return options.account === undefined ? undefined : `https://${options.account}.blob.core.windows.net`
}

/** URIs name the account by its usual host, also where an endpoint is given. */
function isOfAccount(blob: AzureBlob, options: AzureOptions): boolean {
  const endpoint = endpointOf(options)
  const host = hostOf(blob.endpoint)
  const isUsual = options.account !== undefined && host === `${options.account}.blob.core.windows.net`
  return isUsual || (endpoint !== undefined && host === hostOf(endpoint))
}

interface Authorization {
  readonly headers: Record<string, string>
  readonly query: readonly string[]
}

async function authorize(
  method: string,
  url: string,
  query: ReadonlyMap<string, string>,
  headers: Readonly<Record<string, string>>,
  options: AzureOptions,
): Promise<Authorization> {
  const { account, accountKey, bearerToken, sas } = options
  if (bearerToken !== undefined) return { headers: { authorization: `Bearer ${bearerToken}` }, query: [] }
  if (sas !== undefined) return { headers: {}, query: [sas.replace(/^\?/, '')] }
  if (account === undefined || accountKey === undefined) return { headers: {}, query: [] }
  const authorization = await sharedKey(method, url, query, headers, account, accountKey)
  return { headers: { authorization }, query: [] }
}

/**
 * The `Authorization` of a request ("Authorize with Shared Key" of the Blob service).
 *
 *     text := method LF, 11 lines of standard headers (of ours Content-Length, Content-Type, If-None-Match and Range),
 *             the x-ms- headers sorted, `/` account path, the query sorted by name
 */
export async function sharedKey(
  method: string,
  url: string,
  query: ReadonlyMap<string, string>,
  headers: Readonly<Record<string, string>>,
  account: string,
  accountKey: string,
): Promise<string> {
  const lines = [
    method,
    ...STANDARD_HEADERS.map((name) => headers[name] ?? ''),
    ...Object.keys(headers)
      .filter((name) => name.startsWith('x-ms-'))
      .sort()
      .map((name) => `${name}:${headers[name]}`),
    `/${account}${new URL(url).pathname}`,
    ...[...query.keys()].sort().map((name) => `${name}:${query.get(name)}`),
  ]
  const key = await crypto.subtle.importKey('raw', fromBase64(accountKey), { name: 'HMAC', hash: 'SHA-256' }, false, [
    'sign',
  ])
  const signature = await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(lines.join('\n')))
  return `SharedKey ${account}:${btoa(String.fromCharCode(...new Uint8Array(signature)))}`
}

const STANDARD_HEADERS: readonly string[] = [
  'content-encoding',
  'content-language',
  'content-length',
  'content-md5',
  'content-type',
  'date',
  'if-modified-since',
  'if-match',
  'if-none-match',
  'if-unmodified-since',
  'range',
]

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(text), (c) => c.charCodeAt(0))
  } catch {
    throw new KobelError('USAGE', 'the key of the storage account is not base64')
  }
}

function entriesOf(xml: string, base: string, prefix: string): StoreEntry[] {
  const found: StoreEntry[] = []
  for (const { content } of elementsOf(xml, 'BlobPrefix')) {
    const path = nameIn(content).replace(/\/$/, '')
    if (path.length > prefix.length) found.push({ name: nameOf(path), location: base + path, directory: true })
  }
  for (const { content } of elementsOf(xml, 'Blob')) {
    const path = nameIn(content)
    if (path.length <= prefix.length) continue
    const entry = { name: path.slice(prefix.length), location: base + path }
    const size = Number(textOf(content, 'Content-Length'))
    const modified = Date.parse(textOf(content, 'Last-Modified') ?? '')
    const directory = textOf(content, 'hdi_isfolder') === 'true' || textOf(content, 'ResourceType') === 'directory'
    found.push({
      ...entry,
      directory,
      ...(!directory && Number.isSafeInteger(size) && { size }),
      ...(!Number.isNaN(modified) && { modified }),
    })
  }
  return found
}

/** Names that XML cannot hold are percent-encoded, and marked. */
function nameIn(content: string): string {
  const element: XmlElement | undefined = elementsOf(content, 'Name')[0]
  const text = unescapeXml(element?.content ?? '')
  return element?.attributes.includes('Encoded="true"') ? decodeName(text) : text
}

export const explain: Explain = (answer) => {
  const xml = new TextDecoder().decode(answer.bytes)
  // An answer to HEAD has no body, but this header.
  return textOf(xml, 'Message') ?? answer.headers.get('x-ms-error-code') ?? undefined
}
