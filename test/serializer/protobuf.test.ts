import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { fromBase64, fromHex, toHex } from '../../src/bytes/encoding.ts'
import { Reader } from '../../src/bytes/reader.ts'
import { KobelError } from '../../src/error.ts'
import { jsonToValue, valueToJson } from '../../src/serializer/interpreter/json.ts'
import { readExactly } from '../../src/serializer/interpreter/read.ts'
import { bytesOfValue } from '../../src/serializer/interpreter/write.ts'
import type { Layout } from '../../src/serializer/layout.ts'
import { readDescriptorSet } from '../../src/serializer/protobuf/descriptors.ts'
import { readProtobuf, UNKNOWN, writeProtobuf } from '../../src/serializer/protobuf/message.ts'
import { readVersionedSnapshot } from '../../src/serializer/snapshot.ts'
import { SERIALIZER_TABLE } from '../../src/serializer/table.ts'
import { CLASS, type Value } from '../../src/serializer/value.ts'
import { mutations } from './mutations.ts'

/**
 * Written by protobuf-java 3.21.12 through chill-protobuf 0.7.6 and the KryoSerializer of Flink 1.20.3 and 2.3.0;
 * descriptors by protoc 3.21.12. `values`: an order with cash, one with a card, an empty one, and a list of an order, a
 * Legacy and an order.
 */
const GOLDEN = JSON.parse(readFileSync('test/serializer/protobuf-golden.json', 'utf8')) as {
  readonly descriptors: string
  readonly messages: readonly string[]
  readonly kryo: Readonly<Record<string, { readonly snapshot: string; readonly values: readonly string[] }>>
}

const DESCRIPTORS = fromBase64(GOLDEN.descriptors)
const TYPES = readDescriptorSet(DESCRIPTORS)
const ORDER = TYPES.byClass.get('com.acme.proto.Order') ?? assert.fail()

const cash = (amount: number, proof = ''): Value => ({ amount, proof: new TextEncoder().encode(proof) })

/** As the Java program built them. */
function orderOf(i: number): Record<string, Value> {
  const even = i % 2 === 0
  return {
    id: -(2n ** 63n) + BigInt(i),
    customer: 'Zoë 🐿',
    quantities: [1, -2, 300],
    prices: [
      ['b', 2n],
      ['a', 0n],
    ],
    color: even ? 'GREEN' : 'NEG',
    card: even ? null : '4711',
    cash: even ? cash(2, 'p') : null,
    discount: even ? null : 0,
    delta: -7,
    big_delta: 2n ** 63n - 1n,
    f32: 2 ** 32 - 1,
    f64: 2n ** 64n - 1n,
    sf32: -3,
    sf64: -4n,
    ratio: -0,
    paid: true,
    u32: 2 ** 32 - 1,
    u64: 2n ** 64n - 1n,
    notes: ['', 'x'],
    parts: [cash(1.5), cash(0)],
    by_id: [[-1, cash(Number.NaN)]],
    legacy: { number: 0, text: null, plain: [1, 2], packed: [3, 4], extra: { more: 'm' } },
    colors: ['RED', 'NEG'],
    deltas: [-1n, 1n],
    blob: Uint8Array.of(0, 255, 5),
  }
}

const EMPTY: Record<string, Value> = {
  ...{ id: 0n, customer: '', quantities: [], prices: [], color: 'COLOR_UNKNOWN', card: null, cash: null },
  ...{ discount: null, delta: 0, big_delta: 0n, f32: 0, f64: 0n, sf32: 0, sf64: 0n, ratio: 0, paid: false, u32: 0 },
  ...{ u64: 0n, notes: [], parts: [], by_id: [], legacy: null, colors: [], deltas: [], blob: new Uint8Array(0) },
}

/** Without prototypes and class marks, which the comparison would see. */
function plain(value: Value): Value {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  if (Array.isArray(value)) return (value as readonly Value[]).map(plain)
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member as Value)]))
}

