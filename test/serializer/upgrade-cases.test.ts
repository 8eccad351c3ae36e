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
import type { Layout } from '../../src/serializer/layout.ts'
import { createSnapshot } from '../../src/serializer/row.ts'
import { readSerializerSnapshot, type SerializerSnapshot } from '../../src/serializer/snapshot.ts'
import { SERIALIZER_TABLE } from '../../src/serializer/table.ts'
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

const USER_VALUE = 'the bytes of a Value are user code'
const KRYO_FIELDS = 'the fields of a class that Kryo wrote are not stored'
const KRYO_IDS = 'written by flink-core alone, which registers fewer classes than a job'

/** Cases whose value is bytes of a class, with the reason. The bytes are kept. */
const KNOWN_GAPS: Readonly<Record<string, string>> = {
  'value-serializer': USER_VALUE,
  'copyable-value-serializer': USER_VALUE,
  'kryo-type-serializer-empty-config': KRYO_FIELDS,
  'kryo-type-serializer-unrelated-config-after-restore': KRYO_FIELDS,
  'kryo-type-serializer-changed-registration-order': KRYO_IDS,
  'kryo-type-serializer': KRYO_IDS,
  'kryo-type-serializer-custom': KRYO_IDS,
  'kryo-custom-type-serializer-changed-registration-order': KRYO_IDS,
}

/** Cases whose bytes are read and kept where they are, but not made from the value, with the reason. */
const NOT_WRITTEN: Readonly<Record<string, string>> = {
  'scala-try-serializer': 'an exception is Java-serialized inside of Kryo',
}

function readCase({ snapshot }: UpgradeCase): SerializerSnapshot {
  const reader = new Reader(fromHex(snapshot))
  const read = readSerializerSnapshot({ reader, table: SERIALIZER_TABLE, extents: new Map(), depth: 0 })
  assert.equal(reader.remaining, 0)
  return read
}

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

/** Flink's own classes, which kobel prints without their class and by the names of its layouts. */
const FLINK_CLASSES: Readonly<Record<string, (fields: { readonly [name: string]: Json }) => Json>> = {
  TaggedUnion: ({ one, two }) => (one !== null ? { one: one! } : { two: two! }),
  BufferEntry: ({ element, hasBeenJoined }) => ({ hasBeenJoined: hasBeenJoined!, element: element! }),
  StreamRecord: ({ timestamp, value }) => ({ timestamp: timestamp!, value: value! }),
  TimerHeapInternalTimer: (fields) => fields,
  TtlValue: ({ lastAccessTimestamp, userValue }) => ({ ttl: lastAccessTimestamp!, value: userValue! }),
  State: (fields) => fields,
  TransactionHolder: (fields) => fields,
  Optional: ({ value }) => value!,
  DeweyNumber: ({ deweyNumber }) => deweyNumber!,
  EventId: (fields) => fields,
  NodeId: (fields) => fields,
  Lockable: (fields) => fields,
  SharedBufferEdge: (fields) => fields,
  // The counts of the edges were made up by Flink: the old bytes have none.
  SharedBufferNode: ({ edges }) => ({
    edges: (edges as readonly { readonly element: Json }[]).map((each) => each.element),
  }),
  BinaryVariant: (fields) => fields,
  NFAState: ({ partialMatches, completedMatches }) => ({
    partialMatches: partialMatches!,
    completedMatches: completedMatches!,
  }),
  // Flink read this one into a class with other fields than those that were written.
  TestPojoWithNewAndRemovedFields: ({ age, name }) => ({
    class:
      'org.apache.flink.api.java.typeutils.runtime.PojoSerializerSnapshotMigrationTest$TestPojoWithNewAndRemovedFields',
    fields: { age: age!, heightRemoved: 172.8, idRemoved: 911108, name: name! },
  }),
  // The names of the fields of a case class are not stored.
  CustomCaseClass: ({ a, b }) => ({
    class: 'org.apache.flink.api.scala.types.CustomCaseClass',
    fields: { _1: a!, _2: b! },
  }),
}

function asPrinted(json: Json): Json {
  if (typeof json !== 'object' || json === null) return json
  if (Array.isArray(json)) return json.map(asPrinted)
  const object = Object.fromEntries(Object.entries(json).map(([name, value]) => [name, asPrinted(value)]))
  const { class: className, fields } = object
  if (typeof className !== 'string' || (!className.startsWith('org.apache.flink.') && !className.startsWith('java.')))
    return object
  const simple = className.slice(Math.max(className.lastIndexOf('.'), className.lastIndexOf('$')) + 1)
  const print = FLINK_CLASSES[simple]
  return print ? print(fields as { readonly [name: string]: Json }) : object
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
  const row = SERIALIZER_TABLE.get(snapshot.className)
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
    const bytes = failureOf(() => checkBytes(each, checkSnapshot(each).layout))
    if (bytes !== undefined) failed.push(`${place}: ${bytes}`)
    const json = failureOf(() => checkJson(each, readCase(each).layout))
    if (bytes !== undefined) continue
    if (json === undefined) passed += count
    else if (each.name in KNOWN_GAPS) gaps += count
    else failed.push(`${place}: ${json}`)
  }
  const total = CASES.reduce((sum, { versions }) => sum + versions.length, 0)
  console.log(`${passed} of ${total} upgrade cases, ${gaps} more as bytes`)
  assert.deepEqual(failed, [])
  assert.equal(passed + gaps, total)
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
