import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fromHex, toHex } from '../../src/bytes/encoding.ts'
import { Reader } from '../../src/bytes/reader.ts'
import { KobelError } from '../../src/error.ts'
import { parseAvroSchema } from '../../src/serializer/avro/schema.ts'
import { jsonToValue, valueToJson } from '../../src/serializer/interpreter/json.ts'
import { readExactly } from '../../src/serializer/interpreter/read.ts'
import { skipValue } from '../../src/serializer/interpreter/skip.ts'
import { bytesOfValue } from '../../src/serializer/interpreter/write.ts'
import { declaredLength, fixedLength, type Layout } from '../../src/serializer/layout.ts'
import { createSnapshot } from '../../src/serializer/row.ts'
import { readVersionedSnapshot, type SerializerSnapshot } from '../../src/serializer/snapshot.ts'
import { SERIALIZER_TABLE } from '../../src/serializer/table.ts'
import { formatType } from '../../src/serializer/type.ts'
import type { Value } from '../../src/serializer/value.ts'
import { mutations } from './mutations.ts'

/** GenericRecords that Flink 2.3.0 wrote, and what it read of them. */
const CASES = JSON.parse(readFileSync('test/serializer/avro-cases.json', 'utf8')) as Readonly<
  Record<string, { snapshot: string; values: readonly { bytes: string; json: unknown }[] }>
>

const ROW = SERIALIZER_TABLE.get('org.apache.flink.formats.avro.typeutils.AvroSerializerSnapshot')!

function read(bytes: Uint8Array): SerializerSnapshot {
  const reader = new Reader(bytes)
  const snapshot = readVersionedSnapshot({ reader, table: SERIALIZER_TABLE, extents: new Map(), depth: 0 })
  assert.equal(reader.remaining, 0)
  return snapshot
}

function snapshotOf(schema: unknown, className = 'com.acme.Order'): SerializerSnapshot {
  return createSnapshot(ROW, { className, schema: JSON.stringify(schema) })
}

function record(...types: unknown[]): unknown {
  return { type: 'record', name: 'R', fields: types.map((type, i) => ({ name: `f${i}`, type })) }
}

function roundTrip(layout: Layout, hex: string): string {
  const bytes = fromHex(hex)
  const value = readExactly(layout, new Reader(bytes), bytes.length)
  const reader = new Reader(bytes)
  skipValue(layout, reader)
  assert.equal(reader.remaining, 0)
  assert.equal(toHex(bytesOfValue(layout, value)), hex)
  const json = valueToJson(layout, value)
  assert.equal(toHex(bytesOfValue(layout, jsonToValue(layout, JSON.parse(json)))), hex, json)
  return json
}

for (const [name, { snapshot: hex, values }] of Object.entries(CASES)) {
  test(`reads and writes the records of Flink: ${name}`, () => {
    const snapshot = read(fromHex(hex))
    assert.equal(toHex(createSnapshot(ROW, snapshot.body).raw), hex)
    assert.equal(fixedLength(snapshot.layout), -1)
    assert.equal(declaredLength(snapshot.layout), -1)
    for (const { bytes, json } of values) {
      const text = roundTrip(snapshot.layout, bytes)
      assert.deepEqual(JSON.parse(text), json)
      // Members stand in the order of the schema.
      assert.deepEqual(Object.keys(JSON.parse(text).fields), Object.keys((json as { fields: object }).fields))
    }
  })
}

