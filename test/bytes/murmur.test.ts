import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toHex } from '../../src/bytes/encoding.ts'
import { murmur3x64 } from '../../src/bytes/murmur.ts'

test('operator ids of uids, as Flink derives them', () => {
  const golden: Readonly<Record<string, string>> = {
    'my-uid': '8409efe6adc6d20787611f16017c808f',
    source: 'e5a72f353fc1e6bbf3bd96a41384998c',
    'Kafka Source': '228b28754f2f14a0ddf87787d2a20d40',
    'keyed-process': '5c26d9ba3dfe3ec0e24f7a7e24947aa9',
    été: '149a9d9b6c5fbf532881418509693336',
  }
  for (const [uid, id] of Object.entries(golden)) assert.equal(toHex(murmur3x64(new TextEncoder().encode(uid))), id)
})

test('texts of all lengths around a block of 16 bytes, as Guava hashes them', () => {
  const golden: readonly (readonly [number, string])[] = [
    [0, '00000000000000000000000000000000'],
    [1, '39f7849e1081f018b87c437c9b4cd43f'],
    [8, '5d2279026644798cda9d09993eacd6a3'],
    [15, '81097f0932d2081f59eb582b622ac609'],
    [16, '00f61e35a529ada51d8487b3906b1aa9'],
    [17, 'e849a11afe4683e970e73f1efff65400'],
    [23, '086ed01fd049f045d558ac43ed80a044'],
    [31, '2b7d8cb1ce4e680b919217756e28a2c8'],
    [32, '5b83a4ca3e259d732de66d98c7a63acb'],
    [33, '646fabebea8d9a90697dab0cf35c49c5'],
    [47, '089a3031f6a20a7d17c4260bfc7b7b53'],
    [100, 'ceb4613ce83ac625c1d8a82be99702f9'],
  ]
  for (const [length, hash] of golden) {
    const bytes = Uint8Array.from({ length }, (_, i) => 32 + ((i * 7) % 90))
    assert.equal(toHex(murmur3x64(bytes)), hash)
  }
})
