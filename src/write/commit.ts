import { fromBase64 } from '../bytes/encoding.ts'
import { sha256 } from '../bytes/sha256.ts'
import { KobelError } from '../error.ts'
import {
  type Metadata,
  type OperatorMetadata,
  type StreamStateHandle,
  type SubtaskMetadata,
  writeMetadata,
} from '../format/metadata/index.ts'
import { keyGroupRangeOf } from '../snapshot/key-groups.ts'
import { join } from '../store/store.ts'
import type { WritableStore } from '../store/writable.ts'
import { type Base, copyBase, readBase, referBase, type TakenBase } from './base.ts'
import { flinkTarget } from './flink-target.ts'
import { mergeHandles, type PartitionHandle, type WriteHandle, type WrittenStream } from './handle.ts'
import { type PlanOperator, partitionId, partitionsOf, planHash, type WritePlan } from './plan.ts'

const METADATA = '_metadata'

export interface CommitOptions {
  /** Removes files that writers left behind and the savepoint does not refer to. */
  readonly clean?: boolean
  /** A savepoint whose operators become part of the new one; the plan has none of them. */
  readonly base?: Base
  /** Copies the files of the base, so that the new savepoint needs it no more; else it refers to them where they are. */
  readonly copy?: boolean
}

export interface CommitResult {
  readonly directory: string
  readonly files: number
  /** Of `_metadata` and the files it refers to. */
  readonly bytes: number
  /** Files beside that the savepoint does not refer to: of workers that died or ran twice. */
  readonly orphans: readonly string[]
  /** Those of the orphans that were removed. */
  readonly removed: readonly string[]
}

/** @throws KobelError `CONFLICT` where something lies in the directory that no writer of kobel left there. */
export async function checkTarget(store: WritableStore, directory: string): Promise<void> {
  const entries = await store.list(directory)
  if (entries.some((entry) => entry.name === METADATA)) throw targetExists(directory)
  const other = entries.find((entry) => entry.directory || !isOwnName(entry.name))
  if (!other && (await store.size(directory)) === undefined) return
  throw new KobelError('CONFLICT', `the target holds other files${other ? `: ${other.name}` : ''}; name an empty one`, {
    file: directory,
  })
}

function targetExists(directory: string): KobelError {
  return new KobelError('CONFLICT', 'the target is a savepoint already; it is not changed. Name another directory', {
    file: directory,
  })
}

/** Names of files that kobel's writers make: of partitions, and of what is not whole yet. */
function isOwnName(name: string): boolean {
  return /^[0-9a-f]{32}-(keyed|operator|copy)-\d+-[0-9a-f]{16}$/.test(name) || name.startsWith('.kobel-')
}

/**
 * Makes the savepoint: before this there is none, afterwards a whole one. `_metadata` is written last and only where
 * there is none.
 *
 * @throws KobelError `CONFLICT` where the target is a savepoint already, a partition of the plan is missing, a handle
 *   does not fit the plan, or the base has an operator of it; `NOT_FOUND` where a file of a handle is not in the directory.
 */
export async function commit(
  store: WritableStore,
  directory: string,
  plan: WritePlan,
  handle: WriteHandle,
  options: CommitOptions = {},
): Promise<CommitResult> {
  const location = join(directory, METADATA)
  if ((await store.size(location)) !== undefined) throw targetExists(directory)
  const written = checkPartitions(plan, mergeHandles([handle]))
  const files = await checkFiles(store, directory, [...written.values()])
  const base = options.base && (await takeBase(store, directory, plan, options.base, options.copy ?? false))
  for (const [name, size] of base?.copied ?? []) files.set(name, size)
  const metadata = writeMetadata(metadataOf(plan, written, base))
  try {
    await store.writeNew(location, metadata)
  } catch (error) {
    throw error instanceof KobelError && error.code === 'CONFLICT' ? targetExists(directory) : error
  }
  const names = (await store.list(directory)).filter((entry) => !entry.directory).map((entry) => entry.name)
  const vanished = [...files.keys()].filter((name) => !names.includes(name))
  if (vanished.length > 0) {
    // Somebody removes what is written: `_metadata` alone would look whole.
    await store.remove(location)
    throw new KobelError('STORE', `files vanished while the savepoint was made: ${vanished.slice(0, 4).join(', ')}`, {
      file: directory,
    })
  }
  const orphans = names.filter((name) => name !== METADATA && !files.has(name)).sort()
  const removed = options.clean ? orphans.filter(isOwnName) : []
  for (const name of removed) await store.remove(join(directory, name))
  const bytes = [...files.values()].reduce((sum, size) => sum + size, metadata.length + (base?.referenced ?? 0))
  return { directory, files: files.size + 1, bytes, orphans, removed }
}

