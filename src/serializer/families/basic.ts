import type { Layout } from '../layout.ts'
import type { SerializerRow } from '../row.ts'
import { row } from '../row.ts'
import type { Type, TypeKind } from '../type.ts'
import { type EnumBody, readEnumBody, writeEnumBody } from './enum.ts'
import { BASE, RUNTIME, simpleNamed, simpleRow } from './rows.ts'

const VALUES = 'org.apache.flink.types'

const basic = (name: string, kind: TypeKind, layout: Layout): SerializerRow => simpleNamed(BASE, name, { kind }, layout)

/** A row of `org.apache.flink.types.XValue`: the bytes of the primitive. */
const valueRow = (name: string, layout: Layout): SerializerRow =>
  simpleNamed(BASE, `${name}Value`, { kind: 'value', className: `${VALUES}.${name}Value` }, layout)

const VOID: Type = { kind: 'void' }

/** Serializers without parameters of `flink-core`, and enums. */
export const BASIC_ROWS: readonly SerializerRow[] = [
  basic('Boolean', 'boolean', { op: 'boolean' }),
  basic('Byte', 'byte', { op: 'i8' }),
  basic('Short', 'short', { op: 'i16' }),
  basic('Int', 'int', { op: 'i32' }),
  basic('Long', 'long', { op: 'i64' }),
  basic('Float', 'float', { op: 'f32' }),
  basic('Double', 'double', { op: 'f64' }),
  basic('Char', 'char', { op: 'char' }),
  basic('String', 'string', { op: 'string' }),
  basic('BigInt', 'bigint', { op: 'bigInteger' }),
  basic('BigDec', 'decimal', { op: 'bigDecimal' }),
  basic('Date', 'date', { op: 'millis' }),
  basic('SqlDate', 'sql-date', { op: 'millis' }),
  basic('SqlTime', 'sql-time', { op: 'millis' }),
  basic('SqlTimestamp', 'sql-timestamp', { op: 'sqlTimestamp' }),
  basic('LocalDate', 'local-date', { op: 'localDate' }),
  basic('LocalTime', 'local-time', { op: 'localTime' }),
  basic('LocalDateTime', 'local-datetime', { op: 'localDateTime' }),
  basic('Instant', 'instant', { op: 'instant' }),
  simpleNamed(BASE, 'Void', VOID, { op: 'constant', length: 1, declaredLength: 1, value: null }),
  valueRow('Boolean', { op: 'boolean', hash: 'booleanValue' }),
  valueRow('Byte', { op: 'i8' }),
  valueRow('Short', { op: 'i16' }),
  valueRow('Int', { op: 'i32' }),
  valueRow('Long', { op: 'i64', hash: 'longValue' }),
  valueRow('Float', { op: 'f32' }),
  valueRow('Double', { op: 'f64', hash: 'doubleValue' }),
  valueRow('Char', { op: 'char' }),
  valueRow('String', { op: 'string', notNull: true }),
  valueRow('Null', { op: 'constant', length: 0, declaredLength: 0, value: null, hash: 53 }),
  // Tuple0Serializer writes the byte 42.
  simpleRow(
    `${RUNTIME}.Tuple0SerializerSnapshot`,
    { kind: 'tuple', fields: [] },
    { op: 'constant', length: 1, declaredLength: 1, value: [], fill: 42 },
  ),
  row<EnumBody>({
    snapshotClass: `${BASE}.EnumSerializer$EnumSerializerSnapshot`,
    versions: [3],
    readBody: readEnumBody,
    writeBody: writeEnumBody,
    type: ({ className, constants }) => ({ kind: 'enum', className, constants }),
    layout: ({ className, constants }) => ({ op: 'enum', className, constants }),
  }),
]
