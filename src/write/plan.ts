import { fromBase64 } from '../bytes/encoding.ts'
import { sha256 } from '../bytes/sha256.ts'
import { Writer } from '../bytes/writer.ts'
import { KobelError } from '../error.ts'
import type { OperatorStateMode } from '../format/metadata/index.ts'
import type { FieldDescriptions } from '../serializer/options.ts'
import type { SerializerRow } from '../serializer/row.ts'
import { keyGroupRangeOf, subtaskOfKeyGroup } from '../snapshot/key-groups.ts'
import { operatorIdOf } from '../snapshot/open.ts'
import { describePlan, isDescribed } from './describe-plan.ts'
import { encodeKey, type KeyedRow, keyGroupOfBytes } from './encode-key.ts'
import { flinkTarget } from './flink-target.ts'
import type { PlanDescription } from './plan-description.ts'
import { keyedDeclarationOf, type ResolvedOperator, resolveOperator } from './resolve.ts'
import { atField } from './wrong-field.ts'

/**
 * A savepoint to be written, as plain JSON: what `kobel dump` prints as its first line, and the Flink version to write
 * for. Serializer snapshots are base64 of the form in the head of a stream (i32 2, class name, version, body).
 */
export interface WritePlan {
  /** `2.3`, `1.20.3`. */
  readonly flink: string
  /** As text beyond 2^53. */
  readonly checkpointId: number | string
  /** The last access of rows that tell none, where the state has a time to live: milliseconds since 1970. */
  readonly now?: number
  /** Declared fields of classes that Kryo writes; the option goes before it. */
  readonly fields?: FieldDescriptions
  /** Base64 of the Java-serialized properties; null: none. */
  readonly properties: string | null
  readonly masterStates: readonly PlanMasterState[]
  readonly operators: readonly PlanOperator[]
}

export interface PlanMasterState {
  readonly name: string
  readonly version: number
  readonly bytes: string
}

export interface PlanOperator {
  /** 32 hex digits. */
  readonly id: string
  readonly uid?: string
  readonly name?: string
  readonly parallelism: number
  readonly maxParallelism: number
  /** Base64 of the coordinator's state. */
  readonly coordinator?: string
  readonly fullyFinished?: boolean
  readonly finishedSubtasks?: readonly number[]
  /** Keyed states and timers; several where subtasks declare them differently. */
  readonly keyed: readonly KeyedDeclaration[]
  readonly operatorState: readonly OperatorDeclaration[]
}

export interface KeyedDeclaration {
  readonly subtasks: readonly number[]
  /** Whether each key group becomes a Snappy stream. */
  readonly compressed: boolean
  readonly keySerializer: string
  readonly states: readonly PlanState[]
}

export interface OperatorDeclaration {
  readonly subtasks: readonly number[]
  readonly compressed: boolean
  /** LIST and UNION states. */
  readonly states: readonly PlanState[]
  readonly broadcastStates: readonly PlanState[]
}

export interface PlanState {
  readonly name: string
  /** `StateMetaInfoSnapshot.BackendStateType` */
  readonly type: string
  readonly options: readonly (readonly [name: string, value: string])[]
  readonly serializers: readonly (readonly [name: string, snapshot: string])[]
  /**
   * What several rows for one entry mean: an error, or that the last by `order` wins. Rows for one key of a LIST state
   * are joined where it is not said.
   */
  readonly duplicates?: 'error' | 'last'
  /** The member of rows, a whole number, that orders them: for `last`, and elements of LIST and UNION states. */
  readonly order?: string
}

/** A part of a savepoint that one worker writes: the keyed or the operator state of one subtask. */
export interface Partition {
  readonly operator: string
  readonly part: 'keyed' | 'operator'
  readonly subtask: number
}

/** What the plan's serializers do not say of themselves. */
export interface PlanOptions {
  readonly serializers?: readonly SerializerRow[]
  readonly fields?: FieldDescriptions
}

