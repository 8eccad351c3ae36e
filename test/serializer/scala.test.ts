import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromHex, toHex } from '../../src/bytes/encoding.ts'
import { Reader } from '../../src/bytes/reader.ts'
import { KobelError } from '../../src/error.ts'
import { hashValue, isHashable } from '../../src/serializer/interpreter/hash.ts'
import { jsonToValue, valueToJson } from '../../src/serializer/interpreter/json.ts'
import { readExactly } from '../../src/serializer/interpreter/read.ts'
import { skipValue } from '../../src/serializer/interpreter/skip.ts'
import { bytesOfValue } from '../../src/serializer/interpreter/write.ts'
import { declaredLength, type Layout } from '../../src/serializer/layout.ts'
import { createSnapshot } from '../../src/serializer/row.ts'
import { readVersionedSnapshot, type SerializerSnapshot } from '../../src/serializer/snapshot.ts'
import { SERIALIZER_TABLE } from '../../src/serializer/table.ts'
import { formatType } from '../../src/serializer/type.ts'
import type { Value } from '../../src/serializer/value.ts'
import { mutations } from './mutations.ts'

const SCALA = 'org.apache.flink.api.scala.typeutils'
const BASE = 'org.apache.flink.api.common.typeutils.base'

const simple = (name: string): SerializerSnapshot =>
  createSnapshot(SERIALIZER_TABLE.get(`${BASE}.${name}Serializer$${name}SerializerSnapshot`)!, undefined)

const INT = simple('Int')
const LONG = simple('Long')
const STRING = simple('String')
const DOUBLE = simple('Double')

function composite(name: string, outerVersion: number, outer: unknown, ...nested: SerializerSnapshot[]) {
  return createSnapshot(SERIALIZER_TABLE.get(`${SCALA}.${name}`)!, { outerVersion, outer, nested })
}

const caseClass = (className: string, ...nested: SerializerSnapshot[]) =>
  composite('ScalaCaseClassSerializerSnapshot', 2, className, ...nested)
const option = (of: SerializerSnapshot) => composite('ScalaOptionSerializerSnapshot', 2, undefined, of)
const either = (left: SerializerSnapshot, right: SerializerSnapshot) =>
  composite('ScalaEitherSerializerSnapshot', 1, undefined, left, right)
const traversable = (to: string, of: SerializerSnapshot) =>
  composite(
    'TraversableSerializerSnapshot',
    2,
    `implicitly[scala.collection.generic.CanBuildFrom[${to}[Int], Int, ${to}[Int]]]`,
    of,
  )

function check(layout: Layout, hex: string, json: string): void {
  const bytes = fromHex(hex)
  const value = readExactly(layout, new Reader(bytes), bytes.length)
  assert.equal(valueToJson(layout, value), json)
  assert.equal(toHex(bytesOfValue(layout, value)), hex)
  assert.equal(toHex(bytesOfValue(layout, jsonToValue(layout, JSON.parse(json)))), hex)
  const reader = new Reader(bytes)
  skipValue(layout, reader)
  assert.equal(reader.remaining, 0)
}

/** Bytes of flink-scala_2.12 1.20.3. */
test('reads and writes values of Scala', () => {
  check(caseClass('fx.Inner', INT, STRING).layout, '000000010278', '{"class":"fx.Inner","fields":{"_1":1,"_2":"x"}}')
  check(caseClass('scala.Tuple2', INT, STRING).layout, '000000010278', '[1,"x"]')
  check(caseClass('scala.Tuple2$mcII$sp', INT, INT).layout, '0000000100000002', '[1,2]')
  check(option(STRING).layout, '00', 'null')
  check(option(STRING).layout, '010278', '"x"')
  check(either(STRING, INT).layout, '01027a', '{"left":"z"}')
  check(either(STRING, INT).layout, '0000000007', '{"right":7}')
  check(traversable('Seq', INT).layout, '0000000301000000020001000000ff', '[2,null,255]')
  check(composite('ScalaTrySerializerSnapshot', 2, undefined, INT, STRING).layout, '0100000005', '{"success":5}')
})

test('prints sets sorted', () => {
  const { layout } = traversable('scala.collection.immutable.Set', INT)
  const bytes = fromHex('000000020100000003' + '0100000002')
  assert.equal(valueToJson(layout, readExactly(layout, new Reader(bytes), bytes.length)), '[2,3]')
})

test('names the types', () => {
  assert.equal(formatType(caseClass('fx.Inner', INT, STRING).type), 'Inner{_1: int, _2: string}')
  assert.equal(formatType(caseClass('scala.Tuple2', INT, option(STRING)).type), '(int, option<string>)')
  assert.equal(formatType(traversable('scala.collection.BitSet', INT).type), 'set<int>')
  assert.equal(formatType(traversable('Map', caseClass('scala.Tuple2', INT, STRING)).type), 'map<int, string>')
  assert.equal(formatType(traversable('Seq', either(INT, STRING)).type), 'list<either<int, string>>')
})

