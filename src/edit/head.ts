import { equalBytes } from '../bytes/encoding.ts'
import { Writer } from '../bytes/writer.ts'
import { KobelError } from '../error.ts'
import { type KeyedHead, writeKeyedHead } from '../format/keyed-head.ts'
import { type KeyedStateInfo, keyedStatesOf } from '../format/keyed-state.ts'
import { type StateMetaInfo, writeStateMetaInfo } from '../format/state-meta-info.ts'
import type { SerializerSnapshot } from '../serializer/snapshot.ts'
import type { KeyedSource } from '../snapshot/keyed-source.ts'
import type { Operator } from '../snapshot/operator.ts'
import { timerSnapshot } from '../write/types/state.ts'
import { type EntryChange, StateChange } from './change.ts'
import type { OperatorEdit, StateEdit } from './model.ts'

/** Where the entries of a state of a source go. */
export interface Route {
  /** State id in the new stream; -1: the state is left out. */
  readonly id: number
  readonly target: KeyedStateInfo
  /** Whether the parts of keys come apart. */
  readonly splits: boolean
  /** Absent where the bytes of entries stay. */
  readonly change: EntryChange | undefined
}

/** The head of a stream that is written, and how the streams that it is made of go into it. */
export interface TargetHead {
  readonly head: Pick<KeyedHead, 'compressed' | 'keySerializer' | 'states'>
  readonly bytes: Uint8Array
  /** By id. */
  readonly states: readonly KeyedStateInfo[]
  /** By source, then by state id. */
  readonly routes: ReadonlyMap<KeyedSource, readonly Route[]>
}

/**
 * Puts the heads of all streams together that a new stream takes entries from, with the edits of states.
 * @throws KobelError `INCOMPATIBLE` where the streams declare a state or the key in different ways that cannot be joined.
 */
export function targetHead(
  sources: readonly KeyedSource[],
  edit: OperatorEdit,
  operator: Operator,
  salvage: boolean,
  samples: number,
): TargetHead {
  const { label } = operator
  const first = sources.find((source) => source.format !== 'raw-timers') ?? sources[0]!
  const key = first.head.keySerializer
  const infos: StateMetaInfo[] = []
  const plans = new Map<KeyedSource, { id: number; info: StateMetaInfo | undefined; edit: StateEdit | undefined }[]>()
  for (const source of sources) {
    checkKey(key, source.head.keySerializer, label)
    const plan = source.states.map((state) => {
      const stateEdit = edit.states.get(state.name)
      if (stateEdit?.remove) return { id: -1, info: state.metaInfo, edit: stateEdit }
      const problem = cannotWrite(state)
      if (problem !== undefined) {
        if (salvage) return { id: -1, info: undefined, edit: undefined }
        throw new KobelError('INCOMPATIBLE', problem, { operator: label, state: state.name })
      }
      const info = editedInfo(state.metaInfo!, stateEdit, key)
      return { id: placeOf(info, infos, stateEdit, label), info, edit: stateEdit }
    })
    plans.set(source, plan)
  }
  if (edit.key) for (const [i, info] of infos.entries()) infos[i] = withKey(info, edit.key)
  for (const [name, create] of edit.created) {
    if (infos.some((info) => info.name === name)) {
      throw new KobelError('INCOMPATIBLE', 'the state is there already', { operator: label, state: name })
    }
    infos.push(...create(edit.key ?? key))
  }
  const head = { compressed: first.head.compressed, keySerializer: edit.key ?? key, states: infos }
  const states = keyedStatesOf({ ...head, version: 6, length: 0 })
  const writer = new Writer(4096)
  writeKeyedHead(writer, head)
  const routes = new Map<KeyedSource, Route[]>()
  for (const [source, plan] of plans) {
    const each = source.states.map((state, i): Route => {
      const { id, edit: stateEdit, info } = plan[i]!
      const { splits } = state
      if (id < 0) return { id, target: state, splits, change: undefined }
      const target = states[id]!
      const sameTypes =
        edit.key !== undefined || stateEdit?.type?.bytesStay === true || sameSerializers(state.metaInfo!, infos[id]!)
      if (!sameTypes && stateEdit?.type === undefined && info !== undefined) {
        throw new KobelError('INCOMPATIBLE', 'subtasks declare the state with different types', {
          operator: label,
          state: state.name,
        })
      }
      return { id, target, splits, change: StateChange.of(state, target, stateEdit, operator.maxParallelism, samples) }
    })
    routes.set(source, each)
  }
  return { head, bytes: writer.toBytes(), states, routes }
}

