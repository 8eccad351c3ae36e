import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fromHex, toHex } from '../../src/bytes/encoding.ts'
import { modifiedUtf8Length, readModifiedUtf8, writeModifiedUtf8 } from '../../src/bytes/modified-utf8.ts'
import { KobelError } from '../../src/error.ts'

function write(text: string): Uint8Array {
  const bytes = new Uint8Array(modifiedUtf8Length(text))
  assert.equal(writeModifiedUtf8(bytes, 0, text), bytes.length)
  return bytes
}

test('texts as java.io.DataOutputStream.writeUTF writes them', () => {
  const golden: readonly (readonly [string, string])[] = [
    ['', ''],
    ['a\x7f', '617f'],
    ['\0', 'c080'],
    ['\x80', 'c280'],
    ['é', 'c3a9'],
    ['\u07ff', 'dfbf'],
    ['\u0800', 'e0a080'],
    ['漢', 'e6bca2'],
    ['\uffff', 'efbfbf'],
    // A supplementary character is two surrogates of three bytes, not one of four.
    ['😀', 'eda0bdedb880'],
    ['\ud800x', 'eda08078'],
    ['\udfff', 'edbfbf'],
  ]
  for (const [text, hex] of golden) {
    assert.equal(toHex(write(text)), hex)
    const bytes = fromHex(hex)
    assert.equal(readModifiedUtf8(bytes, 0, bytes.length), text)
  }
})

test('every text comes back', () => {
  const units = fc.array(fc.nat(0xffff), { maxLength: 50 }).map((each) => String.fromCharCode(...each))
  fc.assert(
    fc.property(units, (text) => {
      const bytes = write(text)
      assert.equal(readModifiedUtf8(bytes, 0, bytes.length), text)
    }),
  )
  for (let first = 0; first < 0x10000; first += 0x1000) {
    const text = String.fromCharCode(...Array.from({ length: 0x1000 }, (_, i) => first + i))
    const bytes = write(text.repeat(3))
    assert.equal(readModifiedUtf8(bytes, 0, bytes.length), text.repeat(3))
  }
})

test('bytes that begin or continue no character are CORRUPT', () => {
  for (const hex of ['80', 'bf', 'c3', 'c341', 'e6bc', 'e6bc41', 'e641a2', 'f09f9880', 'ff', '61e6']) {
    const bytes = fromHex(hex)
    assert.throws(
      () => readModifiedUtf8(bytes, 0, bytes.length),
      (error: unknown) => error instanceof KobelError && error.code === 'CORRUPT',
      hex,
    )
  }
})

test('a character is not read beyond the end of the text', () => {
  const bytes = fromHex('61c3a9')
  assert.equal(readModifiedUtf8(bytes, 0, 1), 'a')
  assert.throws(() => readModifiedUtf8(bytes, 0, 2), KobelError)
  assert.equal(readModifiedUtf8(bytes, 1, 3), 'é')
})
