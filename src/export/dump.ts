import { equalBytes, toBase64 } from '../bytes/encoding.ts'
import { Reader } from '../bytes/reader.ts'
import { KobelError } from '../error.ts'
import type { Blob, EntryBatch, TimerBatch } from '../format/batch.ts'
import type { KeyedStateInfo } from '../format/keyed-state.ts'
import { jsonToValue, longJson, typedBytesJson, valueToJson } from '../serializer/interpreter/json.ts'
import { bytesOfValue } from '../serializer/interpreter/write.ts'
import type { Layout } from '../serializer/layout.ts'
import { rendersLosslessly } from '../serializer/lossless.ts'
import { keyLayout } from '../serializer/table/codecs.ts'
import { TypedBytes, type Value } from '../serializer/value.ts'
import { BatchDecoder, canonicalValue, readPart } from '../snapshot/decode.ts'
import type { KeyedBatch } from '../snapshot/keyed-source.ts'
import type { Snapshot } from '../snapshot/open.ts'
import type { Operator } from '../snapshot/operator.ts'
import type { OperatorState } from '../snapshot/operator-state.ts'
import { locatedSkips, type OnSkip, type Skipped, skipOrThrow } from '../snapshot/skipped.ts'
import { scanSorted } from '../snapshot/sorted.ts'
import { planOf } from './plan.ts'

/** How a snapshot is dumped. */
export interface DumpOptions {
  /** Adds the raw bytes to every line, not only where the text does not give them back. */
  readonly bytes?: boolean
  /** Only these operators (by label); all by default. The plan names all. */
  readonly operators?: readonly Operator[]
  /** Where it is given, what cannot be read is left out and told; some of it may be told twice. */
  readonly onSkip?: OnSkip
}

/**
 * Everything in a snapshot as JSON lines (DESIGN section 9): first the plan, then every entry, timer, element and blob,
 * in an order that equal snapshots share: by operator id, key group, state, raw key. The last line says how many there
 * were, and whether that was all: a dump without it was cut.
 *
 * @throws KobelError of the first handle that cannot be read, without `onSkip`; nothing is left out silently.
 */
export async function* dumpSnapshot(
  snapshot: Snapshot,
  options: DumpOptions = {},
): AsyncGenerator<string, void, undefined> {
  const operators = [...snapshot.operators].sort((a, b) => (a.id < b.id ? -1 : 1))
  for (const operator of operators) await operator.load()
  let partial = options.operators !== undefined && operators.some((each) => !options.operators!.includes(each))
  const told = options.onSkip
  const onSkip =
    told &&
    ((skipped: Skipped): void => {
      partial = true
      told(skipped)
    })
  yield await planOf(snapshot, operators, onSkip !== undefined)
  let rows = 0
  for await (const line of dumpRows(operators, { ...options, ...(onSkip && { onSkip }) })) {
    rows++
    yield line
  }
  yield JSON.stringify({ end: { rows, ...(partial && { partial }) } })
}

async function* dumpRows(
  operators: readonly Operator[],
  options: DumpOptions,
): AsyncGenerator<string, void, undefined> {
  const { onSkip } = options
  for (const operator of operators) {
    if (options.operators && !options.operators.includes(operator)) continue
    const failed = operator.unreadable[0]
    if (failed && !onSkip)
      throw new KobelError(failed.error.code, failed.error.message, { operator: operator.label, ...failed.error.where })
    const located = onSkip && locatedSkips(onSkip, { operator: operator.label })
    yield* dumpKeyed(operator, options.bytes ?? false, located)
    if (located) tellUnreadable(operator, located)
    for (const state of [...operator.operatorStates].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      yield* dumpOperatorState(operator, state, options.bytes ?? false, located)
    }
    const told = await subtasksOfRawTimers(operator, located)
    for (const blob of await operator.blobs(onSkip ? { onSkip } : {})) {
      // The plan has the coordinator's bytes, and raw timers are lines of their own.
      const known = blob.part === 'coordinator' || (blob.part === 'raw-keyed' && told.has(blob.subtask))
      const line = known ? undefined : await blobLine(operator, blob, located)
      if (line !== undefined) yield line
    }
  }
}

/** Subtasks whose raw keyed state is timers, which were dumped as such. */
async function subtasksOfRawTimers(operator: Operator, onSkip: OnSkip | undefined): Promise<Set<number>> {
  const sources = await operator.keyedSources(undefined, onSkip)
  return new Set(sources.filter((source) => source.format === 'raw-timers').map((source) => source.subtask))
}

/** Operator state whose head cannot be read: no state of it may be known to tell of it. */
function tellUnreadable(operator: Operator, onSkip: OnSkip): void {
  if (operator.operatorStates.length > 0) return
  for (const { part, subtask, error } of operator.unreadable) {
    if (part === 'operator') onSkip({ part, subtask, error })
  }
}

