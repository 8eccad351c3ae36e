import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  Bool,
  Field,
  Float64,
  Int32,
  Int64,
  makeBuilder,
  Struct,
  Table,
  tableFromArrays,
  tableToIPC,
  Utf8,
  vectorFromArray,
} from 'apache-arrow'
import { kobel, linesOf } from './run.ts'

// Streams that Apache Arrow writes must give the savepoint that the same rows give as JSON lines.
const scratch = mkdtempSync(join(tmpdir(), 'kobel-cli-arrow-'))
after(() => rmSync(scratch, { recursive: true, force: true }))
const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))

const PLAN = join(scratch, 'plan.json')
const USER = { pojo: 'acme.User', fields: { id: 'long', name: 'string', rate: 'double', ok: 'boolean' } }
writeFileSync(
  PLAN,
  JSON.stringify({
    flink: '2.3',
    operators: [
      {
        uid: 'op',
        parallelism: 2,
        key: 'string',
        states: [
          { name: 'count', type: 'long' },
          { name: 'user', type: USER },
        ],
        operatorStates: [{ name: 'offsets', kind: 'operator-list', type: 'int' }],
      },
    ],
  }),
)

let number = 0
function dumped(input: Uint8Array | string, flags: readonly string[] = []): string[] {
  const directory = join(scratch, String(number++))
  const args = [MAIN, 'write', PLAN, '--to', directory, ...flags]
  const { status, stderr } = spawnSync(process.execPath, args, { input, encoding: 'utf8' })
  assert.equal(stderr, '')
  assert.equal(status, 0)
  return linesOf(kobel(['dump', directory]).stdout)
}

const KEYS = ['alice', 'bob', 'ä€', '', 'e']
const LONGS = [1n, -2n, 9007199254740993n, 4n, 5n]

test('columns of one state', () => {
  const table = new Table({ key: vectorFromArray(KEYS, new Utf8()), value: vectorFromArray(LONGS, new Int64()) })
  const expected = KEYS.map((key, i) =>
    JSON.stringify({ operator: 'op', state: 'count', key, value: String(LONGS[i]) }),
  ).join('\n')
  assert.deepEqual(dumped(tableToIPC(table, 'stream'), ['--operator', 'op', '--state', 'count']), dumped(expected))
})

test('structs, and texts that Arrow keeps in dictionaries; columns name operator and state', () => {
  const type = new Struct([
    new Field('rate', new Float64(), true),
    new Field('ok', new Bool(), true),
    new Field('id', new Int64(), true),
    new Field('name', new Utf8(), true),
  ])
  const users = KEYS.map((name, i) => ({ rate: i / 3, ok: i % 2 === 0, id: BigInt(i), name: i === 2 ? null : name }))
  const builder = makeBuilder({ type, nullValues: [null] })
  for (const user of users) builder.append(user as never)
  const table = new Table({
    operator: vectorFromArray(KEYS.map(() => 'op')),
    state: vectorFromArray(KEYS.map(() => 'user')),
    key: vectorFromArray(KEYS),
    value: builder.finish().toVector(),
  })
  const expected = users.map((value, i) =>
    JSON.stringify({ uid: 'op', state: 'user', key: KEYS[i], value: { ...value, id: Number(value.id) } }),
  )
  assert.deepEqual(dumped(tableToIPC(table, 'stream')), dumped(expected.join('\n')))
})

test('operator state', () => {
  const table = new Table({
    value: vectorFromArray([7, 8, 9], new Int32()),
    subtask: vectorFromArray([1, 0, 1], new Int32()),
  })
  const lines = dumped(tableToIPC(table, 'stream'), ['--operator', 'op', '--state', 'offsets'])
  const found = lines.slice(1, -1).map((line) => JSON.parse(line) as { subtask: number; value: number })
  assert.deepEqual(
    found.map(({ subtask, value }) => [subtask, value]),
    [
      [0, 8],
      [1, 7],
      [1, 9],
    ],
  )
})

test('a stream that was cut, and a type that is not taken, are refused', () => {
  const refused = (input: Uint8Array, message: RegExp): void => {
    const args = [MAIN, 'worker', PLAN, '--to', join(scratch, 'refused'), '--operator', 'op', '--state', 'count']
    const { status, stderr } = spawnSync(process.execPath, args, { input, encoding: 'utf8' })
    assert.match(stderr, message)
    assert.ok(status === 2 || status === 5)
  }
  const stream = tableToIPC(tableFromArrays({ key: new Float64Array(100), value: new Uint32Array(100) }), 'stream')
  refused(stream, /the column value is of the Arrow type Uint32/)
  refused(stream.subarray(0, 100), /no whole IPC stream of Arrow/)
})
