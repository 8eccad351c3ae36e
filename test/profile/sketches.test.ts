import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Distinct, hash, hashBytes, hashHalves, hashNumber } from '../../src/profile/distinct.ts'
import { Frequent } from '../../src/profile/frequent.ts'
import { Largest } from '../../src/profile/largest.ts'
import { Sizes } from '../../src/profile/sizes.ts'
import { KeyGroupSums } from '../../src/profile/skew.ts'
import { Times } from '../../src/profile/times.ts'

/** Numbers of no pattern, the same every time (mulberry32). */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

test('sizes: exact where they are small, quantiles within a sixteenth above', () => {
  const next = random(1)
  const all = Array.from({ length: 20_000 }, () => Math.floor(2 ** (next() * 40)))
  const sizes = new Sizes()
  for (const size of all) sizes.add(size)
  const sorted = [...all].sort((a, b) => a - b)
  const found = sizes.summary()
  assert.equal(found.count, 20_000)
  assert.equal(found.min, sorted[0])
  assert.equal(found.max, sorted.at(-1))
  assert.equal(
    found.sum,
    all.reduce((sum, each) => sum + each, 0),
  )
  for (const [name, share] of [
    ['p50', 0.5],
    ['p90', 0.9],
    ['p99', 0.99],
  ] as const) {
    const exact = sorted[Math.ceil(share * all.length) - 1]!
    assert.ok(found[name] <= exact && found[name] > exact * (1 - 1 / 16), `${name} ${found[name]} for ${exact}`)
  }
  for (const { from, count } of found.histogram) {
    const expected = all.filter((each) => (from === 0 ? each === 0 : each >= from && each < from * 2)).length
    assert.equal(count, expected, `from ${from}`)
  }
  assert.deepEqual(new Sizes().summary().histogram, [], 'nothing has no histogram')
})

test('distinct values: exact up to a thousand, then within 5 %', () => {
  for (const count of [0, 1, 1000, 5000, 100_000, 1_000_000]) {
    const distinct = new Distinct()
    for (let i = 0; i < count; i++) {
      hashHalves(i, 0)
      distinct.add(hash.high, hash.low)
      if (i % 3 === 0) distinct.add(hash.high, hash.low)
    }
    if (count <= 1000) assert.equal(distinct.count, count)
    else assert.ok(Math.abs(distinct.count - count) < count * 0.05, `${distinct.count} for ${count}`)
  }
})

test('hashes of near values differ', () => {
  const seen = new Set<string>()
  const add = (): void => {
    seen.add(`${hash.high} ${hash.low}`)
  }
  for (let i = 0; i < 50_000; i++) {
    hashNumber(i / 4)
    add()
    const bytes = new TextEncoder().encode(`user-${i}`)
    hashBytes(bytes, 0, bytes.length)
    add()
  }
  assert.equal(seen.size, 100_000)
})

test('frequent values are found with counts that are too low by the error at most', () => {
  const next = random(2)
  const counts = new Map<number, number>()
  const frequent = new Frequent<number>()
  for (let i = 0; i < 60_000; i++) {
    const value = next() < 0.3 ? Math.floor(next() * 5) : 1000 + Math.floor(next() * 1e9)
    counts.set(value, (counts.get(value) ?? 0) + 1)
    frequent.add(value, () => value)
  }
  const { values, error } = frequent.top(5)
  assert.deepEqual(values.map(({ value }) => value).sort(), [0, 1, 2, 3, 4])
  for (const { value, count } of values) {
    assert.ok(count <= counts.get(value)! && count + error >= counts.get(value)!, `${value}: ${count}`)
  }
})

test('where all values differ, none is frequent', () => {
  const frequent = new Frequent<number>()
  for (let i = 0; i < 100_000; i++) frequent.add(i, () => i)
  assert.deepEqual(frequent.top(5).values, [])
})

test('the largest are kept in order, of equal ones the first', () => {
  const largest = new Largest<string>(3)
  for (const [size, name] of [
    [1, 'a'],
    [5, 'b'],
    [3, 'c'],
    [5, 'd'],
    [3, 'e'],
  ] as const)
    largest.add(size, name)
  assert.deepEqual(
    largest.list().map(({ item }) => item),
    ['b', 'd', 'c'],
  )
})

test('times: every one is counted in its range, whatever order they come in', () => {
  const next = random(3)
  const all = Array.from({ length: 3000 }, () => 1_700_000_000_000 + Math.floor((next() - 0.5) * 1e9))
  const times = new Times()
  for (const time of all) times.add(BigInt(time))
  times.add(0x7fffffffffffffffn)
  const found = times.summary()!
  assert.equal(found.max, '9223372036854775807')
  assert.equal(found.min, String(Math.min(...all)))
  assert.equal(found.count, 3001)
  assert.ok(found.histogram.length <= 48)
  for (const { from, count } of found.histogram) {
    const start = Number(from)
    assert.equal(count, all.filter((time) => time >= start && time < start + found.stepMs).length, from)
  }
  assert.equal(
    found.histogram.reduce((sum, { count }) => sum + count, 0),
    3000,
  )
  assert.equal(times.before(Math.max(...all) + found.stepMs), 3000)
  assert.equal(times.before(0), 0)
  assert.equal(new Times().summary(), undefined)
})

test('the spread follows Flink’s key-group ranges', () => {
  const sums = new KeyGroupSums(128)
  // All in key group 127: the last subtask has everything.
  for (let i = 0; i < 10; i++) sums.add(127, 100)
  const spread = sums.spread(4)
  assert.deepEqual(spread.bytes, { mean: 250, largest: 1000, largestSubtask: 3, ratio: 4 })
  // KeyGroupRangeAssignment: of 10 key groups and 3 subtasks, the first has 0 to 3, then 4 to 6, 7 to 9.
  const ten = new KeyGroupSums(10)
  for (let keyGroup = 0; keyGroup < 10; keyGroup++) ten.add(keyGroup, 1)
  assert.equal(ten.spread(3).entries.largest, 4)
  assert.equal(ten.spread(3).entries.largestSubtask, 0)
})
