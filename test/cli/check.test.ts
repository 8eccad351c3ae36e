import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  directoryWith,
  TINY_ENTRIES,
  TINY_ID,
  tinyMetadata,
  tinySavepoint,
  tinyStream,
} from '../support/tiny-savepoint.ts'
import { kobel, linesOf } from './run.ts'

const STREAM = tinyStream(127, TINY_ENTRIES)

/** A savepoint whose state file was cut inside the third of four key groups. */
function cutSavepoint(): string {
  return directoryWith({
    _metadata: tinyMetadata(STREAM, {}, 'state'),
    state: STREAM.bytes.slice(0, STREAM.offsets[94]! + 5),
  })
}

test('check of a good savepoint says so', () => {
  const directory = tinySavepoint('state')
  const { status, stdout, stderr } = kobel(['check', directory])
  assert.equal(stderr, '')
  assert.equal(status, 0)
  assert.deepEqual(linesOf(stdout), [
    directory,
    `checked 4 entries of 1 operator in 1 file, ${STREAM.bytes.length} B`,
    'fine: files, ranges, checksums and keys are as they should be',
  ])
})

test('check of a bad savepoint says what is wrong, what is left, what to do', () => {
  const directory = cutSavepoint()
  const { status, stdout } = kobel(['check', directory])
  assert.equal(status, 1)
  const lines = linesOf(stdout)
  assert.equal(lines[2], '3 errors')
  assert.ok(lines.includes(TINY_ID))
  assert.match(stdout, /error {2}subtask 0: a file of the keyed state has \d+ bytes, \d+ are stated: it was cut/)
  assert.match(stdout, /error {2}subtask 0, key group 94: /)
  assert.match(stdout, /left: count \(2 entries\)/)
  assert.match(stdout, /What to do:\n- Files were cut or mixed up: copy the snapshot again/)
  assert.match(stdout, /--salvage/)
})

test('check --json gives findings as data', () => {
  const directory = cutSavepoint()
  const { status, stdout } = kobel(['check', directory, '--json'])
  assert.equal(status, 1)
  const report = JSON.parse(stdout) as { fine: boolean; findings: { code: string; keyGroup?: number }[] }
  assert.equal(report.fine, false)
  assert.deepEqual(
    report.findings.map(({ code, keyGroup }) => [code, keyGroup]),
    [
      ['WRONG_SIZE', undefined],
      ['TRUNCATED', 94],
      ['TRUNCATED', 116],
    ],
  )
})

test('check --operator and --notes', () => {
  const path = 'fixtures/2.3.0/rocksdb/unknown/snapshot'
  const all = kobel(['check', path])
  assert.equal(all.status, 0)
  assert.match(all.stdout, /\nnot checked: classes unknown to kobel in \d+ places.*--notes lists them/)
  assert.match(kobel(['check', path, '--notes']).stdout, /\n {2}\S+, state \S+: some of it is of a class/)
  const none = kobel(['check', path, '--operator', 'nobody'])
  assert.equal(none.status, 3)
  assert.match(none.stderr, /there is no operator "nobody"/)
})

test('read --salvage reads what is left and says what is missing', () => {
  const directory = cutSavepoint()
  const args = ['read', directory, TINY_ID, 'count']
  const plain = kobel(args)
  assert.equal(plain.status, 3)
  assert.match(plain.stderr, /it was cut/)
  const { status, stdout, stderr } = kobel([...args, '--salvage'])
  assert.equal(status, 1)
  assert.deepEqual(
    linesOf(stdout).map((line) => (JSON.parse(line) as { key: string }).key),
    ['carol', 'dave, "d"'],
  )
  assert.match(
    stderr,
    /^kobel: 2 parts could not be read and are missing:\n {2}operator \S+, subtask 0, key group 94: /,
  )
  const json = kobel([...args, '--salvage', '--json'])
  const told = JSON.parse(json.stderr) as { skipped: { keyGroups: number[]; code: string }[] }
  assert.deepEqual(
    told.skipped.map(({ keyGroups, code }) => [keyGroups, code]),
    [
      [[94, 94], 'TRUNCATED'],
      [[116, 116], 'TRUNCATED'],
    ],
  )
})

test('--salvage of a whole savepoint is silent', () => {
  const { status, stderr, stdout } = kobel(['dump', tinySavepoint('state'), '--salvage'])
  assert.equal(status, 0)
  assert.equal(stderr, '')
  assert.equal(linesOf(stdout).length, 1 + TINY_ENTRIES.length + 1)
})

test('dump --salvage', () => {
  const directory = cutSavepoint()
  assert.equal(kobel(['dump', directory]).status, 3)
  const { status, stdout, stderr } = kobel(['dump', directory, '--salvage'])
  assert.equal(status, 1)
  assert.equal(linesOf(stdout).length, 1 + 2 + 1)
  assert.equal(linesOf(stdout).at(-1), '{"end":{"rows":2,"partial":true}}')
  assert.match(stderr, /2 parts could not be read/)
  writeFileSync(join(directory, 'state'), '')
  assert.equal(linesOf(kobel(['dump', directory, '--salvage']).stdout).length, 1 + 1)
})
