import { KobelError, locate } from '../error.ts'
import type { Blob } from '../format/batch.ts'
import type { KeyedStateInfo } from '../format/keyed-state.ts'
import type {
  KeyedStateHandle,
  OperatorMetadata,
  OperatorStateHandle,
  SubtaskMetadata,
} from '../format/metadata/index.ts'
import { blobsOf } from './blobs.ts'
import { type ChannelState, channelsOf } from './channels.ts'
import { mapConcurrent } from './concurrent.ts'
import {
  type KeyedBatch,
  type KeyedSource,
  type OpenKeyedSource,
  type ScanOptions,
  type SourceContext,
  skippingSource,
} from './keyed-source.ts'
import { KeyedState } from './keyed-state.ts'
import { noSuch } from './names.ts'
import { openKeyedSource } from './open-source.ts'
import { type OperatorSource, openOperatorSource } from './operator-source.ts'
import { OperatorState } from './operator-state.ts'
import { openRawTimersSource } from './raw-timers-source.ts'
import { locatedSkips, type OnSkip, skipOrThrow } from './skipped.ts'

/** A state handle that cannot be read, and why. Scans of the operator throw the error; nothing is left out silently. */
export interface Unreadable {
  readonly subtask: number
  readonly part: 'keyed' | 'operator'
  readonly error: KobelError
}

/** One operator of a snapshot. */
export class Operator {
  readonly metadata: OperatorMetadata
  /** 32 hex digits. */
  readonly id: string
  /** From `_metadata` (Flink 2.x), or a candidate uid whose hash the id is. */
  readonly uid: string | undefined
  readonly name: string | undefined
  readonly parallelism: number
  readonly maxParallelism: number
  /** Every subtask had finished when the snapshot was taken. */
  readonly fullyFinished: boolean
  readonly context: SourceContext
  private readonly keyed: (readonly [SubtaskMetadata, KeyedStateHandle, OpenKeyedSource<KeyedStateHandle>])[]
  private readonly opened = new Map<number, Promise<KeyedSource>>()
  private loading: Promise<void> | undefined
  private loaded:
    | {
        states: readonly (KeyedState | OperatorState)[]
        unreadable: readonly Unreadable[]
        operatorSources: readonly OperatorSource[]
        keyedVersions: readonly number[]
      }
    | undefined

  constructor(metadata: OperatorMetadata, uid: string | undefined, context: Omit<SourceContext, 'maxParallelism'>) {
    this.metadata = metadata
    this.id = metadata.id
    this.uid = uid
    this.name = metadata.name
    this.parallelism = metadata.parallelism
    this.maxParallelism = metadata.maxParallelism
    this.fullyFinished = metadata.fullyFinished
    this.context = { ...context, maxParallelism: metadata.maxParallelism }
    this.keyed = metadata.subtasks.flatMap((subtask) => [
      ...(subtask.managedKeyedState ? [[subtask, subtask.managedKeyedState, openKeyedSource] as const] : []),
      // Timers of a RocksDB job that keeps them on the heap lie in its raw keyed state.
      ...(subtask.rawKeyedState ? [[subtask, subtask.rawKeyedState, openRawTimersSource] as const] : []),
    ])
  }

  /** What the operator is called: its uid, else its name, else its id. */
  get label(): string {
    return this.uid ?? this.name ?? this.id
  }

  /** Keyed states and timers, then operator states. @throws KobelError `USAGE` before {@link load} (option `heads: 'lazy'`). */
  get states(): readonly (KeyedState | OperatorState)[] {
    return this.need().states
  }

  get keyedStates(): readonly KeyedState[] {
    return this.states.filter((state) => state instanceof KeyedState)
  }

  get operatorStates(): readonly OperatorState[] {
    return this.states.filter((state) => state instanceof OperatorState)
  }

  /** Handles that could not be opened. */
  get unreadable(): readonly Unreadable[] {
    return this.need().unreadable
  }

  /** The opened handles of managed operator state, by subtask. */
  get operatorSources(): readonly OperatorSource[] {
    return this.need().operatorSources
  }

  /** Versions of the heads of managed keyed state. */
  get keyedVersions(): readonly number[] {
    return this.need().keyedVersions
  }

  /** Channel, coordinator and raw state. */
  blobs(options: { readonly onSkip?: OnSkip } = {}): Promise<Blob[]> {
    return blobsOf(this.metadata, this.context.streams, options.onSkip && this.located(options.onSkip))
  }

  /** A listener that also hears of which operator something was skipped. */
  private located(onSkip: OnSkip): OnSkip {
    return locatedSkips(onSkip, { operator: this.label })
  }

  /** What an unaligned checkpoint keeps of the channels of this operator's tasks: by subtask, inputs first. */
  channelState(): ChannelState[] {
    return channelsOf(this.metadata, this.context.streams, this.context.records)
  }

  /** Reads the heads of all streams, so that {@link states} are known. Does nothing the second time. */
  load(): Promise<void> {
    this.loading ??= this.loadAll()
    return this.loading
  }

