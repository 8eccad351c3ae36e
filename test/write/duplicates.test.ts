import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { writeRows } from '../../src/write/load.ts'
import { readPlan } from '../../src/write/plan.ts'
import { contentsOf, dumpLines, scratchDirectory, sinkIn } from '../support/write.ts'

// What several rows for one entry give: stated here by hand, in the order that the plan names.
const scratch = await scratchDirectory()
let number = 0

const PLAN = {
  flink: '2.3',
  now: 1000,
  operators: [
    {
      uid: 'accounts',
      parallelism: 2,
      maxParallelism: 8,
      key: 'string',
      states: [
        { name: 'strict', type: 'long' },
        { name: 'last', type: 'long', duplicates: 'last', order: 'at' },
        { name: 'entries', kind: 'map', mapKey: 'string', type: 'int', duplicates: 'last', order: 'at' },
        { name: 'given', kind: 'list', type: 'string' },
        { name: 'sorted', kind: 'list', type: 'string', order: 'at', ttl: true },
      ],
      operatorStates: [
        { name: 'offsets', kind: 'operator-list', type: 'long', order: 'at' },
        { name: 'rules', kind: 'broadcast', mapKey: 'string', type: 'long' },
      ],
    },
  ],
}
const plan = readPlan(PLAN)

type Row = Record<string, unknown>

async function written(rows: readonly Row[], memoryBytes = 1 << 20): Promise<{ rows: Row[]; directory: string }> {
  const directory = join(scratch, String(number++))
  const named = rows.map((row) => ({ operator: 'accounts', ...row }))
  await writeRows(plan, named, sinkIn(directory, { memoryBytes }))
  const lines = (await dumpLines(directory)).slice(1, -1).map((line) => JSON.parse(line) as Row)
  return {
    directory,
    rows: lines.map(({ state, key, mapKey, value, ttl, subtask }) =>
      dropped({ state, key, mapKey, value, ttl, subtask }),
    ),
  }
}

function dropped(row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined))
}

const refused = (rows: readonly Row[], code: string, message: RegExp): Promise<void> =>
  assert.rejects(written(rows), { code, message })

test('two values for a key are an error, where the plan does not say else', async () => {
  const row = { state: 'strict', key: 'a', value: 1 }
  await refused([row, { ...row, value: 2 }], 'CONFLICT', /two rows give a value for the same key "a"/)
  await refused([row, row], 'CONFLICT', /two rows/)
})

test('the last by the order of the plan wins, whatever the order of rows', async () => {
  const at = (state: string, key: string, value: number, order: unknown, mapKey?: string): Row => ({
    state,
    key,
    value,
    at: order,
    ...(mapKey !== undefined && { mapKey }),
  })
  const rows = [
    at('last', 'a', 1, 5),
    at('last', 'a', 2, -7),
    at('last', 'a', 3, '9007199254740993'),
    at('last', 'a', 4, 9007199254740991),
    at('last', 'b', 5, 0),
    at('last', 'b', 5, 0),
    at('entries', 'a', 6, 1, 'x'),
    at('entries', 'a', 7, 2, 'x'),
    at('entries', 'a', 8, 0, 'y'),
  ]
  const expected = [
    { state: 'last', key: 'a', value: 3 },
    { state: 'last', key: 'b', value: 5 },
    { state: 'entries', key: 'a', mapKey: 'x', value: 7 },
    { state: 'entries', key: 'a', mapKey: 'y', value: 8 },
  ]
  const byPlace = (a: Row, b: Row): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)
  const first = await written(rows)
  assert.deepEqual([...first.rows].sort(byPlace), [...expected].sort(byPlace))
  for (const [shuffled, memory] of [
    [[...rows].reverse(), 1 << 20],
    [rows.slice(4).concat(rows.slice(0, 4)), 1],
  ] as const) {
    const again = await written(shuffled, memory)
    assert.deepEqual(await contentsOf(again.directory), await contentsOf(first.directory))
  }
  await refused(
    [at('last', 'a', 1, 5), at('last', 'a', 2, 5)],
    'CONFLICT',
    /two rows of one at give a value for the same key "a"/,
  )
  await refused(
    [{ state: 'last', key: 'a', value: 1 }],
    'USAGE',
    /line 1: at: a whole number of 64 bits was expected, found nothing/,
  )
  await refused([at('last', 'a', 1, 'now')], 'USAGE', /found "now"/)
})

