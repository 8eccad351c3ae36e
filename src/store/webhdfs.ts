import { KobelError } from '../error.ts'
import { type Explain, failed } from './http.ts'
import { encodePath, encodeSegment } from './object-path.ts'
import { type Answer, type Fetch, type RetryOptions, request } from './retry.ts'
import { exactly, join, type Store, type StoreEntry } from './store.ts'

export interface WebHdfsOptions {
  /**
   * Base URLs of the name nodes (`http://namenode:9870`) or of a gateway, for `hdfs:` URIs; where one is on standby, the
   * next is asked. `webhdfs://host:port` and `swebhdfs://host:port` name their own.
   */
  readonly endpoints?: readonly string[] | undefined
  /** `user.name` of requests, where Hadoop's simple authentication is on. */
  readonly user?: string | undefined
  /** A delegation token, sent instead of the user. */
  readonly delegationToken?: string | undefined
  readonly fetch?: Fetch
  readonly retry?: RetryOptions
}

interface HdfsFile {
  /** Base URLs to ask. */
  readonly endpoints: readonly string[]
  readonly path: string
}

interface FileStatus {
  readonly name: string
  readonly directory: boolean
  readonly length: number
  readonly modified: number
}

/** Files of HDFS, by its REST interface. Locations are the URIs, `hdfs://authority/path`. */
export class WebHdfsStore implements Store {
  private readonly options: WebHdfsOptions
  /** Which of the endpoints answered last, for each list of them. */
  private readonly active = new Map<string, number>()

  constructor(options: WebHdfsOptions = {}) {
    this.options = options
  }

  locate(uri: string): string | undefined {
    return this.fileOf(uri) && uri
  }

  async read(location: string, start: number, end: number): Promise<Uint8Array> {
    return exactly(await this.readAtMost(location, start, end), location, start, end)
  }

  /** The answer to OPEN is a redirect to a data node, which `fetch` follows. */
  async readAtMost(location: string, start: number, end: number): Promise<Uint8Array> {
    if (start >= end) return new Uint8Array(0)
    const query = `op=OPEN&offset=${start}&length=${end - start}`
    const answer = await this.ask(location, query, { start: 0, end: end - start })
    // What a name node says of an offset at or behind the end.
    if (answer.status === 403 && remoteException(answer)?.message.startsWith('Offset=')) return new Uint8Array(0)
    if (answer.status !== 200) throw failed(location, answer, explain)
    return answer.bytes
  }

  async readWhole(location: string): Promise<Uint8Array> {
    const answer = await this.ask(location, 'op=OPEN')
    if (answer.status !== 200) throw failed(location, answer, explain)
    return answer.bytes
  }

  async size(location: string): Promise<number | undefined> {
    if (!this.fileOf(location)) return undefined
    const answer = await this.ask(location, 'op=GETFILESTATUS')
    if (answer.status === 404) return undefined
    if (answer.status !== 200) throw failed(location, answer, explain)
    const status = statusOf(member(jsonOf(answer, location), 'FileStatus'), location)
    return status.directory ? undefined : status.length
  }

  async list(location: string): Promise<StoreEntry[]> {
    if (!this.fileOf(location)) return []
    const answer = await this.ask(location, 'op=LISTSTATUS')
    if (answer.status === 404) return []
    if (answer.status !== 200) throw failed(location, answer, explain)
    const statuses = member(member(jsonOf(answer, location), 'FileStatuses'), 'FileStatus')
    if (!Array.isArray(statuses)) throw strange(location)
    return (
      statuses
        .map((each: unknown) => statusOf(each, location))
        // Of a file, the one status has no name.
        .filter(({ name }) => name !== '' && !name.includes('/'))
        .map(({ name, directory, length, modified }) => ({
          name,
          location: join(location, name),
          directory,
          modified,
          ...(!directory && { size: length }),
        }))
    )
  }

  private fileOf(uri: string): HdfsFile | undefined {
    const match = /^(hdfs|s?webhdfs):\/\/([a-z0-9._-]*(?::\d+)?)(\/.*)?$/is.exec(uri)
    if (!match) return undefined
    const scheme = match[1]!.toLowerCase()
    const path = encodePath((match[3] ?? '').replace(/\/+$/, '') || '/')
    if (path === undefined || (scheme !== 'hdfs' && match[2] === '')) return undefined
    const own = `${scheme === 'swebhdfs' ? 'https' : 'http'}://${match[2]}`
    return { endpoints: scheme === 'hdfs' ? (this.options.endpoints ?? []) : [own], path }
  }

  private async ask(
    location: string,
    query: string,
    keep?: { readonly start: number; readonly end: number },
  ): Promise<Answer> {
    const file = this.fileOf(location)
    if (!file || file.endpoints.length === 0) {
      throw new KobelError(
        'USAGE',
        'HDFS is read by WebHDFS: say where it is with KOBEL_WEBHDFS_URL=http://namenode:9870, or name a webhdfs:// URI',
        { file: location },
      )
    }
    const list = file.endpoints.join(',')
    for (let tried = 1; ; tried++) {
      const at = this.active.get(list) ?? 0
      const url = `${file.endpoints[at]!.replace(/\/+$/, '')}/webhdfs/v1${file.path}?${query}${this.identity()}`
      const isLast = tried === file.endpoints.length
      try {
        const answer = await request(
          this.options.fetch ?? globalThis.fetch,
          location,
          async () => ({
            method: 'GET',
            url,
            headers: { 'accept-encoding': 'identity' },
            ...(keep && { keep }),
          }),
          this.options.retry,
        )
        if (isLast || remoteException(answer)?.exception !== 'StandbyException') return answer
      } catch (error) {
        if (isLast) throw error
      }
      this.active.set(list, (at + 1) % file.endpoints.length)
    }
  }

  private identity(): string {
    const { delegationToken, user } = this.options
    if (delegationToken !== undefined) return `&delegation=${encodeSegment(delegationToken)}`
    return user === undefined ? '' : `&user.name=${encodeSegment(user)}`
  }
}

interface RemoteException {
  readonly exception: string
  readonly message: string
}

function remoteException(answer: Answer): RemoteException | undefined {
  if (answer.status < 400) return undefined
  try {
    const parsed = member(JSON.parse(new TextDecoder().decode(answer.bytes)), 'RemoteException')
    return { exception: String(member(parsed, 'exception')), message: String(member(parsed, 'message')) }
  } catch {
    return undefined
  }
}

const explain: Explain = (answer) => {
  const found = remoteException(answer)
  return found && `${found.exception}: ${found.message}`
}

function jsonOf(answer: Answer, location: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(answer.bytes))
  } catch {
    throw strange(location)
  }
}

function statusOf(value: unknown, location: string): FileStatus {
  const [name, type, length, modified] = ['pathSuffix', 'type', 'length', 'modificationTime'].map((each) =>
    member(value, each),
  )
  if (typeof name !== 'string' || typeof length !== 'number' || !Number.isSafeInteger(length) || length < 0) {
    throw strange(location)
  }
  return { name, directory: type === 'DIRECTORY', length, modified: typeof modified === 'number' ? modified : 0 }
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

function strange(location: string): KobelError {
  return new KobelError('STORE', 'the server’s answer is not one of WebHDFS', { file: location })
}
