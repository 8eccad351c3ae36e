import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  appendBoolean,
  appendLong,
  appendNull,
  appendNumber,
  appendText,
  type Column,
  endRow,
  newBooleanColumn,
  newBytesColumn,
  newLongColumn,
  newNumberColumn,
  newStructColumn,
} from '../../src/serializer/columns.ts'
import type { ColumnRows } from '../../src/write/column-rows.ts'
import { commit } from '../../src/write/commit.ts'
import { mergeHandles } from '../../src/write/handle.ts'
import { writeRows } from '../../src/write/load.ts'
import { writePartition } from '../../src/write/partition.ts'
import { partitionsOf, readPlan } from '../../src/write/plan.ts'
import { contentsOf, scratchDirectory, sinkIn } from '../support/write.ts'

// Columns must give the bytes that the same rows give as objects, which real Flink has confirmed.
const scratch = await scratchDirectory()
let number = 0

const plan = readPlan({
  flink: '2.3',
  now: 7,
  operators: [
    {
      uid: 'op',
      parallelism: 3,
      maxParallelism: 300,
      key: 'string',
      states: [
        { name: 'long', type: 'long' },
        { name: 'long-ttl', type: 'long', ttl: true },
        {
          name: 'user',
          type: {
            pojo: 'acme.User',
            fields: { id: 'long', name: 'string', age: 'int', ok: 'boolean', rate: 'double' },
          },
        },
        { name: 'map', kind: 'map', mapKey: 'string', type: 'int' },
        { name: 'last', type: 'long', duplicates: 'last', order: 'at' },
        { name: 'day', type: 'localDate' },
      ],
    },
  ],
})

const KEYS = ['', 'alice', 'bob', 'ä€𝄞', 'x'.repeat(200), ...Array.from({ length: 50 }, (_, i) => `k${i}`)]

function column<C extends Column>(made: C, rows: readonly unknown[], append: (column: C, value: never) => void): C {
  for (const row of rows) {
    if (row === null) appendNull(made)
    else append(made, row as never)
  }
  return made
}
const text = (rows: readonly (string | null)[]): Column => column(newBytesColumn('utf8'), rows, appendText)
const long = (rows: readonly (bigint | null)[]): Column => column(newLongColumn(), rows, appendLong)
const int = (rows: readonly (number | null)[]): Column => column(newNumberColumn('int32'), rows, appendNumber)
const double = (rows: readonly (number | null)[]): Column => column(newNumberColumn('float64'), rows, appendNumber)

function structs(children: Readonly<Record<string, Column>>, present: readonly boolean[]): Column {
  const made = newStructColumn(Object.entries(children).map(([name, each]) => ({ name, column: each })))
  for (const each of present) endRow(made, each)
  return made
}

async function bytesOf(rows: readonly (ColumnRows | object)[]): Promise<Map<string, string>> {
  const directory = join(scratch, String(number++))
  await writeRows(plan, rows as ColumnRows[], sinkIn(directory, { memoryBytes: 3000 }))
  return contentsOf(directory)
}

async function same(state: string, columns: Readonly<Record<string, Column>>, rows: readonly object[]): Promise<void> {
  const batch: ColumnRows = { operator: 'op', state, count: rows.length, columns }
  const named = rows.map((row) => ({ operator: 'op', state, ...row }))
  assert.deepEqual(await bytesOf([batch]), await bytesOf(named))
}

test('columns give the bytes of the same rows', async () => {
  const key = text(KEYS)
  const values = KEYS.map((_, i) => BigInt(i) ** 9n * (i % 2 ? -1n : 1n))
  const row = (i: number): { key: string } => ({ key: KEYS[i]! })
  await same(
    'long',
    { key, value: long(values) },
    values.map((value, i) => ({ ...row(i), value: String(value) })),
  )
  await same(
    'long-ttl',
    { key, value: long(values) },
    values.map((value, i) => ({ ...row(i), value, ttl: 7 })),
  )
  await same(
    'long-ttl',
    { key, value: long(values), ttl: long(values) },
    values.map((value, i) => ({ ...row(i), value, ttl: value })),
  )
  await same(
    'map',
    { key, mapKey: text(KEYS), value: int(KEYS.map((_, i) => (i % 5 ? i : null))) },
    KEYS.map((mapKey, i) => ({ ...row(i), mapKey, value: i % 5 ? i : null })),
  )
  await same(
    'day',
    { key, value: text(KEYS.map(() => '2024-02-29')) },
    KEYS.map((_, i) => ({ ...row(i), value: '2024-02-29' })),
  )
  const days = KEYS.map((_, i) => i * 1000 - 9000)
  const dates = days.map((day) => new Date(day * 86_400_000).toISOString().slice(0, 10))
  const dayColumn = column(newNumberColumn('int32', 'days'), days, appendNumber)
  await same(
    'day',
    { key, value: dayColumn },
    dates.map((value, i) => ({ ...row(i), value })),
  )
})

