import assert from 'node:assert/strict'
import { test } from 'node:test'
import { avroType } from '../../src/serializer/avro/layout.ts'
import { parseAvroSchema } from '../../src/serializer/avro/schema.ts'
import type { Type } from '../../src/serializer/type.ts'
import { type JsonSchema, jsonSchemaOf } from '../../src/serializer/type-json-schema.ts'
import { typescriptOf } from '../../src/serializer/type-typescript.ts'
import { schemaErrors } from '../support/json-schema.ts'

const LONG: Type = { kind: 'long' }
const STRING: Type = { kind: 'string' }

const pojo = (className: string, ...fields: (readonly [name: string, type: Type])[]): Type => ({
  kind: 'pojo',
  className,
  fields: fields.map(([name, type]) => ({ name, type })),
})

const color: Type = { kind: 'enum', className: 'com.acme.Color', constants: ['RED', 'GREEN'] }
const order = pojo('com.acme.Order', ['id', LONG], ['color', color], ['lines', { kind: 'list', arguments: [STRING] }])

test('a POJO and an enum in TypeScript', () => {
  assert.equal(
    typescriptOf({ Value1: { kind: 'map', arguments: [LONG, order] } }),
    `import type { CLASS } from 'kobel'

/** com.acme.Order */
export interface Order {
  readonly id: bigint | null
  readonly color: Color | null
  readonly lines: (readonly (string | null)[]) | null
  readonly [CLASS]?: "com.acme.Order"
}

/** com.acme.Color */
export type Color = "RED" | "GREEN"

export type Value1 = readonly (readonly [bigint, Order | null])[]
`,
  )
})

test('classes of the same simple name, and one class in two forms', () => {
  const text = typescriptOf({
    A: {
      kind: 'tuple',
      fields: [
        ['f0', pojo('a.Order', ['x', LONG])],
        ['f1', pojo('b.Order', ['x', LONG])],
      ].map(([name, type]) => ({ name: name as string, type: type as Type })),
    },
    B: { kind: 'nullable', arguments: [pojo('a.Order', ['x', LONG], ['y', LONG])] },
    C: pojo('a.Order', ['x', LONG]),
  })
  assert.match(text, /export type A = readonly \[Order \| null, Order2 \| null\]/)
  assert.match(text, /export type B = Order3 \| null/)
  assert.match(text, /export type C = Order \| null/)
  assert.equal(text.match(/export interface/g)?.length, 3)
})

