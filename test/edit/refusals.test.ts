import assert from 'node:assert/strict'
import { test } from 'node:test'
import { whyBytesDiffer } from '../../src/edit/compatible.ts'
import { convertValue } from '../../src/edit/convert-value.ts'
import { keyHashOf } from '../../src/edit/key-hash.ts'
import { whereOf } from '../../src/edit/where.ts'
import { openSnapshot } from '../../src/node/index.ts'
import type { Layout } from '../../src/serializer/layout.ts'
import { serializerSnapshotOf } from '../../src/write/types/build.ts'
import type { TypeDescription } from '../../src/write/types/description.ts'

test('keys whose hash differs from one JVM to the next are refused, whatever else they hold', async () => {
  await using snapshot = await openSnapshot('fixtures/2.3.0/hashmap/kinds/snapshot')
  const operator = snapshot.operator('kinds-tuple')
  const [state] = operator.state('value').declarations
  const day: Layout = { op: 'enum', className: 'com.acme.Day', constants: ['MONDAY'] }
  const cases: readonly (readonly [Layout, RegExp])[] = [
    [day, /an enum \(com\.acme\.Day\) hashes by identity/],
    [{ op: 'tuple', fields: [{ op: 'i32' }, day] }, /the key holds an enum/],
    [{ op: 'bytes' }, /an array hashes by identity/],
    [{ op: 'list', of: 'array', element: { op: 'i32' } }, /an array hashes by identity/],
    [{ op: 'unknown', className: 'com.acme.KeySerializerSnapshot' }, /hashCode of the keys is not known/],
  ]
  for (const [key, message] of cases) {
    const of = { ...state!, key }
    await assert.rejects(keyHashOf(operator, of, undefined), { code: 'UNHASHABLE', message })
  }
})

test('which descriptions the same bytes have', () => {
  const pojo = (fields: Record<string, TypeDescription>): TypeDescription => ({ pojo: 'a.B', fields })
  const cases: readonly (readonly [TypeDescription, TypeDescription, RegExp | undefined])[] = [
    ['long', 'long', undefined],
    ['long', 'int', /different bytes/],
    [pojo({ x: 'int', y: 'string' }), { pojo: 'c.D', fields: { x: 'int', z: 'string' } }, undefined],
    [pojo({ x: 'int', y: 'string' }), pojo({ y: 'string', z: 'int' }), /i32 and string/],
    [pojo({ x: 'int' }), pojo({ x: 'int', y: 'int' }), /1 fields cannot be taken for 2/],
    [{ enum: 'a.E', constants: ['A', 'B'] }, { enum: 'a.F', constants: ['A', 'B', 'C'] }, undefined],
    [{ enum: 'a.E', constants: ['A', 'B'] }, { enum: 'a.E', constants: ['B', 'A'] }, /A is stored as 0/],
    [{ enum: 'a.E', constants: ['A', 'B'] }, { enum: 'a.E', constants: ['A'] }, /B is stored as 1/],
    [{ sql: 'ROW<a VARCHAR(10) NOT NULL>' }, { sql: 'ROW<b STRING>' }, undefined],
    [{ sql: 'ROW<a DECIMAL(10, 2)>' }, { sql: 'ROW<a DECIMAL(18, 2)>' }, undefined],
    [{ sql: 'ROW<a DECIMAL(18, 2)>' }, { sql: 'ROW<a DECIMAL(19, 2)>' }, /up to 18 digits/],
    [{ sql: 'ROW<a DECIMAL(18, 2)>' }, { sql: 'ROW<a DECIMAL(10, 2)>' }, /more digits/],
    [{ sql: 'ROW<a DECIMAL(10, 2)>' }, { sql: 'ROW<a DECIMAL(10, 3)>' }, /scale/],
    [{ sql: 'ROW<a TIMESTAMP(3)>' }, { sql: 'ROW<a TIMESTAMP(6)>' }, /up to 3 digits/],
    [{ sql: 'ROW<a INT>' }, { sql: 'ROW<a INT, b INT>' }, /1 fields/],
    [{ sql: 'ROW<a ROW<b INT>>' }, { sql: 'ROW<a ROW<b BIGINT>>' }, /INT and BIGINT/],
  ]
  for (const [a, b, message] of cases) {
    const reason = whyBytesDiffer(serializerSnapshotOf(a, '2.3'), serializerSnapshotOf(b, '2.3'))
    const text = `${JSON.stringify(a)} ${JSON.stringify(b)}`
    if (message) assert.match(reason ?? 'nothing', message, text)
    else assert.equal(reason, undefined, text)
  }
})

test('values in another type', () => {
  const int: Layout = { op: 'i32' }
  const long: Layout = { op: 'i64' }
  const record: Layout = {
    op: 'pojo',
    className: 'a.B',
    fields: [
      { name: 'n', layout: long },
      { name: 't', layout: { op: 'string' } },
    ],
    registered: [],
    subclasses: [],
  }
  assert.equal(convertValue(long, 7), 7n)
  assert.equal(convertValue(int, 7n), 7)
  assert.throws(() => convertValue(int, 2n ** 31n), { code: 'INCOMPATIBLE', message: /2147483648/ })
  assert.deepEqual({ ...(convertValue(record, { n: 3 }) as object) }, { n: 3n, t: null })
  assert.deepEqual({ ...(convertValue(record, [5, 'x'], { from: { n: 'f0', t: 'f1' } }) as object) }, { n: 5n, t: 'x' })
  assert.deepEqual(
    { ...(convertValue(record, 4n, { from: { n: '$' }, defaults: { t: 'd' } }) as object) },
    { n: 4n, t: 'd' },
  )
})

test('conditions', () => {
  const entry = { key: 'alice', value: { amount: -3n, rate: 0.5, tag: null, at: { city: 'Bern' } }, ttl: 5n }
  const cases: readonly (readonly [string, boolean])[] = [
    ['value.amount < 0', true],
    ['value.amount >= 0', false],
    ['value.amount = -3 and key = "alice"', true],
    ["key != 'alice'", false],
    ['value.rate <= 0.5', true],
    ['value.at.city = "Bern"', true],
    ['value.tag = null', true],
    ['value.tag < 3', false],
    ['ttl > 4', true],
  ]
  for (const [text, expected] of cases) assert.equal(whereOf(text)(entry), expected, text)
  for (const wrong of ['amount < 0', 'value.amount', 'value.amount < now()', 'value ~ 3']) {
    assert.throws(() => whereOf(wrong), { code: 'USAGE' })
  }
  assert.throws(() => whereOf('value.none = 1')(entry), { code: 'USAGE', message: /no value\.none/ })
})
