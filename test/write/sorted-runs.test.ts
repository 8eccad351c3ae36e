import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareBytes, toHex } from '../../src/bytes/encoding.ts'
import { FileSpill } from '../../src/store/file-writer.ts'
import { SortedRuns } from '../../src/write/sorted-runs.ts'

interface Pair {
  readonly tag: number
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/** Keys of different lengths, some of which begin others; values that are now and then longer than a window. */
function randomPairs(count: number, seed: number): Pair[] {
  let state = seed
  const next = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  return Array.from({ length: count }, (_, i) => ({
    tag: next(3) * 0x10000 + next(2),
    key: Uint8Array.from({ length: 1 + next(6) }, () => next(3) * 100),
    value: new Uint8Array(i % 97 === 0 ? 300_000 : next(20)).fill(i),
  }))
}

async function drained(runs: SortedRuns): Promise<string[]> {
  const found: string[] = []
  await runs.drain(
    ({ tag, bytes, keyStart, keyEnd, valueStart, end }) => {
      found.push(
        `${tag} ${toHex(bytes.subarray(keyStart, keyEnd))} ${toHex(bytes.subarray(valueStart, Math.min(end, valueStart + 4)))} ${end - valueStart}`,
      )
    },
    () => undefined,
  )
  return found
}

for (const spillEvery of [0, 1, 7, 100]) {
  test(`records come out by key${spillEvery === 0 ? '' : `, spilled after every ${spillEvery}`}`, async () => {
    const pairs = randomPairs(4000, 11)
    const spill = new FileSpill()
    const runs = new SortedRuns(spill)
    for (const [i, { tag, key, value }] of pairs.entries()) {
      runs.add(tag, key, value)
      if (spillEvery > 0 && i % spillEvery === 0) await runs.spill()
    }
    const expected = pairs
      .map((pair, i) => ({ ...pair, i }))
      .sort((a, b) => a.tag - b.tag || compareBytes(a.key, b.key) || a.i - b.i)
      .map(({ tag, key, value }) => `${tag} ${toHex(key)} ${toHex(value.subarray(0, 4))} ${value.length}`)
    assert.deepEqual(await drained(runs), expected)
    assert.equal(runs.heldBytes, 0)
    await spill.close()
  })
}
