import { KobelError } from '../error.ts'
import { readChangeHead } from '../format/changelog.ts'
import { readWithExtents } from '../serializer/extents.ts'
import { hashValue, isHashable } from '../serializer/interpreter/hash.ts'
import type { Layout } from '../serializer/layout.ts'
import { createSnapshot, type SerializerRow, type SerializerTable } from '../serializer/row.ts'
import { readVersionedSnapshot, type SerializerSnapshot } from '../serializer/snapshot.ts'
import { keyGroupOfHash } from './key-groups.ts'
import type { SourceContext } from './keyed-source.ts'

/** A change of a state that is not a timer: it begins with the key. */
export interface KeyedChange {
  readonly keyGroup: number
  readonly bytes: Uint8Array
}

const BASE = 'org.apache.flink.api.common.typeutils.base'
/** Serializers without parameters by the names of their types. */
const SIMPLE: Readonly<Record<string, string>> = {
  boolean: 'BooleanSerializer$Boolean',
  byte: 'ByteSerializer$Byte',
  short: 'ShortSerializer$Short',
  int: 'IntSerializer$Int',
  long: 'LongSerializer$Long',
  float: 'FloatSerializer$Float',
  double: 'DoubleSerializer$Double',
  char: 'CharSerializer$Char',
  string: 'StringSerializer$String',
  bigint: 'BigIntSerializer$BigInt',
  decimal: 'BigDecSerializer$BigDec',
  date: 'DateSerializer$Date',
  'sql-date': 'SqlDateSerializer$SqlDate',
  'sql-time': 'SqlTimeSerializer$SqlTime',
  'sql-timestamp': 'SqlTimestampSerializer$SqlTimestamp',
  'local-date': 'LocalDateSerializer$LocalDate',
  'local-time': 'LocalTimeSerializer$LocalTime',
  'local-datetime': 'LocalDateTimeSerializer$LocalDateTime',
  instant: 'InstantSerializer$Instant',
}

/** Of several types with the same bytes and hashes the more usual one comes first. */
const CANDIDATES: readonly string[] = [
  ...['string', 'long', 'int', 'short', 'byte', 'char', 'double', 'float', 'bigint', 'instant'],
  ...['local-date', 'local-datetime'],
]

function simpleRow(table: SerializerTable, type: string): SerializerRow | undefined {
  return Object.hasOwn(SIMPLE, type) ? table.get(`${BASE}.${SIMPLE[type]}SerializerSnapshot`) : undefined
}

/** A type is believed where chance would fit its hashes to the key groups in one of 2^40 cases. */
const EVIDENCE_BITS = 40

/** The key's serializer as the user says: by the name of a simple type, or by the bytes of a serializer snapshot. */
export function givenKeySerializer({
  keyType: type,
  table,
  options,
}: Pick<SourceContext, 'keyType' | 'table' | 'options'>): SerializerSnapshot | undefined {
  if (type === undefined) return undefined
  if (typeof type !== 'string') {
    return readWithExtents(type, type.length, table, (source) => readVersionedSnapshot({ ...source, options }))
  }
  const row = simpleRow(table, type)
  if (row !== undefined) return createSnapshot(row, undefined)
  const known = Object.keys(SIMPLE).join(', ')
  throw new KobelError('USAGE', `${JSON.stringify(type)} is no type of a key: ${known}, or a serializer snapshot`)
}

/**
 * The key's serializer, where a changelog is all there is of an operator and it has no timers: then nothing names it.
 * Keys of a usual type give themselves away: each one's hash gives the key group under which it was logged.
 */
export function inferKeySerializer(
  table: SerializerTable,
  changes: readonly KeyedChange[],
  maxParallelism: number,
): SerializerSnapshot | undefined {
  for (const name of CANDIDATES) {
    const row = simpleRow(table, name)
    if (!row) continue
    const layout = row.layout(undefined)
    if (!isHashable(layout)) continue
    if (evidence(layout, changes, maxParallelism) >= EVIDENCE_BITS) return createSnapshot(row, undefined)
  }
  return undefined
}

/** Bits of evidence, each key counted once; none where a key does not fit. */
function evidence(layout: Layout, changes: readonly KeyedChange[], maxParallelism: number): number {
  const keys = new Set<string>()
  for (const { keyGroup, bytes } of changes) {
    try {
      const { reader } = readChangeHead(bytes)
      const start = reader.offset
      if (keyGroupOfHash(hashValue(layout, reader), maxParallelism) !== keyGroup) return 0
      keys.add(bytes.subarray(start, reader.offset).join())
    } catch (error) {
      if (error instanceof KobelError) return 0
      throw error
    }
  }
  return keys.size * Math.log2(maxParallelism)
}
