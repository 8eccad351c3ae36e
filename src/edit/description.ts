import { KobelError, locate } from '../error.ts'
import type { StateMetaInfo } from '../format/state-meta-info.ts'
import { jsonToValue } from '../serializer/interpreter/json.ts'
import type { Layout } from '../serializer/layout.ts'
import type { Value } from '../serializer/value.ts'
import type { Snapshot } from '../snapshot/open.ts'
import type { Operator } from '../snapshot/operator.ts'
import type { TypeDescription } from '../write/types/description.ts'
import { Edit, type EditOperator, type EditState, type StateRow } from './edit.ts'
import type { EntryKey } from './model.ts'
import type { NewState } from './new-state.ts'
import { addTtl, describeKey, describeType, removeTtl, replaceType, type TypeChange } from './type-change.ts'
import { type Conditioned, whereOf } from './where.ts'

/** An operator of another savepoint. */
export interface TakeDescription {
  readonly from: string
  readonly operator: string
  /** Another uid. */
  readonly uid?: string
}

/** An edit as plain JSON. `*` as the name of an operator stands for all that are not named. */
export interface EditDescription {
  readonly operators?: Readonly<Record<string, OperatorDescription>>
  /** Operators of other savepoints, which are added. */
  readonly take?: readonly TakeDescription[]
  /** The Flink version that described types are for; by default the newest with this version of `_metadata`. */
  readonly flink?: string
}

export interface OperatorDescription {
  readonly remove?: boolean
  readonly uid?: string
  /** 32 hex digits. */
  readonly uidHash?: string
  readonly name?: string
  /** Another description of the same keys' bytes: classes, names, added constants. */
  readonly describeKey?: TypeDescription
  readonly maxParallelism?: number
  readonly parallelism?: number
  /** Copies of the operator, under other uids. */
  readonly copyTo?: readonly string[]
  readonly states?: Readonly<Record<string, StateDescription>>
}

export interface StateDescription {
  /** The state is added: kind, type, mapKey, namespace, ttl, as in a plan; `set` has its rows. */
  readonly add?: NewState
  readonly remove?: boolean
  readonly rename?: string
  /** Rows as `kobel dump` prints them, without operator and state. */
  readonly set?: readonly StateRow[]
  readonly delete?: readonly EntryKey[]
  /** `value.amount < 0`: entries that fit are removed. */
  readonly deleteWhere?: string
  /** Fields (`address.city`) and their new values, or `{"add": 1}`. */
  readonly fields?: Readonly<Record<string, unknown>>
  /** Fields are changed only in entries that fit. */
  readonly where?: string
  /** Another type of the values (LIST: of elements, MAP: of user values), which are written anew. */
  readonly type?: TypeDescription
  /** With type: new fields and where their values come from, such as `{"amount": "f0"}`. */
  readonly from?: Readonly<Record<string, string>>
  /** With type: values of new fields. */
  readonly defaults?: Readonly<Record<string, unknown>>
  /** Another description of the same bytes: classes, names, nullability, lengths. */
  readonly describe?: TypeDescription
  /** `{"add": MILLIS}`: the last access that all values get; `"remove"`. */
  readonly ttl?: 'remove' | { readonly add: number | string }
  /** Milliseconds. */
  readonly shiftTtl?: number | string
  readonly shiftTimers?: number | string
}

const OPERATOR_MEMBERS = [
  'remove',
  'uid',
  'uidHash',
  'name',
  'describeKey',
  'maxParallelism',
  'parallelism',
  'copyTo',
  'states',
]
const STATE_MEMBERS = [
  'add',
  'remove',
  'rename',
  'set',
  'delete',
  'deleteWhere',
  'fields',
  'where',
  'type',
  'from',
  'defaults',
  'describe',
  'ttl',
  'shiftTtl',
  'shiftTimers',
]

/**
 * The edit that JSON describes.
 * @param open opens the savepoints that operators are taken of.
 * @throws KobelError `USAGE`, which names the member that is wrong; `NOT_FOUND` for names that the snapshot does not have.
 */
