/**
 * Compares what kobel reads of a snapshot with what the job that real Flink ran is known to have written
 * (`expected.json`): keyed states, timers and operator states, entry by entry.
 */
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { fromBase64 } from '../src/bytes/encoding.ts'
import { dumpSnapshot } from '../src/export/dump.ts'
import { type FieldDescriptions, openSnapshot, operatorIdOf, type Snapshot } from '../src/node/index.ts'
import { compareConnectors, type ExpectedConnector } from './compare-connectors.ts'

type Json = null | boolean | number | string | Json[] | { [name: string]: Json }

interface ExpectedState {
  readonly name: string
  readonly kind: string
  readonly ttl: boolean
  readonly valueType?: string
  readonly mapKeyType?: string
  readonly mapValueType?: string
  readonly unordered?: boolean
  readonly entries: readonly Record<string, Json>[]
}

interface ExpectedTimers {
  readonly service: string
  readonly domain: string
  readonly entries: readonly Record<string, Json>[]
}

interface ExpectedOperatorState {
  readonly name: string
  readonly mode: string
  readonly valueType?: string
  readonly perSubtask?: readonly (readonly Json[])[]
  readonly entriesInEverySubtask?: readonly Json[]
  /** Which subtask holds which array is open. */
  readonly anySubtaskOrder?: boolean
}

export interface ExpectedOperator extends ExpectedConnector {
  readonly parallelism?: number
  readonly maxParallelism?: number
  readonly keyType?: string
  readonly keyedStates?: readonly ExpectedState[]
  readonly timers?: readonly ExpectedTimers[]
  readonly operatorStates?: readonly ExpectedOperatorState[]
}

export interface Expected {
  readonly snapshot: string
  readonly flinkVersion: string
  readonly backend: string
  readonly format: string
  readonly job: string
  readonly compression?: boolean
  readonly ttlWriteTimeRange?: readonly [number, number]
  readonly operators: readonly ExpectedOperator[]
}

interface DumpLine {
  readonly operator: string
  readonly state?: string
  readonly kind: string
  readonly subtask?: number
  readonly key?: Json
  readonly namespace?: Json
  readonly mapKey?: Json
  readonly value?: Json
  readonly ttl?: Json
  readonly timestamp?: Json
}

/** What a comparison found. */
export interface Outcome {
  readonly differences: string[]
  /** Entries compared. */
  compared: number
  /** Entries of states that were not to be compared. */
  leftOut: number
}

export interface CompareOptions {
  readonly fields?: FieldDescriptions | undefined
  /** States (`operator/state`, a space, and their types as Flink prints them) that are not compared. */
  readonly leaveOut?: RegExp | undefined
}

/** JSON text that keeps -0, for comparing. */
function textOf(json: Json | undefined): string {
  if (json === undefined) return 'undefined'
  if (typeof json === 'number') return Object.is(json, -0) ? '-0' : String(json)
  if (Array.isArray(json)) return `[${json.map(textOf).join(',')}]`
  if (typeof json === 'object' && json !== null) {
    return `{${Object.keys(json)
      .sort()
      .map((name) => `${JSON.stringify(name)}:${textOf(json[name])}`)
      .join(',')}}`
  }
  return JSON.stringify(json)
}

function compareMultisets(what: string, expected: readonly string[], found: readonly string[], outcome: Outcome): void {
  const left = [...expected].sort()
  const right = [...found].sort()
  outcome.compared += left.length
  for (let i = 0, j = 0; i < left.length || j < right.length; ) {
    if (left[i] === right[j]) {
      i++
      j++
    } else if (j >= right.length || (i < left.length && left[i]! < right[j]!)) {
      outcome.differences.push(`${what}: missing ${left[i++]!.slice(0, 300)}`)
    } else {
      outcome.differences.push(`${what}: unexpected ${right[j++]!.slice(0, 300)}`)
    }
  }
}

/** What the generator knows of a value with bytes of an unknown class is marked; kobel shows the same without a mark. */
function unmarked(value: Json | undefined): Json | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value.unknown !== true) return value
  const { unknown: _, ...rest } = value
  return rest.class === undefined ? rest.fields : rest
}