/** The name of a partition, which handles are put together by. */
export function partitionId({ operator, part, subtask }: Partition): string {
  return `${operator}-${part}-${subtask}`
}

/** All partitions that the plan declares, in order; commit needs a handle of each. */
export function partitionsOf(plan: WritePlan): Partition[] {
  return plan.operators.flatMap((operator) => {
    const of = (part: Partition['part'], declared: readonly { readonly subtasks: readonly number[] }[]): Partition[] =>
      [...new Set(declared.flatMap((each) => each.subtasks))]
        .sort((a, b) => a - b)
        .map((subtask) => ({ operator: operator.id, part, subtask }))
    // Raw keyed state of the user's own declares no state that could be written.
    const keyed = operator.keyed.filter((each) => each.states?.length > 0)
    return [...of('keyed', keyed), ...of('operator', operator.operatorState)]
  })
}

interface ResolvedPlan {
  readonly options: PlanOptions
  /** By every name that was asked for. */
  readonly operators: Map<string, ResolvedOperator>
}

const RESOLVED = new WeakMap<WritePlan, ResolvedPlan>()

/**
 * An operator of the plan with its serializers read, by id or uid.
 * @throws KobelError `NOT_FOUND`; `USAGE` where the plan is wrong.
 */
export function operatorOf(plan: WritePlan, name: string, options: PlanOptions = {}): ResolvedOperator {
  let known = RESOLVED.get(plan)
  if (known?.options.fields !== options.fields || known?.options.serializers !== options.serializers) known = undefined
  if (!known) {
    known = { options, operators: new Map() }
    RESOLVED.set(plan, known)
  }
  const resolved = known.operators.get(name)
  if (resolved) return resolved
  const operator = operatorNamed(plan, name)
  const fields = options.fields ?? plan.fields
  const made =
    known.operators.get(operator.id) ??
    resolveOperator(operator, flinkTarget(plan.flink), { ...options, ...(fields && { fields }) }, plan.now)
  known.operators.set(operator.id, made)
  known.operators.set(name, made)
  return made
}

function operatorNamed(plan: WritePlan, name: string): PlanOperator {
  const operator =
    plan.operators.find((each) => each.id === name) ??
    plan.operators.find((each) => each.uid === name) ??
    // Savepoints of older Flinks keep the hash of a uid only.
    plan.operators.find((each) => each.id === operatorIdOf(name))
  if (operator) return operator
  const names = plan.operators.map((each) => each.uid ?? each.id)
  throw new KobelError('NOT_FOUND', `the plan has no such operator; it has ${names.slice(0, 8).join(', ')}`, {
    operator: name,
  })
}

/** The operator that a row names: `operator` is its id or uid, or `uid` stands alone. */
export function operatorOfRow(plan: WritePlan, row: PlacedRow, options: PlanOptions = {}): ResolvedOperator {
  const name = row.operator ?? row.uid
  if (typeof name === 'string') return operatorOf(plan, name, options)
  throw new KobelError('USAGE', 'the row names no operator: give its uid or id as "operator"')
}

/**
 * The key group of a key, given in its JSON form.
 * @throws KobelError `UNHASHABLE` where Java's hash of the key is code of the user, or differs between runs.
 */
export function keyGroupOf(plan: WritePlan, operator: string, key: unknown, options: PlanOptions = {}): number {
  return placeKey(operatorOf(plan, operator, options), { key }, new Writer(64))
}

/** Writes the key of a row over `writer`, from 0 to its offset, and gives its key group. */
export function placeKey(resolved: ResolvedOperator, row: KeyedRow, writer: Writer): number {
  const { layout } = keyedDeclarationOf(resolved, 0).head.keySerializer
  writer.offset = 0
  try {
    encodeKey(layout, row, writer)
  } catch (error) {
    throw atField(error, layout, row.key, 'key')
  }
  const { maxParallelism, id, uid } = resolved.operator
  const keyGroup = keyGroupOfBytes(resolved, layout, writer, row.keyGroup)
  if (Number.isInteger(keyGroup) && keyGroup >= 0 && keyGroup < maxParallelism) return keyGroup
  throw new KobelError('USAGE', `a key group is 0 to ${maxParallelism - 1}, found ${JSON.stringify(keyGroup)}`, {
    operator: uid ?? id,
  })
}

