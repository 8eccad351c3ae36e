import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { pageOf } from '../scripts/support-matrix.ts'

test('the support matrix is what the result files say', () => {
  const read = (file: string) => JSON.parse(readFileSync(file, 'utf8'))
  assert.equal(
    readFileSync('docs/support-matrix.md', 'utf8'),
    pageOf(
      read('conformance/compared-fixtures.json'),
      read('conformance/results.json'),
      read('conformance/proof.json'),
    ),
  )
})
