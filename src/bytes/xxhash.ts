/**
 * The hashes of the xxHash family that RocksDB's checksums use: XXH32, XXH64 and XXH3 (64 bits), all with seed 0.
 * XXH3 over more than 240 bytes is what each block of a Flink 2 table needs, so it works on 32-bit halves; the others are
 * written plainly with bigint.
 */

const P32_1 = 0x9e3779b1
const P32_2 = 0x85ebca77
const P32_3 = 0xc2b2ae3d
const P32_4 = 0x27d4eb2f
const P32_5 = 0x165667b1

function rotate32(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits))
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** XXH32 of `bytes[start, end)`, unsigned. */
export function xxHash32(bytes: Uint8Array, start = 0, end: number = bytes.length): number {
  const view = viewOf(bytes)
  let p = start
  let hash = P32_5
  if (end - start >= 16) {
    const lanes = Int32Array.of(P32_1 + P32_2, P32_2, 0, -P32_1)
    for (; p + 16 <= end; p += 16) {
      for (let i = 0; i < 4; i++) {
        const mixed = lanes[i]! + Math.imul(view.getInt32(p + 4 * i, true), P32_2)
        lanes[i] = Math.imul(rotate32(mixed | 0, 13), P32_1)
      }
    }
    hash = rotate32(lanes[0]!, 1) + rotate32(lanes[1]!, 7) + rotate32(lanes[2]!, 12) + rotate32(lanes[3]!, 18)
  }
  hash = (hash + end - start) | 0
  for (; p + 4 <= end; p += 4) {
    hash = Math.imul(rotate32((hash + Math.imul(view.getInt32(p, true), P32_3)) | 0, 17), P32_4)
  }
  for (; p < end; p++) hash = Math.imul(rotate32((hash + Math.imul(bytes[p]!, P32_5)) | 0, 11), P32_1)
  hash = Math.imul(hash ^ (hash >>> 15), P32_2)
  hash = Math.imul(hash ^ (hash >>> 13), P32_3)
  return (hash ^ (hash >>> 16)) >>> 0
}

const MASK = 0xffffffffffffffffn
const P64_1 = 0x9e3779b185ebca87n
const P64_2 = 0xc2b2ae3d27d4eb4fn
const P64_3 = 0x165667b19e3779f9n
const P64_4 = 0x85ebca77c2b2ae63n
const P64_5 = 0x27d4eb2f165667c5n

function rotate64(value: bigint, bits: bigint): bigint {
  return ((value << bits) | (value >> (64n - bits))) & MASK
}

function round64(lane: bigint, word: bigint): bigint {
  return (rotate64((lane + word * P64_2) & MASK, 31n) * P64_1) & MASK
}

function avalanche64(value: bigint): bigint {
  let hash = ((value ^ (value >> 33n)) * P64_2) & MASK
  hash = ((hash ^ (hash >> 29n)) * P64_3) & MASK
  return hash ^ (hash >> 32n)
}

/** XXH64 of `bytes[start, end)`, unsigned. */
export function xxHash64(bytes: Uint8Array, start = 0, end: number = bytes.length): bigint {
  const view = viewOf(bytes)
  let p = start
  let hash = P64_5
  if (end - start >= 32) {
    const lanes = [(P64_1 + P64_2) & MASK, P64_2, 0n, (1n << 64n) - P64_1]
    for (; p + 32 <= end; p += 32) {
      for (let i = 0; i < 4; i++) lanes[i] = round64(lanes[i]!, view.getBigUint64(p + 8 * i, true))
    }
    const [a, b, c, d] = lanes as [bigint, bigint, bigint, bigint]
    hash = (rotate64(a, 1n) + rotate64(b, 7n) + rotate64(c, 12n) + rotate64(d, 18n)) & MASK
    for (const lane of lanes) hash = ((hash ^ round64(0n, lane)) * P64_1 + P64_4) & MASK
  }
  hash = (hash + BigInt(end - start)) & MASK
  for (; p + 8 <= end; p += 8) {
    hash = (rotate64(hash ^ round64(0n, view.getBigUint64(p, true)), 27n) * P64_1 + P64_4) & MASK
  }
  if (p + 4 <= end) {
    hash = (rotate64(hash ^ ((BigInt(view.getUint32(p, true)) * P64_1) & MASK), 23n) * P64_2 + P64_3) & MASK
    p += 4
  }
  for (; p < end; p++) hash = (rotate64(hash ^ ((BigInt(bytes[p]!) * P64_5) & MASK), 11n) * P64_1) & MASK
  return avalanche64(hash)
}

