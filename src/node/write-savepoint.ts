import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { KobelError } from '../error.ts'
import { FileSpill } from '../store/file-writer.ts'
import { readBase } from '../write/base.ts'
import { checkTarget, commit } from '../write/commit.ts'
import type { PartitionHandle } from '../write/handle.ts'
import {
  checkEnded,
  type LoadOptions,
  loadDump,
  openDump,
  type WriteOptions,
  type WriteResult,
  writeRows,
} from '../write/load.ts'
import { INLINE_BYTES, MEMORY_BYTES } from '../write/partition.ts'
import { type PlanOptions, partitionId, partitionsOf, planHash, type WritePlan } from '../write/plan.ts'
import { checkEnd, newTaken, type RowOrLine, type Taken } from '../write/take-lines.ts'
import { openWritable } from './open-writable.ts'
import type { Answered, Asked, SharedRuns } from './write-worker.ts'

export interface EngineOptions extends WriteOptions {
  /** Threads that encode, sort and write; 1, which is this one, by default. The savepoint is the same for any number. */
  readonly workers?: number
  /** Bytes of rows that each worker holds; 64 MiB by default. */
  readonly memoryBytes?: number
  readonly inlineBytes?: number
  /** Where temporary files go. */
  readonly spillDirectory?: string
}

/** What every thread is told at its start. */
export interface WorkerSettings {
  readonly plan: WritePlan
  readonly target: string
  readonly options: PlanOptions
  readonly memoryBytes: number
  readonly inlineBytes: number
  readonly spillDirectory: string | undefined
}

/**
 * Writes a savepoint of rows to a path or URL, with as many threads as wanted. Errors as `writeRows`; where `signal` stops
 * it there is no savepoint.
 */
export function writeSavepoint(
  plan: WritePlan,
  rows: Iterable<RowOrLine> | AsyncIterable<RowOrLine>,
  target: string,
  options: EngineOptions = {},
): Promise<WriteResult> {
  if (!needsThreads(options)) return embedded(target, options, (sink) => writeRows(plan, rows, sink, options))
  return engine(plan, rows, target, 1, options).then(({ result }) => result)
}

/** As `loadDump`, to a path or URL, with as many threads as wanted. */
export async function loadSavepoint(
  lines: Iterable<string> | AsyncIterable<string>,
  target: string,
  options: EngineOptions & LoadOptions = {},
): Promise<WriteResult> {
  if (!needsThreads(options)) return embedded(target, options, (sink) => loadDump(lines, sink, options))
  const { store, directory } = openWritable(target)
  await checkTarget(store, directory)
  await store.close?.()
  const { plan, rows } = await openDump(lines, options.flink)
  try {
    const { result } = await engine(plan, rows, target, 2, options, (taken) => checkEnded(taken, options))
    return result
  } finally {
    await rows.return()
  }
}

/** Rows for serializers of the user's own are functions, which no other thread can be given. */
function needsThreads({ workers = 1, serializers }: EngineOptions): boolean {
  if (Number.isInteger(workers) && workers >= 1 && workers <= 256) return workers > 1 && serializers === undefined
  throw new KobelError('USAGE', `workers are 1 to 256, found ${workers}`)
}

async function embedded(
  target: string,
  { memoryBytes, inlineBytes, spillDirectory }: EngineOptions,
  run: (sink: Parameters<typeof writeRows>[2]) => Promise<WriteResult>,
): Promise<WriteResult> {
  const opened = openWritable(target)
  try {
    return await run({
      ...opened,
      spill: new FileSpill(spillDirectory),
      ...(memoryBytes !== undefined && { memoryBytes }),
      ...(inlineBytes !== undefined && { inlineBytes }),
    })
  } finally {
    await opened.store.close?.()
  }
}

/** Rows that are given to a thread at once. */
const BATCH_ROWS = 2000
/** Batches that a thread has before it, so that it need not wait. */
const AHEAD = 2

