import type { Sample } from './change.ts'

/** What was done with the parts of the state, cheapest first. */
export interface EditCounts {
  /** Streams that are referred to where they lie. */
  referenced: number
  /** Whole files copied, undecoded. */
  files: number
  /** Key groups copied, undecoded. */
  keyGroups: number
  /** Entries and timers whose bytes were copied. */
  entries: number
  /** Bytes written or referred to, of keyed and operator state. */
  bytes: number
}

/** What an edit did to one state. */
export interface StateReport {
  /** In the source. */
  readonly name: string
  readonly renamed?: string
  removed?: boolean
  /** The type is another one, or described in another way. */
  readonly retyped?: 'type' | 'description'
  /** Entries changed, removed and added. */
  changed: number
  deleted: number
  added: number
  samples: Sample[]
}

export interface OperatorReport {
  readonly operator: string
  readonly id: string
  /** Where they differ from the source. */
  readonly newId?: string
  readonly newUid?: string
  readonly removed?: boolean
  /** The keys are described in another way. */
  readonly keyDescribed?: boolean
  readonly maxParallelism: readonly [before: number, after: number]
  readonly parallelism: readonly [before: number, after: number]
  /** How the key's hash is known, where keys are put into other key groups. */
  keyHash?: string
  readonly states: StateReport[]
  readonly counts: EditCounts
  readonly warnings: string[]
}

export function newCounts(): EditCounts {
  return { referenced: 0, files: 0, keyGroups: 0, entries: 0, bytes: 0 }
}
