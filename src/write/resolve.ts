import { fromBase64 } from '../bytes/encoding.ts'
import { KobelError, locate } from '../error.ts'
import type { KeyedHead } from '../format/keyed-head.ts'
import { type KeyedStateInfo, keyedStatesOf } from '../format/keyed-state.ts'
import type { OperatorStateMode } from '../format/metadata/index.ts'
import {
  BACKEND_STATE_TYPES,
  type BackendStateType,
  optionOf,
  type StateMetaInfo,
  serializerOf,
} from '../format/state-meta-info.ts'
import { readWithExtents } from '../serializer/extents.ts'
import type { Layout } from '../serializer/layout.ts'
import type { SerializerTable } from '../serializer/row.ts'
import { readSerializerSnapshot, type SerializerSnapshot, type SnapshotSource } from '../serializer/snapshot.ts'
import { keyLayout } from '../serializer/table/codecs.ts'
import { serializerTable } from '../serializer/table.ts'
import type { FlinkTarget } from './flink-target.ts'
import type { PlanOperator, PlanOptions, PlanState } from './plan.ts'

/** An operator of a plan with its serializers read. */
export interface ResolvedOperator {
  readonly operator: PlanOperator
  readonly target: FlinkTarget
  /** The last access of rows that tell none. */
  readonly now: number | undefined
  /** By subtask. */
  readonly keyed: ReadonlyMap<number, ResolvedKeyed>
  readonly operatorState: ReadonlyMap<number, ResolvedOperatorState>
}

export interface ResolvedKeyed {
  readonly head: Pick<KeyedHead, 'compressed' | 'keySerializer' | 'states'>
  /** By id. */
  readonly states: readonly KeyedStateInfo[]
  readonly ids: ReadonlyMap<string, number>
  /** By id. */
  readonly rules: readonly StateRule[]
}

/** What several rows for one entry mean. */
export interface StateRule {
  /** `join`: elements of LIST states, in their order. */
  readonly duplicates: 'error' | 'last' | 'join'
  /** The member of rows that orders them. */
  readonly order: string | undefined
}

export interface ResolvedOperatorState {
  readonly compressed: boolean
  readonly operatorStates: readonly StateMetaInfo[]
  readonly broadcastStates: readonly StateMetaInfo[]
  /** Of both, those of LIST and UNION first. */
  readonly states: readonly ElementState[]
  readonly ids: ReadonlyMap<string, number>
}

export interface ElementState {
  readonly name: string
  readonly mode: OperatorStateMode
  /** BROADCAST only. */
  readonly mapKey: Layout | undefined
  readonly value: Layout
  /** The member of rows that orders elements. */
  readonly order: string | undefined
}

/** @param now the last access of rows that tell none. */
export function resolveOperator(
  operator: PlanOperator,
  target: FlinkTarget,
  options: PlanOptions,
  now?: number,
): ResolvedOperator {
  const snapshots = new Snapshots(serializerTable(options.serializers), {
    kryoVersion: target.kryoVersion,
    ...(options.fields && { fields: options.fields }),
  })
  try {
    checkDeclarations(operator)
    return {
      operator,
      target,
      now,
      keyed: resolveKeyed(operator, snapshots),
      operatorState: resolveOperatorState(operator, target, snapshots),
    }
  } catch (error) {
    throw locate(error, { operator: operator.uid ?? operator.id })
  }
}

/** The plan may have come as JSON: what `readPlan` did not look at. */
function checkDeclarations({ keyed, operatorState }: PlanOperator): void {
  const check = (fits: boolean, what: string): void => {
    if (!fits) throw new KobelError('USAGE', `a declaration of a write plan has ${what}`)
  }
  const areStates = (json: unknown): boolean =>
    Array.isArray(json) &&
    json.every((each) => typeof each === 'object' && each !== null && typeof each.name === 'string')
  for (const each of keyed) {
    check(typeof each.keySerializer === 'string', 'keySerializer, a text')
    check(areStates(each.states), 'states, an array of objects with names')
    check(typeof each.compressed === 'boolean', 'compressed, true or false')
  }
  for (const each of operatorState) {
    check(areStates(each.states) && areStates(each.broadcastStates), 'states and broadcastStates, arrays of objects')
    check(typeof each.compressed === 'boolean', 'compressed, true or false')
  }
}

