import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toHex } from '../../src/bytes/encoding.ts'
import { Writer } from '../../src/bytes/writer.ts'
import { KobelError } from '../../src/error.ts'

test('numbers are big-endian, and NaN is the one that Java writes', () => {
  const writer = new Writer(1)
  writer.u8(-1)
  writer.i16(-2)
  writer.i32(258)
  writer.i64(-2n)
  writer.i64Number(3)
  writer.f32(1.5)
  writer.f32(Number.NaN)
  writer.f64(Number.NaN)
  writer.f64(-0)
  writer.bool(true)
  assert.equal(
    toHex(writer.toBytes()),
    'fffffe00000102fffffffffffffffe00000000000000033fc000007fc000007ff8000000000000800000000000000001',
  )
})

test('what was written is a copy, and writing goes on', () => {
  const writer = new Writer(2)
  writer.raw(Uint8Array.of(1, 2, 3))
  const first = writer.toBytes()
  writer.raw(new Uint8Array(1000).fill(7))
  assert.deepEqual([...first], [1, 2, 3])
  assert.equal(writer.toBytes().length, 1003)
  assert.equal(writer.offset, 1003)
  writer.offset = 0
  writer.u8(9)
  assert.deepEqual([...writer.toBytes()], [9])
})

test('a text of 65535 bytes fits writeUTF, one more does not', () => {
  const writer = new Writer()
  writer.utf('a'.repeat(65535))
  assert.equal(writer.offset, 65537)
  assert.equal(toHex(writer.toBytes().subarray(0, 3)), 'ffff61')
  for (const text of ['a'.repeat(65536), 'é'.repeat(32768), '漢'.repeat(21846)]) {
    assert.throws(
      () => writer.utf(text),
      (error: unknown) => error instanceof KobelError && error.code === 'LIMIT',
    )
  }
  assert.equal(writer.offset, 65537, 'nothing of it was written')
})
