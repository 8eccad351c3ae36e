import { KobelError } from '../error.ts'
import { readChangeHead } from '../format/changelog.ts'
import { hashValue, isHashable } from '../serializer/interpreter/hash.ts'
import type { Layout } from '../serializer/layout.ts'
import { createSnapshot, type SerializerTable } from '../serializer/row.ts'
import type { SerializerSnapshot } from '../serializer/snapshot.ts'
import { keyGroupOfHash } from './key-groups.ts'

/** A change of a state that is not a timer: it begins with the key. */
export interface KeyedChange {
  readonly keyGroup: number
  readonly bytes: Uint8Array
}

const BASE = 'org.apache.flink.api.common.typeutils.base'
/** Of several types with the same bytes and hashes the more usual one comes first. */
const CANDIDATES: readonly string[] = [
  'StringSerializer$String',
  'LongSerializer$Long',
  'IntSerializer$Int',
  'ShortSerializer$Short',
  'ByteSerializer$Byte',
  'CharSerializer$Char',
  'DoubleSerializer$Double',
  'FloatSerializer$Float',
  'BigIntSerializer$BigInt',
  'InstantSerializer$Instant',
  'LocalDateSerializer$LocalDate',
  'LocalDateTimeSerializer$LocalDateTime',
]
/** A type is believed where chance would fit its hashes to the key groups in one of 2^40 cases. */
const EVIDENCE_BITS = 40

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
    const row = table.get(`${BASE}.${name}SerializerSnapshot`)
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
