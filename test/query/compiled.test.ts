import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Writer } from '../../src/bytes/writer.ts'
import { KobelError } from '../../src/error.ts'
import { CanonicalBuilder, CanonicalScanner } from '../../src/format/canonical.ts'
import { writeCompositeKey } from '../../src/format/composite-key.ts'
import type { KeyedStateInfo } from '../../src/format/keyed-state.ts'
import { type Projected, projectionOf } from '../../src/query/projection.ts'
import { KeyedRows, RowBuilder } from '../../src/query/rows.ts'
import { type StateTable, tablesOfOperator } from '../../src/query/table.ts'
import { bytesOfValue } from '../../src/serializer/interpreter/write.ts'
import { declaredLength, hasUnknown, type Layout } from '../../src/serializer/layout.ts'
import type { Value } from '../../src/serializer/value.ts'
import { canonicalValue } from '../../src/snapshot/decode.ts'
import { KeyedState } from '../../src/snapshot/keyed-state.ts'
import type { Operator } from '../../src/snapshot/operator.ts'
import type { Skipped } from '../../src/snapshot/skipped.ts'
import { valueAt } from '../serializer/column-values.ts'
import { layoutsWithValues } from '../serializer/layouts.ts'

// Generated code and the interpreter give the same columns, whatever the types, the window and the bytes are.

interface Case {
  readonly info: KeyedStateInfo
  readonly bytes: Uint8Array
}

const KEY_GROUP = 77
const VOID: Layout = { op: 'constant', length: 1, declaredLength: 0, value: null }

function infoOf(kind: KeyedStateInfo['kind'], key: Layout, value: Layout, mapKey: Layout | undefined, ttl: boolean) {
  const unknown = { kind: 'unknown' } as const
  const info: KeyedStateInfo = {
    name: 'state',
    named: true,
    kind,
    key,
    namespace: VOID,
    mapKey: kind === 'map' ? mapKey : undefined,
    value,
    ttl,
    keyType: unknown,
    namespaceType: unknown,
    mapKeyType: kind === 'map' ? unknown : undefined,
    valueType: unknown,
    ambiguous: declaredLength(key) < 0 && declaredLength(VOID) < 0,
    keyTail: -1,
    splits: true,
    metaInfo: undefined,
  }
  return info
}

const known = layoutsWithValues.filter(({ layout, values }) => values.length > 0 && !hasUnknown(layout))

const cases: fc.Arbitrary<Case> = fc
  .record({
    kind: fc.constantFrom('value' as const, 'list' as const, 'map' as const),
    key: known,
    mapKey: known,
    value: known,
    ttl: fc.boolean(),
    isNull: fc.array(fc.boolean(), { minLength: 1, maxLength: 3 }),
  })
  .map(({ kind, key, mapKey, value, ttl, isNull }) => {
    const info = infoOf(kind, key.layout, value.layout, mapKey.layout, ttl)
    const builder = new CanonicalBuilder()
    const count = Math.max(key.values.length, value.values.length)
    for (let i = 0; i < count; i++) {
      const of = (values: readonly Value[]): Value => values[i % values.length]!
      const times = ttl ? BigInt(1_700_000_000_000 + i) : undefined
      const stored: Value =
        kind === 'list'
          ? value.values.slice(0, i + 1)
          : kind === 'map' && isNull[i % isNull.length]
            ? null
            : of(value.values)
      const canonical = canonicalValue(
        info,
        stored,
        stored === null ? undefined : kind === 'list' ? value.values.map(() => times ?? 0n) : times,
      )
      const writer = new Writer(64)
      const userKey = kind === 'map' ? bytesOfValue(mapKey.layout, of(mapKey.values)) : new Uint8Array(0)
      writeCompositeKey(info, writer, 1, KEY_GROUP, bytesOfValue(key.layout, of(key.values)), Uint8Array.of(0), userKey)
      const composite = writer.toBytes()
      const all = new Uint8Array(composite.length + canonical.length)
      all.set(composite)
      all.set(canonical, composite.length)
      builder.add(0, all, 0, composite.length, composite.length, all.length)
    }
    return { info, bytes: builder.finish() }
  })

function tableOf(info: KeyedStateInfo): StateTable {
  const operator = { label: 'op', maxParallelism: 128, parallelism: 2, operatorStates: [] as unknown[] }
  const state = new KeyedState(operator as unknown as Operator, 'state', [info])
  const [table] = tablesOfOperator({ ...operator, keyedStates: [state] } as unknown as Operator)
  return { ...table!, source: state }
}

