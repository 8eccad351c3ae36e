import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { dumpLines, scratchDirectory } from '../support/write.ts'

const scratch = await scratchDirectory()
const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))
const MODULE = new URL('../../src/node/index.js', import.meta.url).href

test('the example of docs/guide/writing.md runs, and changes what it says', async () => {
  const [, code] = /```ts\n([\s\S]*?)\n```/.exec(readFileSync('docs/guide/writing.md', 'utf8'))!
  const directory = join(scratch, 'doubled')
  const program = code!
    .replace("'kobel/node'", JSON.stringify(MODULE))
    .replace("execFileSync('kobel', [", `execFileSync(process.execPath, [${JSON.stringify(MAIN)}, `)
    .replace("'/tmp/savepoint-doubled'", JSON.stringify(directory))
  const run = spawnSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' })
  assert.equal(run.stderr, '')
  assert.equal(run.stdout, 'true\n')
  const before = await dumpLines('fixtures/2.3.0/rocksdb/kinds/snapshot')
  const after = await dumpLines(directory)
  const changed = before.flatMap((line, i) => (line === after[i] ? [] : [[line, after[i]!] as const]))
  assert.ok(changed.length > 3)
  for (const [old, now] of changed) {
    const row = JSON.parse(old) as { uid: string; value: number }
    assert.equal(row.uid, 'kinds-local-date')
    assert.deepEqual(JSON.parse(now), { ...row, value: row.value * 2 })
  }
})
