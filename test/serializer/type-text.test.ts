import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KobelError } from '../../src/error.ts'
import { layoutOfText } from '../../src/serializer/type-text.ts'

test('types as inspect prints them', () => {
  assert.deepEqual(layoutOfText('long'), { op: 'i64' })
  assert.deepEqual(layoutOfText(' ( string,long ) '), { op: 'tuple', fields: [{ op: 'string' }, { op: 'i64' }] })
  assert.deepEqual(layoutOfText('sql-timestamp'), { op: 'sqlTimestamp' })
  assert.deepEqual(layoutOfText('list<(int, double)>'), {
    op: 'list',
    of: 'list',
    element: { op: 'tuple', fields: [{ op: 'i32' }, { op: 'f64' }] },
  })
  // MapSerializer: no flag before keys, one before values.
  assert.deepEqual(layoutOfText('map<string, long>'), {
    op: 'map',
    key: { op: 'string' },
    value: { op: 'i64' },
    keyFlag: false,
    valueFlag: true,
  })
  assert.deepEqual(layoutOfText('row(string, boolean)'), {
    op: 'row',
    rowKind: true,
    fields: [{ op: 'string' }, { op: 'boolean' }],
  })
})

test('arrays: primitives and texts have no null flags, others have', () => {
  assert.deepEqual(layoutOfText('byte[]'), { op: 'bytes' })
  assert.deepEqual(layoutOfText('char[]'), { op: 'chars' })
  assert.deepEqual(layoutOfText('int[]'), { op: 'list', of: 'array', element: { op: 'i32' } })
  assert.deepEqual(layoutOfText('long[][]'), {
    op: 'list',
    of: 'array',
    element: { op: 'list', of: 'array', element: { op: 'i64' } },
    flag: 'isNotNull',
  })
})

test('what is no type is a USAGE that says where', () => {
  for (const text of [
    '',
    'lonng',
    '(long',
    'list<long',
    'map<long>',
    'long long',
    '()',
    'constructor',
    '('.repeat(99),
  ]) {
    assert.throws(
      () => layoutOfText(text),
      (error) => error instanceof KobelError && error.code === 'USAGE',
      text,
    )
  }
  assert.throws(() => layoutOfText('(long, lonng)'), /found "lonng"/)
})