/** What tells the partition of a row. */
export interface PlacedRow {
  /** Id or uid; `uid` may stand alone. */
  readonly operator?: string
  readonly uid?: string
  readonly state?: string
  readonly kind?: string
  readonly key?: unknown
  readonly keyGroup?: number
  readonly subtask?: number
  readonly bytes?: { readonly key?: string }
}

/**
 * The partitions that a row belongs to. Keyed: the one whose key groups hold it. LIST: the given subtask, or round robin
 * by `index`. UNION: the given subtask, or the first. BROADCAST: the given subtask, or all, since each holds a copy.
 */
export function partitionOf(plan: WritePlan, row: PlacedRow, index = 0, options: PlanOptions = {}): Partition[] {
  const resolved = operatorOfRow(plan, row, options)
  const { operator } = resolved
  const of = (part: Partition['part'], subtask: number): Partition => ({ operator: operator.id, part, subtask })
  if (isKeyed(row)) {
    const keyGroup = placeKey(resolved, row, new Writer(64))
    return [of('keyed', subtaskOfKeyGroup(operator.maxParallelism, operator.parallelism, keyGroup))]
  }
  const mode = modeOf(resolved, row)
  if (row.subtask !== undefined) return [of('operator', row.subtask)]
  if (mode === 'UNION') return [of('operator', 0)]
  if (mode === 'SPLIT_DISTRIBUTE') return [of('operator', index % operator.parallelism)]
  return Array.from({ length: operator.parallelism }, (_, subtask) => of('operator', subtask))
}

export function isKeyed(row: PlacedRow): boolean {
  return row.key !== undefined || row.bytes?.key !== undefined
}

/** How the elements of a row's state are spread, as the plan says, else the row. */
function modeOf(resolved: ResolvedOperator, row: PlacedRow): OperatorStateMode {
  for (const declared of new Set(resolved.operatorState.values())) {
    const id = declared.ids.get(String(row.state))
    if (id !== undefined) return declared.states[id]!.mode
  }
  if (row.kind === 'operator-union') return 'UNION'
  if (row.kind === 'operator-list') return 'SPLIT_DISTRIBUTE'
  if (row.kind === 'broadcast') return 'BROADCAST'
  const { uid, id } = resolved.operator
  const where = { operator: uid ?? id, ...(row.state !== undefined && { state: row.state }) }
  const needsKey = [...resolved.keyed.values()].some((each) => each.ids.has(String(row.state)))
  if (needsKey) throw new KobelError('USAGE', 'the row has no key', where)
  throw new KobelError('NOT_FOUND', `the plan declares no state ${JSON.stringify(row.state)} here`, where)
}

/** The key groups of a keyed partition, both inclusive. */
export function keyGroupsOf(plan: WritePlan, partition: Partition): { keyGroupFirst: number; keyGroupLast: number } {
  const { operator } = operatorOf(plan, partition.operator)
  return keyGroupRangeOf(operator.maxParallelism, operator.parallelism, partition.subtask)
}

/** Equal for equal plans, whatever the order of members in their text. */
export function planHash(plan: WritePlan): string {
  return sha256(new TextEncoder().encode(JSON.stringify(sorted(plan))))
}

function sorted(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(sorted)
  if (typeof json !== 'object' || json === null) return json
  const members = Object.entries(json).filter(([, value]) => value !== undefined)
  return members.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => [name, sorted(value)])
}

