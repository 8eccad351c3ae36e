import type { ErrorPlace, KobelErrorCode } from '../error.ts'
import { formatType, type Type } from '../serializer/type.ts'
import { countEntries } from './counts.ts'
import { describeKeyedState, describeOperatorState, type StateDescription } from './describe-state.ts'
import { ByteCount, type StatePart, streamsOf } from './handles.ts'
import type { KeyedFormat, KeyedSource } from './keyed-source.ts'
import type { Operator, Unreadable } from './operator.ts'
import { type Mark, marksOfTypes } from './restore-marks.ts'

export interface OperatorDescription {
  /** 32 hex digits. */
  readonly id: string
  readonly uid?: string
  readonly name?: string
  readonly parallelism: number
  readonly maxParallelism: number
  /** All subtasks had finished when the snapshot was taken. */
  readonly fullyFinished: boolean
  readonly finishedSubtasks: readonly number[]
  readonly bytes: Readonly<Partial<Record<StatePart, number>>> & { readonly total: number }
  /** Bytes of each subtask, by its index. */
  readonly subtaskBytes: readonly number[]
  /** How the keyed state lies; several where a changelog covers it. */
  readonly layouts: readonly KeyedFormat[]
  readonly compressed: boolean
  readonly key?: Type
  readonly keyText?: string
  /** What is to be known of the type of the key. */
  readonly keyMarks: readonly Mark[]
  readonly states: readonly StateDescription[]
  /** Channel, coordinator and raw state, added up. */
  readonly blobs: readonly BlobDescription[]
  readonly unreadable: readonly UnreadableDescription[]
}

export interface BlobDescription {
  readonly part: Exclude<StatePart, 'keyed' | 'operator'>
  /** How many handles there are. */
  readonly count: number
  readonly bytes: number
}

export interface UnreadableDescription {
  readonly subtask: number
  readonly part: 'keyed' | 'operator'
  readonly code: KobelErrorCode
  readonly message: string
  readonly where: ErrorPlace
}

export interface OperatorDescribing {
  readonly metadataVersion: number
  readonly counts: boolean
  readonly onEntries?: (count: number) => void
}

/** Describes an operator; loads its heads. */
export async function describeOperator(operator: Operator, options: OperatorDescribing): Promise<OperatorDescription> {
  await operator.load()
  const { metadata } = operator
  const sources = await readableSources(operator)
  const counted = options.counts ? await countEntries(sources, options.onEntries) : undefined
  const key = operator.keyedStates[0]?.keyType ?? sources[0]?.head.keySerializer.type
  return {
    id: operator.id,
    ...(operator.uid !== undefined && { uid: operator.uid }),
    ...(operator.name !== undefined && { name: operator.name }),
    parallelism: operator.parallelism,
    maxParallelism: operator.maxParallelism,
    fullyFinished: operator.fullyFinished,
    finishedSubtasks: metadata.subtasks.filter((subtask) => subtask.finished).map((subtask) => subtask.index),
    ...bytesOf(operator),
    layouts: [...new Set(sources.map((source) => source.format))],
    compressed:
      sources.some((source) => source.head.compressed) ||
      operator.operatorSources.some((source) => source.head.compressed),
    ...(key && { key, keyText: formatType(key) }),
    keyMarks: key ? marksOfTypes([key], options.metadataVersion) : [],
    states: [
      ...operator.keyedStates.map((state) =>
        describeKeyedState(state, options.metadataVersion, counted?.states.get(state.name)),
      ),
      ...operator.operatorStates.map((state) =>
        describeOperatorState(state, operator.operatorSources, options.metadataVersion),
      ),
    ],
    blobs: blobsOf(operator),
    unreadable: [...operator.unreadable, ...(counted?.unreadable ?? [])].map(describeUnreadable),
  }
}

/** The keyed handles that could be opened. */
async function readableSources(operator: Operator): Promise<KeyedSource[]> {
  const broken = new Set(operator.unreadable.flatMap((each) => (each.part === 'keyed' ? [each.subtask] : [])))
  const sources: KeyedSource[] = []
  for (const { index, managedKeyedState } of operator.metadata.subtasks) {
    if (!managedKeyedState || broken.has(index)) continue
    const { keyGroupFirst, keyGroupLast } = managedKeyedState.keyGroupRange
    for (const source of await operator.keyedSources([keyGroupFirst, keyGroupLast])) {
      if (source.subtask === index && !sources.includes(source)) sources.push(source)
    }
  }
  return sources
}

function describeUnreadable({ subtask, part, error }: Unreadable): UnreadableDescription {
  return { subtask, part, code: error.code, message: error.message, where: error.where }
}

function bytesOf(operator: Operator): Pick<OperatorDescription, 'bytes' | 'subtaskBytes'> {
  const total = new ByteCount()
  const parts = new Map<StatePart, ByteCount>()
  const subtasks = Array.from({ length: subtaskCount(operator) }, () => new ByteCount())
  for (const { part, subtask, stream } of streamsOf(operator.metadata)) {
    const sum = parts.get(part) ?? new ByteCount()
    parts.set(part, sum)
    for (const each of [total, sum, subtasks[subtask]]) each?.add(stream)
  }
  const byPart = Object.fromEntries([...parts].map(([part, sum]) => [part, sum.bytes]))
  return { bytes: { ...byPart, total: total.bytes }, subtaskBytes: subtasks.map((sum) => sum.bytes) }
}

/** The stored parallelism is a stranger's number: no more subtasks are listed than are there. */
function subtaskCount(operator: Operator): number {
  const last = operator.metadata.subtasks.reduce((most, subtask) => Math.max(most, subtask.index), -1)
  return Math.max(0, Math.min(operator.parallelism, last + 1))
}

function blobsOf(operator: Operator): BlobDescription[] {
  const blobs = new Map<BlobDescription['part'], { count: number; sum: ByteCount }>()
  for (const { part, stream } of streamsOf(operator.metadata)) {
    if (part === 'keyed' || part === 'operator') continue
    const blob = blobs.get(part) ?? { count: 0, sum: new ByteCount() }
    blobs.set(part, blob)
    blob.count++
    blob.sum.add(stream)
  }
  return [...blobs].map(([part, { count, sum }]) => ({ part, count, bytes: sum.bytes }))
}
