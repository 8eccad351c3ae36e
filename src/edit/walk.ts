import { Reader } from '../bytes/reader.ts'
import { KobelError, locate } from '../error.ts'
import type { KeyedStateInfo } from '../format/keyed-state.ts'
import { skipValue } from '../serializer/interpreter/skip.ts'
import type { Buckets } from './buckets.ts'
import type { Route } from './head.ts'
import type { rehash } from './key-hash.ts'

const END_OF_KEY_GROUP = 0xffff
const LAST_OF_RUN = 0x80

export interface Walk {
  readonly states: readonly KeyedStateInfo[]
  readonly routes: readonly Route[]
  readonly fromPrefix: 1 | 2
  readonly toPrefix: 1 | 2
  /** By state id. */
  readonly rehashes: readonly ReturnType<typeof rehash>[]
  readonly buckets: Buckets
}

/**
 * Puts the entries of one whole key group in canonical layout (see `CanonicalScanner`) into the buckets of their new key
 * groups. Behind the prefix the bytes of an entry stay, and are copied at once. Returns how many there are.
 */
export function walkEntries(bytes: Uint8Array, keyGroup: number, walk: Walk): number {
  const { fromPrefix, toPrefix, buckets, routes, states, rehashes } = walk
  const reader = new Reader(bytes)
  const { view } = reader
  let count = 0
  try {
    for (;;) {
      const id = reader.u16()
      if (id === END_OF_KEY_GROUP) break
      const state = states[id]
      if (!state)
        throw new KobelError('CORRUPT', `the state id ${id} occurs, but the head names ${states.length} states`)
      const to = routes[id]!.id
      const rehashKey = rehashes[id]!
      const keyAt = fromPrefix + (state.kind === 'timer' ? 8 : 0)
      for (let isLast = false; !isLast; count++) {
        const start = reader.offset
        reader.need(8)
        const keyLength = view.getInt32(start)
        const valueAt = start + 4 + keyLength
        if (keyLength < keyAt || valueAt + 4 > bytes.length) throw cut(start)
        const end = valueAt + 4 + view.getInt32(valueAt)
        if (end < valueAt + 4 || end > bytes.length) throw cut(start)
        isLast = (bytes[start + 4]! & LAST_OF_RUN) !== 0
        reader.offset = start + 4 + keyAt
        reader.limit = valueAt
        const keyStart = reader.offset
        skipValue(state.key, reader, state.keyTail)
        const newKeyGroup = rehashKey(bytes, keyStart, reader.offset, keyGroup)
        reader.limit = bytes.length
        reader.offset = end
        const bucket = buckets.of(newKeyGroup)
        bucket.begin(to, toPrefix, newKeyGroup, keyLength - fromPrefix)
        bucket.copy(bytes, start + 4 + fromPrefix, end)
        buckets.grow(end - start)
      }
    }
    if (reader.remaining > 0)
      throw new KobelError('CORRUPT', 'bytes lie behind the end of the key group', { offset: reader.offset })
  } catch (error) {
    throw locate(error, { keyGroup })
  }
  return count
}

function cut(offset: number): KobelError {
  return new KobelError('CORRUPT', 'an entry reaches beyond its key group: the stream was cut or is damaged', {
    offset,
  })
}
