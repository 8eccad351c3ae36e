import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { kobel, linesOf, type Outcome } from './run.ts'

// Rows of a savepoint of Flink must make a savepoint that dumps the same.
const FIXTURE = 'fixtures/2.3.0/rocksdb/kinds/snapshot'
const scratch = mkdtempSync(join(tmpdir(), 'kobel-cli-write-'))
after(() => rmSync(scratch, { recursive: true, force: true }))
const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))

const DUMP = kobel(['dump', FIXTURE]).stdout
const LINES = linesOf(DUMP)
const PLAN = LINES[0]!
const ROWS = LINES.slice(1, -1)
const PLAN_FILE = join(scratch, 'plan.json')
writeFileSync(PLAN_FILE, `${PLAN}\n`)

function fed(rows: readonly string[], args: readonly string[]): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    input: rows.map((row) => `${row}\n`).join(''),
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  return { status, stdout, stderr }
}

test('rows and the first line of a dump make the savepoint', () => {
  const directory = join(scratch, 'whole')
  const { status, stdout, stderr } = fed(ROWS, ['write', PLAN_FILE, '--to', directory, '--flink', '2.3'])
  assert.equal(stderr, '')
  assert.equal(status, 0)
  assert.match(stdout, /^savepoint for Flink 2\.3 in .*\n {2}\d+ files?, (?:.*\n)* {2}value +\d+\n/)
  assert.ok(kobel(['dump', directory]).stdout === DUMP)
  const again = fed(ROWS, ['write', PLAN_FILE, '--to', directory, '--flink', '2.3', '--json'])
  assert.equal(again.status, 5)
  assert.equal(JSON.parse(again.stderr).error.code, 'CONFLICT')
})

test('rows may name operators by uid, in a shuffled order, without kind and key group', () => {
  const directory = join(scratch, 'by-uid')
  const file = join(scratch, 'rows.jsonl')
  // As text: JSON.parse and JSON.stringify would make 0 of -0.0.
  const rows = ROWS.map((line, i) => {
    const { uid, keyGroup } = JSON.parse(line)
    const isHashable = ['kinds-long', 'kinds-string'].includes(uid)
    const named = line
      .replace(/^\{"operator":"[0-9a-f]+","uid":("[^"]*"),/, i % 2 ? '{"uid":$1,' : '{"operator":$1,')
      .replace(/"kind":"[^"]*",/, '')
    const row = isHashable ? named.replace(/"keyGroup":\d+,/, '') : named
    return { place: keyGroup === undefined ? '' : String((i * 7919) % 1000), row }
  }).sort((a, b) => (a.place < b.place ? -1 : a.place > b.place ? 1 : 0))
  writeFileSync(file, rows.map(({ row }) => `${row}\n`).join(''))
  const written = kobel(['write', PLAN_FILE, '--rows', file, '--to', directory, '--flink', '2.3'])
  assert.equal(written.stderr, '')
  assert.ok(kobel(['dump', directory]).stdout === DUMP)
})

test('a row that is wrong: the line, the operator, the state, the field, what was expected and found', () => {
  const at = ROWS.findIndex((line) => line.includes('"kinds-long","state":"value"'))
  const wrong = ROWS.map((line, i) => (i === at ? JSON.stringify({ ...JSON.parse(line), value: 5 }) : line))
  const directory = join(scratch, 'wrong')
  const { status, stderr } = fed(wrong, ['write', PLAN_FILE, '--to', directory, '--flink', '2.3'])
  assert.equal(status, 2)
  assert.match(
    stderr,
    new RegExp(`line ${at + 1}: value: a string was expected, found 5 \\(operator kinds-long, state value`),
  )
  assert.throws(() => readdirSync(directory))
  const noVersion = fed([], ['write', PLAN_FILE, '--to', directory])
  assert.equal(noVersion.status, 2)
  assert.match(noVersion.stderr, /does not say for which Flink version/)
  assert.equal(kobel(['write', join(scratch, 'none'), '--to', directory]).status, 3)
  const dumped = fed([PLAN, ...ROWS], ['write', PLAN_FILE, '--to', directory, '--flink', '2.3'])
  assert.match(dumped.stderr, /line 1: the line has a plan, a row was expected/)
})

test('workers in programs of their own, and commit', () => {
  const directory = join(scratch, 'workers')
  const args = [PLAN_FILE, '--to', directory, '--flink', '2.3'] as const
  const isFirst = (line: string): boolean => /^\{"operator":"[0-7]/.test(line)
  const [one, two] = [ROWS.filter(isFirst), ROWS.filter((line) => !isFirst(line))]
  const handles = [one, two, two].map((rows) => fed(rows, ['worker', ...args]))
  for (const { status, stderr, stdout } of handles) {
    assert.equal(stderr, '')
    assert.equal(status, 0)
    assert.equal(linesOf(stdout).length, 1)
  }
  // No savepoint before it is committed; partitions that no row came for are missing yet.
  assert.equal(kobel(['dump', directory]).status, 3)
  const lines = handles.map(({ stdout }) => stdout.trim())
  const gaps = fed(lines, ['commit', ...args, '--json'])
  if (gaps.status !== 0) {
    const missing = JSON.parse(gaps.stderr).error.message as string
    const ids = [...missing.matchAll(/[0-9a-f]{32}-(?:keyed|operator)-\d+/g)].map(([id]) => id)
    lines.push(fed([], ['worker', ...args, '--partition', ...ids]).stdout.trim())
  }
  const left = join(directory, `${'0'.repeat(32)}-keyed-0-${'1'.repeat(16)}`)
  writeFileSync(left, 'left by a worker')
  const files = lines.map((line, i) => {
    const file = join(scratch, `handle-${i}.json`)
    writeFileSync(file, line)
    return file
  })
  const committed = kobel(['commit', args[0], ...files, ...args.slice(1), '--clean'])
  assert.equal(committed.stderr, '')
  assert.match(committed.stdout, /removed: 0{32}-keyed-0-1{16}/)
  assert.ok(kobel(['dump', directory]).stdout === DUMP)
})

test('a worker of one partition refuses the rows of others, and names that are none', () => {
  const args = [PLAN_FILE, '--to', join(scratch, 'one'), '--flink', '2.3'] as const
  const none = fed([], ['worker', ...args, '--partition', 'accounts-keyed-0'])
  assert.equal(none.status, 3)
  assert.match(none.stderr, /no partition accounts-keyed-0; it has /)
  const other = fed(ROWS, ['worker', ...args, '--partition', 'kinds-long-keyed-0'])
  assert.equal(other.status, 2)
  assert.match(other.stderr, /line \d+: the row is of the partition .* were expected/)
  const junk = fed(['{}', '[1]', 'null'], ['commit', ...args])
  assert.equal(junk.status, 2)
  assert.match(junk.stderr, /a handle as writePartition gives it/)
  assert.match(fed(['{'], ['commit', ...args]).stderr, /line 1 is no handle/)
})
