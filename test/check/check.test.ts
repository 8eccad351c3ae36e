import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type CheckReport, checkSnapshot } from '../../src/check/check.ts'
import type { Finding } from '../../src/check/findings.ts'
import { openSnapshot } from '../../src/node/index.ts'
import { type Files, filesOf, openFiles, withBit, withFile } from '../support/damage.ts'
import { TINY_ENTRIES, TINY_ID, type TinyStream, tinyMetadata, tinyStream } from '../support/tiny-savepoint.ts'

async function check(files: Files): Promise<CheckReport> {
  return checkSnapshot(await openFiles(files))
}

function wrong(report: CheckReport): Finding[] {
  return report.findings.filter((finding) => finding.severity !== 'note')
}

/** What a finding says, without its message. */
function places(findings: readonly Finding[]): object[] {
  return findings.map(({ message: _, ...place }) => place)
}

function tiny(stream: TinyStream = tinyStream(127, TINY_ENTRIES)): Files {
  return new Map([
    ['_metadata', tinyMetadata(stream, {}, 'state')],
    ['state', stream.bytes],
  ])
}

const FIXTURES = readdirSync('fixtures', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('/_metadata'))
  .map((name) => join('fixtures', name, '..'))
  .sort()

test('what Flink wrote is fine', async () => {
  assert.ok(FIXTURES.length > 60)
  for (const directory of FIXTURES) {
    const snapshot = await openSnapshot(directory, { heads: 'lazy' })
    const report = await checkSnapshot(snapshot)
    await snapshot.close()
    assert.deepEqual(wrong(report), [], directory)
    assert.equal(report.fine, true)
    assert.equal(report.files > 0 || report.bytes === 0, true)
  }
})

test('unknown classes are notes', async () => {
  const report = await check(filesOf('fixtures/2.3.0/rocksdb/unknown/snapshot'))
  assert.equal(report.fine, true)
  assert.ok(report.findings.some((finding) => finding.code === 'UNKNOWN_SERIALIZER'))
})

test('a small savepoint is counted', async () => {
  const report = await check(tiny())
  assert.deepEqual(report.findings, [])
  assert.deepEqual(report.operators, [
    { id: TINY_ID, operator: TINY_ID, states: [{ name: 'count', entries: TINY_ENTRIES.length, whole: true }] },
  ])
})

test('a missing file is named, and what lay in it', async () => {
  const report = await check(withFile(tiny(), 'state'))
  const place = { severity: 'error', operator: TINY_ID, subtask: 0, file: '/s/state' }
  assert.deepEqual(places(report.findings), [
    { ...place, code: 'MISSING_FILE' },
    { ...place, code: 'NOT_FOUND', keyGroups: [0, 127] },
  ])
  assert.equal(report.fine, false)
})

test('of a file that was cut the key groups before the cut are left', async () => {
  const stream = tinyStream(127, TINY_ENTRIES)
  // Into the key group of the third entry.
  const report = await check(withFile(tiny(stream), 'state', stream.bytes.slice(0, stream.offsets[94]! + 5)))
  const place = { severity: 'error', operator: TINY_ID, subtask: 0, file: '/s/state' }
  assert.deepEqual(places(report.findings), [
    { ...place, code: 'WRONG_SIZE' },
    { ...place, code: 'TRUNCATED', keyGroup: 94 },
    { ...place, code: 'TRUNCATED', keyGroup: 116 },
  ])
  assert.deepEqual(report.operators[0]!.states, [{ name: 'count', entries: 2, whole: false }])
})

test('a file with more bytes than stated is a warning', async () => {
  const { bytes } = tinyStream(127, TINY_ENTRIES)
  const report = await check(withFile(tiny(), 'state', Uint8Array.of(...bytes, 0)))
  assert.deepEqual(
    report.findings.map(({ severity, code }) => [severity, code]),
    [['warning', 'WRONG_SIZE']],
  )
  assert.equal(report.fine, false)
})

test('a broken key group hides no other', async () => {
  const stream = tinyStream(127, TINY_ENTRIES)
  // The highest bit of the length of the key: behind the state id.
  const report = await check(withFile(tiny(stream), 'state', withBit(stream.bytes, stream.offsets[21]! + 2, 7)))
  assert.deepEqual(
    report.findings.map(({ code, keyGroup }) => [code, keyGroup]),
    [['CORRUPT', 21]],
  )
  assert.equal(report.operators[0]!.states[0]!.entries, 3)
})

