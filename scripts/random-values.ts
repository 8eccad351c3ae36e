/**
 * Random values both ways between kobel and real Flink:
 *
 *     node build/scripts/random-values.js VERSION FIXTURES [--count N] [--seed N] [--fields FILE] [--show N]
 *
 * takes every different serializer snapshot of the snapshots below FIXTURES and of Flink's own upgrade cases, makes random
 * values of each, and has `conformance/run.sh serializers VERSION` read them, print them and write them again; then reads
 * what `run.sh random-values VERSION` made. Classes that Flink needs beyond its core come in `EXTRA_CLASSPATH`. Ends with
 * `N passed, N failed`; exit code 1 when one differs.
 */
import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { fromHex, toHex } from '../src/bytes/encoding.ts'
import { Reader } from '../src/bytes/reader.ts'
import { type FieldDescriptions, KobelError, openSnapshot } from '../src/node/index.ts'
import { valueToJson } from '../src/serializer/interpreter/json.ts'
import { readExactly } from '../src/serializer/interpreter/read.ts'
import { skipValue } from '../src/serializer/interpreter/skip.ts'
import { bytesOfValue } from '../src/serializer/interpreter/write.ts'
import { type Layout, someLayout } from '../src/serializer/layout.ts'
import { readSerializerSnapshot, type SerializerSnapshot } from '../src/serializer/snapshot.ts'
import { SERIALIZER_TABLE } from '../src/serializer/table.ts'
import { CLASS, type Value } from '../src/serializer/value.ts'
import { asPrinted, type Json } from '../test/serializer/flink-printed.ts'
import { valuesOf } from '../test/serializer/layouts.ts'
import { expectedFiles, readJson } from './compare.ts'

interface Case {
  readonly name: string
  /** Hex, as Flink reads it. */
  readonly snapshot: string
  readonly layout: Layout
  readonly values: readonly string[]
}

interface Answer {
  readonly error?: string
  readonly values?: readonly { error?: string; rendered?: Json; length?: number; hex?: string }[]
}

interface Made {
  readonly name: string
  readonly snapshot: string
  readonly random: boolean
  readonly values: readonly { readonly rendered: Json; readonly hex: string }[]
}

class Tally {
  passed = 0
  failed = 0
  /** Values that the layout has and Java has not: a null in a primitive field, a status that is none. */
  impossible = 0
  /** Values that Flink writes and cannot read. */
  unreadable = 0
  readonly problems = new Map<string, string[]>()

  fail(name: string, problem: string): void {
    this.failed++
    this.problems.set(name, [...(this.problems.get(name) ?? []), problem])
  }
}

interface Settings {
  readonly version: string
  readonly count: number
  readonly seed: number
  readonly fields: FieldDescriptions | undefined
}

function parse(hex: string, { version, fields }: Settings): SerializerSnapshot {
  const options = { kryoVersion: version.startsWith('1.') ? 2 : 5, ...(fields && { fields }) } as const
  return readSerializerSnapshot({
    reader: new Reader(fromHex(hex)),
    table: SERIALIZER_TABLE,
    extents: new Map(),
    depth: 0,
    options,
  })
}

/** Every different snapshot of the fixtures and of the upgrade cases, with where it was found first. */
async function collect(fixtures: string, settings: Settings): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const file of await expectedFiles(fixtures)) {
    const { snapshot: location } = await readJson<{ snapshot: string }>(file)
    const snapshot = await openSnapshot(join(dirname(file), location))
    for (const operator of snapshot.operators) {
      for (const { name, declarations } of operator.states) {
        for (const each of declarations) {
          const info = 'metaInfo' in each ? each.metaInfo : each
          for (const [, serializer] of info?.serializers ?? []) {
            const hex = `00000002${toHex(serializer.raw)}`
            if (!found.has(hex)) found.set(hex, `${operator.label}/${name}`)
          }
        }
      }
    }
    await snapshot.close()
  }
  const cases = await readJson<{ name: string; versions: string[]; snapshot: string }[]>(
    'test/serializer/upgrade-cases.json.gz',
  )
  const major = settings.version.split('.')[0]
  for (const { name, versions, snapshot } of cases) {
    if (versions.some((version) => version.startsWith(`${major}.`)) && !found.has(snapshot)) found.set(snapshot, name)
  }
  return found
}

