import { parentPort, workerData } from 'node:worker_threads'
import type { Connection, Database, ExtractedStatements, LogicalType, Result } from '@duckdb/node-bindings'
import { type Bindings, loadBindings } from './bindings.ts'
import { Feed } from './feed.ts'
import { type Filler, fillVector } from './fill.ts'
import type { EngineOptions, FromEngine, ResultColumn, ToEngine } from './protocol.ts'
import { createVectorReader, type ReadVector, type SqlValue } from './read.ts'
import { checkArena } from './self-check.ts'
import { registerScan } from './table-function.ts'
import { typeText } from './type-text.ts'

/** The thread that runs DuckDB: its callbacks may block, since nothing else is to do here. */

/** Rows are sent when there are so many of them, or so long after they were asked for. */
const ROWS_PER_MESSAGE = 4096
const MILLIS_PER_MESSAGE = 50

interface Running {
  readonly statement: number
  readonly result: Result
  readonly readers: readonly ReadVector[]
}

const port = parentPort!
const options = workerData as EngineOptions
let running: Running | undefined
let statementNow = 0
let cancelled = 0
/** A call of DuckDB is on its way: the connection takes one at a time. */
let busy = false

function post(message: FromEngine, transfer: Parameters<typeof port.postMessage>[1] = []): void {
  port.postMessage(message, transfer)
}

async function start(): Promise<{ duckdb: Bindings; database: Database; connection: Connection }> {
  const duckdb = loadBindings()
  const config = duckdb.create_config()
  for (const [name, value] of Object.entries(options.config)) duckdb.set_config(config, name, value)
  const database = await duckdb.open(':memory:', config)
  const connection = await duckdb.connect(database)
  const texts = options.texts === 'arena' && checkArena(duckdb, fillVector) ? 'arena' : 'assign'
  const filler: Filler = { duckdb, texts }
  registerScan(duckdb, connection, {
    filler,
    tables: options.tables,
    openFeed: (request) => new Feed(post, options.control, statementNow, request),
  })
  if (options.setup !== '') await duckdb.query(connection, options.setup)
  post({ type: 'open', texts })
  return { duckdb, database, connection }
}

/** All statements of the text run; the rows are those of the last one. */
async function run(duckdb: Bindings, connection: Connection, statement: number, sql: string): Promise<void> {
  const { extracted_statements: extracted, statement_count: count } = await duckdb.extract_statements(connection, sql)
  if (count === 0) throw new Error(errorOf(duckdb, extracted) ?? 'there is no statement')
  for (let i = 0; i < count; i++) {
    const prepared = await duckdb.prepare_extracted_statement(connection, extracted, i)
    try {
      if (i < count - 1) {
        await duckdb.execute_prepared(prepared)
        continue
      }
      const result = await duckdb.execute_prepared_streaming(prepared)
      const types = columnTypes(duckdb, result)
      running = { statement, result, readers: types.map((type) => createVectorReader(duckdb, type)) }
      const columns = types.map(
        (type, at): ResultColumn => ({ name: duckdb.column_name(result, at), type: typeText(duckdb, type) }),
      )
      post({ type: 'columns', statement, columns })
    } finally {
      duckdb.destroy_prepare_sync(prepared)
    }
  }
}

/** Undefined where there is none: then the call itself fails. */
function errorOf(duckdb: Bindings, extracted: ExtractedStatements): string | undefined {
  try {
    return duckdb.extract_statements_error(extracted)
  } catch {
    return undefined
  }
}

function columnTypes(duckdb: Bindings, result: Result): LogicalType[] {
  return Array.from({ length: duckdb.column_count(result) }, (_, i) => duckdb.column_logical_type(result, i))
}

async function sendRows(duckdb: Bindings, { statement, result, readers }: Running): Promise<void> {
  const until = performance.now() + MILLIS_PER_MESSAGE
  const values: SqlValue[][] = readers.map(() => [])
  let count = 0
  while (count < ROWS_PER_MESSAGE && (count === 0 || performance.now() < until)) {
    const chunk = await duckdb.fetch_chunk(result)
    const size = chunk ? duckdb.data_chunk_get_size(chunk) : 0
    if (chunk === null || size === 0) {
      running = undefined
      break
    }
    for (const [i, read] of readers.entries()) {
      const column = values[i]!
      for (const value of read(duckdb.data_chunk_get_vector(chunk, i), size)) column.push(value)
    }
    count += size
  }
  if (count > 0) post({ type: 'rows', statement, count, values })
  if (running === undefined) post({ type: 'end', statement })
}

async function serve(): Promise<void> {
  const opened = start()
  opened.catch((error: Error & { code?: string }) => {
    post({ type: 'failed', statement: 0, error: { message: error.message, ...(error.code && { code: error.code }) } })
    port.close()
  })
  port.on('message', async (message: ToEngine) => {
    const { duckdb, database, connection } = await opened
    if (message.type === 'close') {
      running = undefined
      duckdb.disconnect_sync(connection)
      duckdb.close_sync(database)
      post({ type: 'closed' })
      port.close()
      return
    }
    const { statement } = message
    if (message.type === 'cancel') {
      cancelled = Math.max(cancelled, statement)
      if (busy) duckdb.interrupt(connection)
      else endIfCancelled()
      return
    }
    busy = true
    try {
      if (message.type === 'run') {
        statementNow = statement
        running = undefined
        await run(duckdb, connection, statement, message.sql)
      } else if (running?.statement === statement) await sendRows(duckdb, running)
    } catch (error) {
      running = undefined
      post({ type: 'failed', statement, error: { message: (error as Error).message } })
    } finally {
      busy = false
      endIfCancelled()
    }
  })
}

/** A result that nobody asks for any more is let go. */
function endIfCancelled(): void {
  if (running === undefined || running.statement > cancelled) return
  const { statement } = running
  running = undefined
  post({ type: 'end', statement })
}

await serve()
