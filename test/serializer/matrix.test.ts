import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { serializerMatrix } from '../../scripts/serializer-matrix.ts'
import { SERIALIZER_ROWS } from '../../src/serializer/table.ts'

test('docs/serializers.md is what the table says', () => {
  assert.equal(readFileSync('docs/serializers.md', 'utf8'), serializerMatrix())
})

test('every row is on the page once', () => {
  const lines = serializerMatrix()
    .split('\n')
    .filter((line) => line.startsWith('| `'))
  assert.equal(lines.length, SERIALIZER_ROWS.length)
})
