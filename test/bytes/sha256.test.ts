import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { Sha256, sha256 } from '../../src/bytes/sha256.ts'

test('SHA-256 is that of node:crypto for every length around the blocks', () => {
  for (let length = 0; length < 200; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 37 + length) & 0xff)
    assert.equal(sha256(bytes), createHash('sha256').update(bytes).digest('hex'))
  }
})

test('pieces of any size give the hash of the whole', () => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * 131) & 0xff)
  for (const step of [1, 7, 63, 64, 65, 130]) {
    const hash = new Sha256()
    for (let at = 0; at < bytes.length; at += step) hash.update(bytes.subarray(at, at + step))
    assert.equal(hash.digest(), sha256(bytes))
  }
})
