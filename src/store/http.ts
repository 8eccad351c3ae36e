import { KobelError } from '../error.ts'
import { notFound, type Store, type StoreEntry, tooShort } from './store.ts'

/** What this store uses of the global `fetch`; another one can be given, for credentials or tests. */
export type Fetch = (url: string, init: { method: string; headers: Record<string, string> }) => Promise<FetchResponse>

export interface FetchResponse {
  readonly status: number
  readonly headers: { get(name: string): string | null }
  arrayBuffer(): Promise<ArrayBuffer>
}

const ATTEMPTS = 4
const FIRST_WAIT_MS = 200

/** Files behind HTTP(S), read by range requests. There is no way to list a directory. */
export class HttpStore implements Store {
  private readonly fetch: Fetch

  constructor(fetch: Fetch = globalThis.fetch) {
    this.fetch = fetch
  }

  locate(uri: string): string | undefined {
    return /^https?:\/\//.test(uri) ? uri : undefined
  }

  async read(location: string, start: number, end: number): Promise<Uint8Array> {
    if (start === end) return new Uint8Array(0)
    const response = await this.request(location, 'GET', { range: `bytes=${start}-${end - 1}` })
    if (response.status === 404) throw notFound(location)
    if (response.status === 416) throw tooShort(location, end, start)
    if (response.status !== 206 && response.status !== 200) throw failed(location, response.status)
    const bytes = new Uint8Array(await response.arrayBuffer())
    // A server without ranges answers with the whole file.
    const wanted = response.status === 200 ? bytes.subarray(start, end) : bytes
    if (wanted.length !== end - start) throw tooShort(location, end, start + wanted.length)
    return wanted
  }

  async readWhole(location: string): Promise<Uint8Array> {
    const response = await this.request(location, 'GET', {})
    if (response.status === 404) throw notFound(location)
    if (response.status !== 200) throw failed(location, response.status)
    return new Uint8Array(await response.arrayBuffer())
  }

  async size(location: string): Promise<number | undefined> {
    const response = await this.request(location, 'HEAD', {})
    if (response.status === 404) return undefined
    if (response.status !== 200) throw failed(location, response.status)
    const length = response.headers.get('content-length')
    if (length === null)
      throw new KobelError('STORE', 'the server does not say how long the file is', { file: location })
    return Number(length)
  }

  async list(): Promise<StoreEntry[]> {
    return []
  }

  private async request(url: string, method: string, headers: Record<string, string>): Promise<FetchResponse> {
    for (let attempt = 1; ; attempt++) {
      try {
        const response = await this.fetch(url, { method, headers })
        if (attempt === ATTEMPTS || (response.status < 500 && response.status !== 429)) return response
      } catch (error) {
        if (attempt === ATTEMPTS) {
          throw new KobelError(
            'STORE',
            `the server could not be reached: ${error instanceof Error ? error.message : error}`,
            { file: url },
          )
        }
      }
      await new Promise((resolve) => setTimeout(resolve, FIRST_WAIT_MS * 2 ** (attempt - 1)))
    }
  }
}

function failed(location: string, status: number): KobelError {
  return new KobelError('STORE', `the server answered with the status ${status}`, { file: location })
}
