import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { kobel } from './run.ts'

const SNAPSHOT = 'fixtures/2.3.0/rocksdb/kinds/snapshot'
const scratch = mkdtempSync(join(tmpdir(), 'kobel-test-'))
after(() => rmSync(scratch, { recursive: true }))

function file(name: string, text: string): string {
  const path = join(scratch, name)
  writeFileSync(path, text)
  return path
}

const HOLDS = `
-- every list has three elements
SELECT key FROM "kinds-tuple".list WHERE len(value) <> 3;
-- there are entries
-- expect: rows
SELECT 1 FROM "kinds-tuple".value;
-- expect: 13
SELECT count(*) FROM "kinds-tuple".value;
`

test('expectations that hold', () => {
  const { status, stdout, stderr } = kobel(['test', SNAPSHOT, file('holds.sql', HOLDS)])
  assert.equal(stderr, '')
  assert.equal(
    stdout,
    `TAP version 14
1..3
ok 1 - every list has three elements
ok 2 - there are entries
ok 3 - SELECT count(*) FROM "kinds-tuple".value
`,
  )
  assert.equal(status, 0)
})

test('those that do not are told with rows, also as JUnit, and one that is wrong does not end the others', () => {
  const text = `-- no #x0 & more
SELECT key, value FROM "kinds-tuple"."map" WHERE value.f1 = 'x0' ORDER BY value.f0 LIMIT 1;
-- wrong
SELECT nonsense FROM "kinds-tuple"."map";
-- expect: 14
SELECT count(*) FROM "kinds-tuple".value;
-- expect: rows
SELECT 1 WHERE false;
-- holds
SELECT 1 WHERE false;`
  const junit = join(scratch, 'junit.xml')
  const { status, stdout } = kobel(['test', SNAPSHOT, file('fails.sql', text), '--junit', junit])
  assert.equal(status, 1)
  assert.match(
    stdout,
    /^not ok 1 - no \\#x0 & more\n {2}---\n {2}message: "a row came, none was expected"\n {2}line: 2\n/m,
  )
  assert.match(stdout, /- \["key","value"\]\n {4}- \["\{\\"f0\\":\\"\\",\\"f1\\":-5\}"/)
  assert.match(stdout, /^not ok 2 - wrong\n {2}---\n {2}message: "Binder Error: .*nonsense/m)
  assert.match(stdout, /message: "expected 14, found 13"/)
  assert.match(stdout, /message: "no row came, at least one was expected"/)
  assert.match(stdout, /^ok 5 - holds$/m)
  const xml = readFileSync(junit, 'utf8')
  assert.match(xml, /<testsuite name=".*fails\.sql" tests="5" failures="4"/)
  assert.match(
    xml,
    /name="no #x0 &amp; more" time="\d+\.\d{3}">\n {4}<failure message="a row came, none was expected">/,
  )
  assert.match(xml, /name="holds" time="\d+\.\d{3}"\/>/)
})

test('two snapshots are held against each other', () => {
  const text = `-- every key of one is in the other
SELECT key FROM "kinds-int".value ANTI JOIN old."kinds-int".value USING (key);`
  const attach = ['--attach', 'old=fixtures/2.3.0/hashmap/kinds/snapshot']
  const { status, stdout } = kobel(['test', SNAPSHOT, file('two.sql', text), ...attach, '--json'])
  assert.equal(status, 0)
  const { milliseconds, ...result } = JSON.parse(stdout) as Record<string, unknown>
  assert.deepEqual(result, { name: 'every key of one is in the other', line: 2, ok: true })
  assert.equal(typeof milliseconds, 'number')
})

test('a file that is not there or holds nothing is a wrong use', () => {
  const { status, stderr } = kobel(['test', SNAPSHOT, join(scratch, 'none.sql')])
  assert.match(stderr, /the expectations cannot be read/)
  assert.equal(status, 2)
  assert.equal(kobel(['test', SNAPSHOT, file('empty.sql', '-- nothing')]).status, 2)
})
