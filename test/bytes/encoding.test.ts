import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import fc from 'fast-check'
import { compareBytes, equalBytes, fromBase64, fromHex, toBase64, toHex } from '../../src/bytes/encoding.ts'
import { KobelError } from '../../src/error.ts'

function refused(run: () => unknown, what: string): void {
  assert.throws(run, (error: unknown) => error instanceof KobelError && error.code === 'USAGE', what)
}

const bytes = fc.uint8Array({ maxLength: 70 })

test('hex', () => {
  assert.equal(toHex(Uint8Array.of(0, 1, 0xab, 0xff)), '0001abff')
  assert.deepEqual(fromHex('0001ABff'), Uint8Array.of(0, 1, 0xab, 0xff))
  fc.assert(
    fc.property(bytes, (each) => {
      assert.equal(toHex(each), Buffer.from(each).toString('hex'))
      assert.deepEqual(fromHex(toHex(each)), each)
    }),
  )
  for (const text of ['0', 'zz', '0x', ' 00']) refused(() => fromHex(text), text)
})

test('base64, as RFC 4648 has it', () => {
  const golden = ['', 'Zg==', 'Zm8=', 'Zm9v', 'Zm9vYg==', 'Zm9vYmE=', 'Zm9vYmFy']
  for (const [length, text] of golden.entries()) {
    const foobar = new TextEncoder().encode('foobar'.slice(0, length))
    assert.equal(toBase64(foobar), text)
    assert.deepEqual(fromBase64(text), foobar)
  }
  fc.assert(
    fc.property(bytes, (each) => {
      assert.equal(toBase64(each), Buffer.from(each).toString('base64'))
      assert.deepEqual(fromBase64(toBase64(each)), each)
    }),
  )
  for (const text of ['Z', 'Zg', 'Zg=', 'Z===', '====', 'Zg=a', 'Z-8=', 'Zm9v\n', 'Zm9vYg']) {
    refused(() => fromBase64(text), text)
  }
})

test('bytes compare as unsigned, the shorter first', () => {
  const sorted = ['', '00', '0000', '01', '7f', '80', 'ff', 'ff00', 'ffff'].map(fromHex)
  for (const [i, a] of sorted.entries()) {
    for (const [j, b] of sorted.entries()) {
      assert.equal(Math.sign(compareBytes(a, b)), Math.sign(i - j))
      assert.equal(equalBytes(a, b), i === j)
    }
  }
})
