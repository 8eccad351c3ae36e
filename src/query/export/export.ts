import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { KobelError } from '../../error.ts'
import { noSuch } from '../../snapshot/names.ts'
import type { Snapshot } from '../../snapshot/open.ts'
import { Database } from '../duckdb/database.ts'
import type { MountedTable } from '../duckdb/mount.ts'
import { SCAN_FUNCTION } from '../duckdb/table-function.ts'
import { quoteName, quoteText } from '../sql-type.ts'
import { createArrowFile } from './arrow.ts'

export type ExportFormat = 'parquet' | 'arrow' | 'csv' | 'jsonl'

export const EXPORT_FORMATS: readonly ExportFormat[] = ['parquet', 'arrow', 'csv', 'jsonl']

export interface ExportOptions {
  /** A file for one state; a directory for several, or where it is partitioned. */
  readonly to: string
  readonly format: ExportFormat
  /** Label of an operator as the tables have it; all operators where it is left out. */
  readonly operator?: string
  readonly state?: string
  /** So many files for each state, by ranges of key groups. */
  readonly partitions?: number
  /** Replaces files that are there. */
  readonly overwrite?: boolean
  readonly memoryLimit?: string
  /** One that is open already, with files allowed. */
  readonly database?: Database
  readonly onRows?: (count: number) => void
}

/** A file that was written. */
export interface ExportedFile {
  readonly operator: string
  readonly state: string
  readonly path: string
  readonly rows: number
  readonly bytes: number
  readonly keyGroups?: readonly [first: number, last: number]
}

/**
 * Writes the tables of states to files, one after the other, in streams: memory does not grow with the state. A file
 * has its name when it is whole. Heads of the snapshot must be loaded.
 *
 * @throws KobelError `NOT_FOUND` for an operator or state that is not there; `CONFLICT` where a file is.
 */
export async function* exportTables(
  snapshot: Snapshot,
  options: ExportOptions,
): AsyncGenerator<ExportedFile, void, undefined> {
  const { memoryLimit } = options
  const database =
    options.database ??
    new Database([snapshot], { allowFiles: true, ...(memoryLimit !== undefined && { memoryLimit }) })
  try {
    const chosen = chosenTables(database.tables, options)
    const isOne = options.state !== undefined && options.partitions === undefined
    for (const { table, index } of chosen) {
      for (const keyGroups of partitionsOf(table, options.partitions)) {
        const path = isOne ? options.to : pathOf(table, keyGroups, options)
        yield await exportFile(database, table, index, { ...options, to: path }, keyGroups)
      }
    }
  } finally {
    if (options.database === undefined) await database.close()
  }
}

function chosenTables(
  tables: readonly MountedTable[],
  { operator, state }: ExportOptions,
): { table: MountedTable; index: number }[] {
  const all = tables.map((table, index) => ({ table, index })).filter(({ table }) => table.state !== undefined)
  const ofOperator = all.filter(
    ({ table }) => operator === undefined || table.state?.operator === operatorOf(all, operator),
  )
  const found = ofOperator.filter(({ table }) => state === undefined || table.state?.name === state)
  if (found.length > 0 || state === undefined) return found
  throw noSuch(
    'state',
    state,
    ofOperator.map(({ table }) => table.state!.name),
    { operator },
  )
}

function operatorOf(all: readonly { table: MountedTable }[], name: string): unknown {
  const operators = all.map(({ table }) => table.state!.operator)
  const found = operators.find((each) => each.label === name || each.id === name.toLowerCase() || each.name === name)
  if (found) return found
  throw noSuch('operator with states', name, [...new Set(operators.map((each) => each.label))])
}

/** Ranges of key groups of about the same size; operator state has no key groups and is one. */
function partitionsOf({ state }: MountedTable, count: number | undefined): (readonly [number, number] | undefined)[] {
  const isKeyed = state?.columns.some((column) => column.name === 'key_group')
  if (count === undefined || !isKeyed) return [undefined]
  const { maxParallelism } = state!.operator
  const parts = Math.min(count, maxParallelism)
  return Array.from({ length: parts }, (_, i) => [
    Math.floor((i * maxParallelism) / parts),
    Math.floor(((i + 1) * maxParallelism) / parts) - 1,
  ])
}

