import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { commit } from '../../src/write/commit.ts'
import { mergeHandles, type WriteHandle } from '../../src/write/handle.ts'
import { writePartition } from '../../src/write/partition.ts'
import { keyGroupOf, partitionId, partitionOf, partitionsOf, readPlan, type WritePlan } from '../../src/write/plan.ts'
import type { WriteRow } from '../../src/write/rows.ts'
import { contentsOf, dumpLines, scratchDirectory, sinkIn } from '../support/write.ts'

const scratch = await scratchDirectory()
const KINDS = await dumpLines('fixtures/2.3.0/rocksdb/kinds/snapshot')
const OPSTATE = await dumpLines('fixtures/2.3.0/hashmap/opstate/snapshot')

function planOf(lines: readonly string[]): WritePlan {
  return readPlan({ ...(JSON.parse(lines[0]!) as { plan: object }).plan, flink: '2.3' })
}

function rowsOf(lines: readonly string[]): WriteRow[] {
  return lines.slice(1, -1).map((line) => JSON.parse(line) as WriteRow)
}

function byPartition(plan: WritePlan, rows: readonly WriteRow[]): Map<string, WriteRow[]> {
  const found = new Map<string, WriteRow[]>()
  for (const row of rows) {
    for (const partition of partitionOf(plan, row)) {
      const id = partitionId(partition)
      found.set(id, [...(found.get(id) ?? []), row])
    }
  }
  return found
}

async function writeAll(plan: WritePlan, rows: readonly WriteRow[], directory: string): Promise<WriteHandle[]> {
  const placed = byPartition(plan, rows)
  const handles: WriteHandle[] = []
  for (const partition of partitionsOf(plan).reverse()) {
    const own = placed.get(partitionId(partition)) ?? []
    handles.push(await writePartition(plan, partition, own, sinkIn(directory, { memoryBytes: 2000 })))
  }
  return handles
}

for (const [name, lines] of [
  ['kinds', KINDS],
  ['opstate', OPSTATE],
] as const) {
  test(`${name}: partitions written apart and merged make the savepoint`, async () => {
    const directory = join(scratch, name)
    const plan = planOf(lines)
    const handles = await writeAll(plan, rowsOf(lines), directory)
    // Handles travel as JSON.
    const travelled = handles.map((handle) => JSON.parse(JSON.stringify(handle)) as WriteHandle)
    const result = await commit(sinkIn(directory).store, directory, plan, mergeHandles(travelled))
    assert.deepEqual(result.orphans, [])
    assert.deepEqual(await dumpLines(directory), lines)
  })
}

test('a partition that is written twice gives the same files and handles', async () => {
  const directory = join(scratch, 'twice')
  const plan = planOf(KINDS)
  const first = await writeAll(plan, rowsOf(KINDS), directory)
  const files = await contentsOf(directory)
  const second = await writeAll(plan, rowsOf(KINDS).reverse(), directory)
  assert.deepEqual(second, first)
  assert.deepEqual(await contentsOf(directory), files)
  const merged = mergeHandles([...second, ...first])
  await commit(sinkIn(directory).store, directory, plan, merged)
  assert.deepEqual(await dumpLines(directory), KINDS)
})

test('Java’s hash gives the key groups that Flink gave', () => {
  const plan = planOf(KINDS)
  let hashed = 0
  for (const row of rowsOf(KINDS)) {
    if (row.keyGroup === undefined || row.bytes?.key !== undefined) continue
    try {
      assert.equal(keyGroupOf(plan, row.operator!, row.key), row.keyGroup, JSON.stringify(row))
      hashed++
    } catch (error) {
      if ((error as { code?: string }).code !== 'UNHASHABLE') throw error
    }
  }
  assert.ok(hashed > 500, `${hashed} keys`)
})

test('rows without subtask: LIST round robin, UNION once, BROADCAST everywhere', () => {
  const plan = planOf(OPSTATE)
  const { id: operator, parallelism } = plan.operators.find((each) => each.operatorState.length > 0)!
  const subtasks = (kind: string, index: number): number[] =>
    partitionOf(plan, { operator, kind, state: 'none' }, index).map((partition) => partition.subtask)
  assert.deepEqual(subtasks('operator-list', parallelism + 1), [1 % parallelism])
  assert.deepEqual(subtasks('operator-union', 5), [0])
  assert.deepEqual(
    subtasks('broadcast', 5),
    Array.from({ length: parallelism }, (_, i) => i),
  )
})

