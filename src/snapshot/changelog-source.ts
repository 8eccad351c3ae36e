import { equalBytes } from '../bytes/encoding.ts'
import { KobelError } from '../error.ts'
import type { EntryBatch, TimerBatch } from '../format/batch.ts'
import type { MetadataChange } from '../format/changelog.ts'
import { ChangelogOverlay } from '../format/changelog-overlay.ts'
import type { KeyedHead } from '../format/keyed-head.ts'
import { type KeyedStateInfo, keyedStatesOf } from '../format/keyed-state.ts'
import type { ChangelogStateBackendHandle } from '../format/metadata/index.ts'
import { type StateMetaInfo, serializerOf } from '../format/state-meta-info.ts'
import { type SerializerSnapshot, unknownSnapshot } from '../serializer/snapshot.ts'
import { ChangeLog } from './changelog-log.ts'
import { givenKeySerializer, inferKeySerializer, type KeyedChange } from './infer-key.ts'
import {
  type KeyedBatch,
  type KeyedSource,
  type OpenKeyedSource,
  type ScanOptions,
  type SourceContext,
  wantedRange,
} from './keyed-source.ts'

/** Bytes of changes that are held. */
export interface ChangelogLimits {
  /** From opening the handle on, so that small logs are read once. */
  readonly keptBytes: number
  /** While scanning; a single key group may have more. */
  readonly scanBytes: number
}

const LIMITS: ChangelogLimits = { keptBytes: 4 << 20, scanBytes: 64 << 20 }
const MAX_SAMPLES = 512
const MAX_STATES = 32768

/**
 * Opens a handle of the changelog backend (`ChangelogStateBackendHandleImpl`): materialized state of any other kind, and
 * the changes since. The log is read once to know its states. A scan streams the materialized state, and holds the
 * changes of some key groups: as many as fit, at least one. Where nothing has been materialized yet, the type of the
 * key is known from timers, or given by the user, or told from the keys (see `inferKeySerializer`), or is unknown.
 */
export async function openChangelogSource(
  context: SourceContext,
  subtask: number,
  handle: ChangelogStateBackendHandle,
  open: OpenKeyedSource<NonNullable<ChangelogStateBackendHandle['materialized'][number]>>,
  limits: ChangelogLimits = LIMITS,
): Promise<KeyedSource> {
  const bases: KeyedSource[] = []
  for (const materialized of handle.materialized) {
    if (materialized !== null) bases.push(await open(context, subtask, materialized))
  }
  const log = new LogIndex(new ChangeLog(context, handle), limits.keptBytes)
  await log.open()
  const keySerializer =
    bases[0]?.head.keySerializer ??
    keySerializerOf(log.metadata) ??
    givenKeySerializer(context) ??
    inferKeySerializer(context.table, log.samples, context.maxParallelism) ??
    unknownSnapshot('unknown', 0, new Uint8Array(0))
  const states = new ChangelogStates(bases, log.metadata, keySerializer)
  const [base] = bases
  const head: KeyedHead = {
    version: base?.head.version ?? 6,
    compressed: base?.head.compressed ?? false,
    keySerializer,
    states: states.states.flatMap((state) => state.metaInfo ?? []),
    ...(base?.head.cut && { cut: base.head.cut }),
    length: 0,
  }
  return {
    format: 'changelog',
    subtask,
    keyGroupRange: handle.keyGroupRange,
    head,
    states: states.states,
    storedBytes: bases.reduce((sum, each) => sum + each.storedBytes, log.bytes),
    scan: (options = {}) => scanChangelog(handle, bases, log, states, options, limits.scanBytes),
  }
}

/** Every timer service names the key's serializer. */
function keySerializerOf(metadata: Iterable<MetadataChange>): SerializerSnapshot | undefined {
  for (const { info } of metadata) {
    if (info.backendStateType !== 'PRIORITY_QUEUE') continue
    const body = serializerOf(info, 'VALUE_SERIALIZER')?.body as { readonly nested?: readonly SerializerSnapshot[] }
    const key = body?.nested?.[0]
    if (key) return key
  }
  return undefined
}

