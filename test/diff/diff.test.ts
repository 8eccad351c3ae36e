import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { diffSnapshots } from '../../src/diff/diff.ts'
import type { Difference, DiffOptions, DiffSummary } from '../../src/diff/model.ts'
import { dumpSnapshot } from '../../src/export/dump.ts'
import { openSnapshot } from '../../src/node/index.ts'
import { FileSpill, WritableFileStore } from '../../src/store/file-writer.ts'
import { loadDump } from '../../src/write/load.ts'

const scratch = await mkdtemp(join(tmpdir(), 'kobel-diff-'))
after(() => rm(scratch, { recursive: true, force: true }))

const fixture = (name: string): string => `fixtures/2.3.0/${name}/snapshot`

async function diff(
  before: string,
  after: string,
  options: Omit<DiffOptions, 'spill'> = {},
): Promise<{ found: Difference[]; summary: DiffSummary }> {
  const [one, other] = [await openSnapshot(before), await openSnapshot(after)]
  try {
    const differences = diffSnapshots(one, other, { ...options, spill: new FileSpill() })
    const found: Difference[] = []
    for (;;) {
      const { value, done } = await differences.next()
      if (done) return { found, summary: value }
      found.push(value)
    }
  } finally {
    await one.close()
    await other.close()
  }
}

type Line = Record<string, unknown>

/** A savepoint of the dump of a fixture with other lines. The last line counts rows, and is made anew. */
async function changed(name: string, change: (lines: Line[]) => Line[]): Promise<string> {
  const snapshot = await openSnapshot(fixture(name))
  const lines: Line[] = []
  // A line that is not changed goes in as it came: JavaScript's JSON has no -0.
  const texts = new Map<string, string>()
  for await (const line of dumpSnapshot(snapshot)) {
    const json = JSON.parse(line) as Line
    texts.set(JSON.stringify(json), line)
    lines.push(json)
  }
  await snapshot.close()
  const directory = join(scratch, `${name.replaceAll('/', '-')}-${Math.random()}`)
  const [plan, ...rows] = change(lines.slice(0, -1))
  const text = [plan, ...rows].map((line) => texts.get(JSON.stringify(line)) ?? JSON.stringify(line))
  const sink = { store: new WritableFileStore(), directory, spill: new FileSpill() }
  await loadDump(text, sink, { flink: '2.3', partial: true })
  return directory
}

for (const [before, after] of [
  ['hashmap/kinds', 'rocksdb/kinds'],
  ['hashmap/kinds-native-compressed', 'rocksdb/kinds-native'],
  ['hashmap/windows-native', 'rocksdb/windows'],
  ['hashmap/opstate', 'rocksdb/opstate-native'],
] as const) {
  test(`${before} and ${after} hold the same: the jobs, which are the same, ran on two backends`, async () => {
    const { found, summary } = await diff(fixture(before), fixture(after), { ignoreTtl: true })
    assert.deepEqual(found, [])
    assert.equal(summary.equal, true)
    const rows = summary.operators.flatMap(({ states }) => states)
    assert.ok(rows.some(({ same }) => same > 5))
    for (const { state, before: one, after: other, same } of rows) {
      assert.deepEqual([one.entries, other.entries], [same, same], state)
    }
  })
}

test('changes are told as they were made: an entry each that is removed, added, changed', async () => {
  const of = (line: Line, state: string): boolean => line.uid === 'kinds-tuple' && line.state === state
  const directory = await changed('hashmap/kinds', (lines) => {
    const removed = lines.findIndex((line) => of(line, 'value'))
    const kept = lines.filter((_, i) => i !== removed)
    const map = kept.find((line) => of(line, 'map') && (line.value as unknown[])[1] !== null)!
    map.value = [(map.value as number[])[0]! + 1000, (map.value as string[])[1]]
    const list = kept.find((line) => of(line, 'list'))!
    kept.push({ ...list, key: ['new key', 42], keyGroup: undefined, value: [1, 2] })
    return kept
  })
  const { found, summary } = await diff(fixture('hashmap/kinds'), directory)
  assert.deepEqual(
    found.map(({ kind, operator, ...rest }) => [kind, operator, 'state' in rest && rest.state]),
    found.map(({ kind }) => [
      kind,
      'kinds-tuple',
      { removed: 'value', changed: 'map', added: 'list' }[kind as 'added'],
    ]),
  )
  assert.deepEqual(found.map(({ kind }) => kind).sort(), ['added', 'changed', 'removed'])
  const added = found.find(({ kind }) => kind === 'added') as Difference & { kind: 'added' }
  assert.deepEqual(
    [added.key, added.after],
    [
      ['new key', 42],
      [1, 2],
    ],
  )
  const change = found.find(({ kind }) => kind === 'changed') as Difference & { kind: 'changed' }
  assert.equal(change.fields?.length, 1)
  const [field] = change.fields!
  assert.equal(field!.path, '[0]')
  assert.equal(field!.after, Number(field!.before) + 1000)
  const { states } = summary.operators.find(({ operator }) => operator === 'kinds-tuple')!
  const sums = (name: string) => states.find(({ state }) => state === name)!
  assert.equal(sums('value').removed, 1)
  assert.equal(sums('value').before.entries, sums('value').after.entries + 1)
  assert.equal(sums('list').added, 1)
  assert.equal(sums('map').changed, 1)
  assert.equal(sums('map').same, sums('map').before.entries - 1)
})