/**
 * Checks a plan that came as JSON; of a described one (`describePlan`) it makes the write plan.
 * @throws KobelError `USAGE`, which names the member that is wrong.
 */
export function readPlan(json: unknown): WritePlan {
  const plan = isDescribed(json) ? { ...describePlan(json as PlanDescription) } : objectAt(json, 'the plan')
  flinkTarget(String(plan.flink))
  if (!/^\d{1,19}$/.test(String(plan.checkpointId))) throw wrong('checkpointId', 'a number', plan.checkpointId)
  if (plan.now !== undefined && !Number.isSafeInteger(plan.now)) throw wrong('now', 'milliseconds since 1970', plan.now)
  if (plan.properties !== null) fromBase64(textAt(plan.properties, 'properties'))
  for (const state of arrayAt(plan.masterStates, 'masterStates')) {
    const master = objectAt(state, 'masterStates')
    textAt(master.name, 'masterStates.name')
    if (!Number.isInteger(master.version)) throw wrong('masterStates.version', 'a number', master.version)
    fromBase64(textAt(master.bytes, 'masterStates.bytes'))
  }
  const ids = new Set<string>()
  for (const each of arrayAt(plan.operators, 'operators')) {
    const id = checkOperator(objectAt(each, 'operators'))
    if (ids.has(id)) throw new KobelError('USAGE', 'the plan names an operator twice', { operator: id })
    ids.add(id)
  }
  return plan as unknown as WritePlan
}

const MAX_PARALLELISM = 32768

function checkOperator(operator: Record<string, unknown>): string {
  const id = textAt(operator.id, 'operators.id')
  if (!/^[0-9a-f]{32}$/.test(id)) throw wrong('operators.id', '32 hex digits', id)
  const { parallelism, maxParallelism } = operator as { parallelism: number; maxParallelism: number }
  const inRange = (value: unknown, last: number): boolean =>
    Number.isInteger(value) && Number(value) >= 1 && Number(value) <= last
  if (!inRange(maxParallelism, MAX_PARALLELISM)) throw wrong('maxParallelism', '1 to 32768', maxParallelism)
  if (!inRange(parallelism, maxParallelism)) throw wrong('parallelism', `1 to ${maxParallelism}`, parallelism)
  for (const name of ['uid', 'name', 'coordinator'] as const) {
    if (operator[name] !== undefined) textAt(operator[name], `operators.${name}`)
  }
  const subtasksAt = (value: unknown, name: string): number[] =>
    arrayAt(value, name).map((subtask) => {
      if (Number.isInteger(subtask) && Number(subtask) >= 0 && Number(subtask) < parallelism) return Number(subtask)
      throw wrong(name, `0 to ${parallelism - 1}`, subtask)
    })
  const finished = subtasksAt(operator.finishedSubtasks ?? [], 'finishedSubtasks')
  for (const name of ['keyed', 'operatorState'] as const) {
    for (const each of arrayAt(operator[name], name)) {
      const subtasks = subtasksAt(objectAt(each, name).subtasks, `${name}.subtasks`)
      if (operator.fullyFinished === true || subtasks.some((subtask) => finished.includes(subtask))) {
        throw new KobelError('USAGE', 'a finished subtask has no state', { operator: id })
      }
    }
  }
  return id
}

function wrong(name: string, expected: string, found: unknown): KobelError {
  const shown = JSON.stringify(found) ?? 'nothing'
  return new KobelError('USAGE', `${name} of a write plan must be ${expected}, found ${shown.slice(0, 80)}`)
}

export function objectAt(json: unknown, name: string): Record<string, unknown> {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Record<string, unknown>
  throw wrong(name, 'an object', json)
}

export function arrayAt(json: unknown, name: string): unknown[] {
  if (Array.isArray(json)) return json
  throw wrong(name, 'an array', json)
}

export function textAt(json: unknown, name: string): string {
  if (typeof json === 'string') return json
  throw wrong(name, 'a text', json)
}