/** Changes of one key group: the state of each, and its bytes. */
interface Changes {
  readonly metadata: MetadataChange[]
  readonly bytes: Uint8Array[]
}

/** What a log holds, without its changes if they are many. */
class LogIndex {
  readonly metadata: Set<MetadataChange> = new Set()
  /** Bytes of all changes. */
  bytes = 0
  /** Some changes of states that are not timers. */
  readonly samples: KeyedChange[] = []
  private readonly log: ChangeLog
  private readonly keptBytes: number
  private readonly bytesByKeyGroup = new Map<number, number>()
  private kept: Map<number, Changes> | undefined = new Map()

  constructor(log: ChangeLog, keptBytes: number) {
    this.log = log
    this.keptBytes = keptBytes
  }

  async open(): Promise<void> {
    await this.log.walk(
      (metadata) => {
        this.metadata.add(metadata)
        if (this.metadata.size > MAX_STATES) {
          throw new KobelError('LIMIT', `a changelog declares more than ${MAX_STATES} states`)
        }
      },
      (keyGroup, metadata, change) => {
        this.bytes += change.length
        this.bytesByKeyGroup.set(keyGroup, (this.bytesByKeyGroup.get(keyGroup) ?? 0) + change.length)
        if (this.samples.length < MAX_SAMPLES && metadata.info.backendStateType !== 'PRIORITY_QUEUE') {
          this.samples.push({ keyGroup, bytes: change.slice() })
        }
        if (this.bytes > this.keptBytes) this.kept = undefined
        if (this.kept) addChange(this.kept, keyGroup, metadata, change)
      },
    )
  }

  /** Key groups with changes, ascending. */
  keyGroups(first: number, last: number): number[] {
    return [...this.bytesByKeyGroup.keys()].filter((each) => each >= first && each <= last).sort((a, b) => a - b)
  }

  /** The changes of the first of these key groups, and of those behind it that fit into the memory allowed. */
  async changes(keyGroups: readonly number[], limitBytes: number): Promise<Map<number, Changes>> {
    if (this.kept) return this.kept
    const taken = new Set<number>()
    let bytes = 0
    for (const keyGroup of keyGroups) {
      bytes += this.bytesByKeyGroup.get(keyGroup)!
      if (bytes > limitBytes && taken.size > 0) break
      taken.add(keyGroup)
    }
    const changes = new Map<number, Changes>()
    await this.log.walk(
      () => {},
      (keyGroup, metadata, change) => {
        if (taken.has(keyGroup)) addChange(changes, keyGroup, metadata, change)
      },
    )
    return changes
  }
}

function addChange(to: Map<number, Changes>, keyGroup: number, metadata: MetadataChange, change: Uint8Array): void {
  let changes = to.get(keyGroup)
  if (!changes) {
    changes = { metadata: [], bytes: [] }
    to.set(keyGroup, changes)
  }
  changes.metadata.push(metadata)
  changes.bytes.push(change.slice())
}

/** The states of the bases and of the log, each once. */
class ChangelogStates {
  readonly states: KeyedStateInfo[] = []
  private readonly ids = new Map<KeyedStateInfo, number>()
  private readonly idsByName = new Map<string, readonly number[]>()
  private readonly logIds = new Map<StateMetaInfo, number>()

  constructor(bases: readonly KeyedSource[], metadata: Iterable<MetadataChange>, key: SerializerSnapshot) {
    for (const base of bases) for (const state of base.states) this.idOf(state)
    for (const { info } of metadata) {
      const head = { version: 6, compressed: false, keySerializer: key, states: [info], length: 0 }
      const [state] = keyedStatesOf(head)
      // Every part of a change was skipped by its own serializer.
      this.logIds.set(info, this.idOf({ ...state!, splits: state!.splits || state!.kind !== 'unknown' }))
    }
  }