test('an entry that lies in another key group than its prefix says is found', async () => {
  const stream = tinyStream(127, TINY_ENTRIES)
  const report = await check(withFile(tiny(stream), 'state', withBit(stream.bytes, stream.offsets[15]! + 6)))
  assert.deepEqual(
    report.findings.map(({ code, keyGroup }) => [code, keyGroup]),
    [['CORRUPT', 15]],
  )
})

test('a key in the wrong key group is found by its hash', async () => {
  const report = await check(tiny(tinyStream(127, [...TINY_ENTRIES, { keyGroup: 5, key: 'alice', value: 1n }])))
  assert.deepEqual(report.findings, [
    {
      severity: 'error',
      code: 'WRONG_KEY_GROUP',
      operator: TINY_ID,
      state: 'count',
      subtask: 0,
      keyGroup: 5,
      message: 'the key belongs to key group 116: Flink will not find it',
    },
  ])
})

test('bytes behind the end of a key group are found', async () => {
  const { bytes, offsets } = tinyStream(127, [{ keyGroup: 116, key: 'alice', value: 1n }])
  const report = await check(tiny({ bytes: Uint8Array.of(...bytes, 1, 2, 3), offsets }))
  assert.deepEqual(
    report.findings.map(({ code, keyGroup }) => [code, keyGroup]),
    [['CORRUPT', 116]],
  )
  assert.equal(report.entries, 1)
})

test('a key that stands twice is found', async () => {
  const { bytes, offsets } = tinyStream(127, [{ keyGroup: 116, key: 'alice', value: 1n }])
  const head = bytes.slice(0, offsets[116]! + 2)
  // Length, key group, key of 6 bytes and VoidNamespace, length, value; the mark of the last entry is the highest bit.
  const entry = bytes.slice(offsets[116]! + 2, -2)
  assert.equal(entry.length, 4 + 1 + 6 + 1 + 4 + 8)
  const twice = Uint8Array.of(...head, ...withBit(entry, 4, 7), ...entry, 0xff, 0xff)
  const report = await check(tiny({ bytes: twice, offsets }))
  assert.deepEqual(
    report.findings.map(({ code, state, keyGroup }) => [code, state, keyGroup]),
    [['DUPLICATE', 'count', 116]],
  )
})

test('ranges of key groups follow the formula of Flink', async () => {
  const short = await check(tiny(tinyStream(126, TINY_ENTRIES)))
  assert.deepEqual(
    short.findings.map(({ severity, code, keyGroup, keyGroups }) => [severity, code, keyGroup ?? keyGroups]),
    [
      ['error', 'WRONG_RANGE', [0, 126]],
      ['error', 'GAP', 127],
    ],
  )
})

test('subtasks that hold the same key groups are found', async () => {
  const stream = tinyStream(127, TINY_ENTRIES)
  const files = new Map([['_metadata', twoSubtasks(stream)]])
  const report = await check(files)
  const found = report.findings.map(({ code, subtask, keyGroups }) => [code, subtask, keyGroups])
  assert.deepEqual(found, [
    ['WRONG_RANGE', 0, [0, 127]],
    ['WRONG_RANGE', 1, [0, 127]],
    ['OVERLAP', 1, [0, 127]],
  ])
})

function twoSubtasks(stream: TinyStream): Uint8Array {
  const subtask = (index: number) => ({
    index,
    finished: false,
    managedKeyedState: {
      kind: 'savepoint-key-groups' as const,
      keyGroupRange: { keyGroupFirst: 0, keyGroupLast: 127 },
      offsets: stream.offsets,
      stream: { kind: 'byte-stream' as const, name: 'inline', bytes: stream.bytes },
    },
    inputChannelState: [],
    resultSubpartitionState: [],
  })
  const subtasks = [subtask(0), subtask(1)]
  return tinyMetadata(stream, {
    operators: [{ id: TINY_ID, parallelism: 2, maxParallelism: 128, fullyFinished: false, subtasks }],
  })
}

