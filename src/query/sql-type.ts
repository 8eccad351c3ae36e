import type { Column, ColumnField } from '../serializer/columns.ts'
import type { Type } from '../serializer/type.ts'

/** The SQL type of a column, in DuckDB's words: what DuckDB, Parquet and Arrow get for a column in Arrow's layout. */
export type SqlType =
  | { readonly id: SimpleSqlType }
  | { readonly id: 'DECIMAL'; readonly width: number; readonly scale: number }
  | { readonly id: 'LIST'; readonly child: SqlType }
  | { readonly id: 'MAP'; readonly key: SqlType; readonly value: SqlType }
  | { readonly id: 'STRUCT'; readonly fields: readonly SqlField[] }

export type SimpleSqlType =
  | 'BOOLEAN'
  | 'TINYINT'
  | 'SMALLINT'
  | 'INTEGER'
  | 'BIGINT'
  | 'FLOAT'
  | 'DOUBLE'
  | 'VARCHAR'
  | 'BLOB'
  | 'DATE'
  | 'TIME'
  | 'TIMESTAMP'
  | 'TIMESTAMP_NS'
  | 'TIMESTAMP WITH TIME ZONE'

export interface SqlField {
  readonly name: string
  /** The name of the child of the struct column. */
  readonly source: string
  readonly type: SqlType
}

/** Longer decimals stay text. */
const MAX_DECIMAL_WIDTH = 38

const SIMPLE: Readonly<Partial<Record<Column['kind'], SimpleSqlType>>> = {
  // A column that is always null has no type of its own.
  null: 'VARCHAR',
  boolean: 'BOOLEAN',
  int8: 'TINYINT',
  int16: 'SMALLINT',
  int32: 'INTEGER',
  int64: 'BIGINT',
  float32: 'FLOAT',
  float64: 'DOUBLE',
  utf8: 'VARCHAR',
  binary: 'BLOB',
}

/**
 * The type of a column:
 *
 * | column | SQL |
 * |---|---|
 * | boolean; int8 to int64; float32, float64 | `BOOLEAN`; `TINYINT` to `BIGINT`; `FLOAT`, `DOUBLE` |
 * | int32 of days, int64 of milliseconds | `DATE`, `TIMESTAMP WITH TIME ZONE` |
 * | int64 of nanoseconds of the day | `TIME`: microseconds |
 * | utf8 of `DECIMAL(p, s)` | `DECIMAL(p, s)`; decimals of Java have no precision: `VARCHAR` |
 * | utf8 of an instant, of a local date and time | `TIMESTAMP WITH TIME ZONE`, `TIMESTAMP`; `TIMESTAMP_NS` of `TIMESTAMP(7)` to `(9)` |
 * | other utf8; binary | `VARCHAR`; `BLOB` |
 * | list, map, struct | `LIST`, `MAP`, `STRUCT`; a struct of nothing: `VARCHAR` |
 *
 * Names of a struct that differ only in case get a number, since SQL does not tell them apart.
 */
export function sqlTypeOf(shape: Column, type?: Type): SqlType {
  const bare = type && withoutNull(type)
  switch (shape.kind) {
    case 'int32':
      return { id: shape.unit === 'days' ? 'DATE' : 'INTEGER' }
    case 'int64':
      if (shape.unit === 'nanosecondsOfDay') return { id: 'TIME' }
      return { id: shape.unit === 'milliseconds' ? 'TIMESTAMP WITH TIME ZONE' : 'BIGINT' }
    case 'utf8':
      return textType(bare)
    case 'list':
      return { id: 'LIST', child: sqlTypeOf(shape.child.column, bare?.arguments?.[0]) }
    case 'map': {
      const [key, value] = (shape.child.column as Column & { kind: 'struct' }).children
      const [keyType, valueType] = bare?.arguments ?? []
      return { id: 'MAP', key: sqlTypeOf(key!.column, keyType), value: sqlTypeOf(value!.column, valueType) }
    }
    case 'struct':
      if (shape.children.length === 0) return { id: 'VARCHAR' }
      return { id: 'STRUCT', fields: fieldsOf(shape.children, (child, i) => typeOfChild(bare, child, i)) }
    default:
      return { id: SIMPLE[shape.kind] ?? 'VARCHAR' }
  }
}

function withoutNull(type: Type): Type {
  let bare = type
  for (let depth = 0; depth < 16; depth++) {
    const [inner] = bare.arguments ?? []
    if ((bare.kind !== 'nullable' && bare.kind !== 'option') || inner === undefined) break
    bare = inner
  }
  return bare
}

function textType(type: Type | undefined): SqlType {
  switch (type?.kind) {
    case 'decimal':
      if (type.precision === undefined || type.precision > MAX_DECIMAL_WIDTH) return { id: 'VARCHAR' }
      return { id: 'DECIMAL', width: type.precision, scale: type.scale ?? 0 }
    case 'timestamp':
      return { id: (type.precision ?? 6) > 6 ? 'TIMESTAMP_NS' : 'TIMESTAMP' }
    case 'local-datetime':
      return { id: 'TIMESTAMP' }
    case 'timestamp-ltz':
    case 'instant':
    case 'sql-timestamp':
      return { id: 'TIMESTAMP WITH TIME ZONE' }
    default:
      return { id: 'VARCHAR' }
  }
}

/** Fields of tuples and rows are told by their places, others by their names. */
function typeOfChild(type: Type | undefined, { name }: ColumnField, i: number): Type | undefined {
  if (type === undefined) return undefined
  if (type.kind === 'row') return i === 0 && name === 'kind' ? undefined : type.fields?.[i - 1]?.type
  if (type.kind === 'tuple') return type.fields?.[i]?.type
  if (type.kind === 'either') return name === 'left' ? type.arguments?.[0] : type.arguments?.[1]
  if (type.kind === 'ttl') return name === 'value' ? type.arguments?.[0] : undefined
  return type.fields?.find((field) => field.name === name)?.type
}

export function fieldsOf(
  children: readonly ColumnField[],
  typeOf: (child: ColumnField, i: number) => Type | undefined,
): SqlField[] {
  const taken = new Set<string>()
  return children.map((child, i) => {
    const base = child.name === '' ? '_' : child.name
    let name = base
    for (let n = 2; taken.has(name.toLowerCase()); n++) name = `${base}_${n}`
    taken.add(name.toLowerCase())
    return { name, source: child.name, type: sqlTypeOf(child.column, typeOf(child, i)) }
  })
}

/** An identifier as SQL takes it whatever it is called. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** A text as SQL takes it. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** The type as SQL has it: `STRUCT("a" BIGINT, "b" VARCHAR[])`. */
export function sqlTypeText(type: SqlType): string {
  switch (type.id) {
    case 'DECIMAL':
      return `DECIMAL(${type.width}, ${type.scale})`
    case 'LIST':
      return `${sqlTypeText(type.child)}[]`
    case 'MAP':
      return `MAP(${sqlTypeText(type.key)}, ${sqlTypeText(type.value)})`
    case 'STRUCT':
      return `STRUCT(${type.fields.map((each) => `${quoteName(each.name)} ${sqlTypeText(each.type)}`).join(', ')})`
    default:
      return type.id
  }
}
