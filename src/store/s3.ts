import { KobelError } from '../error.ts'
import { type Explain, failed, getRange, getWhole, headSize, type Send } from './http.ts'
import { decodeName, elementsOf, encodePath, encodeSegment, textOf } from './object-path.ts'
import { type Answer, type Fetch, type RetryOptions, request } from './retry.ts'
import { exactly, nameOf, notFound, type Store, type StoreEntry } from './store.ts'

export interface S3Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

export interface S3Options {
  /** `us-east-1` if unset; where a bucket of AWS lies elsewhere, it says so and is asked there. */
  readonly region?: string | undefined
  /** The URL of a service other than AWS. */
  readonly endpoint?: string | undefined
  /** The bucket in the path, not in the host: the default with an endpoint, and for buckets whose name is no host. */
  readonly pathStyle?: boolean | undefined
  /** Signs requests; asked before each one, so that they can be renewed. Without any, requests are not signed. */
  readonly credentials?: S3Credentials | (() => Promise<S3Credentials | undefined>) | undefined
  /** An OAuth access token, sent instead of a signature. */
  readonly bearerToken?: string | undefined
  readonly fetch?: Fetch
  readonly retry?: RetryOptions
  /** Entries per page of a listing. */
  readonly pageSize?: number
}

export interface S3Object {
  readonly bucket: string
  readonly key: string
}

/** What S3 speaks: schemes of URIs, the first of which locations have. */
const S3_SCHEMES: readonly string[] = ['s3', 's3a', 's3n', 's3p']
export const GCS_SCHEMES: readonly string[] = ['gs']
const GCS_ENDPOINT = 'https://storage.googleapis.com'
/** A listing that goes on for longer is broken. */
const MAX_PAGES = 10_000

/** Objects in S3 and in services that speak its protocol. Locations are `s3://bucket/key`. */
export class S3Store implements Store {
  protected readonly schemes: readonly string[]
  private readonly settings: () => Promise<S3Options>
  private known: Promise<S3Options> | undefined
  /** Regions that buckets turned out to lie in. */
  private readonly regions = new Map<string, string>()

  /** @param settings options, or a function that finds them when the first request is made. */
  constructor(settings: S3Options | (() => Promise<S3Options>) = {}, schemes: readonly string[] = S3_SCHEMES) {
    this.settings = typeof settings === 'function' ? settings : async () => settings
    this.schemes = schemes
  }

  locate(uri: string): string | undefined {
    const object = this.objectOf(uri)
    return object && `${this.schemes[0]}://${object.bucket}${object.key === '' ? '' : `/${object.key}`}`
  }

  async read(location: string, start: number, end: number): Promise<Uint8Array> {
    return exactly(await this.readAtMost(location, start, end), location, start, end)
  }

  async readAtMost(location: string, start: number, end: number): Promise<Uint8Array> {
    const object = this.objectOf(location)
    if (!object?.key) throw notFound(location)
    return getRange(await this.sender(object, location), location, start, end, await this.explainer())
  }

  async readWhole(location: string): Promise<Uint8Array> {
    const object = this.objectOf(location)
    if (!object?.key) throw notFound(location)
    return getWhole(await this.sender(object, location), location, await this.explainer())
  }

  async size(location: string): Promise<number | undefined> {
    const object = this.objectOf(location)
    if (!object?.key || object.key.endsWith('/')) return undefined
    return headSize(await this.sender(object, location), location, await this.explainer())
  }

  async list(location: string): Promise<StoreEntry[]> {
    const object = this.objectOf(location)
    if (!object) return []
    const prefix = object.key === '' ? '' : `${object.key.replace(/\/+$/, '')}/`
    const entries = new Map<string, StoreEntry>()
    const { pageSize } = await this.load()
    let token: string | undefined
    for (let page = 0; ; page++) {
      const query = [
        ...(token === undefined ? [] : [`continuation-token=${encodeSegment(token)}`]),
        'delimiter=%2F',
        'encoding-type=url',
        'list-type=2',
        ...(pageSize === undefined ? [] : [`max-keys=${pageSize}`]),
        `prefix=${encodeSegment(prefix)}`,
      ]
      const send = await this.sender({ bucket: object.bucket, key: '' }, location, `?${query.join('&')}`)
      const answer = await send('GET', {})
      if (answer.status === 404) return []
      if (answer.status !== 200) throw failed(location, answer, await this.explainer())
      const xml = new TextDecoder().decode(answer.bytes)
      for (const entry of this.entriesOf(xml, object.bucket, prefix)) keep(entries, entry)
      const next = textOf(xml, 'IsTruncated') === 'true' ? textOf(xml, 'NextContinuationToken') : undefined
      if (!next) return [...entries.values()]
      if (next === token || page >= MAX_PAGES) {
        throw new KobelError('STORE', 'the server’s listing does not end', { file: location })
      }
      token = next
    }
  }

  private entriesOf(xml: string, bucket: string, prefix: string): StoreEntry[] {
    const decode = textOf(xml, 'EncodingType') === 'url' ? (key: string) => decodeName(key.replace(/\+/g, ' ')) : String
    const at = (key: string) => `${this.schemes[0]}://${bucket}/${key}`
    const found: StoreEntry[] = []
    for (const { content } of elementsOf(xml, 'CommonPrefixes')) {
      const key = decode(textOf(content, 'Prefix') ?? '').replace(/\/$/, '')
      if (key.length > prefix.length) found.push({ name: nameOf(key), location: at(key), directory: true })
    }
    for (const { content } of elementsOf(xml, 'Contents')) {
      const key = decode(textOf(content, 'Key') ?? '')
      // Hadoop's clients mark directories with empty objects.
      if (key.length <= prefix.length || key.endsWith('/') || key.endsWith('_$folder$')) continue
      const modified = Date.parse(textOf(content, 'LastModified') ?? '')
      const size = Number(textOf(content, 'Size'))
      found.push({
        name: key.slice(prefix.length),
        location: at(key),
        directory: false,
        ...(Number.isSafeInteger(size) && { size }),
        ...(!Number.isNaN(modified) && { modified }),
      })
    }
    return found
  }

