import { KobelError } from '../error.ts'

/**
 * Decompresses raw DEFLATE (RFC 1951) of exactly `length` plain bytes, without Node or a browser's streams, which only
 * work asynchronously or are not everywhere. With `length` undefined the size is found on the way, up to `limit` bytes.
 */
export function inflateRaw(
  input: Uint8Array,
  start = 0,
  end: number = input.length,
  length?: number,
  limit: number = 2 ** 30,
): Uint8Array {
  // DEFLATE cannot shrink to less than 1/1032.
  const justified = Math.min(limit, (end - start) * 1032)
  if (length !== undefined && length > justified) {
    throw new KobelError('CORRUPT', `${end - start} bytes of DEFLATE cannot hold ${length} bytes`, { offset: start })
  }
  const state: Inflater = {
    input,
    at: start,
    end,
    bits: 0,
    bitCount: 0,
    output: new Uint8Array(length ?? Math.min(justified, (end - start) * 4)),
    length: 0,
    limit: length ?? justified,
  }
  while (!inflateBlock(state));
  if (length !== undefined && state.length !== length) throw damaged(state)
  return state.length === state.output.length ? state.output : state.output.slice(0, state.length)
}

interface Inflater {
  readonly input: Uint8Array
  at: number
  readonly end: number
  /** Bits read ahead, the next one lowest. */
  bits: number
  bitCount: number
  output: Uint8Array
  length: number
  readonly limit: number
}

/** Code words by their next `width` bits: `symbol << 4 | length`, 0 where no code word begins so. */
interface Huffman {
  readonly width: number
  readonly table: Uint16Array
}

function damaged(state: Inflater): KobelError {
  return new KobelError('CORRUPT', 'a block of DEFLATE is damaged', { offset: state.at })
}

function takeBits(state: Inflater, count: number): number {
  while (state.bitCount < count) {
    if (state.at >= state.end) throw new KobelError('TRUNCATED', 'DEFLATE ends too early', { offset: state.at })
    state.bits |= state.input[state.at++]! << state.bitCount
    state.bitCount += 8
  }
  const value = state.bits & ((1 << count) - 1)
  state.bits >>>= count
  state.bitCount -= count
  return value
}

/** Returns true after the last block. */
function inflateBlock(state: Inflater): boolean {
  const last = takeBits(state, 1) === 1
  const kind = takeBits(state, 2)
  if (kind === 0) copyStored(state)
  else if (kind === 1) inflateCodes(state, FIXED_LITERALS, FIXED_DISTANCES)
  else if (kind === 2) {
    const [literals, distances] = readCodes(state)
    inflateCodes(state, literals, distances)
  } else throw damaged(state)
  return last
}

function copyStored(state: Inflater): void {
  // Whole bytes that were read ahead are given back.
  state.at -= state.bitCount >> 3
  state.bits = 0
  state.bitCount = 0
  const length = takeBits(state, 16)
  if ((takeBits(state, 16) ^ length) !== 0xffff || length > state.end - state.at) throw damaged(state)
  reserve(state, length)
  state.output.set(state.input.subarray(state.at, state.at + length), state.length)
  state.at += length
  state.length += length
}

function reserve(state: Inflater, count: number): void {
  const wanted = state.length + count
  if (wanted > state.limit) throw damaged(state)
  if (wanted <= state.output.length) return
  const grown = new Uint8Array(Math.min(state.limit, Math.max(wanted, 2 * state.output.length)))
  grown.set(state.output)
  state.output = grown
}

/** Canonical code words from the lengths (1..15, 0: not used) of each symbol; incomplete sets are allowed. */
function huffman(lengths: Uint8Array, start: number, end: number): Huffman | undefined {
  const counts = new Uint16Array(16)
  for (let i = start; i < end; i++) counts[lengths[i]!]!++
  counts[0] = 0
  let width = 15
  while (width > 1 && counts[width] === 0) width--
  const next = new Uint16Array(16)
  let code = 0
  for (let bits = 1; bits <= 15; bits++) {
    code = (code + counts[bits - 1]!) << 1
    if (code + counts[bits]! > 1 << bits) return undefined
    next[bits] = code
  }
  const table = new Uint16Array(1 << width)
  for (let i = start; i < end; i++) {
    const bits = lengths[i]!
    if (bits === 0) continue
    let reversed = 0
    for (let word = next[bits]!++, bit = 0; bit < bits; bit++, word >>= 1) reversed = (reversed << 1) | (word & 1)
    for (let slot = reversed; slot < table.length; slot += 1 << bits) table[slot] = ((i - start) << 4) | bits
  }
  return { width, table }
}

