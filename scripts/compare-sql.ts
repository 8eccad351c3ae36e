/**
 * Compares what kobel reads of snapshots of SQL jobs with what Flink's own classes read of them:
 *
 *     node build/scripts/compare-sql.js DIRECTORY [--show N]
 *
 * finds every `expected.json` below DIRECTORY, dumps `snapshot` beside it with all bytes, and compares each entry, timer,
 * list element and broadcast entry: its key and value bytes, and the values themselves. Ends with `N passed, N failed`.
 */
import { dirname, join, relative, resolve } from 'node:path'
import { fromBase64, fromHex, toBase64, toHex } from '../src/bytes/encoding.ts'
import { dumpSnapshot } from '../src/export/dump.ts'
import { KobelError, openSnapshot } from '../src/node/index.ts'
import { expectedFiles, readJson } from './compare.ts'

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

interface Timer {
  readonly timestamp: Json
  readonly key: Json
  readonly namespace: Json
}

interface ExpectedEntry {
  readonly subtask: number
  readonly keyGroup?: number
  readonly key?: Json
  readonly namespace?: Json
  readonly mapKey?: Json
  readonly mapValue?: Json
  readonly list?: Json
  readonly value?: Json
  readonly timer?: Timer
  readonly map?: readonly (readonly [Json, Json])[]
  readonly keyHex?: string
  readonly valueHex?: string
}

interface ExpectedState {
  readonly name: string
  readonly kind: 'KEY_VALUE' | 'PRIORITY_QUEUE' | 'OPERATOR' | 'BROADCAST'
  readonly entries: readonly ExpectedEntry[]
}

interface ExpectedOperator {
  readonly operatorId: string
  readonly maxParallelism: number
  readonly states: readonly ExpectedState[]
}

interface Line {
  readonly operator: string
  readonly state?: string
  readonly kind: string
  readonly subtask?: number
  readonly keyGroup?: number
  readonly timestamp?: Json
  readonly key?: Json
  readonly namespace?: Json
  readonly mapKey?: Json
  readonly value?: Json
  readonly ttl?: Json
  readonly bytes?: {
    readonly key?: string
    readonly namespace?: string
    readonly mapKey?: string
    readonly value?: string
  }
}

interface Counts {
  entries: number
  bytes: number
  passed: number
}

type JsonObject = { readonly [name: string]: Json }

function isObject(json: Json | undefined): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}

/** Whether kobel's form of a value says the same as the form of the expected contents. */
function isSame(expected: Json, found: Json): boolean {
  if (expected === 'VoidNamespace') return found === null
  if (Array.isArray(expected)) return isSameArray(expected, found)
  if (isObject(expected)) return isSameObject(expected, found)
  if (typeof expected !== 'string') return Object.is(expected, found)
  // The bytes are compared as a whole.
  if (expected.startsWith('RAW ')) return isObject(found) && 'bytes' in found
  if (/^0x([0-9a-f]{2})*$/.test(expected) && expected !== found) {
    return found === toBase64(fromHex(expected.slice(2)))
  }
  return expected === found
}

/** An array is a list, a tuple, or a row of the kind +I. */
function isSameArray(expected: readonly Json[], found: Json): boolean {
  if (isObject(found)) return found.kind === '+I' && isSameArray(expected, found.fields!)
  if (!Array.isArray(found)) return false
  return expected.length === found.length && expected.every((each, i) => isSame(each, found[i]!))
}

function isSameObject(expected: JsonObject, found: Json): boolean {
  const { $map: pairs, $kind: kind, $class: className, ...members } = expected
  if (pairs !== undefined) return isSameMap(pairs as readonly Json[], found)
  if (kind !== undefined) return isObject(found) && found.kind === kind && isSame(expected.row!, found.fields!)
  if (className === undefined && isObject(found) && found.kind === '+I') {
    // A nested row: its columns have names.
    return isSameArray(Object.values(members), found.fields!)
  }
  const simpleName = typeof className === 'string' ? className.slice(className.lastIndexOf('.') + 1) : ''
  if (simpleName === 'GlobalWindow') return found === simpleName
  if (simpleName === 'DeweyNumber') return isSame(members.deweyNumber!, found)
  if (!isObject(found)) return false
  const fields = isObject(found.fields) && found.class === className ? found.fields : found
  const names = Object.keys(members).filter((name) => !UNSTORED[simpleName]?.includes(name))
  return (
    names.length === Object.keys(fields).length &&
    names.every((name) => name in fields && isSame(members[name]!, fields[name]!))
  )
}

/** Fields of Flink's classes that its serializers do not store as such. */
const UNSTORED: Readonly<Record<string, readonly string[]>> = {
  NFAState: ['stateChanged', 'isNewStartPartialMatch'],
  StreamRecord: ['hasTimestamp'],
}

/** Each entry has its like, whatever the order. */
function isSameMap(expected: readonly Json[], found: Json): boolean {
  if (!Array.isArray(found) || found.length !== expected.length) return false
  const left = [...(found as readonly Json[])]
  return expected.every((pair) => {
    const at = left.findIndex((each) => isSame(pair, each))
    if (at >= 0) left.splice(at, 1)
    return at >= 0
  })
}

/** What Flink stores before the user key: key group, [time of a timer,] key, namespace. */
function keyHexOf(line: Line, maxParallelism: number): string {
  const { key = '', namespace, mapKey = '' } = line.bytes ?? {}
  const group = line.keyGroup!.toString(16).padStart(maxParallelism > 128 ? 4 : 2, '0')
  const time =
    line.kind === 'timer' ? (BigInt(line.timestamp as string) + 2n ** 63n).toString(16).padStart(16, '0') : ''
  const namespaceHex = namespace === undefined ? '00' : toHex(fromBase64(namespace))
  return `${group}${time}${toHex(fromBase64(key))}${namespaceHex}${toHex(fromBase64(mapKey))}`
}