test('reads an enumeration by its ids', () => {
  // utf class, i32 n, { utf name, i32 id }: the value "very-high" of the Enumeration has the id 10.
  const text = (value: string) =>
    `${value.length.toString(16).padStart(4, '0')}${toHex(new TextEncoder().encode(value))}`
  const hex = `${text(`${SCALA}.ScalaEnumSerializerSnapshot`)}00000003${text('fx.Level$')}00000002${text('low')}00000001${text('very-high')}0000000a`
  const reader = new Reader(fromHex(hex))
  const snapshot = readVersionedSnapshot({ reader, table: SERIALIZER_TABLE, extents: new Map(), depth: 0 })
  assert.equal(reader.remaining, 0)
  const row = SERIALIZER_TABLE.get(snapshot.className)!
  assert.equal(toHex(createSnapshot(row, snapshot.body).raw), hex)
  check(snapshot.layout, '0000000a', '"very-high"')
  assert.equal(declaredLength(snapshot.layout), 4)
  assert.throws(() => readExactly(snapshot.layout, new Reader(fromHex('00000000')), 4), { code: 'CORRUPT' })
  assert.throws(() => bytesOfValue(snapshot.layout, 'medium'), { code: 'USAGE' })
})

test('says the lengths that Flink says', () => {
  assert.equal(declaredLength(caseClass('fx.Two', INT, LONG).layout), 12)
  assert.equal(declaredLength(caseClass('fx.None').layout), 0)
  assert.equal(declaredLength(option(INT).layout), -1)
})

/** `hashCode()` of scala-library 2.12.7. */
test('hashes the products of Scala', () => {
  const byte = simple('Byte')
  const char = simple('Char')
  const short = simple('Short')
  const float = simple('Float')
  const boolean = simple('Boolean')
  const tuple = (...of: SerializerSnapshot[]) => caseClass(`scala.Tuple${of.length}`, ...of)
  const goldens: readonly [SerializerSnapshot, Value, number][] = [
    [tuple(INT, STRING), [1, 'a'], -983221201],
    [tuple(LONG, LONG), [5n, -1n], -448905339],
    [tuple(LONG, boolean), [1n << 40n, true], -387000035],
    [tuple(DOUBLE, DOUBLE), [1.5, 2], 1780197028],
    [tuple(DOUBLE, float), [0.1, 1.5], 814070540],
    [tuple(DOUBLE, DOUBLE), [-0, Number.NaN], 872800742],
    [tuple(DOUBLE, DOUBLE), [1e300, 1e18], 1553440077],
    [tuple(float, float), [Math.fround(1e19), Math.fround(0.1)], -1176866768],
    [tuple(char, byte, short), ['x', -3, -300], 575887094],
    [tuple(tuple(INT, INT), STRING), [[1, 2], 'z'], 1749463286],
    [option(INT), 7, 196037679],
    [option(LONG), 7n << 33n, 1779553638],
    [option(LONG), null, 2433880],
    [either(STRING, LONG), { left: 'z' }, -2074048779],
    [either(STRING, LONG), { right: 3n }, 937862449],
    [tuple(DOUBLE, DOUBLE), [2 ** 63, -1e19], -1445038328],
    [tuple(option(STRING), option(STRING)), ['a', null], 1832757872],
    [tuple(DOUBLE, float), [Number.NEGATIVE_INFINITY, Number.NaN], 1052804058],
    [tuple(DOUBLE, INT), [Math.fround(0.1), 1], -1793002908],
  ]
  for (const [{ layout, type }, value, hash] of goldens) {
    assert.ok(isHashable(layout))
    assert.equal(hashValue(layout, new Reader(bytesOfValue(layout, value))), hash, formatType(type))
  }
  for (const { layout } of [caseClass('fx.Inner', INT), traversable('Seq', INT), tuple(traversable('Set', INT), INT)]) {
    assert.ok(!isHashable(layout))
  }
})

test('gives a value or an error for changed bytes', () => {
  const { layout, raw } = traversable('Seq', caseClass('fx.All', option(STRING), either(INT, LONG)))
  const good = bytesOfValue(layout, [{ _1: 'text', _2: { left: 1 } }, null, { _1: null, _2: { right: 2n } }])
  const attempt = (run: () => void) => {
    try {
      run()
    } catch (error) {
      if (!(error instanceof KobelError)) throw error
    }
  }
  for (const bytes of mutations(good, 2000, 3)) {
    attempt(() => valueToJson(layout, readExactly(layout, new Reader(bytes), bytes.length)))
    attempt(() => hashValue(layout, new Reader(bytes)))
  }
  for (const bytes of mutations(raw, 500, 4)) {
    const source = { reader: new Reader(bytes), table: SERIALIZER_TABLE, extents: new Map(), depth: 0 }
    attempt(() => readVersionedSnapshot(source))
  }
})