async function engine(
  plan: WritePlan,
  rows: Iterable<RowOrLine> | AsyncIterable<RowOrLine>,
  target: string,
  firstLine: number,
  options: EngineOptions,
  check: (taken: Taken) => void = () => {},
): Promise<{ result: WriteResult }> {
  const { store, directory } = openWritable(target)
  await checkTarget(store, directory)
  if (options.base) await readBase(options.base, plan.operators)
  const { fields, memoryBytes = MEMORY_BYTES, inlineBytes = INLINE_BYTES, spillDirectory } = options
  const planOptions: PlanOptions = fields ? { fields } : {}
  const settings: WorkerSettings = { plan, target, options: planOptions, memoryBytes, inlineBytes, spillDirectory }
  const pool = new Pool(options.workers!, settings, options.signal)
  try {
    const taken = await giveRows(pool, rows, firstLine, options)
    checkEnd(taken, options.partial ?? false)
    check(taken)
    const { runs, counts } = await pool.handOff()
    const partitions = await pool.writeAll(plan, runs)
    options.signal?.throwIfAborted()
    const handle = { kobelHandle: 1, plan: planHash(plan), partitions } as const
    const committed = await commit(store, directory, plan, handle, options)
    return { result: { ...committed, flink: plan.flink, rows: counts } }
  } finally {
    await pool.end()
    await store.close?.()
  }
}

async function giveRows(
  pool: Pool,
  rows: Iterable<RowOrLine> | AsyncIterable<RowOrLine>,
  firstLine: number,
  { signal, onRows }: EngineOptions,
): Promise<Taken> {
  const all = newTaken(firstLine)
  const took = (taken: Taken): void => {
    if (taken.end && all.end) throw new KobelError('USAGE', 'the dump has two lines {"end": …}: two dumps in one?')
    all.end ??= taken.end
    all.rows += taken.rows
    all.lastRow = Math.max(all.lastRow, taken.lastRow)
    onRows?.(taken.rows)
  }
  let batch: RowOrLine[] = []
  let [line, count] = [firstLine, 0]
  const give = async (): Promise<void> => {
    if (batch.length === 0) return
    await pool.give(batch, line - firstLine, line, took)
    line += count
    batch = []
    count = 0
  }
  for await (const each of rows) {
    signal?.throwIfAborted()
    batch.push(each)
    count += typeof each === 'object' && each !== null && 'columns' in each ? each.count : 1
    if (count >= BATCH_ROWS) await give()
  }
  await give()
  await pool.idle()
  return all
}

interface Thread {
  readonly worker: Worker
  /** What was asked and is not answered yet, the first first. */
  readonly waiting: { resolve: (answered: Answered) => void; reject: (error: unknown) => void }[]
}

class Pool {
  private readonly threads: Thread[]
  private readonly given = new Set<Promise<void>>()
  private failure: unknown

  constructor(count: number, settings: WorkerSettings, signal: AbortSignal | undefined) {
    this.threads = Array.from({ length: count }, () => this.start(settings))
    signal?.addEventListener('abort', () => this.fail(signal.reason), { once: true })
  }

  private start(settings: WorkerSettings): Thread {
    const worker = new Worker(workerFile(), { workerData: settings })
    const thread: Thread = { worker, waiting: [] }
    worker.on('message', (answered: Answered) => {
      const next = thread.waiting.shift()
      if (answered.kind !== 'failure') return next?.resolve(answered)
      const { code, message, where } = answered
      const error = code === undefined ? new Error(message) : new KobelError(code, message, where)
      next?.reject(error)
      this.fail(error)
    })
    worker.on('error', (error) => this.fail(new KobelError('STORE', `a worker thread failed: ${error.message}`)))
    worker.on('exit', () => this.fail(new KobelError('STORE', 'a worker thread ended early')))
    return thread
  }

