import type { Reader } from '../bytes/reader.ts'
import { type Connector, expectThat, type Plain, plainLong, readMany } from './connector.ts'

/**
 * ```
 * split      = utf splitId, i64 from, i64 to     both ends are in it
 * enumerator = i32 count, split*                 not assigned yet
 * ```
 * (`NumberSequenceSource`, version 1; `DataGeneratorSource` and `fromData` count with it)
 */
export const SEQUENCE: Connector = {
  name: 'sequence',
  split: { versions: [1], read: readSplit },
  enumerator: {
    versions: [1],
    read: (reader) => ({ splits: readMany(reader, 'splits', 18, () => readSplit(reader)) }),
  },
}

function readSplit(reader: Reader): Plain {
  const splitId = reader.utf()
  const from = reader.i64()
  const to = reader.i64()
  expectThat(from <= to, 'a sequence that ends behind its beginning', reader)
  return { splitId, from: plainLong(from), to: plainLong(to) }
}
