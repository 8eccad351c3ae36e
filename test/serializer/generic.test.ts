import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromHex, toHex } from '../../src/bytes/encoding.ts'
import { Reader } from '../../src/bytes/reader.ts'
import { KobelError } from '../../src/error.ts'
import { jsonToValue, valueToJson } from '../../src/serializer/interpreter/json.ts'
import { readExactly } from '../../src/serializer/interpreter/read.ts'
import { skipValue } from '../../src/serializer/interpreter/skip.ts'
import { bytesOfValue } from '../../src/serializer/interpreter/write.ts'
import type { Layout } from '../../src/serializer/layout.ts'
import { createSnapshot } from '../../src/serializer/row.ts'
import { readVersionedSnapshot, type SerializerSnapshot } from '../../src/serializer/snapshot.ts'
import { SERIALIZER_TABLE } from '../../src/serializer/table.ts'
import { TypedBytes } from '../../src/serializer/value.ts'
import { mutations } from './mutations.ts'

const RUNTIME = 'org.apache.flink.api.java.typeutils.runtime'

function snapshot(className: string, body?: unknown): SerializerSnapshot {
  const row = SERIALIZER_TABLE.get(className)
  assert.ok(row, className)
  return createSnapshot(row, body)
}

const value = (name: string) =>
  snapshot(`${RUNTIME}.ValueSerializer$ValueSerializerSnapshot`, `org.apache.flink.types.${name}`)
const writable = (name: string) =>
  snapshot(`${RUNTIME}.WritableSerializer$WritableSerializerSnapshot`, `org.apache.hadoop.io.${name}`)
const JAVA = snapshot('org.apache.flink.runtime.state.JavaSerializer$JavaSerializerSnapshot').layout

function check(layout: Layout, hex: string, json: string, same = true): void {
  const bytes = fromHex(hex)
  const read = readExactly(layout, new Reader(bytes), bytes.length)
  assert.equal(valueToJson(layout, read), json)
  assert.equal(toHex(bytesOfValue(layout, read)), hex)
  if (same) assert.equal(toHex(bytesOfValue(layout, jsonToValue(layout, JSON.parse(json)))), hex)
  const reader = new Reader(bytes)
  skipValue(layout, reader, 0)
  assert.equal(reader.remaining, 0)
}

test('reads a snapshot with the class of the value as Flink wrote it', () => {
  const hex =
    '00636f72672e6170616368652e666c696e6b2e6170692e6a6176612e747970657574696c732e72756e74696d652e436f707961626c6556616c756553657269616c697a657224436f707961626c6556616c756553657269616c697a6572536e617073686f740000000200206f72672e6170616368652e666c696e6b2e74797065732e4c6f6e6756616c7565'
  const reader = new Reader(fromHex(hex))
  const read = readVersionedSnapshot({ reader, table: SERIALIZER_TABLE, extents: new Map(), depth: 0 })
  assert.equal(reader.remaining, 0)
  assert.deepEqual(read.type, { kind: 'value', className: 'org.apache.flink.types.LongValue' })
  assert.equal(toHex(createSnapshot(SERIALIZER_TABLE.get(read.className)!, read.body).raw), hex)
  check(read.layout, '0000000000000003', '3')
})

test('reads the values of Flink, and keeps those of users as bytes', () => {
  check(value('StringValue').layout, '026162', '"ab"')
  check(value('NullValue').layout, '00', 'null')
  check(value('DoubleValue').layout, '3ff8000000000000', '1.5')
  const own = snapshot(`${RUNTIME}.ValueSerializer$ValueSerializerSnapshot`, 'com.acme.Money')
  check(own.layout, '010203', '{"class":"com.acme.Money","bytes":"AQID"}')
})

/** By the rules of Hadoop's `WritableUtils.writeVInt`. */
test('reads the writables of Hadoop', () => {
  check(writable('LongWritable').layout, 'ffffffffffffffff', '-1')
  check(writable('NullWritable').layout, '', 'null')
  check(writable('BytesWritable').layout, '000000020102', '"AQI="')
  check(writable('Text').layout, '03c3bc61', '"üa"')
  check(writable('Text').layout, '00', '""')
  check(writable('Text').layout, `7f${'61'.repeat(127)}`, `"${'a'.repeat(127)}"`)
  check(writable('Text').layout, `8f80${'61'.repeat(128)}`, `"${'a'.repeat(128)}"`)
  check(writable('Text').layout, `8e012c${'61'.repeat(300)}`, `"${'a'.repeat(300)}"`)
  assert.throws(() => readExactly(writable('Text').layout, new Reader(fromHex('90')), 1), { code: 'CORRUPT' })
  assert.throws(() => readExactly(writable('Text').layout, new Reader(fromHex('8cffffffff')), 5), { code: 'TRUNCATED' })
})

