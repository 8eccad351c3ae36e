import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { kobel, linesOf } from './run.ts'

const SNAPSHOT = 'fixtures/2.3.0/hashmap/kinds/snapshot'
const candidates = (...words: string[]): string[] => linesOf(kobel(['__complete', ...words]).stdout)

test('commands, options and the names in the snapshot are offered', () => {
  assert.deepEqual(candidates('insp'), ['inspect'])
  assert.ok(candidates('').includes('dump') && !candidates('').includes('--help'))
  assert.deepEqual(candidates('read', '--key-').sort(), ['--key-group', '--key-type'])
  assert.ok(candidates('read', SNAPSHOT, 'kinds-t').includes('kinds-tuple'))
  assert.deepEqual(candidates('read', SNAPSHOT, 'kinds-tuple', 'map-of'), ['map-of-nulls'])
  assert.deepEqual(candidates('read', SNAPSHOT, '--limit', '3', 'kinds-tuple', 'map-of'), ['map-of-nulls'])
  assert.deepEqual(candidates('inspect', SNAPSHOT, '--operator', 'kinds-tup'), ['kinds-tuple'])
  assert.deepEqual(candidates('help', 'du'), ['dump'])
})

test('where files are wanted, and where nothing is known, nothing is offered', () => {
  for (const words of [
    ['inspect', 'fix'],
    ['read', 'no-such-place', ''],
    ['nonsense', ''],
    ['load', 'x', '--to', ''],
  ]) {
    assert.deepEqual(candidates(...words), [''])
  }
})

test('the script of bash completes a line', () => {
  const directory = mkdtempSync(join(tmpdir(), 'kobel-completion-'))
  try {
    const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))
    writeFileSync(join(directory, 'kobel'), `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`, { mode: 0o755 })
    const script = `source <(kobel completion bash)
      COMP_WORDS=(kobel read ${SNAPSHOT} kinds-tuple map-b); COMP_CWORD=4; _kobel; printf '%s\\n' "\${COMPREPLY[@]}"`
    const env = { ...process.env, PATH: `${directory}:${process.env.PATH}` }
    const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8', env })
    assert.equal(stderr, '')
    assert.deepEqual(linesOf(stdout).sort(), ['map-by-enum', 'map-by-tuple'])
  } finally {
    rmSync(directory, { recursive: true })
  }
})