test('names of strangers are text and no code', () => {
  const hostile = pojo(
    'com.acme.Evil*/;process.exit()/*$9 lives-\u2028é',
    ['__proto__', LONG],
    ['a"]: never; b', LONG],
    ['constructor', LONG],
    ['x', { kind: 'enum', className: 'com.acme.string', constants: ['"; evil()', '\n', '__proto__'] }],
  )
  const text = typescriptOf({ A: hostile })
  assert.match(text, /^\/\*\* com\.acme\.Evil\* \/;process\.exit\(\)\/\*\$9 lives-\?\? \*\/$/m)
  assert.match(text, /export interface Type_9_lives-?__/)
  assert.match(text, /readonly __proto__: bigint \| null/)
  assert.match(text, /readonly "a\\"\]: never; b": bigint \| null/)
  assert.match(text, /export type String = "\\"; evil\(\)" \| "\\n" \| "__proto__"/)
  const schema = JSON.parse(JSON.stringify(jsonSchemaOf(hostile))) as {
    $defs: Record<string, { properties: { fields: { properties: object } } }>
  }
  const [name, definition] = Object.entries(schema.$defs)[0]!
  assert.match(name, /^[A-Za-z0-9_]+$/)
  assert.ok(Object.hasOwn(definition.properties.fields.properties, '__proto__'))
})

const TREE = parseAvroSchema(
  JSON.stringify({
    type: 'record',
    name: 'com.acme.Tree',
    fields: [
      { name: 'value', type: 'long' },
      { name: 'next', type: ['null', 'com.acme.Tree'] },
      { name: 'size', type: { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 } },
      { name: 'day', type: { type: 'int', logicalType: 'date' } },
      { name: 'either', type: ['string', 'long', { type: 'array', items: 'com.acme.Tree' }] },
    ],
  }),
)

test('a record inside itself', () => {
  const type = avroType(TREE, true)
  assert.match(
    typescriptOf({ A: type }),
    /interface Tree \{\n {2}readonly value: bigint\n {2}readonly next: Tree \| null\n {2}readonly size: string \| Uint8Array\n {2}readonly day: string \| number \| bigint\n {2}readonly either: string \| bigint \| \(readonly Tree\[\]\)\n/,
  )
  const schema = jsonSchemaOf(type)
  const tree = (next: unknown, value: unknown = 1) => ({
    class: 'com.acme.Tree',
    fields: { value, next, size: '1.50', day: '2026-01-01', either: [] },
  })
  assert.deepEqual(errorsOf(schema, tree(tree(null))), [])
  assert.notDeepEqual(errorsOf(schema, tree(tree(null, 'x'))), [])
})

function errorsOf(schema: JsonSchema, json: unknown): string[] {
  const plain = JSON.parse(JSON.stringify(schema)) as never
  return schemaErrors(plain, plain, json)
}

test('JSON Schemas take what fits and refuse what does not', () => {
  const cases: readonly (readonly [Type, good: readonly unknown[], bad: readonly unknown[]])[] = [
    [LONG, [1, '9007199254740993', -1], ['x', 1.5, null, true]],
    [{ kind: 'double' }, [1.5, 'NaN', '-Infinity'], ['nan', null]],
    [STRING, ['', null], [1]],
    [{ kind: 'void' }, [null], [0]],
    [color, ['RED'], ['BLUE', null]],
    [
      {
        kind: 'tuple',
        fields: [
          { name: 'f0', type: LONG },
          { name: 'f1', type: STRING },
        ],
      },
      [[1, 'a']],
      [[1], [1, 'a', 2], {}],
    ],
    [{ kind: 'tuple', fields: [] }, [[]], [[1]]],
    [
      { kind: 'map', arguments: [STRING, LONG] },
      [
        [
          ['a', 1],
          ['b', null],
        ],
      ],
      [{ a: 1 }, [['a']]],
    ],
    [{ kind: 'either', arguments: [LONG, STRING] }, [{ left: 1 }, { right: null }], [{ left: 'a' }, { both: 1 }, {}]],
    [{ kind: 'array', arguments: [{ kind: 'char' }] }, ['abc'], [['a']]],
    [{ kind: 'unknown', className: 'a.B' }, [{ class: 'a.B', bytes: 'AA==' }], ['AA==']],
    [{ kind: 'kryo', className: 'a.B' }, [1, null, { any: 'thing' }], []],
    [
      order,
      [null, { class: 'com.acme.Order', fields: { id: 1, color: null, lines: ['a', null] } }],
      [
        { class: 'com.acme.Order', fields: { id: 1 } },
        { class: 'a.B', fields: { id: 1, color: null, lines: [] } },
      ],
    ],
    [
      { kind: 'row', fields: [{ name: 'f0', type: { kind: 'int', sql: 'INT', nullable: false } }] },
      [{ kind: '+I', fields: [1] }],
      [
        { kind: '+I', fields: [null] },
        { kind: '?', fields: [1] },
      ],
    ],
  ]
  for (const [type, good, bad] of cases) {
    const schema = jsonSchemaOf(type)
    for (const json of good)
      assert.deepEqual(errorsOf(schema, json), [], `${JSON.stringify(json)} ${JSON.stringify(type)}`)
    for (const json of bad)
      assert.notDeepEqual(errorsOf(schema, json), [], `${JSON.stringify(json)} ${JSON.stringify(type)}`)
  }
})

test('a type nested without end ends', () => {
  let type: Type = LONG
  for (let i = 0; i < 5000; i++) type = { kind: 'nullable', arguments: [type] }
  assert.equal(typescriptOf({ A: type }), `import type { Value } from 'kobel'\n\nexport type A = Value\n`)
  assert.deepEqual(jsonSchemaOf(type), { $schema: 'https://json-schema.org/draft/2020-12/schema' })
})
