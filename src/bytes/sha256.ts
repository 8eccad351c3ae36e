import { toHex } from './encoding.ts'

/** SHA-256 (FIPS 180-4) of bytes that come in pieces of any size. */
export class Sha256 {
  private readonly state: Int32Array = Int32Array.from(INITIAL)
  private readonly words: Int32Array = new Int32Array(64)
  private readonly block: Uint8Array = new Uint8Array(64)
  private held = 0
  private length = 0

  update(bytes: Uint8Array): this {
    this.length += bytes.length
    let at = 0
    if (this.held > 0) {
      at = Math.min(64 - this.held, bytes.length)
      this.block.set(bytes.subarray(0, at), this.held)
      this.held += at
      if (this.held < 64) return this
      this.compress(this.block, 0)
      this.held = 0
    }
    for (; at + 64 <= bytes.length; at += 64) this.compress(bytes, at)
    this.block.set(bytes.subarray(at))
    this.held = bytes.length - at
    return this
  }

  /** 64 hex digits. Nothing can be added afterwards. */
  digest(): string {
    const bits = BigInt(this.length) * 8n
    const padding = new Uint8Array((this.held < 56 ? 64 : 128) - this.held)
    padding[0] = 0x80
    new DataView(padding.buffer).setBigUint64(padding.length - 8, bits)
    this.update(padding)
    const bytes = new Uint8Array(32)
    const view = new DataView(bytes.buffer)
    this.state.forEach((word, i) => {
      view.setInt32(4 * i, word)
    })
    return toHex(bytes)
  }

  private compress(bytes: Uint8Array, at: number): void {
    const { words, state } = this
    for (let i = 0; i < 16; i++) {
      const p = at + 4 * i
      words[i] = (bytes[p]! << 24) | (bytes[p + 1]! << 16) | (bytes[p + 2]! << 8) | bytes[p + 3]!
    }
    for (let i = 16; i < 64; i++) {
      const w15 = words[i - 15]!
      const w2 = words[i - 2]!
      const s0 = rotate(w15, 7) ^ rotate(w15, 18) ^ (w15 >>> 3)
      const s1 = rotate(w2, 17) ^ rotate(w2, 19) ^ (w2 >>> 10)
      words[i] = words[i - 16]! + s0 + words[i - 7]! + s1
    }
    let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number]
    for (let i = 0; i < 64; i++) {
      const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
      const first = (h + s1 + ((e & f) ^ (~e & g)) + ROUND[i]! + words[i]!) | 0
      const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
      const second = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
      h = g
      g = f
      f = e
      e = (d + first) | 0
      d = c
      c = b
      b = a
      a = (first + second) | 0
    }
    state[0]! += a
    state[1]! += b
    state[2]! += c
    state[3]! += d
    state[4]! += e
    state[5]! += f
    state[6]! += g
    state[7]! += h
  }
}

/** SHA-256 of all of `bytes`: 64 hex digits. */
export function sha256(bytes: Uint8Array): string {
  return new Sha256().update(bytes).digest()
}

function rotate(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by))
}

/** The first 32 bits of the fractional parts of a root of a prime. */
function fraction(root: number): number {
  return ((root - Math.floor(root)) * 2 ** 32) | 0
}

const PRIMES: readonly number[] = primes(64)
const INITIAL: readonly number[] = PRIMES.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)))
const ROUND: Int32Array = Int32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime)))

function primes(count: number): number[] {
  const found: number[] = []
  for (let n = 2; found.length < count; n++) if (found.every((prime) => n % prime !== 0)) found.push(n)
  return found
}
