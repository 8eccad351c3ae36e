import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Reader } from '../../src/bytes/reader.ts'
import { Writer } from '../../src/bytes/writer.ts'
import { KobelError } from '../../src/error.ts'
import {
  type BytesColumn,
  type Column,
  columnShape,
  finishColumn,
  truncateColumn,
} from '../../src/serializer/columns.ts'
import { appendValue, createColumn } from '../../src/serializer/interpreter/columns.ts'
import { bytesOfValue } from '../../src/serializer/interpreter/write.ts'
import type { Layout } from '../../src/serializer/layout.ts'
import { TypedBytes, type Value } from '../../src/serializer/value.ts'
import { valueAt } from './column-values.ts'

function columnOf(layout: Layout, ...values: readonly Value[]): Column {
  const column = createColumn(layout)
  for (const value of values) appendValue(layout, new Reader(bytesOfValue(layout, value)), column, 0)
  return finishColumn(column)
}

const rows = (column: Column): unknown[] => Array.from({ length: column.length }, (_, i) => valueAt(column, i))

test('arrays are those of Arrow', () => {
  const text = columnOf({ op: 'string' }, 'a', null, 'é😀', '') as BytesColumn
  assert.equal(text.length, 4)
  assert.deepEqual([...text.offsets], [0, 1, 1, 7, 7])
  assert.deepEqual([...text.values], [0x61, 0xc3, 0xa9, 0xf0, 0x9f, 0x98, 0x80])
  assert.deepEqual(
    [...text.validity!].map((each) => each & 0x0f),
    [0b1101],
  )
  const flags = columnOf({ op: 'boolean' }, true, false, true, true, false, false, false, false, true)
  assert.ok(flags.kind === 'boolean')
  assert.deepEqual(
    [...flags.values].map((each, i) => (i === 1 ? each & 1 : each)),
    [0b1101, 1],
  )
  assert.equal(flags.validity, undefined, 'no null, no bitmap')
  const list = columnOf({ op: 'list', of: 'list', element: { op: 'i16' } }, [1, 2], [], [-3])
  assert.ok(list.kind === 'list' && list.child.column.kind === 'int16')
  assert.deepEqual([...list.offsets], [0, 2, 2, 3])
  assert.deepEqual([...list.child.column.values], [1, 2, -3])
})

test('a thousand rows, the last of them null', () => {
  const layout: Layout = { op: 'nullable', inner: { op: 'i64' }, nullWhen: 1, padding: 8 }
  const values = Array.from({ length: 1000 }, (_, i) => (i === 999 ? null : BigInt(i) - 500n))
  assert.deepEqual(rows(columnOf(layout, ...values)), values)
})

test('days beyond 32 bits are the ends, infinity to DuckDB', () => {
  const dates = columnOf({ op: 'localDate' }, '-999999999-01-01', '1970-01-02', '+999999999-12-31', null)
  assert.deepEqual(rows(dates), [-2147483647, 1, 2147483647, null])
})

const field = (name: string, layout: Layout) => ({ name, layout })

function pojo(className: string, ...fields: readonly { readonly name: string; readonly layout: Layout }[]) {
  return { op: 'pojo', className, fields, registered: [], subclasses: [] } as const
}

test('a POJO with subclasses has all their fields, and the class', () => {
  const id = field('id', { op: 'i32' })
  const layout: Layout = {
    ...pojo('P', id),
    registered: [{ className: 'Q', layout: pojo('Q', field('extra', { op: 'f64' }), id) }],
    subclasses: [
      // The same name with another type is a column of its own.
      { className: 'R', layout: pojo('R', field('extra', { op: 'string' })) },
      { className: 'K', layout: { op: 'unknown', className: 'com.acme.KSnapshot' } },
    ],
  }
  assert.equal(
    columnShape(createColumn(layout)),
    '{"$class":utf8,"id":int32,"extra":float64,"extra_2":utf8,"$bytes":binary}',
  )
  const writer = new Writer()
  for (const hex of [
    [2, 0, 0, 0, 0, 1],
    [1],
    [8, 0, 2, 0, 63, 240, 0, 0, 0, 0, 0, 0, 1],
    [4, 0, 1, 82, 2, 0, 2, 114],
  ]) {
    writer.raw(Uint8Array.from(hex))
  }
  const column = createColumn(layout)
  const reader = new Reader(writer.toBytes())
  while (reader.remaining > 0) appendValue(layout, reader, column)
  appendValue(layout, new Reader(Uint8Array.of(4, 0, 1, 75, 9, 8)), column, 0)
  appendValue(layout, new Reader(Uint8Array.of(4, 0, 1, 90, 7)), column, 0)
  const none = { id: null, extra: null, extra_2: null, $bytes: null }
  assert.deepEqual(rows(column), [
    { ...none, $class: 'P', id: 1 },
    null,
    { ...none, $class: 'Q', extra: 1 },
    { ...none, $class: 'R', extra_2: 'r' },
    { ...none, $class: 'K', $bytes: [9, 8] },
    { ...none, $class: 'Z', $bytes: [7] },
  ])
})