  /** Nothing that is asked is answered any more. */
  private fail(error: unknown): void {
    this.failure ??= error
    for (const { waiting } of this.threads ?? []) for (const { reject } of waiting.splice(0)) reject(this.failure)
  }

  private ask(thread: Thread, asked: Asked): Promise<Answered> {
    if (this.failure !== undefined) return Promise.reject(this.failure)
    return new Promise((resolve, reject) => {
      thread.waiting.push({ resolve, reject })
      thread.worker.postMessage(asked)
    })
  }

  /** Gives rows to the thread that has the fewest before it; waits while all have enough. */
  async give(rows: readonly RowOrLine[], index: number, line: number, took: (taken: Taken) => void): Promise<void> {
    const thread = this.threads.reduce((a, b) => (b.waiting.length < a.waiting.length ? b : a))
    const answer = this.ask(thread, { kind: 'rows', rows, index, line }).then((answered) => {
      if (answered.kind === 'rows') took(answered.taken)
    })
    const settled: Promise<void> = answer.catch((error) => this.fail(error)).finally(() => this.given.delete(settled))
    this.given.add(settled)
    while (this.failure === undefined && this.threads.every(({ waiting }) => waiting.length >= AHEAD)) {
      await Promise.race(this.given)
    }
    if (this.failure !== undefined) throw this.failure
  }

  /** Waits until all rows that were given are taken. */
  async idle(): Promise<void> {
    await Promise.all(this.given)
    if (this.failure !== undefined) throw this.failure
  }

  /** The sorted runs of all threads, by partition, and what was counted. */
  async handOff(): Promise<{ runs: Map<string, SharedRuns[]>; counts: Record<string, number> }> {
    const runs = new Map<string, SharedRuns[]>()
    const counts = new Map<string, number>()
    for (const answered of await Promise.all(this.threads.map((each) => this.ask(each, { kind: 'hand off' })))) {
      if (answered.kind !== 'hand off') continue
      for (const [id, each] of answered.runs) runs.set(id, [...(runs.get(id) ?? []), each])
      for (const [kind, count] of answered.counts) counts.set(kind, (counts.get(kind) ?? 0) + count)
    }
    return { runs, counts: Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1))) }
  }

  /** Writes all partitions, the next one where a thread is free. */
  async writeAll(plan: WritePlan, runs: ReadonlyMap<string, readonly SharedRuns[]>): Promise<PartitionHandle[]> {
    const ids = partitionsOf(plan).map(partitionId)
    const handles: PartitionHandle[] = []
    await Promise.all(
      this.threads.map(async (thread) => {
        for (let id = ids.shift(); id !== undefined; id = ids.shift()) {
          const answered = await this.ask(thread, { kind: 'write', id, runs: runs.get(id) ?? [] })
          if (answered.kind === 'write') handles.push(answered.handle)
        }
      }),
    )
    return handles
  }

  /** Lets the threads tidy up, and ends them; those that do not answer are stopped. */
  async end(): Promise<void> {
    this.failure = undefined
    const ended = this.threads.map((thread) => this.ask(thread, { kind: 'end' }).catch(() => undefined))
    let timer: NodeJS.Timeout | undefined
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, END_MS)
    })
    await Promise.race([Promise.all(ended), late])
    clearTimeout(timer)
    for (const { worker } of this.threads) worker.removeAllListeners('exit')
    await Promise.all(this.threads.map(({ worker }) => worker.terminate()))
  }
}

const END_MS = 5000

/** Beside this file, or seen from the bundle of the command line, where this file is another. */
function workerFile(): string {
  const candidates = ['./write-worker.js', '../src/node/write-worker.js', '../../src/node/write-worker.js']
  const found = candidates.map((each) => fileURLToPath(new URL(each, import.meta.url))).find((each) => existsSync(each))
  if (found) return found
  throw new KobelError('STORE', 'the program of worker threads is not where it was installed; use one worker')
}
