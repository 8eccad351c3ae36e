import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { kobel, linesOf } from './run.ts'

const KINDS = 'fixtures/2.3.0/hashmap/kinds/snapshot'
const scratch = mkdtempSync(join(tmpdir(), 'kobel-edit-'))
after(() => rmSync(scratch, { recursive: true }))

const file = (name: string, content: unknown): string => {
  const path = join(scratch, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

test('an edit in YAML is that in JSON', () => {
  const json = file('same.json', {
    operators: { 'kinds-tuple': { states: { value: { delete: [{ key: ['t7', 2] }] } } } },
  })
  const yaml = file(
    'same.yaml',
    'operators:\n  kinds-tuple:\n    states:\n      value:\n        delete:\n          - key: [t7, 2] # gone\n',
  )
  const [one, other] = [json, yaml].map((each) => kobel(['preview', each, '--source', KINDS]))
  assert.equal(other!.stderr, '')
  assert.match(other!.stdout, /t7/)
  assert.equal(other!.stdout, one!.stdout)
  const wrong = kobel(['preview', file('wrong.yml', 'a: [1'), '--source', KINDS])
  assert.equal(wrong.status, 2)
  assert.match(wrong.stderr, /the edit is no YAML/)
})

test('an edit is previewed, and applied only to what was previewed', () => {
  const source = join(scratch, 'source')
  cpSync(KINDS, source, { recursive: true })
  const fix = file('fix.json', {
    from: './source',
    operators: { 'kinds-tuple': { states: { value: { delete: [{ key: ['t7', 2] }] } } } },
  })
  const preview = kobel(['preview', fix, '--json'])
  assert.equal(preview.status, 0, preview.stderr)
  const seen = file('seen', preview.stdout)
  const target = join(scratch, 'fixed')
  const applied = kobel(['apply', fix, '--preview', seen, '--to', target, '--json'])
  assert.equal(applied.status, 0, applied.stderr)
  const operatorsOf = (text: string): unknown[] =>
    (JSON.parse(text) as { operators: { states: { name: string; deleted: number }[] }[] }).operators.flatMap(
      ({ states }) => states.map(({ name, deleted }) => [name, deleted]),
    )
  assert.deepEqual(operatorsOf(preview.stdout), [['value', 1]])
  assert.deepEqual(operatorsOf(applied.stdout), [['value', 1]])
  const other = file('other.json', {
    from: './source',
    operators: { 'kinds-tuple': { states: { value: { delete: [{ key: ['t8', 3] }] } } } },
  })
  const changed = kobel(['apply', other, '--preview', seen, '--to', join(scratch, 'never')])
  assert.equal(changed.status, 5)
  assert.match(changed.stderr, /the edit is not the one of the preview/)
  const state = readdirSync(source).find((name) => name !== '_metadata')!
  writeFileSync(join(source, state), Buffer.concat([readFileSync(join(source, state)), Buffer.from([0])]))
  rmSync(join(source, state))
  const gone = kobel(['apply', fix, '--preview', seen, '--to', join(scratch, 'never')])
  assert.equal(gone.status, 5)
  assert.match(gone.stderr, /the source is not the one of the preview/)
  assert.ok(!existsSync(join(scratch, 'never')))
})

test('a module is an edit, and the record beside the savepoint has its text', () => {
  const module = file(
    'fix.mjs',
    `export default (edit) => { edit.operator('kinds-int').state('value').map(({ value }) => value + 1n) }`,
  )
  const target = join(scratch, 'by-module')
  const { status, stderr } = kobel(['apply', module, '--source', KINDS, '--to', target])
  assert.equal(status, 0, stderr)
  const record = JSON.parse(readFileSync(`${target}.kobel.json`, 'utf8')) as { edit: { module: string } }
  assert.match(record.edit.module, /value \+ 1n/)
  const before = linesOf(kobel(['read', KINDS, 'kinds-int', 'value']).stdout).map((line) => JSON.parse(line))
  const now = linesOf(kobel(['read', target, 'kinds-int', 'value']).stdout).map((line) => JSON.parse(line))
  assert.deepEqual(
    now,
    before.map((row: { value: number }) => ({ ...row, value: row.value + 1 })),
  )
  assert.match(kobel(['log', target]).stdout, /by kobel apply/)
})

test('states and operators are added', () => {
  const add = file('add.json', {
    operators: {
      'kinds-tuple': {
        states: { fresh: { add: { kind: 'value', type: 'long' }, set: [{ key: ['t7', 2], value: 5 }] } },
      },
    },
    take: [
      { from: `${process.cwd()}/fixtures/2.3.0/hashmap/windows/snapshot`, operator: 'windows-sliding', uid: 'taken' },
    ],
  })
  const target = join(scratch, 'added')
  const { status, stderr } = kobel(['apply', add, '--source', KINDS, '--to', target])
  assert.equal(status, 0, stderr)
  assert.match(kobel(['read', target, 'kinds-tuple', 'fresh']).stdout, /"key":\["t7",2\],"value":5\}/)
  const rows = (path: string, operator: string): string => kobel(['read', path, operator, 'window-contents']).stdout
  assert.equal(rows(target, 'taken'), rows('fixtures/2.3.0/hashmap/windows/snapshot', 'windows-sliding'))
  assert.equal(kobel(['check', target]).status, 0)
})

test('what is wrong is said, with the exit code', () => {
  const cases: readonly (readonly [string[], number, RegExp])[] = [
    [['convert', KINDS], 2, /--to/],
    [['rescale', KINDS, '--max-parallelism', 'many', '--dry-run'], 2, /takes a whole number/],
    [['rescale', KINDS, '--max-parallelism', '40000', '--dry-run'], 2, /1 to 32768/],
    [['rescale', KINDS, '--max-parallelism', '1', '--dry-run'], 5, /max parallelism cannot be less/],
    [['rename', KINDS, 'kinds-tuple', '--dry-run'], 2, /--uid/],
    [['rename', KINDS, 'kinds-tuple', '--state', 'nothing', '--name', 'x', '--dry-run'], 3, /there is no state/],
    [['remove', KINDS, 'kinds-tupel', '--dry-run'], 3, /kinds-tuple/],
    [['set', KINDS, 'kinds-tuple', 'value', '--key', '["a",1]', '--value', '7', '--dry-run'], 2, /./],
    [['delete', KINDS, 'kinds-tuple', 'value', '--where', 'amount < 0', '--dry-run'], 2, /a condition is like/],
    [
      ['apply', file('wrong.json', { operators: { 'kinds-tuple': { uidd: 'x' } } }), '--source', KINDS, '--dry-run'],
      2,
      /no member uidd/,
    ],
    [['apply', file('cut.json', '{'), '--source', KINDS, '--dry-run'], 2, /no JSON/],
    [['convert', KINDS, '--to', KINDS], 5, /savepoint already/],
  ]
  for (const [args, code, message] of cases) {
    const { status, stderr } = kobel(args)
    assert.equal(status, code, `${args.join(' ')}: ${stderr}`)
    assert.match(stderr, message)
  }
})
