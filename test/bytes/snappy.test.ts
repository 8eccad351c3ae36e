import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { fromHex, toHex } from '../../src/bytes/encoding.ts'
import { snappyCompress, snappyDecompress, snappyUncompressedLength } from '../../src/bytes/snappy.ts'
import { SnappyFramedDecoder, snappyFrame, snappyUnframe } from '../../src/bytes/snappy-framed.ts'
import { KobelError, type KobelErrorCode } from '../../src/error.ts'
import { join, pseudoNoise, pseudoText, randomNumbers } from './pseudo.ts'

interface Golden {
  readonly raw: Readonly<Record<string, string>>
  readonly framed: Readonly<Record<string, string>>
}

const golden = JSON.parse(readFileSync('test/bytes/snappy.json', 'utf8')) as Golden
const PLAIN: Readonly<Record<string, Uint8Array>> = {
  empty: new Uint8Array(0),
  letter: Uint8Array.of(97),
  run: new Uint8Array(300).fill(0x78),
  text: pseudoText(1200, 7),
  noise: pseudoNoise(90, 3),
  far: join(pseudoNoise(70, 5), new Uint8Array(10).fill(0x71), pseudoNoise(300, 9), pseudoNoise(70, 5)),
  text200: pseudoText(200, 7),
  noise90: pseudoNoise(90, 3),
}
const IDENTIFIER = 'ff060000734e61507059'

function failsWith(code: KobelErrorCode, run: () => unknown): void {
  assert.throws(run, (error: unknown) => error instanceof KobelError && error.code === code)
}

test('blocks that real Snappy wrote', () => {
  for (const [name, hex] of Object.entries(golden.raw)) {
    const block = fromHex(hex)
    assert.equal(snappyUncompressedLength(block), PLAIN[name]!.length)
    assert.equal(toHex(snappyDecompress(block)), toHex(PLAIN[name]!), name)
  }
})

test('a block in the middle of bytes, into the middle of bytes', () => {
  const block = fromHex(golden.raw.text!)
  const input = join(Uint8Array.of(1, 2, 3), block, Uint8Array.of(4))
  const output = new Uint8Array(2000)
  const plain = snappyDecompress(input, output, 3, 3 + block.length, 100)
  assert.equal(plain.buffer, output.buffer)
  assert.equal(toHex(plain), toHex(PLAIN.text!))
  assert.equal(toHex(output.subarray(100, 1300)), toHex(PLAIN.text!))
  failsWith('LIMIT', () => snappyDecompress(input, output, 3, 3 + block.length, 900))
})

test('copies of every form, overlapping ones too', () => {
  const hex = (text: string): string => toHex(snappyDecompress(fromHex(text)))
  assert.equal(hex('0a 00 61 15 01'.replaceAll(' ', '')), '61'.repeat(10))
  assert.equal(hex('06 04 6162 0e 0200'.replaceAll(' ', '')), '616261626162')
  assert.equal(hex('06 04 6162 0f 02000000'.replaceAll(' ', '')), '616261626162')
  assert.equal(hex('01 f0 00 61'.replaceAll(' ', '')), '61')
  assert.equal(hex('01 fc 00000000 61'.replaceAll(' ', '')), '61')
})

test('damaged blocks', () => {
  for (const hex of ['', '80', '8080']) failsWith('TRUNCATED', () => snappyDecompress(fromHex(hex)))
  const damaged = [
    'ffffffff7f',
    'ffffffff0f00',
    '01',
    '0200',
    '020061',
    '010461',
    '0a0061150261',
    '0a00611500',
    '05006101',
  ]
  for (const hex of [
    ...damaged,
    '050061',
    '0100616100',
    '0500610e',
    '0500610e01',
    '0500610f000000',
    '01fcffffffff61',
  ]) {
    failsWith('CORRUPT', () => snappyDecompress(fromHex(hex)))
  }
})

test('what is compressed is decompressed to itself', () => {
  for (const plain of [
    ...Object.values(PLAIN),
    pseudoText(200_000, 3),
    pseudoNoise(70_000, 4),
    new Uint8Array(140_000),
  ]) {
    assert.deepEqual(snappyDecompress(snappyCompress(plain)), plain)
  }
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 500 }), (bytes) => {
      const plain = Uint8Array.from(bytes)
      assert.deepEqual(snappyDecompress(snappyCompress(plain)), plain)
    }),
  )
  assert.ok(snappyCompress(pseudoText(100_000, 3)).length < 55_000)
})

