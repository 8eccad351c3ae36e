import assert from 'node:assert/strict'
import { cp, readdir, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { FileStore } from '../../src/store/file.ts'
import { writeRows } from '../../src/write/load.ts'
import { readPlan } from '../../src/write/plan.ts'
import { contentsOf, dumpLines, scratchDirectory, sinkIn } from '../support/write.ts'

// A savepoint of Flink, and an operator that is added to it: what was there dumps the same.
const scratch = await scratchDirectory()
const FIXTURE = resolve('fixtures/2.3.0/rocksdb/kinds/snapshot')

const plan = readPlan({
  flink: '2.3',
  checkpointId: 99,
  operators: [
    { uid: 'added', parallelism: 2, maxParallelism: 64, key: 'string', states: [{ name: 'count', type: 'long' }] },
  ],
})
const ROWS = ['a', 'b', 'c'].map((key, i) => ({ operator: 'added', state: 'count', key, value: i }))

function withoutPlan(lines: readonly string[]): string[] {
  return lines.slice(1, -1)
}

for (const copy of [false, true]) {
  test(`an operator is added to a savepoint, whose files are ${copy ? 'copied' : 'referred to'}`, async () => {
    const directory = join(scratch, `base-${copy}`)
    const moved = join(scratch, `moved-${copy}`)
    await cp(FIXTURE, moved, { recursive: true })
    const before = await contentsOf(moved)
    const base = { store: new FileStore(), directory: moved }
    const result = await writeRows(plan, ROWS, sinkIn(directory), { base, copy })
    assert.deepEqual(await contentsOf(moved), before)
    const lines = await dumpLines(directory)
    const rows = withoutPlan(lines)
    const added = rows.filter((line) => line.includes('"uid":"added"'))
    assert.deepEqual(added.map((line) => JSON.parse(line).value as number).sort(), [0, 1, 2])
    assert.deepEqual(
      rows.filter((line) => !added.includes(line)),
      withoutPlan(await dumpLines(FIXTURE)),
    )
    // The id and the properties are those of the base.
    const [{ plan: whole }, { plan: old }] = [lines[0]!, (await dumpLines(FIXTURE))[0]!].map((line) => JSON.parse(line))
    assert.equal(whole.checkpointId, old.checkpointId)
    assert.equal(whole.properties, old.properties)
    assert.equal(whole.operators.length, old.operators.length + 1)
    assert.deepEqual(result.orphans, [])
    const files = (await readdir(directory)).length
    assert.equal(files, copy ? before.size + 2 : 3)
    // Without its base, the one is whole and the other is not.
    await rm(moved, { recursive: true })
    if (copy) assert.deepEqual(await dumpLines(directory), lines)
    else await assert.rejects(dumpLines(directory), { code: 'NOT_FOUND' })
  })
}

test('an operator that is there, a newer savepoint and none are refused before a row is read', async () => {
  const base = { store: new FileStore(), directory: FIXTURE }
  const directory = join(scratch, 'refused')
  const none = async function* (): AsyncGenerator<string> {
    yield assert.fail('a row was read')
  }
  const known = readPlan({
    flink: '2.3',
    operators: [{ uid: 'kinds-long', key: 'long', states: [{ name: 's', type: 'long' }] }],
  })
  await assert.rejects(writeRows(known, none(), sinkIn(directory), { base }), {
    code: 'CONFLICT',
    message: /has this operator already/,
  })
  const older = { ...plan, flink: '1.20' }
  await assert.rejects(writeRows(older, ROWS, sinkIn(directory), { base }), { code: 'INCOMPATIBLE' })
  const missing = { store: new FileStore(), directory: join(scratch, 'none') }
  await assert.rejects(writeRows(plan, none(), sinkIn(directory), { base: missing }), { code: 'NOT_FOUND' })
})
