/** Inputs that Python made too when the golden files were made: a linear congruential generator over 31 bits. */

export function* randomNumbers(seed: number): Generator<number, never> {
  let state = seed
  for (;;) {
    state = Number((BigInt(state) * 1103515245n + 12345n) & 0x7fffffffn)
    yield state
  }
}

const WORDS: readonly string[] = ['state', 'key group', 'flink', 'savepoint', '\0\x01\x02', 'operator ', 'nest']

/** Words with one odd byte after each: compresses. */
export function pseudoText(length: number, seed: number): Uint8Array {
  const bytes: number[] = []
  const numbers = randomNumbers(seed)
  while (bytes.length < length) {
    const number = numbers.next().value
    for (const char of WORDS[(number >> 16) % 7]!) bytes.push(char.charCodeAt(0))
    bytes.push((number >> 8) & 255)
  }
  return Uint8Array.from(bytes.slice(0, length))
}

/** Bytes that do not compress. */
export function pseudoNoise(length: number, seed: number): Uint8Array {
  const numbers = randomNumbers(seed)
  return Uint8Array.from({ length }, () => (numbers.next().value >> 16) & 255)
}

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}
