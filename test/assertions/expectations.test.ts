import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readExpectations } from '../../src/assertions/expectations.ts'

test('comments before a statement are its name, and say what it must give', () => {
  const text = `
-- no balance is below zero
SELECT key FROM a.balance
WHERE value < 0;

/* there are
   customers */
-- expect: rows
SELECT 1 -- a comment inside; with a semicolon
FROM a.customer;
-- expect: 42
SELECT count(*) FROM "odd;name"."b""c" WHERE x = 'it''s; here' AND y = $tag$ ; $tag$
`
  assert.deepEqual(readExpectations(text), [
    {
      name: 'no balance is below zero',
      sql: 'SELECT key FROM a.balance\nWHERE value < 0',
      expected: { kind: 'no rows' },
      line: 3,
    },
    {
      name: 'there are customers',
      sql: 'SELECT 1 -- a comment inside; with a semicolon\nFROM a.customer',
      expected: { kind: 'rows' },
      line: 9,
    },
    {
      // The first 80 characters of the statement.
      name: `SELECT count(*) FROM "odd;name"."b""c" WHERE x = 'it''s; here' AND y = $tag$ ; $`,
      sql: `SELECT count(*) FROM "odd;name"."b""c" WHERE x = 'it''s; here' AND y = $tag$ ; $tag$`,
      expected: { kind: 'value', text: '42' },
      line: 12,
    },
  ])
})

test('arithmetic and division are no comments', () => {
  assert.deepEqual(
    readExpectations('SELECT 4 - 2, 4 / 2, 4 --2\n;SELECT 1').map(({ sql }) => sql),
    ['SELECT 4 - 2, 4 / 2, 4 --2', 'SELECT 1'],
  )
})

test('a file without statements, or with a quote that is not ended, is refused', () => {
  assert.throws(() => readExpectations('-- nothing\n;;', 'x.sql'), /holds no SQL statement/)
  assert.throws(() => readExpectations("SELECT 1;\nSELECT 'a;"), /line 2: the quote ' is not ended/)
})