test('formats the types of schemas', () => {
  assert.equal(
    formatType(read(fromHex(CASES.node!.snapshot)).type),
    'avro<Node{value: int, next: Node{}?, children: list<Node{}>}>',
  )
  assert.match(
    formatType(read(fromHex(CASES.all!.snapshot)).type),
    /^avro<All\{z: boolean, f: float, d: double, l: long, b: bytes, e: Suit\(HEARTS\|SPADES\)/,
  )
})

test('shows dates, times and decimals of generated classes as their Java classes print them', () => {
  const generic = read(fromHex(CASES.times!.snapshot))
  const { schema } = generic.body as { schema: string }
  const { layout, type } = createSnapshot(ROW, { className: 'com.acme.Times', schema })
  // Printed by the java.time values that the test record was made of.
  assert.deepEqual(JSON.parse(roundTrip(layout, CASES.times!.values[0]!.bytes)).fields, {
    date: '2024-02-29',
    tm: '07:30:00.123',
    tu: '23:59:59.999999',
    sm: '2026-01-31T12:00:00.007Z',
    su: '1969-12-31T23:59:59.999999Z',
    lm: '2024-02-29T07:30',
    lu: '0999-12-31T23:59:59.500',
    dec: '-12.50',
    fdec: '-12.50',
    uuid: '123e4567-e89b-12d3-a456-426614174000',
  })
  assert.match(formatType(type), /date: local-date, tm: local-time, .*su: instant\?, .*dec: decimal\(9, 2\)/)
})

test('keeps numbers that are no time, and decimals that are not the shortest', () => {
  const { layout } = snapshotOf(
    record(
      { type: 'int', logicalType: 'time-millis' },
      { type: 'bytes', logicalType: 'decimal', precision: 4, scale: 2 },
      { type: 'fixed', name: 'U', size: 16, logicalType: 'uuid' },
      { type: 'string', logicalType: 'date' },
    ),
  )
  const hex = `05265c00${'00000002'}0001${'00112233445566778899aabbccddeeff'}00000001${'61'}`
  assert.equal(
    roundTrip(layout, hex),
    '{"class":"R","fields":{"f0":86400000,"f1":"AAE=","f2":"00112233-4455-6677-8899-aabbccddeeff","f3":"a"}}',
  )
})

test('reads versions 1 and 2 of the snapshot', () => {
  const schema = JSON.stringify(record('int'))
  for (const version of [1, 2, 3]) {
    const className = version === 1 ? undefined : 'com.acme.Order'
    const made = createSnapshot(ROW, { className, schema }, version)
    const again = read(made.raw)
    assert.deepEqual(again.body, { className, schema })
    assert.equal(roundTrip(again.layout, '00000007'), '{"class":"R","fields":{"f0":7}}')
  }
  // utf class name, i32 version, utf schema: as DataOutput.writeUTF writes them.
  const text = (value: string) => value.length.toString(16).padStart(4, '0') + toHex(new TextEncoder().encode(value))
  const bytes = `${text(ROW.snapshotClass)}00000002${text('com.acme.Order')}${text('"long"')}`
  assert.equal(roundTrip(read(fromHex(bytes)).layout, '0000000000000005'), '5')
})

test('looks names up as Avro does', () => {
  const inner = { type: 'record', name: 'In', fields: [{ name: 'x', type: 'int' }] }
  const schema = {
    type: 'record',
    name: 'Out',
    namespace: 'a.b',
    fields: [
      { name: 'one', type: inner },
      { name: 'two', type: 'In' },
      { name: 'three', type: 'a.b.In' },
      { name: 'four', type: { ...inner, name: 'c.d.In' } },
      { name: 'five', type: { type: 'c.d.In' } },
      { name: 'six', type: { type: { type: 'array', items: { ...inner, name: 'Plain', namespace: '' } } } },
      { name: 'seven', type: 'Plain' },
    ],
  }
  const classes = JSON.stringify(parseAvroSchema(JSON.stringify(schema))).match(/"name":"[\w.]*[A-Z]\w*"/g)
  assert.deepEqual(
    classes?.map((each) => each.slice(8, -1)),
    ['a.b.Out', 'a.b.In', 'a.b.In', 'a.b.In', 'c.d.In', 'c.d.In', 'Plain', 'Plain'],
  )
})

test('makes bytes of values whose schema cannot be read', () => {
  for (const schema of ['{', '"Unknown"', '{"type":"record","name":"R"}', '[["int"]]', '{"type":"enum","name":"E"}']) {
    const { layout, type } = createSnapshot(ROW, { className: 'com.acme.Order', schema })
    assert.deepEqual(layout, { op: 'unknown', className: 'com.acme.Order' })
    assert.deepEqual(type, { kind: 'avro', className: 'com.acme.Order' })
  }
})

test('finds the branch of a union from the value', () => {
  const { layout } = snapshotOf(
    record([
      'null',
      'string',
      'bytes',
      'long',
      'boolean',
      { type: 'map', values: 'int' },
      { type: 'array', items: 'int' },
    ]),
  )
  const branches: readonly [Value, number][] = [
    [null, 0],
    ['a', 1],
    [new Uint8Array([1]), 2],
    [5n, 3],
    [7, 3],
    [true, 4],
    [[['k', 1]], 5],
    [[1], 6],
  ]
  for (const [value, index] of branches) {
    assert.equal(new Reader(bytesOfValue(layout, { f0: value })).i32(), index, `branch ${index}`)
  }
  assert.throws(() => bytesOfValue(layout, { f0: 1.5 }), { code: 'USAGE' })
  const numbers = snapshotOf(record(['int', 'float', 'double'])).layout
  for (const [value, index] of [
    [3, 0],
    [1.5, 1],
    [0.1, 2],
    [-0, 1],
  ] as const) {
    assert.equal(new Reader(bytesOfValue(numbers, { f0: value })).i32(), index, `${value}`)
  }
})

test('joins blocks, and refuses counts that the bytes cannot hold', () => {
  const list = snapshotOf(record({ type: 'array', items: 'boolean' })).layout
  const value = readExactly(list, new Reader(fromHex('020100010100')), 6)
  assert.deepEqual(value && { ...(value as object) }, { f0: [true, false, true] })
  assert.equal(toHex(bytesOfValue(list, value)), '0301000100')
  const nulls = snapshotOf(record({ type: 'array', items: 'null' })).layout
  const hostile: readonly [Layout, string][] = [
    [list, 'ffffffff0f'],
    [list, '03010000'],
    [nulls, 'ffffffff0f00'],
    [nulls, 'ffffff7f'],
  ]
  for (const [layout, hex] of hostile) {
    const bytes = fromHex(hex)
    assert.throws(() => readExactly(layout, new Reader(bytes), bytes.length), KobelError)
    assert.throws(() => skipValue(layout, new Reader(bytes)), KobelError)
  }
})

test('stands schemas that grow without end', () => {
  const endless = snapshotOf({
    type: 'record',
    name: 'R',
    fields: [
      { name: 'r', type: 'R' },
      { name: 's', type: 'R' },
    ],
  })
  assert.throws(() => readExactly(endless.layout, new Reader(new Uint8Array(8)), 8), { code: 'LIMIT' })
  assert.equal(declaredLength(endless.layout), -1)
  const fields: unknown[] = [{ name: 'f0', type: { type: 'record', name: 'R0', fields: [] } }]
  for (let i = 1; i < 40; i++) {
    const twice = ['a', 'b'].map((name) => ({ name, type: `R${i - 1}` }))
    fields.push({ name: `f${i}`, type: { type: 'record', name: `R${i}`, fields: twice } })
  }
  const doubled = snapshotOf({ type: 'record', name: 'Top', fields })
  assert.equal(doubled.layout.op, 'unknown')
  assert.ok(JSON.stringify(doubled.type).length < 1_000_000)
  const deep = `${'{"type":"array","items":'.repeat(5000)}"int"${'}'.repeat(5000)}`
  assert.equal(createSnapshot(ROW, { className: 'C', schema: deep }).layout.op, 'unknown')
})

/** Anything but a KobelError goes through. */
function attempt(run: () => void): void {
  try {
    run()
  } catch (error) {
    if (!(error instanceof KobelError)) throw error
  }
}

test('gives a value or an error for changed bytes', () => {
  for (const { snapshot: hex, values } of Object.values(CASES)) {
    const { layout } = read(fromHex(hex))
    for (const { bytes: good } of values) {
      for (const bytes of mutations(fromHex(good), 400, 20261122)) {
        attempt(() => valueToJson(layout, readExactly(layout, new Reader(bytes), bytes.length)))
        attempt(() => skipValue(layout, new Reader(bytes)))
      }
    }
    for (const bytes of mutations(fromHex(hex), 300, 7)) {
      const source = { reader: new Reader(bytes), table: SERIALIZER_TABLE, extents: new Map(), depth: 0 }
      attempt(() => readVersionedSnapshot(source))
    }
  }
})
