import { readFileSync } from 'node:fs'
import { inflateRawSync } from 'node:zlib'
import { Reader } from '../../../src/bytes/reader.ts'
import type { SerializerSnapshot } from '../../../src/serializer/snapshot.ts'
import { readVersionedSnapshot } from '../../../src/serializer/snapshot.ts'
import { SERIALIZER_TABLE } from '../../../src/serializer/table.ts'

/** What Flink 2.3.0 and 1.10.3 wrote: a serializer's snapshot, and values of it with what they are. */
export interface Golden {
  readonly name: string
  /** `TypeSerializer.getLength()` */
  readonly length: number
  /** Types of the columns, as Flink prints them. */
  readonly sql?: string
  readonly snapshot: Uint8Array
  readonly values: readonly GoldenValue[]
}

export interface GoldenValue {
  readonly json: unknown
  readonly bytes: Uint8Array
  /** `hashCode()`, where Flink specifies it. */
  readonly hash?: number
}

interface Stored {
  readonly name: string
  readonly length: number
  readonly sql?: string
  /** base64 of the raw deflated snapshot. */
  readonly snapshot: string
  readonly values: readonly { readonly json: unknown; readonly bytes: string; readonly hash?: number }[]
}

const stored = JSON.parse(readFileSync('test/serializer/table/golden.json', 'utf8')) as readonly Stored[]

export const GOLDENS: readonly Golden[] = stored.map((each) => ({
  ...each,
  snapshot: Uint8Array.from(inflateRawSync(Buffer.from(each.snapshot, 'base64'))),
  values: each.values.map((value) => ({ ...value, bytes: Uint8Array.from(Buffer.from(value.bytes, 'base64')) })),
}))

export function goldenNamed(name: string): Golden {
  return GOLDENS.find((each) => each.name === name)!
}

export function readSnapshot(bytes: Uint8Array): { snapshot: SerializerSnapshot; reader: Reader } {
  const reader = new Reader(bytes)
  return {
    snapshot: readVersionedSnapshot({ reader, table: SERIALIZER_TABLE, extents: new Map(), depth: 0 }),
    reader,
  }
}
