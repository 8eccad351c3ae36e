import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { kobel } from './run.ts'

const FIXTURE = 'fixtures/2.3.0/hashmap/windows/snapshot'
const scratch = mkdtempSync(join(tmpdir(), 'kobel-cli-load-'))
after(() => rmSync(scratch, { recursive: true, force: true }))

test('what dump printed is loaded from stdin, and dumps the same', () => {
  const dump = kobel(['dump', FIXTURE]).stdout
  const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))
  const directory = join(scratch, 'savepoint')
  const loaded = spawnSync(process.execPath, [main, 'load', '--to', directory], { input: dump, encoding: 'utf8' })
  assert.equal(loaded.stderr, '')
  assert.match(loaded.stdout, /^savepoint for Flink 2\.3 in .*\n {2}\d+ files?, /)
  assert.equal(kobel(['dump', directory]).stdout, dump)

  const again = kobel(['load', join(scratch, 'none.jsonl'), '--to', directory])
  assert.equal(again.status, 5)
  assert.match(again.stderr, /is a savepoint already/)
})

test('the Flink version decides the version of _metadata', () => {
  const file = join(scratch, 'dump.jsonl')
  writeFileSync(file, kobel(['dump', FIXTURE]).stdout)
  for (const [flink, version] of [
    ['1.16', 4],
    ['1.20.3', 4],
    ['2.0', 5],
    ['2.3', 6],
  ] as const) {
    const directory = join(scratch, flink)
    const { status, stdout } = kobel(['load', file, '--to', directory, '--flink', flink, '--json'])
    assert.equal(status, 0)
    const result = JSON.parse(stdout) as { rows: Record<string, number>; files: number }
    assert.ok(result.rows.timer! > 0)
    assert.equal(readFileSync(join(directory, '_metadata')).readInt32BE(4), version)
  }
})

test('values of Kryo need the version: Flink 1.x and 2.x write them differently', () => {
  const file = join(scratch, 'kryo.jsonl')
  const fixture = 'fixtures/1.20.3/rocksdb/kryo/snapshot'
  writeFileSync(file, kobel(['dump', fixture]).stdout)
  const refused = kobel(['load', file, '--to', join(scratch, 'kryo')])
  assert.equal(refused.status, 2)
  assert.match(refused.stderr, /line 1: the dump has values of Kryo.*--flink/)
  assert.equal(kobel(['load', file, '--to', join(scratch, 'kryo'), '--flink', '1.20']).status, 0)
})

test('usage', () => {
  assert.equal(kobel(['load']).status, 2)
  assert.equal(kobel(['load', 'x.jsonl', '--to', 'ftp://host/x']).status, 2)
  assert.equal(kobel(['load', 'x.jsonl', '--to', join(scratch, 'n'), '--memory', 'all']).status, 2)
  const missing = kobel(['load', 'x.jsonl', '--to', join(scratch, 'n')])
  assert.equal(missing.status, 3)
  assert.match(missing.stderr, /no such file/)
})
