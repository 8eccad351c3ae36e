import { randomNumbers } from '../bytes/pseudo.ts'

/** Copies of the bytes with up to three bytes changed, or cut short. */
export function* mutations(bytes: Uint8Array, count: number, seed: number, from = 0): Generator<Uint8Array, void> {
  const numbers = randomNumbers(seed)
  const random = (below: number): number => (numbers.next().value >> 8) % below
  for (let i = 0; i < count && bytes.length > from; i++) {
    const changed = bytes.slice()
    for (let n = random(3); n >= 0; n--) changed[from + random(bytes.length - from)] = random(256)
    yield random(4) === 0 ? changed.subarray(0, random(bytes.length + 1)) : changed
  }
}