const SECRET: Uint8Array = Uint8Array.from(
  (
    'b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221b8084674f743248e' +
    'e03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8a8fa763fe39c343ff9dcbbc7c70b4f1d8a' +
    '51e04bcdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8f' +
    'f8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e'
  )
    .match(/../g)!
    .map((pair) => Number.parseInt(pair, 16)),
)
const SECRET_VIEW: DataView = viewOf(SECRET)
const PRIME_MX1 = 0x165667919e3779f9n
const PRIME_MX2 = 0x9fb21c651e98df25n

function secret64(at: number): bigint {
  return SECRET_VIEW.getBigUint64(at, true)
}

function foldProduct(a: bigint, b: bigint): bigint {
  const product = a * b
  return (product & MASK) ^ (product >> 64n)
}

function avalanche3(value: bigint, prime: bigint = PRIME_MX1): bigint {
  const hash = ((value ^ (value >> 37n)) * prime) & MASK
  return hash ^ (hash >> 32n)
}

/** XXH3 (64 bits) of `bytes[start, end)`, unsigned. */
export function xxHash3(bytes: Uint8Array, start = 0, end: number = bytes.length): bigint {
  const length = end - start
  const view = viewOf(bytes)
  if (length <= 16) return shortHash3(view, bytes, start, length)
  if (length <= 240) return middleHash3(view, start, length)
  return longHash3(view, start, length)
}

function shortHash3(view: DataView, bytes: Uint8Array, start: number, length: number): bigint {
  if (length === 0) return avalanche64(secret64(56) ^ secret64(64))
  if (length <= 3) {
    const first = bytes[start]!
    const middle = bytes[start + (length >> 1)]!
    const last = bytes[start + length - 1]!
    const combined = ((first << 16) | (middle << 24) | last | (length << 8)) >>> 0
    const flip = (SECRET_VIEW.getUint32(0, true) ^ SECRET_VIEW.getUint32(4, true)) >>> 0
    return avalanche64(BigInt((combined ^ flip) >>> 0))
  }
  if (length <= 8) {
    const low = BigInt(view.getUint32(start, true))
    const high = BigInt(view.getUint32(start + length - 4, true))
    const keyed = (high + (low << 32n)) ^ (secret64(8) ^ secret64(16))
    let hash = keyed ^ rotate64(keyed, 49n) ^ rotate64(keyed, 24n)
    hash = (hash * PRIME_MX2) & MASK
    hash ^= (hash >> 35n) + BigInt(length)
    hash = (hash * PRIME_MX2) & MASK
    return hash ^ (hash >> 28n)
  }
  const low = view.getBigUint64(start, true) ^ (secret64(24) ^ secret64(32))
  const high = view.getBigUint64(start + length - 8, true) ^ (secret64(40) ^ secret64(48))
  return avalanche3((BigInt(length) + swapBytes(low) + high + foldProduct(low, high)) & MASK)
}

function swapBytes(value: bigint): bigint {
  const scratch = new DataView(new ArrayBuffer(8))
  scratch.setBigUint64(0, value, true)
  return scratch.getBigUint64(0)
}

function mix16(view: DataView, at: number, secretAt: number): bigint {
  const low = view.getBigUint64(at, true) ^ secret64(secretAt)
  return foldProduct(low, view.getBigUint64(at + 8, true) ^ secret64(secretAt + 8))
}

/** 17 to 240 bytes. */
function middleHash3(view: DataView, start: number, length: number, prime: bigint = PRIME_MX1): bigint {
  const end = start + length
  let hash = (BigInt(length) * P64_1) & MASK
  if (length <= 128) {
    for (let i = Math.floor((length - 1) / 32); i >= 0; i--) {
      hash += mix16(view, start + 16 * i, 32 * i) + mix16(view, end - 16 * (i + 1), 32 * i + 16)
    }
    return avalanche3(hash & MASK, prime)
  }
  for (let i = 0; i < 8; i++) hash += mix16(view, start + 16 * i, 16 * i)
  hash = avalanche3(hash & MASK, prime)
  for (let i = 8; i < Math.floor(length / 16); i++) hash += mix16(view, start + 16 * i, 16 * (i - 8) + 3)
  return avalanche3((hash + mix16(view, end - 16, 136 - 17)) & MASK, prime)
}

/** Longer inputs than this have no {@link xxHash3Preview}. */
export const PREVIEW_BYTES = 240

/**
 * What became XXH3, as it was in xxHash 0.7.2, of at most 240 bytes: RocksDB's Bloom filters keep to it (`util/xxph3.h`),
 * and of no bytes it is RocksDB's own.
 */