interface Outcome {
  readonly rows: readonly string[]
  readonly skipped: number
  readonly error: string | undefined
}

const text = (value: unknown): string =>
  JSON.stringify(value, (_, each) =>
    typeof each === 'bigint' || (typeof each === 'number' && !Number.isFinite(each)) ? String(each) : each,
  )

function decoded(
  { info, bytes }: Case,
  projection: readonly Projected[],
  mode: 'interpreted' | 'batch' | 'walk',
  window: number,
): Outcome {
  const table = tableOf(info)
  const builder = new RowBuilder(projection, 3)
  const skips: Skipped[] = []
  const keyed = new KeyedRows(table.source as KeyedState, builder, (each) => skips.push(each), mode !== 'interpreted')
  const stateOf = (id: number): KeyedStateInfo => {
    if (id === 0) return info
    throw new KobelError('CORRUPT', `there is no state ${id}`)
  }
  const layout = { states: [info], stateOf, prefixBytes: 1 as const }
  const walkerOf = mode === 'walk' ? (each: KeyedStateInfo) => keyed.walkerOf(each, 1) : undefined
  const scanner = new CanonicalScanner(layout, KEY_GROUP, undefined, walkerOf)
  const rows: string[] = []
  const empty = (): void => {
    const batch = builder.take()
    for (let i = 0; i < batch.length; i++) {
      rows.push(text(batch.columns.map(({ name, column }) => [name, valueAt(column, i)])))
    }
  }
  try {
    for (let at = 0, length = window; ; ) {
      const bytesLeft = bytes.slice(at, at + length)
      const step = scanner.step(bytesLeft)
      for (let i = 0; step.entries && i < step.entries.count; ) {
        i = keyed.append(step.entries, i, step.entries.count)
        if (builder.full) empty()
      }
      if (builder.full) empty()
      at += step.consumed
      if (step.done || (at + bytesLeft.length >= bytes.length && step.consumed === 0 && length >= bytes.length)) break
      length = step.full || step.consumed > 0 ? window : length * 2
    }
    empty()
    return { rows, skipped: skips.length, error: undefined }
  } catch (error) {
    if (!(error instanceof KobelError)) throw error
    empty()
    return { rows, skipped: skips.length, error: error.code }
  }
}

const RUNS = { numRuns: 150 }

test('generated code gives the columns of the interpreter', () => {
  fc.assert(
    fc.property(cases, fc.integer({ min: 1, max: 300 }), (each, window) => {
      const projection = projectionOf(tableOf(each.info), undefined)
      const expected = decoded(each, projection, 'interpreted', 1 << 20)
      assert.equal(expected.error, undefined)
      assert.equal(expected.skipped, 0)
      assert.deepEqual(decoded(each, projection, 'batch', 1 << 20), expected)
      assert.deepEqual(decoded(each, projection, 'walk', 1 << 20), expected)
      assert.deepEqual(decoded(each, projection, 'walk', window), expected, `windows of ${window} bytes`)
    }),
    RUNS,
  )
})

test('and of any fields of it', () => {
  fc.assert(
    fc.property(cases, fc.nat(), fc.nat(), (each, first, second) => {
      const table = tableOf(each.info)
      const value = table.columns.find((column) => column.name === 'value')!.shape
      const names =
        value.kind === 'struct' && value.children.length > 0
          ? value.children.map((child) => `value.${child.name}`)
          : ['value']
      const paths = [names[first % names.length]!, names[second % names.length]!, 'key_group']
      const projection = projectionOf(table, paths)
      const expected = decoded(each, projection, 'interpreted', 1 << 20)
      assert.deepEqual(decoded(each, projection, 'batch', 1 << 20), expected)
      assert.deepEqual(decoded(each, projection, 'walk', 1 << 20), expected)
    }),
    RUNS,
  )
})

test('damaged bytes give the same rows and errors', () => {
  fc.assert(
    fc.property(cases, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 }), (each, changes) => {
      const bytes = each.bytes.slice()
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte
      const damaged = { ...each, bytes }
      const projection = projectionOf(tableOf(each.info), undefined)
      const expected = decoded(damaged, projection, 'interpreted', 1 << 20)
      assert.deepEqual(decoded(damaged, projection, 'walk', 1 << 20).rows.slice(0, expected.rows.length), expected.rows)
      if (expected.error === undefined) assert.deepEqual(decoded(damaged, projection, 'walk', 1 << 20), expected)
    }),
    RUNS,
  )
})
