import { toBase64 } from '../bytes/encoding.ts'
import { Writer } from '../bytes/writer.ts'
import { KobelError, locate } from '../error.ts'
import type { FieldDescriptions } from '../serializer/options.ts'
import { type SerializerSnapshot, writeSerializerSnapshot } from '../serializer/snapshot.ts'
import { operatorIdOf } from '../snapshot/open.ts'
import type { PlanOperator, PlanState, WritePlan } from './plan.ts'
import type { PlanDescription } from './plan-description.ts'
import { buildType, targetOf } from './types/build.ts'
import { listSnapshot, mapSnapshot } from './types/composite.ts'
import { isObject, meant, shown, type TypeTarget } from './types/form.ts'
import { streamElementSnapshot, timerSnapshot, ttlSnapshot, windowPairSnapshot } from './types/state.ts'

type Json = Readonly<Record<string, unknown>>

/** Whether a plan that came as JSON has to be described first: an operator tells no declarations of subtasks. */
export function isDescribed(json: unknown): boolean {
  if (!isObject(json) || !Array.isArray(json.operators)) return false
  return json.properties === undefined || json.operators.some((each) => isObject(each) && !('keyed' in each))
}

/**
 * Makes a write plan of a described one: states get the serializer snapshots of their types in the Flink written for.
 * Numbers and the like are checked by `readPlan`, which calls this where a plan is a described one.
 *
 * @throws KobelError `USAGE`, which names the member that is wrong; `INCOMPATIBLE` where that Flink lacks a type.
 */
export function describePlan(description: PlanDescription): WritePlan {
  const plan = description as unknown as Json
  if (!isObject(plan)) throw new KobelError('USAGE', `a plan is an object, found ${shown(plan)}`)
  checkMembers(plan, ['flink', 'checkpointId', 'now', 'fields', 'operators', 'properties', 'masterStates'], 'the plan')
  if (!Array.isArray(plan.operators)) throw expected('operators of the plan', 'an array', plan.operators)
  const target = targetOf(String(plan.flink))
  return {
    flink: String(plan.flink),
    checkpointId: (plan.checkpointId as number | undefined) ?? 1,
    ...(plan.now !== undefined && { now: plan.now as number }),
    properties: (plan.properties as string | undefined) ?? null,
    masterStates: (plan.masterStates as WritePlan['masterStates'] | undefined) ?? [],
    ...(plan.fields !== undefined && { fields: fieldsOf(plan.fields) }),
    operators: plan.operators.map((each, i) => {
      if (!isObject(each)) throw expected(`operators[${i}]`, 'an object', each)
      return 'keyed' in each ? (each as unknown as PlanOperator) : describeOperator(each, i, target)
    }),
  }
}

function fieldsOf(json: unknown): FieldDescriptions {
  const wrong = isObject(json) ? Object.values(json).find((each) => !isObject(each) && !Array.isArray(each)) : json
  if (wrong === undefined) return json as FieldDescriptions
  throw expected('fields', 'an object of the fields of each class', wrong)
}

const OPERATOR_MEMBERS = [
  'uid',
  'uidHash',
  'id',
  'name',
  'parallelism',
  'maxParallelism',
  'coordinator',
  'key',
  'states',
  'windows',
  'operatorStates',
]

function describeOperator(operator: Json, index: number, target: TypeTarget): PlanOperator {
  const label = operator.uid ?? operator.uidHash ?? operator.id ?? operator.name ?? `number ${index + 1}`
  try {
    checkMembers(operator, OPERATOR_MEMBERS, 'an operator')
    const { parallelism = 1 } = operator as { parallelism?: number }
    if (!Number.isInteger(parallelism)) throw expected('parallelism', 'a number', parallelism)
    const { maxParallelism = defaultMaxParallelism(parallelism) } = operator as { maxParallelism?: number }
    const subtasks = Array.from({ length: Math.min(Math.max(parallelism, 0), MAX_PARALLELISM) }, (_, i) => i)
    const keyed = keyedStates(operator, target)
    const elements = operatorStates(operator, target)
    return {
      id: idOf(operator),
      ...optionalText(operator, 'uid'),
      ...optionalText(operator, 'name'),
      parallelism,
      maxParallelism,
      ...optionalText(operator, 'coordinator'),
      keyed: keyed ? [{ subtasks, compressed: false, ...keyed }] : [],
      operatorState: elements ? [{ subtasks, compressed: false, ...elements }] : [],
    }
  } catch (error) {
    throw locate(error, { operator: String(label) })
  }
}

