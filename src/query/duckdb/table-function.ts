import type {
  Connection,
  DataChunk,
  TableFunctionBindInfo,
  TableFunctionInfo,
  TableFunctionInitInfo,
} from '@duckdb/node-bindings'
import type { SqlField, SqlType } from '../sql-type.ts'
import type { Bindings } from './bindings.ts'
import type { Feed } from './feed.ts'
import { type Filler, fillVector } from './fill.ts'
import type { ScanRequest, TableDefinition } from './protocol.ts'
import { logicalTypeOf, TYPE_IDS } from './types.ts'

/** `kobel_scan(table, fields := '["value.amount"]', key := '…', first := 0, last := 63)` */
export const SCAN_FUNCTION = 'kobel_scan'

/** DuckDB asks for the first column where it only counts rows: this one is never read. */
const COUNT_COLUMN = '$count'

interface Bound {
  readonly table: number
  readonly columns: readonly { readonly name: string; readonly type: SqlType; readonly paths: readonly string[] }[]
  readonly key: string | undefined
  readonly keyGroups: readonly [number, number] | undefined
}

interface Scan {
  readonly request: ScanRequest
  /** The output's columns: undefined where rows are only counted. */
  readonly columns: readonly ({ readonly name: string; readonly type: SqlType } | undefined)[]
  feed: Feed | undefined
}

export interface ScanContext {
  readonly filler: Filler
  readonly tables: readonly TableDefinition[]
  readonly openFeed: (request: ScanRequest) => Feed
}

export function registerScan(duckdb: Bindings, connection: Connection, context: ScanContext): void {
  const simple = (id: number) => duckdb.create_logical_type(id)
  const scan = duckdb.create_table_function()
  duckdb.table_function_set_name(scan, SCAN_FUNCTION)
  duckdb.table_function_add_parameter(scan, simple(TYPE_IDS.INTEGER))
  for (const name of ['fields', 'key']) {
    duckdb.table_function_add_named_parameter(scan, name, simple(TYPE_IDS.VARCHAR))
  }
  for (const name of ['first', 'last']) {
    duckdb.table_function_add_named_parameter(scan, name, simple(TYPE_IDS.INTEGER))
  }
  duckdb.table_function_supports_projection_pushdown(scan, true)
  const vectorSize = duckdb.vector_size()
  // What a callback throws would end the whole thread.
  duckdb.table_function_set_bind(scan, (info) => {
    try {
      bind(duckdb, context, info)
    } catch (error) {
      duckdb.bind_set_error(info, (error as Error).message)
    }
  })
  duckdb.table_function_set_init(scan, (info) => {
    try {
      init(duckdb, info)
    } catch (error) {
      duckdb.init_set_error(info, (error as Error).message)
    }
  })
  duckdb.table_function_set_function(scan, (info, output) => produce(duckdb, context, vectorSize, info, output))
  duckdb.register_table_function(connection, scan)
}

function bind(duckdb: Bindings, context: ScanContext, info: TableFunctionBindInfo): void {
  const text = (name: string): string | undefined => {
    const value = duckdb.bind_get_named_parameter(info, name)
    return value ? duckdb.get_varchar(value) : undefined
  }
  const number = (name: string): number | undefined => {
    const value = duckdb.bind_get_named_parameter(info, name)
    return value ? duckdb.get_int32(value) : undefined
  }
  const [first, last, fields] = [number('first'), number('last'), text('fields')]
  const table = duckdb.get_int32(duckdb.bind_get_parameter(info, 0))
  const bound: Bound = {
    table,
    columns: boundColumns(context.tables[table]!, fields === undefined ? [] : (JSON.parse(fields) as string[])),
    key: text('key'),
    keyGroups: first === undefined || last === undefined ? undefined : [first, last],
  }
  duckdb.bind_add_result_column(info, COUNT_COLUMN, duckdb.create_logical_type(TYPE_IDS.BOOLEAN))
  for (const { name, type } of bound.columns) {
    duckdb.bind_add_result_column(info, name, logicalTypeOf(duckdb, type))
  }
  duckdb.bind_set_bind_data(info, bound)
}

function init(duckdb: Bindings, info: TableFunctionInitInfo): void {
  const bound = duckdb.init_get_bind_data(info) as Bound
  const count = duckdb.init_get_column_count(info)
  const columns = Array.from({ length: count }, (_, i) => bound.columns[duckdb.init_get_column_index(info, i) - 1])
  const request: ScanRequest = {
    table: bound.table,
    columns: [...new Set(columns.flatMap((each) => each?.paths ?? []))],
    ...(bound.key !== undefined && { key: bound.key }),
    ...(bound.keyGroups && { keyGroups: bound.keyGroups }),
  }
  duckdb.init_set_init_data(info, { request, columns, feed: undefined } satisfies Scan)
  duckdb.init_set_max_threads(info, 1)
}

function produce(
  duckdb: Bindings,
  { filler, openFeed }: ScanContext,
  vectorSize: number,
  info: TableFunctionInfo,
  output: DataChunk,
): void {
  try {
    const scan = duckdb.function_get_init_data(info) as Scan
    scan.feed ??= openFeed(scan.request)
    const rows = scan.feed.next(vectorSize)
    duckdb.data_chunk_set_size(output, rows?.count ?? 0)
    if (rows === undefined) return
    for (const [i, wanted] of scan.columns.entries()) {
      if (wanted === undefined) continue
      const { column } = rows.columns.find((each) => each.name === wanted.name)!
      fillVector(filler, duckdb.data_chunk_get_vector(output, i), wanted.type, column, rows)
    }
  } catch (error) {
    duckdb.function_set_error(info, (error as Error).message)
  }
}

// --- fields --------------------------------------------------------------------------------------------------------

/** The columns with only the fields that `fields` names, and the paths that a scan is asked for. */
export function boundColumns({ columns }: TableDefinition, fields: readonly string[]): Bound['columns'] {
  return columns.map(({ name, type }) => {
    const inside = fields.filter((path) => path.startsWith(`${name}.`)).map((path) => path.slice(name.length + 1))
    const paths: string[] = []
    const pruned = prune(type, inside, name, paths)
    return { name, type: pruned, paths }
  })
}

/** Keeps the fields at the beginnings of the paths, which are of SQL names; collects paths of the table's own names. */
function prune(type: SqlType, inside: readonly string[], place: string, paths: string[]): SqlType {
  const kept = type.id === 'STRUCT' && inside.length > 0 ? keptFields(type.fields, inside) : []
  if (type.id !== 'STRUCT' || kept.length === 0) {
    paths.push(place)
    return type
  }
  return {
    id: 'STRUCT',
    fields: kept.map(({ field, rest }) => ({
      ...field,
      type: prune(field.type, rest, `${place}.${field.source}`, paths),
    })),
  }
}

/** None where a field cannot be named by a path, or is not there: then all are kept. */
function keptFields(
  fields: readonly SqlField[],
  inside: readonly string[],
): { field: SqlField; rest: readonly string[] }[] {
  if (fields.some(({ name, source }) => name.includes('.') || source.includes('.'))) return []
  const heads = inside.map((path) => path.split('.', 1)[0]!.toLowerCase())
  if (heads.some((head) => !fields.some(({ name }) => name.toLowerCase() === head))) return []
  return fields.flatMap((field) => {
    const own = inside.filter((_, i) => heads[i] === field.name.toLowerCase())
    if (own.length === 0) return []
    // One path that ends here wants all of the field.
    const rest = own.map((path) => path.slice(field.name.length + 1))
    return [{ field, rest: rest.includes('') ? [] : rest }]
  })
}
