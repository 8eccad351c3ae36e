/**
 * Damages serializer snapshots, values and heads that real Flink wrote, several thousand times a family:
 *
 *     node build/scripts/fuzz-serializers.js [--count N] [--seed N] [--family TEXT]
 *
 * Bytes are changed, cut, spliced with those of another case, or get lengths that nothing justifies. Each must give a
 * value or a KobelError, within two seconds and without much memory. Ends with `N passed, N failed`.
 */
import { readFileSync } from 'node:fs'
import { argv, cpuUsage, exit, memoryUsage } from 'node:process'
import { gunzipSync } from 'node:zlib'
import { fromBase64, fromHex } from '../src/bytes/encoding.ts'
import { readJavaObject } from '../src/bytes/java-stream/index.ts'
import { Reader } from '../src/bytes/reader.ts'
import { readKeyedHead } from '../src/format/keyed-head.ts'
import { readMetadata } from '../src/format/metadata/index.ts'
import { readOperatorHead } from '../src/format/operator-state.ts'
import { KobelError } from '../src/index.ts'
import { valueToJson } from '../src/serializer/interpreter/json.ts'
import { readValue } from '../src/serializer/interpreter/read.ts'
import { skipValue } from '../src/serializer/interpreter/skip.ts'
import type { Layout } from '../src/serializer/layout.ts'
import type { SerializerOptions } from '../src/serializer/options.ts'
import { readDescriptorSet } from '../src/serializer/protobuf/descriptors.ts'
import { readWholePickle } from '../src/serializer/python/pickle.ts'
import { pythonToValue } from '../src/serializer/python/values.ts'
import { readSerializerSnapshot, readVersionedSnapshot } from '../src/serializer/snapshot.ts'
import { SERIALIZER_TABLE } from '../src/serializer/table.ts'
import { formatType } from '../src/serializer/type.ts'
import { GOLDENS } from '../test/serializer/table/golden.ts'

type Act = (bytes: Uint8Array) => void

interface Case {
  readonly bytes: Uint8Array
  readonly act: Act
}

/** What stands where a length may be: 32 bits, Flink's and Kryo's varints, a u16. */
const LENGTHS = ['7fffffff', 'ffffffff', '80000000', '00ffffff', 'ffffffff07', 'ffff', '0000000000', '7ff0']

const SLOW_MS = 2000
const HOSTILE_BYTES = 1 << 30

/** xorshift: the same cases for the same seed. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed | 1
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

function damaged(bytes: Uint8Array, other: Uint8Array, random: (below: number) => number): Uint8Array {
  const changed = bytes.slice()
  const at = random(changed.length || 1)
  switch (random(5)) {
    case 0:
      return changed.subarray(0, at)
    case 1: {
      const length = fromHex(LENGTHS[random(LENGTHS.length)]!)
      changed.set(length.subarray(0, changed.length - at), at)
      return changed
    }
    case 2: {
      const from = random(other.length || 1)
      return Uint8Array.from([...changed.subarray(0, at), ...other.subarray(from)])
    }
    default:
      for (let n = random(4); n >= 0; n--) changed[random(changed.length || 1)] = random(256)
      return changed
  }
}

const json = (file: string): never =>
  JSON.parse(
    file.endsWith('.gz') ? gunzipSync(readFileSync(file)).toString('utf8') : readFileSync(file, 'utf8'),
  ) as never

const source = (bytes: Uint8Array, options: SerializerOptions) => ({
  ...{ reader: new Reader(bytes), table: SERIALIZER_TABLE, extents: new Map(), depth: 0 },
  options,
})

function valueAct(layout: Layout): Act {
  return (bytes) => {
    skipped(layout, bytes)
    valueToJson(layout, readValue(layout, new Reader(bytes), 0))
  }
}

function skipped(layout: Layout, bytes: Uint8Array): void {
  try {
    skipValue(layout, new Reader(bytes), 0)
  } catch (error) {
    if (!(error instanceof KobelError)) throw error
  }
}

/** Cases by family: snapshots and values of Flink's upgrade tests by the module of the class, and all other forms. */
function families(): Map<string, Case[]> {
  const found = new Map<string, Case[]>()
  const add = (family: string, bytes: Uint8Array, act: Act) => {
    if (bytes.length === 0) return
    const cases = found.get(family)
    if (cases) cases.push({ bytes, act })
    else found.set(family, [{ bytes, act }])
  }
  const upgrade: readonly { snapshot: string; value: string; versions: readonly string[] }[] = json(
    'test/serializer/upgrade-cases.json.gz',
  )
  for (const { snapshot, value, versions } of upgrade) {
    const options = { kryoVersion: versions[0]!.startsWith('1.') ? 2 : 5 } as const
    const bytes = fromHex(snapshot)
    const read = readSerializerSnapshot(source(bytes, options))
    const family = familyOf(read.className)
    add(`${family}: snapshots`, bytes, (changed) => {
      const { type, layout } = readSerializerSnapshot(source(changed, options))
      formatType(type)
      skipped(layout, fromHex(value))
    })
    add(`${family}: values`, fromHex(value), valueAct(read.layout))
  }
  addOthers(add)
  return found
}

