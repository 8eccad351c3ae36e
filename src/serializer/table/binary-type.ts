import type { Layout } from '../layout.ts'
import type { SerializerSnapshot } from '../snapshot.ts'
import type { LogicalType } from './logical-type.ts'
import { checkDecimal } from './sql-decimal.ts'

/** How a value of a SQL type lies inside a `BinaryRowData`, `BinaryArrayData` or `BinaryMapData`, as plain data. */
export type BinaryType =
  // -- in place
  | { readonly form: 'boolean' | 'i8' | 'i16' | 'i32' | 'i64' | 'f32' | 'f64' | 'date' | 'time' }
  | { readonly form: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly form: 'timestamp'; readonly precision: number; readonly local: boolean }
  // -- in place up to 7 bytes, else a reference
  | { readonly form: 'string' | 'binary' }
  // -- a reference
  | { readonly form: 'bitmap' | 'variant' }
  | { readonly form: 'array'; readonly element: BinaryType }
  | { readonly form: 'map'; readonly key: BinaryType; readonly value: BinaryType }
  | { readonly form: 'row'; readonly fields: readonly BinaryType[] }
  // -- a reference to the bytes of another serializer
  | { readonly form: 'raw'; readonly className: string; readonly inner?: Layout }
  // -- nothing is known but the 8 bytes in place
  | { readonly form: 'word'; readonly className: string }

/** `TimestampData.isCompact`: up to this precision a timestamp is its milliseconds in place. */
export const COMPACT_TIMESTAMP = 3

/** The layout of values that a serializer class without parameters writes. */
export type LayoutOfSerializer = (serializerClass: string) => Layout | undefined

const IN_PLACE: Readonly<Record<string, BinaryType['form']>> = {
  BOOLEAN: 'boolean',
  TINYINT: 'i8',
  SMALLINT: 'i16',
  INTEGER: 'i32',
  BIGINT: 'i64',
  FLOAT: 'f32',
  DOUBLE: 'f64',
  DATE: 'date',
  TIME_WITHOUT_TIME_ZONE: 'time',
  INTERVAL_YEAR_MONTH: 'i32',
  INTERVAL_DAY_TIME: 'i64',
  CHAR: 'string',
  VARCHAR: 'string',
  BINARY: 'binary',
  VARBINARY: 'binary',
  VARIANT: 'variant',
  BITMAP: 'bitmap',
}

/** How a column lies; its nested snapshot tells what a RAW value is made of, and how Flink 1.9 stored a timestamp. */
export function binaryTypeOf(
  logical: LogicalType,
  layoutOf: LayoutOfSerializer,
  nested?: SerializerSnapshot,
): BinaryType {
  const form = IN_PLACE[logical.root]
  if (form !== undefined) return { form } as BinaryType
  const inner = (each: LogicalType | undefined) => binaryTypeOf(each ?? UNKNOWN, layoutOf)
  switch (logical.root) {
    case 'DECIMAL': {
      const { precision = 10, scale = 0 } = logical
      checkDecimal(precision, scale)
      return { form: 'decimal', precision, scale }
    }
    case 'TIMESTAMP_WITHOUT_TIME_ZONE':
    case 'TIMESTAMP_WITH_LOCAL_TIME_ZONE': {
      const precision = nested?.layout.op === 'i64' ? COMPACT_TIMESTAMP : (logical.precision ?? 6)
      return { form: 'timestamp', precision, local: logical.root === 'TIMESTAMP_WITHOUT_TIME_ZONE' }
    }
    case 'ARRAY':
      return { form: 'array', element: inner(logical.arguments?.[0]) }
    case 'MULTISET':
      return { form: 'map', key: inner(logical.arguments?.[0]), value: { form: 'i32' } }
    case 'MAP':
      return { form: 'map', key: inner(logical.arguments?.[0]), value: inner(logical.arguments?.[1]) }
    case 'ROW':
    case 'STRUCTURED_TYPE': {
      const columns = rowColumns(nested)
      return {
        form: 'row',
        fields: (logical.fields ?? []).map(({ type }, i) => binaryTypeOf(type, layoutOf, columns?.[i])),
      }
    }
    case 'DISTINCT_TYPE':
      return binaryTypeOf(logical.arguments?.[0] ?? UNKNOWN, layoutOf, nested)
    case 'RAW': {
      const layout = nested?.layout.op === 'sized' ? nested.layout.inner : layoutOf(logical.serializerClass ?? '')
      return { form: 'raw', className: logical.valueClass ?? 'RAW', ...(layout && { inner: layout }) }
    }
    default:
      return { form: 'word', className: logical.className }
  }
}

const UNKNOWN: LogicalType = { root: 'UNRESOLVED', className: '?', nullable: true }

/** The nested snapshots of a `RowDataSerializer`, whose body has them under this name. */
function rowColumns(snapshot: SerializerSnapshot | undefined): readonly SerializerSnapshot[] | undefined {
  const body = snapshot?.body as { readonly columns?: readonly SerializerSnapshot[] } | undefined
  return Array.isArray(body?.columns) ? body.columns : undefined
}

/** Bytes that an element takes in place (`BinaryArrayData.calculateFixLengthPartSize`); in a row all take 8. */
export function widthOf({ form }: BinaryType): 1 | 2 | 4 | 8 {
  switch (form) {
    case 'boolean':
    case 'i8':
      return 1
    case 'i16':
      return 2
    case 'i32':
    case 'f32':
    case 'date':
    case 'time':
      return 4
    default:
      return 8
  }
}