/** Elements of an unknown class cannot be told apart: kobel shows the bytes of the whole list. */
function joined(value: Json | undefined, found: readonly DumpLine[]): Json | undefined {
  const isBytes = (each: Json | undefined): each is { class: string; bytes: string } =>
    typeof each === 'object' && each !== null && !Array.isArray(each) && typeof each.bytes === 'string'
  if (
    !Array.isArray(value) ||
    value.length === 0 ||
    !value.every(isBytes) ||
    !found.some((line) => isBytes(line.value))
  )
    return value
  const parts = value.flatMap((each, i) => [
    ...(i === 0 ? [] : [Uint8Array.of(0x2c)]),
    fromBase64((each as { bytes: string }).bytes),
  ])
  return { class: (value[0] as { class: string }).class, bytes: Buffer.concat(parts).toString('base64') }
}

function entryText(entry: Record<string, Json> | DumpLine, unordered: boolean): string {
  const value = unordered && Array.isArray(entry.value) ? entry.value.map(textOf).sort() : entry.value
  return `key ${textOf(entry.key)} namespace ${textOf(entry.namespace)} mapKey ${textOf(entry.mapKey)} value ${textOf(value as Json)}`
}

function compareOperator(
  expected: ExpectedOperator,
  lines: ReadonlyMap<string, DumpLine[]>,
  range: readonly [number, number] | undefined,
  options: CompareOptions,
  outcome: Outcome,
): void {
  const named = new Set<string>()
  const take = (state: string): DumpLine[] => {
    named.add(state)
    return lines.get(state) ?? []
  }
  const label = expected.uid ?? expected.operatorId
  for (const state of expected.keyedStates ?? []) {
    const found = take(state.name)
    const what = `${label}/${state.name}`
    if (
      options.leaveOut?.test(`${what} ${state.valueType ?? ''} ${state.mapKeyType ?? ''} ${state.mapValueType ?? ''}`)
    ) {
      outcome.leftOut += state.entries.length
      continue
    }
    const unordered = state.unordered ?? false
    compareMultisets(
      what,
      state.entries.map((entry) =>
        entryText({ ...entry, value: joined(unmarked(entry.value), found) as Json }, unordered),
      ),
      found.map((line) => entryText(line, unordered)),
      outcome,
    )
    for (const line of found) {
      if (line.kind !== state.kind) outcome.differences.push(`${what}: kind ${line.kind} instead of ${state.kind}`)
      const ttls = (Array.isArray(line.ttl) ? line.ttl : line.ttl === undefined ? [] : [line.ttl]) as number[]
      if ((line.ttl !== undefined) !== state.ttl)
        outcome.differences.push(`${what}: ttl ${line.ttl} where ${state.ttl} was expected`)
      if (range && ttls.some((ttl) => ttl < range[0] || ttl > range[1]))
        outcome.differences.push(`${what}: ttl ${ttls} outside ${range}`)
    }
  }
  for (const timers of expected.timers ?? []) {
    const text = (each: Record<string, Json> | DumpLine): string =>
      `at ${textOf(each.timestamp)} key ${textOf(each.key)} namespace ${textOf(each.namespace)}`
    const name = `_timer_state/${timers.domain}_${timers.service}`
    compareMultisets(`${label}/${name}`, timers.entries.map(text), take(name).map(text), outcome)
  }
  for (const state of expected.operatorStates ?? []) compareOperatorState(label ?? '', state, take(state.name), outcome)
  if (expected.readerSplits) take('SourceReaderState')
  for (const [state, found] of lines) {
    if (!named.has(state) && found.length > 0)
      outcome.differences.push(`${label}/${state}: ${found.length} entries of a state that was not expected`)
  }
}

