/**
 * What a `_metadata` file holds, as plain objects. Order is kept as stored, and every difference between two wire forms
 * of the same thing is kept as the presence of an optional member, so that what was read is written back byte for byte.
 * Byte arrays are views of the bytes that were read, not copies.
 */

/** 2: Flink 1.3 to 1.10; 3: 1.11 to 1.15; 4: 1.16 to 1.20; 5: 2.0; 6: 2.1 and later. */
export type MetadataVersion = 2 | 3 | 4 | 5 | 6

/** `org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata` */
export interface Metadata {
  readonly version: MetadataVersion
  readonly checkpointId: bigint
  readonly masterStates: readonly MasterState[]
  readonly operators: readonly OperatorMetadata[]
  /** From version 4 on. Where it is absent, writing stores Java's `null`, as the State Processor API does. */
  readonly properties?: StoredProperties
}

export interface StoredProperties {
  /** The Java-serialized object: everything behind the last operator. */
  readonly raw: Uint8Array
  /** `null` is a stored Java `null`; `undefined` is an object that is not understood. Writing looks at `raw` only. */
  readonly parsed: CheckpointProperties | null | undefined
}

/** `org.apache.flink.runtime.checkpoint.CheckpointProperties` */
export type CheckpointProperties = SavepointProperties | CheckpointOnlyProperties

export interface SavepointProperties extends DiscardFlags {
  readonly kind: 'savepoint'
  /** "Savepoint", "Terminate Savepoint" or "Suspend Savepoint". */
  readonly name: string
  readonly formatType: 'CANONICAL' | 'NATIVE'
  readonly postCheckpointAction: 'NONE' | 'SUSPEND' | 'TERMINATE'
}

export interface CheckpointOnlyProperties extends DiscardFlags {
  readonly kind: 'checkpoint'
  /** "Checkpoint" or "Full Checkpoint". */
  readonly name: string
  readonly sharingFilesStrategy: 'FORWARD_BACKWARD' | 'FORWARD' | 'NO_SHARING'
}

export interface DiscardFlags {
  readonly forced: boolean
  readonly unclaimed: boolean
  readonly discardSubsumed: boolean
  readonly discardFinished: boolean
  readonly discardCancelled: boolean
  readonly discardFailed: boolean
  readonly discardSuspended: boolean
}

/** `org.apache.flink.runtime.checkpoint.MasterState`: what a `MasterTriggerRestoreHook` stored. */
export interface MasterState {
  /** Version of the hook's serializer. */
  readonly version: number
  readonly name: string
  readonly bytes: Uint8Array
}

/** `org.apache.flink.runtime.checkpoint.OperatorState` */
export interface OperatorMetadata {
  /** 32 hex digits, as `OperatorID.toHexString()` prints them. */
  readonly id: string
  /** From version 5 on; earlier versions have no place for it. */
  readonly uid?: string
  /** From version 5 on; earlier versions have no place for it. */
  readonly name?: string
  readonly parallelism: number
  readonly maxParallelism: number
  /** From version 3 on. Flink accepts only `byte-stream` here. */
  readonly coordinatorState?: StreamStateHandle
  /** `FullyFinishedOperatorState`: every subtask had finished, nothing else is stored. */
  readonly fullyFinished: boolean
  /** Sparse: a subtask without state may be missing. */
  readonly subtasks: readonly SubtaskMetadata[]
  /** Version 2 only: a field without meaning, 1 where it is absent here. */
  readonly chainLength?: number
}

/** `org.apache.flink.runtime.checkpoint.OperatorSubtaskState` */
export interface SubtaskMetadata {
  readonly index: number
  /** `FinishedOperatorSubtaskState`: the subtask had finished, nothing else is stored. */
  readonly finished: boolean
  readonly managedOperatorState?: OperatorStateHandle
  readonly rawOperatorState?: OperatorStateHandle
  readonly managedKeyedState?: KeyedStateHandle
  readonly rawKeyedState?: KeyedStateHandle
  /** From version 3 on, and only in unaligned checkpoints. */
  readonly inputChannelState: readonly InputStateHandle[]
  /** From version 3 on, and only in unaligned checkpoints. */
  readonly resultSubpartitionState: readonly OutputStateHandle[]
  /** Version 2 only: a field without meaning, -1 where it is absent here. */
  readonly duration?: bigint
}

