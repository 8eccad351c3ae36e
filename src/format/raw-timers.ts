import { Reader } from '../bytes/reader.ts'
import type { Writer } from '../bytes/writer.ts'
import { KobelError, locate } from '../error.ts'
import { readWithExtents } from '../serializer/extents.ts'
import { skipValue } from '../serializer/interpreter/skip.ts'
import type { SerializerOptions } from '../serializer/options.ts'
import type { SerializerTable } from '../serializer/row.ts'
import { readVersionedSnapshot, type SerializerSnapshot, writeVersionedSnapshot } from '../serializer/snapshot.ts'
import type { TimerBatch } from './batch.ts'
import { TimerBuilder } from './batch-builder.ts'
import type { KeyedStateInfo } from './keyed-state.ts'

/**
 * Timers in a raw keyed stream: those of RocksDB with its timers on the heap, in checkpoints. At the offset of each key
 * group (`InternalTimerServiceSerializationProxy`, `InternalTimersSnapshotReaderWriters`, `LegacyTimerSerializer`):
 *
 *     f1 cd 85 9f                       "has a version" (`PostVersionedIOReadableWritable`)
 *     i32 2                             version
 *     i32 n, for each timer service:
 *       utf name
 *       versioned snapshots of the key's and the namespace's serializer
 *       i32 n, event timers             each: key, namespace, i64 timestamp with its sign bit as it is
 *       i32 n, processing timers
 */
const IDENTIFIER: readonly number[] = [0xf1, 0xcd, 0x85, 0x9f]
const VERSION = 2
const HEAD_BYTES = 12

/** Whether these are the first bytes of a key group with timers, in the form of Flink 1.8 and later. */
export function isRawTimers(bytes: Uint8Array): boolean {
  return (
    bytes.length >= HEAD_BYTES &&
    IDENTIFIER.every((byte, i) => bytes[i] === byte) &&
    new Reader(bytes, 4).i32() === VERSION
  )
}

/** A timer service as a key group declares it. */
export interface RawTimerService {
  readonly name: string
  readonly key: SerializerSnapshot
  readonly namespace: SerializerSnapshot
}

/** States by their ids, and the ids of a service's event and processing timers. */
export interface RawTimerStates {
  readonly states: readonly KeyedStateInfo[]
  idsOf(service: RawTimerService): { readonly event: number; readonly processing: number }
}

/** What one window gave. */
export interface RawTimersStep {
  readonly timers: TimerBatch | undefined
  /** Bytes of the window that were used; the rest must come again at the front of the next window. */
  readonly consumed: number
  readonly done: boolean
}

/** Walks one key group in windows, as `HeapScanner` does. */
export class RawTimersScanner {
  private readonly target: RawTimerStates
  private readonly keyGroup: number
  private readonly table: SerializerTable
  private readonly options: SerializerOptions
  private readonly wanted: ((state: KeyedStateInfo) => boolean) | undefined
  private servicesLeft: number | undefined
  /** What comes next of the service that goes on: how many timers, of which state, and the state after it. */
  private run: { readonly stateId: number; left: number | undefined; readonly after: number | undefined } | undefined

  constructor(
    target: RawTimerStates,
    keyGroup: number,
    table: SerializerTable,
    options: SerializerOptions,
    wanted?: (state: KeyedStateInfo) => boolean,
  ) {
    this.target = target
    this.keyGroup = keyGroup
    this.table = table
    this.options = options
    this.wanted = wanted
  }

  step(window: Uint8Array): RawTimersStep {
    const reader = new Reader(window)
    const found = new TimerBuilder()
    let start = 0
    try {
      while (this.servicesLeft !== 0 || this.run !== undefined) {
        start = reader.offset
        this.next(reader, found, (whole) => {
          start = whole
        })
      }
    } catch (error) {
      if (!(error instanceof KobelError) || error.code !== 'TRUNCATED') {
        throw locate(error, { keyGroup: this.keyGroup })
      }
      reader.offset = start
    }
    return {
      timers: found.count > 0 ? found.batch(window, this.keyGroup, this.target.states) : undefined,
      consumed: reader.offset,
      done: this.servicesLeft === 0 && this.run === undefined,
    }
  }

  /** Reads the next head, or timers; `onWhole` hears how far the window is used. */
  private next(reader: Reader, found: TimerBuilder, onWhole: (offset: number) => void): void {
    if (this.servicesLeft === undefined) {
      this.servicesLeft = this.readHead(reader)
      return
    }
    if (this.run === undefined) {
      const ids = this.target.idsOf(this.readService(reader))
      this.servicesLeft--
      this.run = { stateId: ids.event, left: undefined, after: ids.processing }
      return
    }
    const { run } = this
    const state = this.target.states[run.stateId]!
    if (run.left === undefined) {
      run.left = reader.i32()
      if (run.left < 0) throw new KobelError('CORRUPT', `the number of timers is ${run.left}`, { state: state.name })
    }
    onWhole(reader.offset)
    const collect = this.wanted === undefined || this.wanted(state)
    for (; run.left > 0; run.left--) {
      const keyStart = reader.offset
      skipValue(state.key, reader)
      const keyEnd = reader.offset
      skipValue(state.namespace, reader)
      const end = reader.offset
      const timestamp = reader.i64()
      if (collect) found.add(run.stateId, timestamp, keyStart, keyEnd, keyEnd, end)
      onWhole(reader.offset)
    }
    this.run = run.after === undefined ? undefined : { stateId: run.after, left: undefined, after: undefined }
  }

  private readHead(reader: Reader): number {
    const head = reader.take(HEAD_BYTES)
    if (!isRawTimers(head)) throw new KobelError('CORRUPT', 'timers do not begin with their mark and version')
    const count = new Reader(head, 8).i32()
    if (count < 0) throw new KobelError('CORRUPT', `the number of timer services is ${count}`)
    return count
  }

  private readService(reader: Reader): RawTimerService {
    const start = reader.offset
    const { service, end } = readWithExtents(reader.bytes, undefined, this.table, (source) => {
      source.reader.offset = start
      const name = source.reader.utf()
      const key = readVersionedSnapshot({ ...source, options: this.options })
      const namespace = readVersionedSnapshot({ ...source, options: this.options })
      return { service: { name, key, namespace }, end: source.reader.offset }
    })
    reader.offset = end
    return service
  }
}

/** Timers of a service to be written: key, namespace and timestamp of each. */
export interface RawTimers extends RawTimerService {
  readonly event: readonly RawTimer[]
  readonly processing: readonly RawTimer[]
}

export interface RawTimer {
  readonly key: Uint8Array
  readonly namespace: Uint8Array
  readonly timestamp: bigint
}

export function writeRawTimers(writer: Writer, services: readonly RawTimers[]): void {
  writer.raw(Uint8Array.from(IDENTIFIER))
  writer.i32(VERSION)
  writer.i32(services.length)
  for (const service of services) {
    writer.utf(service.name)
    writeVersionedSnapshot(writer, service.key)
    writeVersionedSnapshot(writer, service.namespace)
    for (const timers of [service.event, service.processing]) {
      writer.i32(timers.length)
      for (const { key, namespace, timestamp } of timers) {
        writer.raw(key)
        writer.raw(namespace)
        writer.i64(timestamp)
      }
    }
  }
}
