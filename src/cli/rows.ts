import { Reader } from '../bytes/reader.ts'
import { KobelError } from '../error.ts'
import { stateValueJson } from '../export/dump.ts'
import type { EntryBatch, TimerBatch } from '../format/batch.ts'
import type { KeyedStateInfo } from '../format/keyed-state.ts'
import { longJson, valueToJson } from '../serializer/interpreter/json.ts'
import type { Layout } from '../serializer/layout.ts'
import type { Type } from '../serializer/type.ts'
import type { Value } from '../serializer/value.ts'
import { BatchDecoder, readPart } from '../snapshot/decode.ts'
import type { KeyedSource } from '../snapshot/keyed-source.ts'
import { KeyedState } from '../snapshot/keyed-state.ts'
import { noSuch } from '../snapshot/names.ts'
import type { Operator } from '../snapshot/operator.ts'
import type { OperatorState } from '../snapshot/operator-state.ts'
import type { OnSkip } from '../snapshot/skipped.ts'
import { valueFromText } from './value-text.ts'

/** A row of a state: member name and JSON text, in the order of the dump's members. */
export type Row = readonly (readonly [name: string, json: string])[]

/** Rows and what is known of them before the first one. */
export interface Rows {
  /** All members that rows have. */
  readonly columns: readonly string[]
  /** Of the member `value`; undefined for timers and lists. */
  readonly valueType: Type | undefined
  readonly rows: AsyncIterable<Row>
}

/** Which rows are wanted. Key and namespace are still text: how they are read depends on their types. */
export interface RowSelection {
  readonly key?: string
  readonly namespace?: string
  readonly keyGroups?: readonly [first: number, last: number]
  readonly limit: number
  /** Reads on past broken parts. */
  readonly onSkip?: OnSkip
}

/**
 * The rows of a keyed state, of timers or of an operator state. Where a key is given, heads of one subtask suffice to
 * find its key group, and only that is read.
 */
export async function rowsOf(operator: Operator, stateName: string, selection: RowSelection): Promise<Rows> {
  const name = /^(event|processing)_/.test(stateName) ? await timersOr(operator, stateName, selection) : stateName
  const { keyGroups } = selection
  if (keyGroups && keyGroups[1] >= operator.maxParallelism) {
    throw new KobelError('USAGE', `the operator has the key groups 0 to ${operator.maxParallelism - 1}`, {
      operator: operator.label,
    })
  }
  if (selection.key !== undefined) {
    const info = (await firstKeyedSource(operator, selection))?.states.find((state) => state.name === name)
    if (info) return keyedRows(new KeyedState(operator, name), info, selection)
  }
  await operator.load()
  const keyed = operator.keyedStates.find((state) => state.name === name)
  if (keyed) return keyedRows(keyed, keyed.declarations[0]!, selection)
  const other = operator.operatorStates.find((state) => state.name === name)
  if (other) return operatorRows(other, selection)
  const broken = operator.unreadable[0]
  if (broken) throw broken.error
  throw noSuch(
    'state',
    name,
    operator.states.map((state) => state.name),
    { operator: operator.label },
  )
}

/** A broken one is skipped, and told when it is read. */
async function firstKeyedSource(operator: Operator, { onSkip }: RowSelection): Promise<KeyedSource | undefined> {
  if (!onSkip) return operator.firstKeyedSource()
  return (await operator.keyedSources(undefined, () => {}))[0]
}

/** Timers may be named without the `_timer_state/` that Flink puts before them. */
async function timersOr(operator: Operator, name: string, selection: RowSelection): Promise<string> {
  const states = (await firstKeyedSource(operator, selection))?.states.map((state) => state.name) ?? []
  return states.includes(name) ? name : `_timer_state/${name}`
}

function keyedRows(state: KeyedState, info: KeyedStateInfo, selection: RowSelection): Rows {
  const { keyGroups, onSkip } = selection
  const key = selection.key === undefined ? undefined : valueFromText('key', info.key, selection.key)
  const namespace =
    selection.namespace === undefined
      ? undefined
      : valueToJson(info.namespace, valueFromText('namespace', info.namespace, selection.namespace))
  const options = { ...(key !== undefined && { key }), ...(keyGroups && { keyGroups }), ...(onSkip && { onSkip }) }
  const named = isVoid(info.namespace) ? [] : ['namespace']
  if (info.kind === 'timer') {
    return {
      columns: ['keyGroup', 'timestamp', 'key', ...named],
      valueType: undefined,
      rows: timerRows(state, options, namespace),
    }
  }
  const mapped = info.mapKey === undefined ? [] : ['mapKey']
  return {
    columns: ['keyGroup', 'key', ...named, ...mapped, 'value', ...(info.ttl ? ['ttl'] : [])],
    valueType: info.kind === 'list' ? undefined : info.valueType,
    rows: entryRows(state, options, namespace),
  }
}

