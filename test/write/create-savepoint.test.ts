import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { openSnapshot } from '../../src/node/index.ts'
import { commit } from '../../src/write/commit.ts'
import { createSavepoint } from '../../src/write/create-savepoint.ts'
import { mergeHandles } from '../../src/write/handle.ts'
import { writePartition } from '../../src/write/partition.ts'
import { partitionId, partitionOf, planHash, readPlan } from '../../src/write/plan.ts'
import type { WriteRow } from '../../src/write/rows.ts'
import { type } from '../../src/write/types/constructors.ts'
import { scratchDirectory, sinkIn } from '../support/write.ts'

const scratch = await scratchDirectory()

const BALANCE = type.pojo('com.acme.Balance', { owner: type.string(), amount: type.long() })

const SAVEPOINT = createSavepoint({ flink: '2.3', checkpointId: 7n })
  .operator('accounts', { parallelism: 2, maxParallelism: 128, key: type.string() })
  .state('balance', BALANCE)
  .state('last-seen', type.instant(), { ttl: true })
  .list('history', type.tuple(type.long(), type.bigDecimal()))
  .map('by-currency', type.enum('com.acme.Currency', ['EUR', 'USD']), type.long())
  .timers()
  .operatorState('offsets', type.long(), { kind: 'operator-union' })
  .operatorState('rules', type.string(), { kind: 'broadcast', mapKey: type.int() })
  .operator('sessions', { key: type.long() })
  .windows({ assigner: 'session', function: 'reduce', type: type.int() })

test('steps give the description that a person would write', () => {
  assert.deepEqual(SAVEPOINT.description, {
    flink: '2.3',
    checkpointId: 7,
    operators: [
      {
        uid: 'accounts',
        parallelism: 2,
        maxParallelism: 128,
        key: 'string',
        states: [
          { name: 'balance', type: { pojo: 'com.acme.Balance', fields: { owner: 'string', amount: 'long' } } },
          { name: 'last-seen', type: 'instant', ttl: true },
          { name: 'history', type: { tuple: ['long', 'bigDecimal'] }, kind: 'list' },
          {
            name: 'by-currency',
            type: 'long',
            kind: 'map',
            mapKey: { enum: 'com.acme.Currency', constants: ['EUR', 'USD'] },
          },
          { name: 'user-timers', kind: 'timer' },
        ],
        operatorStates: [
          { name: 'offsets', type: 'long', kind: 'operator-union' },
          { name: 'rules', type: 'string', kind: 'broadcast', mapKey: 'int' },
        ],
      },
      { uid: 'sessions', key: 'long', windows: { assigner: 'session', function: 'reduce', type: 'int' } },
    ],
  })
})

test('a step changes nothing that was there before', () => {
  const first = createSavepoint({ flink: '1.20' }).operator('a', { key: 'long' })
  first.state('x', 'long')
  first.operator('b')
  assert.deepEqual(first.description.operators, [{ uid: 'a', key: 'long' }])
})

test('the plan is that of its JSON, with partitions', () => {
  const plan = SAVEPOINT.plan('s3://bucket/bootstrap')
  const travelled = readPlan(JSON.parse(JSON.stringify(plan)))
  assert.equal(planHash(travelled), planHash(plan))
  assert.equal(planHash(readPlan(SAVEPOINT.description)), planHash(plan))
  assert.equal(plan.target, 's3://bucket/bootstrap')
  const accounts = plan.operators[0]!.id
  assert.deepEqual(
    plan.partitions.filter((each) => each.operator === accounts).map((each) => `${each.part} ${each.subtask}`),
    ['keyed 0', 'keyed 1', 'operator 0', 'operator 1'],
  )
})

test('rows are written and read', async () => {
  const directory = join(scratch, 'accounts')
  const plan = SAVEPOINT.plan(directory)
  const window = { start: 0, end: 5000 }
  const rows: WriteRow[] = [
    { operator: 'accounts', state: 'balance', key: 'alice', value: { owner: 'Alice', amount: 12 } },
    { operator: 'accounts', state: 'balance', key: 'bob', value: { owner: null, amount: -1 } },
    { operator: 'accounts', state: 'last-seen', key: 'bob', value: '2026-01-02T03:04:05Z', ttl: 1000 },
    { operator: 'accounts', state: 'history', key: 'alice', value: [[1, '2.50']] },
    { operator: 'accounts', state: 'by-currency', key: 'alice', mapKey: 'USD', value: 5 },
    { operator: 'accounts', state: '_timer_state/event_user-timers', key: 'alice', timestamp: 9 },
    { operator: 'accounts', state: 'offsets', value: 77 },
    { operator: 'accounts', state: 'rules', mapKey: 1, value: 'x' },
    { operator: 'sessions', state: 'window-contents', key: 3, namespace: window, value: 4 },
    { operator: 'sessions', state: 'merging-window-set', key: 3, value: [[window, window]] },
    { operator: 'sessions', state: '_timer_state/event_window-timers', key: 3, namespace: window, timestamp: 4999 },
  ]
  const sink = sinkIn(directory)
  const handles = await Promise.all(
    plan.partitions.map((partition) => {
      const own = rows.filter((row) =>
        partitionOf(plan, row).some((each) => partitionId(each) === partitionId(partition)),
      )
      return writePartition(plan, partition, own, sinkIn(directory))
    }),
  )
  await commit(sink.store, directory, plan, mergeHandles(handles))

  await using snapshot = await openSnapshot(directory)
  assert.equal(snapshot.metadata.checkpointId, 7n)
  const accounts = snapshot.operator('accounts')
  const balance = await accounts.state('balance').get('alice')
  assert.deepEqual({ ...(balance as object) }, { amount: 12n, owner: 'Alice' })
  assert.deepEqual(await accounts.state('history').get('alice'), [[1n, '2.50']])
  const sessions = snapshot.operator('sessions')
  const contents: unknown[] = []
  for await (const { value } of sessions.state('window-contents').entries()) contents.push(value)
  assert.deepEqual(contents, [4])
})
