import { rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { KobelError, type KobelErrorCode } from '../../error.ts'
import type { Snapshot } from '../../snapshot/open.ts'
import { Gate } from './gate.ts'
import { type Mounted, mountSnapshots } from './mount.ts'
import {
  CANCELLED,
  type EngineError,
  type EngineOptions,
  EVENTS,
  type FromEngine,
  type ResultColumn,
  type ScanRequest,
  type ToEngine,
} from './protocol.ts'
import { pushDown } from './pushdown.ts'
import { QueryResult } from './result.ts'
import { type RunningScan, startScan } from './scans.ts'

/** A snapshot and the name that its tables have before their schema: `name.operator.state`. */
export interface NamedSnapshot {
  readonly name: string
  readonly snapshot: Snapshot
}

export interface DatabaseOptions {
  /** Lets statements read and write files, and whatever else DuckDB reaches. Off by default. */
  readonly allowFiles?: boolean
  /** What DuckDB may hold in memory before it writes to disk, as it takes it: `200MB` by default. */
  readonly memoryLimit?: string
  /** Where DuckDB writes what does not fit; a directory of its own in the system's by default. */
  readonly tempDirectory?: string
  /** Threads of DuckDB; scans have their own. */
  readonly threads?: number
  /** How texts are handed to DuckDB: `assign` is slower, and what `arena` falls back to where it does not work. */
  readonly texts?: 'arena' | 'assign'
}

export interface RunOptions {
  /** Cancels the statement. */
  readonly signal?: AbortSignal
  /** Hears of rows that were read of the snapshot. */
  readonly onRows?: (count: number) => void
}

const MEMORY_LIMIT = '200MB'
const MAX_THREADS = 4

/** The file lies beside this one; in the bundle of the command line below its root. */
function engineFile(): URL {
  const here = import.meta.url
  return new URL(here.endsWith('/query/duckdb/database.js') ? './engine.js' : './query/duckdb/engine.js', here)
}

/** Statements that wait for DuckDB each hold a thread of Node's pool, and the reading of files needs some too. */
const GATE = new Gate(2)

let databases = 0

/** DuckDB over the tables of snapshots. It runs one statement at a time; more wait for their turn. */
export class Database implements AsyncDisposable {
  private readonly worker: Worker
  private readonly control: Int32Array<SharedArrayBuffer>
  private readonly mounted: Mounted
  private readonly tempDirectory: string
  private readonly opened: Promise<void>
  private readonly waiting: { resolve: (message: FromEngine) => void; reject: (error: unknown) => void }[] = []
  private readonly arrived: FromEngine[] = []
  private readonly scans = new Map<RunningScan, number>()
  private failure: unknown
  private statements = 0
  private turn: Promise<void> = Promise.resolve()
  private closing: Promise<void> | undefined
  private onRows: ((count: number) => void) | undefined
  /** How texts are handed over, after the check at the start. */
  texts: 'arena' | 'assign' | undefined

  constructor(sources: readonly (NamedSnapshot | Snapshot)[], options: DatabaseOptions = {}) {
    this.mounted = mountSnapshots(sources)
    this.control = new Int32Array(new SharedArrayBuffer(8))
    this.tempDirectory = options.tempDirectory ?? join(tmpdir(), `kobel-sql-${process.pid}-${++databases}`)
    const workerData: EngineOptions = {
      config: {
        threads: String(options.threads ?? Math.min(MAX_THREADS, availableParallelism())),
        memory_limit: options.memoryLimit ?? MEMORY_LIMIT,
        temp_directory: this.tempDirectory,
        autoinstall_known_extensions: 'false',
        autoload_known_extensions: 'false',
      },
      setup: [...this.mounted.setup, ...locks(options.allowFiles ?? false)].join(';\n'),
      tables: this.mounted.tables.map((table) => table.definition),
      control: this.control,
      texts: options.texts ?? 'arena',
    }
    this.worker = new Worker(engineFile(), { workerData })
    this.worker.on('message', (message: FromEngine) => this.receive(message))
    this.worker.on('error', (error) => this.fail(error))
    this.worker.on('exit', () => this.fail(new KobelError('USAGE', 'the database was closed')))
    this.opened = this.read().then((message) => {
      if (message.type === 'open') this.texts = message.texts
      else throw errorOf(message.type === 'failed' ? message.error : { message: 'DuckDB did not start' })
    })
    this.opened.catch(() => {})
  }

  /** The tables by catalog, schema and name, for completion and listings. */
  get tables(): Mounted['tables'] {
    return this.mounted.tables
  }

  /** Runs a statement, or several of which the last one gives the rows. Nothing begins before rows are asked for. */
  run(sql: string, options: RunOptions = {}): QueryResult {
    return new QueryResult((result) => this.batches(sql, options, result))
  }

  private async *batches(
    sql: string,
    options: RunOptions,
    result: QueryResult,
  ): AsyncGenerator<{ count: number; values: readonly (readonly unknown[])[] }, void, undefined> {
    const end = await this.begin()
    const statement = ++this.statements
    const cancel = (): void => this.cancel(statement)
    this.onRows = options.onRows
    let isOver = false
    let next: Promise<FromEngine> | undefined
    try {
      options.signal?.throwIfAborted()
      options.signal?.addEventListener('abort', cancel)
      this.worker.ref()
      await this.opened
      const text = await this.pushedDown(sql)
      options.signal?.throwIfAborted()
      isOver = false
      let started = await this.ask({ type: 'run', statement, sql: text }, statement)
      if (started.type === 'failed' && text !== sql && /\nLINE \d+:/.test(started.error.message)) {
        // So that the message speaks of the statement as it was written.
        started = await this.ask({ type: 'run', statement, sql }, statement)
      }
      if (started.type !== 'columns') {
        isOver = true
        throw this.failed(started, statement, options.signal)
      }
      result.setColumns(started.columns)
      next = this.ask({ type: 'next', statement }, statement)
      for (;;) {
        const message = await next
        if (message.type !== 'rows') {
          isOver = true
          if (message.type === 'end' && !options.signal?.aborted) return
          throw this.failed(message, statement, options.signal)
        }
        next = this.ask({ type: 'next', statement }, statement)
        next.catch(() => {})
        yield { count: message.count, values: message.values }
      }
    } finally {
      options.signal?.removeEventListener('abort', cancel)
      await this.finish(statement, isOver ? undefined : next).finally(end)
    }
  }

  /** Waits for the statements before; the function returned lets the next one begin. */
  private async begin(): Promise<() => void> {
    const before = this.turn
    let end = (): void => {}
    this.turn = new Promise((resolve) => {
      end = resolve
    })
    await before
    return end
  }

  /** @param next the answer that is awaited, where the statement has not come to its end. */
  private async finish(statement: number, next: Promise<FromEngine> | undefined): Promise<void> {
    // Also ends callbacks that DuckDB still makes for a result that was not read to its end.
    this.cancel(statement, next === undefined)
    let message = await next?.catch(() => undefined)
    while (message?.type === 'rows') message = await this.read().catch(() => undefined)
    for (const [scan, of] of this.scans) {
      if (of > statement) continue
      // A read that never answers must not hold this up.
      scan.stop()
      this.scans.delete(scan)
    }
    if (this.failure === undefined) this.worker.unref()
  }

  private cancel(statement: number, isOver = false): void {
    Atomics.store(this.control, CANCELLED, statement)
    Atomics.add(this.control, EVENTS, 1)
    Atomics.notify(this.control, EVENTS)
    if (!isOver) this.send({ type: 'cancel', statement })
  }

  /** The statement with the filters that its table functions can take; as it is where it cannot be looked into. */
  private async pushedDown(sql: string): Promise<string> {
    return pushDown(sql, this.mounted.tables, (text) => this.oneValue(text))
  }

  /** The one value that a statement of ours gives. */
  private async oneValue(sql: string): Promise<unknown> {
    const statement = ++this.statements
    const started = await this.ask({ type: 'run', statement, sql }, statement)
    if (started.type !== 'columns') return undefined
    let value: unknown
    for (;;) {
      const message = await this.ask({ type: 'next', statement }, statement)
      if (message.type !== 'rows') return value
      value ??= message.values[0]?.[0]
    }
  }

  private failed(message: FromEngine, statement: number, signal: AbortSignal | undefined): unknown {
    if (this.failure !== undefined) return this.failure
    for (const [scan, of] of this.scans) if (of === statement && scan.error instanceof KobelError) return scan.error
    if (signal?.aborted) return signal.reason
    return errorOf(message.type === 'failed' ? message.error : { message: 'the statement was cancelled' })
  }

  // --- messages ----------------------------------------------------------------------------------------------------

  private async ask(message: ToEngine, statement: number): Promise<FromEngine> {
    const leave = await GATE.enter()
    try {
      this.send(message)
      for (;;) {
        const answer = await this.read()
        if (!('statement' in answer) || answer.statement === statement) return answer
      }
    } finally {
      leave()
    }
  }

  private send(message: ToEngine): void {
    if (this.failure === undefined) this.worker.postMessage(message)
  }

  private read(): Promise<FromEngine> {
    const message = this.arrived.shift()
    if (message) return Promise.resolve(message)
    if (this.failure !== undefined) return Promise.reject(this.failure)
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }))
  }

  private receive(message: FromEngine): void {
    if (message.type === 'scan') {
      const { statement, request, port } = message
      const hooks = { control: this.control, onRows: (count: number) => this.onRows?.(count) }
      this.scans.set(
        startScan(() => this.scan(request), port, hooks),
        statement,
      )
      return
    }
    const first = this.waiting.shift()
    if (first) first.resolve(message)
    else this.arrived.push(message)
  }

  private scan(request: ScanRequest): ReturnType<Mounted['tables'][number]['scan']> {
    return this.mounted.tables[request.table]!.scan(request)
  }

  private fail(error: unknown): void {
    this.failure ??= error
    for (const { reject } of this.waiting.splice(0)) reject(this.failure)
  }

  // --- closing -----------------------------------------------------------------------------------------------------

  /** Ends DuckDB. Statements that run must have come to their end. */
  close(): Promise<void> {
    this.closing ??= this.end()
    return this.closing
  }

  private async end(): Promise<void> {
    const leave = await this.begin()
    const exited = new Promise((resolve) => this.worker.once('exit', resolve))
    this.worker.ref()
    this.send({ type: 'close' })
    if (this.failure === undefined) await exited
    await rm(this.tempDirectory, { recursive: true, force: true })
    leave()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/** Set last: what was set up needs none of it. */
function locks(allowFiles: boolean): string[] {
  return [
    "SET TimeZone = 'UTC'",
    'SET allow_community_extensions = false',
    ...(allowFiles ? [] : ['SET enable_external_access = false']),
    'SET lock_configuration = true',
  ]
}

const CODES: readonly (readonly [begin: string, code: KobelErrorCode])[] = [
  ['IO Error', 'STORE'],
  ['HTTP Error', 'STORE'],
  ['Out of Memory Error', 'LIMIT'],
]

const CODE_NAMES: ReadonlySet<string> = new Set(['USAGE', 'STORE', 'LIMIT'])

function errorOf({ message, code }: EngineError): KobelError {
  const known = code !== undefined && CODE_NAMES.has(code) ? (code as KobelErrorCode) : undefined
  const found = known ?? CODES.find(([begin]) => message.startsWith(begin))?.[1] ?? 'USAGE'
  const hint = /file system operations are disabled/i.test(message)
    ? `${/\nLINE \d+:/.test(message) ? '\n' : '; '}it is allowed by --allow-files, in programs by allowFiles`
    : ''
  return new KobelError(found, `${message}${hint}`)
}

export type { ResultColumn }
