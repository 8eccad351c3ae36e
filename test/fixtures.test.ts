import assert from 'node:assert/strict'
import { relative } from 'node:path'
import { test } from 'node:test'
import { compareFile, expectedFiles, readJson } from '../scripts/compare.ts'
import { readGaps, withoutGaps } from '../scripts/known-gaps.ts'
import { type FieldDescriptions, KobelError } from '../src/node/index.ts'

// Every snapshot that real Flink wrote into fixtures/: the dump holds exactly what the job put into its state.
const gaps = await readGaps('conformance/known-gaps.txt')
const fields = await readJson<FieldDescriptions>('conformance/fields.json')
const files = await expectedFiles('fixtures')

test('there are fixtures of every Flink version that the matrix names', () => {
  const versions = new Set(files.map((file) => file.split('/')[1]))
  assert.deepEqual([...versions].sort(), ['1.16.3', '1.20.3', '1.8.3', '2.0.1', '2.3.0'])
})

for (const file of files) {
  const name = relative('fixtures', file)
  test(name, async () => {
    let differences: string[]
    try {
      const outcome = await compareFile(file, { fields })
      assert.ok(outcome.compared > 0, 'the file names no entry')
      differences = outcome.differences
    } catch (error) {
      if (!(error instanceof KobelError)) throw error
      differences = [`${error.code} ${error.describe()}`]
    }
    assert.deepEqual(withoutGaps(gaps, name, differences).slice(0, 5), [])
  })
}