/** The members that every line of an operator begins with. */
function headOf(operator: Operator): string {
  const uid = operator.uid === undefined ? '' : `"uid":${JSON.stringify(operator.uid)},`
  return `{"operator":"${operator.id}",${uid}`
}

async function* dumpKeyed(
  operator: Operator,
  allBytes: boolean,
  onSkip: OnSkip | undefined,
): AsyncGenerator<string, void, undefined> {
  const head = headOf(operator)
  const lines = new KeyedLines(head, allBytes)
  for (const source of await operator.keyedSources(undefined, onSkip)) {
    for await (const batch of scanSorted(source, onSkip ? { onSkip } : {})) {
      for (let i = 0; i < batch.count; i++) {
        const line = lineOf(lines, batch, i, source.subtask, onSkip)
        if (line !== undefined) yield line
      }
    }
  }
}

function lineOf(
  lines: KeyedLines,
  batch: KeyedBatch,
  i: number,
  subtask: number,
  onSkip: OnSkip | undefined,
): string | undefined {
  try {
    return batch.kind === 'timers' ? lines.timer(batch, i) : lines.entry(batch, i)
  } catch (error) {
    const { keyGroup } = batch
    const states = [batch.states[batch.stateIds[i]!]!.name]
    skipOrThrow(error, onSkip, { part: 'keyed', subtask, keyGroups: [keyGroup, keyGroup], states, entries: 1 })
    return undefined
  }
}

/** Lines of keyed state: what every entry of a state shares is worked out once. */
class KeyedLines {
  private readonly head: string
  private readonly allBytes: boolean
  private readonly decoder = new BatchDecoder()
  private readonly states = new Map<KeyedStateInfo, string>()

  constructor(head: string, allBytes: boolean) {
    this.head = head
    this.allBytes = allBytes
  }

  entry(batch: EntryBatch, i: number): string {
    const state = batch.states[batch.stateIds[i]!]!
    const entry = this.decoder.entry(batch, i)
    const parts: string[] = [this.stateHead(state), String(batch.keyGroup)]
    const bytes = new ByteMembers(this.allBytes)
    const raw = (pairs: Uint32Array): Uint8Array => batch.buffer.subarray(pairs[2 * i]!, pairs[2 * i + 1]!)
    parts.push(`,"key":${bytes.json('key', state.key, entry.key, raw(batch.keys), state.splits)}`)
    if (state.splits && !isVoid(state.namespace)) {
      parts.push(
        `,"namespace":${bytes.json('namespace', state.namespace, entry.namespace, raw(batch.namespaces), true)}`,
      )
    }
    if (entry.mapKey !== undefined && state.splits) {
      parts.push(`,"mapKey":${bytes.json('mapKey', state.mapKey!, entry.mapKey, raw(batch.mapKeys), true)}`)
    }
    const valueBytes = raw(batch.values)
    parts.push(`,"value":${stateValueJson(state, entry.value)}`)
    if (this.allBytes || !valueIsExact(state, entry.value, entry.ttl, valueBytes)) bytes.add('value', valueBytes)
    if (entry.ttl !== undefined) parts.push(`,"ttl":${ttlJson(entry.ttl)}`)
    return `${parts.join('')}${bytes.text()}}`
  }

  timer(batch: TimerBatch, i: number): string {
    const state = batch.states[batch.stateIds[i]!]!
    const timer = this.decoder.timer(batch, i)
    const bytes = new ByteMembers(this.allBytes)
    const raw = (pairs: Uint32Array): Uint8Array => batch.buffer.subarray(pairs[2 * i]!, pairs[2 * i + 1]!)
    const key = bytes.json('key', state.key, timer.key, raw(batch.keys), state.splits)
    const namespace = state.splits
      ? `,"namespace":${bytes.json('namespace', state.namespace, timer.namespace, raw(batch.namespaces), true)}`
      : ''
    return `${this.stateHead(state)}${batch.keyGroup},"timestamp":${longJson(timer.timestamp)},"key":${key}${namespace}${bytes.text()}}`
  }

  private stateHead(state: KeyedStateInfo): string {
    const known = this.states.get(state)
    if (known !== undefined) return known
    const timer = state.kind === 'timer' ? timerMembers(state.name) : ''
    const head = `${this.head}"state":${JSON.stringify(state.name)},"kind":"${state.kind}"${timer},"keyGroup":`
    this.states.set(state, head)
    return head
  }
}

/** `_timer_state/event_user-timers`: the domain and the timer service. */
function timerMembers(name: string): string {
  const match = /^_timer_state\/(event|processing)_(.*)$/s.exec(name)
  return match ? `,"domain":"${match[1]}","service":${JSON.stringify(match[2])}` : ''
}

function isVoid(layout: Layout): boolean {
  return layout.op === 'constant' && layout.value === null
}