/** Streams of `java.io.ObjectOutputStream` (JDK 17). */
const STREAMS: readonly [hex: string, json: string, same?: false][] = [
  [
    'aced0005737200116a6176612e6c616e672e496e746567657212e2a0a4f781873802000149000576616c7565787200106a6176612e6c616e672e4e756d62657286ac951d0b94e08b02000078700000001a',
    '26',
  ],
  ['aced000574000568656c6c6f', '"hello"'],
  ['aced000570', 'null'],
  [
    'aced00057372000e6a6176612e6c616e672e4c6f6e673b8be490cc8f23df0200014a000576616c7565787200106a6176612e6c616e672e4e756d62657286ac951d0b94e08b02000078700000000000000007',
    '7',
    // An int and a long of the same number have the same text.
    false,
  ],
  ['aced0005737200116a6176612e6c616e672e426f6f6c65616ecd207280d59cfaee0200015a000576616c7565787001', 'true'],
]

test('reads Java objects', () => {
  for (const [hex, json, same] of STREAMS) check(JAVA, hex, json, same)
  assert.equal(toHex(bytesOfValue(JAVA, 7n)), STREAMS[3]![0])
})

test('keeps other Java objects as bytes of their class', () => {
  // An empty java.util.ArrayList.
  const hex =
    'aced0005737200136a6176612e7574696c2e41727261794c6973747881d21d99c7619d03000149000473697a6578700000000077040000000078'
  const bytes = fromHex(`${hex}ff`)
  const reader = new Reader(bytes)
  skipValue(JAVA, reader)
  assert.equal(reader.remaining, 1)
  const read = readExactly(JAVA, new Reader(bytes), bytes.length - 1)
  assert.ok(read instanceof TypedBytes)
  assert.equal(read.class, 'java.util.ArrayList')
  assert.equal(toHex(bytesOfValue(JAVA, read)), hex)
})

test('takes the wrapper around another serializer for that serializer', () => {
  const nested = [value('IntValue')]
  const wrapper = 'SingleThreadAccessCheckingTypeSerializer'
  const { layout, type } = snapshot(`org.apache.flink.api.common.typeutils.${wrapper}$${wrapper}Snapshot`, {
    outerVersion: 1,
    nested,
  })
  assert.deepEqual(type, nested[0]!.type)
  check(layout, '00000005', '5')
})

test('reads the transactions of two-phase sinks, with and without a pending one', () => {
  const nested = [value('IntValue'), value('StringValue')]
  for (const pkg of ['sink', 'sink.legacy']) {
    const name = `org.apache.flink.streaming.api.functions.${pkg}.TwoPhaseCommitSinkFunction$StateSerializerSnapshot`
    const layout = (outerVersion: number, outer: boolean) => snapshot(name, { outerVersion, outer, nested }).layout
    const pending = '000000070000000000000001'
    const json =
      '{"pendingTransaction":{"handle":7,"transactionStartTime":1},"pendingCommitTransactions":[],"context":null}'
    check(layout(2, false), `${pending}0000000000`, json)
    check(layout(4, true), `01${pending}0000000000`, json)
    check(
      layout(3, true),
      `0000000001${pending}01026162`,
      '{"pendingTransaction":null,"pendingCommitTransactions":[{"handle":7,"transactionStartTime":1}],"context":"ab"}',
    )
  }
})

test('gives a value or an error for changed bytes', () => {
  const attempt = (run: () => void) => {
    try {
      run()
    } catch (error) {
      if (!(error instanceof KobelError)) throw error
    }
  }
  const good: readonly [Layout, string][] = [
    ...STREAMS.map(([hex]): [Layout, string] => [JAVA, hex]),
    [writable('Text').layout, '8f80616263'],
    [value('StringValue').layout, '03c380616263'],
  ]
  for (const [layout, hex] of good) {
    for (const bytes of mutations(fromHex(hex), 500, 5)) {
      attempt(() => valueToJson(layout, readExactly(layout, new Reader(bytes), bytes.length)))
      attempt(() => skipValue(layout, new Reader(bytes)))
    }
  }
})