/** @throws KobelError `USAGE` where the subtask has no keyed state. */
export function keyedDeclarationOf(resolved: ResolvedOperator, subtask: number): ResolvedKeyed {
  const declared = resolved.keyed.get(subtask) ?? [...resolved.keyed.values()][0]
  if (declared) return declared
  throw new KobelError('USAGE', 'the plan declares no keyed state for the operator', { operator: resolved.operator.id })
}

function resolveKeyed(operator: PlanOperator, snapshots: Snapshots): Map<number, ResolvedKeyed> {
  const found = new Map<number, ResolvedKeyed>()
  for (const { subtasks, compressed, keySerializer, states } of operator.keyed) {
    if (states.length === 0) continue
    const key = snapshots.readKey(keySerializer)
    const infos = states.map((state) => metaInfo(state, snapshots))
    for (const subtask of subtasks) {
      const before = found.get(subtask)
      // Timers of a RocksDB job that keeps them on the heap are declared apart; a savepoint has them among the states.
      const head = before
        ? { ...before.head, states: [...before.head.states, ...infos] }
        : { compressed, keySerializer: key, states: infos }
      const named = keyedStatesOf({ ...head, version: 6, length: 0 })
      const rules = [...(before?.rules ?? []), ...states.map((state, i) => ruleOf(state, named.at(i - states.length)!))]
      found.set(subtask, { head, states: named, ids: idsOf(head.states), rules })
    }
  }
  return found
}

function ruleOf({ name, duplicates, order }: PlanState, { kind }: KeyedStateInfo): StateRule {
  checkOrder(name, order)
  const wrong = (message: string): KobelError => new KobelError('USAGE', message, { state: name })
  if (duplicates !== undefined && duplicates !== 'error' && duplicates !== 'last') {
    throw wrong(`duplicates of a state are "error" or "last", found ${JSON.stringify(duplicates)}`)
  }
  if (duplicates === 'last' && (kind === 'list' || kind === 'timer')) {
    throw wrong(`the last row cannot win in a ${kind === 'list' ? 'LIST state: its rows are joined' : 'timer'}`)
  }
  if (duplicates === 'last' && order === undefined) {
    throw wrong('"duplicates": "last" needs "order", the member of rows that says which is the last')
  }
  if (order !== undefined && duplicates !== 'last' && kind !== 'list') {
    throw wrong('"order" is for LIST states, and for "duplicates": "last"')
  }
  if (kind === 'list' && duplicates === undefined) return { duplicates: 'join', order }
  return { duplicates: duplicates ?? 'error', order }
}

function checkOrder(state: string, order: unknown): void {
  if (order === undefined || (typeof order === 'string' && order !== '')) return
  throw new KobelError(
    'USAGE',
    `the order of a state is the name of a member of rows, found ${JSON.stringify(order)}`,
    {
      state,
    },
  )
}

function resolveOperatorState(
  operator: PlanOperator,
  target: FlinkTarget,
  snapshots: Snapshots,
): Map<number, ResolvedOperatorState> {
  const found = new Map<number, ResolvedOperatorState>()
  for (const { subtasks, compressed, states, broadcastStates } of operator.operatorState) {
    const orders = new Map([...states, ...broadcastStates].map(({ name, order }) => [name, order]))
    for (const [name, order] of orders) checkOrder(name, order)
    const operatorStates = states.map((state) => metaInfo(state, snapshots))
    const broadcast = broadcastStates.map((state) => metaInfo(state, snapshots))
    const all = [...operatorStates, ...broadcast]
    const resolved: ResolvedOperatorState = {
      compressed: compressed && target.operatorHeadVersion >= 6,
      operatorStates,
      broadcastStates: broadcast,
      states: all.map((info) => elementState(info, broadcast.includes(info), orders.get(info.name))),
      ids: idsOf(all),
    }
    for (const subtask of subtasks) {
      if (found.has(subtask)) {
        throw new KobelError('USAGE', `the plan declares the operator state of subtask ${subtask} twice`)
      }
      found.set(subtask, resolved)
    }
  }
  return found
}

