import { KobelError } from '../error.ts'

/** What stores use of the global `fetch`; another one can be given, for credentials or tests. */
export type Fetch = (url: string, init: FetchInit) => Promise<FetchResponse>

export interface FetchInit {
  readonly method: string
  readonly headers: Record<string, string>
  readonly signal: AbortSignal
  readonly body?: Uint8Array<ArrayBuffer>
}

export interface FetchResponse {
  readonly status: number
  readonly headers: { get(name: string): string | null }
  /** Where it is there, no more is fetched than is wanted. */
  readonly body?: { getReader(): BodyReader } | null
  arrayBuffer(): Promise<ArrayBuffer>
}

interface BodyReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>
  cancel(): Promise<void>
}

export interface RetryOptions {
  /** Requests at most, the first one included. */
  readonly attempts?: number
  /** Before the second request; it doubles from then on, and a random part of up to a half is taken off. */
  readonly firstWaitMs?: number
  readonly maxWaitMs?: number
  /** For one request with its answer. */
  readonly timeoutMs?: number
}

export interface Request {
  readonly method: Method
  readonly url: string
  readonly headers: Record<string, string>
  readonly body?: Uint8Array
  /** What is wanted of the file if the server sends all of it; `end` is also the most that is taken of any answer. */
  readonly keep?: { readonly start: number; readonly end: number }
}

/** What a request does: stores that are only read need the first two. */
export type Method = 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'

export interface Answer {
  readonly status: number
  readonly headers: { get(name: string): string | null }
  readonly bytes: Uint8Array
  /** Whether it answers another try: an earlier one may have had its effect. */
  readonly repeated: boolean
}

/** Statuses that another try may mend; all else is an answer. */
const PASSING: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504])
const MAX_BODY_BYTES = 2 ** 31 - 1
/** Of answers that explain an error. */
const MAX_REASON_BYTES = 1 << 16

/**
 * One answer with its bytes. Lost connections, timeouts and statuses that pass are tried again with growing, jittered
 * waits; every other status is given back at once. `prepare` is asked before each try: signatures have a time in them.
 *
 * @throws KobelError `STORE` where no server answers; `LIMIT` for more bytes than an array holds.
 */
export async function request(
  fetch: Fetch,
  location: string,
  prepare: () => Promise<Request>,
  options: RetryOptions = {},
): Promise<Answer> {
  const attempts = options.attempts ?? 5
  for (let attempt = 1; ; attempt++) {
    let wait = backOff(attempt, options)
    const asked = await prepare()
    try {
      const signal = AbortSignal.timeout(options.timeoutMs ?? 60_000)
      const { method, headers, body } = asked
      // A body is given in a buffer of its own size: others may be shared, which `fetch` refuses.
      const sent = body && { body: Uint8Array.from(body) }
      const response = await fetch(asked.url, { method, headers, signal, ...sent })
      const answer = {
        status: response.status,
        headers: response.headers,
        bytes: await readBody(response, asked, location),
        repeated: attempt > 1,
      }
      if (attempt >= attempts || !PASSING.has(answer.status)) return answer
      wait = Math.max(wait, Math.min(retryAfter(answer), options.maxWaitMs ?? MAX_WAIT_MS))
    } catch (error) {
      if (error instanceof KobelError) throw error
      if (attempt >= attempts) {
        throw new KobelError('STORE', `the server could not be reached: ${causeOf(error)}`, { file: location })
      }
    }
    await new Promise((resolve) => setTimeout(resolve, wait))
  }
}

const MAX_WAIT_MS = 10_000

function backOff(attempt: number, options: RetryOptions): number {
  const full = Math.min((options.firstWaitMs ?? 200) * 2 ** (attempt - 1), options.maxWaitMs ?? MAX_WAIT_MS)
  return full * (1 - Math.random() / 2)
}

/** Milliseconds that the server asks for, 0 where it does not. */
function retryAfter(answer: Answer): number {
  const text = answer.headers.get('retry-after')
  if (text === null) return 0
  const wait = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now()
  return Number.isFinite(wait) ? Math.max(0, wait) : 0
}

/** `fetch failed` says nothing: what lies behind it does. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  if (!(cause instanceof Error)) return String(cause)
  return cause.message || String((cause as { code?: unknown }).code ?? cause.name)
}

async function readBody(response: FetchResponse, asked: Request, location: string): Promise<Uint8Array> {
  if (asked.method === 'HEAD') return new Uint8Array(0)
  const isFile = response.status === 200 || response.status === 206
  const skipped = response.status === 200 ? (asked.keep?.start ?? 0) : 0
  const wanted = !isFile ? MAX_REASON_BYTES : asked.keep ? asked.keep.end - asked.keep.start : MAX_BODY_BYTES
  if (!response.body) return new Uint8Array(await response.arrayBuffer()).slice(skipped, skipped + wanted)
  const reader = response.body.getReader()
  const chunks: Uint8Array[] = []
  let seen = 0
  let kept = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done || value === undefined) return joined(chunks, kept)
    const chunk = value.subarray(Math.max(0, skipped - seen), Math.max(0, skipped + wanted - seen))
    seen += value.length
    kept += chunk.length
    if (chunk.length > 0) chunks.push(chunk)
    if (seen > skipped + wanted) break
  }
  // A server without ranges goes on sending: the connection is dropped instead.
  reader.cancel().catch(() => undefined)
  if (isFile && !asked.keep)
    throw new KobelError('LIMIT', `the file has more than ${MAX_BODY_BYTES} bytes`, { file: location })
  return joined(chunks, kept)
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  if (chunks.length === 1) return chunks[0]!
  const bytes = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}
