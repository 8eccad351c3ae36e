import { KobelError } from '../error.ts'

/**
 * The raw Snappy block format (google/snappy, `format_description.txt`):
 *
 *     varint32 plain length, then elements; the low two bits of the first byte of an element are its kind
 *     0 literal   upper six bits: length - 1; 60..63: the length - 1 follows in 1..4 bytes LE; then the bytes
 *     1 copy      bits 2-4: length - 4, bits 5-7: high bits of the offset, one more byte of offset
 *     2 copy      upper six bits: length - 1, offset u16 LE
 *     3 copy      upper six bits: length - 1, offset u32 LE
 */

/** One element of 3 bytes gives at most 64: no valid input is denser than this. */
const MAX_EXPANSION = 22

/** The plain length that `input[start, end)` declares; `CORRUPT` where its bytes could not give as much. */
export function snappyUncompressedLength(input: Uint8Array, start = 0, end: number = input.length): number {
  let length = 0
  for (let i = 0; i < 5; i++) {
    if (start + i >= end) throw new KobelError('TRUNCATED', 'a Snappy block ends inside its length', { offset: start })
    const byte = input[start + i]!
    length += (byte & 0x7f) * 2 ** (7 * i)
    if (byte < 0x80) {
      if (length > (end - start) * MAX_EXPANSION) break
      return length
    }
  }
  throw new KobelError('CORRUPT', `a Snappy block of ${end - start} bytes cannot hold ${length} bytes`, {
    offset: start,
  })
}

/**
 * Decompresses the block `input[start, end)`. With `output` the plain bytes go to its `outputStart` (it must have room),
 * else to a new array; either way a view of exactly the plain bytes is returned.
 */
export function snappyDecompress(
  input: Uint8Array,
  output?: Uint8Array,
  start = 0,
  end: number = input.length,
  outputStart = 0,
): Uint8Array {
  const length = snappyUncompressedLength(input, start, end)
  const target = output ?? new Uint8Array(length)
  const first = output === undefined ? 0 : outputStart
  if (first + length > target.length) {
    throw new KobelError(
      'LIMIT',
      `a Snappy block of ${length} plain bytes does not fit into ${target.length - first}`,
      {
        offset: start,
      },
    )
  }
  let body = start
  while (input[body]! >= 0x80) body++
  const problem = decodeElements(input, body + 1, end, target, first, first + length)
  if (problem >= 0) throw new KobelError('CORRUPT', 'a Snappy block is damaged', { offset: problem })
  return first === 0 && length === target.length ? target : target.subarray(first, first + length)
}

/** So far from the ends more may be moved than an element has, four bytes at a time: what is too much is overwritten. */
const SLACK_IN = 16
const SLACK_OUT = 64 + 16

/** Returns -1, or where in the input it went wrong. */
function decodeElements(
  input: Uint8Array,
  start: number,
  end: number,
  output: Uint8Array,
  first: number,
  limit: number,
): number {
  const from = new DataView(input.buffer, input.byteOffset, input.byteLength)
  const to = new DataView(output.buffer, output.byteOffset, output.byteLength)
  const fastIn = end - SLACK_IN
  const fastOut = limit - SLACK_OUT
  let p = start
  let o = first
  while (p < end) {
    const at = p
    const tag = input[p++]!
    const kind = tag & 3
    let length = (tag >> 2) + 1
    if (kind === 0) {
      if (length <= 16 && p <= fastIn && o <= fastOut) {
        to.setInt32(o, from.getInt32(p))
        if (length > 4) {
          to.setInt32(o + 4, from.getInt32(p + 4))
          if (length > 8) {
            to.setInt32(o + 8, from.getInt32(p + 8))
            to.setInt32(o + 12, from.getInt32(p + 12))
          }
        }
        o += length
        p += length
        continue
      }
      if (length > 60) {
        const extra = length - 60
        if (p + extra > end) return at
        length = 0
        for (let i = extra - 1; i >= 0; i--) length = length * 256 + input[p + i]!
        length++
        p += extra
      }
      if (length > end - p || length > limit - o) return at
      if (length <= 24) for (const stop = o + length; o < stop; ) output[o++] = input[p++]!
      else {
        output.set(input.subarray(p, p + length), o)
        o += length
        p += length
      }
      continue
    }
    let offset: number
    if (kind === 1) {
      if (p >= end) return at
      length = ((tag >> 2) & 7) + 4
      offset = ((tag >> 5) << 8) | input[p++]!
    } else if (kind === 2) {
      if (p + 2 > end) return at
      offset = input[p]! | (input[p + 1]! << 8)
      p += 2
    } else {
      if (p + 4 > end) return at
      offset = (input[p]! | (input[p + 1]! << 8) | (input[p + 2]! << 16) | (input[p + 3]! << 24)) >>> 0
      p += 4
    }
    if (offset === 0 || offset > o - first || length > limit - o) return at
    let back = o - offset
    const stop = o + length
    if (offset >= 4 && o <= fastOut) {
      for (; o < stop; o += 4, back += 4) to.setInt32(o, to.getInt32(back))
      o = stop
    } else while (o < stop) output[o++] = output[back++]!
  }
  return o === limit ? -1 : end
}

