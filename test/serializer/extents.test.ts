import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromHex } from '../../src/bytes/encoding.ts'
import { Writer } from '../../src/bytes/writer.ts'
import { KobelError } from '../../src/error.ts'
import { readWithExtents } from '../../src/serializer/extents.ts'
import {
  readSerializerSnapshot,
  type SerializerSnapshot,
  type SnapshotSource,
  UnknownExtentError,
} from '../../src/serializer/snapshot.ts'
import { SERIALIZER_TABLE } from '../../src/serializer/table.ts'

const BASE = 'org.apache.flink.api.common.typeutils.base'
const STRING = `${BASE}.StringSerializer$StringSerializerSnapshot`
const LONG = `${BASE}.LongSerializer$LongSerializerSnapshot`
const LIST = `${BASE}.ListSerializerSnapshot`
const POJO = 'org.apache.flink.api.java.typeutils.runtime.PojoSerializerSnapshot'
const UNKNOWN = 'com.acme.MoneySerializer$MoneySnapshot'

/** A head as in a keyed state file: the key's snapshot, u16 count, { utf state name, snapshot }. */
function head(key: Uint8Array, states: readonly Uint8Array[]): Uint8Array {
  const writer = new Writer()
  writer.i32(2)
  writer.raw(key)
  writer.i16(states.length)
  states.forEach((state, i) => {
    writer.utf(`state-${i}`)
    writer.i32(2)
    writer.raw(state)
  })
  return writer.toBytes()
}

function readHead(source: SnapshotSource): readonly SerializerSnapshot[] {
  const { reader } = source
  const snapshots = [readSerializerSnapshot(source)]
  const count = reader.u16()
  for (let i = 0; i < count; i++) {
    assert.ok(reader.utf() !== undefined)
    snapshots.push(readSerializerSnapshot(source))
  }
  return snapshots
}

function versioned(className: string, version: number, body: Uint8Array = new Uint8Array(0)): Uint8Array {
  const writer = new Writer()
  writer.utf(className)
  writer.i32(version)
  writer.raw(body)
  return writer.toBytes()
}

function body(write: (writer: Writer) => void): Uint8Array {
  const writer = new Writer()
  write(writer)
  return writer.toBytes()
}

function nested(writer: Writer, ...snapshots: readonly Uint8Array[]): void {
  writer.i32(1333245)
  writer.i32(1)
  writer.i32(snapshots.length)
  for (const snapshot of snapshots) writer.raw(snapshot)
}

const composite = (outer: Uint8Array, ...snapshots: readonly Uint8Array[]) =>
  body((writer) => {
    writer.i32(911108)
    writer.i32(1)
    writer.raw(outer)
    nested(writer, ...snapshots)
  })

const KNOWN = [versioned(STRING, 3), versioned(LONG, 3)]
const NONE = new Uint8Array(0)

function solve(bytes: Uint8Array, end: number | 'unknown' = bytes.length): readonly SerializerSnapshot[] {
  return readWithExtents(bytes, end === 'unknown' ? undefined : end, SERIALIZER_TABLE, readHead)
}

const BODIES: readonly (readonly [string, Uint8Array])[] = [
  ['empty', NONE],
  ['a class name', body((writer) => writer.utf('com.acme.Money'))],
  ['a composite frame', composite(NONE, ...KNOWN)],
  ['a composite frame with an outer body', composite(fromHex('00ff00ff0102030405'), versioned(LONG, 3))],
  ['a composite frame around an unknown snapshot', composite(NONE, versioned('com.acme.Inner', 1), versioned(LONG, 3))],
  ['an odd one', fromHex('ff01020304fffe')],
  ['an odd one with text inside', fromHex('ff0102000361626301ff80')],
]

for (const [name, bytes] of BODIES) {
  test(`the body of an unknown snapshot: ${name}`, () => {
    const unknown = versioned(UNKNOWN, 7, bytes)
    for (const place of [0, 1, 2, 3]) {
      const all = [versioned(STRING, 3), versioned(LONG, 3), versioned(STRING, 3), versioned(LONG, 3)]
      all[place] = unknown
      const snapshots = solve(head(all[0]!, all.slice(1)))
      const found = snapshots[place]!
      assert.equal(found.className, UNKNOWN)
      assert.equal(found.version, 7)
      assert.equal(found.extent, 'inferred')
      assert.deepEqual(found.raw, unknown)
      assert.deepEqual(found.layout, { op: 'unknown', className: UNKNOWN })
      assert.equal(snapshots.filter((each) => each.extent === 'known').length, 3)
    }
  })
}