function pathOf(
  { schema, name }: MountedTable,
  keyGroups: readonly [number, number] | undefined,
  { to, format, partitions }: ExportOptions,
): string {
  if (partitions === undefined) return join(to, fileName(schema), `${fileName(name)}.${format}`)
  const digits = (keyGroup: number): string => String(keyGroup).padStart(5, '0')
  const part = keyGroups ? `key-groups-${digits(keyGroups[0])}-${digits(keyGroups[1])}` : 'all'
  return join(to, fileName(schema), fileName(name), `${part}.${format}`)
}

/** Names are strangers' text: what could leave the directory, or is special to a file system, is escaped. */
function fileName(name: string): string {
  const safe = name.replace(/[^\p{L}\p{N}._ -]/gu, (character) => encodeURIComponent(character).replaceAll('*', '%2A'))
  return /^\.+$/.test(safe) ? safe.replaceAll('.', '%2E') : safe
}

async function exportFile(
  database: Database,
  table: MountedTable,
  index: number,
  options: ExportOptions,
  keyGroups: readonly [number, number] | undefined,
): Promise<ExportedFile> {
  const path = options.to
  if (!options.overwrite && (await exists(path))) {
    throw new KobelError('CONFLICT', 'the file is there already: take another one, or allow it to be replaced', {
      file: path,
    })
  }
  await writable(() => mkdir(dirname(path), { recursive: true }), path)
  const unfinished = `${path}.unfinished`
  try {
    const rows =
      options.format === 'arrow'
        ? await writeArrow(table, unfinished, options, keyGroups)
        : await copyTo(database, table, index, unfinished, options, keyGroups)
    const { size } = await stat(unfinished)
    await writable(() => rename(unfinished, path), path)
    return {
      operator: table.schema,
      state: table.name,
      path,
      rows,
      bytes: size,
      ...(keyGroups && { keyGroups }),
    }
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

async function writable<T>(write: () => Promise<T>, file: string): Promise<T> {
  try {
    return await write()
  } catch (error) {
    throw new KobelError('STORE', `the file cannot be written: ${(error as Error).message}`, { file }, { cause: error })
  }
}

const COPY_OPTIONS: Readonly<Record<Exclude<ExportFormat, 'arrow'>, string>> = {
  parquet: 'FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 61440',
  csv: 'FORMAT csv, HEADER true',
  jsonl: 'FORMAT json',
}

async function copyTo(
  database: Database,
  table: MountedTable,
  index: number,
  path: string,
  { format, onRows }: ExportOptions,
  keyGroups: readonly [number, number] | undefined,
): Promise<number> {
  const columns = table.definition.columns.map((column) => quoteName(column.name)).join(', ')
  const range = keyGroups ? `, first := ${keyGroups[0]}, last := ${keyGroups[1]}` : ''
  const how = COPY_OPTIONS[format as Exclude<ExportFormat, 'arrow'>]
  const statement = `COPY (SELECT ${columns} FROM ${SCAN_FUNCTION}(${index}${range})) TO ${quoteText(path)} (${how})`
  const [row] = await database.run(statement, { ...(onRows && { onRows }) }).rows()
  return Number(row?.Count ?? 0)
}

async function writeArrow(
  table: MountedTable,
  path: string,
  { onRows }: ExportOptions,
  keyGroups: readonly [number, number] | undefined,
): Promise<number> {
  const { columns } = table.definition
  const file = createArrowFile(columns)
  const handle = await writable(() => open(path, 'w'), path)
  let rows = 0
  try {
    const write = async (pieces: Uint8Array[]): Promise<void> => {
      if (pieces.length > 0) await writable(() => handle.writev(pieces), path)
    }
    const names = columns.map((column) => column.name)
    for await (const batch of table.scan({ table: 0, columns: names, ...(keyGroups && { keyGroups }) })) {
      await write(file.batch(batch.columns, batch.length))
      rows += batch.length
      onRows?.(batch.length)
    }
    await write(file.end())
  } finally {
    await handle.close()
  }
  return rows
}