test('columns of structs give POJOs, with null fields and null values', async () => {
  const users = KEYS.map((name, i) =>
    i === 3 ? null : { id: i, name: i % 7 ? name : null, age: i, ok: i % 3 === 0, rate: i % 5 ? i / 3 : Number.NaN },
  )
  const present = users.map((user) => user ?? { id: 0, name: null, age: 0, ok: false, rate: 0 })
  const value = structs(
    {
      rate: double(present.map(({ rate }) => rate)),
      id: long(present.map(({ id }) => BigInt(id))),
      name: text(present.map(({ name }) => name)),
      age: int(present.map(({ age }) => age)),
      ok: column(
        newBooleanColumn(),
        present.map(({ ok }) => ok),
        appendBoolean,
      ),
    },
    users.map((user) => user !== null),
  )
  const framed = users.map(
    (user) => user && { class: 'acme.User', fields: { ...user, rate: Number.isNaN(user.rate) ? 'NaN' : user.rate } },
  )
  await same(
    'user',
    { key: text(KEYS), value },
    KEYS.map((key, i) => ({ key, value: framed[i] })),
  )
  // People leave the class out.
  await same(
    'user',
    { key: text(KEYS), value },
    KEYS.map((key, i) => ({ key, value: framed[i]?.fields ?? null })),
  )
})

test('the last by a column wins; partitions are written from columns apart', async () => {
  const at = long(KEYS.map((_, i) => BigInt(i)))
  const key = text(KEYS.map((_, i) => KEYS[i % 4]!))
  const value = long(KEYS.map((_, i) => BigInt(i)))
  await same(
    'last',
    { key, value, at },
    KEYS.map((_, i) => ({ key: KEYS[i % 4], value: i, at: i })),
  )

  const directory = join(scratch, 'apart')
  const sink = sinkIn(directory)
  const empty = { operator: 'op', state: 'long', count: 0, columns: { key: text([]), value: long([]) } }
  const handles = await Promise.all(partitionsOf(plan).map((each) => writePartition(plan, each, [empty], sink)))
  await commit(sink.store, directory, plan, mergeHandles(handles))
  const other = { operator: 'op', state: 'long', count: KEYS.length, columns: { key: text(KEYS), value } }
  const write = writePartition(plan, partitionsOf(plan)[0]!, [other], sinkIn(join(scratch, 'wrong')))
  await assert.rejects(write, { code: 'USAGE', message: /is not of this partition/ })
})

test('columns that do not fit are refused', async () => {
  const refused = (columns: Readonly<Record<string, Column>>, message: RegExp, state = 'long'): Promise<void> =>
    assert.rejects(bytesOf([{ operator: 'op', state, count: 2, columns }]), { name: 'KobelError', message })
  const key = text(['a', 'b'])
  await refused({ key }, /line 1: the rows have no column value/)
  await refused({ value: long([1n, 2n]) }, /the rows have no column key/)
  await refused({ key, value: long([1n]) }, /has 1 rows, 2 were expected/)
  await refused({ key: text(['a', null]), value: long([1n, 2n]) }, /a key cannot be null: row 1/)
  await refused({ key, value: long([1n, null]) }, /value is null in row 1/)
  await refused({ key, value: text(['1', 'x']) }, /a whole number was expected, found "x"/)
  await refused({ key, value: long([1n, 2n]) }, /no keyed state "none"/, 'none')
  await refused({ key, value: structs({ id: long([1n, 2n]) }, [true, true]) }, /no column age for the field/, 'user')
})
