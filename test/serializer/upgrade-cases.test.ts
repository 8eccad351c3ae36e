import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { fromHex, toHex } from '../../src/bytes/encoding.ts'
import { Reader } from '../../src/bytes/reader.ts'
import { KobelError } from '../../src/error.ts'
import { jsonToValue, valueToJson } from '../../src/serializer/interpreter/json.ts'
import { readExactly } from '../../src/serializer/interpreter/read.ts'
import { skipValue } from '../../src/serializer/interpreter/skip.ts'
import { bytesOfValue } from '../../src/serializer/interpreter/write.ts'
import type { Codec, Layout } from '../../src/serializer/layout.ts'
import type { FieldDescriptions } from '../../src/serializer/options.ts'
import { createSnapshot, type SerializerRow } from '../../src/serializer/row.ts'
import { readSerializerSnapshot, type SerializerSnapshot } from '../../src/serializer/snapshot.ts'
import { SERIALIZER_TABLE, serializerTable } from '../../src/serializer/table.ts'
import type { Value } from '../../src/serializer/value.ts'
import { asPrinted, type Json } from './flink-printed.ts'
import { mutations } from './mutations.ts'

/**
 * The test cases with which Flink 2.3.0 and 1.20.3 check that they restore the serializers of older versions (in the
 * tests jars of flink-core, flink-runtime, flink-streaming-java, flink-avro, flink-scala, flink-table-runtime and
 * flink-cep), and those of Flink 1.8.3 for the form of Flink 1.7. `json` is what real Flink read from the bytes, printed as in the guide; cases of the same bytes are
 * stored once, with all their versions.
 */
interface UpgradeCase {
  readonly name: string
  readonly versions: readonly string[]
  readonly snapshot: string
  readonly value: string
  readonly json: string
}

const CASES = JSON.parse(
  gunzipSync(readFileSync('test/serializer/upgrade-cases.json.gz')).toString('utf8'),
) as readonly UpgradeCase[]

const KRYO_IDS = 'written by flink-core alone, which registers fewer classes than a job: ids mean other classes'

/**
 * Cases whose value is not shown as Flink shows it, with the reason. The list only shrinks: one that passes fails the
 * test.
 */
const KNOWN_GAPS: Readonly<Record<string, string>> = {
  'kryo-type-serializer-changed-registration-order': KRYO_IDS,
  'kryo-type-serializer': KRYO_IDS,
  'kryo-type-serializer-custom': KRYO_IDS,
  'kryo-custom-type-serializer-changed-registration-order': KRYO_IDS,
}

const KRYO_POJOS = 'org.apache.flink.api.java.typeutils.runtime.kryo.KryoPojosForMigrationTests$'

/** What a user says of classes of Flink's tests that Kryo wrote. */
const FIELDS: FieldDescriptions = {
  [`${KRYO_POJOS}Dog`]: { name: 'java.lang.String' },
  [`${KRYO_POJOS}Cat`]: { age: 'int', name: 'java.lang.String' },
}

/** `DataOutput.writeUTF`. */
const UTF: Codec = {
  name: 'UTF',
  delimited: true,
  read: (reader) => reader.utf(),
  skip: (reader) => reader.skip(reader.u16()),
  write: (writer, value) => writer.utf(value as string),
  toJson: (value) => JSON.stringify(value),
  fromJson: (json) => json as Value,
}

/** What a user says of the Value classes of Flink's tests: the layout of what their `write` writes. */
const USER_VALUES: ReadonlyMap<string, Layout> = new Map(
  ['Migration', 'Upgrade'].flatMap((kind) =>
    [
      [`ValueSerializer${kind}Test$NameValue`, 'name', { op: 'codec', codec: UTF, className: 'java.lang.String' }],
      [`CopyableSerializer${kind}Test$SimpleCopyable`, 'value', { op: 'i64' }],
    ].map(([name, field, layout]) => {
      const className = `org.apache.flink.api.java.typeutils.runtime.${name}`
      return [className, { op: 'object', className, fields: [{ name: field, layout }] } as Layout] as const
    }),
  ),
)

/** A row of kobel that also knows the user's classes. */
function withUserValues(row: SerializerRow): SerializerRow {
  return { ...row, layout: (body) => USER_VALUES.get(body as string) ?? row.layout(body) }
}

const TABLE = serializerTable(
  [...SERIALIZER_TABLE.values()]
    .filter((row) => /\.(Copyable)?ValueSerializer\$/.test(row.snapshotClass))
    .map(withUserValues),
)

