import type { MessagePort } from 'node:worker_threads'
import { KobelError } from '../../error.ts'
import type { ColumnBatch } from '../scan.ts'
import { packColumns } from './pack.ts'
import { BATCHES_AHEAD, EVENTS, type ScanMessage } from './protocol.ts'

/** A scan that feeds DuckDB with the rows it asks for, until it is stopped. */
export interface RunningScan {
  /** What it failed with. */
  readonly error: unknown
  stop(): void
}

export interface ScanHooks {
  readonly control: Int32Array<SharedArrayBuffer>
  readonly onRows: (count: number) => void
}

/** Sends the batches of `open()` to the port, no more than {@link BATCHES_AHEAD} at once, and their end or error. */
export function startScan(open: () => AsyncIterable<ColumnBatch>, port: MessagePort, hooks: ScanHooks): RunningScan {
  const pool: ArrayBuffer[] = []
  let ahead = 0
  let stopped = false
  let wake: (() => void) | undefined
  let failure: unknown
  const wakeUp = (): void => {
    wake?.()
    wake = undefined
  }
  port.on('message', (buffer: ArrayBuffer) => {
    pool.push(buffer)
    ahead--
    wakeUp()
  })
  port.on('close', () => {
    stopped = true
    wakeUp()
  })
  const send = (message: ScanMessage, transfer: ArrayBuffer[] = []): void => {
    port.postMessage(message, transfer)
    Atomics.add(hooks.control, EVENTS, 1)
    Atomics.notify(hooks.control, EVENTS)
  }
  const take = (bytes: number): ArrayBuffer => {
    const kept = pool.pop()
    return kept && kept.byteLength >= bytes ? kept : new ArrayBuffer(Math.max(bytes + (bytes >> 2), 1 << 16))
  }
  const room = async (): Promise<void> => {
    while (ahead >= BATCHES_AHEAD && !stopped) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  const run = async (): Promise<void> => {
    try {
      for await (const batch of open()) {
        if (batch.length === 0) continue
        await room()
        if (stopped) return
        const { buffer, columns } = packColumns(batch.columns, take)
        ahead++
        hooks.onRows(batch.length)
        send({ type: 'batch', length: batch.length, columns, buffer }, [buffer])
        // Rows handed back lie in the queue of the event loop, which reading from memory would never reach.
        await new Promise((resolve) => setImmediate(resolve))
      }
      if (!stopped) send({ type: 'end' })
    } catch (error) {
      failure = error
      const message = error instanceof KobelError ? error.describe() : String(error)
      if (!stopped) send({ type: 'error', message })
    }
    // The other side closes the port when it has taken the last message.
  }
  void run()
  return {
    get error() {
      return failure
    },
    stop() {
      stopped = true
      wakeUp()
      port.close()
    },
  }
}
