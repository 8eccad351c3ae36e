import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readTypeDescription } from '../../../src/write/types/build.ts'
import { type } from '../../../src/write/types/constructors.ts'
import type { TypeDescription } from '../../../src/write/types/description.ts'

const OTHERS: readonly (readonly [made: TypeDescription, json: unknown])[] = [
  [type.primitiveArray('int'), 'int[]'],
  [type.array(type.long()), { array: 'long' }],
  [type.array({ list: 'int' }, 'java.util.List'), { array: { list: 'int' }, class: 'java.util.List' }],
  [type.tuple(type.string(), type.long()), { tuple: ['string', 'long'] }],
  [type.row({ id: type.int() }), { row: { id: 'int' } }],
  [type.list('int'), { list: 'int' }],
  [type.list('int', { nullable: true }), { list: 'int', nullable: true }],
  [type.set('int'), { set: 'int' }],
  [type.map('int', 'string'), { map: ['int', 'string'] }],
  [type.either('int', 'string'), { either: ['int', 'string'] }],
  [type.nullable('int', { padded: true }), { nullable: 'int', padded: true }],
  [
    type.pojo('a.B', { x: 'int' }, { inherited: { 'a.A': { y: 'int' } } }),
    { pojo: 'a.B', fields: { x: 'int' }, inherited: { 'a.A': { y: 'int' } } },
  ],
  [
    type.pojo('a.B', { x: type.annotated(type.localDate()) }),
    { pojo: 'a.B', fields: { x: { annotated: 'localDate' } } },
  ],
  [type.enum('a.Color', ['RED']), { enum: 'a.Color', constants: ['RED'] }],
  [
    type.avro({ type: 'record', name: 'R', fields: [] }, 'R'),
    { avro: { type: 'record', name: 'R', fields: [] }, class: 'R' },
  ],
  [type.sql('ROW<a INT>'), { sql: 'ROW<a INT>' }],
  [type.kryo('a.B', { registered: ['a.C'] }), { kryo: 'a.B', registered: ['a.C'] }],
  [type.value('a.B'), { value: 'a.B' }],
]

test('constructors give the JSON that a person would write, and it is a type', () => {
  for (const [made, json] of OTHERS) {
    assert.deepEqual(made, json)
    assert.equal(readTypeDescription(made), made)
  }
})

test('constructors without parameters give their own names', () => {
  let count = 0
  for (const [name, make] of Object.entries(type)) {
    const made: unknown = make.length === 0 && name !== 'tuple' ? (make as () => unknown)() : name
    if (made !== name) continue
    if (make.length === 0 && name !== 'tuple') {
      assert.equal(readTypeDescription(made), name)
      count++
    }
  }
  assert.equal(count, 24)
})
