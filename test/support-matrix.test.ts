import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { pageOf } from '../scripts/support-matrix.ts'

test('the support matrix is what the result file says', () => {
  const result = JSON.parse(readFileSync('conformance/results.json', 'utf8'))
  assert.equal(readFileSync('docs/support-matrix.md', 'utf8'), pageOf(result))
})