function takeSymbol(state: Inflater, code: Huffman): number {
  while (state.bitCount < code.width && state.at < state.end) {
    state.bits |= state.input[state.at++]! << state.bitCount
    state.bitCount += 8
  }
  const entry = code.table[state.bits & (code.table.length - 1)]!
  const bits = entry & 15
  if (bits === 0 || bits > state.bitCount) throw damaged(state)
  state.bits >>>= bits
  state.bitCount -= bits
  return entry >> 4
}

const CODE_LENGTH_ORDER: readonly number[] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

function readCodes(state: Inflater): [Huffman, Huffman] {
  const literalCount = takeBits(state, 5) + 257
  const total = literalCount + takeBits(state, 5) + 1
  const count = takeBits(state, 4) + 4
  const codeLengths = new Uint8Array(19)
  for (let i = 0; i < count; i++) codeLengths[CODE_LENGTH_ORDER[i]!] = takeBits(state, 3)
  const code = huffman(codeLengths, 0, 19)
  if (code === undefined) throw damaged(state)
  const lengths = new Uint8Array(total)
  for (let i = 0; i < total; ) {
    const symbol = takeSymbol(state, code)
    if (symbol < 16) {
      lengths[i++] = symbol
      continue
    }
    if (symbol === 16 && i === 0) throw damaged(state)
    const value = symbol === 16 ? lengths[i - 1]! : 0
    const repeat = symbol === 18 ? 11 + takeBits(state, 7) : 3 + takeBits(state, symbol === 17 ? 3 : 2)
    if (i + repeat > total) throw damaged(state)
    lengths.fill(value, i, i + repeat)
    i += repeat
  }
  const literals = huffman(lengths, 0, literalCount)
  const distances = huffman(lengths, literalCount, total)
  if (literals === undefined || distances === undefined) throw damaged(state)
  return [literals, distances]
}

const FIXED_LENGTHS: Uint8Array = new Uint8Array(288).fill(8, 0, 144).fill(9, 144, 256).fill(7, 256, 280).fill(8, 280)
const FIXED_LITERALS: Huffman = huffman(FIXED_LENGTHS, 0, 288)!
const FIXED_DISTANCES: Huffman = huffman(new Uint8Array(30).fill(5), 0, 30)!

/** First length of each length symbol from 257 on, and the number of bits to be added; likewise for distances. */
const LENGTH_BITS: readonly number[] = Array.from({ length: 29 }, (_, i) => (i < 8 || i === 28 ? 0 : (i >> 2) - 1))
const LENGTH_BASE: readonly number[] = sums(LENGTH_BITS, 3).with(28, 258)
const DISTANCE_BITS: readonly number[] = Array.from({ length: 30 }, (_, i) => (i < 4 ? 0 : (i >> 1) - 1))
const DISTANCE_BASE: readonly number[] = sums(DISTANCE_BITS, 1)

function sums(bits: readonly number[], first: number): number[] {
  let base = first
  return bits.map((count) => {
    const own = base
    base += 1 << count
    return own
  })
}

function inflateCodes(state: Inflater, literals: Huffman, distances: Huffman): void {
  for (;;) {
    const symbol = takeSymbol(state, literals)
    if (symbol < 256) {
      if (state.length >= state.output.length) reserve(state, 1)
      state.output[state.length++] = symbol
      continue
    }
    if (symbol === 256) return
    if (symbol > 285) throw damaged(state)
    const length = LENGTH_BASE[symbol - 257]! + takeBits(state, LENGTH_BITS[symbol - 257]!)
    const distanceSymbol = takeSymbol(state, distances)
    if (distanceSymbol > 29) throw damaged(state)
    const distance = DISTANCE_BASE[distanceSymbol]! + takeBits(state, DISTANCE_BITS[distanceSymbol]!)
    if (distance > state.length) throw damaged(state)
    reserve(state, length)
    const { output } = state
    let o = state.length
    for (let from = o - distance, stop = o + length; o < stop; ) output[o++] = output[from++]!
    state.length = o
  }
}