/** Values of a class that is described, as Kryo reads them. */
function described(className: string, fields: FieldDescriptions): fc.Arbitrary<Value> {
  const description = fields[className]
  if (Array.isArray(description)) return fc.constantFrom(...(description as string[]))
  if (description === undefined) throw new Error(`no values of ${className}`)
  const members = Object.entries(description).filter(([name]) => name !== 'final')
  return fc.tuple(...members.map(([, type]) => describedField(type, fields))).map((values) => {
    const object = Object.assign(Object.create(null), { [CLASS]: className }) as Record<string, Value>
    members.forEach(([name], i) => {
      object[name] = values[i]!
    })
    return object as Value
  })
}

function describedField(type: string, fields: FieldDescriptions): fc.Arbitrary<Value> {
  const text = valuesOf({ op: 'utf8' })
  if (type === 'int') return valuesOf({ op: 'i32' })
  if (type === 'long') return valuesOf({ op: 'i64' })
  if (type === 'java.lang.String') return fc.option(text)
  if (type === 'java.util.List<java.lang.String>') return fc.array(text, { maxLength: 4 }).map((list) => list as Value)
  return described(type, fields)
}

function arbitrary(layout: Layout, fields: FieldDescriptions | undefined): fc.Arbitrary<Value> {
  if (layout.op === 'codec' && layout.codec.name.startsWith('Kryo')) return described(layout.className, fields ?? {})
  return valuesOf(layout)
}

/** Hex of random values, as kobel writes them; some values of wide generators are no values of the type. */
function randomValues(layout: Layout, settings: Settings): string[] {
  const hexes: string[] = []
  for (const value of fc.sample(arbitrary(layout, settings.fields), { numRuns: settings.count, seed: settings.seed })) {
    try {
      hexes.push(toHex(bytesOfValue(layout, value)))
    } catch (error) {
      if (!(error instanceof KobelError) || error.code !== 'USAGE') throw error
    }
  }
  return hexes
}

function flink(settings: Settings, command: string, ...words: string[]): void {
  const { status, stderr } = spawnSync('conformance/run.sh', [command, settings.version, ...words], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  if (status !== 0) throw new Error(`run.sh ${command} ended with ${status}: ${stderr.slice(-2000)}`)
}

async function readLines<T>(file: string): Promise<T[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line) as T)
}

/** Maps and sets have no order, and both sides sort their own texts. */
function sortedThroughout(json: Json): Json {
  if (typeof json !== 'object' || json === null) return json
  if (Array.isArray(json)) {
    return json.map(sortedThroughout).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  }
  return Object.fromEntries(
    Object.entries(json)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, each]) => [name, sortedThroughout(each)]),
  )
}

function some(layout: Layout, test: (layout: Layout) => boolean): boolean {
  return someLayout(
    layout,
    (each) => test(each) || (each.op === 'codec' && each.codec.shape !== undefined && some(each.codec.shape, test)),
  )
}

/** Maps and sets; the queues of an `NFAState`, which are heaps. */
function hasNoOrder(layout: Layout): boolean {
  return some(
    layout,
    (each) =>
      each.op === 'map' ||
      each.op === 'blockMap' ||
      (each.op === 'list' && each.of === 'set') ||
      (each.op === 'object' && each.fields.some(({ name }) => name === 'partialMatches')),
  )
}

function hasFloats(layout: Layout): boolean {
  return some(layout, ({ op }) => op === 'f32')
}

/**
 * Kryo shares an empty text by reference where Java does; a zero is short where it is Java's constant. Neither is seen
 * from the value.
 */
function hasSecondForm(layout: Layout): boolean {
  return some(
    layout,
    (each) =>
      each.op === 'bigInteger' ||
      each.op === 'bigDecimal' ||
      (each.op === 'codec' && each.codec.name.startsWith('Kryo')),
  )
}

/** Flink writes a null java.sql.Timestamp in 12 bytes and reads only 8 of them, so it cannot read its own. */
function hasNullTimestamp(layout: Layout, hex: string): boolean {
  return some(layout, ({ op }) => op === 'sqlTimestamp') && hex.includes('800000000000000000000000')
}