describe('messages', () => {
  for (const [i, hex] of GOLDEN.messages.entries()) {
    test(`message ${i}`, () => {
      const value = readProtobuf(TYPES, ORDER, fromHex(hex))
      assert.deepEqual(plain(value), orderOf(i))
      assert.equal(toHex(writeProtobuf(TYPES, ORDER, value)), hex)
    })
  }

  test('what is not set has the default, or is null where that can be told', () => {
    assert.deepEqual(plain(readProtobuf(TYPES, ORDER, new Uint8Array(0))), EMPTY)
    assert.equal(writeProtobuf(TYPES, ORDER, EMPTY).length, 0)
  })

  test('unknown fields are kept, behind the others', () => {
    // 08 05: id 5; b8 3e 01: field 999.
    const value = readProtobuf(TYPES, ORDER, fromHex('b83e010805')) as Record<string, Value>
    assert.equal(value.id, 5n)
    assert.deepEqual(value[UNKNOWN], fromHex('b83e01'))
    assert.equal(toHex(writeProtobuf(TYPES, ORDER, value)), '0805b83e01')
  })

  test('repeated numbers are read packed and not', () => {
    const value = readProtobuf(TYPES, ORDER, fromHex('1801' + '1a020203')) as Record<string, Value>
    assert.deepEqual(value.quantities, [1, 2, 3])
    assert.equal(toHex(writeProtobuf(TYPES, ORDER, value)), '1a03010203')
  })

  test('what does not fit is refused', () => {
    const wrong: Record<string, Value>[] = [
      ...[{ id: 2n ** 63n }, { u32: -1 }, { quantities: 1 }, { quantities: ['x'] }, { color: 'BLUE' }, { paid: 1 }],
      ...[{ customer: 1 }, { blob: 1 }, { ratio: 'x' }, { prices: [['a']] }, { parts: [1] }, { delta: 1.5 }],
    ]
    for (const fields of wrong) {
      assert.throws(
        () => writeProtobuf(TYPES, ORDER, fields),
        (error) => error instanceof KobelError && error.code === 'USAGE',
      )
    }
  })
})

function layoutOf(version: string, snapshot: string, protobuf?: Uint8Array): Layout {
  const kryoVersion = version.startsWith('1.') ? 2 : 5
  const options = { kryoVersion, ...(protobuf && { protobuf }) } as const
  const reader = new Reader(fromHex(snapshot))
  return readVersionedSnapshot({ reader, table: SERIALIZER_TABLE, extents: new Map(), depth: 0, options }).layout
}

describe('through Kryo', () => {
  for (const [name, { snapshot, values }] of Object.entries(GOLDEN.kryo)) {
    const layout = layoutOf(name, snapshot, DESCRIPTORS)
    const expected = [orderOf(0), orderOf(1), EMPTY]

    test(`Flink ${name}`, () => {
      for (const [i, hex] of values.slice(0, 3).entries()) {
        const value = readExactly(layout, new Reader(fromHex(hex)), hex.length / 2)
        assert.deepEqual(plain(value), expected[i])
        assert.equal((value as { [CLASS]?: string })[CLASS], 'com.acme.proto.Order')
        assert.equal(toHex(bytesOfValue(layout, value)), hex)
        assert.equal(toHex(bytesOfValue(layout, jsonToValue(layout, JSON.parse(valueToJson(layout, value))))), hex)
      }
    })

    // In the program of 2.3.0 only one of the classes had the serializer.
    if (name === '2.3.0') continue
    test(`a list of messages, Flink ${name}`, () => {
      const hex = values[3]!
      const value = readExactly(layout, new Reader(fromHex(hex)), hex.length / 2) as readonly Value[]
      assert.deepEqual(value.slice(0, 3).map(plain), [
        orderOf(0),
        { number: 1, text: null, plain: [], packed: [], extra: null },
        orderOf(1),
      ])
      assert.equal(toHex(bytesOfValue(layout, value)), hex)
    })
  }

  test('without descriptors the bytes of a message are kept, and what follows is read', () => {
    const { snapshot, values } = GOLDEN.kryo['1.20.3']!
    const layout = layoutOf('1.20.3', snapshot)
    const value = readExactly(layout, new Reader(fromHex(values[0]!)), values[0]!.length / 2)
    assert.deepEqual(plain(value), { message: fromHex(GOLDEN.messages[0]!) })
    assert.equal(toHex(bytesOfValue(layout, value)), values[0])
    const list = readExactly(layout, new Reader(fromHex(values[3]!)), values[3]!.length / 2) as readonly Value[]
    assert.equal(list.length, 3)
  })
})

test('a file that is no set of descriptors is refused', () => {
  for (const bytes of [new Uint8Array(0), fromHex('ffffff'), new TextEncoder().encode('syntax = "proto3";')]) {
    assert.throws(
      () => readDescriptorSet(bytes),
      (error) => error instanceof KobelError && error.code === 'USAGE',
    )
  }
})

test('damaged messages and descriptors give a value or a KobelError', () => {
  const message = fromHex(GOLDEN.messages[0]!)
  for (const bytes of mutations(message, 2000, 7)) onlyKobelErrors(() => readProtobuf(TYPES, ORDER, bytes))
  for (const bytes of mutations(DESCRIPTORS, 1000, 8)) onlyKobelErrors(() => readDescriptorSet(bytes))
  // A group in a group in a group.
  onlyKobelErrors(() => readProtobuf(TYPES, ORDER, new Uint8Array(100_000).fill(0x0b)))
})

function onlyKobelErrors(act: () => void): void {
  try {
    act()
  } catch (error) {
    assert.ok(error instanceof KobelError, String(error))
  }
}
