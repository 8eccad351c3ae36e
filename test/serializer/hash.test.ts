import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromHex } from '../../src/bytes/encoding.ts'
import { Reader } from '../../src/bytes/reader.ts'
import { KobelError } from '../../src/error.ts'
import { TIME_WINDOW_LAYOUT } from '../../src/serializer/families/state.ts'
import { hashValue, isHashable } from '../../src/serializer/interpreter/hash.ts'
import { bytesOfValue } from '../../src/serializer/interpreter/write.ts'
import type { Layout } from '../../src/serializer/layout.ts'
import type { Value } from '../../src/serializer/value.ts'
import { keyGroupOfHash, murmurHash } from '../../src/snapshot/key-groups.ts'

/** All hashes are what Java 17 and Flink 2.3.0 printed for the same values. */

const STRING: Layout = { op: 'string' }
const INT: Layout = { op: 'i32' }
const LONG: Layout = { op: 'i64' }
const list = (element: Layout, of: 'list' | 'set' | 'array' = 'list'): Layout => ({ op: 'list', of, element })
const objects = (element: Layout): Layout => ({ op: 'list', of: 'array', element, flag: 'isNotNull' })
const tuple = (...fields: Layout[]): Layout => ({ op: 'tuple', fields })
const row = (...fields: Layout[]): Layout => ({ op: 'row', rowKind: true, fields })
const map = (key: Layout, value: Layout): Layout => ({ op: 'map', key, value, keyFlag: false, valueFlag: true })
const rowOf = (...fields: Value[]): Value => ({ kind: '+I', fields })
const EITHER: Layout = {
  op: 'tagged',
  cases: [
    { tag: 1, wrap: 'left', layout: STRING },
    { tag: 0, wrap: 'right', layout: STRING },
  ],
}

function hashOf(layout: Layout, value: Value): number {
  const reader = new Reader(Uint8Array.of(...bytesOfValue(layout, value), 0xee))
  const hash = hashValue(layout, reader)
  assert.equal(reader.remaining, 1, 'the reader is behind the value')
  assert.ok(isHashable(layout))
  return hash
}

test('hash, murmur hash and key group of keys', () => {
  const golden: readonly (readonly [Layout, Value, number, number, number, number])[] = [
    [STRING, 'a', 97, 1455541201, 81, 19409],
    [STRING, 'key-1', 101943363, 23124534, 54, 23094],
    [STRING, 'Flink', 67968320, 688019071, 127, 22143],
    [STRING, '', 0, 593689054, 94, 31198],
    [INT, 1, 1, 68075478, 86, 16342],
    [INT, 42, 42, 1134849565, 29, 28189],
    [INT, -1, -1, 1982413648, 80, 15184],
    [LONG, 1n, 1, 68075478, 86, 16342],
    [LONG, 10000000000n, 1410065410, 1003369709, 109, 13549],
    [LONG, -1n, 0, 593689054, 94, 31198],
    [{ op: 'boolean' }, true, 1231, 1090530765, 77, 11725],
    [{ op: 'boolean' }, false, 1237, 1530821891, 3, 32003],
    [{ op: 'f64' }, 1.5, 1073217536, 1684538177, 65, 833],
    [{ op: 'f64' }, 0, 0, 593689054, 94, 31198],
    [{ op: 'f64' }, -0, -2147483648, 1718298732, 108, 10348],
    [{ op: 'f32' }, 2.5, 1075838976, 165298770, 82, 16978],
    [{ op: 'i16' }, 3, 3, 847579505, 113, 2417],
    [{ op: 'i8' }, 4, 4, 1889779975, 7, 16647],
    [{ op: 'i8' }, 0, 0, 593689054, 94, 31198],
    [{ op: 'char' }, 'A', 65, 743412968, 104, 5352],
    [tuple(STRING, INT), ['a', 1], 3008, 1123382429, 29, 29853],
    [tuple(INT, INT), [1, 2], 33, 1605105309, 29, 30365],
    [tuple(STRING), ['a'], 97, 1455541201, 81, 19409],
    [row(STRING, INT), rowOf('a', 1), 4961, 1805388423, 7, 2695],
    [row(STRING, INT), { kind: '-D', fields: ['a', 1] }, 5054, 1600501190, 70, 13766],
    [{ op: 'bigDecimal' }, '12.50', 38752, 1052768361, 105, 30825],
    [{ op: 'bigDecimal' }, '12.5', 3876, 624664926, 94, 8542],
    [{ op: 'bigInteger' }, 12345678901234567890n, -1436577082, 939484148, 116, 25588],
    [{ op: 'localDate' }, '2026-11-22', 4149974, 1440059693, 45, 4397],
    [{ op: 'localTime' }, '01:02:03.000000004', -736645786, 136924087, 55, 19383],
    [{ op: 'localDateTime' }, '2026-11-22T01:02:03.000000004', -735510608, 1104398743, 23, 18839],
    [{ op: 'instant' }, '1970-01-01T00:00:01.000000005Z', 256, 1409940790, 54, 32054],
    [{ op: 'sqlTimestamp' }, '1970-01-01T00:00:01.234Z', 1234, 1807111040, 0, 21376],
    [{ op: 'millis' }, '1970-01-01T00:00:01.234Z', 1234, 1807111040, 0, 21376],
    [{ op: 'utf8', hash: 'binaryString' }, 'abc', 1322437556, 335129493, 21, 11157],
    [list(STRING), ['a', 'b'], 4066, 1528660668, 60, 700],
    [map(STRING, INT), [['a', 1]], 96, 382901117, 125, 7037],
    [EITHER, { left: 'a' }, 97, 1455541201, 81, 19409],
    [EITHER, { right: 'a' }, 97, 1455541201, 81, 19409],
    [{ op: 'string', notNull: true }, 'abc', 96354, 74834163, 115, 24819],
    [{ op: 'i64', hash: 'longValue' }, 10000000000n, 1410065453, 1172029255, 71, 16199],
    [TIME_WINDOW_LAYOUT, { start: 0n, end: 5000n }, 1040397190, 1965792505, 121, 7417],
  ]
  for (const [layout, value, hash, murmur, group128, group32768] of golden) {
    const what = `${layout.op} ${String(value)}`
    assert.equal(hashOf(layout, value), hash, what)
    assert.equal(murmurHash(hash), murmur, what)
    assert.equal(keyGroupOfHash(hash, 128), group128, what)
    assert.equal(keyGroupOfHash(hash, 32768), group32768, what)
  }
})