function addOthers(add: (family: string, bytes: Uint8Array, act: Act) => void): void {
  const protobuf: { descriptors: string; kryo: Record<string, { snapshot: string; values: string[] }> } = json(
    'test/serializer/protobuf-golden.json',
  )
  const descriptors = fromBase64(protobuf.descriptors)
  add('Protobuf: descriptors', descriptors, (bytes) => readDescriptorSet(bytes))
  for (const { snapshot, values } of Object.values(protobuf.kryo)) {
    const { layout } = readVersionedSnapshot(source(fromHex(snapshot), { protobuf: descriptors }))
    for (const value of values) add('Protobuf: values', fromHex(value), valueAct(layout))
  }
  for (const { snapshot, values } of GOLDENS) {
    const { layout } = readVersionedSnapshot(source(snapshot, {}))
    add('SQL: snapshots', snapshot, (changed) => formatType(readVersionedSnapshot(source(changed, {})).type))
    for (const { bytes } of values) add('SQL: values', bytes, valueAct(layout))
  }
  const pickles: { cases: readonly { bytes: string }[] } = json('test/serializer/pickle-golden.json.gz')
  for (const { bytes } of pickles.cases) {
    add('Python: pickles', fromBase64(bytes), (changed) => pythonToValue(readWholePickle(changed)))
  }
  const streams: Readonly<Record<string, string>> = json('test/snapshot/legacy-streams.json.gz')
  for (const text of Object.values(streams)) addStreams(add, fromBase64(text))
}

/** The heads of the streams inside of a `_metadata`, and the Java objects in them. */
function addStreams(add: (family: string, bytes: Uint8Array, act: Act) => void, metadata: Uint8Array): void {
  for (const { managedKeyedState, managedOperatorState } of readMetadata(metadata).operators[0]!.subtasks) {
    if (managedKeyedState && 'stream' in managedKeyedState && managedKeyedState.stream.kind === 'byte-stream') {
      const { bytes } = managedKeyedState.stream
      const end = Math.min(...managedKeyedState.offsets.map(Number))
      add('Flink 1.3 to 1.7: heads of keyed state', bytes.subarray(0, end), (changed) =>
        readKeyedHead(changed, changed.length, SERIALIZER_TABLE, {}),
      )
      addJavaObjects(add, bytes.subarray(0, end))
    }
    if (managedOperatorState?.stream.kind === 'byte-stream') {
      add('Flink 1.3 to 1.7: heads of operator state', managedOperatorState.stream.bytes, (changed) =>
        readOperatorHead(changed, changed.length, SERIALIZER_TABLE, {}),
      )
    }
  }
}

function addJavaObjects(add: (family: string, bytes: Uint8Array, act: Act) => void, bytes: Uint8Array): void {
  for (let at = 0; at + 4 < bytes.length; at++) {
    if (bytes[at] !== 0xac || bytes[at + 1] !== 0xed || bytes[at + 2] !== 0 || bytes[at + 3] !== 5) continue
    const reader = new Reader(bytes, at)
    readJavaObject(reader)
    add('Java objects', bytes.slice(at, reader.offset), (changed) => readJavaObject(new Reader(changed)))
  }
}

function familyOf(className: string): string {
  if (className.includes('.kryo.')) return 'Kryo'
  if (className.includes('.avro.')) return 'Avro'
  if (className.includes('.scala.')) return 'Scala'
  if (className.includes('.table.')) return 'SQL'
  if (className.includes('.cep.')) return 'CEP'
  if (className.includes('Pojo') || className.includes('Enum')) return 'POJO and enum'
  if (className.includes('Config')) return 'configurations'
  return className.includes('.typeutils.base.') ? 'basic' : 'composite and runtime'
}

function option(name: string, fallback: number): number {
  const at = argv.indexOf(name)
  return at < 0 ? fallback : Number(argv[at + 1])
}

const count = option('--count', 5000)
const random = randomNumbers(option('--seed', 42))
let passed = 0
let failed = 0
const only = argv.includes('--family') ? argv[argv.indexOf('--family') + 1]! : ''
for (const [family, cases] of [...families()].sort(([a], [b]) => (a < b ? -1 : 1))) {
  if (!family.includes(only)) continue
  let errors = 0
  let slowest = 0
  for (let i = 0; i < count; i++) {
    const { bytes, act } = cases[i % cases.length]!
    const changed = damaged(bytes, cases[random(cases.length)]!.bytes, random)
    const heapBefore = memoryUsage.rss()
    const started = cpuUsage()
    let problem: string | undefined
    try {
      act(changed)
    } catch (error) {
      errors++
      if (!(error instanceof KobelError)) problem = String((error as Error).stack).slice(0, 400)
    }
    // Of the processor, so that what else runs on the machine does not count.
    const { user, system } = cpuUsage(started)
    const took = (user + system) / 1000
    slowest = Math.max(slowest, took)
    if (took > SLOW_MS) problem ??= `it took ${took.toFixed(0)} ms`
    if (memoryUsage.rss() - heapBefore > HOSTILE_BYTES) problem ??= 'it took more than 1 GB'
    if (problem === undefined) passed++
    else {
      failed++
      console.log(`${family} ${i}: ${problem}`)
    }
  }
  console.log(
    `${family}: ${cases.length} originals, ${count} damaged, ${errors} refused, slowest ${slowest.toFixed(1)} ms`,
  )
}
console.log(`${passed} passed, ${failed} failed`)
exit(failed === 0 ? 0 : 1)
