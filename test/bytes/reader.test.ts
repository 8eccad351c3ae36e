import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fromHex } from '../../src/bytes/encoding.ts'
import { Reader } from '../../src/bytes/reader.ts'
import { Writer } from '../../src/bytes/writer.ts'
import { KobelError, type KobelErrorCode } from '../../src/error.ts'

function failsWith(code: KobelErrorCode, run: () => unknown, offset?: number): void {
  assert.throws(run, (error: unknown) => {
    assert.ok(error instanceof KobelError)
    assert.equal(error.code, code)
    if (offset !== undefined) assert.equal(error.where.offset, offset)
    return true
  })
}

test('numbers are big-endian, as java.io.DataOutputStream writes them', () => {
  const reader = new Reader(fromHex('fffffeffff80000000fffffffffffffffe3fc000004004000000000000010000'))
  assert.equal(reader.i8(), -1)
  assert.equal(reader.i16(), -2)
  assert.equal(reader.u16(), 65535)
  assert.equal(reader.i32(), -(2 ** 31))
  assert.equal(reader.i64(), -2n)
  assert.equal(reader.f32(), 1.5)
  assert.equal(reader.f64(), 2.5)
  assert.equal(reader.bool(), true)
  assert.equal(reader.bool(), false)
  assert.equal(reader.remaining, 1)
})

test('a read beyond the limit is TRUNCATED and leaves the offset', () => {
  const reads: readonly (readonly [number, (reader: Reader) => unknown])[] = [
    [1, (reader) => reader.u8()],
    [1, (reader) => reader.i8()],
    [1, (reader) => reader.bool()],
    [2, (reader) => reader.u16()],
    [2, (reader) => reader.i16()],
    [4, (reader) => reader.i32()],
    [8, (reader) => reader.i64()],
    [8, (reader) => reader.i64Number()],
    [4, (reader) => reader.f32()],
    [8, (reader) => reader.f64()],
    [3, (reader) => reader.utf()],
    [5, (reader) => reader.take(5)],
    [5, (reader) => reader.skip(5)],
  ]
  for (const [length, read] of reads) {
    // The block goes on, the limit does not.
    const reader = new Reader(Uint8Array.of(9, 0, 1, 0, 0, 0, 0, 0, 0, 0), 1, length)
    failsWith('TRUNCATED', () => read(reader), 1)
    assert.equal(reader.offset, 1)
    reader.limit = length + 1
    read(reader)
    assert.equal(reader.offset, length + 1)
  }
})

test('lengths and counts', () => {
  failsWith('CORRUPT', () => new Reader(new Uint8Array(4)).take(-1))
  failsWith('CORRUPT', () => new Reader(new Uint8Array(4)).skip(Number.NaN))
  assert.equal(new Reader(fromHex('000000020000')).count('things'), 2)
  assert.equal(new Reader(fromHex('0000000200000000')).count('things', 2), 2)
  failsWith('TRUNCATED', () => new Reader(fromHex('0000000200')).count('things'), 0)
  failsWith('TRUNCATED', () => new Reader(fromHex('00000002000000')).count('things', 2), 0)
  failsWith('CORRUPT', () => new Reader(fromHex('ffffffff')).count('things'), 0)
  assert.equal(new Reader(fromHex('7fffffff')).count('things', 0), 0x7fffffff)
  failsWith('CORRUPT', () => new Reader(Uint8Array.of(2)).bool(), 0)
})

test('a 64-bit size is a number up to 2^53', () => {
  assert.equal(new Reader(fromHex('001fffffffffffff')).i64Number(), Number.MAX_SAFE_INTEGER)
  assert.equal(new Reader(fromHex('ffffffffffffffff')).i64Number(), -1)
  failsWith('LIMIT', () => new Reader(fromHex('0020000000000000')).i64Number(), 0)
})

test('a view that is part of a larger buffer', () => {
  const whole = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
  const reader = new Reader(whole.subarray(2, 7))
  assert.equal(reader.u16(), 0x0304)
  const taken = reader.take(2)
  assert.deepEqual([...taken], [5, 6])
  assert.equal(taken.buffer, whole.buffer, 'not a copy')
})

test('a writer is the mirror of a reader', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -128, max: 127 }),
      fc.integer({ min: -0x8000, max: 0x7fff }),
      fc.integer(),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.float(),
      fc.double(),
      fc.string({ unit: 'binary' }),
      fc.uint8Array({ maxLength: 600 }),
      (i8, i16, i32, i64, f32, f64, text, raw) => {
        const writer = new Writer(0)
        writer.u8(i8)
        writer.i16(i16)
        writer.i32(i32)
        writer.i64(i64)
        writer.f32(f32)
        writer.f64(f64)
        writer.utf(text)
        writer.raw(raw)
        writer.bool(raw.length > 3)
        const reader = new Reader(writer.toBytes())
        assert.equal(reader.i8(), i8)
        assert.equal(reader.i16(), i16)
        assert.equal(reader.i32(), i32)
        assert.equal(reader.i64(), i64)
        assert.ok(Object.is(reader.f32(), f32))
        assert.ok(Object.is(reader.f64(), f64))
        assert.equal(reader.utf(), text)
        assert.deepEqual(reader.take(raw.length), raw)
        assert.equal(reader.bool(), raw.length > 3)
        assert.equal(reader.remaining, 0)
      },
    ),
  )
})
