import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32c, maskCrc32c, unmaskCrc32c } from '../../src/bytes/crc32c.ts'
import { pseudoNoise } from './pseudo.ts'

test('the vectors of RFC 3720 B.4', () => {
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa)
  assert.equal(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43)
  assert.equal(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e)
  assert.equal(crc32c(Uint8Array.from({ length: 32 }, (_, i) => 31 - i)), 0x113fdb5c)
  assert.equal(crc32c(new TextEncoder().encode('123456789')), 0xe3069283)
  assert.equal(crc32c(new Uint8Array(0)), 0)
})

test('a range is the same as its slice', () => {
  const bytes = pseudoNoise(100, 1)
  for (let start = 0; start < 20; start++) {
    for (let end = start; end < 100; end += 7) {
      assert.equal(crc32c(bytes, start, end), crc32c(bytes.slice(start, end)))
    }
  }
})

test('masking is undone', () => {
  assert.equal(maskCrc32c(0), 0xa282ead8)
  for (const crc of [0, 1, 0x8a9136aa, 0xffffffff]) assert.equal(unmaskCrc32c(maskCrc32c(crc)), crc)
})
