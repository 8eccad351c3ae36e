import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fromHex, toHex } from '../../src/bytes/encoding.ts'
import { Reader } from '../../src/bytes/reader.ts'
import { Writer } from '../../src/bytes/writer.ts'
import { KobelError } from '../../src/error.ts'
import {
  bigIntFromBytes,
  bigIntToBytes,
  decimalText,
  float32Shortest,
  parseDecimal,
  readBigDecimal,
  readBigInteger,
  skipBigInteger,
  writeBigDecimal,
} from '../../src/serializer/numbers.ts'

/** `BigInteger.toByteArray()` of Java 17. */
const INTEGERS: readonly (readonly [bigint, string])[] = [
  [0n, '00'],
  [1n, '01'],
  [-1n, 'ff'],
  [127n, '7f'],
  [128n, '0080'],
  [-128n, '80'],
  [-129n, 'ff7f'],
  [255n, '00ff'],
  [256n, '0100'],
  [32767n, '7fff'],
  [32768n, '008000'],
  [-32768n, '8000'],
  [-32769n, 'ff7fff'],
  [2n ** 63n - 1n, '7fffffffffffffff'],
  [2n ** 63n, '008000000000000000'],
  [-(2n ** 63n), '8000000000000000'],
  [-(2n ** 63n) - 1n, 'ff7fffffffffffffff'],
  [2n ** 32n, '0100000000'],
  [-(2n ** 32n), 'ff00000000'],
  [2n ** 128n, '0100000000000000000000000000000000'],
  [-(2n ** 128n), 'ff00000000000000000000000000000000'],
]

/** `new BigDecimal(unscaled, scale).toString()` of Java 17. */
const DECIMALS: readonly (readonly [bigint, number, string])[] = [
  [0n, 0, '0'],
  [0n, 3, '0.000'],
  [0n, -3, '0E+3'],
  [0n, 6, '0.000000'],
  [0n, 7, '0E-7'],
  [123n, 0, '123'],
  [123n, 2, '1.23'],
  [123n, 3, '0.123'],
  [123n, 5, '0.00123'],
  [123n, 8, '0.00000123'],
  [123n, 9, '1.23E-7'],
  [123n, 10, '1.23E-8'],
  [-123n, 10, '-1.23E-8'],
  [123n, -1, '1.23E+3'],
  [123n, -5, '1.23E+7'],
  [-1n, -1, '-1E+1'],
  [1n, -2147483648, '1E+2147483648'],
  [1n, 2147483647, '1E-2147483647'],
  [12n, 2147483647, '1.2E-2147483646'],
  [12n, -2147483648, '1.2E+2147483649'],
  [1n, 6, '0.000001'],
  [1n, 7, '1E-7'],
  [10n, 7, '0.0000010'],
  [2n ** 63n - 1n, 0, '9223372036854775807'],
  [-(2n ** 63n), 3, '-9223372036854775.808'],
  [-(2n ** 63n) - 1n, 25, '-9.223372036854775809E-7'],
  [12345678901234567890123456789n, 10, '1234567890123456789.0123456789'],
]

/** Bits of a float and the number that Java prints for it. */
const FLOATS: readonly (readonly [number, number])[] = [
  [0x3dcccccd, 0.1],
  [0x7f7fffff, 3.4028235e38],
  [0x3f800001, 1.0000001],
  [0x4b800000, 1.6777216e7],
  [0x501502f9, 1e10],
  [0x42c80000, 100],
  [0x3eaaaaab, 0.33333334],
  [0xc2f6e979, -123.456],
  [0x34000000, 1.1920929e-7],
  [0x7f000000, 1.7014118e38],
  [0x2b8cbccc, 1e-12],
  [0x80000000, -0],
]

test('integers in two’s complement', () => {
  for (const [value, hex] of INTEGERS) {
    assert.equal(toHex(bigIntToBytes(value)), hex)
    assert.equal(bigIntFromBytes(fromHex(hex)), value)
  }
  assert.equal(bigIntFromBytes(fromHex('ffffff80')), -128n, 'longer than need be')
  assert.equal(bigIntFromBytes(fromHex('')), 0n)
  fc.assert(fc.property(fc.bigInt(), (value) => assert.equal(bigIntFromBytes(bigIntToBytes(value)), value)))
})

test('decimal numbers', () => {
  for (const [unscaled, scale, text] of DECIMALS) {
    assert.equal(decimalText(unscaled, scale), text)
    assert.deepEqual(parseDecimal(text), { unscaled, scale })
    const writer = new Writer()
    writeBigDecimal(writer, text)
    assert.equal(readBigDecimal(new Reader(writer.toBytes())), text)
  }
  for (const text of ['', '.', '1e', 'x1', '1.2.3', '0x10', ' 1', '1E99999999999', 'NaN']) {
    assert.throws(
      () => parseDecimal(text),
      (error: unknown) => error instanceof KobelError && error.code === 'USAGE',
    )
  }
})

test('each pair of unscaled value and scale has a text of its own', () => {
  fc.assert(
    fc.property(fc.bigInt(), fc.integer({ min: -2147483648, max: 2147483647 }), (unscaled, scale) => {
      assert.deepEqual(parseDecimal(decimalText(unscaled, scale)), { unscaled, scale })
    }),
  )
})

test('floats are printed with the digits that they need', () => {
  const view = new DataView(new ArrayBuffer(4))
  for (const [bits, printed] of FLOATS) {
    view.setUint32(0, bits)
    assert.equal(float32Shortest(view.getFloat32(0)), printed)
  }
  fc.assert(
    fc.property(fc.float(), (value) => {
      const shortest = float32Shortest(value)
      assert.ok(Object.is(Math.fround(shortest), value))
      assert.ok(String(shortest).length <= String(value).length)
    }),
  )
})

test('lengths of a BigInteger that cannot be', () => {
  for (const hex of ['00000004', 'ffffffff', '80000000', '00000006ff', '7fffffff']) {
    assert.throws(() => readBigInteger(new Reader(fromHex(hex))), KobelError, hex)
  }
  assert.throws(() => skipBigInteger(new Reader(fromHex('ffffffff'))), KobelError)
})
