import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fromBase64, fromHex, toHex } from '../../src/bytes/encoding.ts'
import { Reader } from '../../src/bytes/reader.ts'
import { Writer } from '../../src/bytes/writer.ts'
import { KobelError } from '../../src/error.ts'
import {
  ChangeSetScanner,
  readMetadataChange,
  writeChangeSet,
  writeMetadataChange,
} from '../../src/format/changelog.ts'
import { ChangelogOverlay } from '../../src/format/changelog-overlay.ts'
import { type KeyedStateInfo, keyedStatesOf } from '../../src/format/keyed-state.ts'
import type { StateMetaInfo } from '../../src/format/state-meta-info.ts'
import { readVersionedSnapshot, type SerializerSnapshot, unknownSnapshot } from '../../src/serializer/snapshot.ts'
import { SERIALIZER_TABLE } from '../../src/serializer/table.ts'

const samples = JSON.parse(readFileSync('test/snapshot/changelog.json', 'utf8')) as { changeSets: string[] }[]
const realSets = samples.flatMap((sample) => sample.changeSets.map(fromBase64))

function changesOf(set: Uint8Array, windowBytes: number): string[] {
  const scanner = new ChangeSetScanner()
  const changes: string[] = []
  let at = 0
  for (let length = windowBytes; !scanner.done; ) {
    const window = set.slice(at, at + length)
    const consumed = scanner.step(window, (keyGroup, change) => changes.push(`${keyGroup} ${toHex(change)}`))
    at += consumed
    length = consumed === 0 ? length + 1 : windowBytes
    assert.ok(length <= set.length + 1, 'the scanner ends with the set')
  }
  assert.equal(at, set.length)
  return changes
}

test('a change set comes out the same through windows of any size', () => {
  assert.match(changesOf(realSets[0]!, realSets[0]!.length)[0]!, /^-1 08/, 'metadata comes first')
  for (const set of realSets) {
    const whole = changesOf(set, set.length)
    assert.ok(whole.length > 20)
    for (const windowBytes of [1, 7, 1000]) assert.deepEqual(changesOf(set, windowBytes), whole)
  }
})

test('change sets and metadata of Flink 2.3.0 are written back byte for byte', () => {
  for (const set of realSets) {
    const groups: { keyGroup: number; changes: Uint8Array[] }[] = []
    new ChangeSetScanner().step(set, (keyGroup, change) => {
      if (groups.at(-1)?.keyGroup !== keyGroup) groups.push({ keyGroup, changes: [] })
      groups.at(-1)!.changes.push(change)
    })
    const writer = new Writer()
    writeChangeSet(writer, groups)
    assert.equal(toHex(writer.toBytes()), toHex(set))
    for (const change of groups.find((group) => group.keyGroup === -1)?.changes ?? []) {
      const { stateId, info } = readMetadataChange(change, SERIALIZER_TABLE, {})
      assert.equal(toHex(writeMetadataChange(stateId, info)), toHex(change))
    }
  }
})

const BASE = 'org.apache.flink.api.common.typeutils.base'

function snapshot(className: string): SerializerSnapshot {
  const writer = new Writer()
  writer.utf(className)
  writer.i32(3)
  const reader = new Reader(writer.toBytes())
  return readVersionedSnapshot({ reader, table: SERIALIZER_TABLE, extents: new Map(), depth: 0 })
}

const string = snapshot(`${BASE}.StringSerializer$StringSerializerSnapshot`)
const byte = snapshot(`${BASE}.ByteSerializer$ByteSerializerSnapshot`)

function composite(className: string, ...nested: SerializerSnapshot[]): SerializerSnapshot {
  const writer = new Writer()
  writer.utf(className)
  writer.i32(3)
  writer.i32(911108)
  writer.i32(1)
  writer.i32(1333245)
  writer.i32(1)
  writer.i32(nested.length)
  for (const each of nested) writer.raw(each.raw)
  const reader = new Reader(writer.toBytes())
  return readVersionedSnapshot({ reader, table: SERIALIZER_TABLE, extents: new Map(), depth: 0 })
}

/** A state with byte keys, string namespaces and string values. */
function stateOf(kind: string, value: SerializerSnapshot, key: SerializerSnapshot = byte): KeyedStateInfo {
  const info: StateMetaInfo = {
    name: kind.toLowerCase(),
    backendStateType: 'KEY_VALUE',
    options: [['KEYED_STATE_TYPE', kind]],
    serializers: [
      ['VALUE_SERIALIZER', value],
      ['NAMESPACE_SERIALIZER', string],
    ],
  }
  return keyedStatesOf({ version: 6, compressed: false, keySerializer: key, states: [info], length: 0 })[0]!
}

const list = stateOf('LIST', composite(`${BASE}.ListSerializerSnapshot`, string))
const map = stateOf('MAP', composite(`${BASE}.MapSerializerSnapshot`, byte, string))
const reducing = stateOf('REDUCING', string)

/** What is left of changes, as "key namespace map-key value" in hex. Spaces in changes divide their parts. */
function replay(state: KeyedStateInfo, changes: readonly string[]): string[] {
  const overlay = new ChangelogOverlay(5, { states: [state] })
  for (const change of changes) overlay.apply(0, fromHex(change.replaceAll(' ', '')))
  return overlay.finish().flatMap((batch) => {
    assert.equal(batch.kind, 'entries')
    assert.equal(batch.keyGroup, 5)
    if (batch.kind !== 'entries') return []
    const part = (pairs: Uint32Array, i: number): string =>
      toHex(batch.buffer.subarray(pairs[2 * i]!, pairs[2 * i + 1]!))
    return Array.from({ length: batch.count }, (_, i) =>
      [batch.keys, batch.namespaces, batch.mapKeys, batch.values].map((pairs) => part(pairs, i)).join(' '),
    ).sort()
  })
}

