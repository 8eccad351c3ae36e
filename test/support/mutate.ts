/** Damage to files, the same for the same seed. */

/** Pseudo-random numbers: xorshift. */
export class Random {
  private state: number

  constructor(seed: number) {
    this.state = Math.imul(seed + 1, 0x9e3779b1) | 1
    for (let i = 0; i < 8; i++) this.next()
  }

  /** 0 to before `below`. */
  below(below: number): number {
    return below <= 1 ? 0 : this.next() % below
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!
  }

  private next(): number {
    this.state ^= this.state << 13
    this.state ^= this.state >>> 17
    this.state ^= this.state << 5
    return this.state >>> 0
  }
}

/** Lengths, counts and tags that programs stumble over. */
const BOUNDARIES: readonly number[] = [
  0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0xffffff, 0x1000000, 0x10000000, 0x7ffffff0, 0x7fffffff, 0x80000000,
  0xfffffffe, 0xffffffff,
]

/** The files of a snapshot, some of them damaged, and in words what was done. */
export function mutate(
  files: ReadonlyMap<string, Uint8Array>,
  random: Random,
): { files: Map<string, Uint8Array>; done: string } {
  const mutated = new Map(files)
  const done: string[] = []
  for (let times = random.pick([1, 1, 1, 2, 4]); times > 0; times--) done.push(mutateOnce(mutated, random))
  return { files: mutated, done: done.join('; ') }
}

function mutateOnce(files: Map<string, Uint8Array>, random: Random): string {
  const names = [...files.keys()].filter((name) => files.get(name)!.length > 0)
  if (names.length === 0) return 'nothing is left'
  const metadata = names.filter((name) => name.endsWith('_metadata'))
  const name = random.pick(random.below(5) < 2 ? metadata : names)
  const bytes = files.get(name)!
  const [change, mutated] = random.pick(CHANGES)(bytes, files.get(random.pick(names))!, random)
  files.set(name, mutated)
  return `${name}: ${change}`
}

type Change = (bytes: Uint8Array, other: Uint8Array, random: Random) => readonly [done: string, mutated: Uint8Array]

const CHANGES: readonly Change[] = [cut, flipBits, flipBits, overwrite, setNumber, setNumber, splice, remove, swap]

/** Heads, footers and all between. */
function placeIn(bytes: Uint8Array, random: Random): number {
  const near = Math.min(bytes.length, 600)
  const which = random.below(4)
  if (which === 0) return random.below(near)
  if (which === 1) return bytes.length - 1 - random.below(near)
  return random.below(bytes.length)
}

function cut(bytes: Uint8Array, _: Uint8Array, random: Random): readonly [string, Uint8Array] {
  const at = placeIn(bytes, random)
  return [`cut at ${at}`, bytes.slice(0, at)]
}

function flipBits(bytes: Uint8Array, _: Uint8Array, random: Random): readonly [string, Uint8Array] {
  const mutated = bytes.slice()
  const places = Array.from({ length: random.pick([1, 1, 2, 8]) }, () => placeIn(bytes, random))
  for (const at of places) mutated[at]! ^= 1 << random.below(8)
  return [`bits flipped at ${places}`, mutated]
}

function overwrite(bytes: Uint8Array, _: Uint8Array, random: Random): readonly [string, Uint8Array] {
  const mutated = bytes.slice()
  const at = placeIn(bytes, random)
  const length = random.pick([1, 4, 8, 100])
  const value = random.pick([0, 0xff, 0x7f, 0x80, random.below(256)])
  mutated.fill(value, at, at + length)
  return [`${length} times ${value} at ${at}`, mutated]
}

function setNumber(bytes: Uint8Array, _: Uint8Array, random: Random): readonly [string, Uint8Array] {
  const mutated = bytes.slice()
  const at = placeIn(bytes, random)
  const value = random.pick(BOUNDARIES)
  const width = random.pick([2, 4, 4, 8])
  for (let i = 0; i < width && at + i < mutated.length; i++) {
    const shift = 8 * (width - 1 - i)
    mutated[at + i] = shift >= 32 ? 0 : value >>> shift
  }
  return [`the number ${value} in ${width} bytes at ${at}`, mutated]
}

function splice(bytes: Uint8Array, other: Uint8Array, random: Random): readonly [string, Uint8Array] {
  const at = placeIn(bytes, random)
  const from = placeIn(other, random)
  const length = Math.min(other.length - from, random.pick([1, 10, 200, other.length]))
  const inserts = random.below(2) === 0
  const rest = bytes.subarray(Math.min(bytes.length, inserts ? at : at + length))
  const mutated = new Uint8Array(at + length + rest.length)
  mutated.set(bytes.subarray(0, at))
  mutated.set(other.subarray(from, from + length), at)
  mutated.set(rest, at + length)
  return [`${length} bytes from ${from} of a file ${inserts ? 'inserted at' : 'over'} ${at}`, mutated]
}

function remove(bytes: Uint8Array, _: Uint8Array, random: Random): readonly [string, Uint8Array] {
  const at = placeIn(bytes, random)
  const length = Math.min(bytes.length - at, random.pick([1, 4, 50, 1000]))
  const mutated = new Uint8Array(bytes.length - length)
  mutated.set(bytes.subarray(0, at))
  mutated.set(bytes.subarray(at + length), at)
  return [`${length} bytes removed at ${at}`, mutated]
}

function swap(_: Uint8Array, other: Uint8Array): readonly [string, Uint8Array] {
  return ['another file in its place', other]
}
