import { KobelError } from '../../error.ts'
import type { KeyedState } from '../../snapshot/keyed-state.ts'
import { Snapshot } from '../../snapshot/open.ts'
import { OperatorState } from '../../snapshot/operator-state.ts'
import { type ColumnBatch, scanTable } from '../scan.ts'
import { quoteName, sqlTypeOf } from '../sql-type.ts'
import { type StateTable, tablesOf } from '../table.ts'
import { infoTables, KOBEL_SCHEMA, scanInfo } from './catalog.ts'
import type { NamedSnapshot } from './database.ts'
import { type KeyConstants, keyOfConstants } from './key-constant.ts'
import type { ScanRequest, TableDefinition } from './protocol.ts'
import { SCAN_FUNCTION } from './table-function.ts'

/** A table of the database. */
export interface MountedTable {
  /** The name of an attached snapshot; undefined for the first one. */
  readonly catalog: string | undefined
  readonly schema: string
  readonly name: string
  readonly definition: TableDefinition
  /** Undefined for tables that describe the snapshot. */
  readonly state: StateTable | undefined
  readonly scan: (request: ScanRequest) => AsyncIterable<ColumnBatch>
}

export interface Mounted {
  readonly tables: readonly MountedTable[]
  /** Statements that make the schemas and views. */
  readonly setup: readonly string[]
}

/** Schemas that DuckDB has, or that are taken. */
const TAKEN_SCHEMAS: readonly string[] = ['information_schema', 'pg_catalog', KOBEL_SCHEMA]

/**
 * Every state becomes a view over the table function, under the schema of its operator. A snapshot with a name becomes
 * a database of that name; the first one has the default database too.
 */
export function mountSnapshots(sources: readonly (NamedSnapshot | Snapshot)[]): Mounted {
  const tables: MountedTable[] = []
  const setup: string[] = []
  const names = new Set<string>(['memory', 'system', 'temp'])
  for (const [i, source] of sources.entries()) {
    const snapshot = source instanceof Snapshot ? source : source.snapshot
    const name = source instanceof Snapshot ? undefined : source.name
    if (name !== undefined) {
      if (names.has(name.toLowerCase())) {
        throw new KobelError('USAGE', `two snapshots, or a database of DuckDB, are called ${JSON.stringify(name)}`)
      }
      names.add(name.toLowerCase())
      setup.push(`ATTACH ':memory:' AS ${quoteName(name)}`)
    }
    const own = tablesOfSnapshot(snapshot)
    if (i === 0) mount(undefined, own, tables, setup)
    if (name !== undefined) mount(name, own, tables, setup)
  }
  return { tables, setup }
}

type Unplaced = Omit<MountedTable, 'catalog'>

function mount(catalog: string | undefined, own: readonly Unplaced[], tables: MountedTable[], setup: string[]): void {
  const place = catalog === undefined ? '' : `${quoteName(catalog)}.`
  for (const schema of new Set(own.map((table) => table.schema))) {
    setup.push(`CREATE SCHEMA IF NOT EXISTS ${place}${quoteName(schema)}`)
  }
  for (const table of own) {
    const columns = table.definition.columns.map((column) => quoteName(column.name)).join(', ')
    const view = `${place}${quoteName(table.schema)}.${quoteName(table.name)}`
    setup.push(`CREATE VIEW ${view} AS SELECT ${columns} FROM ${SCAN_FUNCTION}(${tables.length})`)
    tables.push({ catalog, ...table })
  }
}

function tablesOfSnapshot(snapshot: Snapshot): Unplaced[] {
  const states = tablesOf(snapshot)
  const schemas = distinct([...new Set(states.map((table) => table.schema))], TAKEN_SCHEMAS)
  const named = states.map((table) => ({ ...table, schema: schemas.get(table.schema)! }))
  const renamed = new Map<StateTable, string>()
  for (const schema of schemas.values()) {
    const own = named.filter((table) => table.schema === schema)
    const names = distinct(
      own.map((table) => table.name),
      [],
    )
    for (const table of own) renamed.set(table, names.get(table.name)!)
  }
  return [
    ...named.map((table) => stateTable(table, renamed.get(table)!)),
    ...infoTables(snapshot, named).map((table) => ({
      schema: KOBEL_SCHEMA,
      name: table.name,
      state: undefined,
      definition: {
        columns: table.columns.map(({ name, shape }) => ({ name, type: sqlTypeOf(shape) })),
      },
      scan: async function* ({ columns }: ScanRequest) {
        yield* scanInfo(table, columns)
      },
    })),
  ]
}

/** SQL does not tell names apart by case: later ones get a number. */
function distinct(names: readonly string[], taken: readonly string[]): Map<string, string> {
  const used = new Set(taken)
  const found = new Map<string, string>()
  for (const name of names) {
    const base = name === '' ? '_' : name
    let free = base
    for (let i = 2; used.has(free.toLowerCase()); i++) free = `${base}_${i}`
    used.add(free.toLowerCase())
    found.set(name, free)
  }
  return found
}

function stateTable(table: StateTable, name: string): Unplaced {
  return {
    schema: table.schema,
    name,
    state: table,
    definition: {
      columns: table.columns.map(({ name: column, type, shape }) => ({ name: column, type: sqlTypeOf(shape, type) })),
    },
    scan: ({ columns, keyGroups, key }) => {
      if (key !== undefined && !(table.source instanceof OperatorState)) {
        const value = keyOfConstants(table.source as KeyedState, JSON.parse(key) as KeyConstants)
        if (value !== undefined) return scanTable(table, { columns, key: value, ...(keyGroups && { keyGroups }) })
      }
      return scanTable(table, { columns, ...(keyGroups && { keyGroups }) })
    },
  }
}
