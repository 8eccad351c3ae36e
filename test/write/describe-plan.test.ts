import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toHex } from '../../src/bytes/encoding.ts'
import type { KobelError } from '../../src/error.ts'
import { planOf } from '../../src/export/plan.ts'
import { openSnapshot } from '../../src/node/index.ts'
import { jsonToValue } from '../../src/serializer/interpreter/json.ts'
import { bytesOfValue } from '../../src/serializer/interpreter/write.ts'
import type { PlanOperator, PlanState, WritePlan } from '../../src/write/plan.ts'
import { operatorOf, readPlan } from '../../src/write/plan.ts'
import type {
  OperatorDescription,
  OperatorStateDescription,
  StateDescription,
} from '../../src/write/plan-description.ts'
import { keyedDeclarationOf } from '../../src/write/resolve.ts'
import type { TypeDescription } from '../../src/write/types/description.ts'

/** The plan of a savepoint that real Flink wrote. */
async function planOfFixture(path: string): Promise<WritePlan> {
  await using snapshot = await openSnapshot(`fixtures/${path}/snapshot`)
  return (JSON.parse(await planOf(snapshot, snapshot.operators)) as { plan: WritePlan }).plan
}

/** By name, each with what Flink declared. */
function statesOf(operator: PlanOperator): Record<string, PlanState> {
  const keyed = operator.keyed.flatMap((each) => each.states)
  const elements = operator.operatorState.flatMap((each) => [...each.states, ...each.broadcastStates])
  return Object.fromEntries([...keyed, ...elements].map((state) => [state.name, state]))
}

async function assertDeclared(path: string, described: readonly OperatorDescription[]): Promise<void> {
  const flink = path.split('/')[0]!
  const real = await planOfFixture(path)
  const plan = readPlan({ flink, checkpointId: 1, operators: described })
  for (const operator of plan.operators) {
    const found = real.operators.find((each) => each.id === operator.id)
    assert.ok(found, `${operator.uid} is not in ${path}`)
    assert.equal(operator.maxParallelism, found.maxParallelism)
    assert.deepEqual(
      operator.keyed.map((each) => each.keySerializer),
      [...new Set(found.keyed.map((each) => each.keySerializer))],
    )
    assert.deepEqual(statesOf(operator), statesOf(found))
  }
}

const WINDOWS: readonly OperatorDescription[] = [
  {
    uid: 'windows-tumbling',
    parallelism: 2,
    key: 'long',
    windows: { assigner: 'tumbling', function: 'reduce', type: 'int' },
  },
  {
    uid: 'windows-sliding',
    parallelism: 2,
    key: 'long',
    windows: { assigner: 'sliding', function: 'aggregate', type: { tuple: ['long', 'int'] } },
  },
  {
    uid: 'windows-session',
    parallelism: 2,
    key: 'long',
    windows: { assigner: 'session', function: 'process', type: 'int' },
  },
  {
    uid: 'windows-count',
    parallelism: 2,
    key: 'long',
    windows: { assigner: 'global', function: 'process', type: 'int', trigger: 'count' },
  },
  {
    uid: 'windows-evictor',
    parallelism: 2,
    key: 'long',
    windows: { assigner: 'global', function: 'process', type: 'int', trigger: 'count', evictor: true },
  },
]

for (const path of ['2.3.0/hashmap/windows', '1.20.3/rocksdb/windows', '1.16.3/hashmap/windows']) {
  test(`the windows of ${path} are described as Flink declares them`, () => assertDeclared(path, WINDOWS))
}

const WEEKDAY: TypeDescription = {
  enum: 'kobel.conformance.types.Weekday',
  constants: ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'],
}

const PLAIN: readonly StateDescription[] = [
  { name: 'value', type: 'string' },
  { name: 'cleared', type: 'int' },
  { name: 'list', kind: 'list', type: 'long' },
  { name: 'never-list', kind: 'list', type: 'string' },
  { name: 'map', kind: 'map', mapKey: 'string', type: { tuple: ['int', 'string'] } },
  { name: 'map-by-enum', kind: 'map', mapKey: WEEKDAY, type: { list: 'int' } },
  { name: 'map-by-tuple', kind: 'map', mapKey: { tuple: ['string', 'boolean'] }, type: 'long' },
  { name: 'map-of-nulls', kind: 'map', mapKey: 'long', type: 'string' },
  { name: 'never-map', kind: 'map', mapKey: 'int', type: 'int' },
  { name: 'reducing', kind: 'reducing', type: 'long' },
  { name: 'joining', kind: 'reducing', type: 'string' },
  { name: 'aggregating', kind: 'aggregating', type: { tuple: ['long', 'int'] } },
]

const KINDS: readonly OperatorDescription[] = [
  {
    uid: 'kinds-tuple',
    parallelism: 2,
    maxParallelism: 1000,
    key: { tuple: ['string', 'int'] },
    states: [
      ...PLAIN,
      ...PLAIN.map((state) => ({ ...state, name: `ttl-${state.name}`, ttl: true })),
      { name: 'user-timers', kind: 'timer' },
    ],
  },
]

for (const path of ['2.3.0/hashmap/kinds', '1.20.3/rocksdb/kinds']) {
  test(`states of all kinds of ${path} are described as Flink declares them`, () => assertDeclared(path, KINDS))
}

