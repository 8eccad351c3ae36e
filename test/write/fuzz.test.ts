import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { KobelError } from '../../src/error.ts'
import { commit } from '../../src/write/commit.ts'
import { mergeHandles, type WriteHandle } from '../../src/write/handle.ts'
import { writeRows } from '../../src/write/load.ts'
import { partitionOf, readPlan, type WritePlan } from '../../src/write/plan.ts'
import type { RowOrLine } from '../../src/write/take-lines.ts'
import { dumpLines, scratchDirectory, sinkIn } from '../support/write.ts'

// Plans, handles and rows with anything changed give a value or a KobelError, and never a savepoint by accident.
const scratch = await scratchDirectory()
const LINES = (await dumpLines('fixtures/2.3.0/hashmap/opstate/snapshot')).concat(
  (await dumpLines('fixtures/2.3.0/rocksdb/kinds/snapshot')).slice(0, 200),
)
const { plan: PLAN } = JSON.parse(LINES[0]!) as { plan: object }

/** All places of a JSON value, as paths. */
function pathsOf(json: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof json !== 'object' || json === null) return [path]
  return [path, ...Object.entries(json).flatMap(([name, value]) => pathsOf(value, [...path, name]))]
}

function changed(json: unknown, path: readonly string[], value: unknown): unknown {
  const [name, ...rest] = path
  if (name === undefined) return value
  const copy: Record<string, unknown> = Array.isArray(json)
    ? ([...(json as unknown[])] as never)
    : { ...(json as object) }
  if (rest.length === 0 && value === undefined) {
    if (Array.isArray(copy)) copy.splice(Number(name), 1)
    else delete copy[name]
  } else copy[name] = changed(copy[name], rest, value)
  return copy
}

const ANY = fc.oneof(
  fc.constantFrom(
    undefined,
    null,
    -1,
    0,
    1.5,
    1e300,
    2 ** 31,
    '',
    'x',
    '__proto__',
    [],
    {},
    [[]],
    true,
    '9'.repeat(30),
  ),
  fc.jsonValue({ maxDepth: 2 }),
)

/** @returns the value, undefined where a KobelError said what is wrong; all else is a defect. */
function attempt<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch (error) {
    assert.ok(error instanceof KobelError, String((error as Error).stack))
    return undefined
  }
}

async function attempted(run: () => Promise<unknown>): Promise<boolean> {
  try {
    await run()
    return true
  } catch (error) {
    assert.ok(error instanceof KobelError, String((error as Error).stack))
    return false
  }
}

const NUM_RUNS = 300

test('plans with anything changed', () => {
  const plan = { ...PLAN, flink: '2.3' }
  const paths = pathsOf(plan).filter((path) => path.length > 0)
  fc.assert(
    fc.property(fc.constantFrom(...paths), ANY, (path, value) => {
      const read = attempt(() => readPlan(changed(plan, path, value)))
      if (!read) return
      for (const operator of read.operators.slice(0, 4)) {
        attempt(() => partitionOf(read, { operator: operator.id, state: 'x', key: 'k' }))
      }
    }),
    { numRuns: NUM_RUNS, seed: 1 },
  )
})

const TYPED = readPlan({
  flink: '2.3',
  operators: [
    {
      uid: 'op',
      parallelism: 2,
      key: 'string',
      states: [
        { name: 'pojo', type: { pojo: 'A', fields: { id: 'long', name: 'string', more: { list: 'int' } } } },
        { name: 'map', kind: 'map', mapKey: 'long', type: { tuple: ['double', 'instant'] }, ttl: true },
        { name: 'list', kind: 'list', type: 'bigDecimal', order: 'at' },
        { name: 'timers', kind: 'timer' },
      ],
      operatorStates: [{ name: 'rules', kind: 'broadcast', mapKey: 'string', type: 'boolean' }],
    },
  ],
})
const ROWS: readonly object[] = [
  { operator: 'op', state: 'pojo', key: 'a', value: { id: 1, name: 'x', more: [1, 2] } },
  { uid: 'op', state: 'map', key: 'a', mapKey: 5, value: [1.5, '2020-01-01T00:00:00Z'], ttl: 7 },
  { operator: 'op', state: 'list', key: 'a', value: ['1.50'], at: 3 },
  { operator: 'op', state: '_timer_state/event_timers', key: 'a', timestamp: 5 },
  { operator: 'op', state: 'rules', mapKey: 'r', value: true, subtask: 1 },
]

test('rows with anything changed, as objects and as lines', async () => {
  let [number, whole] = [0, 0]
  const places = ROWS.flatMap((row, i) => pathsOf(row).map((path) => [i, path] as const))
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...places), ANY, fc.boolean(), async ([i, path], value, asLine) => {
      const row = changed(ROWS[i], path, value) as RowOrLine
      const directory = join(scratch, `rows-${number++}`)
      const rows = [asLine ? (JSON.stringify(row) ?? 'x') : row]
      const isWritten = await attempted(() => writeRows(TYPED, rows, sinkIn(directory)))
      if (isWritten) whole++
      // What was written can be read.
      if (isWritten) await dumpLines(directory)
      else await assert.rejects(dumpLines(directory), { code: 'NOT_FOUND' })
    }),
    { numRuns: NUM_RUNS, seed: 2 },
  )
  assert.ok(whole > 5 && whole < NUM_RUNS, `${whole} of ${NUM_RUNS}`)
})

test('lines that are cut, and anything that is no row', async () => {
  const line = JSON.stringify(ROWS[0])
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.nat(line.length - 1).map((end) => line.slice(0, end)),
        fc.json(),
        fc.string(),
      ),
      async (text) => {
        if (text.trim() === '') return
        const isWritten = await attempted(() => writeRows(TYPED, [text], sinkIn(join(scratch, 'none'))))
        assert.equal(isWritten, false, text)
      },
    ),
    { numRuns: NUM_RUNS, seed: 3 },
  )
})

test('handles with anything changed are refused, or of the same files', async () => {
  const directory = join(scratch, 'handles')
  const sink = sinkIn(directory)
  const made: WriteHandle[] = []
  const { writePartition } = await import('../../src/write/partition.ts')
  const { partitionsOf } = await import('../../src/write/plan.ts')
  for (const partition of partitionsOf(TYPED)) made.push(await writePartition(TYPED, partition, [], sink))
  const whole = JSON.parse(JSON.stringify(mergeHandles(made))) as WriteHandle
  const paths = pathsOf(whole).filter((path) => path.length > 0)
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...paths), ANY, async (path, value) => {
      const handle = changed(whole, path, value) as WriteHandle
      const merged = attempt(() => mergeHandles([handle]))
      if (!merged) return
      const isWritten = await attempted(() => commit(sink.store, directory, TYPED as WritePlan, merged))
      if (!isWritten) return
      await dumpLines(directory)
      await sink.store.remove(join(directory, '_metadata'))
    }),
    { numRuns: NUM_RUNS, seed: 4 },
  )
})
