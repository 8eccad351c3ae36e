import { KobelError } from '../error.ts'

/** Bytes from the beginning of a key group that are enough to tell what it is. */
export const SNIFF_BYTES = 16384

const SNAPPY_IDENTIFIER: readonly number[] = [0xff, 6, 0, 0, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59]
const END_OF_KEY_GROUP = 0xffff
const LAST_OF_RUN = 0x80

/** The first key group of a stream. */
export interface SniffedKeyGroup {
  readonly keyGroup: number
  /** Bytes of the key group. */
  readonly length: number
  /** The first of its bytes, up to {@link SNIFF_BYTES}. */
  readonly bytes: Uint8Array
  readonly compressed: boolean
  readonly prefixBytes: 1 | 2
  readonly stateCount: number
}

/**
 * Handles with the tags 3 and 12 do not say whether their stream is a heap backend's or in canonical layout (RocksDB
 * before Flink 1.16). With compression, the Snappy identifier stands at the beginning of a key group (canonical) or
 * behind its number (heap). Without, what parses as canonical up to the end mark is canonical.
 */
export function sniffKeyGroup(first: SniffedKeyGroup): 'canonical' | 'heap' {
  const { bytes, compressed, keyGroup } = first
  if (compressed) return isIdentifier(bytes, 4) && !isIdentifier(bytes, 0) ? 'heap' : 'canonical'
  const verdict = parseCanonical(first)
  if (verdict !== 'unclear') return verdict === 'yes' ? 'canonical' : 'heap'
  const number = bytes.length < 4 ? -1 : new DataView(bytes.buffer, bytes.byteOffset).getInt32(0)
  return number === keyGroup ? 'heap' : 'canonical'
}

function isIdentifier(bytes: Uint8Array, offset: number): boolean {
  return SNAPPY_IDENTIFIER.every((byte, i) => bytes[offset + i] === byte)
}

/** Whether the bytes are a canonical key group; `unclear` where they end before a single entry does. */
function parseCanonical(first: SniffedKeyGroup): 'yes' | 'no' | 'unclear' {
  const { bytes, length, prefixBytes, stateCount } = first
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  let entries = 0
  let inRun = false
  const outOfBytes = (): 'yes' | 'no' | 'unclear' => (bytes.length >= length ? 'no' : entries > 0 ? 'yes' : 'unclear')
  for (;;) {
    if (!inRun) {
      if (at + 2 > bytes.length) return outOfBytes()
      const stateId = view.getUint16(at)
      at += 2
      if (stateId === END_OF_KEY_GROUP) return at === length ? 'yes' : 'no'
      if (stateId >= stateCount) return 'no'
    }
    if (at + 4 + prefixBytes > bytes.length) return outOfBytes()
    const keyLength = view.getInt32(at)
    const key = at + 4
    const keyGroup = prefixBytes === 1 ? bytes[key]! & 0x7f : view.getUint16(key) & 0x7fff
    if (keyLength < prefixBytes || keyGroup !== first.keyGroup || key + keyLength + 4 > length) return 'no'
    if (key + keyLength + 4 > bytes.length) return outOfBytes()
    const valueLength = view.getInt32(key + keyLength)
    const end = key + keyLength + 4 + valueLength
    // At least the end mark follows.
    if (valueLength < 0 || end + 2 > length) return 'no'
    inRun = (bytes[key]! & LAST_OF_RUN) === 0
    at = end
    entries++
    if (at > bytes.length) return outOfBytes()
  }
}

/** The key group that comes first in the stream; undefined where there is none. */
export function firstKeyGroup(
  keyGroupFirst: number,
  offsets: readonly number[],
  streamLength: number,
): { readonly keyGroup: number; readonly start: number; readonly length: number } | undefined {
  let start = Number.POSITIVE_INFINITY
  let keyGroup = -1
  offsets.forEach((offset, i) => {
    if (offset <= 0 || offset >= start) return
    start = offset
    keyGroup = keyGroupFirst + i
  })
  if (keyGroup < 0) return undefined
  const end = offsets.reduce((next, offset) => (offset > start && offset < next ? offset : next), streamLength)
  if (end < start) {
    throw new KobelError('TRUNCATED', `a key group begins at ${start}, but the stream has ${streamLength} bytes`)
  }
  return { keyGroup, start, length: end - start }
}
