import type { KeyedStateInfo } from './keyed-state.ts'

/**
 * The waist: a run of keyed entries of one operator and one key group over a shared buffer. Value bytes are in canonical
 * form whatever the source. Offsets come in pairs: `[2 * i]` is where the part of entry `i` begins in `buffer`,
 * `[2 * i + 1]` where it ends. A batch is good until the next one is asked for: then its buffer may be used again.
 */
export interface EntryBatch {
  readonly kind: 'entries'
  readonly keyGroup: number
  readonly count: number
  /** Index into `states` of each entry. */
  readonly stateIds: Uint16Array
  readonly states: readonly KeyedStateInfo[]
  readonly buffer: Uint8Array
  readonly keys: Uint32Array
  readonly namespaces: Uint32Array
  /** Empty but for MAP states. */
  readonly mapKeys: Uint32Array
  readonly values: Uint32Array
}

/** Timers of one key group: a set of (timestamp, key, namespace) for each timer service and domain. */
export interface TimerBatch {
  readonly kind: 'timers'
  readonly keyGroup: number
  readonly count: number
  readonly stateIds: Uint16Array
  readonly states: readonly KeyedStateInfo[]
  readonly buffer: Uint8Array
  /** Milliseconds since 1970. */
  readonly timestamps: BigInt64Array
  readonly keys: Uint32Array
  readonly namespaces: Uint32Array
}

/** Elements of one LIST, UNION or BROADCAST state of one subtask. */
export interface ElementBatch {
  readonly kind: 'elements'
  readonly subtask: number
  readonly count: number
  readonly buffer: Uint8Array
  /** Empty but for BROADCAST. */
  readonly mapKeys: Uint32Array
  readonly values: Uint32Array
}

/** Bytes that kobel does not look into: channel, coordinator, raw and unknown state. */
export interface Blob {
  readonly kind: 'blob'
  readonly part: 'coordinator' | 'raw-operator' | 'raw-keyed' | 'input-channel' | 'result-subpartition' | 'master'
  readonly name: string
  readonly subtask: number
  readonly length: number
  /** Reads bytes of the blob, from `start` to before `end`. */
  readonly read: (start: number, end: number) => Promise<Uint8Array>
}

/** Pairs of offsets that grow. */
export class OffsetPairs {
  pairs: Uint32Array
  count = 0

  constructor(capacity = 256) {
    this.pairs = new Uint32Array(capacity * 2)
  }

  push(start: number, end: number): void {
    if (this.count * 2 === this.pairs.length) {
      const grown = new Uint32Array(this.pairs.length * 2)
      grown.set(this.pairs)
      this.pairs = grown
    }
    this.pairs[this.count * 2] = start
    this.pairs[this.count * 2 + 1] = end
    this.count++
  }

  /** The pairs so far, as a view. */
  view(): Uint32Array {
    return this.pairs.subarray(0, this.count * 2)
  }
}
