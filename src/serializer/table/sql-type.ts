import type { Type, TypeKind } from '../type.ts'
import type { LogicalType } from './logical-type.ts'

/** SQL types as kobel's types, and as the text that Flink prints them with. */

const KINDS: Readonly<Record<string, TypeKind>> = {
  CHAR: 'string',
  VARCHAR: 'string',
  BOOLEAN: 'boolean',
  BINARY: 'bytes',
  VARBINARY: 'bytes',
  DECIMAL: 'decimal',
  TINYINT: 'byte',
  SMALLINT: 'short',
  INTEGER: 'int',
  BIGINT: 'long',
  FLOAT: 'float',
  DOUBLE: 'double',
  DATE: 'local-date',
  TIME_WITHOUT_TIME_ZONE: 'local-time',
  TIMESTAMP_WITHOUT_TIME_ZONE: 'timestamp',
  TIMESTAMP_WITH_TIME_ZONE: 'timestamp',
  TIMESTAMP_WITH_LOCAL_TIME_ZONE: 'timestamp-ltz',
  INTERVAL_YEAR_MONTH: 'interval',
  INTERVAL_DAY_TIME: 'interval',
  ARRAY: 'array',
  MULTISET: 'multiset',
  MAP: 'map',
  ROW: 'row',
  STRUCTURED_TYPE: 'row',
  RAW: 'raw',
  NULL: 'void',
  VARIANT: 'variant',
  BITMAP: 'bitmap',
}

/** The type of values of a SQL type; `sql` keeps what SQL says beyond the kind. */
export function typeOfLogical(logical: LogicalType): Type {
  const source = logical.root === 'DISTINCT_TYPE' ? logical.arguments?.[0] : undefined
  if (source) return { ...typeOfLogical(source), sql: sqlName(logical), nullable: logical.nullable }
  const kind = KINDS[logical.root] ?? 'internal'
  return {
    kind,
    ...(logical.valueClass !== undefined && { className: logical.valueClass }),
    ...(kind === 'internal' && logical.valueClass === undefined && { className: logical.className }),
    ...(logical.arguments && { arguments: logical.arguments.map(typeOfLogical) }),
    ...(logical.fields && { fields: logical.fields.map((field) => ({ ...field, type: typeOfLogical(field.type) })) }),
    ...(logical.precision !== undefined && kind !== 'interval' && { precision: logical.precision }),
    ...(logical.scale !== undefined && { scale: logical.scale }),
    nullable: logical.nullable,
    sql: sqlName(logical),
  }
}

/** The name without nested types and nullability. */
function sqlName(logical: LogicalType): string {
  const { root, length = 1, precision } = logical
  if (logical.identifier) return logical.identifier.map(quoted).join('.')
  switch (root) {
    case 'CHAR':
    case 'VARCHAR':
    case 'BINARY':
    case 'VARBINARY':
      return `${root}(${length})`
    case 'INTEGER':
      return 'INT'
    case 'DECIMAL':
      return `DECIMAL(${precision ?? 10}, ${logical.scale ?? 0})`
    case 'TIME_WITHOUT_TIME_ZONE':
      return `TIME(${precision ?? 0})`
    case 'TIMESTAMP_WITHOUT_TIME_ZONE':
      return `TIMESTAMP(${precision ?? 6})`
    case 'TIMESTAMP_WITH_TIME_ZONE':
      return `TIMESTAMP(${precision ?? 6}) WITH TIME ZONE`
    case 'TIMESTAMP_WITH_LOCAL_TIME_ZONE':
      return `TIMESTAMP(${precision ?? 6}) WITH LOCAL TIME ZONE`
    case 'INTERVAL_YEAR_MONTH':
    case 'INTERVAL_DAY_TIME':
      return intervalName(logical)
    case 'STRUCTURED_TYPE':
      return 'STRUCTURED'
    default:
      return root
  }
}

/** `DAY_TO_SECOND` becomes `INTERVAL DAY(2) TO SECOND(3)`: only days, years and seconds have a precision. */
function intervalName({ resolution, precision, fractionalPrecision, root }: LogicalType): string {
  const units = (resolution ?? (root === 'INTERVAL_DAY_TIME' ? 'DAY_TO_SECOND' : 'YEAR_TO_MONTH')).split('_TO_')
  const named = units.map((unit) => {
    if (unit === 'DAY' || unit === 'YEAR') return `${unit}(${precision ?? 2})`
    return unit === 'SECOND' ? `${unit}(${fractionalPrecision ?? 6})` : unit
  })
  return `INTERVAL ${named.join(' TO ')}`
}

function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

const TEXT_LIMIT = 100_000

/**
 * The SQL text of a type, as `LogicalType.asSerializableString` prints it; of RAW without the serializer. `undefined`
 * where the type did not come from SQL. Cut off where a text would be absurdly long.
 */
export function sqlText(type: Type): string | undefined {
  if (type.sql === undefined) return undefined
  const state = { left: TEXT_LIMIT }
  return textOf(type, state)
}

function textOf(type: Type, state: { left: number }): string {
  if (state.left < 0) return '…'
  const text = `${bodyOf(type, state)}${type.nullable === false ? ' NOT NULL' : ''}`
  state.left -= (type.sql?.length ?? 0) + 8
  return text
}

function bodyOf(type: Type, state: { left: number }): string {
  const { sql = type.kind } = type
  switch (sql) {
    case 'ARRAY':
    case 'MULTISET':
    case 'MAP':
      return `${sql}<${(type.arguments ?? []).map((each) => textOf(each, state)).join(', ')}>`
    case 'ROW':
      return `ROW<${membersOf(type, state).join(', ')}>`
    case 'STRUCTURED':
      return `STRUCTURED<${[literal(type.className ?? '?'), ...membersOf(type, state)].join(', ')}>`
    case 'RAW':
      return `RAW(${literal(type.className ?? '?')}, '...')`
    default:
      return sql
  }
}

function membersOf(type: Type, state: { left: number }): string[] {
  return (type.fields ?? []).map((field) => {
    state.left -= field.name.length + (field.description?.length ?? 0)
    if (state.left < 0) return '…'
    const description = field.description === undefined ? '' : ` ${literal(field.description)}`
    return `${quoted(field.name)} ${textOf(field.type, state)}${description}`
  })
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
