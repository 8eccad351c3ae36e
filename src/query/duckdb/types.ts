import type { LogicalType } from '@duckdb/node-bindings'
import type { SimpleSqlType, SqlType } from '../sql-type.ts'
import type { Bindings } from './bindings.ts'

/** `DUCKDB_TYPE` of DuckDB's C interface (duckdb.h). */
export const TYPE_IDS = {
  BOOLEAN: 1,
  TINYINT: 2,
  SMALLINT: 3,
  INTEGER: 4,
  BIGINT: 5,
  UTINYINT: 6,
  USMALLINT: 7,
  UINTEGER: 8,
  UBIGINT: 9,
  FLOAT: 10,
  DOUBLE: 11,
  TIMESTAMP: 12,
  DATE: 13,
  TIME: 14,
  INTERVAL: 15,
  HUGEINT: 16,
  VARCHAR: 17,
  BLOB: 18,
  DECIMAL: 19,
  TIMESTAMP_S: 20,
  TIMESTAMP_MS: 21,
  TIMESTAMP_NS: 22,
  ENUM: 23,
  LIST: 24,
  STRUCT: 25,
  MAP: 26,
  UUID: 27,
  UNION: 28,
  BIT: 29,
  TIME_TZ: 30,
  TIMESTAMP_TZ: 31,
  UHUGEINT: 32,
  ARRAY: 33,
  BIGNUM: 35,
  SQLNULL: 36,
  TIME_NS: 39,
} as const

const SIMPLE_IDS: Readonly<Record<SimpleSqlType, number>> = {
  BOOLEAN: TYPE_IDS.BOOLEAN,
  TINYINT: TYPE_IDS.TINYINT,
  SMALLINT: TYPE_IDS.SMALLINT,
  INTEGER: TYPE_IDS.INTEGER,
  BIGINT: TYPE_IDS.BIGINT,
  FLOAT: TYPE_IDS.FLOAT,
  DOUBLE: TYPE_IDS.DOUBLE,
  VARCHAR: TYPE_IDS.VARCHAR,
  BLOB: TYPE_IDS.BLOB,
  DATE: TYPE_IDS.DATE,
  TIME: TYPE_IDS.TIME,
  TIMESTAMP: TYPE_IDS.TIMESTAMP,
  TIMESTAMP_NS: TYPE_IDS.TIMESTAMP_NS,
  'TIMESTAMP WITH TIME ZONE': TYPE_IDS.TIMESTAMP_TZ,
}

/** The type as DuckDB's C interface has it. */
export function logicalTypeOf(duckdb: Bindings, type: SqlType): LogicalType {
  switch (type.id) {
    case 'DECIMAL':
      return duckdb.create_decimal_type(type.width, type.scale)
    case 'LIST':
      return duckdb.create_list_type(logicalTypeOf(duckdb, type.child))
    case 'MAP':
      return duckdb.create_map_type(logicalTypeOf(duckdb, type.key), logicalTypeOf(duckdb, type.value))
    case 'STRUCT':
      return duckdb.create_struct_type(
        type.fields.map((field) => logicalTypeOf(duckdb, field.type)),
        type.fields.map((field) => field.name),
      )
    default:
      return duckdb.create_logical_type(SIMPLE_IDS[type.id])
  }
}
