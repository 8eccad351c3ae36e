import { KobelError } from '../error.ts'
import { type Answer, type Fetch, type Method, type Request, type RetryOptions, request } from './retry.ts'
import { exactly, notFound, type Store, type StoreEntry } from './store.ts'

export interface HttpOptions {
  readonly fetch?: Fetch
  readonly retry?: RetryOptions
}

/** Files behind HTTP(S), read by range requests. There is no way to list a directory. */
export class HttpStore implements Store {
  private readonly fetch: Fetch
  private readonly retry: RetryOptions

  constructor(options: HttpOptions = {}) {
    this.fetch = options.fetch ?? globalThis.fetch
    this.retry = options.retry ?? {}
  }

  locate(uri: string): string | undefined {
    return /^https?:\/\//.test(uri) ? uri : undefined
  }

  async read(location: string, start: number, end: number): Promise<Uint8Array> {
    return exactly(await this.readAtMost(location, start, end), location, start, end)
  }

  readAtMost(location: string, start: number, end: number): Promise<Uint8Array> {
    return getRange(this.sender(location), location, start, end)
  }

  readWhole(location: string): Promise<Uint8Array> {
    return getWhole(this.sender(location), location)
  }

  size(location: string): Promise<number | undefined> {
    return headSize(this.sender(location), location)
  }

  async list(): Promise<StoreEntry[]> {
    return []
  }

  private sender(location: string): Send {
    return (method, headers, keep) => {
      const asked: Request = { method, url: location, headers, ...(keep && { keep }) }
      return request(this.fetch, location, async () => asked, this.retry)
    }
  }
}

/** Asks for one object, however the store at hand names and signs it. */
export type Send = (
  method: Method,
  headers: Record<string, string>,
  keep?: { readonly start: number; readonly end: number },
  body?: Uint8Array,
) => Promise<Answer>

/** What an answer that is an error says, for people; undefined where it says nothing. */
export type Explain = (answer: Answer) => string | undefined

/** As `Store.readAtMost`, by a GET with a range. */
export async function getRange(
  send: Send,
  location: string,
  start: number,
  end: number,
  explain?: Explain,
): Promise<Uint8Array> {
  if (start >= end) return new Uint8Array(0)
  const answer = await send('GET', { range: `bytes=${start}-${end - 1}` }, { start, end })
  if (answer.status === 416) return new Uint8Array(0)
  if (answer.status !== 206 && answer.status !== 200) throw failed(location, answer, explain)
  const range = /^bytes (\d+)-(\d+)\//.exec(answer.headers.get('content-range') ?? '')
  // Some servers send more than was asked for, which has been cut off.
  const sent = range ? Math.min(Number(range[2]) + 1 - Number(range[1]), end - start) : answer.bytes.length
  if (answer.status === 206 && ((range && Number(range[1]) !== start) || sent !== answer.bytes.length)) {
    throw new KobelError('STORE', `the server sent other bytes than it was asked for: ${range?.[0] ?? 'no range'}`, {
      file: location,
      offset: start,
    })
  }
  return answer.bytes
}

/** As `Store.readWhole`, by a GET. */
export async function getWhole(send: Send, location: string, explain?: Explain): Promise<Uint8Array> {
  const answer = await send('GET', {})
  if (answer.status !== 200) throw failed(location, answer, explain)
  return answer.bytes
}

/** As `Store.size`, by a HEAD. */
export async function headSize(send: Send, location: string, explain?: Explain): Promise<number | undefined> {
  const answer = await send('HEAD', {})
  if (answer.status === 404) return undefined
  if (answer.status !== 200) throw failed(location, answer, explain)
  const length = Number(answer.headers.get('content-length') ?? Number.NaN)
  if (Number.isSafeInteger(length) && length >= 0) return length
  throw new KobelError('STORE', 'the server does not say how long the file is', { file: location })
}

/** The error of an answer that is neither the bytes nor a passing fault. */
export function failed(location: string, answer: Answer, explain?: Explain): KobelError {
  if (answer.status === 404) return notFound(location)
  const reason = explain?.(answer)
  const what = answer.status === 401 || answer.status === 403 ? 'the server refuses access' : 'the server failed'
  return new KobelError('STORE', `${what} (status ${answer.status})${reason ? `: ${printable(reason)}` : ''}`, {
    file: location,
  })
}

/** Text of a server, for a terminal. */
function printable(text: string): string {
  const plain = text.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim()
  return plain.length > 300 ? `${plain.slice(0, 300)}…` : plain
}
