import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fromBase64 } from '../../src/bytes/encoding.ts'
import { dumpSnapshot } from '../../src/export/dump.ts'
import {
  codecLayout,
  KobelError,
  openSnapshot,
  Reader,
  row,
  type SerializerRow,
  simpleRow,
  Writer,
} from '../../src/node/index.ts'
import { hashValue, isHashable } from '../../src/serializer/interpreter/hash.ts'
import { valueToJson } from '../../src/serializer/interpreter/json.ts'
import { createSnapshot } from '../../src/serializer/row.ts'
import { serializerTable } from '../../src/serializer/table.ts'

/** The serializers of the job `unknown` (conformance/): two shorts, and text with its length in two bytes. */
const PLAIN = 'kobel.conformance.types.PlainSerializer$Snapshot'
const ODD = 'kobel.conformance.types.OddSerializer$Snapshot'

const ODD_ROW: SerializerRow = row<Uint8Array>({
  snapshotClass: ODD,
  versions: [17],
  readBody: ({ reader }) => reader.take(21),
  writeBody: (writer, body) => writer.raw(body),
  type: () => ({ kind: 'string' }),
  layout: () =>
    codecLayout('kobel.conformance.types.Custom$Odd', {
      shape: { op: 'string' },
      read: (reader) => reader.utf(),
      write: (writer, value: string) => writer.utf(value),
    }),
})

const ROWS: readonly SerializerRow[] = [simpleRow(PLAIN, { kind: 'int' }, { op: 'i32' }), ODD_ROW]

type Json = null | boolean | number | string | Json[] | { [name: string]: Json }

/** What real Flink's job wrote, with the bytes of both classes read here. */
function decoded(json: Json | undefined): Json {
  if (Array.isArray(json)) return json.map(decoded)
  if (typeof json !== 'object' || json === null) return json ?? null
  if (typeof json.bytes === 'string') {
    const bytes = Buffer.from(fromBase64(json.bytes))
    assert.ok(json.class === PLAIN || json.class === ODD)
    return json.class === PLAIN ? bytes.readInt32BE() : bytes.subarray(2).toString('utf8')
  }
  const { unknown, ...rest } = json
  const members = Object.fromEntries(Object.entries(rest).map(([name, each]) => [name, decoded(each)]))
  return unknown === true && rest.class === undefined ? members.fields! : members
}

interface Expected {
  readonly operators: readonly {
    readonly uid: string
    readonly keyedStates: readonly { readonly name: string; readonly entries: readonly Record<string, Json>[] }[]
  }[]
}

const textOf = (entry: Record<string, Json>): string =>
  JSON.stringify([decoded(entry.key), decoded(entry.mapKey), decoded(entry.value)])

for (const fixture of [
  '2.3.0/hashmap/unknown',
  '2.3.0/hashmap/unknown-native',
  '2.3.0/rocksdb/unknown',
  '1.20.3/rocksdb/unknown',
]) {
  test(`keys, values, fields of POJOs and tuples, elements and map values of a user's rows: ${fixture}`, async () => {
    const expected = JSON.parse(readFileSync(`fixtures/${fixture}/expected.json`, 'utf8')) as Expected
    const uids = expected.operators.map((operator) => operator.uid)
    await using snapshot = await openSnapshot(`fixtures/${fixture}/snapshot`, { serializers: ROWS, uids })
    const found = new Map<string, string[]>()
    for await (const line of dumpSnapshot(snapshot)) {
      const entry = JSON.parse(line) as Record<string, Json>
      if (typeof entry.state !== 'string') continue
      assert.ok(!line.includes('"bytes"'), line)
      const name = `${entry.uid} ${entry.state}`
      found.set(name, [...(found.get(name) ?? []), textOf(entry)])
    }
    for (const operator of expected.operators) {
      for (const state of operator.keyedStates) {
        const lines = found.get(`${operator.uid} ${state.name}`)
        assert.deepEqual(lines?.sort(), state.entries.map(textOf).sort(), `${operator.uid} ${state.name}`)
      }
    }
  })
}

test('a key of a user row is found whatever its hash; with a hash one key group is read', async () => {
  const location = 'fixtures/2.3.0/hashmap/unknown/snapshot'
  await using snapshot = await openSnapshot(location, { serializers: ROWS })
  const text = snapshot.operator('unknown-plain-key').state('text')
  assert.equal(await text.get(44), 'text of 3')
  assert.equal(await text.get(45), undefined)
  assert.equal(await snapshot.operator('unknown-odd-key').state('text').get('bcd'), 'text of 2')

  // `Custom.Plain.hashCode` is value * 7 + 1.
  const hash = (reader: Reader): number => (Math.imul(reader.i32(), 7) + 1) | 0
  const hashing = [simpleRow(PLAIN, { kind: 'int' }, { op: 'i32' }, { hash })]
  await using other = await openSnapshot(location, { serializers: hashing })
  for (const [key, value] of [
    [0, 'text of 0'],
    [-1, 'text of 2'],
    [70_000, 'text of 4'],
  ] as const) {
    assert.equal(await other.operator('unknown-plain-key').state('text').get(key), value)
  }
})

test('a layout of an int is no Integer: the hash of a user row is only what it says', () => {
  const layoutOf = (each: SerializerRow) => serializerTable([each]).get(PLAIN)!.layout(undefined)
  const silent = layoutOf(simpleRow(PLAIN, { kind: 'int' }, { op: 'i32' }))
  assert.equal(isHashable(silent), false)
  assert.throws(() => hashValue(silent, new Reader(new Uint8Array(4))), { code: 'UNHASHABLE' })
  assert.deepEqual(layoutOf(simpleRow(PLAIN, { kind: 'int' }, { op: 'i32' }, { hash: 'layout' })), { op: 'i32' })
  const composed = layoutOf(simpleRow(PLAIN, { kind: 'tuple' }, { op: 'tuple', fields: [silent, { op: 'string' }] }))
  assert.equal(isHashable(composed), false)
})

test('a row for a class that kobel knows replaces it', () => {
  const name = 'org.apache.flink.api.common.typeutils.base.IntSerializer$IntSerializerSnapshot'
  const replaced = serializerTable([simpleRow(name, { kind: 'date' }, { op: 'i32' })]).get(name)!
  assert.deepEqual(replaced.type(undefined), { kind: 'date' })
  assert.equal(isHashable(replaced.layout(undefined)), true)
})

test('a snapshot of a user row is written, and values by functions read back', () => {
  const body = new Uint8Array(21).fill(7)
  const { layout, raw } = createSnapshot(ODD_ROW, body)
  assert.deepEqual(raw.subarray(-21), body)
  const writer = new Writer()
  assert.ok(layout.op === 'codec')
  layout.codec.write(writer, 'é')
  assert.deepEqual(writer.toBytes(), Uint8Array.of(0, 2, 0xc3, 0xa9))
  assert.equal(layout.codec.read(new Reader(writer.toBytes()), -1), 'é')
  assert.equal(valueToJson(layout, 'é'), '"é"')
  assert.equal(layout.codec.fromJson('é'), 'é')
})

test('an error in functions of a row names the row', () => {
  const broken = codecLayout('com.acme.Broken', {
    shape: { op: 'i32' },
    read: () => {
      throw new RangeError('oops')
    },
    write: () => {},
  })
  assert.ok(broken.op === 'codec')
  const { codec } = broken
  assert.throws(
    () => codec.read(new Reader(new Uint8Array(4)), -1),
    (error) => error instanceof KobelError && error.code === 'CORRUPT' && /com\.acme\.Broken.*oops/.test(error.message),
  )
})
