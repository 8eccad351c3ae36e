import { Reader } from '../bytes/reader.ts'
import type { Writer } from '../bytes/writer.ts'
import { KobelError, locate } from '../error.ts'
import { readWithExtents } from '../serializer/extents.ts'
import { readSerializersAndConfigs } from '../serializer/families/legacy-block.ts'
import { skipValue } from '../serializer/interpreter/skip.ts'
import type { SerializerOptions } from '../serializer/options.ts'
import type { SerializerTable } from '../serializer/row.ts'
import {
  readVersionedSnapshot,
  type SerializerSnapshot,
  type SnapshotSource,
  writeVersionedSnapshot,
} from '../serializer/snapshot.ts'
import type { TimerBatch } from './batch.ts'
import { TimerBuilder } from './batch-builder.ts'
import type { KeyedStateInfo } from './keyed-state.ts'
import { readUnframedSerializer } from './legacy-head.ts'

/**
 * Timers in a raw keyed stream: those of RocksDB with its timers on the heap, in checkpoints. At the offset of each key
 * group (`InternalTimerServiceSerializationProxy`, `InternalTimersSnapshotReaderWriters`, `LegacyTimerSerializer`):
 *
 *     f1 cd 85 9f                       "has a version" (`PostVersionedIOReadableWritable`)
 *     i32 2                             version; 1 in Flink 1.4 to 1.7
 *     i32 n, for each timer service:
 *       utf name
 *       versioned snapshots of the key's and the namespace's serializer; in version 1 a block of serializers and configs
 *       i32 n, event timers             each: key, namespace, i64 timestamp with its sign bit as it is
 *       i32 n, processing timers
 *
 * Flink 1.2 and 1.3 had neither mark nor version, and the serializers as two Java object streams.
 */
const IDENTIFIER: readonly number[] = [0xf1, 0xcd, 0x85, 0x9f]
const VERSION = 2
const HEAD_BYTES = 12
/** `java.io.ObjectStreamConstants`: magic and version. */
const JAVA_STREAM = 0xaced0005
/** More timer services than an operator has. */
const MAX_SERVICES = 1 << 10
const MAX_NAME_BYTES = 512

/** Bytes from the beginning of a key group that tell whether it holds timers. */
export const RAW_TIMERS_MARK_BYTES: number = HEAD_BYTES + MAX_NAME_BYTES

/** 0: without a mark. `undefined`: these are not the first bytes of a key group with timers. */
function versionOf(bytes: Uint8Array): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length >= HEAD_BYTES && IDENTIFIER.every((byte, i) => bytes[i] === byte)) {
    const version = view.getInt32(4)
    return version === 1 || version === VERSION ? version : undefined
  }
  if (bytes.length < 10) return undefined
  const services = view.getInt32(0)
  const behindName = 6 + view.getUint16(4)
  const has = services > 0 && services <= MAX_SERVICES && behindName + 4 <= bytes.length
  return has && view.getUint32(behindName) === JAVA_STREAM ? 0 : undefined
}

/** Whether these are the first bytes of a key group with timers. */
export function isRawTimers(bytes: Uint8Array): boolean {
  return versionOf(bytes) !== undefined
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
  private version = VERSION
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
    const start = reader.offset
    const version = versionOf(reader.bytes.subarray(start, Math.min(reader.limit, start + RAW_TIMERS_MARK_BYTES)))
    if (version === undefined) {
      // The first service of the form without a mark may be cut off by the end of the window.
      reader.need(RAW_TIMERS_MARK_BYTES)
      throw new KobelError('CORRUPT', 'timers do not begin with their mark and version')
    }
    this.version = version
    if (version > 0) reader.skip(8)
    const count = reader.i32()
    if (count < 0) throw new KobelError('CORRUPT', `the number of timer services is ${count}`)
    return count
  }

  private readService(reader: Reader): RawTimerService {
    const start = reader.offset
    const { service, end } = readWithExtents(reader.bytes, undefined, this.table, (source) => {
      source.reader.offset = start
      const name = source.reader.utf()
      const [key, namespace] = readSerializers({ ...source, options: this.options }, this.version)
      return { service: { name, key, namespace }, end: source.reader.offset }
    })
    reader.offset = end
    return service
  }
}

/** The serializers of key and namespace. */
function readSerializers(
  source: SnapshotSource,
  version: number,
): readonly [key: SerializerSnapshot, namespace: SerializerSnapshot] {
  if (version === VERSION) return [readVersionedSnapshot(source), readVersionedSnapshot(source)]
  if (version === 0) return [readUnframedSerializer(source), readUnframedSerializer(source)]
  const [key, namespace] = readSerializersAndConfigs(source)
  if (key && namespace) return [key, namespace]
  throw new KobelError('CORRUPT', 'timers have no serializers of key and namespace', { offset: source.reader.offset })
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