async function takeBase(
  store: WritableStore,
  directory: string,
  plan: WritePlan,
  base: Base,
  copy: boolean,
): Promise<TakenBase> {
  const metadata = await readBase(base, plan.operators)
  const { metadataVersion } = flinkTarget(plan.flink)
  if (metadata.version > metadataVersion) {
    throw new KobelError(
      'INCOMPATIBLE',
      `the savepoint is of a newer Flink than ${plan.flink}: its _metadata has version ${metadata.version}, ${metadataVersion} would be written`,
      { file: base.directory },
    )
  }
  return copy ? copyBase(base, metadata, store, directory) : referBase(base, metadata)
}

/** Every partition of the plan is there once, and covers what Flink's formula gives its subtask. */
function checkPartitions(plan: WritePlan, handle: WriteHandle): Map<string, PartitionHandle> {
  const hash = planHash(plan)
  if (handle.plan !== hash) {
    throw new KobelError('CONFLICT', `the handle is of another plan: ${handle.plan}, this one is ${hash}`)
  }
  const written = new Map(handle.partitions.map((each) => [each.id, each]))
  const wanted = partitionsOf(plan)
  const missing = wanted.map(partitionId).filter((id) => !written.has(id))
  if (missing.length > 0) {
    const names = missing.slice(0, 8).join(', ')
    throw new KobelError(
      'CONFLICT',
      `${missing.length} of ${wanted.length} partitions are missing: ${names}${missing.length > 8 ? ', …' : ''}`,
    )
  }
  const known = new Set(wanted.map(partitionId))
  const operators = new Map(plan.operators.map((operator) => [operator.id, operator]))
  for (const each of handle.partitions) {
    const operator = operators.get(each.operator)
    if (!operator || !known.has(partitionId(each)) || each.id !== partitionId(each)) {
      throw new KobelError('CONFLICT', `the plan has no partition ${each.id}`)
    }
    if (each.part === 'keyed') checkKeyGroups(operator, each)
    else if (!each.states) throw new KobelError('CONFLICT', `the handle of ${each.id} names no states`)
  }
  return written
}

function checkKeyGroups({ maxParallelism, parallelism }: PlanOperator, handle: PartitionHandle): void {
  const { keyGroupFirst, keyGroupLast } = keyGroupRangeOf(maxParallelism, parallelism, handle.subtask)
  const { keyGroups } = handle
  if (
    keyGroups?.keyGroupFirst === keyGroupFirst &&
    keyGroups.keyGroupLast === keyGroupLast &&
    keyGroups.offsets.length === keyGroupLast - keyGroupFirst + 1
  )
    return
  throw new KobelError(
    'CONFLICT',
    `the partition ${handle.id} must have the key groups ${keyGroupFirst} to ${keyGroupLast}, its handle has ${keyGroups?.keyGroupFirst} to ${keyGroups?.keyGroupLast}`,
    { operator: handle.operator },
  )
}

