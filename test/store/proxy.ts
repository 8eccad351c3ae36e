import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Fetch } from '../../src/store/retry.ts'

/** Starts a server on a free port of the loopback interface. */
export async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  server.unref()
  return (server.address() as AddressInfo).port
}

export async function stop(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}

/** What happens to a request instead of an answer: a status, or a connection that is cut within the body. */
export type Fault = number | 'cut'

/** Stands before a server, passes requests on as they are (signatures hold), and counts. */
export class CountingProxy {
  requests = 0
  /** Of bodies, sent to the client. */
  bytes = 0
  readonly faults: Fault[] = []
  port = 0
  private readonly target: number
  private readonly admits: (seen: IncomingMessage) => boolean
  private readonly server: Server

  /** @param admits false for requests that are refused. */
  constructor(target: number, admits: (seen: IncomingMessage) => boolean = () => true) {
    this.target = target
    this.admits = admits
    this.server = createServer((incoming, outgoing) => this.pass(incoming, outgoing))
  }

  async start(): Promise<this> {
    this.port = await listen(this.server)
    return this
  }

  stop(): Promise<void> {
    return stop(this.server)
  }

  private pass(incoming: IncomingMessage, outgoing: ServerResponse): void {
    this.requests++
    const fault = this.admits(incoming) ? this.faults.shift() : 403
    if (typeof fault === 'number') {
      outgoing.writeHead(fault).end('a fault')
      return
    }
    const { method, url, headers } = incoming
    const passed = request(
      { host: '127.0.0.1', port: this.target, method, path: url, headers, agent: false },
      (answer) => {
        outgoing.writeHead(answer.statusCode!, answer.headers)
        if (fault === 'cut') {
          answer.once('end', () => outgoing.destroy())
          answer.once('data', (chunk: Buffer) => {
            outgoing.write(chunk.subarray(0, Math.ceil(chunk.length / 2)), () => outgoing.destroy())
            answer.destroy()
          })
          return
        }
        answer.on('data', (chunk: Buffer) => {
          this.bytes += chunk.length
        })
        answer.pipe(outgoing)
      },
    )
    passed.on('error', () => outgoing.destroy())
    outgoing.on('close', () => passed.destroy())
    incoming.pipe(passed)
  }
}

/** A `fetch` that connects to a port of this machine whatever the host of the URL is, and keeps the `Host` header. */
export function fetchAt(port: number): Fetch {
  return (url, { method, headers }) => {
    const { host, pathname, search } = new URL(url)
    return new Promise((resolve, reject) => {
      const sent = request(
        { host: '127.0.0.1', port, method, path: pathname + search, headers: { ...headers, host }, agent: false },
        (answer) => {
          const chunks: Buffer[] = []
          answer.on('data', (chunk: Buffer) => chunks.push(chunk))
          answer.on('error', reject)
          answer.on('end', () => {
            const bytes = Uint8Array.from(Buffer.concat(chunks))
            const get = (name: string) => (answer.headers[name] as string | undefined) ?? null
            resolve({ status: answer.statusCode!, headers: { get }, arrayBuffer: async () => bytes.buffer })
          })
        },
      )
      sent.on('error', reject)
      sent.end()
    })
  }
}