function compareOperatorState(
  label: string,
  state: ExpectedOperatorState,
  found: readonly DumpLine[],
  outcome: Outcome,
): void {
  const what = `${label}/${state.name}`
  const text = (line: DumpLine): string =>
    state.mode === 'BROADCAST' ? textOf([line.mapKey ?? null, line.value ?? null]) : textOf(line.value)
  if (state.entriesInEverySubtask) {
    const subtasks = new Set(found.map((line) => line.subtask))
    for (const subtask of subtasks.size === 0 ? [0] : subtasks) {
      compareMultisets(
        `${what} subtask ${subtask}`,
        state.entriesInEverySubtask.map(textOf),
        found.filter((line) => line.subtask === subtask).map(text),
        outcome,
      )
    }
    return
  }
  const perSubtask = state.perSubtask ?? []
  if (state.anySubtaskOrder) {
    const subtasks = [...new Set(found.map((line) => line.subtask))]
    const arrays = subtasks.map(
      (subtask) =>
        `[${found
          .filter((line) => line.subtask === subtask)
          .map(text)
          .join(',')}]`,
    )
    return compareMultisets(
      what,
      perSubtask.map((elements) => textOf([...elements])),
      arrays,
      outcome,
    )
  }
  if (isAfterRescale) return compareMultisets(what, perSubtask.flat().map(textOf), found.map(text), outcome)
  perSubtask.forEach((elements, subtask) => {
    compareMultisets(
      `${what} subtask ${subtask}`,
      elements.map(textOf),
      found.filter((line) => line.subtask === subtask).map(text),
      outcome,
    )
  })
}

/** After a rescale only the union over the subtasks is meant. */
let isAfterRescale = false

export async function readJson<T>(file: string): Promise<T> {
  const bytes = await readFile(file)
  return JSON.parse((file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()) as T
}

/** Every `expected*.json` or `.json.gz` below the directory. */
export async function expectedFiles(directory: string): Promise<string[]> {
  const found: string[] = []
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) found.push(...(await expectedFiles(path)))
    else if (/^expected.*\.json(\.gz)?$/.test(entry.name)) found.push(path)
  }
  return found.sort()
}

/** After a rescale, entries that the job before it wrote are there too. */
async function writeTimeRange(file: string, expected: Expected): Promise<readonly [number, number] | undefined> {
  const range = expected.ttlWriteTimeRange
  if (!isAfterRescale || !range) return range
  const base = await readJson<Expected>(join(dirname(file), '..', 'base', 'expected.json'))
  return [base.ttlWriteTimeRange?.[0] ?? range[0], range[1]]
}

/** Dumps the snapshot that the file names and compares. Throws what reading it throws. */
export async function compareFile(file: string, options: CompareOptions = {}): Promise<Outcome> {
  const expected = await readJson<Expected>(file)
  isAfterRescale = /rescaled.*after/.test(file)
  const snapshot = await openSnapshot(
    join(dirname(file), expected.snapshot),
    options.fields ? { fields: options.fields } : {},
  )
  try {
    return await compareSnapshot(snapshot, expected, await writeTimeRange(file, expected), options)
  } finally {
    await snapshot.close()
  }
}

async function compareSnapshot(
  snapshot: Snapshot,
  expected: Expected,
  range: readonly [number, number] | undefined,
  options: CompareOptions,
): Promise<Outcome> {
  const outcome: Outcome = { differences: [], compared: 0, leftOut: 0 }
  const lines = new Map<string, Map<string, DumpLine[]>>()
  for await (const text of dumpSnapshot(snapshot)) {
    const line = JSON.parse(text) as DumpLine
    if (line.state === undefined) continue
    const states = lines.get(line.operator) ?? new Map<string, DumpLine[]>()
    lines.set(line.operator, states)
    const found = states.get(line.state) ?? []
    found.push(line)
    states.set(line.state, found)
  }
  for (const operator of expected.operators) {
    const id = operator.operatorId ?? operatorIdOf(operator.uid ?? '')
    const metadata = snapshot.operators.find((each) => each.id === id)
    const hasState =
      [...(operator.keyedStates ?? []), ...(operator.timers ?? []), ...(operator.operatorStates ?? [])].length > 0
    if (!metadata && hasState) outcome.differences.push(`${operator.uid}: no such operator`)
    const { parallelism = metadata?.parallelism, maxParallelism = metadata?.maxParallelism } = operator
    if (metadata && (metadata.maxParallelism !== maxParallelism || metadata.parallelism !== parallelism)) {
      outcome.differences.push(`${operator.uid}: parallelism ${metadata.parallelism}/${metadata.maxParallelism}`)
    }
    compareOperator(operator, lines.get(id) ?? new Map(), range, options, outcome)
  }
  await compareConnectors(snapshot, expected.operators, outcome)
  return outcome
}