  /**
   * A state by name; in a snapshot opened with `heads: 'lazy'` it is not looked up before it is read.
   * @throws KobelError `NOT_FOUND`, with names that are near.
   */
  state(name: string): KeyedState {
    if (!this.loaded) return new KeyedState(this, name)
    const found = this.keyedStates.find((state) => state.name === name)
    if (found) return found
    const other = this.operatorStates.find((state) => state.name === name)
    if (other) {
      throw new KobelError('USAGE', `${name} is an operator state: use operatorState(name)`, {
        operator: this.label,
        state: name,
      })
    }
    throw noSuch(
      'state',
      name,
      this.states.map((state) => state.name),
      { operator: this.label },
    )
  }

  /** A LIST, UNION or BROADCAST state by name. */
  operatorState(name: string): OperatorState {
    const found = this.operatorStates.find((state) => state.name === name)
    if (found) return found
    throw noSuch(
      'operator state',
      name,
      this.operatorStates.map((state) => state.name),
      { operator: this.label },
    )
  }

  /**
   * The opened handles of keyed state, by subtask. Those that cannot be read are told to `onSkip` and left out.
   * @throws the error of the first of them, without `onSkip`.
   */
  async keyedSources(keyGroups?: readonly [number, number], onSkip?: OnSkip): Promise<KeyedSource[]> {
    const [first, last] = keyGroups ?? [0, this.maxParallelism - 1]
    const wanted = this.keyed.flatMap(([, handle], i) =>
      handle.keyGroupRange.keyGroupFirst <= last && handle.keyGroupRange.keyGroupLast >= first ? [i] : [],
    )
    const opened = await mapConcurrent(wanted, async (i) => {
      try {
        return await this.keyedSource(i)
      } catch (error) {
        const [{ index, rawKeyedState }, handle] = this.keyed[i]!
        const { keyGroupFirst, keyGroupLast } = handle.keyGroupRange
        const part = handle === rawKeyedState ? 'raw-keyed' : 'keyed'
        skipOrThrow(error, onSkip, { part, subtask: index, keyGroups: [keyGroupFirst, keyGroupLast] })
        return undefined
      }
    })
    return opened.filter((source) => source !== undefined)
  }

  /** The first handle of keyed state, which tells the key's type; undefined where the operator has none. */
  async firstKeyedSource(): Promise<KeyedSource | undefined> {
    return this.keyed.length === 0 ? undefined : this.keyedSource(0)
  }

  /** Batches of all keyed state, in ascending order of key groups within each subtask, subtasks in order. */
  async *scan(options: ScanOptions = {}): AsyncGenerator<KeyedBatch, void, undefined> {
    const { onSkip, ...rest } = options
    const located = onSkip && this.located(onSkip)
    const scanning = located ? { ...rest, onSkip: located } : rest
    for (const source of await this.keyedSources(options.keyGroups, located)) yield* source.scan(scanning)
  }

  private keyedSource(i: number): Promise<KeyedSource> {
    const known = this.opened.get(i)
    if (known) return known
    const [subtask, handle, open] = this.keyed[i]!
    const source = open(this.context, subtask.index, handle).then(skippingSource, (error) => {
      throw locate(error, { operator: this.label })
    })
    this.opened.set(i, source)
    return source
  }

  private async loadAll(): Promise<void> {
    const unreadable: Unreadable[] = []
    const attempt = async <T>(
      subtask: number,
      part: Unreadable['part'],
      open: () => Promise<T>,
    ): Promise<T | undefined> => {
      try {
        return await open()
      } catch (error) {
        if (!(error instanceof KobelError)) throw error
        unreadable.push({ subtask, part, error })
        return undefined
      }
    }
    const sources = await mapConcurrent(
      this.keyed.map((_, i) => i),
      (i) => attempt(this.keyed[i]![0].index, 'keyed', () => this.keyedSource(i)),
    )
    const operatorSources = await mapConcurrent(this.metadata.subtasks, (subtask) =>
      attempt(subtask.index, 'operator', async () =>
        subtask.managedOperatorState && !isEmpty(subtask.managedOperatorState)
          ? openOperatorSource(this.context, subtask.index, subtask.managedOperatorState)
          : undefined,
      ),
    )
    const found = operatorSources.filter((source) => source !== undefined)
    const keyedSources = sources.filter((source) => source !== undefined)
    const keyed = mergeKeyed(keyedSources)
    const operator = OperatorState.merge(this, found)
    this.loaded = {
      states: [...[...keyed].map(([name, infos]) => new KeyedState(this, name, infos)), ...operator],
      unreadable,
      operatorSources: found,
      keyedVersions: keyedSources.filter(({ format }) => format !== 'raw-timers').map(({ head }) => head.version),
    }
  }

  private need(): NonNullable<typeof this.loaded> {
    if (this.loaded) return this.loaded
    throw new KobelError(
      'USAGE',
      'the states of an operator are known only after load(), or when the snapshot is opened without heads: lazy',
      {
        operator: this.label,
      },
    )
  }
}

/** With file merging a subtask without operator state has a handle all the same. */
function isEmpty(handle: OperatorStateHandle): boolean {
  return handle.stream.kind === 'empty-segment-file'
}

/** The same state in every subtask that has it, in the order first met. */
function mergeKeyed(sources: readonly KeyedSource[]): Map<string, KeyedStateInfo[]> {
  const merged = new Map<string, KeyedStateInfo[]>()
  for (const source of sources) {
    for (const state of source.states) merged.set(state.name, [...(merged.get(state.name) ?? []), state])
  }
  return merged
}
