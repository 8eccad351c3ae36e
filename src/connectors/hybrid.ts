import type { Reader } from '../bytes/reader.ts'
import { readVersioned } from '../format/simple-versioned.ts'
import { type Connector, expectThat } from './connector.ts'

/** More sources than anybody chains. */
const MOST_SOURCES = 1 << 16

/**
 * ```
 * split      = i32 sourceIndex, utf splitId, versioned split of that source
 * enumerator = i32 sourceIndex, versioned state of the enumerator of that source
 * ```
 * (`HybridSourceSplitSerializer`, `HybridSourceEnumeratorStateSerializer`, version 0)
 */
export const HYBRID: Connector = {
  name: 'hybrid',
  split: {
    versions: [0],
    read: (reader, _version, nested) => {
      const sourceIndex = readIndex(reader)
      return { sourceIndex, splitId: reader.utf(), split: nested('split', readVersioned(reader)) }
    },
  },
  enumerator: {
    versions: [0],
    read: (reader, _version, nested) => {
      const sourceIndex = readIndex(reader)
      return { sourceIndex, enumerator: nested('enumerator', readVersioned(reader)) }
    },
  },
}

function readIndex(reader: Reader): number {
  const index = reader.i32()
  expectThat(index >= 0 && index < MOST_SOURCES, 'the index of a source', reader)
  return index
}
