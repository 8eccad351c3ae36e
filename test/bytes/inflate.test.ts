import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { deflateRawSync } from 'node:zlib'
import { fromHex, toHex } from '../../src/bytes/encoding.ts'
import { inflateRaw } from '../../src/bytes/inflate.ts'
import { lz4Decompress } from '../../src/bytes/lz4.ts'
import { KobelError, type KobelErrorCode } from '../../src/error.ts'
import { join, pseudoNoise, pseudoText, randomNumbers } from './pseudo.ts'

type Blocks = Readonly<Record<string, string>>
interface Golden {
  readonly lz4: Blocks
  readonly deflate: Blocks
  readonly deflateFixed: Blocks
  readonly deflateStored: Blocks
}

const golden = JSON.parse(readFileSync('test/bytes/lz-golden.json', 'utf8')) as Golden
const PLAIN: Readonly<Record<string, Uint8Array>> = {
  letter: Uint8Array.of(97),
  run: new Uint8Array(300).fill(0x78),
  text: pseudoText(1200, 7),
  noise: pseudoNoise(90, 3),
  far: join(pseudoNoise(70, 5), new Uint8Array(10).fill(0x71), pseudoNoise(300, 9), pseudoNoise(70, 5)),
}

function failsWith(code: KobelErrorCode, run: () => unknown): void {
  assert.throws(run, (error: unknown) => error instanceof KobelError && error.code === code)
}

test('LZ4 blocks of the real library', () => {
  for (const [name, hex] of Object.entries(golden.lz4)) {
    const block = fromHex(hex)
    const plain = PLAIN[name]!
    assert.equal(toHex(lz4Decompress(block, 0, block.length, plain.length)), toHex(plain), name)
    failsWith('CORRUPT', () => lz4Decompress(block, 0, block.length, plain.length + 1))
    failsWith('CORRUPT', () => lz4Decompress(block, 0, block.length, plain.length - 1))
    failsWith('CORRUPT', () => lz4Decompress(block, 0, block.length - 1, plain.length))
    failsWith('CORRUPT', () => lz4Decompress(block, 0, block.length, 2 ** 31))
  }
})

test('DEFLATE of the real library', () => {
  for (const blocks of [golden.deflate, golden.deflateFixed]) {
    for (const [name, hex] of Object.entries(blocks)) {
      const block = fromHex(hex)
      const plain = PLAIN[name]!
      assert.equal(toHex(inflateRaw(block, 0, block.length, plain.length)), toHex(plain), name)
      assert.equal(toHex(inflateRaw(block)), toHex(plain), name)
      failsWith('CORRUPT', () => inflateRaw(block, 0, block.length, plain.length + 1))
      failsWith('CORRUPT', () => inflateRaw(block, 0, block.length, plain.length - 1))
      assert.throws(() => inflateRaw(block, 0, block.length - 1), KobelError)
    }
  }
  assert.deepEqual(inflateRaw(fromHex(golden.deflateStored.text!)), PLAIN.text!.slice(0, 90))
  const long = join(pseudoText(100_000, 1), pseudoNoise(70_000, 2), new Uint8Array(100_000))
  for (const level of [0, 1, 9]) assert.ok(Buffer.from(long).equals(inflateRaw(deflateRawSync(long, { level }))))
  failsWith('CORRUPT', () => inflateRaw(fromHex('07')))
  failsWith('TRUNCATED', () => inflateRaw(fromHex('')))
  failsWith('CORRUPT', () => inflateRaw(deflateRawSync(new Uint8Array(1000)), 0, undefined, undefined, 999))
})

test('mutated blocks give bytes or a KobelError', () => {
  const numbers = randomNumbers(43)
  const sources = [golden.lz4.text!, golden.deflate.text!, golden.deflateFixed.text!].map(fromHex)
  for (let round = 0; round < 6000; round++) {
    const bytes = sources[round % 3]!.slice()
    for (let flips = 1 + (round % 4); flips > 0; flips--) {
      bytes[(numbers.next().value >> 8) % bytes.length] = numbers.next().value >> 16
    }
    try {
      if (round % 3 === 0) lz4Decompress(bytes, 0, bytes.length, 1200)
      else inflateRaw(bytes, 0, bytes.length, round % 2 === 0 ? 1200 : undefined, 100_000)
    } catch (error) {
      if (!(error instanceof KobelError)) throw error
    }
  }
})