type BatchOptions = Parameters<KeyedState['entries']>[0] & object

async function* entryRows(
  state: KeyedState,
  options: BatchOptions,
  namespace: string | undefined,
): AsyncGenerator<Row> {
  const decoder = new BatchDecoder()
  for await (const { batch, i } of state.batches('entries', options)) {
    const info = batch.states[batch.stateIds[i]!]!
    const entry = state.decode(batch, options.onSkip, () => decoder.entry(batch as EntryBatch, i))
    const shown = entry && namespaceMembers(info, entry.namespace, namespace)
    if (!shown) continue
    const { ttl } = entry
    yield [
      ['keyGroup', String(entry.keyGroup)],
      ['key', valueToJson(info.key, entry.key)],
      ...shown,
      ...(entry.mapKey === undefined || !info.splits
        ? []
        : [['mapKey', valueToJson(info.mapKey!, entry.mapKey)] as const]),
      ['value', stateValueJson(info, entry.value)],
      ...(ttl === undefined
        ? []
        : [['ttl', typeof ttl === 'bigint' ? longJson(ttl) : `[${ttl.map(longJson).join(',')}]`] as const]),
    ]
  }
}

async function* timerRows(
  state: KeyedState,
  options: BatchOptions,
  namespace: string | undefined,
): AsyncGenerator<Row> {
  const decoder = new BatchDecoder()
  for await (const { batch, i } of state.batches('timers', options)) {
    const info = batch.states[batch.stateIds[i]!]!
    const timer = state.decode(batch, options.onSkip, () => decoder.timer(batch as TimerBatch, i))
    const shown = timer && namespaceMembers(info, timer.namespace, namespace)
    if (!shown) continue
    yield [
      ['keyGroup', String(timer.keyGroup)],
      ['timestamp', longJson(timer.timestamp)],
      ['key', valueToJson(info.key, timer.key)],
      ...shown,
    ]
  }
}

/** The member `namespace`, none for VoidNamespace; undefined where another namespace is wanted. */
function namespaceMembers(info: KeyedStateInfo, value: Value, wanted: string | undefined): Row | undefined {
  const json = info.splits ? valueToJson(info.namespace, value) : 'null'
  if (wanted !== undefined && json !== wanted) return undefined
  return isVoid(info.namespace) || !info.splits ? [] : [['namespace', json]]
}

function isVoid(layout: Layout): boolean {
  return layout.op === 'constant' && layout.value === null
}

function operatorRows(state: OperatorState, selection: RowSelection): Rows {
  if (selection.key !== undefined || selection.keyGroups || selection.namespace !== undefined) {
    throw new KobelError('USAGE', `${state.name} is operator state: it has no keys, key groups and namespaces`, {
      operator: state.operator.label,
      state: state.name,
    })
  }
  return {
    columns: ['subtask', ...(state.kind === 'broadcast' ? ['mapKey'] : []), 'value'],
    valueType: state.valueType,
    rows: elementRows(state, selection.onSkip),
  }
}

async function* elementRows(state: OperatorState, onSkip: OnSkip | undefined): AsyncGenerator<Row> {
  for await (const { batch, value, mapKey } of state.batchesWithLayouts(onSkip ? { onSkip } : {})) {
    const reader = new Reader(batch.buffer)
    const json = (layout: Layout, pairs: Uint32Array, i: number): string =>
      valueToJson(layout, readPart(layout, reader, pairs[2 * i]!, pairs[2 * i + 1]!))
    for (let i = 0; i < batch.count; i++) {
      const row = state.decode(
        batch,
        onSkip,
        (): Row => [
          ['subtask', String(batch.subtask)],
          ...(mapKey ? [['mapKey', json(mapKey, batch.mapKeys, i)] as const] : []),
          ['value', json(value, batch.values, i)],
        ],
      )
      if (row) yield row
    }
  }
}