const MAX_PARALLELISM = 32768

/** `KeyGroupRangeAssignment.computeDefaultMaxParallelism` */
function defaultMaxParallelism(parallelism: number): number {
  let power = 128
  while (power < parallelism + Math.floor(parallelism / 2) && power < MAX_PARALLELISM) power *= 2
  return power
}

function optionalText<Name extends string>(json: Json, name: Name): Partial<Record<Name, string>> {
  const value = json[name]
  if (value === undefined) return {}
  if (typeof value !== 'string') throw expected(name, 'a text', value)
  return { [name]: value } as Record<Name, string>
}

function idOf(operator: Json): string {
  const given = operator.uidHash ?? operator.id
  if (given !== undefined) {
    if (typeof given === 'string' && /^[0-9a-f]{32}$/.test(given)) return given
    throw expected('uidHash', '32 hex digits', given)
  }
  if (typeof operator.uid === 'string') return operatorIdOf(operator.uid)
  throw new KobelError('USAGE', 'an operator has a uid: that of the job, set by uid("…")')
}

function keyedStates(
  operator: Json,
  target: TypeTarget,
): { readonly keySerializer: string; readonly states: PlanState[] } | undefined {
  const described = statesAt(operator, 'states')
  if (described.length === 0 && operator.windows === undefined) return undefined
  if (operator.key === undefined) throw new KobelError('USAGE', 'an operator with keyed state has the type of its key')
  const key = buildType(operator.key, target, 'key')
  const states = described.flatMap((state) => withState(state, () => keyedState(state, key, target)))
  const windows = operator.windows === undefined ? [] : windowStates(operator.windows, key, target)
  return { keySerializer: snapshotText(key), states: distinct([...states, ...windows]) }
}

/** Timer services that several descriptions name are one; any other name twice is an error of the plan. */
function distinct(states: readonly PlanState[]): PlanState[] {
  return states.filter(
    (state, i) => state.type !== 'PRIORITY_QUEUE' || !states.slice(0, i).some((each) => sameState(each, state)),
  )
}

function sameState(a: PlanState, b: PlanState): boolean {
  return a.name === b.name && a.serializers[0]?.[1] === b.serializers[0]?.[1]
}

const KEYED_MEMBERS = ['name', 'kind', 'type', 'mapKey', 'namespace', 'ttl', 'duplicates', 'order']
const KEYED_KINDS = ['value', 'list', 'map', 'reducing', 'aggregating', 'timer']

function keyedState(state: Json, key: SerializerSnapshot, target: TypeTarget): PlanState[] {
  checkMembers(state, KEYED_MEMBERS, 'a state')
  const kind = oneOf(state.kind ?? 'value', KEYED_KINDS, 'kind')
  const namespace = buildType(state.namespace ?? 'voidNamespace', target, 'namespace')
  if (state.ttl !== undefined && typeof state.ttl !== 'boolean') throw expected('ttl', 'true or false', state.ttl)
  refuse(state, 'mapKey', kind === 'map', 'only a map has keys')
  if (kind === 'timer') {
    refuse(state, 'type', false, 'timers have a key and a namespace, and no value')
    return timerStates(nameOf(state), key, namespace)
  }
  const plain = buildType(needed(state, 'type'), target, 'type')
  const value = state.ttl === true ? ttlSnapshot(plain) : plain
  const declared = keyValueState(nameOf(state), kind, stateValue(state, kind, value, target), namespace)
  return [{ ...declared, ...rowsOfEntry(state) }]
}

