import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { fromBase64, fromHex, toHex } from '../../src/bytes/encoding.ts'
import { Reader } from '../../src/bytes/reader.ts'
import { Writer } from '../../src/bytes/writer.ts'
import { KobelError } from '../../src/error.ts'
import { jsonToValue, valueToJson } from '../../src/serializer/interpreter/json.ts'
import { readExactly } from '../../src/serializer/interpreter/read.ts'
import { bytesOfValue } from '../../src/serializer/interpreter/write.ts'
import { PYTHON_BYTES } from '../../src/serializer/python/codec.ts'
import { readWholePickle } from '../../src/serializer/python/pickle.ts'
import { pythonToValue } from '../../src/serializer/python/values.ts'
import { readVersionedSnapshot } from '../../src/serializer/snapshot.ts'
import { SERIALIZER_TABLE } from '../../src/serializer/table.ts'
import { mutations } from './mutations.ts'

/**
 * Pickled by CPython 3.11 in protocols 2 to 5, the rows with the class `Row` of apache-flink 1.20.3. `json` was printed by
 * the same program with Python's own `isoformat`, `str` and so on; a whole number beyond 2^53 is a text there.
 */
const GOLDEN = JSON.parse(gunzipSync(readFileSync('test/serializer/pickle-golden.json.gz')).toString('utf8')) as {
  readonly cases: readonly { name: string; protocol: number; bytes: string; json: unknown }[]
  readonly extra: Readonly<Record<'loop' | 'bomb' | 'evil', string>>
}

const shown = (bytes: Uint8Array): unknown => {
  const value = pythonToValue(readWholePickle(bytes))
  const json = PYTHON_BYTES.toJson(Object.assign(Object.create(null), { python: value, bytes }))
  return (JSON.parse(json) as { python: unknown }).python
}

describe('values of CPython', () => {
  for (const { name, protocol, bytes, json } of GOLDEN.cases) {
    test(`${name}, protocol ${protocol}`, () => {
      const expected = name === 'longs' ? (json as string[]).map(Number) : json
      const found = shown(fromBase64(bytes))
      if (name === 'longs') {
        const value = pythonToValue(readWholePickle(fromBase64(bytes))) as readonly bigint[]
        assert.deepEqual(value.map(String), json)
      } else assert.deepEqual(found, expected)
    })
  }
})

test('a pickle that would run something is only named', () => {
  assert.deepEqual(shown(fromBase64(GOLDEN.extra.evil)), { class: 'os.system', fields: { args: ['ls'] } })
})

test('a list in itself, and what doubles again and again, end quickly', () => {
  for (const bytes of [GOLDEN.extra.loop, GOLDEN.extra.bomb]) {
    const started = performance.now()
    assert.throws(
      () => shown(fromBase64(bytes)),
      (error) => error instanceof KobelError && error.code === 'LIMIT',
    )
    assert.ok(performance.now() - started < 2000)
  }
})

const SNAPSHOT =
  'org.apache.flink.api.common.typeutils.base.array.BytePrimitiveArraySerializer$BytePrimitiveArraySerializerSnapshot'

function layoutWith(python: boolean) {
  const writer = new Writer()
  writer.utf(SNAPSHOT)
  writer.i32(3)
  const source = { reader: new Reader(writer.toBytes()), table: SERIALIZER_TABLE, extents: new Map(), depth: 0 }
  return readVersionedSnapshot({ ...source, options: { python } }).layout
}

describe('bytes of a PyFlink job', () => {
  // pickle.dumps('a'), pickle.dumps(7); protocol 4.
  const A = '8004950500000000000000' + '8c0161942e'
  const SEVEN = '80044b072e'
  const framed = (...parts: string[]) =>
    parts.map((part) => (part.length / 2).toString(16).padStart(8, '0') + part).join('')
  const cases: readonly [what: string, hex: string, json: string | undefined][] = [
    ['a pickle', A, '{"python":"a"'],
    ['a pickle behind its length', framed(SEVEN), '{"elements":[7]'],
    ['several', framed(A, SEVEN), '{"elements":["a",7]'],
    ['other bytes', '00ff00', undefined],
    ['a pickle that was cut', A.slice(0, -4), undefined],
    ['nothing', '', undefined],
  ]
  for (const [what, hex, json] of cases) {
    test(what, () => {
      const layout = layoutWith(true)
      const bytes = fromHex(framed(hex))
      const value = readExactly(layout, new Reader(bytes), bytes.length)
      const text = valueToJson(layout, value)
      const base64 = Buffer.from(hex, 'hex').toString('base64')
      assert.equal(text, json === undefined ? `"${base64}"` : `${json},"bytes":"${base64}"}`)
      assert.equal(toHex(bytesOfValue(layout, value)), toHex(bytes))
      assert.equal(toHex(bytesOfValue(layout, jsonToValue(layout, JSON.parse(text)))), toHex(bytes))
    })
  }

  test('only where it is asked for', () => {
    const bytes = fromHex(framed(SEVEN))
    assert.deepEqual(readExactly(layoutWith(false), new Reader(bytes), bytes.length), fromHex(SEVEN))
  })
})

test('damaged pickles give a value or a KobelError, quickly', () => {
  const started = performance.now()
  for (const [i, { bytes }] of GOLDEN.cases.entries()) {
    for (const changed of mutations(fromBase64(bytes), 60, i)) {
      try {
        shown(changed)
      } catch (error) {
        assert.ok(error instanceof KobelError, String(error))
      }
    }
  }
  assert.ok(performance.now() - started < 20_000)
})
