import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dumpSnapshot } from '../../src/export/dump.ts'
import type { Entry } from '../../src/snapshot/decode.ts'
import type { Skipped } from '../../src/snapshot/skipped.ts'
import { type Files, filesOf, openFiles, withBit, withFile } from '../support/damage.ts'
import { TINY_ENTRIES, TINY_ID, tinyMetadata, tinyStream } from '../support/tiny-savepoint.ts'

const STREAM = tinyStream(127, TINY_ENTRIES)

function tiny(bytes: Uint8Array | undefined): Files {
  const files: Files = new Map([['_metadata', tinyMetadata(STREAM, {}, 'state')]])
  if (bytes) files.set('state', bytes)
  return files
}

async function salvage(files: Files): Promise<{ entries: Entry[]; skipped: Skipped[] }> {
  const snapshot = await openFiles(files)
  const skipped: Skipped[] = []
  const entries: Entry[] = []
  const state = snapshot.operator(TINY_ID).state('count')
  for await (const entry of state.entries({ onSkip: (each) => skipped.push(each) })) entries.push(entry)
  return { entries, skipped }
}

async function dump(files: Files, onSkip?: (skipped: Skipped) => void): Promise<string[]> {
  const lines: string[] = []
  for await (const line of dumpSnapshot(await openFiles(files), onSkip ? { onSkip } : {})) lines.push(line)
  return lines
}

test('the rest of a broken key group is skipped, and told', async () => {
  const broken = withBit(STREAM.bytes, STREAM.offsets[21]! + 2, 7)
  const { entries, skipped } = await salvage(tiny(broken))
  assert.deepEqual(
    entries.map((entry) => entry.key),
    ['carol', '', 'alice'],
  )
  assert.deepEqual(
    skipped.map(({ part, subtask, keyGroups, error }) => [part, subtask, keyGroups, error.code, error.where.operator]),
    [['keyed', 0, [21, 21], 'CORRUPT', TINY_ID]],
  )
  const whole = (await openFiles(tiny(broken))).operator(TINY_ID).state('count')
  await assert.rejects(async () => {
    for await (const _ of whole.entries());
  }, /a key of -\d+ bytes cannot be/)
})

test('an entry that does not decode is skipped alone', async () => {
  const { bytes, offsets } = tinyStream(127, [{ keyGroup: 116, key: 'alice', value: 42n }])
  const start = offsets[116]! + 2
  const entry = bytes.slice(start, -2)
  // Length, key group without the mark of the last entry, key of 6 bytes, VoidNamespace; then a long of 7 bytes.
  const short = Uint8Array.of(...withBit(entry, 4, 7).subarray(0, 4 + 1 + 6 + 1), 0, 0, 0, 7, 1, 2, 3, 4, 5, 6, 7)
  const broken = Uint8Array.of(...bytes.subarray(0, start), ...short, ...entry, 0xff, 0xff)
  const files: Files = new Map([['_metadata', tinyMetadata({ bytes: broken, offsets })]])
  const { entries, skipped } = await salvage(files)
  assert.deepEqual(
    entries.map(({ key, value }) => [key, value]),
    [['alice', 42n]],
  )
  assert.deepEqual(
    skipped.map(({ states, keyGroups, entries: count }) => [states, keyGroups, count]),
    [[['count'], [116, 116], 1]],
  )
})

test('a file that is not there costs the key groups of its handle', async () => {
  const { entries, skipped } = await salvage(tiny(undefined))
  assert.deepEqual(entries, [])
  assert.deepEqual(
    skipped.map(({ keyGroups, error }) => [keyGroups, error.code]),
    [[[0, 127], 'NOT_FOUND']],
  )
})

test('what a server fails to give is not left out', async () => {
  const snapshot = await openFiles(tiny(STREAM.bytes))
  const operator = snapshot.operator(TINY_ID)
  const store = operator.context.streams.store
  store.read = () => Promise.reject(new Error('the line is dead'))
  await assert.rejects(async () => {
    for await (const _ of operator.scan({ onSkip: () => {} }));
  }, /the line is dead/)
})

// A dump with a broken part is the dump of the whole without some lines.
for (const fixture of [
  '2.3.0/hashmap/kinds-native',
  '2.3.0/hashmap/kinds-native-compressed',
  '2.3.0/rocksdb/windows-native',
  '2.3.0/hashmap/opstate-native',
  '1.8.3/rocksdb/kinds-small',
]) {
  test(`dumps of a damaged ${fixture} leave out what is broken only`, async () => {
    const files = filesOf(`fixtures/${fixture}/snapshot`)
    const whole = new Set((await dump(files)).slice(1, -1))
    const names = [...files.keys()].filter((name) => name !== '_metadata' && files.get(name)!.length > 100)
    for (const name of names.filter((_, i) => i % Math.ceil(names.length / 3) === 0)) {
      const skipped: Skipped[] = []
      const left = (await dump(withFile(files, name), (each) => skipped.push(each))).slice(1, -1)
      assert.ok(left.length <= whole.size)
      if (left.length < whole.size) assert.ok(skipped.length > 0, name)
      const isStale = skipped.some((each) => each.stale)
      if (!isStale) assert.deepEqual(left.filter((line) => !whole.has(line)).slice(0, 2), [], name)
    }
  })
}
