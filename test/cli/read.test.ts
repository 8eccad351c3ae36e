import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { TINY_ID, tinySavepoint } from '../support/tiny-savepoint.ts'
import { kobel, linesOf } from './run.ts'

const KINDS = 'fixtures/2.3.0/rocksdb/kinds'

interface Expected {
  readonly operators: readonly {
    readonly uid: string
    readonly keyedStates: readonly { readonly name: string; readonly entries: readonly unknown[] }[]
    readonly timers: readonly {
      readonly domain: string
      readonly service: string
      readonly entries: readonly unknown[]
    }[]
  }[]
}

/** What the generator of the fixture knows of it. */
function expected(uid: string): Expected['operators'][number] {
  let text: string
  try {
    text = readFileSync(`${KINDS}/expected.json`, 'utf8')
  } catch {
    text = gunzipSync(readFileSync(`${KINDS}/expected.json.gz`)).toString('utf8')
  }
  return (JSON.parse(text) as Expected).operators.find((operator) => operator.uid === uid)!
}

function sorted(rows: readonly unknown[]): string[] {
  return rows.map((row) => JSON.stringify(row)).sort()
}

function read(...args: string[]): unknown[] {
  const { status, stdout, stderr } = kobel(['read', `${KINDS}/snapshot`, ...args])
  assert.equal(stderr, '')
  assert.equal(status, 0)
  return stdout === '' ? [] : linesOf(stdout).map((line) => JSON.parse(line))
}

test('read prints the entries of a state as JSON lines', () => {
  for (const name of ['value', 'map']) {
    const { entries } = expected('kinds-tuple').keyedStates.find((state) => state.name === name)!
    const rows = read('kinds-tuple', name).map((row) => {
      const { keyGroup, ...rest } = row as { keyGroup: number }
      assert.ok(keyGroup >= 0 && keyGroup < 1000)
      return rest
    })
    assert.deepEqual(sorted(rows), sorted(entries))
  }
})

test('read prints timers, by their full and their short name', () => {
  const { entries } = expected('kinds-int').timers.find((timers) => timers.domain === 'event')!
  const rows = read('kinds-int', 'event_user-timers').map((row) => {
    const { timestamp, key } = row as { timestamp: number; key: number }
    return { timestamp, key, namespace: null }
  })
  assert.deepEqual(sorted(rows), sorted(entries))
  assert.equal(read('kinds-int', '_timer_state/event_user-timers').length, rows.length)
})

test('read --key takes JSON, and bare text for text keys', () => {
  const keys: readonly (readonly [operator: string, key: string, found: unknown])[] = [
    ['kinds-string', '', ''],
    ['kinds-string', '11', '11'],
    ['kinds-string', '"11"', '11'],
    ['kinds-int', '-118', -118],
    ['kinds-long', '-9223372036854775808', '-9223372036854775808'],
    ['kinds-tuple', '["",-2]', ['', -2]],
    ['kinds-pojo', '{"day":"MONDAY","number":-9,"row":"row 0"}', undefined],
  ]
  for (const [operator, key, found] of keys) {
    const rows = read(operator, 'value', '--key', key) as { key: unknown; value: unknown }[]
    assert.equal(rows.length, 1, `${operator} ${key}`)
    if (found !== undefined) assert.deepEqual(rows[0]!.key, found)
  }
  assert.deepEqual(read('kinds-int', 'value', '--key', '-117'), [])
})

test('read --key-group and --limit', () => {
  const all = read('kinds-int', 'value') as { keyGroup: number }[]
  const { keyGroup } = all[5]!
  const some = read('kinds-int', 'value', '--key-group', String(keyGroup)) as { keyGroup: number }[]
  assert.deepEqual(
    some,
    all.filter((row) => row.keyGroup === keyGroup),
  )
  assert.deepEqual(
    read('kinds-int', 'value', '--key-group', '10-99'),
    all.filter((row) => row.keyGroup >= 10 && row.keyGroup <= 99),
  )
  assert.deepEqual(read('kinds-int', 'value', '--limit', '3'), all.slice(0, 3))
  assert.deepEqual(read('kinds-int', 'value', '--limit', '0'), [])
})

test('read --namespace chooses a window', () => {
  const snapshot = 'fixtures/2.3.0/rocksdb/windows/snapshot'
  const { operators } = JSON.parse(kobel(['inspect', snapshot, '--json']).stdout)
  const windowed = operators.find((operator: { states: { name: string; namespaceText?: string }[] }) =>
    operator.states.some((state) => state.name === 'window-contents' && state.namespaceText === 'time-window'),
  )
  const rows = linesOf(kobel(['read', snapshot, windowed.id, 'window-contents']).stdout).map((line) => JSON.parse(line))
  const namespace = JSON.stringify(rows[0].namespace)
  const { stdout } = kobel(['read', snapshot, windowed.id, 'window-contents', '--namespace', namespace])
  assert.deepEqual(
    linesOf(stdout).map((line) => JSON.parse(line)),
    rows.filter((row) => JSON.stringify(row.namespace) === namespace),
  )
})

test('read --format csv follows RFC 4180', () => {
  const { stdout } = kobel(['read', tinySavepoint('state'), TINY_ID, 'count', '--format', 'csv'])
  assert.equal(
    stdout,
    'keyGroup,key,value\r\n15,carol,1\r\n21,"dave, ""d""",9007199254740993\r\n94,"",-1\r\n116,alice,42\r\n',
  )
})

test('read --format table sets numbers to the right and cuts what does not fit', () => {
  const { stdout } = kobel(['read', tinySavepoint(), TINY_ID, 'count', '--format', 'table'])
  assert.deepEqual(linesOf(stdout), [
    'key                   value',
    'carol                     1',
    'dave, "d"  9007199254740993',
    '                         -1',
    'alice                    42',
  ])
  const narrow = kobel(['read', `${KINDS}/snapshot`, 'kinds-tuple', 'ttl-map', '--format', 'table'], { COLUMNS: '40' })
  for (const line of linesOf(narrow.stdout)) assert.ok([...line].length <= 40, line)
  const none = kobel(['read', tinySavepoint(), TINY_ID, 'count', '--format', 'table', '--key', 'nobody'])
  assert.equal(none.stdout, 'no entries\n')
})

test('read prints operator state', () => {
  const { stdout } = kobel([
    'read',
    'fixtures/1.20.3/rocksdb/inline-opstate/snapshot',
    'e10b129452007f85ed0619624ee3f22e',
    'numbers',
  ])
  const rows = linesOf(stdout).map((line) => JSON.parse(line))
  assert.equal(rows.length, 20)
  assert.deepEqual(Object.keys(rows[0]), ['subtask', 'value'])
})