test('a subclass where the snapshot lists none has no column', () => {
  const layout = pojo('P', field('id', { op: 'i32' }))
  const column = createColumn(layout)
  assert.throws(
    () => appendValue(layout, new Reader(Uint8Array.of(4, 0, 1, 88, 1)), column, 0),
    (error: unknown) => error instanceof KobelError && error.code === 'UNKNOWN_SERIALIZER',
  )
  truncateColumn(column, 0)
  appendValue(layout, new Reader(Uint8Array.of(2, 0, 0, 0, 0, 7)), column)
  assert.deepEqual(rows(column), [{ id: 7 }])
})

test('names that stand twice', () => {
  const layout: Layout = { op: 'object', fields: [field('a', { op: 'i8' }), field('a', { op: 'i8' })] }
  const column = createColumn(layout)
  appendValue(layout, new Reader(Uint8Array.of(1, 2)), column)
  assert.deepEqual(rows(column), [{ a: 1, a_2: 2 }])
  const twice = pojo('P', field('a', { op: 'i8' }), field('a', { op: 'i8' }))
  const pojos = createColumn(twice)
  appendValue(twice, new Reader(Uint8Array.of(2, 0, 1, 0, 2)), pojos)
  appendValue(twice, new Reader(Uint8Array.of(2, 0, 3, 0, 4)), pojos)
  assert.equal(pojos.length, 2)
})

function tripled(depth: number): Layout {
  const inner: Layout = depth === 0 ? { op: 'i32' } : tripled(depth - 1)
  return depth === 0 ? inner : { op: 'tuple', fields: [inner, inner, inner] }
}

test('very many columns become JSON', () => {
  const layout = tripled(12)
  const column = createColumn(layout)
  const length = columnShape(column).length
  assert.ok(length < 1_000_000, `${length}`)
  appendValue(layout, new Reader(new Uint8Array(4 * 3 ** 12)), column)
  assert.equal(column.length, 1)
})

test('the text of an unknown encoding stays UTF-8', () => {
  const column = createColumn({ op: 'utf8' })
  appendValue({ op: 'utf8' }, new Reader(Uint8Array.of(0, 0, 0, 3, 0x61, 0xff, 0x62)), column)
  assert.deepEqual(rows(column), ['a\ufffdb'])
})

test('typed bytes are written behind what frames them', () => {
  const unknown: Layout = { op: 'unknown', className: 'X' }
  const value = new TypedBytes('X', Uint8Array.of(7, 8))
  const cases: readonly (readonly [Layout, readonly number[]])[] = [
    [unknown, [7, 8]],
    [{ op: 'nullable', inner: unknown, nullWhen: 1, padding: 0 }, [0, 7, 8]],
    [{ op: 'nullable', inner: unknown, nullWhen: 0, padding: 2 }, [1, 7, 8]],
    [{ op: 'sized', inner: unknown }, [0, 0, 0, 2, 7, 8]],
    [pojo('P'), [4, 0, 1, 88, 7, 8]],
    [{ ...pojo('P'), registered: [{ className: 'X', layout: unknown }] }, [8, 0, 7, 8]],
    [{ op: 'tagged', cases: [{ tag: 5, layout: unknown }] }, [5, 7, 8]],
  ]
  for (const [layout, bytes] of cases) assert.deepEqual([...bytesOfValue(layout, value)], bytes, layout.op)
})
