import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSnapshot } from '../../src/node/index.ts'
import { type Profile, profileSnapshot } from '../../src/profile/profile.ts'
import { KeyedState } from '../../src/snapshot/keyed-state.ts'
import type { Snapshot } from '../../src/snapshot/open.ts'

async function withFixture(name: string, use: (snapshot: Snapshot) => Promise<void>): Promise<void> {
  const snapshot = await openSnapshot(`fixtures/2.3.0/${name}/snapshot`)
  try {
    await use(snapshot)
  } finally {
    await snapshot.close()
  }
}

const stateOf = (profile: Profile, operator: string, state: string) =>
  profile.operators.find((each) => each.operator === operator)!.states.find((each) => each.name === state)!

/** Unlike JSON: with longs, and with -0, NaN and infinities told apart. */
function textOf(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`
  return typeof value === 'number' ? (Object.is(value, -0) ? '-0' : String(value)) : value
}

for (const backend of ['hashmap', 'rocksdb']) {
  test(`a profile counts what a read of each state gives (${backend})`, async () => {
    await withFixture(`${backend}/kinds`, async (snapshot) => {
      const profile = await profileSnapshot(snapshot)
      let states = 0
      for (const operator of snapshot.operators) {
        for (const state of operator.states) {
          const found = stateOf(profile, operator.label, state.name)
          let count = 0
          const keys = new Set<string>()
          if (state instanceof KeyedState && state.kind !== 'timer') {
            for await (const { key } of state.entries()) {
              count++
              keys.add(JSON.stringify(key, textOf))
            }
            assert.equal(found.keys, keys.size, `${operator.label} ${state.name}`)
          } else if (state instanceof KeyedState) for await (const _ of state.timers()) count++
          else for await (const _ of state.elements()) count++
          assert.equal(found.entries, count, `${operator.label} ${state.name}`)
          states++
        }
      }
      assert.ok(states > 20)
    })
  })
}

test('fields have the least, greatest and null values of the state', async () => {
  await withFixture('rocksdb/kinds', async (snapshot) => {
    const operator = snapshot.operator('kinds-tuple')
    const profile = await profileSnapshot(snapshot, { operators: [operator], state: 'map' })
    const values: [number, string | null][] = []
    for await (const { value } of operator.state('map').entries()) values.push(value as [number, string | null])
    const { fields } = stateOf(profile, 'kinds-tuple', 'map')
    const f0 = fields.find((field) => field.path === 'value.f0')!
    const f1 = fields.find((field) => field.path === 'value.f1')!
    const numbers = values.map(([number]) => number)
    assert.deepEqual([f0.min, f0.max], [Math.min(...numbers), Math.max(...numbers)])
    assert.equal(f0.distinct, new Set(numbers).size)
    const texts = values.flatMap(([, text]) => (text === null ? [] : [text]))
    assert.equal(f1.nulls, values.length - texts.length)
    assert.equal(f1.count, texts.length)
    assert.deepEqual([f1.min, f1.max], [[...texts].sort()[0], [...texts].sort().at(-1)])
    const x0 = texts.filter((text) => text === 'x0').length
    assert.deepEqual(f1.top?.[0], { value: 'x0', count: x0 })
  })
})

test('the spread at other parallelisms and max parallelisms covers every entry', async () => {
  await withFixture('hashmap/kinds', async (snapshot) => {
    const operators = [snapshot.operator('kinds-tuple')]
    const options = { operators, parallelisms: [1, 7], maxParallelisms: [128, 300] }
    const [found] = (await profileSnapshot(snapshot, options)).operators
    assert.equal(found!.unknownHash, false)
    assert.deepEqual(
      found!.whatIf.map(({ parallelism, maxParallelism }) => [parallelism, maxParallelism]),
      [
        [1, 1000],
        [7, 1000],
        [1, 128],
        [7, 128],
        [1, 300],
        [7, 300],
      ],
    )
    for (const spread of found!.whatIf) {
      assert.equal(Math.round(spread.entries.mean * spread.parallelism), found!.entries)
      if (spread.parallelism === 1) assert.equal(spread.bytes.largest, found!.bytes)
    }
  })
})

test('a state that is not there is named with those that are near', async () => {
  await withFixture('hashmap/kinds', async (snapshot) => {
    const operators = [snapshot.operator('kinds-tuple')]
    await assert.rejects(profileSnapshot(snapshot, { operators, state: 'mapp' }), /did you mean "map"/)
  })
})
