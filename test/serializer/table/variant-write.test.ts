import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { toHex } from '../../../src/bytes/encoding.ts'
import { KobelError } from '../../../src/error.ts'
import { variantFromJson, variantJson, variantLayout } from '../../../src/serializer/table/variant.ts'
import { variantOfJson } from '../../../src/serializer/table/variant-write.ts'

/** `BinaryVariantInternalBuilder.parseJson` of Flink 2.3.0. */
const GOLDEN = JSON.parse(readFileSync('test/serializer/table/variant-golden.json', 'utf8')) as readonly {
  readonly json: string
  readonly value: string
  readonly metadata: string
}[]

/** What JavaScript's numbers lose of the text: trailing zeros, an exponent, the sign of zero, digits beyond a double. */
const LOST = new Set(['100.00', '-0.0', '-0', '1e3', '1.5E-3', '1e400'])

/** Digits that only a bigint or a decimal holds. */
function parsed(json: string): unknown {
  return /^-?\d{16,38}$/.test(json) ? BigInt(json) : JSON.parse(json)
}

describe('as Flink encodes JSON', () => {
  for (const { json, value, metadata } of GOLDEN) {
    if (LOST.has(json) || (/^-?\d+\.\d+$/.test(json) && String(Number(json)) !== json)) continue
    test(json.slice(0, 40), () => {
      const variant = variantOfJson(parsed(json))
      assert.equal(toHex(variant.value), value)
      assert.equal(toHex(variant.metadata), metadata)
    })
  }
})

test('what is read is written again, from its bytes and from what they say', () => {
  for (const { json } of GOLDEN) {
    const variant = variantFromJson({ variant: JSON.parse(json) })
    const text = variantJson(variant)
    const shown = JSON.parse(text) as { variant: unknown }
    assert.deepEqual(variantFromJson(shown), variant)
    if (!/e\d|E-|\d{16}/.test(json)) assert.deepEqual(shown.variant, JSON.parse(json))
  }
})

test('JSON that is not said to be a variant is one', () => {
  const { codec } = variantLayout() as { codec: { fromJson: (json: unknown) => unknown } }
  assert.deepEqual(codec.fromJson({ a: 1 }), variantOfJson({ a: 1 }))
  assert.deepEqual(codec.fromJson(['x']), variantOfJson(['x']))
  assert.throws(() => variantOfJson(undefined), KobelError)
  let deep: unknown = 1
  for (let i = 0; i < 300; i++) deep = [deep]
  assert.throws(() => variantOfJson(deep), KobelError)
})