/** `org.apache.flink.runtime.state.StreamStateHandle` */
export type StreamStateHandle =
  | ByteStreamStateHandle
  | FileStateHandle
  | RelativeFileStateHandle
  | SegmentFileStateHandle
  | EmptySegmentFileStateHandle
  | KeyGroupsStreamStateHandle

/** State small enough to lie in `_metadata` itself. */
export interface ByteStreamStateHandle {
  readonly kind: 'byte-stream'
  /** The path the file would have had. Nothing is there. */
  readonly name: string
  readonly bytes: Uint8Array
}

export interface FileStateHandle {
  readonly kind: 'file'
  /** An absolute URI, not percent-encoded. */
  readonly path: string
  readonly size: number
}

export interface RelativeFileStateHandle {
  readonly kind: 'relative-file'
  /** Relative to the directory of `_metadata`. */
  readonly path: string
  readonly size: number
}

/** A piece of a file that several handles share (file merging). */
export interface SegmentFileStateHandle {
  readonly kind: 'segment-file'
  /** An absolute URI of the whole file. */
  readonly path: string
  readonly startPosition: number
  readonly size: number
  readonly scope: CheckpointedStateScope
  readonly logicalFileId: string
}

export type CheckpointedStateScope = 'EXCLUSIVE' | 'SHARED'

export interface EmptySegmentFileStateHandle {
  readonly kind: 'empty-segment-file'
}

/** A `KeyGroupsStateHandle` where a stream is expected. Flink reads it; no normal path writes it. */
export interface KeyGroupsStreamStateHandle extends KeyGroupOffsets {
  readonly kind: 'key-groups-stream'
}

/** `org.apache.flink.runtime.state.KeyGroupRange`: both bounds are inclusive; an empty range has its last before its first. */
export interface KeyGroupRange {
  readonly keyGroupFirst: number
  readonly keyGroupLast: number
}

/** `org.apache.flink.runtime.state.KeyGroupRangeOffsets` and the stream they point into. */
export interface KeyGroupOffsets {
  readonly keyGroupRange: KeyGroupRange
  /** One for each key group of the range, in its order; -1 and 0 stand for "nothing there". */
  readonly offsets: readonly number[]
  readonly stream: StreamStateHandle
}

/** `org.apache.flink.runtime.state.KeyedStateHandle` */
export type KeyedStateHandle =
  | KeyGroupsStateHandle
  | KeyGroupsSavepointStateHandle
  | IncrementalRemoteKeyedStateHandle
  | ChangelogStateBackendHandle
  | InMemoryChangelogStateHandle
  | ChangelogStateHandleStream

/** Full state of a heap backend, or before Flink 1.13 also of a canonical savepoint. */
export interface KeyGroupsStateHandle extends KeyGroupOffsets {
  readonly kind: 'key-groups'
  /** Since Flink 1.15. */
  readonly stateHandleId?: string
}

/** State of a canonical savepoint, since Flink 1.13. */
export interface KeyGroupsSavepointStateHandle extends KeyGroupOffsets {
  readonly kind: 'savepoint-key-groups'
}

/** State of RocksDB or ForSt: a meta stream and the files of the database. */
export interface IncrementalRemoteKeyedStateHandle {
  readonly kind: 'incremental'
  readonly checkpointId: bigint
  /** A UUID; files of Flink 1.3 may have another text. */
  readonly backendIdentifier: string
  readonly keyGroupRange: KeyGroupRange
  readonly metaState: StreamStateHandle
  readonly sharedState: readonly HandleAndLocalPath[]
  readonly privateState: readonly HandleAndLocalPath[]
  /** What only Flink 1.15 and later store. */
  readonly since115?: { readonly checkpointedSize: number; readonly stateHandleId: string }
}

export interface HandleAndLocalPath {
  /** Name of the file in the directory of the database. */
  readonly localPath: string
  readonly handle: StreamStateHandle
}

/** `ChangelogStateBackendHandleImpl`: materialized state and the changes after it. */
export interface ChangelogStateBackendHandle {
  readonly kind: 'changelog'
  readonly keyGroupRange: KeyGroupRange
  readonly checkpointedSize: number
  /** Flink tolerates `null` here, with a warning. */
  readonly materialized: readonly (KeyedStateHandle | null)[]
  readonly nonMaterialized: readonly KeyedStateHandle[]
  readonly materializationId: bigint
  /** Since Flink 1.16; before, the materialization id stands for it. */
  readonly checkpointId?: bigint
  readonly stateHandleId: string
}