  /** The id of a base's state. */
  idOf(state: KeyedStateInfo): number {
    const known = this.ids.get(state)
    if (known !== undefined) return known
    const named = this.idsByName.get(state.name) ?? []
    const id = named.find((each) => isSame(this.states[each]!, state)) ?? this.states.push(state) - 1
    if (!named.includes(id)) this.idsByName.set(state.name, [...named, id])
    this.ids.set(state, id)
    return id
  }

  /** The id of a log's state. */
  logIdOf(metadata: MetadataChange): number {
    return this.logIds.get(metadata.info)!
  }

  /** The batch with the ids and states of this source. */
  rename<B extends EntryBatch | TimerBatch>(batch: B): B {
    const stateIds = batch.stateIds.map((id) => this.idOf(batch.states[id]!))
    return { ...batch, stateIds, states: this.states }
  }
}

function isSame(a: KeyedStateInfo, b: KeyedStateInfo): boolean {
  if (a.name !== b.name || a.kind !== b.kind || a.splits !== b.splits || !a.metaInfo || !b.metaInfo) return false
  const other = b.metaInfo
  return (
    a.metaInfo.serializers.length === other.serializers.length &&
    a.metaInfo.serializers.every(([name, { raw }]) => {
      const found = serializerOf(other, name)
      return found !== undefined && equalBytes(found.raw, raw)
    })
  )
}

async function* scanChangelog(
  handle: ChangelogStateBackendHandle,
  bases: readonly KeyedSource[],
  log: LogIndex,
  states: ChangelogStates,
  options: ScanOptions,
  scanBytes: number,
): AsyncGenerator<KeyedBatch, void, undefined> {
  const { first, last } = wantedRange(handle.keyGroupRange, options)
  const logged = log.keyGroups(first, last)
  let changes: Map<number, Changes> = new Map()
  const cursors = bases.map((base) => new BatchCursor(base.scan({ ...options, keyGroups: [first, last] })))
  try {
    for (const cursor of cursors) await cursor.next()
    for (;;) {
      const keyGroup = Math.min(
        logged[0] ?? Number.POSITIVE_INFINITY,
        ...cursors.map((cursor) => cursor.batch?.keyGroup ?? Number.POSITIVE_INFINITY),
      )
      if (keyGroup === Number.POSITIVE_INFINITY) return
      let overlay: ChangelogOverlay | undefined
      if (logged[0] === keyGroup) {
        if (!changes.has(keyGroup)) changes = await log.changes(logged, scanBytes)
        overlay = overlayOf(keyGroup, changes.get(keyGroup)!, states, options)
        logged.shift()
      }
      for (const cursor of cursors) {
        while (cursor.batch?.keyGroup === keyGroup) {
          const renamed = states.rename(cursor.batch)
          const left = overlay ? overlay.filter(renamed) : renamed
          if (left) yield left
          await cursor.next()
        }
      }
      if (overlay) yield* overlay.finish()
    }
  } finally {
    for (const cursor of cursors) await cursor.close()
  }
}

function overlayOf(
  keyGroup: number,
  changes: Changes,
  states: ChangelogStates,
  options: ScanOptions,
): ChangelogOverlay {
  const overlay = new ChangelogOverlay(keyGroup, states)
  changes.bytes.forEach((change, i) => {
    const stateId = states.logIdOf(changes.metadata[i]!)
    if (options.wanted?.(states.states[stateId]!) ?? true) overlay.apply(stateId, change)
  })
  return overlay
}

/** The batch of a scan that comes next. */
class BatchCursor {
  batch: KeyedBatch | undefined
  private readonly scan: AsyncGenerator<KeyedBatch, void, undefined>

  constructor(scan: AsyncGenerator<KeyedBatch, void, undefined>) {
    this.scan = scan
  }

  async next(): Promise<void> {
    const { value } = await this.scan.next()
    this.batch = value ?? undefined
  }

  async close(): Promise<void> {
    await this.scan.return()
  }
}
