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
