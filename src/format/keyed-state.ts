import { declaredLength, fixedLength, hasUnknown, type Layout } from '../serializer/layout.ts'
import type { SerializerSnapshot } from '../serializer/snapshot.ts'
import type { Type } from '../serializer/type.ts'
import type { KeyedHead } from './keyed-head.ts'
import { optionOf, type StateMetaInfo, serializerOf } from './state-meta-info.ts'

/** Kinds of keyed state, and timers. `unknown`: the head does not say. */
export type KeyedStateKind = 'value' | 'list' | 'map' | 'reducing' | 'aggregating' | 'folding' | 'timer' | 'unknown'

/** One keyed state as a stream declares it: how its entries lie, worked out once. */
export interface KeyedStateInfo {
  readonly name: string
  /** False where the name is made up, because the head could not be read as far as this state. */
  readonly named: boolean
  readonly kind: KeyedStateKind
  readonly key: Layout
  readonly namespace: Layout
  /** MAP: of the user key. */
  readonly mapKey: Layout | undefined
  /** VALUE, REDUCING, AGGREGATING: of the value; LIST: of an element; MAP: of the user value. With TTL: without it. */
  readonly value: Layout
  readonly ttl: boolean
  readonly keyType: Type
  readonly namespaceType: Type
  readonly mapKeyType: Type | undefined
  /** As `value`. */
  readonly valueType: Type
  /** Whether key and namespace are followed by their lengths; never in timers. */
  readonly ambiguous: boolean
  /** Bytes behind the key where they are the same for every entry, else -1: finds the end of a key of unknown class. */
  readonly keyTail: number
  /** False: the parts of a composite key cannot be told apart; all of it is taken for the key. */
  readonly splits: boolean
  readonly metaInfo: StateMetaInfo | undefined
}

const UNKNOWN_LAYOUT: Layout = { op: 'unknown', className: 'unknown' }
const UNKNOWN_TYPE: Type = { kind: 'unknown' }

interface Part {
  readonly layout: Layout
  readonly type: Type
}

const UNKNOWN_PART: Part = { layout: UNKNOWN_LAYOUT, type: UNKNOWN_TYPE }

/** The states of a head, by id. */
export function keyedStatesOf(head: KeyedHead): KeyedStateInfo[] {
  return head.states.map((info) => keyedState(head.keySerializer, info))
}

/** A state whose head could not be read: entries keep their id and bytes. */
export function hiddenState(keySerializer: SerializerSnapshot, id: number): KeyedStateInfo {
  return stateInfo(keySerializer, `state-${id}`, false, 'unknown', UNKNOWN_PART, undefined, UNKNOWN_PART, undefined)
}

function keyedState(keySerializer: SerializerSnapshot, info: StateMetaInfo): KeyedStateInfo {
  const value = serializerOf(info, 'VALUE_SERIALIZER')
  if (info.backendStateType === 'PRIORITY_QUEUE') return timerState(keySerializer, info, value)
  const namespace = partOf(serializerOf(info, 'NAMESPACE_SERIALIZER'))
  const kind = value === undefined ? 'unknown' : kindOf(optionOf(info, 'KEYED_STATE_TYPE'))
  const userKey = serializerOf(info, 'USER_KEY_SERIALIZER')
  const nested = nestedParts(kind, info, partOf(value))
  const mapKey = kind === 'map' ? (userKey ? partOf(userKey) : nested.mapKey) : undefined
  return stateInfo(keySerializer, info.name, true, kind, namespace, mapKey, nested.value, info)
}

function timerState(
  keySerializer: SerializerSnapshot,
  info: StateMetaInfo,
  element: SerializerSnapshot | undefined,
): KeyedStateInfo {
  const layout = element?.layout
  const namespaceLayout = layout?.op === 'object' ? layout.fields[2]?.layout : undefined
  const namespace = namespaceLayout
    ? { layout: namespaceLayout, type: element?.type.arguments?.[1] ?? UNKNOWN_TYPE }
    : UNKNOWN_PART
  return stateInfo(
    keySerializer,
    info.name,
    true,
    'timer',
    namespace,
    undefined,
    { layout: NOTHING, type: { kind: 'void' } },
    info,
  )
}

const NOTHING: Layout = { op: 'constant', length: 0, declaredLength: 0, value: null }

function kindOf(option: string | undefined): KeyedStateKind {
  switch (option) {
    case 'VALUE':
    case 'LIST':
    case 'MAP':
    case 'REDUCING':
    case 'AGGREGATING':
    case 'FOLDING':
      return option.toLowerCase() as KeyedStateKind
    default:
      return 'value'
  }
}

function partOf(snapshot: SerializerSnapshot | undefined): Part {
  return snapshot ?? UNKNOWN_PART
}

/** Classic LIST and MAP states declare `ListSerializer` and `MapSerializer`, though only the nested ones' bytes occur. */
function nestedParts(kind: KeyedStateKind, info: StateMetaInfo, declared: Part): { value: Part; mapKey: Part } {
  if (info.backendStateType === 'KEY_VALUE_V2') return { value: declared, mapKey: UNKNOWN_PART }
  const { layout, type } = declared
  const argument = (i: number): Type => type.arguments?.[i] ?? UNKNOWN_TYPE
  if (kind === 'list' && layout.op === 'list')
    return { value: { layout: layout.element, type: argument(0) }, mapKey: UNKNOWN_PART }
  if (kind === 'map' && layout.op === 'map') {
    return { value: { layout: layout.value, type: argument(1) }, mapKey: { layout: layout.key, type: argument(0) } }
  }
  return { value: kind === 'list' || kind === 'map' ? UNKNOWN_PART : declared, mapKey: UNKNOWN_PART }
}

function stateInfo(
  keySerializer: SerializerSnapshot,
  name: string,
  named: boolean,
  kind: KeyedStateKind,
  namespace: Part,
  mapKey: Part | undefined,
  declared: Part,
  metaInfo: StateMetaInfo | undefined,
): KeyedStateInfo {
  const ttl = declared.layout.op === 'ttl'
  const value =
    declared.layout.op === 'ttl'
      ? { layout: declared.layout.value, type: declared.type.arguments?.[0] ?? UNKNOWN_TYPE }
      : declared
  const key = keySerializer.layout
  const ambiguous = kind !== 'timer' && declaredLength(key) < 0 && declaredLength(namespace.layout) < 0
  const behind = [namespace.layout, ...(mapKey ? [mapKey.layout] : [])].map(fixedLength)
  const keyTail = ambiguous || behind.includes(-1) ? -1 : behind.reduce((sum, length) => sum + length, 0)
  const splits =
    kind !== 'unknown' &&
    (keyTail >= 0 || (!hasUnknown(key) && (!hasUnknown(namespace.layout) || (mapKey === undefined && !ambiguous))))
  return {
    name,
    named,
    kind,
    key,
    namespace: namespace.layout,
    mapKey: mapKey?.layout,
    value: value.layout,
    ttl,
    keyType: keySerializer.type,
    namespaceType: namespace.type,
    mapKeyType: mapKey?.type,
    valueType: value.type,
    ambiguous,
    keyTail,
    splits,
    metaInfo,
  }
}
