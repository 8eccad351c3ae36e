import type { StateMetaInfo } from '../format/state-meta-info.ts'
import type { SerializerSnapshot } from '../serializer/snapshot.ts'
import type { Value } from '../serializer/value.ts'
import type { Entry, Timer } from '../snapshot/decode.ts'
import type { Snapshot } from '../snapshot/open.ts'
import type { Operator } from '../snapshot/operator.ts'
import type { OnSkip } from '../snapshot/skipped.ts'
import type { Spill, WritableStore } from '../store/writable.ts'
import type { WriteRow } from '../write/rows.ts'
import type { TypeChange } from './type-change.ts'

/** Where the new savepoint goes. */
export interface EditSink {
  readonly store: WritableStore
  /** The savepoint's directory, which must not be there yet. */
  readonly directory: string
  readonly spill: Spill
  /** Bytes of entries held while they are put into other key groups; 128 MiB by default. */
  readonly memoryBytes?: number
  /** Streams of up to so many bytes go into `_metadata`; 20 KiB by default. */
  readonly inlineBytes?: number
}

/** What happens to an entry of a keyed state, in the order in which the steps were given. */
export type StateStep =
  | { readonly op: 'filter'; readonly keep: (entry: Entry) => boolean }
  | { readonly op: 'map'; readonly map: (entry: Entry) => Value }
  /** Changes one field of the value: what lies before and behind it is copied. */
  | { readonly op: 'field'; readonly path: readonly string[]; readonly change: (old: Value) => Value }
  /** Keys in their JSON form; `namespace` and `mapKey` narrow it down. */
  | { readonly op: 'delete'; readonly keys: readonly EntryKey[] }
  | { readonly op: 'shiftTtl'; readonly millis: bigint }
  | { readonly op: 'filterTimers'; readonly keep: (timer: Timer) => boolean }
  | { readonly op: 'shiftTimers'; readonly millis: bigint }

/** Which entries are meant, in the JSON form that `kobel dump` prints. */
export interface EntryKey {
  readonly key: unknown
  readonly namespace?: unknown
  readonly mapKey?: unknown
}

/** What becomes of one state. */
export interface StateEdit {
  remove: boolean
  rename?: string
  readonly steps: StateStep[]
  /** Rows as `kobel dump` prints them: they replace entries of the same key, or are added. */
  readonly upserts: WriteRow[]
  type?: TypeChange
}

/** What an element of operator state becomes; `undefined` removes it. */
export interface ElementEdit {
  readonly map: (element: {
    readonly subtask: number
    readonly mapKey?: Value
    readonly value: Value
  }) => { readonly mapKey?: Value; readonly value: Value } | undefined
}

/** What becomes of one operator. */
export interface OperatorEdit {
  /** The operator is left out. */
  remove: boolean
  /** 32 hex digits. */
  id?: string
  uid?: string
  name?: string
  maxParallelism?: number
  parallelism?: number
  /** Keyed states and operator states by their name in the source. */
  readonly states: Map<string, StateEdit>
  readonly elements: Map<string, ElementEdit>
  /** States that are added, by name: what the head says of each, given the key's serializer. */
  readonly created: Map<string, (key: SerializerSnapshot) => readonly StateMetaInfo[]>
  /** Another description of the same keys' bytes. */
  key?: SerializerSnapshot
  /** Java's `hashCode` of a key, where kobel does not know it. */
  keyHash?: (key: Value) => number
}

/** An operator of the new savepoint and what it is made of. */
export interface TargetOperator {
  readonly source: Operator
  readonly edit: OperatorEdit
}

/** A savepoint to be made of another one, or of several. */
export interface EditPlan {
  /** Tells the checkpoint id, properties and master state. */
  readonly snapshot: Snapshot
  readonly targets: readonly TargetOperator[]
  /** Tells equal edits from others; functions count by their text. */
  readonly text: string
}

export interface ApplyOptions {
  /** Streams that the edit does not touch are referred to where they lie. */
  readonly reference?: boolean
  /** Where it is given, what cannot be read is left out and told. */
  readonly onSkip?: OnSkip
  readonly onEntries?: (count: number) => void
  /** Samples of changed entries for each state; none by default. */
  readonly samples?: number
  readonly signal?: AbortSignal
}

export function newStateEdit(): StateEdit {
  return { remove: false, steps: [], upserts: [] }
}

export function newOperatorEdit(): OperatorEdit {
  return { remove: false, states: new Map(), elements: new Map(), created: new Map() }
}
