import { PREVIEW_BYTES, xxHash3Preview } from '../../bytes/xxhash.ts'
import { SstCursor } from './cursor.ts'

/**
 * Full Bloom filters of user keys (`BuiltinFilterPolicy::GetBuiltinFilterBitsReader`, table/block_based/filter_policy.cc).
 *
 *     up to format version 4    lines of a power of two of bytes; probes u8, number of lines u32 LE
 *     from format version 5 on  lines of 64 bytes; ff, implementation u8 (0), probes u8 (the upper three bits are 0), 0 u16
 *
 * Ribbon filters (fe) and what is not known let every key pass.
 */
const METADATA_BYTES = 5
const LINE_BYTES = 64
const GOLDEN_RATIO = 0x9e3779b9

/** False where the table certainly has no entry of the user key. */
export function mayContain(filter: Uint8Array, key: Uint8Array): boolean {
  const length = filter.length - METADATA_BYTES
  if (length <= 0) return true
  const probes = filter[length]!
  if (probes === 0xff) return mayContainFast(filter, length, key)
  return probes === 0 || probes > 127 || mayContainLegacy(filter, length, probes, key)
}

/** `FastLocalBloomImpl` (util/bloom_impl.h). */
function mayContainFast(filter: Uint8Array, length: number, key: Uint8Array): boolean {
  const [implementation, probes] = [filter[length + 1]!, filter[length + 2]!]
  const isKnown = implementation === 0 && probes >= 1 && probes <= 30 && filter[length + 3] === 0
  const lines = Math.floor(length / LINE_BYTES)
  if (!isKnown || filter[length + 4] !== 0 || lines === 0 || key.length > PREVIEW_BYTES) return true
  const hash = xxHash3Preview(key)
  const line = Number(((hash & 0xffffffffn) * BigInt(lines)) >> 32n) * LINE_BYTES
  let h = Number(hash >> 32n)
  for (let i = 0; i < probes; i++) {
    const bit = h >>> 23
    if ((filter[line + (bit >> 3)]! & (1 << (bit & 7))) === 0) return false
    h = Math.imul(h, GOLDEN_RATIO)
  }
  return true
}

/** `LegacyLocalityBloomImpl` (util/bloom_impl.h). */
function mayContainLegacy(filter: Uint8Array, length: number, probes: number, key: Uint8Array): boolean {
  const lines = new SstCursor(filter, length + 1).fixed32()
  const lineBytes = length / lines
  if (lines === 0 || lineBytes < 1 || !Number.isInteger(Math.log2(lineBytes))) return true
  let h = legacyHash(key)
  const line = (h % lines) * lineBytes
  const delta = (h >>> 17) | (h << 15)
  for (let i = 0; i < probes; i++) {
    const bit = h & (lineBytes * 8 - 1)
    if ((filter[line + (bit >> 3)]! & (1 << (bit & 7))) === 0) return false
    h = (h + delta) >>> 0
  }
  return true
}

const LEGACY_SEED = 0xbc9f1d34
const LEGACY_FACTOR = 0xc6a4a793

/** `BloomHash` (util/hash.h): a forerunner of MurmurHash2 that takes the last bytes with their signs. */
function legacyHash(key: Uint8Array): number {
  let h = LEGACY_SEED ^ Math.imul(key.length, LEGACY_FACTOR)
  const view = new DataView(key.buffer, key.byteOffset, key.length)
  let at = 0
  for (; at + 4 <= key.length; at += 4) {
    h = Math.imul(h + view.getInt32(at, true), LEGACY_FACTOR)
    h ^= h >>> 16
  }
  if (at === key.length) return h >>> 0
  for (let i = key.length - 1; i >= at; i--) h += view.getInt8(i) << (8 * (i - at))
  h = Math.imul(h, LEGACY_FACTOR)
  return (h ^ (h >>> 24)) >>> 0
}
