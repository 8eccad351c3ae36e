import { type EntryBatch, OffsetPairs, type TimerBatch } from './batch.ts'
import type { KeyedStateInfo } from './keyed-state.ts'

/** Gathers the offsets of entries while a buffer is walked. */
export class EntryBuilder {
  private stateIds: Uint16Array = new Uint16Array(64)
  private readonly keys = new OffsetPairs(64)
  private readonly namespaces = new OffsetPairs(64)
  private readonly mapKeys = new OffsetPairs(64)
  private readonly values = new OffsetPairs(64)

  get count(): number {
    return this.keys.count
  }

  add(
    stateId: number,
    keyStart: number,
    keyEnd: number,
    namespaceStart: number,
    namespaceEnd: number,
    mapKeyStart: number,
    mapKeyEnd: number,
    valueStart: number,
    valueEnd: number,
  ): void {
    this.stateIds = withPlace(this.stateIds, this.count)
    this.stateIds[this.count] = stateId
    this.keys.push(keyStart, keyEnd)
    this.namespaces.push(namespaceStart, namespaceEnd)
    this.mapKeys.push(mapKeyStart, mapKeyEnd)
    this.values.push(valueStart, valueEnd)
  }

  /** Forgets the entries behind the first `count`. */
  truncate(count: number): void {
    for (const pairs of [this.keys, this.namespaces, this.mapKeys, this.values]) pairs.count = count
  }

  batch(buffer: Uint8Array, keyGroup: number, states: readonly KeyedStateInfo[]): EntryBatch {
    return {
      kind: 'entries',
      keyGroup,
      count: this.count,
      stateIds: this.stateIds.subarray(0, this.count),
      states,
      buffer,
      keys: this.keys.view(),
      namespaces: this.namespaces.view(),
      mapKeys: this.mapKeys.view(),
      values: this.values.view(),
    }
  }
}

/** Gathers timers while a buffer is walked. */
export class TimerBuilder {
  private stateIds: Uint16Array = new Uint16Array(16)
  private timestamps: BigInt64Array = new BigInt64Array(16)
  private readonly keys = new OffsetPairs(16)
  private readonly namespaces = new OffsetPairs(16)

  get count(): number {
    return this.keys.count
  }

  add(
    stateId: number,
    timestamp: bigint,
    keyStart: number,
    keyEnd: number,
    namespaceStart: number,
    namespaceEnd: number,
  ): void {
    this.stateIds = withPlace(this.stateIds, this.count)
    if (this.count === this.timestamps.length) {
      const grown = new BigInt64Array(this.timestamps.length * 2)
      grown.set(this.timestamps)
      this.timestamps = grown
    }
    this.stateIds[this.count] = stateId
    this.timestamps[this.count] = timestamp
    this.keys.push(keyStart, keyEnd)
    this.namespaces.push(namespaceStart, namespaceEnd)
  }

  batch(buffer: Uint8Array, keyGroup: number, states: readonly KeyedStateInfo[]): TimerBatch {
    return {
      kind: 'timers',
      keyGroup,
      count: this.count,
      stateIds: this.stateIds.subarray(0, this.count),
      states,
      buffer,
      timestamps: this.timestamps.subarray(0, this.count),
      keys: this.keys.view(),
      namespaces: this.namespaces.view(),
    }
  }
}

function withPlace(ids: Uint16Array, count: number): Uint16Array {
  if (count < ids.length) return ids
  const grown = new Uint16Array(ids.length * 2)
  grown.set(ids)
  return grown
}
