import { Reader } from '../bytes/reader.ts'
import type { KeyedStateInfo } from '../format/keyed-state.ts'
import { createAppender, type Target } from '../query/append.ts'
import { selectedShape } from '../query/projection.ts'
import type { StateTable } from '../query/table.ts'
import { columnLike, type LongColumn, truncateColumn } from '../serializer/columns.ts'
import type { KeyedBatch } from '../snapshot/keyed-source.ts'
import type { KeyedState } from '../snapshot/keyed-state.ts'
import { Distinct, hash, hashBytes } from './distinct.ts'
import { type FieldProfiler, profilerOf } from './fields.ts'
import { LargeItems } from './large-items.ts'
import type { ProfileOptions, StateProfile } from './profile.ts'
import { Sizes } from './sizes.ts'
import { Times } from './times.ts'

/** Rows that are gathered in columns before they are looked at. */
const ROWS = 2048
const BYTES = 1 << 22

/** A column of the table and what is known of it so far. */
interface Observed {
  readonly target: Target
  readonly profiler: FieldProfiler
}

/** Gathers what a keyed state or a timer service holds, batch by batch, in one pass. */
export class KeyedStateProfiler {
  private readonly state: KeyedState
  private readonly options: ProfileOptions
  private readonly isMap: boolean
  private readonly observed: readonly Observed[]
  private readonly ttlColumn: LongColumn | undefined
  private readonly appenders = new Map<KeyedStateInfo, ReturnType<typeof createAppender>>()
  private readonly keyBytes = new Sizes()
  private readonly valueBytes = new Sizes()
  private readonly distinctKeys = new Distinct()
  private readonly large: LargeItems
  private readonly timers = new Times()
  private readonly ttl = new Times()
  private reader = new Reader(new Uint8Array(0))
  private entries = 0
  private bytes = 0
  private rows = 0
  private heldBytes = 0

  constructor(table: StateTable, options: ProfileOptions) {
    this.state = table.source as KeyedState
    this.options = options
    this.isMap = table.kind === 'map'
    this.large = new LargeItems(options.largest ?? 5)
    this.observed = table.columns
      .filter(({ name }) => name !== 'key_group' && name !== 'subtask' && name !== 'timestamp')
      .map(({ name, shape }) => {
        const column = columnLike(selectedShape(shape, true))
        return { target: { part: name, selection: true, column }, profiler: profilerOf(name, column) }
      })
    const ttl = this.observed.find(({ target }) => target.part === 'ttl_timestamp')?.target.column
    this.ttlColumn = ttl?.kind === 'list' ? (ttl.child.column as LongColumn) : (ttl as LongColumn | undefined)
  }

  /** @returns its bytes in a canonical savepoint. */
  add(batch: KeyedBatch, i: number): number {
    const length = (pairs: Uint32Array): number => pairs[2 * i + 1]! - pairs[2 * i]!
    const isEntry = batch.kind === 'entries'
    const key = length(batch.keys) + length(batch.namespaces) + (isEntry && this.isMap ? length(batch.mapKeys) : 0)
    const value = isEntry ? length(batch.values) : 0
    const bytes = key + value + (isEntry ? 0 : TIMESTAMP_BYTES)
    this.entries++
    this.bytes += bytes
    this.keyBytes.add(key)
    if (isEntry) this.valueBytes.add(value)
    hashBytes(batch.buffer, batch.keys[2 * i]!, batch.keys[2 * i + 1]!)
    this.distinctKeys.add(hash.high, hash.low)
    if (!isEntry) this.timers.add(batch.timestamps[i]!)
    else if (this.isMap) this.large.addOfMap(batch, i, bytes)
    else this.large.add(batch, i, bytes)
    this.append(batch, i, bytes)
    return bytes
  }

  private append(batch: KeyedBatch, i: number, bytes: number): void {
    const info = batch.states[batch.stateIds[i]!]!
    let append = this.appenders.get(info)
    if (append === undefined) {
      append = createAppender(
        info,
        this.observed.map(({ target }) => target),
      )
      this.appenders.set(info, append)
    }
    if (this.reader.bytes !== batch.buffer) this.reader = new Reader(batch.buffer)
    const done = this.state.decode(batch, this.options.onSkip, () => {
      append(this.reader, batch, i, 0)
      return true
    })
    if (!done) {
      for (const { target } of this.observed) truncateColumn(target.column, this.rows)
      return
    }
    this.rows++
    this.heldBytes += bytes
    if (this.rows === ROWS || this.heldBytes > BYTES) this.look()
  }

  private look(): void {
    for (let row = 0; row < (this.ttlColumn?.length ?? 0); row++) this.ttl.add(this.ttlColumn!.values[row]!)
    for (const { target, profiler } of this.observed) {
      if (target.part !== 'ttl_timestamp') profiler.observe(target.column)
      truncateColumn(target.column, 0)
    }
    this.rows = 0
    this.heldBytes = 0
  }

  profile(): StateProfile {
    this.look()
    const { entries, bytes } = this
    const { name, kind } = this.state
    const timers = this.timers.summary()
    const ttl = this.ttl.summary()
    const { ttlMs, now } = this.options
    const fields = this.observed.filter(({ target }) => target.part !== 'ttl_timestamp')
    return {
      name,
      kind,
      entries,
      bytes,
      keys: Math.min(entries, this.distinctKeys.count),
      keyBytes: this.keyBytes.summary(),
      ...(kind !== 'timer' && {
        valueBytes: this.valueBytes.summary(),
        largestKeys: this.large.largestKeys(),
      }),
      ...(this.isMap && { largestEntries: this.large.largestEntries() }),
      ...(timers && { timers }),
      ...(ttl && {
        ttl: { ...ttl, ...(ttlMs !== undefined && now !== undefined && { expired: this.ttl.before(now - ttlMs) }) },
      }),
      fields: fields.flatMap(({ profiler }) => profiler.fields()),
    }
  }
}

const TIMESTAMP_BYTES = 8
