import type { KeyedStateKind } from '../format/keyed-state.ts'
import { formatType, type Type } from '../serializer/type.ts'
import type { KeyedState } from './keyed-state.ts'
import type { OperatorSource } from './operator-source.ts'
import type { OperatorState, OperatorStateKind } from './operator-state.ts'
import { inferredMark, type Mark, marksOfTypes } from './restore-marks.ts'

/** A keyed state, timers, or an operator state. */
export interface StateDescription {
  readonly name: string
  readonly kind: KeyedStateKind | OperatorStateKind
  /** The type as people write it: `map<string, Order{id: long}>`. Timers: of what they carry. */
  readonly text: string
  /** The type as plain data: of the value; LIST: of an element; MAP and BROADCAST: of the value. Not of timers. */
  readonly value?: Type
  readonly mapKey?: Type
  /** Absent where it is VoidNamespace. */
  readonly namespace?: Type
  readonly namespaceText?: string
  readonly ttl: boolean
  /** Timers only. */
  readonly timer?: { readonly domain: 'event' | 'processing'; readonly service: string }
  /** How many subtasks declare the state. */
  readonly subtasks: number
  readonly marks: readonly Mark[]
  /** The types that subtasks declare, where they differ. */
  readonly differences?: readonly { readonly text: string; readonly subtasks: number }[]
  /** Operator state: elements of all subtasks; not of BROADCAST. */
  readonly elements?: number
  /** Operator state: bytes of all subtasks, as stored. */
  readonly bytes?: number
  /** Keyed state and timers, when they were counted. */
  readonly counts?: StateCounts
}

export interface StateCounts {
  /** MAP: entries of all maps. */
  readonly entries: number
  /** Of keys, namespaces and user keys. */
  readonly keyBytes: number
  readonly valueBytes: number
}

/** What the types of one declaration come to. */
interface Declared {
  readonly namespace: Type | undefined
  readonly mapKey: Type | undefined
  readonly value: Type | undefined
}

export function describeKeyedState(
  state: KeyedState,
  metadataVersion: number,
  counts: StateCounts | undefined,
): StateDescription {
  const { kind } = state
  const timer = timerOf(state.name)
  const merged = declared(state)
  const texts = state.declarations.map((info) => stateText(kind, declared(info)))
  const known = [merged.namespace, merged.mapKey, merged.value].filter((type) => type !== undefined)
  return {
    name: state.name,
    kind,
    text: timer ? timerText(timer, merged.namespace) : stateText(kind, merged),
    ...typesOf(merged),
    ttl: state.ttl,
    ...(timer && { timer }),
    subtasks: state.declarations.length,
    marks: [
      ...marksOfTypes(known, metadataVersion),
      ...inferredMark(state.declarations.map((info) => info.metaInfo)),
      ...(state.declarations.some((info) => !info.named) ? [{ mark: 'hidden', about: [] } as const] : []),
      ...differsMark(texts),
    ],
    ...differencesOf(texts),
    ...(counts && { counts }),
  }
}

export function describeOperatorState(
  state: OperatorState,
  sources: readonly OperatorSource[],
  metadataVersion: number,
): StateDescription {
  const { kind, mapKeyType, valueType } = state
  const types: Declared = { namespace: undefined, mapKey: mapKeyType, value: valueType }
  const { elements, bytes } = sizeOf(state.name, sources)
  return {
    name: state.name,
    kind,
    text: stateText(kind, types),
    ...typesOf(types),
    ttl: false,
    subtasks: state.declarations.length,
    marks: [
      ...marksOfTypes(mapKeyType ? [mapKeyType, valueType] : [valueType], metadataVersion),
      ...inferredMark(state.declarations),
    ],
    ...(kind !== 'broadcast' && { elements }),
    bytes,
  }
}

function declared(state: {
  readonly kind: string
  readonly namespaceType: Type
  readonly mapKeyType: Type | undefined
  readonly valueType: Type
}): Declared {
  return {
    namespace: state.namespaceType.kind === 'void-namespace' ? undefined : state.namespaceType,
    mapKey: state.mapKeyType,
    value: state.kind === 'timer' ? undefined : state.valueType,
  }
}

function typesOf({ namespace, mapKey, value }: Declared): Partial<StateDescription> {
  return {
    ...(value && { value }),
    ...(mapKey && { mapKey }),
    ...(namespace && { namespace, namespaceText: formatType(namespace) }),
  }
}

/** The type of what the state holds for one key and namespace. */
function stateText(kind: StateDescription['kind'], { mapKey, value }: Declared): string {
  const text = value ? formatType(value) : ''
  switch (kind) {
    case 'list':
    case 'operator-list':
    case 'operator-union':
      return `list<${text}>`
    case 'map':
    case 'broadcast':
      return `map<${mapKey ? formatType(mapKey) : 'unknown'}, ${text}>`
    default:
      return text
  }
}

/** `_timer_state/event_user-timers`: the domain and the timer service. */
function timerOf(name: string): { domain: 'event' | 'processing'; service: string } | undefined {
  const match = /^_timer_state\/(event|processing)_(.*)$/s.exec(name)
  return match ? { domain: match[1] as 'event' | 'processing', service: match[2]! } : undefined
}

function timerText(timer: { domain: string; service: string }, namespace: Type | undefined): string {
  return `${timer.domain} time${namespace ? `, per ${formatType(namespace)}` : ''}`
}

function differencesOf(texts: readonly string[]): Partial<StateDescription> {
  const counts = new Map<string, number>()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  return counts.size < 2 ? {} : { differences: [...counts].map(([text, subtasks]) => ({ text, subtasks })) }
}

function differsMark(texts: readonly string[]): Mark[] {
  return new Set(texts).size < 2 ? [] : [{ mark: 'differs', about: [] }]
}

/** An element reaches from its offset to the next offset of any state in the stream. */
function sizeOf(name: string, sources: readonly OperatorSource[]): { elements: number; bytes: number } {
  let elements = 0
  let bytes = 0
  for (const { handle, stream } of sources) {
    const all = handle.states.flatMap((state) => state.offsets).sort((a, b) => a - b)
    const ends = new Map(all.map((offset, i) => [offset, all[i + 1] ?? stream.length]))
    for (const offset of handle.states.find((state) => state.name === name)?.offsets ?? []) {
      elements++
      bytes += (ends.get(offset) ?? offset) - offset
    }
  }
  return { elements, bytes }
}
