import { KobelError } from '../error.ts'

/**
 * Decompresses an LZ4 block (lz4, `lz4_Block_format.md`) of exactly `length` plain bytes:
 *
 *     sequence = token, literals, offset u16 LE; the last sequence has literals only
 *     token    upper four bits: literal length, lower four: match length - 4; 15 means that bytes to be added follow,
 *              up to the first that is not 255
 */
export function lz4Decompress(input: Uint8Array, start: number, end: number, length: number): Uint8Array {
  // No byte of LZ4 stands for more than 255.
  if (length > (end - start) * 255) {
    throw new KobelError('CORRUPT', `an LZ4 block of ${end - start} bytes cannot hold ${length} bytes`, {
      offset: start,
    })
  }
  const output = new Uint8Array(length)
  const problem = decodeSequences(input, start, end, output)
  if (problem >= 0) throw new KobelError('CORRUPT', 'an LZ4 block is damaged', { offset: problem })
  return output
}

/** Returns -1, or where in the input it went wrong. */
function decodeSequences(input: Uint8Array, start: number, end: number, output: Uint8Array): number {
  let p = start
  let o = 0
  while (p < end) {
    const at = p
    const token = input[p++]!
    let literals = token >> 4
    if (literals === 15) {
      for (let more = 255; more === 255; literals += more) {
        if (p >= end) return at
        more = input[p++]!
      }
    }
    if (literals > end - p || literals > output.length - o) return at
    if (literals <= 24) for (const stop = o + literals; o < stop; ) output[o++] = input[p++]!
    else {
      output.set(input.subarray(p, p + literals), o)
      o += literals
      p += literals
    }
    if (p === end) return o === output.length ? -1 : at
    if (p + 2 > end) return at
    const offset = input[p]! | (input[p + 1]! << 8)
    p += 2
    let match = (token & 15) + 4
    if (match === 19) {
      for (let more = 255; more === 255; match += more) {
        if (p >= end) return at
        more = input[p++]!
      }
    }
    if (offset === 0 || offset > o || match > output.length - o) return at
    for (let from = o - offset, stop = o + match; o < stop; ) output[o++] = output[from++]!
  }
  return end
}
