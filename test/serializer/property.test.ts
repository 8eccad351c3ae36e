import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Reader } from '../../src/bytes/reader.ts'
import { KobelError } from '../../src/error.ts'
import { finishColumn, nullCount, truncateColumn } from '../../src/serializer/columns.ts'
import { appendValue, createColumn } from '../../src/serializer/interpreter/columns.ts'
import { hashValue, isHashable } from '../../src/serializer/interpreter/hash.ts'
import { jsonToValue, valueToJson } from '../../src/serializer/interpreter/json.ts'
import { readValue } from '../../src/serializer/interpreter/read.ts'
import { skipValue } from '../../src/serializer/interpreter/skip.ts'
import { bytesOfValue } from '../../src/serializer/interpreter/write.ts'
import { fixedLength, type Layout, someLayout } from '../../src/serializer/layout.ts'
import type { Value } from '../../src/serializer/value.ts'
import { expectedInColumn, valueAt } from './column-values.ts'
import { anyText, layouts, layoutsWithValues } from './layouts.ts'

/** Maps and sets are printed sorted, so their order is not kept. */
function isSorted(layout: Layout): boolean {
  return someLayout(
    layout,
    (each) => each.op === 'map' || each.op === 'blockMap' || (each.op === 'list' && each.of === 'set'),
  )
}

/** The JSON forms of a union's values are not told apart where a text looks like a long. */
function hasUnion(layout: Layout): boolean {
  return someLayout(layout, (each) => each.op === 'union')
}

test('what is written is read, and skipped to the same end', () => {
  fc.assert(
    fc.property(layoutsWithValues, ({ layout, values }) => {
      for (const value of values) {
        const bytes = bytesOfValue(layout, value)
        const reader = new Reader(Uint8Array.of(...bytes, 1, 2, 3), 0)
        assert.deepStrictEqual(readValue(layout, reader), value)
        assert.equal(reader.offset, bytes.length)
        reader.offset = 0
        skipValue(layout, reader)
        assert.equal(reader.offset, bytes.length)
        if (fixedLength(layout) >= 0) assert.equal(fixedLength(layout), bytes.length)
      }
    }),
    { numRuns: 600 },
  )
})

test('JSON of a value gives the value and its bytes back', () => {
  fc.assert(
    fc.property(layoutsWithValues, ({ layout, values }) => {
      for (const value of values) {
        const json = valueToJson(layout, value)
        const back = jsonToValue(layout, JSON.parse(json))
        assert.equal(valueToJson(layout, back), json)
        if (isSorted(layout) || hasUnion(layout)) continue
        assert.deepStrictEqual(back, value)
        assert.deepEqual(bytesOfValue(layout, back), bytesOfValue(layout, value))
      }
    }),
    { numRuns: 400 },
  )
})

test('columns hold what is read', () => {
  fc.assert(
    fc.property(layoutsWithValues, ({ layout, values }) => {
      const column = createColumn(layout)
      for (const value of values) {
        const bytes = bytesOfValue(layout, value)
        const reader = new Reader(bytes)
        appendValue(layout, reader, column)
        assert.equal(reader.offset, bytes.length)
      }
      const finished = finishColumn(column)
      const expected = values.map((value) => expectedInColumn(layout, value))
      assert.deepStrictEqual(
        expected.map((_, i) => valueAt(finished, i)),
        expected,
      )
      assert.equal(nullCount(finished), expected.filter((each) => each === null).length)
    }),
    { numRuns: 400 },
  )
})

test('a row that is only in part in the window is taken away from the column', () => {
  fc.assert(
    fc.property(layoutsWithValues, fc.nat(), ({ layout, values }, cut) => {
      const column = createColumn(layout)
      values.forEach((value, row) => {
        const bytes = bytesOfValue(layout, value)
        if (bytes.length > 0) {
          const part = new Reader(bytes, 0, cut % bytes.length)
          assert.throws(() => appendValue(layout, part, column), KobelError)
        }
        truncateColumn(column, row)
        appendValue(layout, new Reader(bytes), column)
      })
      const expected = values.map((value) => expectedInColumn(layout, value))
      assert.deepStrictEqual(
        expected.map((_, i) => valueAt(column, i)),
        expected,
      )
    }),
    { numRuns: 200 },
  )
})

test('a hash is the same for equal values and moves to the end', () => {
  fc.assert(
    fc.property(layoutsWithValues, ({ layout, values }) => {
      if (!isHashable(layout)) return
      for (const value of values) {
        const bytes = bytesOfValue(layout, value)
        const reader = new Reader(Uint8Array.of(...bytes, 9))
        const hash = hashValue(layout, reader)
        assert.equal(reader.offset, bytes.length)
        assert.equal(hash, hash | 0)
      }
    }),
    { numRuns: 400 },
  )
})

function attempt<T>(run: () => T): { readonly result: T } | undefined {
  try {
    return { result: run() }
  } catch (error) {
    if (error instanceof KobelError) return undefined
    throw error
  }
}