/** The expected entry as kobel's line would have it: members to compare. */
function membersOf(entry: ExpectedEntry): Record<string, Json> {
  if (entry.timer) {
    const { timestamp, key, namespace } = entry.timer
    return { timestamp, key, namespace }
  }
  const value = entry.mapValue ?? entry.list ?? entry.value ?? null
  const hasTtl = isObject(value) && '$ttlTimestamp' in value
  return {
    key: entry.key!,
    namespace: entry.namespace!,
    ...(entry.mapKey !== undefined && { mapKey: entry.mapKey }),
    value: hasTtl ? value.value! : value,
    ...(hasTtl && { ttl: value.$ttlTimestamp! }),
  }
}

function differencesOf(entry: ExpectedEntry, line: Line): string[] {
  const found = line as unknown as Record<string, Json>
  const differences = Object.entries(membersOf(entry))
    .filter(([name, expected]) => !isSame(expected, found[name] ?? null))
    .map(([name, expected]) => `${name} ${JSON.stringify(expected)}, found ${JSON.stringify(found[name])}`)
  if (entry.valueHex !== undefined && line.kind !== 'timer') {
    const hex = toHex(fromBase64(line.bytes?.value ?? ''))
    if (hex !== entry.valueHex) differences.push(`value bytes ${entry.valueHex}, found ${hex}`)
  }
  return differences
}

function compareKeyed(state: ExpectedState, lines: readonly Line[], maxParallelism: number, counts: Counts): string[] {
  const differences: string[] = []
  const byKey = new Map(lines.map((line) => [keyHexOf(line, maxParallelism), line]))
  for (const entry of state.entries) {
    counts.entries++
    const line = byKey.get(entry.keyHex!)
    if (line === undefined) {
      differences.push(`no entry of the key bytes ${entry.keyHex}: ${JSON.stringify(membersOf(entry).key)}`)
      continue
    }
    byKey.delete(entry.keyHex!)
    counts.bytes++
    differences.push(...differencesOf(entry, line))
  }
  for (const key of byKey.keys()) differences.push(`unexpected: an entry of the key bytes ${key}`)
  return differences
}

function compareOperatorState(state: ExpectedState, lines: readonly Line[], counts: Counts): string[] {
  const expected = state.entries.flatMap(({ subtask, map, value }): [number, Json, Json][] =>
    map ? map.map(([key, each]) => [subtask, key, each]) : [[subtask, null, value ?? null]],
  )
  counts.entries += expected.length
  const left = [...lines]
  const differences: string[] = []
  for (const [subtask, mapKey, value] of expected) {
    const at = left.findIndex(
      (line) => line.subtask === subtask && isSame(mapKey, line.mapKey ?? null) && isSame(value, line.value ?? null),
    )
    if (at >= 0) left.splice(at, 1)
    else differences.push(`missing ${JSON.stringify([subtask, mapKey, value])}, left ${JSON.stringify(left[0]?.value)}`)
  }
  if (left.length > 0) differences.push(`${left.length} elements that were not expected`)
  return differences
}

async function compareFile(file: string, counts: Counts): Promise<string[]> {
  const { operators } = await readJson<{ operators: readonly ExpectedOperator[] }>(file)
  const lines = new Map<string, Line[]>()
  const snapshot = await openSnapshot(join(dirname(file), 'snapshot'), { latest: true })
  for await (const text of dumpSnapshot(snapshot, { bytes: true })) {
    const line = JSON.parse(text) as Line
    if (line.state === undefined) continue
    const place = `${line.operator}/${line.state}`
    lines.set(place, [...(lines.get(place) ?? []), line])
  }
  await snapshot.close()
  const differences: string[] = []
  for (const { operatorId, maxParallelism, states } of operators) {
    for (const state of states) {
      const place = `${operatorId}/${state.name}`
      const found = lines.get(place) ?? []
      lines.delete(place)
      const isKeyed = state.kind === 'KEY_VALUE' || state.kind === 'PRIORITY_QUEUE'
      const problems = isKeyed
        ? compareKeyed(state, found, maxParallelism, counts)
        : compareOperatorState(state, found, counts)
      differences.push(...problems.map((problem) => `${place}: ${problem}`))
    }
  }
  for (const [place, found] of lines) differences.push(`${place}: ${found.length} entries of a state not expected`)
  return differences
}

async function main(): Promise<void> {
  const [directory, ...rest] = process.argv.slice(2)
  if (directory === undefined) {
    console.error('usage: compare-sql DIRECTORY [--show N]')
    process.exit(2)
  }
  const root = resolve(directory)
  const shown = rest[0] === '--show' ? Number(rest[1]) : 3
  const files = await expectedFiles(root)
  const counts: Counts = { entries: 0, bytes: 0, passed: 0 }
  for (const file of files) {
    const differences = await compareFile(file, counts).catch((error: unknown) => [
      error instanceof KobelError ? `${error.code} ${error.describe()}` : String((error as Error).stack),
    ])
    if (differences.length === 0) counts.passed++
    else console.log(`not ok ${relative(root, file)}: ${differences.length} differences`)
    for (const difference of differences.slice(0, shown)) console.log(`    ${difference.slice(0, 600)}`)
  }
  console.log(`${files.length} expected files, ${counts.entries} entries compared, ${counts.bytes} with their bytes`)
  console.log(`${counts.passed} passed, ${files.length - counts.passed} failed`)
  process.exitCode = counts.passed < files.length || counts.entries === 0 ? 1 : 0
}

await main()