const UNKNOWN: Layout = { op: 'unknown', className: 'unknown' }

function elementState(info: StateMetaInfo, broadcast: boolean, order: string | undefined): ElementState {
  const union = optionOf(info, 'OPERATOR_STATE_DISTRIBUTION_MODE') === 'UNION'
  return {
    name: info.name,
    mode: broadcast ? 'BROADCAST' : union ? 'UNION' : 'SPLIT_DISTRIBUTE',
    mapKey: broadcast ? (serializerOf(info, 'KEY_SERIALIZER')?.layout ?? UNKNOWN) : undefined,
    value: serializerOf(info, 'VALUE_SERIALIZER')?.layout ?? UNKNOWN,
    order,
  }
}

function idsOf(states: readonly StateMetaInfo[]): Map<string, number> {
  const ids = new Map<string, number>()
  for (const { name } of states) {
    if (ids.has(name)) throw new KobelError('USAGE', 'the plan declares the state twice', { state: name })
    ids.set(name, ids.size)
  }
  return ids
}

/** Pairs of texts, as JSON may have them or not. */
function arePairs(json: unknown): boolean {
  const isPair = (each: unknown): boolean =>
    Array.isArray(each) && each.length === 2 && each.every((part) => typeof part === 'string')
  return Array.isArray(json) && json.every(isPair)
}

function metaInfo(state: PlanState, snapshots: Snapshots): StateMetaInfo {
  const type = BACKEND_STATE_TYPES.find((each) => each === state.type) as BackendStateType | undefined
  if (type === undefined || !arePairs(state.options) || !arePairs(state.serializers)) {
    throw new KobelError('USAGE', 'a state of a write plan has name, type, options and serializers', {
      state: String(state.name),
    })
  }
  if (type === 'KEY_VALUE_V2') {
    throw new KobelError(
      'INCOMPATIBLE',
      'states of the asynchronous State API V2 exist in native snapshots only; Flink restores no canonical savepoint of them',
      { state: state.name },
    )
  }
  if (state.serializers.length === 0) {
    throw new KobelError(
      'INCOMPATIBLE',
      'the serializers of the state could not be read from where the plan comes from, so it cannot be written',
      { state: state.name },
    )
  }
  return {
    name: state.name,
    backendStateType: type,
    options: state.options,
    serializers: state.serializers.map(([name, snapshot]) => [name, snapshots.read(snapshot)] as const),
  }
}

/** Serializer snapshots by their text: subtasks and states share many. */
class Snapshots {
  private readonly table: SerializerTable
  private readonly options: SnapshotSource['options']
  private readonly known = new Map<string, SerializerSnapshot>()
  private readonly keys = new Map<string, SerializerSnapshot>()

  constructor(table: SerializerTable, options: SnapshotSource['options']) {
    this.table = table
    this.options = options
  }

  /** Of keys, which in SQL are made by projections. */
  readKey(text: string): SerializerSnapshot {
    const known = this.keys.get(text)
    if (known) return known
    const snapshot = this.read(text)
    const key = { ...snapshot, layout: keyLayout(snapshot.layout) }
    this.keys.set(text, key)
    return key
  }

  read(text: string): SerializerSnapshot {
    const known = this.known.get(text)
    if (known) return known
    const bytes = fromBase64(text)
    const snapshot = readWithExtents(bytes, bytes.length, this.table, (source) =>
      readSerializerSnapshot({ ...source, options: this.options }),
    )
    this.known.set(text, snapshot)
    return snapshot
  }
}
