import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fromHex, toHex } from '../../src/bytes/encoding.ts'
import { Reader } from '../../src/bytes/reader.ts'
import { Writer } from '../../src/bytes/writer.ts'
import { appendValue, createColumn } from '../../src/serializer/interpreter/columns.ts'
import { jsonToValue, valueToJson } from '../../src/serializer/interpreter/json.ts'
import { readValue } from '../../src/serializer/interpreter/read.ts'
import { skipValue } from '../../src/serializer/interpreter/skip.ts'
import { bytesOfValue } from '../../src/serializer/interpreter/write.ts'
import { declaredLength, fixedLength } from '../../src/serializer/layout.ts'
import { createSnapshot } from '../../src/serializer/row.ts'
import {
  readSerializerSnapshot,
  type SerializerSnapshot,
  writeSerializerSnapshot,
} from '../../src/serializer/snapshot.ts'
import { SERIALIZER_TABLE } from '../../src/serializer/table.ts'
import { expectedInColumn, valueAt } from './column-values.ts'

/** Bytes that Flink 2.3.0 wrote; the JSON was written by hand from what Flink printed for the value. */
interface Golden {
  readonly item: number
  readonly name: string
  /** `TypeSerializer.getLength()`. */
  readonly length: number
  readonly snapshots: readonly string[]
  readonly values: readonly { readonly json: string; readonly hex: string; readonly canonical?: false }[]
}

const GOLDEN = JSON.parse(readFileSync('test/serializer/golden.json', 'utf8')) as readonly Golden[]

function readSnapshot(hex: string): SerializerSnapshot {
  const reader = new Reader(fromHex(hex))
  const snapshot = readSerializerSnapshot({ reader, table: SERIALIZER_TABLE, extents: new Map(), depth: 0 })
  assert.equal(reader.remaining, 0)
  return snapshot
}

for (const golden of GOLDEN) {
  test(`${golden.item}. ${golden.name}: snapshot`, () => {
    for (const hex of golden.snapshots) {
      const snapshot = readSnapshot(hex)
      assert.equal(snapshot.extent, 'known')
      const writer = new Writer()
      writeSerializerSnapshot(writer, snapshot)
      assert.equal(toHex(writer.toBytes()), hex)
      const made = createSnapshot(SERIALIZER_TABLE.get(snapshot.className)!, snapshot.body, snapshot.version)
      assert.equal(toHex(made.raw), hex.slice(8))
      assert.deepEqual(made.type, snapshot.type)
      assert.equal(declaredLength(snapshot.layout), golden.length)
    }
  })

  test(`${golden.item}. ${golden.name}: values`, () => {
    const { layout } = readSnapshot(golden.snapshots[0]!)
    const column = createColumn(layout)
    for (const [i, { json, hex, canonical }] of golden.values.entries()) {
      // Other bytes around it show that neither side is looked at.
      const bytes = fromHex(`ffee${hex}ffee`)
      const end = bytes.length - 2
      const reader = new Reader(bytes, 2)
      const value = readValue(layout, reader)
      assert.equal(reader.offset, end, 'read ends')
      assert.equal(valueToJson(layout, value), json)

      const skipping = new Reader(bytes, 2)
      skipValue(layout, skipping)
      assert.equal(skipping.offset, end, 'skip ends')
      if (fixedLength(layout) >= 0) assert.equal(fixedLength(layout), end - 2)

      const parsed = jsonToValue(layout, JSON.parse(json))
      assert.equal(valueToJson(layout, parsed), json)
      if (canonical !== false) {
        assert.equal(toHex(bytesOfValue(layout, value)), hex)
        assert.equal(toHex(bytesOfValue(layout, parsed)), hex)
      }

      const appending = new Reader(bytes, 2)
      appendValue(layout, appending, column)
      assert.equal(appending.offset, end, 'append ends')
      assert.deepEqual(valueAt(column, i), expectedInColumn(layout, value))
    }
  })
}

test('long strings have a varint of their length plus one', () => {
  const layout = { op: 'string' } as const
  const two = bytesOfValue(layout, 'a'.repeat(200))
  assert.equal(toHex(two.subarray(0, 6)), 'c90161616161')
  assert.equal(two.length, 202)
  const three = bytesOfValue(layout, 'a'.repeat(20000))
  assert.equal(toHex(three.subarray(0, 7)), 'a19c0161616161')
  assert.equal(three.length, 20003)
  assert.equal(readValue(layout, new Reader(three)), 'a'.repeat(20000))
})