const HASH_BITS = 14
const FRAGMENT_BYTES = 65536

/** Compresses one block: greedy matches of four bytes found through a hash table, fragments of 64 KiB as snappy does. */
export function snappyCompress(input: Uint8Array, start = 0, end: number = input.length): Uint8Array {
  const length = end - start
  const output = new Uint8Array(32 + length + Math.ceil(length / 6))
  let o = 0
  for (let rest = length; ; rest = Math.floor(rest / 128)) {
    output[o++] = rest >= 128 ? (rest % 128) | 0x80 : rest
    if (rest < 128) break
  }
  const table = new Uint16Array(1 << HASH_BITS)
  for (let at = start; at < end; at += FRAGMENT_BYTES) {
    if (at !== start) table.fill(0)
    o = compressFragment(input, at, Math.min(at + FRAGMENT_BYTES, end), output, o, table)
  }
  return output.slice(0, o)
}

function load32(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
}

function compressFragment(
  input: Uint8Array,
  base: number,
  end: number,
  output: Uint8Array,
  outputStart: number,
  table: Uint16Array,
): number {
  let o = outputStart
  let literal = base
  let p = base + 1
  // Every 32 bytes without a match the steps grow by one, so that incompressible bytes cost little.
  let misses = 32
  while (p + 4 <= end) {
    const word = load32(input, p)
    const slot = Math.imul(word, 0x1e35a7bd) >>> (32 - HASH_BITS)
    const candidate = base + table[slot]!
    table[slot] = p - base
    if (candidate >= p || load32(input, candidate) !== word) {
      p += misses++ >> 5
      continue
    }
    o = writeLiteral(input, literal, p, output, o)
    let stop = p + 4
    for (let from = candidate + 4; stop < end && input[stop] === input[from]; stop++) from++
    o = writeCopy(output, o, p - candidate, stop - p)
    p = stop
    literal = stop
    misses = 32
  }
  return writeLiteral(input, literal, end, output, o)
}

function writeLiteral(input: Uint8Array, start: number, end: number, output: Uint8Array, at: number): number {
  const length = end - start
  if (length === 0) return at
  let o = at
  if (length <= 60) output[o++] = (length - 1) << 2
  else if (length <= 256) {
    output[o++] = 60 << 2
    output[o++] = length - 1
  } else {
    output[o++] = 61 << 2
    output[o++] = (length - 1) & 0xff
    output[o++] = (length - 1) >> 8
  }
  output.set(input.subarray(start, end), o)
  return o + length
}

function writeCopy(output: Uint8Array, at: number, offset: number, length: number): number {
  let o = at
  let rest = length
  // At least four bytes stay for the last copy, which may then take the short form.
  while (rest > 64) {
    const part = rest >= 68 ? 64 : 60
    o = writeCopy2(output, o, offset, part)
    rest -= part
  }
  if (rest < 4 || rest > 11 || offset > 2047) return writeCopy2(output, o, offset, rest)
  output[o++] = 1 | ((rest - 4) << 2) | ((offset >> 8) << 5)
  output[o++] = offset & 0xff
  return o
}

function writeCopy2(output: Uint8Array, at: number, offset: number, length: number): number {
  output[at] = 2 | ((length - 1) << 2)
  output[at + 1] = offset & 0xff
  output[at + 2] = offset >> 8
  return at + 3
}