test('framed streams that real libraries wrote', () => {
  for (const [name, hex] of Object.entries(golden.framed)) {
    assert.equal(toHex(snappyUnframe(fromHex(hex))), toHex(PLAIN[name]!), name)
  }
  assert.equal(snappyUnframe(fromHex(IDENTIFIER)).length, 0)
})

test('a stream in windows of any size', () => {
  const plain = join(pseudoText(150_000, 1), pseudoNoise(70_000, 2))
  const skippable = fromHex('80050000ffffffffff' + 'fe000000')
  const stream = join(snappyFrame(plain), skippable, snappyFrame(PLAIN.text!))
  assert.ok(stream.length < 160_000)
  for (const size of [1, 1000, 65_536, 100_000, stream.length]) {
    const decoder = new SnappyFramedDecoder()
    const parts: Uint8Array[] = []
    for (let at = 0; at < stream.length; at += size) parts.push(decoder.push(stream.slice(at, at + size)))
    decoder.finish()
    assert.equal(decoder.consumedBytes, stream.length)
    assert.ok(Buffer.concat(parts).equals(Buffer.concat([plain, PLAIN.text!])))
  }
})

test('chunk by chunk, the end of each is known', () => {
  const plain = pseudoText(100_000, 1)
  const first = snappyFrame(plain)
  const decoder = new SnappyFramedDecoder()
  decoder.feed(join(first, fromHex('0007deadbeef')))
  assert.equal(decoder.next()!.length, 65_536)
  const second = decoder.next()!
  assert.deepEqual(second, plain.slice(65_536))
  assert.equal(decoder.consumedBytes, first.length)
  assert.equal(decoder.pendingBytes, 6)
})

test('pieces of whole chunks make the same stream', () => {
  const plain = pseudoText(150_000, 1)
  const pieces = join(snappyFrame(plain.subarray(0, 65_536)), snappyFrame(plain.subarray(65_536), false))
  assert.ok(Buffer.from(pieces).equals(snappyFrame(plain)))
  assert.equal(toHex(snappyFrame(new Uint8Array(0))), IDENTIFIER)
})

test('damaged streams', () => {
  const good = golden.framed.noise90!
  failsWith('TRUNCATED', () => snappyUnframe(new Uint8Array(0)))
  failsWith('TRUNCATED', () => snappyUnframe(fromHex(good.slice(0, -2))))
  failsWith('TRUNCATED', () => snappyUnframe(fromHex(`${IDENTIFIER}80ff000000`)))
  failsWith('CORRUPT', () => snappyUnframe(fromHex(good.slice(20))))
  failsWith('CORRUPT', () => snappyUnframe(fromHex(`${good.slice(0, -2)}00`)))
  failsWith('CORRUPT', () => snappyUnframe(fromHex('ff060000734e6150705a')))
  failsWith('CORRUPT', () => snappyUnframe(fromHex(`${IDENTIFIER}02000000`)))
  failsWith('CORRUPT', () => snappyUnframe(fromHex(`${IDENTIFIER}0103000000`)))
  failsWith('CORRUPT', () => snappyUnframe(fromHex(`${IDENTIFIER}010500ff`)))
  const long = snappyCompress(new Uint8Array(65_537))
  const head = Uint8Array.of(0, long.length + 4, (long.length + 4) >> 8, 0, 0, 0, 0, 0)
  failsWith('CORRUPT', () => snappyUnframe(join(fromHex(IDENTIFIER), head, long), { verify: false }))
})

test('without verification a wrong checksum passes', () => {
  const stream = fromHex(golden.framed.noise90!)
  stream[14] = stream[14]! ^ 1
  failsWith('CORRUPT', () => snappyUnframe(stream))
  assert.deepEqual(snappyUnframe(stream, { verify: false }), PLAIN.noise90)
})

test('mutated blocks and streams give bytes or a KobelError', () => {
  const numbers = randomNumbers(42)
  const sources = [fromHex(golden.raw.text!), fromHex(golden.raw.far!), fromHex(golden.framed.text200!)]
  for (let round = 0; round < 6000; round++) {
    const bytes = sources[round % 3]!.slice()
    for (let flips = 1 + (round % 4); flips > 0; flips--) {
      bytes[(numbers.next().value >> 8) % bytes.length] = numbers.next().value >> 16
    }
    const cut = bytes.subarray(0, round % 5 === 0 ? (numbers.next().value >> 8) % bytes.length : bytes.length)
    try {
      if (round % 3 === 2) snappyUnframe(cut, { verify: false })
      else snappyDecompress(cut)
    } catch (error) {
      if (!(error instanceof KobelError)) throw error
    }
  }
})
