import { ARRAY_ROWS } from './families/arrays.ts'
import { AVRO_ROWS } from './families/avro.ts'
import { BASIC_ROWS } from './families/basic.ts'
import { CEP_ROWS } from './families/cep.ts'
import { COMPOSITE_ROWS } from './families/composite.ts'
import { GENERIC_ROWS } from './families/generic.ts'
import { KAFKA_ROWS } from './families/kafka.ts'
import { KRYO_ROWS } from './families/kryo.ts'
import { LEGACY_ROWS } from './families/legacy.ts'
import { POJO_ROWS } from './families/pojo.ts'
import { SCALA_ROWS } from './families/scala.ts'
import { STATE_ROWS } from './families/state.ts'
import { TABLE_ROWS } from './families/table.ts'
import { TABLE_STATE_ROWS } from './families/table-state.ts'
import type { SerializerRow, SerializerTable } from './row.ts'
import { userRow } from './user-row.ts'

/** All rows that come with kobel. */
export const SERIALIZER_ROWS: readonly SerializerRow[] = [
  ...BASIC_ROWS,
  ...ARRAY_ROWS,
  ...COMPOSITE_ROWS,
  ...POJO_ROWS,
  ...KRYO_ROWS,
  ...STATE_ROWS,
  ...AVRO_ROWS,
  ...SCALA_ROWS,
  ...GENERIC_ROWS,
  ...LEGACY_ROWS,
  ...TABLE_ROWS,
  ...TABLE_STATE_ROWS,
  ...CEP_ROWS,
  ...KAFKA_ROWS,
]

export const SERIALIZER_TABLE: SerializerTable = new Map(SERIALIZER_ROWS.map((each) => [each.snapshotClass, each]))

/** The table with rows of the user's own; a row for a known class replaces it, and keeps the hash of its layout. */
export function serializerTable(extra: readonly SerializerRow[] = []): SerializerTable {
  if (extra.length === 0) return SERIALIZER_TABLE
  const own = extra.map((each) => (SERIALIZER_TABLE.has(each.snapshotClass) ? each : userRow(each)))
  return new Map([...SERIALIZER_TABLE, ...own.map((each) => [each.snapshotClass, each] as const)])
}