// Strings: "a" is 0261. Operations: 00 CLEAR, 01 SET, 02 SET_INTERNAL, 03 ADD, 04 MERGE_NS, 05 ADD_ELEMENT,
// 06 ADD_OR_UPDATE_ELEMENT, 07 REMOVE_ELEMENT; then the state id 0000, key, namespace.

test('lists: elements are added in order, set and cleared', () => {
  assert.deepEqual(
    replay(list, [
      '05 0000 01 026e 0261',
      '03 0000 01 026e 00000002 0262 0263',
      '05 0000 02 026e 0278',
      '01 0000 02 026e 00000001 0279',
      '05 0000 02 026e 027a',
      '05 0000 03 026e 0261',
      '00 0000 03 026e',
      '01 0000 04 026e 00000000',
    ]),
    ['01 026e  02612c02622c0263', '02 026e  02792c027a'],
  )
})

test('lists: merged namespaces join the target and are gone', () => {
  assert.deepEqual(
    replay(list, [
      '05 0000 01 0274 0261',
      '05 0000 01 0273 0262',
      '05 0000 01 0272 0263',
      '05 0000 02 0272 0264',
      '04 0000 01 0274 0274 00000002 0273 0272',
    ]),
    ['01 0274  02612c02622c0263', '02 0272  0264'],
  )
})

test('values that only the job can merge are refused, unless the merged value follows', () => {
  const merge = ['02 0000 01 0274 0261', '02 0000 01 0273 0262', '04 0000 01 0274 0274 00000001 0273']
  assert.throws(
    () => replay(reducing, merge),
    (error) => error instanceof KobelError && /merges namespaces/.test(error.message),
  )
  assert.deepEqual(replay(reducing, [...merge, '02 0000 01 0274 027a']), ['01 0274  027a'])
  assert.deepEqual(replay(reducing, [...merge, '00 0000 01 0274']), [])
  // A single value needs no merging.
  assert.deepEqual(replay(reducing, [merge[1]!, merge[2]!]), ['01 0274  0262'])
})

test('maps: put, put all, remove, clear', () => {
  assert.deepEqual(
    replay(map, [
      '06 0000 01 026e 07 0261',
      '06 0000 01 026e 08 0262',
      '03 0000 01 026e 00000002 08 00 0263 09 01',
      '07 0000 01 026e 07',
      '06 0000 02 026e 07 0261',
      '00 0000 02 026e',
      '06 0000 02 026e 01 0271',
    ]),
    ['01 026e 08 000263', '01 026e 09 01', '02 026e 01 000271'],
  )
})

test('what the log touches is taken from the base, and no more', () => {
  const overlay = new ChangelogOverlay(5, { states: [map] })
  overlay.apply(0, fromHex('070000 01 026e 07'.replaceAll(' ', '')))
  overlay.apply(0, fromHex('000000 02 026e'.replaceAll(' ', '')))
  const keys = ['01', '01', '02', '03']
  const buffer = fromHex(`${keys.join('')}026e070800026100`)
  const same = (start: number, end: number): Uint32Array => Uint32Array.from(keys.flatMap(() => [start, end]))
  const batch = {
    kind: 'entries' as const,
    keyGroup: 5,
    count: 4,
    stateIds: new Uint16Array(4),
    states: [map],
    buffer,
    keys: Uint32Array.of(0, 1, 1, 2, 2, 3, 3, 4),
    namespaces: same(4, 6),
    mapKeys: Uint32Array.of(6, 7, 7, 8, 6, 7, 6, 7),
    values: same(8, 11),
  }
  const left = overlay.filter(batch)!
  assert.equal(left.count, 2)
  assert.deepEqual([...left.keys], [1, 2, 3, 4])
  assert.deepEqual([...left.mapKeys], [7, 8, 6, 7])
  assert.deepEqual(overlay.finish(), [])
})

test('a key of unknown type ends where only one end fits', () => {
  const unknown = stateOf('VALUE', byte, unknownSnapshot('com.acme.KeySnapshot', 1, new Uint8Array(0)))
  assert.deepEqual(replay(unknown, ['01 0000 aabbcc 0261 07']), ['aabbcc 0261  07'])
  assert.throws(
    () => replay(unknown, ['01 0000 0261 0261']),
    (error) => error instanceof KobelError && error.code === 'UNKNOWN_SERIALIZER',
  )
})

test('mutated change sets give changes or a KobelError', () => {
  const random = mulberry(7)
  for (let round = 0; round < 300; round++) {
    const set = realSets[round % realSets.length]!.slice()
    for (let n = 0; n < 3; n++) set[Math.floor(random() * Math.min(set.length, 4000))] = Math.floor(random() * 256)
    const states: KeyedStateInfo[] = []
    const overlay = new ChangelogOverlay(0, { states })
    const ids = new Map<number, number>()
    tolerate(() =>
      new ChangeSetScanner().step(set, (keyGroup, change) =>
        tolerate(() => {
          if (keyGroup === -1) {
            const { stateId, info } = readMetadataChange(change, SERIALIZER_TABLE, {})
            const head = { version: 6, compressed: false, keySerializer: string, states: [info], length: 0 }
            ids.set(stateId, states.push(keyedStatesOf(head)[0]!) - 1)
          } else if (change.length >= 3) {
            const id = ids.get(new Reader(change, 1).u16())
            if (id !== undefined) overlay.apply(id, change)
          }
        }),
      ),
    )
    tolerate(() => overlay.finish())
  }
})

function tolerate(run: () => void): void {
  try {
    run()
  } catch (error) {
    if (!(error instanceof KobelError)) throw error
  }
}

function mulberry(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