/** What several rows for one entry mean; `resolveOperator` checks it. */
function rowsOfEntry({ duplicates, order }: Json): Pick<PlanState, 'duplicates' | 'order'> {
  return {
    ...(duplicates !== undefined && { duplicates: duplicates as 'last' }),
    ...(order !== undefined && { order: order as string }),
  }
}

function stateValue(state: Json, kind: string, value: SerializerSnapshot, target: TypeTarget): SerializerSnapshot {
  if (kind === 'list') return listSnapshot(value)
  return kind === 'map' ? mapSnapshot(buildType(needed(state, 'mapKey'), target, 'mapKey'), value) : value
}

/** In the order in which Flink writes the serializers, that of a Java HashMap. */
function keyValueState(
  name: string,
  kind: string,
  value: SerializerSnapshot,
  namespace: SerializerSnapshot,
): PlanState {
  return {
    name,
    type: 'KEY_VALUE',
    options: [['KEYED_STATE_TYPE', kind.toUpperCase()]],
    serializers: [
      ['VALUE_SERIALIZER', snapshotText(value)],
      ['NAMESPACE_SERIALIZER', snapshotText(namespace)],
    ],
  }
}

const TIMERS = '_timer_state'

/** Both queues of a timer service; one, where the name says which. */
function timerStates(name: string, key: SerializerSnapshot, namespace: SerializerSnapshot): PlanState[] {
  const serializer = snapshotText(timerSnapshot(key, namespace))
  const names = name.startsWith(`${TIMERS}/`) ? [name] : [`${TIMERS}/processing_${name}`, `${TIMERS}/event_${name}`]
  return names.map((each) => ({
    name: each,
    type: 'PRIORITY_QUEUE',
    options: [],
    serializers: [['VALUE_SERIALIZER', serializer]],
  }))
}

const WINDOW_MEMBERS = ['assigner', 'function', 'type', 'trigger', 'evictor']
const FUNCTIONS: Readonly<Record<string, string>> = { reduce: 'reducing', aggregate: 'aggregating', process: 'list' }
const TRIGGERS: Readonly<Record<string, string>> = { count: 'count', continuous: 'fire-time' }

/**
 * The states of a `WindowOperator`. Windows of sessions are merged: contents lie below the first of them, and
 * `merging-window-set` says which one that is. An evictor needs the elements themselves, with their time stamps.
 */
function windowStates(json: unknown, key: SerializerSnapshot, target: TypeTarget): PlanState[] {
  if (!isObject(json)) throw expected('windows', 'an object', json)
  checkMembers(json, WINDOW_MEMBERS, 'windows')
  const assigner = oneOf(json.assigner, ['tumbling', 'sliding', 'session', 'global'], 'windows.assigner')
  const called = oneOf(json.function, Object.keys(FUNCTIONS), 'windows.function')
  const type = buildType(needed(json, 'type'), target, 'windows.type')
  const window = buildType(assigner === 'global' ? 'globalWindow' : 'timeWindow', target, 'windows')
  const evicts = json.evictor === true
  const kind = evicts ? 'list' : FUNCTIONS[called]!
  const element = evicts ? streamElementSnapshot(type) : type
  const states = [
    keyValueState('window-contents', kind, kind === 'list' ? listSnapshot(element) : element, window),
    ...timerStates('window-timers', key, window),
  ]
  if (assigner === 'session') {
    const pairs = listSnapshot(windowPairSnapshot(window))
    states.push(keyValueState('merging-window-set', 'list', pairs, buildType('voidNamespace', target, 'windows')))
  }
  if (json.trigger !== undefined) {
    const trigger = TRIGGERS[oneOf(json.trigger, Object.keys(TRIGGERS), 'windows.trigger')]!
    states.push(keyValueState(trigger, 'reducing', buildType('long', target, 'windows'), window))
  }
  return states
}

