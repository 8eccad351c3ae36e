import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KobelError, type KobelErrorCode } from '../../../src/error.ts'
import { readTypeDescription } from '../../../src/write/types/build.ts'

const pojo = (fields: Record<string, unknown>): object => ({ pojo: 'com.acme.Thing', fields })

const WRONG: readonly (readonly [json: unknown, message: RegExp, flink?: string, code?: KobelErrorCode])[] = [
  ['strin', /^type: there is no type "strin": did you mean "string" or "String\[\]"/],
  [7, /^type: a type is a name or an object, found 7$/],
  [{}, /^type: a type has one of the members tuple, row, .*, found \[\]$/],
  [{ tupel: ['int'] }, /found \["tupel"\]: did you mean "tuple"\?$/],
  [{ tuple: 'int' }, /^type: tuple must be an array, found "int"$/],
  [{ tuple: Array(26).fill('int') }, /a tuple has up to 25 fields, found 26$/],
  [{ map: ['int'] }, /^type: map must be an array of two types, key and value$/],
  [{ row: { 1: 'int' } }, /names that are numbers, whose order is lost/],
  [{ list: { map: ['string', 'itn'] } }, /^type\.list\.map\.value: there is no type "itn"/],
  [{ nullable: 'int', pad: true }, /^type: a type with nullable has no member "pad": did you mean "padded"\?$/],
  [{ array: { nullable: { either: ['int', 'int'] } }, class: 3 }, /class must be a text, found 3$/],
  [pojo({}), /a POJO has fields/],
  [{ pojo: 'com.acme Thing', fields: { a: 'int' } }, /pojo must be the name of a Java class/],
  [{ ...pojo({ a: 'int' }), inherited: { 'com.acme.Base': { a: 'int' } } }, /the field "a" is described twice/],
  [{ enum: 'com.acme.Color', constants: ['A', 'A'] }, /the constant A stands there twice/],
  [pojo({ days: 'localDate' }), /^type\.fields\.days: Flink leaves a field of the class java\.time\.LocalDate to Kryo/],
  [pojo({ tags: { list: 'string' } }), /leaves a field of the class java\.util\.List to Kryo .*Flink 1\.x/, '1.20'],
  [pojo({ tags: { list: { list: 'string' } } }), /\(its type arguments are no plain classes\)/],
  [{ set: 'int' }, /a set \(SetTypeInfo\) needs Flink 2\.0, the plan is for 1\.20$/, '1.20', 'INCOMPATIBLE'],
  ['variant', /needs Flink 2\.1/, '2.0', 'INCOMPATIBLE'],
  ['int', /Flink 1\.16 to 2\.3, not for 1\.15/, '1.15', 'UNSUPPORTED_VERSION'],
  [{ avro: { type: 'record', name: 'R' } }, /avro is no schema of Avro/],
  [{ sql: 'ROW<a INTT>' }, /^type: there is no SQL type "INTT" that kobel writes: did you mean "INT"/],
  [{ sql: 'ROW<a INT' }, /^type: > was expected in the SQL type, found its end$/],
  [{ sql: 'ROW<a INT, a INT>' }, /a row has the field "a" twice/],
  [{ sql: 'DECIMAL(40, 2)' }, /a number from 0 to 38 was expected, found "40"/],
  [{ sql: 'TIMESTAMP(3) WITH TIME ZONE' }, /has no form in the state of Flink/],
  [{ sql: 'INTERVAL YEAR TO DAY' }, /there is no interval YEAR TO DAY$/],
  [{ sql: 'INTERVAL DAY(7)' }, /a number from 1 to 6 was expected/],
  [{ sql: 'ROW<a BITMAP>' }, /BITMAP needs Flink 2\.3/, '2.2', 'INCOMPATIBLE'],
  [{ snapshot: 'AAAA' }, /snapshot is no serializer snapshot/],
]

for (const [json, message, flink, code] of WRONG) {
  test(`${JSON.stringify(json)} is refused${flink === undefined ? '' : ` for ${flink}`}`, () => {
    assert.throws(
      () => readTypeDescription(json, flink),
      (error) => {
        assert.ok(error instanceof KobelError)
        assert.match(error.message, message)
        assert.equal(error.code, code ?? 'USAGE')
        return true
      },
    )
  })
}

test('a type that is nested too deeply is refused', () => {
  let json: unknown = 'int'
  for (let i = 0; i < 100; i++) json = { nullable: json }
  assert.throws(() => readTypeDescription(json), /nested deeper than 50/)
  const sql = `${'ARRAY<'.repeat(100)}INT${'>'.repeat(100)}`
  assert.throws(() => readTypeDescription({ sql }), /nested deeper than 30/)
  let avro: unknown = 'int'
  for (let i = 0; i < 5000; i++) avro = { type: 'array', items: avro }
  assert.throws(() => readTypeDescription({ avro }), /nested deeper than 200/)
})
