import type { LogicalType } from '@duckdb/node-bindings'
import type { Bindings } from './bindings.ts'
import { TYPE_IDS } from './types.ts'

const NAMES: ReadonlyMap<number, string> = new Map([
  ...Object.entries(TYPE_IDS).map(([name, id]): [number, string] => [id, name]),
  [TYPE_IDS.TIMESTAMP_TZ, 'TIMESTAMP WITH TIME ZONE'],
  [TYPE_IDS.TIME_TZ, 'TIME WITH TIME ZONE'],
  [TYPE_IDS.SQLNULL, 'NULL'],
])

const PLAIN_NAME = /^[a-z_][a-z0-9_]*$/

/** A type as DuckDB prints it: `STRUCT(id BIGINT, "Name" VARCHAR)[]`. */
export function typeText(duckdb: Bindings, type: LogicalType): string {
  const id = duckdb.get_type_id(type) as number
  const named = (name: string, of: LogicalType): string =>
    `${PLAIN_NAME.test(name) ? name : `"${name.replaceAll('"', '""')}"`} ${typeText(duckdb, of)}`
  switch (id) {
    case TYPE_IDS.DECIMAL:
      return `DECIMAL(${duckdb.decimal_width(type)},${duckdb.decimal_scale(type)})`
    case TYPE_IDS.LIST:
      return `${typeText(duckdb, duckdb.list_type_child_type(type))}[]`
    case TYPE_IDS.ARRAY:
      return `${typeText(duckdb, duckdb.array_type_child_type(type))}[${duckdb.array_type_array_size(type)}]`
    case TYPE_IDS.MAP:
      return `MAP(${typeText(duckdb, duckdb.map_type_key_type(type))}, ${typeText(duckdb, duckdb.map_type_value_type(type))})`
    case TYPE_IDS.STRUCT: {
      const fields = Array.from({ length: duckdb.struct_type_child_count(type) }, (_, i) =>
        named(duckdb.struct_type_child_name(type, i), duckdb.struct_type_child_type(type, i)),
      )
      return `STRUCT(${fields.join(', ')})`
    }
    case TYPE_IDS.UNION: {
      const members = Array.from({ length: duckdb.union_type_member_count(type) }, (_, i) =>
        named(duckdb.union_type_member_name(type, i), duckdb.union_type_member_type(type, i)),
      )
      return `UNION(${members.join(', ')})`
    }
    default:
      return duckdb.logical_type_get_alias(type) ?? NAMES.get(id) ?? 'UNKNOWN'
  }
}