function ttlJson(ttl: bigint | readonly bigint[]): string {
  return typeof ttl === 'bigint' ? longJson(ttl) : `[${ttl.map(longJson).join(',')}]`
}

/** Gathers the member `bytes` of a line: parts whose text does not give their bytes back. */
class ByteMembers {
  private readonly all: boolean
  private readonly members: string[] = []

  constructor(all: boolean) {
    this.all = all
  }

  /** The JSON of a part; its bytes are added where they are needed. */
  json(name: string, layout: Layout, value: Value, raw: Uint8Array, split: boolean): string {
    const json = valueToJson(layout, value)
    // Bytes of unknown class are in the text already.
    if (
      this.all ||
      (split &&
        !(value instanceof TypedBytes) &&
        !rendersLosslessly(layout) &&
        !isExact(name === 'key' ? keyLayout(layout) : layout, json, raw))
    )
      this.add(name, raw)
    return json
  }

  add(name: string, raw: Uint8Array): void {
    this.members.push(`"${name}":"${toBase64(raw)}"`)
  }

  text(): string {
    return this.members.length === 0 ? '' : `,"bytes":{${this.members.join(',')}}`
  }
}

function isExact(layout: Layout, json: string, raw: Uint8Array): boolean {
  try {
    return equalBytes(bytesOfValue(layout, jsonToValue(layout, JSON.parse(json))), raw)
  } catch (error) {
    if (error instanceof KobelError || error instanceof TypeError) return false
    throw error
  }
}

/** The JSON of a state's value: LIST as the array of its elements. */
export function stateValueJson(state: KeyedStateInfo, value: Value): string {
  if (value instanceof TypedBytes) return typedBytesJson(value)
  if (state.kind === 'list')
    return `[${(value as readonly Value[]).map((each) => valueToJson(state.value, each)).join(',')}]`
  return valueToJson(state.value, value)
}

/** Whether the text gives back the canonical bytes of the value. */
function valueIsExact(
  state: KeyedStateInfo,
  value: Value,
  ttl: bigint | readonly bigint[] | undefined,
  raw: Uint8Array,
): boolean {
  if (value instanceof TypedBytes) return true
  if (rendersLosslessly(state.value) && !(state.kind === 'map' && value === null)) return true
  try {
    return equalBytes(canonicalValue(state, jsonValue(state, value), ttl), raw)
  } catch (error) {
    if (error instanceof KobelError || error instanceof TypeError) return false
    throw error
  }
}

/** The value as it comes back from its text. */
function jsonValue(state: KeyedStateInfo, value: Value): Value {
  const parsed: unknown = JSON.parse(stateValueJson(state, value))
  return state.kind === 'list'
    ? (parsed as unknown[]).map((each) => jsonToValue(state.value, each))
    : jsonToValue(state.value, parsed)
}

async function* dumpOperatorState(
  operator: Operator,
  state: OperatorState,
  allBytes: boolean,
  onSkip: OnSkip | undefined,
): AsyncGenerator<string, void, undefined> {
  const head = `${headOf(operator)}"state":${JSON.stringify(state.name)},"kind":"${state.kind}","subtask":`
  for await (const { batch, value, mapKey } of state.batchesWithLayouts(onSkip ? { onSkip } : {})) {
    const reader = new Reader(batch.buffer)
    for (let i = 0; i < batch.count; i++) {
      const bytes = new ByteMembers(allBytes)
      const part = (name: string, layout: Layout, pairs: Uint32Array): string => {
        const [start, end] = [pairs[2 * i]!, pairs[2 * i + 1]!]
        return `,"${name}":${bytes.json(name, layout, readPart(layout, reader, start, end), batch.buffer.subarray(start, end), true)}`
      }
      const line = state.decode(batch, onSkip, () => {
        const key = mapKey ? part('mapKey', mapKey, batch.mapKeys) : ''
        return `${head}${batch.subtask}${key}${part('value', value, batch.values)}${bytes.text()}}`
      })
      if (line !== undefined) yield line
    }
  }
}

/** Bytes read of a blob at once: base64 of a multiple of three bytes can be joined. */
const BLOB_STEP = 3 << 18

async function blobLine(operator: Operator, blob: Blob, onSkip: OnSkip | undefined): Promise<string | undefined> {
  const parts: string[] = []
  try {
    for (let at = 0; at < blob.length; at += BLOB_STEP)
      parts.push(toBase64(await blob.read(at, Math.min(blob.length, at + BLOB_STEP))))
  } catch (error) {
    if (blob.part !== 'master') skipOrThrow(error, onSkip, { part: blob.part, subtask: blob.subtask })
    return undefined
  }
  return `${headOf(operator)}"part":${JSON.stringify(blob.name)},"kind":"${blob.part}","subtask":${blob.subtask},"bytes":"${parts.join('')}"}`
}
