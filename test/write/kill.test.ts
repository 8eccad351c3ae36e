import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

// The small version of what `scripts/kill-writers.ts` does with 5 million rows, 50 times.
const SCRIPT = fileURLToPath(new URL('../../scripts/kill-writers.js', import.meta.url))

test('writers killed at random points leave no savepoint or a whole one; a second attempt makes it', (context) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, '20000', '4', '11'], { encoding: 'utf8' })
  for (const line of stdout.trimEnd().split('\n')) context.diagnostic(line)
  assert.equal(stderr, '')
  assert.equal(status, 0)
  assert.match(stdout, /4 kills: /)
})
