import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import type { Column } from '../../serializer/columns.ts'
import { unpackColumn } from './pack.ts'
import { CANCELLED, EVENTS, type FromEngine, type ScanMessage, type ScanRequest } from './protocol.ts'

/** A run of rows, at most as many as a vector of DuckDB takes. */
export interface FedRows {
  readonly columns: readonly { readonly name: string; readonly column: Column }[]
  readonly start: number
  readonly count: number
}

/**
 * The rows of a scan that another thread makes, asked for by a callback that must not return before they are there: it
 * sleeps on the shared counter until a message is in the port's queue, which can be taken without the event loop. Each
 * batch taken is answered with its memory, which allows the next one.
 */
export class Feed {
  private readonly port: MessagePort
  private readonly control: Int32Array<SharedArrayBuffer>
  private readonly statement: number
  private batch: { columns: FedRows['columns']; length: number; buffer: ArrayBuffer } | undefined
  private row = 0
  private ended = false

  constructor(
    post: (message: FromEngine, transfer: MessagePort[]) => void,
    control: Int32Array<SharedArrayBuffer>,
    statement: number,
    request: ScanRequest,
  ) {
    const { port1, port2 } = new MessageChannel()
    this.port = port1
    this.control = control
    this.statement = statement
    post({ type: 'scan', statement, request, port: port2 }, [port2])
  }

  /** The next rows, undefined behind the last. Throws what the scan failed with, and where the statement is cancelled. */
  next(most: number): FedRows | undefined {
    if (this.batch && this.row >= this.batch.length) this.giveBack(this.batch)
    while (this.batch === undefined) {
      if (this.ended) return undefined
      this.take(this.wait())
    }
    const { columns, length } = this.batch
    const start = this.row
    const count = Math.min(most, length - start)
    this.row += count
    return { columns, start, count }
  }

  private giveBack({ buffer }: { buffer: ArrayBuffer }): void {
    this.batch = undefined
    this.port.postMessage(buffer, [buffer])
  }

  private wait(): ScanMessage {
    for (;;) {
      const seen = Atomics.load(this.control, EVENTS)
      const found = receiveMessageOnPort(this.port) as { message: ScanMessage } | undefined
      if (found) return found.message
      if (Atomics.load(this.control, CANCELLED) >= this.statement) throw new Error('the statement was cancelled')
      Atomics.wait(this.control, EVENTS, seen)
    }
  }

  private take(message: ScanMessage): void {
    if (message.type === 'batch') {
      const { buffer, length } = message
      const columns = message.columns.map(({ name, column }) => ({ name, column: unpackColumn(column, buffer) }))
      this.batch = { columns, length, buffer }
      this.row = 0
      return
    }
    this.close()
    if (message.type === 'error') throw new Error(message.message)
  }

  /** No rows are wanted any more. */
  close(): void {
    this.ended = true
    this.port.close()
  }
}