test('several unknown snapshots in one head', () => {
  const unknown = BODIES.map(([, bytes], i) => versioned(`com.acme.S${i}`, i, bytes))
  const snapshots = solve(head(versioned(STRING, 3), unknown))
  assert.deepEqual(
    snapshots.slice(1).map((each) => each.raw),
    unknown,
  )
})

test('an unknown snapshot inside a known one', () => {
  const odd = versioned(UNKNOWN, 1, fromHex('ff0102'))
  const list = versioned(LIST, 3, composite(NONE, odd))
  const snapshots = solve(head(versioned(STRING, 3), [list, versioned(LONG, 3)]))
  assert.deepEqual(snapshots[1]!.raw, list)
  assert.deepEqual(snapshots[1]!.type, { kind: 'list', arguments: [{ kind: 'unknown', className: UNKNOWN }] })
})

test('the frame of a POJO field tells the end of an unknown snapshot', () => {
  const field = (name: string, value: Uint8Array) => (writer: Writer) => {
    writer.utf(name)
    writer.bool(false)
    writer.bool(true)
    writer.i32(value.length)
    writer.raw(value)
  }
  const pojo = body((writer) => {
    writer.utf('com.acme.Order')
    for (const fields of [
      [field('amount', versioned(UNKNOWN, 1, fromHex('00ff'))), field('id', versioned(LONG, 3))],
      [],
      [],
    ]) {
      writer.i64(0x000004f2c69a3d70n)
      writer.i32(fields.length)
      for (const write of fields) write(writer)
    }
  })
  const snapshots = solve(head(versioned(POJO, 2, pojo), []), 'unknown')
  assert.deepEqual(snapshots[0]!.type.fields, [
    { name: 'amount', type: { kind: 'unknown', className: UNKNOWN } },
    { name: 'id', type: { kind: 'long' } },
  ])
})

test('a known class in a version from the future does not hide what follows', () => {
  const future = versioned(LONG, 99, fromHex('ff0102'))
  const outer = versioned(LIST, 3, composite(NONE, versioned(LONG, 3)))
  new DataView(outer.buffer).setInt32(outer.length - composite(NONE, versioned(LONG, 3)).length + 4, 77)
  const snapshots = solve(head(versioned(STRING, 3), [future, outer, versioned(LONG, 3)]))
  assert.deepEqual(
    snapshots.map((each) => each.extent),
    ['known', 'inferred', 'inferred', 'known'],
  )
  assert.deepEqual(snapshots[2]!.raw, outer)
})

function isUnknownExtent(error: unknown): boolean {
  return error instanceof UnknownExtentError && error.code === 'UNKNOWN_SERIALIZER' && error.className === UNKNOWN
}

test('two extents that fit mean that nothing is known', () => {
  const bytes = Uint8Array.of(...fromHex('00000002'), ...versioned(UNKNOWN, 1), ...fromHex('ff000161000162'))
  const readTexts = (source: SnapshotSource) => {
    const snapshot = readSerializerSnapshot(source)
    while (source.reader.remaining > 0) source.reader.utf()
    return snapshot
  }
  assert.throws(() => readWithExtents(bytes, bytes.length, SERIALIZER_TABLE, readTexts), isUnknownExtent)
})

test('no extent that fits', () => {
  const bytes = head(versioned(STRING, 3), [versioned(UNKNOWN, 1, fromHex('ff01')), versioned(LONG, 3)])
  assert.throws(() => solve(bytes.subarray(0, bytes.length - 1)), KobelError)
})

test('without a known end only usual bodies are inferred', () => {
  const usual = head(
    versioned(
      UNKNOWN,
      1,
      body((writer) => writer.utf('com.acme.Money')),
    ),
    KNOWN,
  )
  const behind = Uint8Array.of(...usual, 1, 2, 3)
  assert.equal(solve(behind, 'unknown').length, 3)
  const odd = head(versioned(UNKNOWN, 1, fromHex('ff0102')), KNOWN)
  assert.throws(() => solve(odd, 'unknown'), isUnknownExtent)
})

test('a head made to take long is given up soon', () => {
  const text = body((writer) => writer.utf('a'))
  const many = new Uint8Array(300_000)
  for (let i = 0; i < many.length; i += text.length) many.set(text, i)
  const nests = new Uint8Array(300_000)
  const one = composite(NONE, versioned(UNKNOWN, 1))
  for (let i = 0; i + one.length < nests.length; i += one.length) nests.set(one, i)
  for (const bytes of [many, nests]) {
    const start = Date.now()
    const hostile = head(versioned(UNKNOWN, 1, fromHex('ff')), [versioned(UNKNOWN, 1, bytes)])
    try {
      solve(hostile)
    } catch (error) {
      assert.ok(error instanceof KobelError)
    }
    assert.ok(Date.now() - start < 5000)
  }
})