export async function editOf(
  snapshot: Snapshot,
  json: unknown,
  open?: (path: string) => Promise<Snapshot>,
): Promise<Edit> {
  const edit = new Edit(snapshot)
  const description = objectOf(json, 'an edit', ['operators', 'take', 'from', 'flink', 'comment'])
  const operators = objectOf(description.operators ?? {}, 'operators')
  const named = new Set(Object.keys(operators).flatMap((name) => (name === '*' ? [] : [snapshot.operator(name).id])))
  for (const [name, each] of Object.entries(operators)) {
    const targets =
      name === '*' ? snapshot.operators.filter((operator) => !named.has(operator.id)) : [snapshot.operator(name)]
    for (const operator of targets) {
      try {
        const of = objectOf(each, `operators.${name}`, OPERATOR_MEMBERS)
        await describeOperator(edit, operator, of, textOf(description.flink ?? flinkOf(snapshot), 'flink'))
      } catch (error) {
        throw locate(error, { operator: operator.label })
      }
    }
  }
  for (const each of (description.take ?? []) as readonly TakeDescription[]) {
    const { from, operator, uid } = objectOf<TakeDescription>(each, 'take', ['from', 'operator', 'uid'])
    if (!open) throw new KobelError('USAGE', 'other savepoints cannot be opened here')
    edit.take(await open(textOf(from, 'take.from')), textOf(operator, 'take.operator'), uid)
  }
  return edit
}

async function describeOperator(
  edit: Edit,
  operator: Operator,
  json: OperatorDescription,
  flink: string,
): Promise<void> {
  await operator.load()
  const target = edit.operator(operator.id)
  for (const uid of json.copyTo ?? []) edit.copy(operator.id, textOf(uid, 'copyTo'))
  if (json.remove) target.remove()
  if (json.uid !== undefined) target.setUid(textOf(json.uid, 'uid'))
  if (json.uidHash !== undefined) target.setUidHash(textOf(json.uidHash, 'uidHash'))
  if (json.name !== undefined) target.setName(textOf(json.name, 'name'))
  if (json.describeKey !== undefined) {
    for (const { head, states } of await operator.keyedSources()) {
      if (states.length > 0) target.describeKey(describeKey(json.describeKey, flink, head.keySerializer))
    }
  }
  if (json.maxParallelism !== undefined) target.setMaxParallelism(json.maxParallelism)
  if (json.parallelism !== undefined) target.setParallelism(json.parallelism)
  for (const [name, each] of Object.entries(objectOf<Record<string, StateDescription>>(json.states ?? {}, 'states'))) {
    if (each.add !== undefined) {
      const added = target.addState(name, each.add, flink)
      added.set(...(each.set ?? []))
      continue
    }
    const known = operator.states.some((state) => state.name === name)
    if (!known) {
      const names = operator.states.map((state) => state.name).join(', ')
      throw new KobelError('NOT_FOUND', `there is no state ${name}; the operator has ${names || 'none'}`)
    }
    try {
      describeState(operator, name, target, objectOf(each, `states.${name}`, STATE_MEMBERS), flink)
    } catch (error) {
      throw locate(error, { state: name })
    }
  }
}

function describeState(
  operator: Operator,
  name: string,
  target: EditOperator,
  json: StateDescription,
  flink: string,
): void {
  const state = target.state(name)
  const keyed = operator.keyedStates.find((each) => each.name === name)
  const isTimer = keyed?.kind === 'timer'
  const needKeyed = (what: string): void => {
    if (!keyed) throw new KobelError('USAGE', `${what} is for keyed state; ${name} is operator state`)
  }
  if (json.remove) state.remove()
  if (json.rename !== undefined) state.rename(textOf(json.rename, 'rename'))
  if (json.delete !== undefined) {
    needKeyed('delete')
    state.delete(...json.delete)
  }
  if (json.deleteWhere !== undefined) deleteWhere(state, json.deleteWhere, keyed !== undefined, isTimer)
  if (json.fields !== undefined) changeFields(state, operator, name, json)
  if (json.set !== undefined) {
    needKeyed('set')
    state.set(...json.set)
  }
  const type = typeChangeOf(operator, name, json, flink)
  if (type) state.type(type, JSON.stringify([json.type, json.from, json.defaults, json.describe, json.ttl]))
  if (json.shiftTtl !== undefined) {
    needKeyed('shiftTtl')
    state.shiftTtl(BigInt(json.shiftTtl))
  }
  if (json.shiftTimers !== undefined) {
    needKeyed('shiftTimers')
    state.shiftTimers(BigInt(json.shiftTimers))
  }
}