test('hashes of rare values', () => {
  const golden: readonly (readonly [Layout, Value, number])[] = [
    [{ op: 'f64' }, Number.NaN, 2146959360],
    [{ op: 'f32' }, Number.NaN, 2143289344],
    [{ op: 'f64' }, -1e300, 1983353248],
    [LONG, -(2n ** 63n), -2147483648],
    [LONG, 2n ** 40n, 256],
    [STRING, 'é漢😀', 36054652],
    [{ op: 'boolean', hash: 'booleanValue' }, true, 1],
    [{ op: 'boolean', hash: 'booleanValue' }, false, 0],
    [{ op: 'f64', hash: 'doubleValue' }, 1.5, 1073217567],
    [{ op: 'i64', hash: 'longValue' }, -3n, 45],
    [{ op: 'constant', length: 0, declaredLength: 0, value: null, hash: 53 }, null, 53],
    [{ op: 'constant', length: 1, declaredLength: 1, value: [], fill: 42 }, [], 0],
    [tuple({ op: 'millis' }, INT), [null, 5], 5],
    [tuple({ op: 'sqlTimestamp' }, INT), [null, 5], 5],
    [tuple({ op: 'localDate' }, INT), [null, 5], 5],
    [tuple({ op: 'instant' }, INT), [null, 5], 5],
    [{ op: 'millis' }, '2001-09-09T01:46:40Z', -727379736],
    [{ op: 'millis' }, '1969-12-31T23:59:59.995Z', 4],
    [{ op: 'sqlTimestamp' }, '1969-12-31T23:39:25.123456789Z', 1234876],
    [{ op: 'instant' }, '+1000000000-12-31T23:59:59.999999999Z', -625237510],
    [{ op: 'instant' }, '-1000000000-01-01T00:00:00Z', -336857328],
    [{ op: 'localDateTime' }, '-0005-02-03T04:05:06.000000007', 31971812],
    [{ op: 'localDate' }, '-999999999-01-01', -304793535],
    [{ op: 'localDate' }, '+999999999-12-31', -304794849],
    [{ op: 'localDate' }, '-10000-01-01', 20469825],
    [{ op: 'localTime' }, '23:59:59.999999999', -1857113749],
    [list(STRING), ['a', null], 3968],
    [list(STRING, 'set'), ['b', 'a'], 195],
    [map(STRING, STRING), [['a', null]], 97],
    [tuple({ op: 'bigDecimal' }, { op: 'bigInteger' }), ['1.50', -7n], 144205],
    [list(tuple(INT, LONG)), [[1, 2n]], 64],
    [tuple(EITHER), [{ left: 'l' }], 108],
    [TIME_WINDOW_LAYOUT, { start: -5n, end: 2n ** 63n - 1n }, -1340034153],
    [TIME_WINDOW_LAYOUT, { start: 1000n, end: 2000n }, -535147460],
  ]
  for (const [layout, value, hash] of golden) {
    assert.equal(hashOf(layout, value), hash, `${layout.op} ${JSON.stringify(String(value))}`)
  }
})