const ELEMENT_MEMBERS = ['name', 'kind', 'type', 'mapKey', 'order']
const MODES: Readonly<Record<string, string>> = {
  'operator-list': 'SPLIT_DISTRIBUTE',
  'operator-union': 'UNION',
  broadcast: 'BROADCAST',
}

function operatorStates(
  operator: Json,
  target: TypeTarget,
): { readonly states: PlanState[]; readonly broadcastStates: PlanState[] } | undefined {
  const described = statesAt(operator, 'operatorStates')
  if (described.length === 0) return undefined
  const states = described.map((state) => withState(state, () => elementState(state, target)))
  return {
    states: states.filter((state) => state.type === 'OPERATOR'),
    broadcastStates: states.filter((state) => state.type === 'BROADCAST'),
  }
}

function elementState(state: Json, target: TypeTarget): PlanState {
  checkMembers(state, ELEMENT_MEMBERS, 'an operator state')
  const kind = oneOf(state.kind, Object.keys(MODES), 'kind')
  refuse(state, 'mapKey', kind === 'broadcast', 'only broadcast state has keys')
  const serializers: [string, string][] = [
    ['VALUE_SERIALIZER', snapshotText(buildType(needed(state, 'type'), target, 'type'))],
  ]
  if (kind === 'broadcast') {
    serializers.push(['KEY_SERIALIZER', snapshotText(buildType(needed(state, 'mapKey'), target, 'mapKey'))])
  }
  return {
    name: nameOf(state),
    type: kind === 'broadcast' ? 'BROADCAST' : 'OPERATOR',
    options: [['OPERATOR_STATE_DISTRIBUTION_MODE', MODES[kind]!]],
    serializers,
    ...rowsOfEntry(state),
  }
}

function snapshotText(snapshot: SerializerSnapshot): string {
  const writer = new Writer(snapshot.raw.length + 4)
  writeSerializerSnapshot(writer, snapshot)
  return toBase64(writer.toBytes())
}

function statesAt(operator: Json, name: string): Json[] {
  const states = operator[name] ?? []
  if (!Array.isArray(states)) throw expected(name, 'an array', states)
  return states.map((each, i) => {
    if (isObject(each)) return each
    throw expected(`${name}[${i}]`, 'an object', each)
  })
}

function withState<T>(state: Json, describe: () => T): T {
  try {
    return describe()
  } catch (error) {
    throw locate(error, { state: typeof state.name === 'string' ? state.name : undefined })
  }
}

function nameOf(state: Json): string {
  if (typeof state.name === 'string' && state.name !== '') return state.name
  throw expected('the name of a state', 'a text', state.name)
}

function needed(json: Json, name: string): unknown {
  if (json[name] !== undefined) return json[name]
  throw new KobelError('USAGE', `the member ${name} is missing`)
}

function refuse(json: Json, name: string, allowed: boolean, reason: string): void {
  if (json[name] !== undefined && !allowed) throw new KobelError('USAGE', `${name} has no place here: ${reason}`)
}

function oneOf(json: unknown, known: readonly string[], name: string): string {
  if (typeof json === 'string' && known.includes(json)) return json
  const hint = typeof json === 'string' ? meant(json, known) : ''
  throw new KobelError('USAGE', `${name} must be one of ${known.join(', ')}, found ${shown(json)}${hint}`)
}

function checkMembers(json: Json, known: readonly string[], what: string): void {
  const wrong = Object.keys(json).find((name) => !known.includes(name))
  if (wrong === undefined) return
  const hint = meant(wrong, known) || `: its members are ${known.join(', ')}`
  throw new KobelError('USAGE', `${what} has no member ${shown(wrong)}${hint}`)
}

function expected(name: string, what: string, found: unknown): KobelError {
  return new KobelError('USAGE', `${name} must be ${what}, found ${shown(found)}`)
}