const ELEMENTS: readonly OperatorStateDescription[] = [
  { name: 'numbers', kind: 'operator-list', type: 'long' },
  { name: 'empty list', kind: 'operator-list', type: 'string' },
  { name: 'pairs', kind: 'operator-list', type: { tuple: ['string', 'string'] } },
  { name: 'empty union', kind: 'operator-union', type: 'int' },
  {
    name: 'pojos',
    kind: 'operator-union',
    type: { pojo: 'kobel.conformance.types.Pojos$Address', fields: { street: 'string', number: 'int' } },
  },
  { name: 'empty broadcast', kind: 'broadcast', mapKey: 'int', type: 'int' },
  { name: 'lists', kind: 'broadcast', mapKey: 'int', type: { list: 'string' } },
  { name: 'rules', kind: 'broadcast', mapKey: 'string', type: 'long' },
]

const OPERATOR_STATES: readonly OperatorDescription[] = [
  { uid: 'opstate-one', operatorStates: ELEMENTS },
  { uid: 'opstate-three', parallelism: 3, operatorStates: ELEMENTS },
  {
    uid: 'opstate-keyed-broadcast',
    parallelism: 3,
    key: 'int',
    states: [
      { name: 'sum', type: 'long' },
      { name: 'user-timers', kind: 'timer' },
    ],
    operatorStates: [{ name: 'rules', kind: 'broadcast', mapKey: 'int', type: 'string' }],
  },
]

for (const path of ['2.3.0/rocksdb/opstate', '1.20.3/hashmap/opstate', '1.16.3/rocksdb/opstate']) {
  test(`operator states of ${path} are described as Flink declares them`, () => assertDeclared(path, OPERATOR_STATES))
}

function plan(operator: Record<string, unknown>, more: Record<string, unknown> = {}): unknown {
  return { flink: '2.3', checkpointId: 1, operators: [{ uid: 'accounts', ...operator }], ...more }
}

const WRONG: readonly (readonly [what: string, json: unknown, message: RegExp])[] = [
  [
    'a misspelt type',
    plan({ key: 'string', states: [{ name: 'balance', type: 'lng' }] }),
    /^type: there is no type "lng": did you mean "long"/,
  ],
  [
    'a type inside a type',
    plan({ key: 'string', states: [{ name: 'b', type: { pojo: 'a.B', fields: { x: { list: 'sting' } } } }] }),
    /^type\.fields\.x\.list: there is no type "sting": did you mean "string"/,
  ],
  ['a misspelt member', plan({ keys: 'string' }), /^an operator has no member "keys": did you mean "key"/],
  [
    'a misspelt kind',
    plan({ key: 'long', states: [{ name: 'b', kind: 'lst', type: 'long' }] }),
    /^kind must be one of value, list, .* found "lst": did you mean "list"/,
  ],
  ['no key', plan({ states: [{ name: 'b', type: 'long' }] }), /has the type of its key$/],
  [
    'a map without keys',
    plan({ key: 'long', states: [{ name: 'b', kind: 'map', type: 'long' }] }),
    /^the member mapKey is missing$/,
  ],
  ['no uid', plan({ uid: undefined, name: 'a' }), /^an operator has a uid/],
  [
    'too many subtasks',
    plan({ parallelism: 200, maxParallelism: 128 }),
    /^parallelism of a write plan must be 1 to 128/,
  ],
  [
    'a state twice',
    plan({
      key: 'long',
      states: [
        { name: 'b', type: 'long' },
        { name: 'b', type: 'int' },
      ],
    }),
    /^the plan declares the state twice$/,
  ],
]

for (const [what, json, message] of WRONG) {
  test(`a plan with ${what} is refused`, () => {
    assert.throws(
      () => {
        const described = readPlan(json)
        for (const { id } of described.operators) operatorOf(described, id)
      },
      (error: KobelError) => error.code === 'USAGE' && message.test(error.message),
    )
  })
}

test('operators of a dump may stand beside described ones', async () => {
  const real = await planOfFixture('2.3.0/hashmap/opstate')
  const added = { uid: 'accounts', key: 'string', states: [{ name: 'balance', type: 'long' }] } as const
  const mixed = readPlan({ ...real, flink: '2.3', operators: [...real.operators, added] })
  assert.deepEqual(mixed.operators.slice(0, -1), real.operators)
  assert.equal(mixed.operators.at(-1)!.maxParallelism, 128)
})

test('a key of SQL is written and hashed as the projections of a job make it', () => {
  const described = readPlan({
    flink: '2.3',
    operators: [
      {
        uid: 'group-by',
        key: { sql: 'ROW<a DECIMAL(38, 18), b TIMESTAMP(9), c INT>' },
        states: [{ name: 'accState', type: { sql: 'ROW<n BIGINT NOT NULL>' } }],
      },
    ],
  })
  // The bytes of Flink's BinaryRowWriter (golden.json.gz, "sql, a key"), hashed as BinaryRowData is.
  const { layout } = keyedDeclarationOf(operatorOf(described, 'group-by'), 0).head.keySerializer
  const key = bytesOfValue(layout, jsonToValue(layout, { kind: '+I', fields: [null, null, null] }))
  assert.equal(
    toHex(key),
    '000000380007000000000000000000002000000000000000300000000000000000000000000000000000000000000000000000000000000000000000',
  )
})

test('a plan tells the fields of classes that Kryo writes', () => {
  const described = readPlan({
    flink: '1.20',
    fields: { 'com.acme.Ticket': { number: 'int', note: 'java.lang.String' } },
    operators: [{ uid: 'desk', key: 'long', states: [{ name: 'ticket', type: { kryo: 'com.acme.Ticket' } }] }],
  })
  const state = keyedDeclarationOf(operatorOf(described, 'desk'), 0).states[0]!
  const ticket = { class: 'com.acme.Ticket', fields: { number: 7, note: 'n' } }
  // Class 85 - 2 is the first one registered; a new object; the fields by name: text, number. As in golden.json.gz.
  assert.equal(toHex(bytesOfValue(state.value, jsonToValue(state.value, ticket))), '570101826e0e')
})
