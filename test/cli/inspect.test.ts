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

const KINDS = 'fixtures/2.3.0/rocksdb/kinds/snapshot'
const KRYO = 'fixtures/1.20.3/hashmap/kryo/snapshot'

test('inspect draws a small savepoint', () => {
  const directory = tinySavepoint('state')
  const { status, stdout, stderr } = kobel(['inspect', directory, '--counts'])
  assert.equal(stderr, '')
  assert.equal(status, 0)
  const [location, ...lines] = linesOf(stdout)
  assert.equal(location, directory)
  // Keys: one byte of length, the characters, one byte of VoidNamespace.
  const keyBytes = TINY_ENTRIES.reduce((sum, { key }) => sum + 1 + key.length + 1, 0)
  assert.deepEqual(
    lines.map((line) => line.replace(/[\d.]+ k?B(?=$| in)/, 'N B')),
    [
      'Savepoint · canonical · checkpoint 7',
      'written by Flink 1.16 to 1.20 · _metadata version 4',
      'N B in 2 files · 1 operator · 1 state',
      '',
      TINY_ID,
      '│ parallelism 1, max 128 · key string · N B',
      `└─ count  value  × 4  ${keyBytes + 4 * 8} B  long`,
    ],
  )
})

test('inspect --json says everything as data', () => {
  const { status, stdout } = kobel(['inspect', tinySavepoint('state'), '--counts', '--json'])
  assert.equal(status, 0)
  const description = JSON.parse(stdout)
  assert.equal(description.kind, 'savepoint')
  assert.equal(description.format, 'canonical')
  assert.equal(description.checkpointId, 7)
  assert.equal(description.metadataVersion, 4)
  assert.equal(description.backend, 'any')
  assert.equal(description.properties, null)
  assert.deepEqual(description.flink, { first: '1.16', last: '1.20', marks: [] })
  assert.equal(description.files, 2)
  const [operator] = description.operators
  assert.equal(operator.id, TINY_ID)
  assert.deepEqual(operator.layouts, ['canonical'])
  assert.deepEqual(operator.key, { kind: 'string' })
  assert.equal(operator.bytes.keyed, tinyStream(127, TINY_ENTRIES).bytes.length)
  const [state] = operator.states
  assert.equal(state.name, 'count')
  assert.equal(state.kind, 'value')
  assert.deepEqual(state.value, { kind: 'long' })
  assert.deepEqual(state.counts, { entries: 4, keyBytes: 27, valueBytes: 32 })
})

test('inspect counts the entries that the generator of a fixture says', () => {
  const { stdout } = kobel(['inspect', KINDS, '--operator', 'kinds-int', '--counts', '--json'])
  const { operators, operatorCount } = JSON.parse(stdout)
  assert.equal(operators.length, 1)
  assert.ok(operatorCount > 1)
  const counts = Object.fromEntries(
    operators[0].states.map((state: { name: string; counts: { entries: number } }) => [
      state.name,
      state.counts.entries,
    ]),
  )
  assert.equal(counts.value, 24)
  assert.equal(counts.map, 60)
  assert.equal(counts['never-map'], 0)
  assert.equal(operators[0].states.find((state: { name: string }) => state.name === 'ttl-list').ttl, true)
})

test('lines of inspect fit a narrow and a wide terminal, and are not broken in a pipe', () => {
  for (const columns of [45, 60, 80, 140]) {
    const { stdout } = kobel(['inspect', KINDS], { COLUMNS: String(columns) })
    // The path is printed whole: it is there to be copied.
    for (const line of linesOf(stdout).slice(1)) assert.ok([...line].length <= columns, `${columns}: ${line}`)
  }
  const { stdout } = kobel(['inspect', KINDS])
  assert.match(
    stdout,
    /map-by-enum .* map<Weekday\(MONDAY\|TUESDAY\|WEDNESDAY\|THURSDAY\|FRIDAY\|SATURDAY\|…\), list<int>>/,
  )
})

test('colours are for terminals, FORCE_COLOR asks for them, NO_COLOR goes first', () => {
  assert.ok(!kobel(['inspect', KRYO]).stdout.includes('\x1b'))
  assert.ok(kobel(['inspect', KRYO], { FORCE_COLOR: '1' }).stdout.includes('\x1b['))
  assert.ok(!kobel(['inspect', KRYO], { FORCE_COLOR: '1', NO_COLOR: '1' }).stdout.includes('\x1b'))
})

test('inspect marks state that Flink 2.x will not restore', () => {
  const { stdout } = kobel(['inspect', KRYO])
  assert.match(stdout, /ticket +value +\[kryo\] /)
  assert.match(stdout, /before +value +long/)
  assert.match(stdout, /^\[kryo\] written by Kryo 2/m)
  const { stdout: later } = kobel(['inspect', 'fixtures/2.3.0/hashmap/kryo/snapshot'])
  assert.doesNotMatch(later, /\[kryo\]/)
})

test('inspect shows where subtasks declare different types', () => {
  const { stdout } = kobel(['inspect', 'fixtures/2.3.0/rocksdb/types/snapshot', '--operator', 'types-collections'])
  assert.match(
    stdout,
    /map-pojo-subclasses +map +\[differs\] map<int, Shape\{id: int, name: string\} \| Circle \| Ring/,
  )
  assert.match(stdout, /^│ +1 subtask: map<int, Shape\{/m)
  assert.match(stdout, /^\[differs\] subtasks declare different types$/m)
})

test('inspect --uids names operators whose ids are hashes', () => {
  const file = join(directoryWith({}), 'uids')
  writeFileSync(file, 'nothing\nkinds-long\n\n')
  const snapshot = 'fixtures/1.20.3/rocksdb/kinds/snapshot'
  assert.doesNotMatch(kobel(['inspect', snapshot]).stdout, /^kinds-long/m)
  assert.match(kobel(['inspect', snapshot, '--uids', file]).stdout, /^kinds-long {2}[0-9a-f]{32}$/m)
})

test('a state file that is not there is said, and the rest shown', () => {
  const directory = directoryWith({ _metadata: tinyMetadata(tinyStream(127, TINY_ENTRIES), {}, 'gone') })
  const { status, stdout } = kobel(['inspect', directory])
  assert.equal(status, 0)
  assert.match(stdout, /unreadable in subtask 0: keyed state: .*\(NOT_FOUND, .*gone\)/)
  const [operator] = JSON.parse(kobel(['inspect', directory, '--json']).stdout).operators
  assert.equal(operator.unreadable[0].code, 'NOT_FOUND')
  assert.equal(operator.unreadable[0].subtask, 0)
})

test('names cannot steer the terminal', () => {
  const { stdout } = kobel(['inspect', 'fixtures/2.3.0/rocksdb/names/snapshot'])
  assert.match(stdout, /\\u0001\\u001f/)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  assert.doesNotMatch(stdout, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
})