async function checkFiles(
  store: WritableStore,
  directory: string,
  handles: readonly PartitionHandle[],
): Promise<Map<string, number>> {
  const files = new Map<string, number>()
  for (const { id, stream } of handles) {
    if ('inline' in stream) {
      if (sha256(fromBase64(stream.inline)) === stream.sha256) continue
      throw new KobelError('CORRUPT', `the bytes in the handle of ${id} do not fit their hash`)
    }
    const file = join(directory, stream.file)
    if (!isOwnName(stream.file)) throw new KobelError('USAGE', `a file of a handle has a strange name: ${stream.file}`)
    const size = await store.size(file)
    if (size === undefined) throw new KobelError('NOT_FOUND', `the file of the partition ${id} is missing`, { file })
    if (size !== stream.size) {
      throw new KobelError('CORRUPT', `the file of ${id} has ${size} bytes, its handle says ${stream.size}`, { file })
    }
    files.set(stream.file, size)
  }
  return files
}

/** The id and properties of a base are kept: sinks compare the one, and Flink reads the other. */
function metadataOf(
  plan: WritePlan,
  written: ReadonlyMap<string, PartitionHandle>,
  base: TakenBase | undefined,
): Metadata {
  const masterStates = plan.masterStates.map(({ name, version, bytes }) => ({
    name,
    version,
    bytes: fromBase64(bytes),
  }))
  const properties =
    base?.metadata.properties ??
    (plan.properties === null ? undefined : { raw: fromBase64(plan.properties), parsed: undefined })
  const own = plan.operators.map((operator) => operatorMetadata(operator, written))
  return {
    version: flinkTarget(plan.flink).metadataVersion,
    checkpointId: base?.metadata.checkpointId ?? BigInt(plan.checkpointId),
    masterStates: [...(base?.metadata.masterStates ?? []), ...masterStates],
    operators: [...own, ...(base?.operators ?? [])].sort((a, b) => (a.id < b.id ? -1 : 1)),
    ...(properties && { properties }),
  }
}

function operatorMetadata(operator: PlanOperator, written: ReadonlyMap<string, PartitionHandle>): OperatorMetadata {
  const { id, uid, name, parallelism, maxParallelism, coordinator } = operator
  const finished = new Set(operator.finishedSubtasks ?? [])
  const subtasks = Array.from({ length: parallelism }, (_, index): SubtaskMetadata | undefined => {
    const rest = { index, inputChannelState: [], resultSubpartitionState: [] }
    if (finished.has(index)) return { ...rest, finished: true }
    const keyed = written.get(partitionId({ operator: id, part: 'keyed', subtask: index }))
    const state = written.get(partitionId({ operator: id, part: 'operator', subtask: index }))
    if (!keyed && !state) return undefined
    return {
      ...rest,
      finished: false,
      ...(keyed?.keyGroups && {
        managedKeyedState: {
          kind: 'savepoint-key-groups',
          keyGroupRange: {
            keyGroupFirst: keyed.keyGroups.keyGroupFirst,
            keyGroupLast: keyed.keyGroups.keyGroupLast,
          },
          offsets: keyed.keyGroups.offsets,
          stream: streamHandle(keyed.id, keyed.stream),
        },
      }),
      ...(state?.states && {
        managedOperatorState: {
          kind: 'operator-stream',
          states: state.states,
          stream: streamHandle(state.id, state.stream),
        },
      }),
    }
  })
  return {
    id,
    ...(uid !== undefined && uid !== '' && { uid }),
    ...(name !== undefined && name !== '' && { name }),
    parallelism,
    maxParallelism,
    ...(coordinator !== undefined && { coordinatorState: inlineHandle(`${id}-coordinator`, fromBase64(coordinator)) }),
    fullyFinished: operator.fullyFinished ?? false,
    subtasks: subtasks.filter((subtask) => subtask !== undefined),
  }
}

function streamHandle(id: string, stream: WrittenStream): StreamStateHandle {
  if ('inline' in stream) return inlineHandle(id, fromBase64(stream.inline))
  return { kind: 'relative-file', path: stream.file, size: stream.size }
}

/** Flink takes the name for the identity of the bytes, so it is made of them. */
function inlineHandle(id: string, bytes: Uint8Array): StreamStateHandle {
  return { kind: 'byte-stream', name: `${id}-${sha256(bytes).slice(0, 16)}`, bytes }
}
