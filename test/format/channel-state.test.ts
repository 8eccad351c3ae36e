import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromHex, toHex } from '../../src/bytes/encoding.ts'
import { Reader } from '../../src/bytes/reader.ts'
import { Writer } from '../../src/bytes/writer.ts'
import { KobelError } from '../../src/error.ts'
import { readChannelRecords, readStreamElement, writeRecord } from '../../src/format/channel-state.ts'
import type { Layout } from '../../src/serializer/layout.ts'
import { join } from '../bytes/pseudo.ts'
import { mutations } from '../serializer/mutations.ts'

const LONG: Layout = { op: 'i64' }
const STRING: Layout = { op: 'string' }

/** The first two records in flight to subtask 1 of `slow-op`, as Flink 2.3.0 wrote them. */
const REAL = '00000011000000018bcfe56801000000000000000100000011000000018bcfe568020000000000000002'

function element(hex: string, layout: Layout = LONG): unknown {
  const bytes = fromHex(hex)
  return readStreamElement(new Reader(bytes), bytes.length, layout)
}

test('every kind of stream element', () => {
  const timestamp = 1_700_000_000_001n
  assert.deepEqual(element('000000018bcfe568010000000000000001'), { kind: 'record', timestamp, value: 1n })
  assert.deepEqual(element('010000000000000001'), { kind: 'record', value: 1n })
  assert.deepEqual(element('020000018bcfe56801'), { kind: 'watermark', timestamp })
  assert.deepEqual(element('030000018bcfe56801000102030405060708090a0b0c0d0e0f00000003'), {
    kind: 'latency-marker',
    markedTime: timestamp,
    operatorId: '000102030405060708090a0b0c0d0e0f',
    subtaskIndex: 3,
  })
  assert.deepEqual(element('0400000000'), { kind: 'watermark-status', idle: false })
  assert.deepEqual(element('04ffffffff'), { kind: 'watermark-status', idle: true })
  assert.deepEqual(element('0501'), { kind: 'record-attributes', backlog: true })
  assert.deepEqual(element('06000000020000018bcfe56801'), {
    kind: 'internal-watermark',
    subpartitionIndex: 2,
    timestamp,
  })
  assert.throws(() => element('07'), /begins with 0 to 6/)
  assert.throws(() => element('0400000001'), /0 or -1/)
})

const text = (hex: string, layout: Layout = LONG, side: 'input' | 'output' = 'input') => {
  const { elements, head, tail } = readChannelRecords(fromHex(hex), layout, side)
  return {
    values: elements.map((each) => (each.kind === 'record' ? each.value : each.kind)),
    head: toHex(head),
    tail: toHex(tail),
  }
}

test('whole records', () => {
  assert.deepEqual(text(REAL), { values: [1n, 2n], head: '', tail: '' })
  assert.deepEqual(text(''), { values: [], head: '', tail: '' })
})

test('a record cut at the end is kept as bytes', () => {
  for (let cut = 2; cut < 42; cut += 2) {
    assert.deepEqual(
      text(REAL.slice(0, 42 + cut)),
      { values: [1n], head: '', tail: REAL.slice(42, 42 + cut) },
      `${cut}`,
    )
  }
})

test('a record cut at the beginning is kept as bytes', () => {
  for (let cut = 2; cut < 42; cut += 2) {
    assert.deepEqual(
      text(REAL.slice(cut), LONG, 'output'),
      { values: [2n], head: REAL.slice(cut, 42), tail: '' },
      `${cut}`,
    )
  }
})

test('what two tasks hold of a cut record is all of it', () => {
  const records = Array.from({ length: 50 }, (_, i) => `text of record ${i}`)
  const writer = new Writer()
  for (const value of records) writeRecord(writer, { kind: 'record', value }, STRING)
  const bytes = writer.toBytes()
  for (let cut = 1; cut < bytes.length; cut += 7) {
    const input = readChannelRecords(bytes.subarray(0, cut), STRING, 'input')
    const output = readChannelRecords(bytes.subarray(cut), STRING, 'output')
    const middle = readChannelRecords(join(input.tail, output.head), STRING, 'input')
    const all = [...input.elements, ...middle.elements, ...output.elements]
    assert.deepEqual(
      all.map((each) => (each.kind === 'record' ? each.value : each.kind)),
      records,
    )
  }
})

test('another type is an error, not records', () => {
  assert.throws(() => text(REAL, STRING), KobelError)
  assert.throws(() => text(REAL, { op: 'tuple', fields: [LONG, LONG] }), KobelError)
  assert.deepEqual(text('00000000'.repeat(3)), { values: [], head: '00000000'.repeat(3), tail: '' })
})

test('damaged channels give records or a KobelError, quickly', () => {
  const started = performance.now()
  const bytes = join(...Array.from({ length: 60 }, () => fromHex(REAL)))
  for (const damaged of mutations(bytes, 300, 11)) {
    for (const layout of [LONG, STRING, { op: 'bytes' } as const]) {
      try {
        const { elements, head, tail } = readChannelRecords(damaged, layout, 'output')
        assert.ok(head.length + tail.length + elements.length <= damaged.length)
      } catch (error) {
        assert.ok(error instanceof KobelError, String(error))
      }
    }
  }
  // Lengths and tags fit from everywhere, values from nowhere.
  const hostile = new Uint8Array(200_004)
  for (let i = 7; i < hostile.length; i += 5) hostile.set([1, 5], i)
  assert.throws(() => readChannelRecords(hostile, LONG, 'output'), KobelError)
  assert.ok(performance.now() - started < 5_000)
})
