import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { compatibilityOf } from '../../src/diff/compatibility.ts'
import { serializerSnapshotOf, type TypeDescription } from '../../src/index.ts'

interface Case {
  readonly name: string
  readonly before: TypeDescription
  readonly after: TypeDescription
  /** What real Flink said, by version (`conformance/types/verdicts.mjs`). */
  readonly flink: Readonly<Record<string, string>>
}

const cases = JSON.parse(readFileSync('test/diff/verdicts.json', 'utf8')) as readonly Case[]
assert.ok(cases.length > 35)

for (const { name, before, after, flink } of cases) {
  test(`a change of a type gets Flink's own verdict: ${name}`, () => {
    assert.ok(Object.keys(flink).length > 0)
    for (const [version, expected] of Object.entries(flink)) {
      const found = compatibilityOf(serializerSnapshotOf(before, version), serializerSnapshotOf(after, version))
      assert.equal(found.verdict, expected, `${version}: ${found.reason}`)
      assert.equal(found.reason === undefined, expected === 'as is')
    }
  })
}
