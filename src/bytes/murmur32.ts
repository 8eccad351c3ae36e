/**
 * Murmur3 32-bit as Flink's SQL runtime computes it (`MurmurHashUtils.hashBytes`): little-endian words, and each byte
 * behind the last whole word mixed in as a word of its own, which the standard does not do.
 */
export function murmur32(bytes: Uint8Array, start: number, end: number, seed: number): number {
  const aligned = end - ((end - start) & 3)
  let hash = seed
  for (let i = start; i < aligned; i += 4) {
    hash = mixWord(hash, bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24))
  }
  for (let i = aligned; i < end; i++) hash = mixWord(hash, (bytes[i]! << 24) >> 24)
  return finish(hash ^ (end - start))
}

function mixWord(hash: number, word: number): number {
  const k = Math.imul(word, 0xcc9e2d51)
  const h = hash ^ Math.imul((k << 15) | (k >>> 17), 0x1b873593)
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0
}

function finish(hash: number): number {
  let h = hash
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