function typeChangeOf(operator: Operator, name: string, json: StateDescription, flink: string): TypeChange | undefined {
  const { type, describe, ttl, from, defaults } = json
  if ([type, describe, ttl].filter((each) => each !== undefined).length > 1) {
    throw new KobelError('USAGE', 'type, describe and ttl exclude one another; apply one after the other')
  }
  if (type !== undefined) return replaceType(type, flink, { ...(from && { from }), ...(defaults && { defaults }) })
  if (ttl === 'remove') return removeTtl()
  if (ttl !== undefined) return addTtl(BigInt(objectOf<{ add: number | string }>(ttl, 'ttl', ['add']).add))
  if (describe === undefined) return undefined
  const changes = infosOf(operator, name).map((info) => describeType(describe, flink, info))
  return changes.find((each) => each.check) ?? changes[0]
}

/** The state as every subtask declares it. */
function infosOf(operator: Operator, name: string): StateMetaInfo[] {
  const keyed = operator.keyedStates.find((each) => each.name === name)
  if (keyed) return keyed.declarations.flatMap((each) => each.metaInfo ?? [])
  return [...(operator.operatorStates.find((each) => each.name === name)?.declarations ?? [])]
}

/** The newest version that writes this `_metadata`: types are described as it does. */
export function flinkOf(snapshot: Snapshot): string {
  const { version } = snapshot.metadata
  return version >= 6 ? '2.3' : version === 5 ? '2.0' : '1.20'
}

function deleteWhere(state: EditState, text: string, isKeyed: boolean, isTimer: boolean): void {
  const fits = whereOf(text)
  const keep = (entry: object): boolean => !fits(entry as Conditioned)
  // The text stands for the function in what tells edits apart.
  Object.defineProperty(keep, 'toString', { value: () => `not ${text}` })
  if (!isKeyed) state.elements((element) => (keep(element) ? element : undefined))
  else if (isTimer) state.filterTimers(keep)
  else state.filter(keep)
}

function changeFields(state: EditState, operator: Operator, name: string, json: StateDescription): void {
  const layout = operator.keyedStates.find((each) => each.name === name)?.declarations[0]?.value
  if (!layout) throw new KobelError('USAGE', 'fields are changed in keyed state only')
  const fits = json.where === undefined ? undefined : whereOf(json.where)
  for (const [path, change] of Object.entries(objectOf(json.fields, 'fields'))) {
    const of = fieldLayout(layout, path.split('.'))
    if (!of) throw new KobelError('NOT_FOUND', `the values have no field ${path}`)
    const apply = changeOf(of, change, path)
    Object.defineProperty(apply, 'toString', { value: () => JSON.stringify([change, json.where]) })
    if (fits) state.fieldWhere(path, apply, (entry) => fits(entry as unknown as Conditioned))
    else state.field(path, apply)
  }
}

function changeOf(layout: Layout, change: unknown, path: string): (old: Value) => Value {
  if (typeof change !== 'object' || change === null || !('add' in change)) {
    const value = jsonToValue(layout, change)
    return () => value
  }
  const { add } = change as { add: unknown }
  if (typeof add !== 'number' && typeof add !== 'string') throw new KobelError('USAGE', `${path}: add takes a number`)
  return (old) => {
    if (typeof old === 'bigint') return old + BigInt(add)
    if (typeof old === 'number') return old + Number(add)
    if (old === null) return null
    throw new KobelError('USAGE', `${path} is no number, nothing can be added`)
  }
}

/** The layout of a field by its path. */
export function fieldLayout(layout: Layout, path: readonly string[]): Layout | undefined {
  const [name, ...rest] = path
  if (name === undefined) return layout
  if (layout.op === 'nullable' || layout.op === 'sized') return fieldLayout(layout.inner, path)
  if (layout.op === 'pojo' || layout.op === 'object') {
    const field = layout.fields.find((each) => each.name === name)
    return field && fieldLayout(field.layout, rest)
  }
  if (layout.op === 'tuple') {
    const field = layout.fields[Number(/^f?(\d+)$/.exec(name)?.[1] ?? Number.NaN)]
    return field && fieldLayout(field, rest)
  }
  return undefined
}

function objectOf<T extends object>(
  json: unknown,
  what: string,
  members?: readonly string[],
): T & Record<string, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new KobelError('USAGE', `${what} must be an object`)
  }
  const unknown = members && Object.keys(json).find((name) => !members.includes(name))
  if (unknown !== undefined) {
    throw new KobelError('USAGE', `${what} has no member ${unknown}: it can have ${members!.join(', ')}`)
  }
  return json as T & Record<string, unknown>
}

function textOf(json: unknown, what: string): string {
  if (typeof json === 'string') return json
  throw new KobelError('USAGE', `${what} must be a text`)
}