/** Upgrade cases of old forms that Flink itself reads into something else, with the reason. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  'shared-buffer-node-serializer': 'Flink only reads this form, and does not write it any more',
  'traversable-serializer-map': 'its layout is a list of pairs, which may have a key twice',
}

/** Flink's messages about values that no Java object can be. */
const IMPOSSIBLE_NULL = /Can not set \S+ field \S+ to null value|Could not instantiate record|NullPointerException/

function isImpossible(layout: Layout, hex: string, error: string): boolean {
  if (error.includes('Invalid status value for WatermarkStatus')) return true
  return IMPOSSIBLE_NULL.test(error) && JSON.stringify(printed(layout, hex)).includes('null')
}

/** Java 17 prints more digits of some floats than tell them apart. */
function asFloats(json: Json): Json {
  if (typeof json === 'number') return Number.isInteger(json) && Math.abs(json) < 2 ** 24 ? json : Math.fround(json)
  if (typeof json !== 'object' || json === null) return json
  if (Array.isArray(json)) return json.map(asFloats)
  return Object.fromEntries(Object.entries(json).map(([name, each]) => [name, asFloats(each)]))
}

function isSame(layout: Layout, ours: Json, flinks: Json): boolean {
  if (isDeepStrictEqual(ours, flinks)) return true
  const form = (json: Json): Json => {
    const rounded = hasFloats(layout) ? asFloats(json) : json
    return hasNoOrder(layout) ? sortedThroughout(rounded) : rounded
  }
  return isDeepStrictEqual(form(ours), form(withoutPrevious(layout, flinks)))
}

/** Before Flink 1.20 a partial match had no previous time stamp: Flink has -1 in its place, which is not in the bytes. */
function withoutPrevious(layout: Layout, json: Json): Json {
  const names = (each: Layout) => (each.op === 'object' ? each.fields.map(({ name }) => name) : [])
  const has = (name: string) => some(layout, (each) => names(each).includes(name))
  if (!has('partialMatches') || has('previousTimestamp')) return json
  const text = JSON.stringify(json, (name, each) => (name === 'previousTimestamp' && each === -1 ? undefined : each))
  return JSON.parse(text) as Json
}

function printed(layout: Layout, hex: string): Json {
  const bytes = fromHex(hex)
  return JSON.parse(valueToJson(layout, readExactly(layout, new Reader(bytes), bytes.length))) as Json
}

function skipsToEnd(layout: Layout, hex: string): boolean {
  const reader = new Reader(fromHex(`${hex}abcdef`))
  skipValue(layout, reader, 3)
  return reader.remaining === 3
}

/** What is wrong with Flink's answer for a value, undefined where nothing is. */
function difference(layout: Layout, hex: string, answer: NonNullable<Answer['values']>[number]): string | undefined {
  if (answer.error !== undefined) return `${hex.slice(0, 200)}: Flink: ${answer.error}`
  const ours = printed(layout, hex)
  const flinks = asPrinted(answer.rendered!)
  if (answer.length !== hex.length / 2) return `${hex.slice(0, 200)}: Flink read ${answer.length} bytes`
  if (!isSame(layout, ours, flinks)) {
    return `${JSON.stringify(ours).slice(0, 300)}, Flink: ${JSON.stringify(flinks).slice(0, 300)}`
  }
  if (!skipsToEnd(layout, hex)) return `${hex.slice(0, 200)} is not skipped to its end`
  if (answer.hex === hex) return undefined
  const mayDiffer = hasNoOrder(layout) || hasSecondForm(layout)
  if (mayDiffer && isSame(layout, printed(layout, answer.hex!), ours)) return undefined
  return `${hex.slice(0, 300)}, Flink writes ${answer.hex!.slice(0, 300)}`
}

