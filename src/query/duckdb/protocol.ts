import type { MessagePort } from 'node:worker_threads'
import type { SqlType } from '../sql-type.ts'
import type { PackedColumn } from './pack.ts'
import type { SqlValue } from './read.ts'

/** What the thread that runs DuckDB and the one that has the snapshot say to each other. */

export interface TableDefinition {
  readonly columns: readonly { readonly name: string; readonly type: SqlType }[]
}

export interface EngineOptions {
  /** DuckDB's settings at its start. */
  readonly config: Readonly<Record<string, string>>
  /** Statements to run when the tables are there. */
  readonly setup: string
  readonly tables: readonly TableDefinition[]
  /** See {@link CANCELLED} and {@link EVENTS}. */
  readonly control: Int32Array<SharedArrayBuffer>
  /** How texts are handed to DuckDB; `arena` is checked at the start, and given up where it does not work. */
  readonly texts: 'arena' | 'assign'
}

/** The place in `control` of the number of the last statement that was cancelled. */
export const CANCELLED = 0
/** The place in `control` that is counted up and notified whenever a scan has news, or a statement is cancelled. */
export const EVENTS = 1

export type ToEngine =
  | { readonly type: 'run'; readonly statement: number; readonly sql: string }
  /** Wants the next rows of the statement that runs. */
  | { readonly type: 'next'; readonly statement: number }
  | { readonly type: 'cancel'; readonly statement: number }
  | { readonly type: 'close' }

export type FromEngine =
  | { readonly type: 'open'; readonly texts: 'arena' | 'assign' }
  | { readonly type: 'failed'; readonly statement: number; readonly error: EngineError }
  | { readonly type: 'columns'; readonly statement: number; readonly columns: readonly ResultColumn[] }
  | { readonly type: 'rows'; readonly statement: number; readonly count: number; readonly values: SqlValue[][] }
  | { readonly type: 'end'; readonly statement: number }
  | { readonly type: 'scan'; readonly statement: number; readonly request: ScanRequest; readonly port: MessagePort }
  | { readonly type: 'closed' }

export interface EngineError {
  readonly message: string
  readonly code?: string
}

export interface ResultColumn {
  readonly name: string
  /** As DuckDB prints it. */
  readonly type: string
}

/** What of a table a statement reads. */
export interface ScanRequest {
  readonly table: number
  /** Names of columns, dotted paths of fields; none where rows are only counted. */
  readonly columns: readonly string[]
  /** JSON of the constant that the key is compared with; see `pushdown.ts`. */
  readonly key?: string
  readonly keyGroups?: readonly [first: number, last: number]
}

/** What a scan sends: rows, its end, or that it failed. */
export type ScanMessage =
  | {
      readonly type: 'batch'
      readonly length: number
      readonly columns: readonly { readonly name: string; readonly column: PackedColumn }[]
      readonly buffer: ArrayBuffer
    }
  | { readonly type: 'end' }
  | { readonly type: 'error'; readonly message: string }

/** Batches that a scan may be ahead of DuckDB. */
export const BATCHES_AHEAD = 3
