import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { directoryWith } from '../support/tiny-savepoint.ts'
import { kobel } from './run.ts'

const GUIDE = readFileSync('docs/guide/serializers.md', 'utf8')
const EXAMPLE = /```js\n([\s\S]*?)```/.exec(GUIDE)![1]!
const [, COMMAND, SHOWN] = /```console\n\$ kobel (.*)\n([\s\S]*?)```/.exec(GUIDE)!
const SNAPSHOT = 'fixtures/2.3.0/hashmap/unknown/snapshot'

function moduleWith(name: string, text: string): string {
  return join(directoryWith({ [name]: new TextEncoder().encode(text) }), name)
}

test('the example of the guide', () => {
  const file = moduleWith('serializers.mjs', EXAMPLE)
  const args = COMMAND!.split(' ').map((word) => (word === 'out/serializers.mjs' ? file : word))
  assert.deepEqual(kobel(args), { status: 0, stdout: SHOWN!, stderr: '' })
  const inspected = kobel(['inspect', SNAPSHOT, '--serializers', file, '--operator', 'unknown-pojo'])
  assert.match(inspected.stdout, /Parcel\{after: long, middle: string, plain: int, text: string\}/)
  const dumped = kobel(['dump', SNAPSHOT, '--serializers', file, '--operator', 'unknown-plain-key'])
  assert.match(dumped.stdout, /"key":70000,"value":"text of 4"/)
})

test('rows by default export, as an array or one row', () => {
  const row = (text: string) => `const row = {
    snapshotClass: 'kobel.conformance.types.PlainSerializer$Snapshot', versions: [3], readBody: () => undefined,
    writeBody: () => {}, type: () => ({ kind: 'int' }), layout: () => ({ op: 'i32' }) }
    ${text}`
  for (const text of ['export default row', 'export default [row]', 'export const serializers = [row]']) {
    const file = moduleWith('rows.mjs', row(text))
    const { stdout } = kobel(['read', SNAPSHOT, 'unknown-plain-key', 'text', '--key', '44', '--serializers', file])
    assert.equal(stdout, '{"keyGroup":74,"key":44,"value":"text of 3"}\n')
  }
})

test('a module that gives no rows is said', () => {
  const cases: readonly (readonly [text: string, message: RegExp])[] = [
    ['export const rows = []', /exports neither a default nor `serializers`/],
    ['export default [{ snapshotClass: "a.B" }]', /number 1 is none/],
    ['export default []', /must give serializer rows/],
    ['export default (', /cannot be loaded/],
    ['throw new Error("of its own")', /cannot be loaded: of its own/],
    ['export default () => nothing', /function of the module failed: nothing is not defined/],
  ]
  for (const [text, message] of cases) {
    const { status, stderr } = kobel(['inspect', SNAPSHOT, '--serializers', moduleWith('wrong.mjs', text)])
    assert.equal(status, 2, text)
    assert.match(stderr, message)
  }
  const { status, stderr } = kobel(['inspect', SNAPSHOT, '--serializers', 'not/there.mjs'])
  assert.equal(status, 2)
  assert.match(stderr, /no such file of serializers/)
})

test('TypeScript where this Node can load it, else a word on what to do', () => {
  const typed = EXAMPLE.replace('({ simpleRow, row, codecLayout })', '({ simpleRow, row, codecLayout }: any)')
  const file = moduleWith('serializers.ts', typed)
  const { status, stdout, stderr } = kobel([
    'read',
    SNAPSHOT,
    'unknown-odd-key',
    'text',
    '--limit',
    '1',
    '--serializers',
    file,
  ])
  if (process.features && 'typescript' in process.features && process.features.typescript) {
    assert.equal(status, 0, stderr)
    assert.match(stdout, /"key":"/)
  } else {
    assert.equal(status, 2)
    assert.match(stderr, /does not load TypeScript: use 22\.18 or later/)
  }
})