/** Cases whose bytes are read and kept where they are, but not made from the value, with the reason. */
const NOT_WRITTEN: Readonly<Record<string, string>> = {
  'scala-try-serializer': 'an exception is Java-serialized inside of Kryo',
}

function readCase({ snapshot, versions }: UpgradeCase): SerializerSnapshot {
  const reader = new Reader(fromHex(snapshot))
  // As the metadata of a snapshot tells it.
  const options = { fields: FIELDS, kryoVersion: versions[0]!.startsWith('1.') ? 2 : 5 } as const
  const read = readSerializerSnapshot({ reader, table: TABLE, extents: new Map(), depth: 0, options })
  assert.equal(reader.remaining, 0)
  return read
}

/** An exception as `Throwable.toString()`: that is all the case says of it. */
function withoutStackTraces(json: Json): Json {
  if (typeof json !== 'object' || json === null) return json
  if (Array.isArray(json)) return json.map(withoutStackTraces)
  const object = json as { readonly [name: string]: Json }
  const fields = object.fields as { readonly [name: string]: Json } | undefined
  if (fields !== undefined && 'stackTrace' in fields) return `${object.class}: ${fields.detailMessage}`
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, withoutStackTraces(value)]))
}

function checkSnapshot(each: UpgradeCase): SerializerSnapshot {
  const snapshot = readCase(each)
  assert.equal(`00000002${toHex(snapshot.raw)}`, each.snapshot)
  const row = TABLE.get(snapshot.className)
  assert.ok(row, snapshot.className)
  assert.equal(toHex(createSnapshot(row, snapshot.body, snapshot.version).raw), toHex(snapshot.raw))
  return snapshot
}

function checkBytes({ name, value }: UpgradeCase, layout: Layout): void {
  const bytes = fromHex(value)
  const skipped = new Reader(bytes)
  skipValue(layout, skipped, 0)
  assert.equal(skipped.remaining, 0)
  if (name in NOT_WRITTEN) return
  const read = readExactly(layout, new Reader(bytes), bytes.length)
  assert.equal(toHex(bytesOfValue(layout, read)), value)
  // A map is printed sorted: its order cannot come back.
  if (layout.op === 'map') return
  const json: unknown = JSON.parse(valueToJson(layout, read))
  assert.equal(toHex(bytesOfValue(layout, jsonToValue(layout, json))), value, 'from JSON')
}

function checkJson({ value, json }: UpgradeCase, layout: Layout): void {
  const bytes = fromHex(value)
  const printed = JSON.parse(valueToJson(layout, readExactly(layout, new Reader(bytes), bytes.length))) as Json
  assert.deepEqual(withoutStackTraces(printed), asPrinted(JSON.parse(json) as Json))
}

function failureOf(check: () => void): string | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

test('reads what Flink keeps to test the upgrade of its serializers', () => {
  const failed: string[] = []
  let passed = 0
  let gaps = 0
  for (const each of CASES) {
    const count = each.versions.length
    const place = `${each.name} (${each.versions[0]} to ${each.versions.at(-1)})`
    const snapshot = failureOf(() => checkSnapshot(each))
    const value = failureOf(() => {
      checkJson(each, readCase(each).layout)
      checkBytes(each, readCase(each).layout)
    })
    if (snapshot !== undefined) failed.push(`${place}: ${snapshot}`)
    else if (each.name in KNOWN_GAPS) {
      gaps += count
      if (value === undefined) failed.push(`${place} passes: it is no gap any more`)
    } else if (value === undefined) passed += count
    else failed.push(`${place}: ${value}`)
  }
  const total = CASES.reduce((sum, { versions }) => sum + versions.length, 0)
  console.log(`${passed} of ${total} upgrade cases (${CASES.length} different), ${gaps} known gaps`)
  assert.deepEqual(failed, [])
  assert.equal(passed + gaps, total)
  assert.ok(gaps <= total * 0.05)
})

test('gives a value or an error for changed bytes', () => {
  const attempt = (run: () => void): void => {
    try {
      run()
    } catch (error) {
      if (!(error instanceof KobelError)) throw error
    }
  }
  for (const each of CASES) {
    const { layout } = readCase(each)
    for (const bytes of mutations(fromHex(each.value), 60, 20261122)) {
      attempt(() => valueToJson(layout, readExactly(layout, new Reader(bytes), bytes.length)))
    }
    for (const bytes of mutations(fromHex(each.snapshot), 40, 11)) {
      const source = { reader: new Reader(bytes), table: SERIALIZER_TABLE, extents: new Map(), depth: 0 }
      attempt(() => readSerializerSnapshot(source))
    }
  }
})