  protected objectOf(uri: string): S3Object | undefined {
    const match = /^([a-z0-9]+):\/\/([a-z0-9][a-z0-9._-]*)(?:\/(.*))?$/is.exec(uri)
    if (!match || !this.schemes.includes(match[1]!.toLowerCase())) return undefined
    const key = match[3] ?? ''
    return encodePath(key) === undefined ? undefined : { bucket: match[2]!, key }
  }

  private load(): Promise<S3Options> {
    this.known ??= this.settings().catch((error) => {
      this.known = undefined
      throw error
    })
    return this.known
  }

  protected async sender(object: S3Object, location: string, query = ''): Promise<Send> {
    const options = await this.load()
    return async (method, headers, keep, body) => {
      const ask = () =>
        request(
          options.fetch ?? globalThis.fetch,
          location,
          async () => {
            const region = this.regions.get(object.bucket) ?? options.region ?? 'us-east-1'
            const url = urlOf(object, region, options) + query
            const signed = await authorize(method, url, region, options)
            return {
              method,
              url,
              headers: { ...headers, ...signed, ...PLAIN },
              ...(keep && { keep }),
              ...(body && { body }),
            }
          },
          options.retry,
        )
      const answer = await ask()
      return this.learnRegion(object.bucket, answer, options) ? ask() : answer
    }
  }

  /** Whether the bucket said that it lies in another region than was asked. */
  private learnRegion(bucket: string, answer: Answer, options: S3Options): boolean {
    if (answer.status < 300 || options.endpoint !== undefined) return false
    const region = answer.headers.get('x-amz-bucket-region')
    const asked = this.regions.get(bucket) ?? options.region ?? 'us-east-1'
    if (region === null || region === asked || !/^[a-z0-9-]+$/.test(region)) return false
    this.regions.set(bucket, region)
    return true
  }

  protected async explainer(): Promise<Explain> {
    const options = await this.load()
    return (answer) => {
      const xml = new TextDecoder().decode(answer.bytes)
      const reason = [textOf(xml, 'Code'), textOf(xml, 'Message')].filter((each) => each !== undefined).join(': ')
      const isAnonymous = options.credentials === undefined && options.bearerToken === undefined
      return isAnonymous
        ? `${reason}${reason ? '; ' : ''}no credentials were found, the request was not signed`
        : reason
    }
  }
}

/**
 * Google Cloud Storage by its XML API, which takes the requests of S3: with an OAuth access token, an HMAC key as
 * credentials, or unsigned. Locations are `gs://bucket/key`.
 */
export function gcsStore(settings: S3Options | (() => Promise<S3Options>) = {}): S3Store {
  return new S3Store(gcsSettings(settings), GCS_SCHEMES)
}

export function gcsSettings(settings: S3Options | (() => Promise<S3Options>)): () => Promise<S3Options> {
  const options = typeof settings === 'function' ? settings : async () => settings
  return async () => {
    const given = await options()
    return { ...given, endpoint: given.endpoint ?? GCS_ENDPOINT, region: given.region ?? 'auto' }
  }
}

/** Servers and proxies would else pack files, and ranges would be those of the packed ones. It is never signed. */
const PLAIN: Readonly<Record<string, string>> = { 'accept-encoding': 'identity' }

/** A directory and a file of one name: the directory is kept. */
function keep(entries: Map<string, StoreEntry>, entry: StoreEntry): void {
  if (entry.directory || !entries.get(entry.name)?.directory) entries.set(entry.name, entry)
}

function urlOf({ bucket, key }: S3Object, region: string, options: S3Options): string {
  // A dot in a bucket's name does not match the certificate, and other names are no host names.
  const pathStyle = options.pathStyle ?? (options.endpoint !== undefined || !/^[a-z0-9][a-z0-9-]*$/.test(bucket))
  const base = new URL(options.endpoint ?? `https://s3.${region}.amazonaws.com`)
  const path = `${base.pathname.replace(/\/+$/, '')}${pathStyle ? `/${bucket}` : ''}/${encodePath(key)}`
  return `${base.protocol}//${pathStyle ? '' : `${bucket}.`}${base.host}${path}`
}

async function authorize(
  method: string,
  url: string,
  region: string,
  options: S3Options,
): Promise<Record<string, string>> {
  if (options.bearerToken !== undefined) return { authorization: `Bearer ${options.bearerToken}` }
  const { credentials } = options
  const found = typeof credentials === 'function' ? await credentials() : credentials
  if (!found) return {}
  const { AwsV4Signer } = await import('aws4fetch').catch((cause) => {
    throw new KobelError('USAGE', 'requests are signed by the package aws4fetch: npm install aws4fetch', {}, { cause })
  })
  const { sessionToken } = found
  const { headers } = await new AwsV4Signer({
    method,
    url,
    accessKeyId: found.accessKeyId,
    secretAccessKey: found.secretAccessKey,
    ...(sessionToken !== undefined && { sessionToken }),
    service: 's3',
    region,
  }).sign()
  return Object.fromEntries(headers)
}