test('numbers of any size', () => {
  const integers: readonly (readonly [bigint, number])[] = [
    [0n, 0],
    [-1n, -1],
    [-129n, -129],
    [2n ** 63n - 1n, 2147483616],
    [2n ** 63n, -2147483648],
    [-(2n ** 63n), -2147483648],
    [-(2n ** 63n) - 1n, 2147483647],
    [2n ** 32n - 1n, -1],
    [2n ** 32n, 31],
    [-(2n ** 32n), -31],
    [2n ** 128n, 923521],
    [-(2n ** 128n), -923521],
  ]
  for (const [value, hash] of integers) assert.equal(hashOf({ op: 'bigInteger' }, value), hash, String(value))
  const decimals: readonly (readonly [string, number])[] = [
    ['0.000', 3],
    ['0E+3', -3],
    ['1.23E-8', 3823],
    ['-1.23E-8', -3803],
    ['-1E+1', -32],
    ['1E+2147483648', -2147483617],
    ['1.2E-2147483646', -2147483277],
    ['9223372036854775807', 2147482656],
    ['-9223372036854775.808', -2147483645],
    ['9223372036854775.808', -2147483645],
    ['-9.223372036854775809E-7', 2147483642],
    ['1234567890123456789.0123456789', 354583188],
    ['429496729.6', 962],
    ['214748364.8', -2147483647],
    ['-429496.7295', 35],
  ]
  for (const [value, hash] of decimals) assert.equal(hashOf({ op: 'bigDecimal' }, value), hash, value)
})

test('fields of rows: null, lists, maps and arrays count by what is in them', () => {
  const golden: readonly (readonly [Layout, Value, number])[] = [
    [row(STRING, INT), rowOf('a', null), 4929],
    [row(list(STRING)), { kind: '+U', fields: [['a', 'b']] }, 5151],
    [row(list(STRING)), rowOf([]), 32],
    [row(map(STRING, LONG)), rowOf([['a', 1n]]), 192],
    [row(map(STRING, LONG)), rowOf([['a', null]]), 160],
    [row(row(STRING, INT), LONG), rowOf(rowOf('a', 1), 5n), 155749],
    [row(tuple(STRING, INT)), rowOf(['a', 1]), 3070],
    [row(list(STRING, 'set')), rowOf(['a']), 159],
    [row({ op: 'bytes' }), rowOf(Uint8Array.of(1, 254)), 1052],
    [row(list(LONG, 'array')), rowOf([1n, -2n]), 1055],
    [row(list({ op: 'boolean' }, 'array')), rowOf([true, false]), 40421],
    [row({ op: 'chars' }), rowOf('ab'), 4128],
    [row(list({ op: 'f64' }, 'array')), rowOf([1.5]), 1073217629],
    [row(list({ op: 'f32' }, 'array')), rowOf([1.5]), 1069547613],
    [row(list({ op: 'i16' }, 'array')), rowOf([-3]), 90],
    [row(list(INT, 'array')), rowOf([7, 8]), 1248],
    [row(list(STRING, 'array')), rowOf(['a', null]), 4960],
    [row(objects(LONG)), rowOf([1n, null]), 1984],
    [row(list(row(STRING))), rowOf([rowOf('a'), rowOf('b')]), 7073],
    [row(list(list(STRING))), rowOf([['a'], ['b', 'c']]), 11011],
    [row(tuple(list(STRING))), rowOf([['a', 'b']]), 4128],
  ]
  for (const [layout, value, hash] of golden) assert.equal(hashOf(layout, value), hash, JSON.stringify(String(value)))
})

test('rows of Flink 1.8 to 1.10 hash as arrays; those of 1.11 to 1.13 in ways that cannot be told apart', () => {
  const old = (...fields: Layout[]): Layout => ({ op: 'row', rowKind: false, fields, hash: 'arrayRow' })
  // `Arrays.deepHashCode` of Java 17.
  const golden: readonly (readonly [Layout, Value, number])[] = [
    [old(STRING, INT), rowOf('a', 1), 3969],
    [old(STRING, INT), rowOf('a', null), 3968],
    [old({ op: 'bytes' }), rowOf(Uint8Array.of(1, 254)), 1021],
    [old(list(STRING)), rowOf(['a', 'b']), 4097],
    [old(list(STRING, 'array')), rowOf(['a', null]), 3999],
    [old(list(LONG, 'array'), STRING), rowOf([1n, -2n], ''), 31744],
  ]
  for (const [layout, value, hash] of golden) assert.equal(hashOf(layout, value), hash)
  const several: Layout = { op: 'row', rowKind: true, fields: [STRING], hash: 'severalRows' }
  assert.equal(isHashable(several), false)
  assert.throws(() => hashValue(several, new Reader(bytesOfValue(several, rowOf('a')))), KobelError)
})

test('a hash that is user code is refused', () => {
  const refused: readonly Layout[] = [
    { op: 'enum', className: 'Color', constants: ['RED'] },
    { op: 'pojo', className: 'P', fields: [], registered: [], subclasses: [] },
    { op: 'bytes' },
    list(INT, 'array'),
    tuple(STRING, list(INT, 'array')),
    { op: 'unknown', className: 'X' },
    { op: 'ttl', value: INT },
  ]
  for (const layout of refused) {
    assert.equal(isHashable(layout), false)
    assert.throws(
      () => hashValue(layout, new Reader(fromHex('02000000000000000000000000000000'))),
      (error: unknown) => error instanceof KobelError && error.code === 'UNHASHABLE',
    )
  }
})
