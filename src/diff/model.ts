import type { Operator } from '../snapshot/operator.ts'
import type { Spill } from '../store/writable.ts'

/** One difference between two snapshots, `before` and `after`. Plain data; values are the JSON that `kobel dump` prints. */
export type Difference =
  | { readonly kind: 'operator-removed' | 'operator-added'; readonly operator: string }
  | {
      readonly kind: 'operator-changed'
      readonly operator: string
      readonly what: 'parallelism' | 'maxParallelism' | 'uid' | 'name' | 'coordinator'
      readonly before: number | string | null
      readonly after: number | string | null
    }
  | {
      readonly kind: 'state-removed' | 'state-added'
      readonly operator: string
      readonly state: string
      readonly stateKind: string
    }
  | {
      readonly kind: 'type-changed'
      readonly operator: string
      readonly state: string
      readonly part: 'kind' | 'key' | 'namespace' | 'mapKey' | 'value' | 'ttl'
      readonly before: string
      readonly after: string
    }
  | {
      /** What Flink does with a state of both, when the job of the second is restored from the first. */
      readonly kind: 'verdict'
      readonly operator: string
      readonly state: string
      readonly verdict: 'as is' | 'migrates' | 'refused' | 'unknown'
      readonly reason?: string
    }
  | EntryDifference

/** An entry of a keyed state, a timer, or an element of operator state. */
export interface EntryDifference {
  readonly kind: 'removed' | 'added' | 'changed'
  readonly operator: string
  readonly state: string
  readonly stateKind: string
  /** In the snapshot that has the entry; of a changed one after the change. Not of operator state. */
  readonly keyGroup?: number
  readonly timestamp?: string
  readonly key?: unknown
  readonly namespace?: unknown
  readonly mapKey?: unknown
  readonly before?: unknown
  readonly after?: unknown
  /** Of a changed entry: which parts of the value, as far as 20. */
  readonly fields?: readonly FieldDifference[]
  /** Last access, where it differs. */
  readonly ttl?: { readonly before: unknown; readonly after: unknown }
}

export interface FieldDifference {
  /** `amount`, `address.city`, `items[3]`; the empty text is the value itself. */
  readonly path: string
  /** Left out where there was or is none. */
  readonly before?: unknown
  readonly after?: unknown
}

/** Sums of one state. */
export interface StateSummary {
  readonly state: string
  readonly kind: string
  readonly before: Amount
  readonly after: Amount
  readonly same: number
  readonly added: number
  readonly removed: number
  readonly changed: number
}

export interface Amount {
  readonly entries: number
  /** In canonical form. */
  readonly bytes: number
}

export interface OperatorSummary {
  readonly operator: string
  readonly states: readonly StateSummary[]
}

export interface DiffSummary {
  readonly before: string
  readonly after: string
  readonly equal: boolean
  readonly operators: readonly OperatorSummary[]
}

export interface DiffOptions {
  /** Only these operators, by uid, id or name in either snapshot. */
  readonly operators?: readonly string[]
  /** Only the states of these names. */
  readonly states?: readonly string[]
  /** Pairs of operators that are the same under different uids. */
  readonly renamed?: readonly (readonly [before: string, after: string])[]
  /** Types only: no entry is read. Every state of both gets Flink's verdict, which is no difference. */
  readonly typesOnly?: boolean
  /** Times of last access do not count. */
  readonly ignoreTtl?: boolean
  /** Where entries go that have to be sorted, because key groups or key types differ. */
  readonly spill: Spill
  /** Bytes held to sort; 64 MiB by default. */
  readonly memoryBytes?: number
  readonly onEntries?: (count: number) => void
}

/** The same operator in both snapshots. */
export interface OperatorPair {
  readonly label: string
  readonly before: Operator
  readonly after: Operator
}
