import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromHex } from '../../../src/bytes/encoding.ts'
import { Reader } from '../../../src/bytes/reader.ts'
import { KobelError } from '../../../src/error.ts'
import { hashValue } from '../../../src/serializer/interpreter/hash.ts'
import { valueToJson } from '../../../src/serializer/interpreter/json.ts'
import { readExactly } from '../../../src/serializer/interpreter/read.ts'
import { skipValue } from '../../../src/serializer/interpreter/skip.ts'
import { bytesOfValue } from '../../../src/serializer/interpreter/write.ts'
import type { Layout } from '../../../src/serializer/layout.ts'
import { arrayDataLayout, decimalDataLayout, rowDataLayout } from '../../../src/serializer/table/codecs.ts'
import { sqlText } from '../../../src/serializer/table/sql-type.ts'
import { formatType } from '../../../src/serializer/type.ts'
import { randomNumbers } from '../../bytes/pseudo.ts'
import { GOLDENS, readSnapshot } from './golden.ts'

/** Flips, cuts and repeats a few bytes. */
function damaged(bytes: Uint8Array, numbers: Generator<number, never>): Uint8Array {
  const next = (below: number): number => (numbers.next().value >> 8) % below
  const result = [...bytes]
  for (let i = next(3); i >= 0; i--) {
    const at = next(result.length + 1)
    const kind = next(4)
    if (kind === 0) result.splice(at, 1 + next(4))
    else if (kind === 1) result.splice(at, 0, ...result.slice(at, at + 1 + next(8)))
    else if (kind === 2) result[at] = next(256)
    else result[at] = [0, 1, 0x7f, 0x80, 0xff][next(5)]!
  }
  return Uint8Array.from(result)
}

/** The result, or undefined where it ends in a KobelError; any other error fails the test. */
function attempt<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch (error) {
    if (error instanceof KobelError) return undefined
    throw error
  }
}

test('damaged values give a value or a KobelError', () => {
  const numbers = randomNumbers(7)
  let read = 0
  let failed = 0
  for (const golden of GOLDENS) {
    const { layout } = readSnapshot(golden.snapshot).snapshot
    for (const { bytes } of golden.values) {
      for (let i = 0; i < 300; i++) {
        const input = damaged(bytes, numbers)
        attempt(() => skipValue(layout, new Reader(input)))
        attempt(() => hashValue(layout, new Reader(input)))
        const value = attempt(() => readExactly(layout, new Reader(input), input.length))
        if (value === undefined) failed++
        else {
          read++
          valueToJson(layout, value)
          attempt(() => bytesOfValue(layout, value))
        }
      }
    }
  }
  assert.ok(read > 500 && failed > 500, `${read} read, ${failed} failed`)
})

test('damaged snapshots give a snapshot or a KobelError', () => {
  const numbers = randomNumbers(11)
  let read = 0
  for (const golden of GOLDENS) {
    for (let i = 0; i < 60; i++) {
      const input = damaged(golden.snapshot, numbers)
      const snapshot = attempt(() => readSnapshot(input).snapshot)
      if (snapshot === undefined) continue
      read++
      formatType(snapshot.type)
      for (const field of snapshot.type.fields ?? []) sqlText(field.type)
      for (const { bytes } of golden.values) {
        const value = attempt(() => readExactly(snapshot.layout, new Reader(bytes), bytes.length))
        if (value !== undefined) valueToJson(snapshot.layout, value)
      }
    }
  }
  assert.ok(read > 100, `${read} read`)
})

const fails = (layout: Layout, hex: string, message: RegExp): void => {
  const bytes = fromHex(hex)
  assert.throws(
    () => readExactly(layout, new Reader(bytes), bytes.length),
    (error) => error instanceof KobelError && message.test(error.message),
  )
}

test('parts that overlap or lie outside are refused', () => {
  const row = rowDataLayout([{ form: 'binary' }, { form: 'binary' }])
  const word = (offset: string, length: string) => `${length}000000${offset}000000`
  fails(row, `00000020${'00'.repeat(8)}${word('18', '08')}${word('18', '08')}${'00'.repeat(8)}`, /overlap/)
  fails(row, `00000018${'00'.repeat(8)}${word('18', '08')}${word('18', '08')}`, /outside/)
  fails(row, `00000010${'00'.repeat(16)}`, /fixed part takes 24 bytes/)
  fails(row, `0000001809${'00'.repeat(23)}`, /row kind is 9/)
})

test('arrays in arrays cannot grow without bound', () => {
  // Two elements that refer to the same part, in each of 30 levels.
  let type: Parameters<typeof arrayDataLayout>[0] = { form: 'i8' }
  for (let i = 0; i < 30; i++) type = { form: 'array', element: type }
  const part = `02000000${'00'.repeat(4)}${'28000000'}${'00000000'}${'28000000'}${'00000000'}`
  fails(arrayDataLayout(type), `00000018${part}`, /outside|overlap/)
  fails(arrayDataLayout({ form: 'i64' }), '00000008ffffff7f00000000', /fixed part/)
})

test('a scale beyond 38 is refused', () => {
  assert.throws(() => decimalDataLayout(10, 0x7fffffff), /there is no DECIMAL\(10, 2147483647\)/)
})

test('values that do not fit are refused', () => {
  const refused = (layout: Layout, value: unknown, message: RegExp): void => {
    assert.throws(
      () => bytesOfValue(layout, value as never),
      (error) => error instanceof KobelError && error.code === 'USAGE' && message.test(error.message),
    )
  }
  const row = (type: Parameters<typeof arrayDataLayout>[0]) => rowDataLayout([type])
  const one = (field: unknown) => ({ kind: '+I', fields: [field] })
  refused(row({ form: 'i8' }), one(128), /whole number from -128 to 127, found 128|was expected, found 128/)
  refused(row({ form: 'i64' }), one(2n ** 63n), /64 bits/)
  refused(row({ form: 'decimal', precision: 4, scale: 2 }), one('100'), /DECIMAL\(4, 2\)/)
  refused(row({ form: 'decimal', precision: 4, scale: 2 }), one('0.001'), /DECIMAL\(4, 2\)/)
  refused(row({ form: 'decimal', precision: 4, scale: 2 }), one('1e999999'), /DECIMAL\(4, 2\)/)
  refused(row({ form: 'timestamp', precision: 3, local: true }), one('2024-01-01T00:00:00.0001'), /precision 3/)
  refused(row({ form: 'timestamp', precision: 3, local: true }), one('2024-01-01T00:00:00Z'), /local date and time/)
  refused(row({ form: 'timestamp', precision: 3, local: false }), one('2024-01-01T00:00:00'), /an instant/)
  refused(row({ form: 'string' }), one(5), /a text/)
  refused(row({ form: 'string' }), { kind: '+X', fields: ['a'] }, /row kind/)
  refused(row({ form: 'string' }), { kind: '+I', fields: [] }, /1 fields/)
  refused(row({ form: 'string' }), null, /a row/)
  refused(row({ form: 'raw', className: 'X' }), one('a'), /bytes of a X/)
  refused(row({ form: 'map', key: { form: 'i8' }, value: { form: 'i8' } }), one([[1]]), /pair/)
})
