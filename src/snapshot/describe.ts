import type { CheckpointProperties, KeyedStateHandle } from '../format/metadata/index.ts'
import { nameOf } from '../store/store.ts'
import { describeOperator, type OperatorDescription } from './describe-operator.ts'
import { type FlinkRange, flinkRangeOf } from './flink-version.ts'
import { ByteCount, streamsOf } from './handles.ts'
import type { Snapshot } from './open.ts'
import type { Operator } from './operator.ts'

/** A snapshot as plain data: what `kobel inspect --json` prints. Members are added, not renamed. */
export interface SnapshotDescription {
  /** The directory of `_metadata`. */
  readonly location: string
  readonly kind: 'savepoint' | 'checkpoint' | 'unknown'
  /** Canonical: the same bytes whatever the backend. Native: the backend's own. */
  readonly format: 'canonical' | 'native' | 'unknown'
  /** Only where the files of a state backend are referred to: `incremental`, `changelog`. */
  readonly forms: readonly string[]
  /** A string beyond 2^53. */
  readonly checkpointId: number | string
  readonly metadataVersion: number
  readonly flink: FlinkRange
  /** `any` where it cannot be told and does not matter: canonical, or no keyed state. */
  readonly backend: 'hashmap' | 'rocksdb' | 'forst' | 'rocksdb or forst' | 'any' | 'unknown'
  /** Absent before Flink 1.16; null where none were stored, as the State Processor API does. */
  readonly properties?: CheckpointProperties | null
  readonly bytes: { readonly metadata: number; readonly inline: number; readonly state: number; readonly total: number }
  readonly files: number
  readonly operatorCount: number
  readonly stateCount: number
  readonly masterStates: readonly { readonly name: string; readonly version: number; readonly bytes: number }[]
  /** What absolute paths began with, and where their files were found: the snapshot was moved. */
  readonly moves: readonly { readonly from: string; readonly to: string }[]
  readonly operators: readonly OperatorDescription[]
}

export interface DescribeOptions {
  /** Reads all keyed state, and counts entries and bytes of each state. */
  readonly counts?: boolean
  /** Only these; all by default. Sums are of the whole snapshot. */
  readonly operators?: readonly Operator[]
  /** Hears of progress while entries are counted. */
  readonly onEntries?: (count: number) => void
}

/** Describes a snapshot. Reads heads only, unless entries are to be counted. Nothing that is unreadable makes it fail. */
export async function describeSnapshot(
  snapshot: Snapshot,
  options: DescribeOptions = {},
): Promise<SnapshotDescription> {
  const { metadata } = snapshot
  const chosen = options.operators ?? snapshot.operators
  const operators: OperatorDescription[] = []
  for (const operator of chosen) {
    operators.push(
      await describeOperator(operator, {
        metadataVersion: metadata.version,
        counts: options.counts ?? false,
        ...(options.onEntries && { onEntries: options.onEntries }),
      }),
    )
  }
  const properties = metadata.properties?.parsed
  const handles = metadata.operators.flatMap((operator) =>
    operator.subtasks.flatMap((subtask) => (subtask.managedKeyedState ? [subtask.managedKeyedState] : [])),
  )
  return {
    location: snapshot.location,
    ...kindOf(snapshot, handles, operators),
    forms: formsOf(handles),
    checkpointId: plainLong(metadata.checkpointId),
    metadataVersion: metadata.version,
    flink: flinkRangeOf(snapshot, chosen),
    backend: backendOf(metadata.version, handles, operators),
    ...(properties !== undefined && { properties }),
    ...sizesOf(snapshot),
    operatorCount: metadata.operators.length,
    stateCount: operators.reduce((sum, operator) => sum + operator.states.length, 0),
    masterStates: metadata.masterStates.map(({ name, version, bytes }) => ({ name, version, bytes: bytes.length })),
    moves: [...snapshot.moves].map(([from, to]) => ({ from, to })),
    operators,
  }
}

function plainLong(value: bigint): number | string {
  return value > 2n ** 53n || value < -(2n ** 53n) ? String(value) : Number(value)
}

/** Before Flink 1.16 nothing says whether a snapshot is a savepoint: handles and the directory's name do. */
function kindOf(
  snapshot: Snapshot,
  handles: readonly KeyedStateHandle[],
  operators: readonly OperatorDescription[],
): Pick<SnapshotDescription, 'kind' | 'format'> {
  const parsed = snapshot.metadata.properties?.parsed
  if (parsed?.kind === 'checkpoint') return { kind: 'checkpoint', format: 'native' }
  if (parsed) return { kind: 'savepoint', format: parsed.formatType === 'CANONICAL' ? 'canonical' : 'native' }
  if (handles.some((handle) => handle.kind === 'savepoint-key-groups'))
    return { kind: 'savepoint', format: 'canonical' }
  if (/^chk-\d+$/.test(nameOf(snapshot.location))) return { kind: 'checkpoint', format: 'native' }
  const format = handles.some((handle) => handle.kind !== 'key-groups') ? 'native' : layoutsOf(operators)
  return { kind: /^savepoint-/.test(nameOf(snapshot.location)) ? 'savepoint' : 'unknown', format }
}

function layoutsOf(operators: readonly OperatorDescription[]): SnapshotDescription['format'] {
  const layouts = new Set(operators.flatMap((operator) => operator.layouts))
  if (layouts.has('canonical')) return 'canonical'
  return layouts.has('heap') ? 'native' : 'unknown'
}

function formsOf(handles: readonly KeyedStateHandle[]): string[] {
  return [...new Set(handles.map((handle) => handle.kind))].filter(
    (kind) => kind === 'incremental' || kind === 'changelog',
  )
}

/** The first version of `_metadata` of a Flink that has ForSt. */
const FIRST_VERSION_WITH_FORST = 5

function backendOf(
  version: number,
  handles: readonly KeyedStateHandle[],
  operators: readonly OperatorDescription[],
): SnapshotDescription['backend'] {
  if (handles.length === 0) return 'any'
  const parts = handles.flatMap((handle) =>
    handle.kind === 'changelog' ? handle.materialized.filter((each) => each !== null) : [handle],
  )
  if (parts.some((handle) => handle.kind === 'incremental')) {
    return version >= FIRST_VERSION_WITH_FORST ? 'rocksdb or forst' : 'rocksdb'
  }
  const layouts = new Set(operators.flatMap((operator) => operator.layouts))
  if (layouts.has('heap')) return 'hashmap'
  if (layouts.has('canonical')) return 'any'
  return 'unknown'
}

function sizesOf(snapshot: Snapshot): Pick<SnapshotDescription, 'bytes' | 'files'> {
  const sum = new ByteCount()
  for (const operator of snapshot.metadata.operators) for (const { stream } of streamsOf(operator)) sum.add(stream)
  const metadata = snapshot.metadataBytes
  return {
    bytes: { metadata, inline: sum.inlineBytes, state: sum.bytes, total: metadata + sum.bytes - sum.inlineBytes },
    files: sum.files + 1,
  }
}
