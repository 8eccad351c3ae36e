/** Murmur3 x64 128-bit with seed 0 over bytes; the 16 bytes come as Guava's `HashCode.asBytes()` gives them. */
export function murmur3x64(bytes: Uint8Array): Uint8Array {
  const c1 = 0x87c37b91114253d5n
  const c2 = 0x4cf5ad432745937fn
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const blocks = bytes.length >> 4
  let h1 = 0n
  let h2 = 0n
  for (let i = 0; i < blocks; i++) {
    h1 ^= mix(view.getBigUint64(i * 16, true), c1, 31n, c2)
    h1 = u64(u64(rotate(h1, 27n) + h2) * 5n + 0x52dce729n)
    h2 ^= mix(view.getBigUint64(i * 16 + 8, true), c2, 33n, c1)
    h2 = u64(u64(rotate(h2, 31n) + h1) * 5n + 0x38495ab5n)
  }
  let k1 = 0n
  let k2 = 0n
  for (let i = bytes.length - 1; i >= blocks * 16; i--) {
    const place = i - blocks * 16
    if (place >= 8) k2 = (k2 << 8n) | BigInt(bytes[i]!)
    else k1 = (k1 << 8n) | BigInt(bytes[i]!)
  }
  h2 ^= mix(k2, c2, 33n, c1)
  h1 ^= mix(k1, c1, 31n, c2)
  h1 ^= BigInt(bytes.length)
  h2 ^= BigInt(bytes.length)
  h1 = u64(h1 + h2)
  h2 = u64(h2 + h1)
  h1 = finish(h1)
  h2 = finish(h2)
  h1 = u64(h1 + h2)
  h2 = u64(h2 + h1)
  const result = new Uint8Array(16)
  const out = new DataView(result.buffer)
  out.setBigUint64(0, h1, true)
  out.setBigUint64(8, h2, true)
  return result
}

function u64(value: bigint): bigint {
  return BigInt.asUintN(64, value)
}

function rotate(value: bigint, by: bigint): bigint {
  return u64((value << by) | (value >> (64n - by)))
}

function mix(k: bigint, first: bigint, by: bigint, second: bigint): bigint {
  return u64(rotate(u64(k * first), by) * second)
}

function finish(k: bigint): bigint {
  let h = k
  h ^= h >> 33n
  h = u64(h * 0xff51afd7ed558ccdn)
  h ^= h >> 33n
  h = u64(h * 0xc4ceb9fe1a85ec53n)
  return h ^ (h >> 33n)
}