test('elements of several rows are joined, in the given order or in that of the plan', async () => {
  const given = [
    { state: 'given', key: 'a', value: ['1', '2'] },
    { state: 'given', key: 'b', value: ['x'] },
    { state: 'given', key: 'a', value: [] },
    { state: 'given', key: 'a', value: ['0'] },
  ]
  const sorted = [
    { state: 'sorted', key: 'a', value: ['later'], at: 2, ttl: [50] },
    { state: 'sorted', key: 'a', value: ['same b'], at: 1 },
    { state: 'sorted', key: 'a', value: ['same a', 'and'], at: 1 },
  ]
  for (const memory of [1 << 20, 1]) {
    const { rows } = await written([...given, ...sorted], memory)
    const of = (state: string, key: string): Row => rows.find((row) => row.state === state && row.key === key)!
    assert.deepEqual(of('given', 'a').value, ['1', '2', '0'])
    assert.deepEqual(of('given', 'b').value, ['x'])
    assert.deepEqual(of('sorted', 'a').value, ['same a', 'and', 'same b', 'later'])
    assert.deepEqual(of('sorted', 'a').ttl, [1000, 1000, 1000, 50])
  }
  const one = await written(sorted)
  const other = await written([...sorted].reverse())
  assert.deepEqual(await contentsOf(one.directory), await contentsOf(other.directory))
})

test('many rows of one key, and keys that begin alike, come out in order', async () => {
  const elements = Array.from({ length: 500 }, (_, i) => ({ state: 'given', key: 'k', value: [String(i)] }))
  const alike = Array.from({ length: 300 }, (_, i) => ({
    state: 'strict',
    key: `prefix-of-a-key-${(i * 7) % 300}`,
    value: i,
  }))
  for (const memory of [1 << 20, 3000]) {
    const { rows } = await written([...alike, ...elements], memory)
    assert.deepEqual(
      rows.find((row) => row.state === 'given')!.value,
      elements.map(({ value }) => value[0]),
    )
    assert.equal(rows.length, 301)
    for (const { key, value } of alike) assert.equal(rows.find((row) => row.key === key)!.value, value)
  }
})

test('operator state: elements by their order; a key of a broadcast state once', async () => {
  const offsets = [3, 1, 2].map((value) => ({ state: 'offsets', subtask: 1, value, at: value }))
  const { rows } = await written([...offsets, { state: 'rules', mapKey: 'r', value: 1 }])
  assert.deepEqual(rows, [
    { state: 'offsets', subtask: 1, value: 1 },
    { state: 'offsets', subtask: 1, value: 2 },
    { state: 'offsets', subtask: 1, value: 3 },
    { state: 'rules', mapKey: 'r', value: 1, subtask: 0 },
    { state: 'rules', mapKey: 'r', value: 1, subtask: 1 },
  ])
  const rule = { state: 'rules', mapKey: 'r', value: 1 }
  await refused([rule, rule], 'CONFLICT', /two rows give a value for the key "r"/)
})

test('rules that make no sense are refused', async () => {
  const withState = (state: Row): unknown => ({ ...PLAN, operators: [{ ...PLAN.operators[0], states: [state] }] })
  for (const [state, message] of [
    [{ name: 's', type: 'long', duplicates: 'last' }, /needs "order"/],
    [{ name: 's', type: 'long', order: 'at' }, /is for LIST states/],
    [{ name: 's', type: 'long', duplicates: 'first' }, /"error" or "last", found "first"/],
    [{ name: 's', kind: 'list', type: 'long', duplicates: 'last', order: 'at' }, /its rows are joined/],
    [{ name: 's', kind: 'list', type: 'long', order: 5 }, /the name of a member of rows, found 5/],
  ] as const) {
    const wrong = async (): Promise<unknown> => {
      const row = { operator: 'accounts', state: 's', key: 'a', value: [1] }
      return writeRows(readPlan(withState(state)), [row], sinkIn(join(scratch, 'wrong')))
    }
    await assert.rejects(wrong(), { code: 'USAGE', message })
  }
})
