import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Reader } from '../../../src/bytes/reader.ts'
import { appendValue, createColumn } from '../../../src/serializer/interpreter/columns.ts'
import { valueAt } from '../column-values.ts'
import { goldenNamed, readSnapshot } from './golden.ts'

/** The rows that the values of a golden become. */
function rowsOf(name: string): Record<string, unknown>[] {
  const { snapshot, values } = goldenNamed(name)
  const { layout } = readSnapshot(snapshot).snapshot
  const column = createColumn(layout)
  for (const { bytes } of values) appendValue(layout, new Reader(bytes), column, 0)
  return values.map((_, i) => valueAt(column, i) as Record<string, unknown>)
}

test('rows of SQL become columns of their fields', () => {
  const [full, nulls] = rowsOf('scalars')
  const expected = [
    ...['+U', true, -1, -2, -3, -4n, 1.5, -0.25, 'a b', 'grüße 😀 aus Rust', [1, 2], [1, 2, 3, 4, 5, 6, 7, 8]],
    ...['-12345678.90', '-12345678901234567890.0123456789', -1, 3_723_004_000_000n, '1969-12-31T23:59:59.999'],
    ...['2024-02-29T12:00:00.000000001', '2024-01-01T00:00:00Z', '1900-01-01T00:00:00.000001Z', '2000-01-01T00:00'],
    ...[14, 90_061_001n],
  ]
  assert.deepEqual(Object.values(full!), expected)
  assert.deepEqual(Object.keys(full!).slice(0, 3), ['kind', 'f0', 'f1'])
  assert.deepEqual(Object.values(nulls!), ['+I', ...expected.slice(1).map(() => null)])
})

test('nested rows, arrays and maps become nested columns', () => {
  const [row] = rowsOf('nested')
  const inner = { kind: '+I', f0: 7, f1: '2020-01-01T00:00:01', f2: { kind: '+I', f0: true } }
  assert.deepEqual(row!.f0, inner)
  assert.deepEqual(row!.f1, [1, null, -3])
  assert.deepEqual(row!.f4, [
    { key: 19_782, value: 2 },
    { key: null, value: 1 },
  ])
  assert.deepEqual(row!.f5, [inner, null])
  assert.equal(row!.f9, 99n)
})

test('decimals and times on their own become columns too', () => {
  assert.deepEqual(rowsOf('External DATE'), [-1])
  assert.deepEqual(rowsOf('External TIME'), [86_399_999_000_000n])
  assert.deepEqual(rowsOf('DECIMAL(38, 0)').slice(0, 2), ['-170', '0'])
  assert.deepEqual(rowsOf('TIMESTAMP(6)'), ['1600-01-01T00:00:00.000001'])
})
