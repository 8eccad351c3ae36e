import { parentPort, workerData } from 'node:worker_threads'
import { KobelError, type KobelErrorCode } from '../error.ts'
import { type ColumnBatch, type ScanTableOptions, scanTable } from '../query/scan.ts'
import { findTable, tablesOf } from '../query/table.ts'
import type { Column, ColumnField } from '../serializer/columns.ts'
import { openSnapshotIn } from '../snapshot/open.ts'
import type { OpenOptions } from '../snapshot/options.ts'
import { openStore } from './open-store.ts'

/** One thread of `scanTableInThreads`: it takes ranges of key groups until none are left, and sends their batches. */

export interface ScanSettings {
  readonly location: string
  readonly open: OpenOptions
  readonly schema: string
  readonly table: string
  readonly options: ScanTableOptions
  readonly ranges: readonly (readonly [first: number, last: number])[]
  /** One Int32 that all threads count up: the next range. */
  readonly next: SharedArrayBuffer
  /** One Int32 of this thread: batches that it may send. */
  readonly allowed: SharedArrayBuffer
}

export type Sent =
  | { readonly kind: 'batch'; readonly batch: ColumnBatch }
  | { readonly kind: 'end' }
  | {
      readonly kind: 'failure'
      readonly code: KobelErrorCode | undefined
      readonly message: string
      readonly where: object
    }

/** A column in memory of its own, and that memory. */
function copied(column: Column, memory: ArrayBuffer[]): Column {
  const own = <A extends { slice(): A; readonly buffer: ArrayBufferLike }>(array: A): A => {
    const copy = array.slice()
    memory.push(copy.buffer as ArrayBuffer)
    return copy
  }
  const validity = column.kind === 'null' ? undefined : column.validity && own(column.validity)
  switch (column.kind) {
    case 'null':
      return { ...column }
    case 'utf8':
    case 'binary':
      return { ...column, validity, offsets: own(column.offsets), values: own(column.values) }
    case 'list':
    case 'map':
      return { ...column, validity, offsets: own(column.offsets), child: copiedField(column.child, memory) }
    case 'struct':
      return { ...column, validity, children: column.children.map((child) => copiedField(child, memory)) }
    case 'boolean':
      return { ...column, validity, values: own(column.values) }
    case 'int64':
      return { ...column, validity, values: own(column.values) }
    default:
      return { ...column, validity, values: own(column.values as Float64Array) }
  }
}

function copiedField({ name, column }: ColumnField, memory: ArrayBuffer[]): ColumnField {
  return { name, column: copied(column, memory) }
}

async function scanRanges(settings: ScanSettings): Promise<void> {
  const opened = openStore(settings.location)
  await using snapshot = await openSnapshotIn(opened.store, opened.location, settings.open)
  const table = findTable(tablesOf(snapshot), settings.schema, settings.table)
  const next = new Int32Array(settings.next)
  const allowed = new Int32Array(settings.allowed)
  for (let i = Atomics.add(next, 0, 1); i < settings.ranges.length; i = Atomics.add(next, 0, 1)) {
    for await (const batch of scanTable(table, { ...settings.options, keyGroups: settings.ranges[i]! })) {
      // Nothing else is to be done here, so the thread may stand still until its batches are taken.
      while (Atomics.load(allowed, 0) <= 0) Atomics.wait(allowed, 0, 0)
      Atomics.sub(allowed, 0, 1)
      const memory: ArrayBuffer[] = []
      const columns = batch.columns.map((field) => copiedField(field, memory))
      send({ kind: 'batch', batch: { length: batch.length, columns } }, memory)
    }
  }
}

function send(sent: Sent, memory: readonly ArrayBuffer[] = []): void {
  parentPort!.postMessage(sent, [...memory])
}

try {
  await scanRanges(workerData as ScanSettings)
  send({ kind: 'end' })
} catch (error) {
  const code = error instanceof KobelError ? error.code : undefined
  const message = error instanceof Error ? error.message : String(error)
  send({ kind: 'failure', code, message, where: error instanceof KobelError ? error.where : {} })
}