/** Timers name the key's serializer once more, inside of theirs. */
function withKey(info: StateMetaInfo, key: SerializerSnapshot): StateMetaInfo {
  if (info.backendStateType !== 'PRIORITY_QUEUE') return info
  const change = (snapshot: SerializerSnapshot): SerializerSnapshot => {
    const { nested } = snapshot.body as { readonly nested?: readonly SerializerSnapshot[] }
    if (nested?.length === 2) return timerSnapshot(key, nested[1]!)
    throw new KobelError('UNKNOWN_SERIALIZER', 'what is inside of the timers is not known', { state: info.name })
  }
  return {
    ...info,
    serializers: info.serializers.map(([name, snapshot]) => [
      name,
      name === 'VALUE_SERIALIZER' ? change(snapshot) : snapshot,
    ]),
  }
}

function cannotWrite(state: KeyedStateInfo): string | undefined {
  if (!state.named || !state.metaInfo || state.metaInfo.serializers.length === 0) {
    return 'the serializers of the state could not be read, so it cannot be written in another stream; remove it, or take --salvage'
  }
  if (state.metaInfo.backendStateType === 'KEY_VALUE_V2') {
    return 'states of the asynchronous State API V2 exist in native snapshots only; Flink restores no canonical savepoint of them'
  }
  return undefined
}

/** What the new head says of a state. */
export function editedInfo(
  info: StateMetaInfo,
  edit: StateEdit | undefined,
  key: SerializerSnapshot | undefined,
): StateMetaInfo {
  if (!edit) return info
  const renamed = edit.rename === undefined ? info : { ...info, name: edit.rename }
  return edit.type ? edit.type.metaInfo(renamed, key) : renamed
}

/** The id of a state in the new stream: the one it has there already, or the next. */
function placeOf(info: StateMetaInfo, infos: StateMetaInfo[], edit: StateEdit | undefined, operator: string): number {
  const known = infos.findIndex((each) => each.name === info.name)
  if (known < 0) return infos.push(info) - 1
  if (sameInfo(infos[known]!, info)) return known
  if (edit?.rename !== undefined) {
    throw new KobelError('INCOMPATIBLE', `a state is renamed to ${info.name}, which is there with another type`, {
      operator,
      state: info.name,
    })
  }
  throw new KobelError(
    'INCOMPATIBLE',
    'subtasks declare the state with different serializers (after a restore or with other subclasses met), so their entries cannot lie in one stream; change neither parallelism nor max parallelism, or give the state one type',
    { operator, state: info.name },
  )
}

function sameInfo(a: StateMetaInfo, b: StateMetaInfo): boolean {
  return a === b || equalBytes(infoBytes(a), infoBytes(b))
}

function sameSerializers(a: StateMetaInfo, b: StateMetaInfo): boolean {
  return sameInfo({ ...a, name: '' }, { ...b, name: '' })
}

function infoBytes(info: StateMetaInfo): Uint8Array {
  const writer = new Writer(512)
  writeStateMetaInfo(writer, info)
  return writer.toBytes()
}

function checkKey(a: SerializerSnapshot, b: SerializerSnapshot, operator: string): void {
  if (a === b || equalBytes(a.raw, b.raw) || sameLayout(a, b)) return
  throw new KobelError(
    'INCOMPATIBLE',
    'subtasks declare the key with different serializers: their keys cannot be joined',
    {
      operator,
    },
  )
}

function sameLayout(a: SerializerSnapshot, b: SerializerSnapshot): boolean {
  try {
    return JSON.stringify(a.layout) === JSON.stringify(b.layout)
  } catch {
    // A layout that contains itself.
    return false
  }
}
