import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { KobelError } from '../error.ts'
import { type ColumnBatch, type ScanTableOptions, scanTable } from '../query/scan.ts'
import { findTable, tablesOf } from '../query/table.ts'
import { openSnapshotIn } from '../snapshot/open.ts'
import { OperatorState } from '../snapshot/operator-state.ts'
import type { OpenOptions } from '../snapshot/options.ts'
import { openStore } from './open-store.ts'
import type { ScanSettings, Sent } from './scan-worker.ts'

export interface ScanInThreadsOptions
  extends Pick<ScanTableOptions, 'columns' | 'keyGroups' | 'rowsPerBatch' | 'compile'> {
  /** As many as there are processors by default. */
  readonly threads?: number
  /** Stops the scan; what waits for a batch is rejected with the signal's reason. */
  readonly signal?: AbortSignal
  /** How the snapshot is opened. Functions (rows of serializers, codecs) cannot be handed to a thread. */
  readonly open?: Omit<OpenOptions, 'serializers' | 'decompressors'>
}

/** Ranges of key groups a thread: uneven ones even out, and each of them is large enough to pay. */
const RANGES_PER_THREAD = 4
/** Batches of a thread that wait to be taken. */
const BATCHES_AHEAD = 2

/**
 * The rows of `scanTable` by several threads, each of which reads ranges of key groups by itself. Batches come in the order
 * in which they are ready; unlike those of `scanTable` they have memory of their own and may be kept. Leaving the loop
 * ends the threads.
 */
export async function* scanTableInThreads(
  location: string,
  schema: string,
  name: string,
  options: ScanInThreadsOptions = {},
): AsyncGenerator<ColumnBatch, void, undefined> {
  const { threads = availableParallelism(), signal, open = {}, ...scan } = options
  const opened = openStore(location)
  await using snapshot = await openSnapshotIn(opened.store, opened.location, open)
  const table = findTable(tablesOf(snapshot), schema, name)
  if (table.source instanceof OperatorState) return yield* scanTable(table, scan)
  const [first, last] = scan.keyGroups ?? [0, table.operator.maxParallelism - 1]
  const ranges = rangesOf(first, last, threads * RANGES_PER_THREAD)
  const next = new SharedArrayBuffer(4)
  const queue = new Queue(signal)
  const count = Math.min(threads, ranges.length)
  const running = Array.from({ length: count }, () =>
    startThread({ location, open, schema, table: name, options: scan, ranges, next, allowed: allowance() }, queue),
  )
  try {
    for (let left = count; left > 0; ) {
      const { from, sent } = await queue.take()
      if (sent.kind === 'batch') {
        yield sent.batch
        from.allowAnother()
      } else left--
    }
  } finally {
    queue.close()
    await Promise.all(running.map(({ worker }) => worker.terminate()))
  }
}

function allowance(): SharedArrayBuffer {
  const allowed = new SharedArrayBuffer(4)
  new Int32Array(allowed)[0] = BATCHES_AHEAD
  return allowed
}

function rangesOf(first: number, last: number, count: number): [number, number][] {
  const total = last - first + 1
  const pieces = Math.max(1, Math.min(count, total))
  return Array.from({ length: pieces }, (_, i) => [
    first + Math.floor((i * total) / pieces),
    first + Math.floor(((i + 1) * total) / pieces) - 1,
  ])
}

interface Thread {
  readonly worker: Worker
  readonly allowAnother: () => void
}

function startThread(settings: ScanSettings, queue: Queue): Thread {
  const worker = new Worker(workerFile(), { workerData: settings })
  const allowed = new Int32Array(settings.allowed)
  const thread = {
    worker,
    allowAnother: () => {
      Atomics.add(allowed, 0, 1)
      Atomics.notify(allowed, 0)
    },
  }
  worker.on('message', (sent: Sent) => {
    if (sent.kind === 'failure') {
      const { code, message, where } = sent
      queue.fail(code ? new KobelError(code, message, where) : new Error(message))
    } else queue.put({ from: thread, sent })
  })
  worker.on('error', (error) => queue.fail(error))
  return thread
}

/** The compiled file beside this one, or beside the bundle that this became part of. */
function workerFile(): string {
  const beside = fileURLToPath(new URL('./scan-worker.js', import.meta.url))
  return existsSync(beside) ? beside : fileURLToPath(new URL('../../src/node/scan-worker.js', import.meta.url))
}

interface Arrived {
  readonly from: Thread
  readonly sent: Exclude<Sent, { kind: 'failure' }>
}

/** What the threads sent, in the order of its coming. */
class Queue {
  private readonly arrived: Arrived[] = []
  private waiting: { resolve: (arrived: Arrived) => void; reject: (error: unknown) => void } | undefined
  private failure: { readonly error: unknown } | undefined
  private readonly signal: AbortSignal | undefined
  private readonly abort = (): void => this.fail(this.signal?.reason)

  constructor(signal: AbortSignal | undefined) {
    this.signal = signal
    if (signal?.aborted) this.abort()
    signal?.addEventListener('abort', this.abort)
  }

  put(arrived: Arrived): void {
    if (this.waiting) this.waiting.resolve(arrived)
    else this.arrived.push(arrived)
    this.waiting = undefined
  }

  fail(error: unknown): void {
    this.failure ??= { error }
    this.waiting?.reject(error)
    this.waiting = undefined
  }

  take(): Promise<Arrived> {
    if (this.failure) return Promise.reject(this.failure.error)
    const next = this.arrived.shift()
    if (next) return Promise.resolve(next)
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject }
    })
  }

  close(): void {
    this.signal?.removeEventListener('abort', this.abort)
  }
}