/** The tables of databases, by the names of their files. */
async function tablesOf(files: Files): Promise<string[]> {
  const { metadata } = await openFiles(files)
  const tables = metadata.operators.flatMap((operator) =>
    operator.subtasks.flatMap(({ managedKeyedState: handle }) =>
      handle?.kind === 'incremental' ? [...handle.sharedState, ...handle.privateState] : [],
    ),
  )
  return tables.flatMap(({ localPath, handle }) =>
    localPath.endsWith('.sst') && handle.kind === 'relative-file' ? [handle.path] : [],
  )
}

test('a flipped bit in a table is found by its checksum, and costs its block only', async () => {
  const files = filesOf('fixtures/2.3.0/rocksdb/windows-native/snapshot')
  const whole = await check(files)
  const tables = (await tablesOf(files)).slice(0, 12)
  assert.ok(tables.length > 3)
  let lost = 0
  for (const name of tables) {
    const report = await check(withFile(files, name, withBit(files.get(name)!, 9, 3)))
    const errors = wrong(report)
    assert.deepEqual(
      [...new Set(errors.map(({ code, file }) => [code, file].join(' ')))],
      [`CORRUPT /s/${name}`],
      JSON.stringify(errors),
    )
    assert.match(errors[0]!.message, /checksum/)
    assert.ok(errors[0]!.state !== undefined && (errors[0]!.keyGroup ?? errors[0]!.keyGroups) !== undefined)
    // Some tables hold nothing but deletions; where these are of an older table, its entries show again, and it is said.
    const isStale = /older values may show/.test(errors[0]!.message)
    assert.ok(report.entries <= whole.entries || isStale, JSON.stringify(errors))
    assert.ok(report.entries > whole.entries / 2)
    lost += whole.entries - report.entries
  }
  assert.ok(lost > 0)
})

test('a table that is missing costs its entries only', async () => {
  const files = filesOf('fixtures/2.3.0/rocksdb/windows-native/snapshot')
  const whole = await check(files)
  const [name] = await tablesOf(files)
  const report = await check(withFile(files, name!))
  assert.deepEqual(
    wrong(report).map(({ code, file }) => [code, file]),
    [
      ['MISSING_FILE', `/s/${name}`],
      ['NOT_FOUND', `/s/${name}`],
    ],
  )
  assert.ok(report.entries < whole.entries && report.entries > whole.entries / 2)
})

test('flipped bits in compressed state are found, and never throw', async () => {
  for (const backend of ['rocksdb', 'hashmap']) {
    const files = filesOf(`fixtures/2.3.0/${backend}/kinds-compressed/snapshot`)
    const { metadata } = await openFiles(files)
    const handle = metadata.operators.flatMap((operator) =>
      operator.subtasks.flatMap(({ managedKeyedState }) =>
        managedKeyedState && 'offsets' in managedKeyedState ? [managedKeyedState] : [],
      ),
    )[0]!
    assert.equal(handle.stream.kind, 'relative-file')
    const name = handle.stream.kind === 'relative-file' ? handle.stream.path : ''
    const bytes = files.get(name)!
    const first = Math.min(...handle.offsets.filter((offset) => offset > 0))
    // Past the identifier of the Snappy stream, in steps that meet chunk headers, checksums and bytes.
    for (let at = first + 14; at < bytes.length; at += 211) {
      const report = await check(withFile(files, name, withBit(bytes, at, at % 8)))
      assert.equal(report.fine, false, `${backend}, bit at ${at}`)
    }
  }
})

test('a flipped bit anywhere never throws', async () => {
  for (const fixture of ['hashmap/opstate-native', 'hashmap/kinds-native', 'rocksdb/windows']) {
    const files = filesOf(`fixtures/2.3.0/${fixture}/snapshot`)
    for (const [name, bytes] of files) {
      if (name === '_metadata') continue
      for (let at = 0; at < bytes.length; at += 1 + Math.floor(bytes.length / 5)) {
        const report = await check(withFile(files, name, withBit(bytes, at, (at * 5) % 8)))
        assert.ok(report.operators.length > 0)
      }
    }
  }
})

test('files of operator state that are cut are found', async () => {
  const files = filesOf('fixtures/2.3.0/hashmap/opstate-native/snapshot')
  for (const [name, bytes] of files) {
    if (name === '_metadata') continue
    const report = await check(withFile(files, name, bytes.slice(0, bytes.length >> 1)))
    assert.ok(wrong(report).some(({ code, file }) => code === 'WRONG_SIZE' && file === `/s/${name}`))
  }
})
