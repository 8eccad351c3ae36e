import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { TINY_ENTRIES, tinyMetadata, tinyStream } from '../support/tiny-savepoint.ts'
import { kobel, linesOf } from './run.ts'

const JOB = '0123456789abcdef0123456789abcdef'
const STREAM = tinyStream(127, TINY_ENTRIES)

/** Files in a new directory, some of them as old as said. */
function tree(files: Readonly<Record<string, Uint8Array>>, hoursOld: Readonly<Record<string, number>> = {}): string {
  const root = mkdtempSync(join(tmpdir(), 'kobel-'))
  process.on('exit', () => rmSync(root, { recursive: true, force: true }))
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), bytes)
    const then = Date.now() / 1000 - (hoursOld[name] ?? 0) * 3600 - 5
    utimesSync(join(root, name), then, then)
  }
  return root
}

const ROOT = tree(
  {
    [`${JOB}/chk-9/_metadata`]: tinyMetadata(STREAM, { checkpointId: 9n }),
    [`${JOB}/chk-10/_metadata`]: tinyMetadata(STREAM, { checkpointId: 10n }, 'state'),
    [`${JOB}/chk-10/state`]: STREAM.bytes,
    [`${JOB}/chk-11/part`]: new Uint8Array(3),
    [`${JOB}/shared/left-over`]: new Uint8Array(2000),
    'savepoint-4f2a00-0123456789ab/_metadata': tinyMetadata(STREAM),
  },
  { [`${JOB}/chk-9/_metadata`]: 50, [`${JOB}/chk-10/_metadata`]: 3 },
)

test('ls shows checkpoints of a job, the newest first, and savepoints', () => {
  const { status, stdout, stderr } = kobel(['ls', ROOT])
  assert.equal(stderr, '')
  assert.equal(status, 0)
  const lines = linesOf(stdout)
  assert.equal(lines[0], join(ROOT, JOB))
  assert.match(lines[2]!, /^chk-11 +checkpoint .*not complete: no _metadata$/)
  assert.match(lines[3]!, /^chk-10 +checkpoint +3 hours ago +1 /)
  assert.match(lines[4]!, /^chk-9 +checkpoint +2 days ago +1 /)
  assert.equal(lines[5], 'shared and taskowned: 1 file, 2.0 kB, 2.0 kB of them in no snapshot here')
  assert.deepEqual(lines[6], '')
  assert.equal(lines[7], ROOT)
  assert.match(lines[8]!, /^savepoint-4f2a00-0123456789ab +savepoint +just now/)
  assert.equal(lines.length, 9)
})

test('ls --json', () => {
  const { status, stdout } = kobel(['ls', ROOT, '--json'])
  assert.equal(status, 0)
  const { snapshots } = JSON.parse(stdout) as { snapshots: { number?: number; complete: boolean; ownBytes: number }[] }
  assert.deepEqual(
    snapshots.map(({ number, complete, ownBytes }) => [number, complete, ownBytes]),
    [
      [11, false, 3],
      [10, true, STREAM.bytes.length],
      [9, true, 0],
      [undefined, true, 0],
    ],
  )
})

test('ls of nothing, and too deep', () => {
  assert.match(kobel(['ls', tree({ 'a/b': new Uint8Array(1) })]).stdout, /^no snapshots below /)
  assert.match(kobel(['ls', ROOT, '--depth', '0']).stdout, /2 directories were not looked into/)
  const wrong = kobel(['ls', ROOT, '--depth', 'x'])
  assert.equal(wrong.status, 2)
  const missing = kobel(['ls', join(ROOT, 'missing')])
  assert.equal(missing.status, 3)
  assert.match(missing.stderr, /there is no such directory/)
})

test('a job, and a directory of jobs, stand for their newest checkpoint', () => {
  for (const path of [join(ROOT, JOB), join(ROOT, JOB, 'chk-10')]) {
    const { status, stdout } = kobel(['inspect', path, '--latest'])
    assert.equal(status, 0)
    assert.match(stdout, /checkpoint 10$/m)
  }
  const { stdout } = kobel(['check', ROOT, '--latest'])
  assert.match(linesOf(stdout)[0]!, /savepoint-4f2a00/)
  const { status, stderr } = kobel(['inspect', join(ROOT, JOB)])
  assert.equal(status, 3)
  assert.match(stderr, /holds 2: chk-10, chk-9; name one of them/)
})