function keyedRow(state: string): { row: WriteRow; write: (rows: unknown[]) => Promise<WriteHandle> } {
  const plan = planOf(KINDS)
  const row = rowsOf(KINDS).find((each) => each.uid === 'kinds-long' && each.state === state)!
  const [partition] = partitionOf(plan, row)
  const directory = join(scratch, 'wrong')
  return { row, write: (rows) => writePartition(plan, partition!, rows as WriteRow[], sinkIn(directory)) }
}

test('two rows for one entry are refused, with the key', async () => {
  const { row, write } = keyedRow('value')
  const places = { code: 'CONFLICT', message: `two rows give a value for the same key ${JSON.stringify(row.key)}` }
  await assert.rejects(write([row, { ...row, value: row.value }]), places)
  // Nothing that is not whole stays behind.
  const left = await readdir(join(scratch, 'wrong')).catch((): string[] => [])
  assert.deepEqual(left, [])
})

test('rows that do not fit are refused, saying what was expected', async () => {
  const { row, write } = keyedRow('value')
  const refused = (changed: unknown, code: string, message: RegExp): Promise<void> =>
    assert.rejects(write([changed]), { code, message })
  await refused({ ...row, value: 12 }, 'USAGE', /a string was expected, found 12/)
  await refused({ ...row, value: undefined }, 'USAGE', /no value/)
  await refused({ ...row, key: undefined }, 'USAGE', /no key/)
  await refused({ ...row, key: null }, 'USAGE', /a key cannot be null/)
  await refused({ ...row, kind: 'map' }, 'USAGE', /declares the state as value/)
  await refused({ ...row, state: 'nothing' }, 'NOT_FOUND', /no keyed state "nothing"/)
  await refused({ ...row, keyGroup: 100000 }, 'USAGE', /Java’s hash of its key gives/)
  await refused({ ...row, keyGroup: 'x' }, 'USAGE', /Java’s hash of its key gives/)
  await refused({ ...row, operator: 'f'.repeat(32) }, 'NOT_FOUND', /no such operator; it has kinds-/)
  await refused({ ...row, operator: 'kinds-string' }, 'USAGE', /another operator/)
  await refused({ ...row, operator: undefined, uid: undefined }, 'USAGE', /names no operator/)
  await refused({ ...row, ttl: 5 }, 'USAGE', /no place/)
})

test('commit refuses what is not the whole of the plan', async () => {
  const directory = join(scratch, 'gaps')
  const plan = planOf(KINDS)
  const { store } = sinkIn(directory)
  const handles = await writeAll(plan, rowsOf(KINDS), directory)
  const some = mergeHandles(handles.slice(1))
  await assert.rejects(commit(store, directory, plan, some), { code: 'CONFLICT', message: /1 of .* missing/ })
  const other: WritePlan = { ...plan, checkpointId: 99 }
  await assert.rejects(commit(store, directory, other, mergeHandles(handles)), {
    code: 'CONFLICT',
    message: /another plan/,
  })
  const file = handles.flatMap((handle) => handle.partitions).find((each) => 'file' in each.stream)!.stream
  const name = 'file' in file ? file.file : ''
  await store.remove(join(directory, name))
  await assert.rejects(commit(store, directory, plan, mergeHandles(handles)), { code: 'NOT_FOUND' })
  await assert.rejects(dumpLines(directory), { code: 'NOT_FOUND' })
})

test('plans that are none are refused', () => {
  const plan = planOf(KINDS)
  const [operator] = plan.operators
  for (const wrong of [
    null,
    {},
    { ...plan, flink: '1.15' },
    { ...plan, flink: 'new' },
    { ...plan, checkpointId: -1 },
    { ...plan, operators: [{ ...operator, parallelism: 0 }] },
    { ...plan, operators: [{ ...operator, id: '../x' }] },
    { ...plan, operators: [operator, operator] },
    { ...plan, operators: [{ ...operator, keyed: [{ ...operator!.keyed[0], subtasks: [99] }] }] },
    { ...plan, operators: [{ ...operator, finishedSubtasks: [0] }] },
  ]) {
    assert.throws(() => readPlan(wrong), { name: 'KobelError' })
  }
})
