import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromHex, toHex } from '../../../src/bytes/encoding.ts'
import { Reader } from '../../../src/bytes/reader.ts'
import { hashValue, isHashable } from '../../../src/serializer/interpreter/hash.ts'
import { jsonToValue, valueToJson } from '../../../src/serializer/interpreter/json.ts'
import { readExactly } from '../../../src/serializer/interpreter/read.ts'
import { skipValue } from '../../../src/serializer/interpreter/skip.ts'
import { bytesOfValue } from '../../../src/serializer/interpreter/write.ts'
import { declaredLength, hasUnknown, type Layout } from '../../../src/serializer/layout.ts'
import { createSnapshot } from '../../../src/serializer/row.ts'
import { keyLayout } from '../../../src/serializer/table/codecs.ts'
import { sqlText } from '../../../src/serializer/table/sql-type.ts'
import { SERIALIZER_TABLE } from '../../../src/serializer/table.ts'
import { formatType } from '../../../src/serializer/type.ts'
import { TypedBytes, type Value } from '../../../src/serializer/value.ts'
import { GOLDENS, type Golden, type GoldenValue, goldenNamed, readSnapshot } from './golden.ts'

for (const golden of GOLDENS) {
  test(`${golden.name}: snapshot`, () => {
    const { snapshot, reader } = readSnapshot(golden.snapshot)
    assert.equal(reader.remaining, 0)
    assert.equal(snapshot.extent, 'known')
    assert.equal(declaredLength(snapshot.layout), golden.length)
    assert.equal(hasUnknown(snapshot.layout), false)
    const row = SERIALIZER_TABLE.get(snapshot.className)!
    assert.equal(toHex(createSnapshot(row, snapshot.body, snapshot.version).raw), toHex(golden.snapshot))
  })
  golden.values.forEach((value, i) => {
    test(`${golden.name}: value ${i}`, () => checkValue(golden, value))
  })
}

function checkValue(golden: Golden, { json, bytes, hash }: GoldenValue): void {
  const { layout } = readSnapshot(golden.snapshot).snapshot
  // Values stand anywhere in a buffer.
  const padded = Uint8Array.from([1, 2, 3, ...bytes, 4])
  const reader = new Reader(padded, 3)
  const value = readExactly(layout, reader, 3 + bytes.length)
  const skipped = new Reader(padded, 3)
  skipValue(layout, skipped)
  assert.equal(skipped.offset, 3 + bytes.length)
  const writable = golden.name === 'key' ? keyLayout(layout) : layout
  assert.equal(toHex(bytesOfValue(writable, value)), toHex(bytes))
  if (hash !== undefined && isHashable(layout)) assert.equal(hashValue(layout, new Reader(padded, 3)), hash)
  if (golden.name === 'BinaryRowData') return
  const text = valueToJson(layout, value)
  assert.deepEqual(JSON.parse(text), json)
  if (layout.op === 'codec' && layout.codec.shape) checkShape(layout.codec.shape, value)
  const fromJson = bytesOfValue(writable, jsonToValue(layout, JSON.parse(text)))
  // JSON has maps in the order of its text.
  if (golden.name !== 'NullAwareMap') assert.equal(toHex(fromJson), toHex(bytes))
  assert.equal(valueToJson(layout, readExactly(layout, new Reader(fromJson), fromJson.length)), text)
}

/** The values of the shape are the same: they come back from its bytes. */
function checkShape(shape: Layout, value: Value): void {
  const bytes = bytesOfValue(shape, value)
  assert.deepEqual(readExactly(shape, new Reader(bytes), bytes.length), value)
}

test('types of columns are printed as Flink prints them', () => {
  for (const { sql, snapshot } of GOLDENS) {
    if (sql === undefined) continue
    const { type } = readSnapshot(snapshot).snapshot
    const texts = type.fields!.map((field) => sqlText(field.type))
    assert.equal(texts.join(' | '), sql.replaceAll(/RAW\('([^']*)', '[^']*'\)/g, "RAW('$1', '...')"))
  }
})

test('types in kobel’s own terms', () => {
  const text = (name: string) => formatType(readSnapshot(goldenNamed(name).snapshot).snapshot.type)
  assert.equal(
    text('nested'),
    "row(row(a: int, b`': timestamp(6), c: row(d: boolean)), short[], boolean[], map<string, decimal(38, 3)>, multiset<local-date>, row(a: int, b`': timestamp(6), c: row(d: boolean))[], map<int, timestamp(9)[]>, row(a: int, b: string), row(x: long, y: long), raw, raw[], bytes[], map<double, float>)",
  )
  assert.equal(text('External ROW'), 'row(x: decimal(4, 2), y: timestamp-ltz(3))')
})

test('every hash that Flink specifies is computed, but of generated code', () => {
  const unhashed = GOLDENS.filter(({ snapshot, values }) => {
    return values.some((value) => value.hash !== undefined) && !isHashable(readSnapshot(snapshot).snapshot.layout)
  })
  assert.deepEqual(
    unhashed.map((each) => each.name),
    [],
  )
  assert.equal(isHashable(readSnapshot(goldenNamed('RowDataKey').snapshot).snapshot.layout), false)
})

test('a binary row of unknown columns stays bytes', () => {
  const { snapshot, values } = goldenNamed('BinaryRowData')
  const { layout } = readSnapshot(snapshot).snapshot
  const value = readExactly(layout, new Reader(values[0]!.bytes), values[0]!.bytes.length)
  assert.ok(value instanceof TypedBytes)
  assert.deepEqual(value.bytes, fromHex('0000001000000000000000000700000000000000'))
})

test('a key with nulls has other bytes than a value with nulls', () => {
  const { snapshot, values } = goldenNamed('key')
  const { layout } = readSnapshot(snapshot).snapshot
  const value = readExactly(layout, new Reader(values[0]!.bytes), values[0]!.bytes.length)
  assert.equal(bytesOfValue(layout, value).length, values[0]!.bytes.length - 24)
})