test('another max parallelism is one difference, the entries are the same', async () => {
  const directory = await changed('hashmap/kinds', (lines) => {
    const plan = lines[0]!.plan as { operators: { uid: string; maxParallelism: number }[] }
    for (const operator of plan.operators) if (operator.uid === 'kinds-tuple') operator.maxParallelism = 300
    return lines.map((line) => (line.uid === 'kinds-tuple' ? { ...line, keyGroup: undefined } : line))
  })
  const { found, summary } = await diff(fixture('hashmap/kinds'), directory)
  const change = { kind: 'operator-changed', operator: 'kinds-tuple', what: 'maxParallelism' } as const
  assert.deepEqual(found, [{ ...change, before: 1000, after: 300 }])
  const { states } = summary.operators.find(({ operator }) => operator === 'kinds-tuple')!
  assert.ok(states.length > 10)
  for (const { state, before: one, after: other, same } of states) {
    assert.deepEqual([one.entries, other.entries, one.bytes], [same, same, other.bytes], state)
  }
})

test('sorting anew in little memory finds the same', async () => {
  const directory = await changed('hashmap/kinds', (lines) => {
    const plan = lines[0]!.plan as { operators: { uid: string; maxParallelism: number }[] }
    for (const operator of plan.operators) if (operator.uid === 'kinds-int') operator.maxParallelism = 7
    let removed = 0
    return lines
      .filter((line) => line.uid !== 'kinds-int' || line.state !== 'map' || removed++ % 10 !== 0)
      .map((line) => (line.uid === 'kinds-int' ? { ...line, keyGroup: undefined } : line))
  })
  const options = { operators: ['kinds-int'], states: ['map'] }
  const { found } = await diff(fixture('hashmap/kinds'), directory, options)
  const few = await diff(fixture('hashmap/kinds'), directory, { ...options, memoryBytes: 500 })
  assert.deepEqual(few.found, found)
  assert.equal(found.filter(({ kind }) => kind === 'removed').length, 6)
})

test('elements of operator state are compared as a bag, broadcast entries by key', async () => {
  const directory = await changed('hashmap/opstate', (lines) => {
    const isList = (line: Line): boolean => line.kind === 'operator-list'
    const first = lines.findIndex(isList)
    const kept = lines.filter((_, i) => i !== first)
    // All elements in one subtask is the same bag.
    for (const line of kept.filter(isList)) line.subtask = 0
    return kept
  })
  const { found } = await diff(fixture('hashmap/opstate'), directory)
  assert.deepEqual(
    found.map(({ kind }) => kind),
    ['removed'],
  )
})

test('operators that are only in one, and those renamed', async () => {
  const without = await changed('hashmap/kinds', (lines) => {
    const plan = lines[0]!.plan as { operators: { uid: string }[] }
    plan.operators = plan.operators.filter(({ uid }) => uid !== 'kinds-tuple')
    return lines.filter((line) => line.uid !== 'kinds-tuple')
  })
  const { found } = await diff(fixture('hashmap/kinds'), without, { typesOnly: true })
  assert.deepEqual(
    found.filter(({ kind }) => kind !== 'verdict'),
    [{ kind: 'operator-removed', operator: 'kinds-tuple' }],
  )
  const verdicts = found.flatMap((each) => (each.kind === 'verdict' ? [each.verdict] : []))
  assert.deepEqual([...new Set(verdicts)], ['as is'])
  assert.ok(verdicts.length > 50)
  const id = '0123456789abcdef0123456789abcdef'
  const renamed = await changed('hashmap/kinds', (lines) => {
    const plan = lines[0]!.plan as { operators: { uid?: string; id: string }[] }
    const operator = plan.operators.find(({ uid }) => uid === 'kinds-tuple')!
    operator.id = id
    delete operator.uid
    return lines.map((line) => (line.uid === 'kinds-tuple' ? { ...line, operator: id, uid: undefined } : line))
  })
  const again = await diff(fixture('hashmap/kinds'), renamed, { renamed: [['kinds-tuple', id]] })
  const change = { kind: 'operator-changed', operator: 'kinds-tuple', what: 'uid' } as const
  assert.deepEqual(again.found, [{ ...change, before: 'kinds-tuple', after: id }])
})

test('an operator that neither has is named with those that are near', async () => {
  const same = fixture('hashmap/kinds')
  await assert.rejects(diff(same, same, { operators: ['kinds-tupel'] }), /did you mean "kinds-tuple"/)
})