async function kobelToFlink(fixtures: string, directory: string, settings: Settings, tally: Tally): Promise<void> {
  const cases: Case[] = []
  const without: string[] = []
  const snapshots = await collect(fixtures, settings)
  for (const [snapshot, name] of snapshots) {
    try {
      if (Object.hasOwn(LEFT_OUT, name)) throw new Error(LEFT_OUT[name])
      if (/bitset/i.test(name)) throw new Error('a set of bits takes as much memory as its largest number says')
      const { layout } = parse(snapshot, settings)
      const values = randomValues(layout, settings)
      if (values.length < Math.min(5, settings.count)) throw new Error(`too few values for ${name}`)
      cases.push({ name, snapshot, layout, values })
    } catch (error) {
      without.push(`${name}: ${(error as Error).message}`)
    }
  }
  const [input, output] = [join(directory, 'input.jsonl'), join(directory, 'output.jsonl')]
  await writeFile(input, cases.map(({ snapshot, values }) => `${JSON.stringify({ snapshot, values })}\n`).join(''))
  flink(settings, 'serializers', input, output)
  const answers = await readLines<Answer>(output)
  const unrestored: string[] = []
  for (const [i, { name, layout, values }] of cases.entries()) {
    const answer = answers[i]!
    if (answer.error !== undefined) unrestored.push(`${name}: ${answer.error.slice(0, 160)}`)
    for (const [j, found] of (answer.values ?? []).entries()) {
      if (hasNullTimestamp(layout, values[j]!)) {
        tally.unreadable++
        continue
      }
      if (found.error !== undefined && isImpossible(layout, values[j]!, found.error)) {
        tally.impossible++
        continue
      }
      const problem = difference(layout, values[j]!, found)
      if (problem === undefined) tally.passed++
      else tally.fail(name, problem)
    }
  }
  console.log(
    `kobel to Flink ${settings.version}: ${snapshots.size} serializers, ${cases.length - unrestored.length} compared, ${without.length} without random values, ${unrestored.length} of classes that are not there`,
  )
  for (const line of without) console.log(`    without random values: ${line}`)
  for (const line of unrestored) console.log(`    not restored: ${line}`)
}

async function flinkToKobel(directory: string, settings: Settings, tally: Tally): Promise<void> {
  const output = join(directory, 'made.jsonl')
  flink(settings, 'random-values', output, String(settings.count), String(settings.seed))
  const made = await readLines<Made>(output)
  for (const { name, snapshot, values } of made) {
    const { layout } = parse(snapshot, settings)
    for (const { rendered, hex } of values) {
      try {
        const problem = difference(layout, hex, {
          rendered,
          length: hex.length / 2,
          hex: toHex(bytesOfValue(layout, readExactly(layout, new Reader(fromHex(hex)), hex.length / 2))),
        })
        if (problem === undefined) tally.passed++
        else tally.fail(name, problem)
      } catch (error) {
        if (!(error instanceof KobelError)) throw error
        tally.fail(name, `${hex.slice(0, 200)}: ${error.code} ${error.message}`)
      }
    }
  }
  const random = made.filter((each) => each.random).length
  console.log(
    `Flink ${settings.version} to kobel: ${made.length} types, ${random} with random values, the others with samples`,
  )
}

async function main(): Promise<void> {
  const [version, fixtures, ...rest] = process.argv.slice(2)
  if (version === undefined || fixtures === undefined) {
    console.error('usage: random-values VERSION FIXTURES [--count N] [--seed N] [--fields FILE] [--show N]')
    process.exit(2)
  }
  const option = (name: string): string | undefined => (rest.includes(name) ? rest[rest.indexOf(name) + 1] : undefined)
  const fields = await readJson<FieldDescriptions>(option('--fields') ?? 'conformance/fields.json')
  const settings = { version, count: Number(option('--count') ?? 40), seed: Number(option('--seed') ?? 1), fields }
  const directory = await mkdtemp(join(tmpdir(), 'kobel-random-'))
  const tally = new Tally()
  try {
    await kobelToFlink(resolve(fixtures), directory, settings, tally)
    await flinkToKobel(directory, settings, tally)
  } finally {
    await rm(directory, { recursive: true })
  }
  for (const [name, problems] of tally.problems) {
    console.log(`not ok ${name}: ${problems.length} values`)
    for (const problem of problems.slice(0, Number(option('--show') ?? 2))) console.log(`    ${problem}`)
  }
  console.log(
    `left out: ${tally.impossible} values that Java does not have, ${tally.unreadable} that Flink writes and cannot read`,
  )
  console.log(`${tally.passed} passed, ${tally.failed} failed`)
  process.exitCode = tally.failed > 0 || tally.passed === 0 ? 1 : 0
}

await main()
