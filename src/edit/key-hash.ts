import { Reader } from '../bytes/reader.ts'
import { KobelError } from '../error.ts'
import type { KeyedStateInfo } from '../format/keyed-state.ts'
import { hashValue, isHashable } from '../serializer/interpreter/hash.ts'
import { type Layout, someLayout } from '../serializer/layout.ts'
import type { Value } from '../serializer/value.ts'
import { readPart } from '../snapshot/decode.ts'
import { keyGroupOfHash } from '../snapshot/key-groups.ts'
import { learnKeyHash } from '../snapshot/learn-hash.ts'
import type { Operator } from '../snapshot/operator.ts'

/** How the `hashCode` of an operator's keys is known. */
export interface KeyHash {
  /** For people. */
  readonly how: string
  /** Fields that the keys seen do not tell enough of: keys that are added may hash in another way. */
  readonly unproven?: readonly string[]
  readonly hash: (buffer: Uint8Array, start: number, end: number) => number
}

/**
 * The hash of an operator's keys: specified by Java or Flink, given by the user, or learned from the entries.
 * @throws KobelError `UNHASHABLE`, with the reason.
 */
export async function keyHashOf(
  operator: Operator,
  state: KeyedStateInfo,
  given: ((key: Value) => number) | undefined,
): Promise<KeyHash> {
  const layout = state.key
  if (!state.splits) throw unhashable('where keys end is not known', operator)
  if (given) {
    return {
      how: 'given by the user',
      hash: readingHash((reader, start, end) => given(readPart(layout, reader, start, end)) | 0),
    }
  }
  const never = neverHashable(layout)
  if (never !== undefined) throw unhashable(never, operator)
  if (isHashable(layout)) {
    const hash = readingHash((reader, start) => {
      reader.offset = start
      return hashValue(layout, reader)
    })
    return { how: 'specified by Java or Flink', hash: layout.op === 'string' ? stringHash(hash) : hash }
  }
  const { learned, reason } = await learnKeyHash(operator)
  if (!learned) throw unhashable(reason, operator)
  return {
    how: `learned from ${learned.keysChecked} keys: ${learned.convention}`,
    unproven: learned.unproven,
    hash: (buffer, start, end) => learned.hash(buffer.subarray(start, end)),
  }
}

function unhashable(reason: string, operator: Operator): KobelError {
  return new KobelError(
    'UNHASHABLE',
    `max parallelism cannot be changed, since the hashCode of the keys is not known: ${reason}. Give it as a function (keyHash of an edit), or leave max parallelism as it is`,
    { operator: operator.label },
  )
}

/** Keys that no function of their bytes can tell the hash of: it differs from one JVM to the next. */
function neverHashable(layout: Layout): string | undefined {
  if (layout.op === 'enum' || layout.op === 'enumById') {
    return `an enum (${layout.className}) hashes by identity, which differs from one JVM to the next: no job with such keys can be rescaled safely`
  }
  const isArray =
    layout.op === 'chars' ||
    layout.op === 'bytes' ||
    layout.op === 'fixedBytes' ||
    (layout.op === 'list' && layout.of === 'array')
  if (isArray) return 'an array hashes by identity, which differs from one JVM to the next'
  if (layout.op === 'tuple' && someLayout(layout, (each) => each.op === 'enum')) {
    return 'the key holds an enum, which hashes by identity'
  }
  return undefined
}

/** A hash with one reader for each buffer. */
function readingHash(hash: (reader: Reader, start: number, end: number) => number): KeyHash['hash'] {
  let reader = new Reader(new Uint8Array(0))
  return (buffer, start, end) => {
    if (reader.bytes !== buffer) reader = new Reader(buffer)
    reader.limit = end
    return hash(reader, start, end)
  }
}

/** Texts of characters below 128, in one loop over their bytes: varint of length + 1, a byte each. */
function stringHash(otherwise: KeyHash['hash']): KeyHash['hash'] {
  return (buffer, start, end) => {
    if (buffer[start]! > 0x7f || buffer[start] !== end - start) return otherwise(buffer, start, end)
    let hash = 0
    for (let i = start + 1; i < end; i++) {
      const unit = buffer[i]!
      if (unit > 0x7f) return otherwise(buffer, start, end)
      hash = (Math.imul(31, hash) + unit) | 0
    }
    return hash
  }
}

/**
 * Puts keys into key groups of another max parallelism; each is verified against where it was found.
 * @throws KobelError `UNHASHABLE` for the first key that does not fit.
 */
export function rehash(
  keyHash: KeyHash,
  state: KeyedStateInfo,
  operator: Operator,
  toMaxParallelism: number,
): (buffer: Uint8Array, start: number, end: number, keyGroup: number) => number {
  const { maxParallelism } = operator
  return (buffer, start, end, keyGroup) => {
    const hash = keyHash.hash(buffer, start, end)
    const found = keyGroupOfHash(hash, maxParallelism)
    if (found === keyGroup) return keyGroupOfHash(hash, toMaxParallelism)
    throw new KobelError(
      'UNHASHABLE',
      `a key lies in key group ${keyGroup}, but its hash (${keyHash.how}) gives ${found}: nothing was written. Where the state is known to be wrong, kobel check names such entries`,
      { operator: operator.label, state: state.name, keyGroup },
    )
  }
}