export interface InMemoryChangelogStateHandle {
  readonly kind: 'changelog-in-memory'
  readonly keyGroupRange: KeyGroupRange
  readonly from: bigint
  readonly to: bigint
  readonly changes: readonly StateChange[]
  readonly stateHandleId: string
}

export interface StateChange {
  /** -1 marks a change of state metadata. */
  readonly keyGroup: number
  readonly bytes: Uint8Array
}

/** `ChangelogStateHandleStreamImpl` */
export interface ChangelogStateHandleStream {
  readonly kind: 'changelog-stream'
  readonly keyGroupRange: KeyGroupRange
  readonly streams: readonly { readonly offset: number; readonly stream: StreamStateHandle }[]
  readonly size: number
  readonly checkpointedSize: number
  readonly stateHandleId: string
  /** Since Flink 1.16; before, it was always "filesystem". */
  readonly storageIdentifier?: string
}

/** `org.apache.flink.runtime.state.OperatorStateHandle` */
export type OperatorStateHandle = OperatorStreamStateHandle | FileMergingOperatorStreamStateHandle

export interface OperatorStreamStateHandle {
  readonly kind: 'operator-stream'
  readonly states: readonly OperatorStateOffsets[]
  readonly stream: StreamStateHandle
}

export interface FileMergingOperatorStreamStateHandle {
  readonly kind: 'file-merging-operator-stream'
  readonly states: readonly OperatorStateOffsets[]
  readonly taskOwnedDirectory: string
  readonly sharedDirectory: string
  /** `EmptyFileMergingOperatorStreamStateHandle` */
  readonly empty: boolean
  readonly stream: StreamStateHandle
}

/** `OperatorStateHandle.StateMetaInfo` under the name of its state. */
export interface OperatorStateOffsets {
  readonly name: string
  readonly mode: OperatorStateMode
  /** Where each element begins in the stream. */
  readonly offsets: readonly number[]
}

/** `OperatorStateHandle.Mode` */
export type OperatorStateMode = 'SPLIT_DISTRIBUTE' | 'UNION' | 'BROADCAST'

/** `org.apache.flink.runtime.state.InputStateHandle` */
export type InputStateHandle = InputChannelStateHandle | MergedInputChannelStateHandle

/** `org.apache.flink.runtime.state.OutputStateHandle` */
export type OutputStateHandle = ResultSubpartitionStateHandle | MergedResultSubpartitionStateHandle

/** `org.apache.flink.runtime.checkpoint.channel.InputChannelInfo` */
export interface InputChannelInfo {
  readonly gateIndex: number
  readonly inputChannelIndex: number
}

/** `org.apache.flink.runtime.checkpoint.channel.ResultSubpartitionInfo` */
export interface ResultSubpartitionInfo {
  readonly partitionIndex: number
  readonly subpartitionIndex: number
}

/** `AbstractChannelStateHandle.StateContentMetaInfo` */
export interface ChannelStateOffsets {
  readonly offsets: readonly number[]
  readonly size: number
}

export interface InputChannelStateHandle extends InputChannelInfo, ChannelStateOffsets {
  readonly kind: 'input-channel'
  readonly subtaskIndex: number
  readonly stream: StreamStateHandle
}

export interface ResultSubpartitionStateHandle extends ResultSubpartitionInfo, ChannelStateOffsets {
  readonly kind: 'result-subpartition'
  readonly subtaskIndex: number
  readonly stream: StreamStateHandle
}

/** From version 6 on. */
export interface MergedInputChannelStateHandle {
  readonly kind: 'merged-input-channel'
  readonly subtaskIndex: number
  readonly size: number
  readonly stream: StreamStateHandle
  readonly channels: readonly (InputChannelInfo & ChannelStateOffsets)[]
}

/** From version 6 on. */
export interface MergedResultSubpartitionStateHandle {
  readonly kind: 'merged-result-subpartition'
  readonly subtaskIndex: number
  readonly size: number
  readonly stream: StreamStateHandle
  readonly subpartitions: readonly (ResultSubpartitionInfo & ChannelStateOffsets)[]
}
