import type { FieldDescriptions } from '../serializer/options.ts'
import type { TypeDescription } from './types/description.ts'

/**
 * A savepoint to be written, as a person describes it: plain JSON, of which `describePlan` makes a write plan. Operators
 * of a write plan (those of a dump) may stand beside described ones.
 */
export interface PlanDescription {
  /** `2.3`, `1.20`: the Flink that is to restore it. */
  readonly flink: string
  /** 1 where it is not given; as text beyond 2^53. */
  readonly checkpointId?: number | string
  /** The last access of rows that tell none, where the state has a time to live: milliseconds since 1970. */
  readonly now?: number
  /** Declared fields of classes that Kryo writes, in the form of the file for `--fields`. */
  readonly fields?: FieldDescriptions
  readonly operators: readonly OperatorDescription[]
}

export interface OperatorDescription {
  readonly uid?: string
  /** 32 hex digits, in place of the uid: what `setUidHash` sets. */
  readonly uidHash?: string
  readonly name?: string
  /** 1 where it is not given. */
  readonly parallelism?: number
  /** What Flink takes for the parallelism where it is not given: 128 up to a parallelism of 85. */
  readonly maxParallelism?: number
  /** The type of keys; needed where there are states, windows or timers. */
  readonly key?: TypeDescription
  readonly states?: readonly StateDescription[]
  readonly windows?: WindowsDescription
  readonly operatorStates?: readonly OperatorStateDescription[]
}

export type StateKind = 'value' | 'list' | 'map' | 'reducing' | 'aggregating' | 'timer'

export interface StateDescription {
  /** As in the state's descriptor; of timers the name of the service: `user-timers`. */
  readonly name: string
  /** `value` where it is not given. */
  readonly kind?: StateKind
  /** Of the value, the element, the map's values, the accumulator. Timers have none. */
  readonly type?: TypeDescription
  readonly mapKey?: TypeDescription
  /** VoidNamespace where it is not given. */
  readonly namespace?: TypeDescription
  /** The job gives the state a time to live. */
  readonly ttl?: boolean
  /**
   * What several rows for one entry mean: an error, where it is not given, or the last by `order` wins. Rows for one key
   * of a list are joined.
   */
  readonly duplicates?: 'error' | 'last'
  /** The member of rows, a whole number, that orders them. */
  readonly order?: string
}

export interface OperatorStateDescription {
  readonly name: string
  readonly kind: 'operator-list' | 'operator-union' | 'broadcast'
  readonly type: TypeDescription
  readonly mapKey?: TypeDescription
  /** The member of rows, a whole number, that orders the elements of a list. */
  readonly order?: string
}

/** The states of Flink's window operator: contents, timers, of sessions the windows that were merged, of triggers. */
export interface WindowsDescription {
  readonly assigner: 'tumbling' | 'sliding' | 'session' | 'global'
  readonly function: 'reduce' | 'aggregate' | 'process'
  /** Of the elements (reduce, process), or of the accumulator (aggregate). With an evictor: of the elements. */
  readonly type: TypeDescription
  /** The state that the trigger keeps, beside the default triggers, which have none. */
  readonly trigger?: 'count' | 'continuous'
  readonly evictor?: boolean
}
