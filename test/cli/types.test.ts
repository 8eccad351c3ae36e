import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { schemaErrors } from '../support/json-schema.ts'
import { kobel, linesOf } from './run.ts'

const GUIDE = readFileSync('docs/guide/types.md', 'utf8')
const KINDS = 'fixtures/2.3.0/rocksdb/kinds/snapshot'

test('the guide shows what the command prints', () => {
  const [, command, shown] = /```console\n\$ kobel (.*)\n([\s\S]*?)```/.exec(GUIDE)!
  assert.deepEqual(kobel(command!.split(' ')), { status: 0, stdout: shown!, stderr: '' })
})

test('a JSON Schema of the lines of the dump', () => {
  const { status, stdout } = kobel(['types', KINDS, '--format', 'json-schema', '--operator', 'kinds-int'])
  assert.equal(status, 0)
  const schema = JSON.parse(stdout) as never
  const lines = linesOf(kobel(['dump', KINDS, '--operator', 'kinds-int']).stdout)
  assert.ok(lines.length > 100)
  for (const line of lines) assert.deepEqual(schemaErrors(schema, schema, JSON.parse(line)), [], line.slice(0, 200))
  const other = linesOf(kobel(['dump', KINDS, '--operator', 'kinds-pojo']).stdout)[1]!
  assert.notDeepEqual(schemaErrors(schema, schema, JSON.parse(other)), [])
})

test('a wrong format is said', () => {
  const { status, stderr } = kobel(['types', KINDS, '--format', 'typescript'])
  assert.equal(status, 2)
  assert.match(stderr, /there is no format "typescript"/)
})
