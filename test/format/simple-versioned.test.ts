import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromHex, toHex } from '../../src/bytes/encoding.ts'
import { Reader } from '../../src/bytes/reader.ts'
import { Writer } from '../../src/bytes/writer.ts'
import { KobelError } from '../../src/error.ts'
import {
  readVersioned,
  readVersionedList,
  readWhole,
  writeVersioned,
  writeVersionedList,
} from '../../src/format/simple-versioned.ts'
import { mutations } from '../serializer/mutations.ts'

const ONE = '0000000200000003616263'
const LIST = '000000010000000200000001ff00000000'

test('one object: version, length, bytes', () => {
  const versioned = readWhole(fromHex(ONE), readVersioned)
  assert.deepEqual(versioned, { version: 2, bytes: fromHex('616263') })
  const writer = new Writer()
  writeVersioned(writer, versioned)
  assert.equal(toHex(writer.toBytes()), ONE)
})

test('a list: version, count, lengths and bytes', () => {
  const list = readWhole(fromHex(LIST), readVersionedList)
  assert.deepEqual(list, { version: 1, items: [fromHex('ff'), fromHex('')] })
  const writer = new Writer()
  writeVersionedList(writer, list)
  assert.equal(toHex(writer.toBytes()), LIST)
})

test('lengths and counts that cannot be', () => {
  const code = (hex: string, read: (reader: Reader) => unknown): string => {
    try {
      readWhole(fromHex(hex), read)
    } catch (error) {
      if (error instanceof KobelError) return error.code
      throw error
    }
    return 'none'
  }
  assert.equal(code('00000001ffffffff', readVersioned), 'CORRUPT')
  assert.equal(code('000000010000000461', readVersioned), 'TRUNCATED')
  assert.equal(code('000000010000000061', readVersioned), 'CORRUPT')
  assert.equal(code('000000017fffffff', readVersionedList), 'TRUNCATED')
  assert.equal(code('00000001ffffffff', readVersionedList), 'CORRUPT')
})

test('damaged frames give a value or a KobelError', () => {
  for (const bytes of mutations(fromHex(LIST), 2000, 5)) {
    for (const read of [readVersioned, readVersionedList]) {
      try {
        read(new Reader(bytes))
      } catch (error) {
        assert.ok(error instanceof KobelError, String(error))
      }
    }
  }
})