export function xxHash3Preview(bytes: Uint8Array): bigint {
  const { length } = bytes
  const view = viewOf(bytes)
  if (length === 0) return foldProduct(secret64(0), P64_2)
  if (length > 16) return middleHash3(view, 0, length, P64_3)
  if (length <= 3) {
    const combined = bytes[0]! | (bytes[length >> 1]! << 8) | (bytes[length - 1]! << 16) | (length << 24)
    const keyed = BigInt((combined ^ SECRET_VIEW.getUint32(0, true)) >>> 0)
    return avalanche3((keyed * P64_1) & MASK, P64_3)
  }
  if (length <= 8) {
    const word = BigInt(view.getUint32(0, true)) | (BigInt(view.getUint32(length - 4, true)) << 32n)
    const keyed = word ^ secret64(0)
    const mixed = (BigInt(length) + (keyed ^ (keyed >> 51n)) * BigInt(P32_1)) & MASK
    return avalanche3(((mixed ^ (mixed >> 47n)) * P64_2) & MASK, P64_3)
  }
  const low = view.getBigUint64(0, true) ^ secret64(0)
  const high = view.getBigUint64(length - 8, true) ^ secret64(8)
  return avalanche3((BigInt(length) + low + high + foldProduct(low, high)) & MASK, P64_3)
}

const STRIPE_BYTES = 64
const STRIPES_PER_BLOCK = (SECRET.length - STRIPE_BYTES) / 8

/** The secret as 32-bit words from every eighth byte on, as the loop over stripes reads it, and from byte 121 (the end). */
const SECRET_WORDS: Uint32Array = Uint32Array.from({ length: SECRET.length / 4 }, (_, i) =>
  SECRET_VIEW.getUint32(4 * i, true),
)
const LAST_SECRET_WORDS: Uint32Array = Uint32Array.from({ length: 16 }, (_, i) =>
  SECRET_VIEW.getUint32(SECRET.length - STRIPE_BYTES - 7 + 4 * i, true),
)

/** Adds a stripe to the eight lanes: low and high words alternate. */
function accumulate(lanes: Uint32Array, view: DataView, at: number, secret: Uint32Array, secretAt: number): void {
  for (let i = 0; i < 16; i += 2) {
    const low = view.getUint32(at + 4 * i, true)
    const high = view.getUint32(at + 4 * i + 4, true)
    const x = (low ^ secret[secretAt + i]!) >>> 0
    const y = (high ^ secret[secretAt + i + 1]!) >>> 0
    const productLow = Math.imul(x, y) >>> 0
    // Exact: the rounded product differs from the true one by less than 2^12, the high word is what stays above 2^32.
    const productHigh = ((x * y - productLow) / 4294967296 + 0.5) >>> 0
    const own = lanes[i]! + productLow
    lanes[i + 1] = lanes[i + 1]! + productHigh + (own > 0xffffffff ? 1 : 0)
    lanes[i] = own
    const other = i ^ 2
    const sum = lanes[other]! + low
    lanes[other + 1] = lanes[other + 1]! + high + (sum > 0xffffffff ? 1 : 0)
    lanes[other] = sum
  }
}

function scramble(lanes: Uint32Array): void {
  const secretAt = SECRET_WORDS.length - 16
  for (let i = 0; i < 16; i += 2) {
    const high = lanes[i + 1]!
    const x = (lanes[i]! ^ (high >>> 15) ^ SECRET_WORDS[secretAt + i]!) >>> 0
    const y = high ^ SECRET_WORDS[secretAt + i + 1]!
    const low = Math.imul(x, P32_1) >>> 0
    lanes[i] = low
    lanes[i + 1] = (x * P32_1 - low) / 4294967296 + 0.5 + (Math.imul(y, P32_1) >>> 0)
  }
}

/** More than 240 bytes. */
function longHash3(view: DataView, start: number, length: number): bigint {
  const lanes = new Uint32Array(16)
  const initial = [BigInt(P32_3), P64_1, P64_2, P64_3, P64_4, BigInt(P32_2), P64_5, BigInt(P32_1)]
  for (const [i, value] of initial.entries()) {
    lanes[2 * i] = Number(value & 0xffffffffn)
    lanes[2 * i + 1] = Number(value >> 32n)
  }
  const stripes = Math.floor((length - 1) / STRIPE_BYTES)
  for (let stripe = 0; stripe < stripes; stripe++) {
    const inBlock = stripe % STRIPES_PER_BLOCK
    accumulate(lanes, view, start + stripe * STRIPE_BYTES, SECRET_WORDS, 2 * inBlock)
    if (inBlock === STRIPES_PER_BLOCK - 1) scramble(lanes)
  }
  accumulate(lanes, view, start + length - STRIPE_BYTES, LAST_SECRET_WORDS, 0)
  const lane = (i: number): bigint => BigInt(lanes[2 * i]!) | (BigInt(lanes[2 * i + 1]!) << 32n)
  let hash = (BigInt(length) * P64_1) & MASK
  for (let i = 0; i < 4; i++) {
    hash += foldProduct(lane(2 * i) ^ secret64(11 + 16 * i), lane(2 * i + 1) ^ secret64(19 + 16 * i))
  }
  return avalanche3(hash & MASK)
}
