import { KobelError, locate } from '../error.ts'
import type { KeyedHead } from '../format/keyed-head.ts'
import { type KeyedStateInfo, keyedStatesOf } from '../format/keyed-state.ts'
import type { KeyedStateHandle, KeyGroupOffsets } from '../format/metadata/index.ts'
import {
  isRawTimers,
  RAW_TIMERS_MARK_BYTES,
  type RawTimerService,
  type RawTimerStates,
  RawTimersScanner,
} from '../format/raw-timers.ts'
import type { StateMetaInfo } from '../format/state-meta-info.ts'
import { createSnapshot } from '../serializer/row.ts'
import { type SerializerSnapshot, unknownSnapshot } from '../serializer/snapshot.ts'
import { type KeyGroupExtent, keyGroupExtents, PlainBytes } from './canonical-source.ts'
import type { KeyedBatch, KeyedSource, ScanOptions, SourceContext } from './keyed-source.ts'
import { skipOrThrow } from './skipped.ts'
import { type StateStream, StreamWindow, WINDOW_BYTES } from './streams.ts'

const TIMER_SNAPSHOT = 'org.apache.flink.streaming.api.operators.TimerSerializerSnapshot'
const MAX_STATES = 32768

/**
 * Timers in the raw keyed state of an operator, under the names that they have as managed state. Raw keyed state may as
 * well be the user's own: then this source has no states. The first key group is read to know the timer services.
 */
export async function openRawTimersSource(
  context: SourceContext,
  subtask: number,
  handle: KeyedStateHandle,
  windowBytes: number = WINDOW_BYTES,
): Promise<KeyedSource> {
  const states = new TimerStates(context)
  const stream = 'offsets' in handle ? await context.streams.open(handle.stream) : undefined
  const timers =
    'offsets' in handle && stream ? new TimerStream(context, subtask, handle, stream, states, windowBytes) : undefined
  const found = (await timers?.readServices()) ?? false
  return {
    format: 'raw-timers',
    subtask,
    keyGroupRange: handle.keyGroupRange,
    head: {
      version: 6,
      compressed: false,
      keySerializer: states.key ?? unknownSnapshot('unknown', 0, new Uint8Array(0)),
      states: states.states.flatMap((state) => state.metaInfo ?? []),
      length: 0,
    },
    states: states.states,
    storedBytes: found && stream ? stream.length : 0,
    scan: (options = {}) => (found && timers ? timers.scan(options) : nothing()),
  }
}

async function* nothing(): AsyncGenerator<KeyedBatch, void, undefined> {}

/** The two states of every timer service met so far. */
class TimerStates implements RawTimerStates {
  readonly states: KeyedStateInfo[] = []
  key: SerializerSnapshot | undefined
  private readonly context: SourceContext
  private readonly ids = new Map<string, { event: number; processing: number }>()

  constructor(context: SourceContext) {
    this.context = context
  }

  idsOf(service: RawTimerService): { event: number; processing: number } {
    const name = `${service.name} ${service.key.raw.join()} ${service.namespace.raw.join()}`
    const known = this.ids.get(name)
    if (known) return known
    this.key ??= service.key
    const ids = { event: this.add('event', service), processing: this.add('processing', service) }
    this.ids.set(name, ids)
    return ids
  }

  private add(domain: string, { name, key, namespace }: RawTimerService): number {
    if (this.states.length >= MAX_STATES) {
      throw new KobelError('LIMIT', `more than ${MAX_STATES} kinds of timers are beyond what Flink can have`)
    }
    const row = this.context.table.get(TIMER_SNAPSHOT)
    if (!row) throw new KobelError('UNKNOWN_SERIALIZER', `the table of serializers has no row for ${TIMER_SNAPSHOT}`)
    const timer = createSnapshot(row, { outerVersion: 2, outer: undefined, nested: [key, namespace] })
    const info: StateMetaInfo = {
      name: `_timer_state/${domain}_${name}`,
      backendStateType: 'PRIORITY_QUEUE',
      options: [],
      serializers: [['VALUE_SERIALIZER', timer]],
    }
    const head: KeyedHead = { version: 6, compressed: false, keySerializer: key, states: [info], length: 0 }
    const [state] = keyedStatesOf(head)
    return this.states.push({ ...state!, splits: true }) - 1
  }
}

class TimerStream {
  private readonly context: SourceContext
  private readonly subtask: number
  private readonly handle: KeyGroupOffsets
  private readonly stream: StateStream
  private readonly states: TimerStates
  private readonly windowBytes: number

  constructor(
    context: SourceContext,
    subtask: number,
    handle: KeyGroupOffsets,
    stream: StateStream,
    states: TimerStates,
    windowBytes: number,
  ) {
    this.context = context
    this.subtask = subtask
    this.handle = handle
    this.stream = stream
    this.states = states
    this.windowBytes = windowBytes
  }

  /** False where the stream holds something else. */
  async readServices(): Promise<boolean> {
    const [first] = keyGroupExtents(this.handle, this.stream.length, {}, 0)
    if (!first) return false
    const window = new StreamWindow(this.stream, first.end, this.windowBytes)
    const length = Math.min(RAW_TIMERS_MARK_BYTES, first.end - first.start)
    const mark = await window.at(first.start, length)
    if (!isRawTimers(mark.subarray(0, length))) return false
    // Services follow one another with their timers between them.
    for await (const _ of this.scanKeyGroup(window, first, () => false));
    return true
  }

  async *scan(options: ScanOptions): AsyncGenerator<KeyedBatch, void, undefined> {
    const extents = keyGroupExtents(this.handle, this.stream.length, options, 0)
    const end = Math.max(0, ...extents.map((extent) => extent.end))
    const window = new StreamWindow(this.stream, end, this.windowBytes)
    for (const extent of extents) {
      try {
        yield* this.scanKeyGroup(window, extent, options.wanted)
      } catch (error) {
        const { keyGroup } = extent
        const skipped = { part: 'raw-keyed', subtask: this.subtask, keyGroups: [keyGroup, keyGroup] } as const
        skipOrThrow(error, options.onSkip, skipped)
      }
    }
  }

  private async *scanKeyGroup(
    window: StreamWindow,
    extent: KeyGroupExtent,
    wanted: ScanOptions['wanted'],
  ): AsyncGenerator<KeyedBatch, void, undefined> {
    const { table, options } = this.context
    const scanner = new RawTimersScanner(this.states, extent.keyGroup, table, options, wanted)
    const plain = new PlainBytes(window, extent)
    let atLeast = 1
    try {
      for (;;) {
        const bytes = await plain.window(atLeast)
        const step = scanner.step(bytes)
        if (step.timers) yield step.timers
        if (step.done) return
        if (bytes.length < atLeast) throw new KobelError('TRUNCATED', 'a key group ends inside its timers')
        plain.consume(step.consumed)
        const left = bytes.length - step.consumed
        atLeast = step.consumed === 0 ? left * 2 || 1 : left + 1
      }
    } catch (error) {
      throw locate(error, { file: this.stream.location, keyGroup: extent.keyGroup })
    }
  }
}