/** Reading, skipping, hashing and columns take any bytes: a value and one end, or a KobelError. */
function takeAny(layout: Layout, bytes: Uint8Array, tail: number): void {
  const reader = new Reader(bytes)
  const read = attempt(() => readValue(layout, reader, tail))
  const end = reader.offset
  const skipping = new Reader(bytes)
  const skipped = attempt(() => skipValue(layout, skipping, tail))
  if (read) {
    assert.ok(skipped, 'what is read can be skipped')
    assert.equal(skipping.offset, end)
    valueToJson(layout, read.result)
  }
  const hashing = new Reader(bytes)
  const hashed = attempt(() => hashValue(layout, hashing))
  if (read && isHashable(layout)) {
    assert.ok(hashed, 'what is read can be hashed')
    assert.equal(hashing.offset, end)
  }
  const column = createColumn(layout)
  const appending = new Reader(bytes)
  const appended = attempt(() => appendValue(layout, appending, column, tail))
  assert.equal(appended !== undefined, read !== undefined, 'columns take what is read')
  if (read) {
    assert.equal(appending.offset, end)
    assert.deepStrictEqual(valueAt(column, 0), expectedInColumn(layout, read.result))
  }
}

const tails = fc.constantFrom(-1, 0)

test('random bytes give a value or a KobelError', () => {
  fc.assert(
    fc.property(layouts, fc.uint8Array({ maxLength: 40 }), tails, (layout, bytes, tail) => {
      takeAny(layout, bytes, tail)
    }),
    { numRuns: 3000 },
  )
})

test('damaged bytes give a value or a KobelError', () => {
  const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 })
  fc.assert(
    fc.property(layoutsWithValues, damage, fc.nat(), ({ layout, values }, places, cut) => {
      for (const value of values) {
        const bytes = bytesOfValue(layout, value)
        if (bytes.length === 0) continue
        for (const [at, byte] of places) bytes[at % bytes.length] = byte
        takeAny(layout, cut % 3 === 0 ? bytes.subarray(0, cut % bytes.length) : bytes, -1)
      }
    }),
    { numRuns: 500 },
  )
})

test('every code unit stands in a string', () => {
  const layout: Layout = { op: 'string' }
  const column = createColumn(layout)
  for (let first = 0; first < 0x10000; first += 0x400) {
    const text = String.fromCharCode(...Array.from({ length: 0x400 }, (_, i) => first + i))
    const bytes = bytesOfValue(layout, text)
    assert.equal(readValue(layout, new Reader(bytes)), text)
    const skipping = new Reader(bytes)
    skipValue(layout, skipping)
    assert.equal(skipping.offset, bytes.length)
    appendValue(layout, new Reader(bytes), column)
    assert.equal(valueAt(column, first / 0x400), expectedInColumn(layout, text))
  }
  fc.assert(
    fc.property(anyText, (text) => {
      const chars = createColumn({ op: 'chars' })
      appendValue({ op: 'chars' }, new Reader(bytesOfValue({ op: 'chars' }, text)), chars)
      assert.equal(valueAt(chars, 0), expectedInColumn(layout, text))
    }),
  )
})

test('strings longer than the chunks they are read in', () => {
  const layout: Layout = { op: 'string' }
  for (const text of [
    'a'.repeat(100_000),
    'é'.repeat(50_000),
    `${'x'.repeat(5000)}😀${'漢'.repeat(3000)}`,
    '😀'.repeat(4097),
  ]) {
    const bytes = bytesOfValue(layout, text)
    assert.equal(readValue(layout, new Reader(bytes)), text)
    const column = createColumn(layout)
    appendValue(layout, new Reader(bytes), column)
    assert.equal(valueAt(column, 0), text)
  }
})

test('counts without bytes behind them are refused quickly', () => {
  const nothing: Layout = { op: 'constant', length: 0, declaredLength: 0, value: null }
  const list = (element: Layout): Layout => ({ op: 'list', of: 'list', element })
  const many = new Uint8Array(400_000).map((_, i) => (i % 4 === 1 ? 0x0f : 0))
  new DataView(many.buffer).setInt32(0, 99_999)
  const start = Date.now()
  takeAny(list(list(nothing)), many, -1)
  takeAny(list({ op: 'i32' }), Uint8Array.of(0x7f, 0xff, 0xff, 0xff), -1)
  takeAny({ op: 'maskedList', element: nothing }, Uint8Array.of(0x7f, 0xff, 0xff, 0xff), -1)
  takeAny({ op: 'blockList', element: list(nothing) }, many, -1)
  assert.ok(Date.now() - start < 2000)
})

test('values nested too deep are refused', () => {
  const fields: { name: string; layout: Layout }[] = []
  const record: Layout = { op: 'object', fields, className: 'Node', avro: true }
  fields.push({ name: 'next', layout: { op: 'blockList', element: record } })
  const bytes = new Uint8Array(2000).fill(1)
  takeAny(record, bytes, -1)
  assert.throws(
    () => readValue(record, new Reader(bytes)),
    (error: unknown) => error instanceof KobelError && error.code === 'LIMIT',
  )
  const values: readonly Value[] = [{ next: [] }, { next: [{ next: [] }] }]
  const column = createColumn(record)
  for (const value of values) appendValue(record, new Reader(bytesOfValue(record, value)), column)
  assert.deepEqual(valueAt(column, 0), { next: [] })
  assert.deepEqual(valueAt(column, 1), { next: ['{"class":"Node","fields":{"next":[]}}'] }, 'recursion becomes JSON')
})
