/** kobel for Apache Flink, without Node: everything here also runs in a browser. */
export { type Expectation, type Outcome, readExpectations } from './assertions/expectations.ts'
export { junitXml, tapLines } from './assertions/report.ts'
export { type AssertionResult, type RunStatement, runExpectations, type StatementRows } from './assertions/run.ts'
export { Reader } from './bytes/reader.ts'
export { Writer } from './bytes/writer.ts'
export {
  type CheckedOperator,
  type CheckedState,
  type CheckOptions,
  type CheckReport,
  checkSnapshot,
} from './check/check.ts'
export type { Finding, FindingCode, Severity } from './check/findings.ts'
export type { Connector, Plain } from './connectors/connector.ts'
export { type ConnectorState, type DescribeConnectorsOptions, describeConnectors } from './connectors/describe.ts'
export { diffSnapshots } from './diff/diff.ts'
export type {
  Difference,
  DiffOptions,
  DiffSummary,
  EntryDifference,
  FieldDifference,
  OperatorSummary,
  StateSummary,
} from './diff/model.ts'
export { applyPlan, type EditReport, fingerprintOf } from './edit/apply.ts'
export { type EditDescription, editOf } from './edit/description.ts'
export { Edit, EditOperator, EditState, edit, type StateRow } from './edit/edit.ts'
export type { ApplyOptions, EditPlan, EditSink, EntryKey } from './edit/model.ts'
export { type Provenance, readProvenance, writeProvenance } from './edit/provenance.ts'
export { type RelocateOptions, type RelocateResult, relocateSnapshot } from './edit/relocate.ts'
export type { OperatorReport, StateReport } from './edit/stats.ts'
export { addTtl, describeType, removeTtl, replaceType, type TypeChange } from './edit/type-change.ts'
export { KobelError, type KobelErrorCode } from './error.ts'
export type { Blob, ElementBatch, EntryBatch, TimerBatch } from './format/batch.ts'
export type { ChannelRecords, StreamElement } from './format/channel-state.ts'
export { type Metadata, readMetadata, writeMetadata } from './format/metadata/index.ts'
export {
  type LargeItem,
  type OperatorProfile,
  type Profile,
  type ProfileOptions,
  profileSnapshot,
  type StateProfile,
} from './profile/profile.ts'
export { type ObjectRow, type ObjectValue, scanObjects } from './query/objects.ts'
export { shapeOfScan } from './query/projection.ts'
export { type ColumnBatch, type ScanTableOptions, scanTable } from './query/scan.ts'
export {
  findTable,
  type StateTable,
  type TableColumn,
  type TablePart,
  tablesOf,
  tablesOfOperator,
} from './query/table.ts'
export type { Column, ColumnField } from './serializer/columns.ts'
export { type CompositeBody, type CompositeDefinition, compositeRow, simpleRow } from './serializer/families/rows.ts'
export type { Codec, Layout, LayoutCase, LayoutField, LayoutSubclass } from './serializer/layout.ts'
export type { ClassDescription, FieldDescriptions } from './serializer/options.ts'
export { readDescriptorSet } from './serializer/protobuf/descriptors.ts'
export { readProtobuf, writeProtobuf } from './serializer/protobuf/message.ts'
export type { ProtobufMessage, ProtobufTypes } from './serializer/protobuf/types.ts'
export { row, type SerializerRow } from './serializer/row.ts'
export {
  readVersionedSnapshot,
  type SerializerSnapshot,
  type SnapshotSource,
  writeVersionedSnapshot,
} from './serializer/snapshot.ts'
export { formatType, type Type, type TypeField, type TypeKind } from './serializer/type.ts'
export { type JsonSchema, jsonSchemaOf } from './serializer/type-json-schema.ts'
export { typescriptOf } from './serializer/type-typescript.ts'
export { type CodecDefinition, codecLayout } from './serializer/user-row.ts'
export { CLASS, TypedBytes, type Value, type ValueArray, type ValueObject } from './serializer/value.ts'
export { type JoinedRecord, joinCutRecords, type ReadChannel } from './snapshot/channel-join.ts'
export type { ChannelState } from './snapshot/channels.ts'
export type { Entry, Timer } from './snapshot/decode.ts'
export { type DescribeOptions, describeSnapshot, type SnapshotDescription } from './snapshot/describe.ts'
export {
  type DiscoverOptions,
  type Discovery,
  discoverSnapshots,
  type FoundJob,
  type FoundSnapshot,
} from './snapshot/discover.ts'
export { keyGroupOfHash, keyGroupRangeOf, subtaskOfKeyGroup } from './snapshot/key-groups.ts'
export { KeyedState } from './snapshot/keyed-state.ts'
export { type HashLesson, type KnownKey, type LearnedHash, learnHash, learnKeyHash } from './snapshot/learn-hash.ts'
export { openSnapshotIn, operatorIdOf, Snapshot } from './snapshot/open.ts'
export { Operator } from './snapshot/operator.ts'
export { type Element, OperatorState } from './snapshot/operator-state.ts'
export type { OpenOptions } from './snapshot/options.ts'
export type { OnSkip, Skipped } from './snapshot/skipped.ts'
export { type CacheOptions, CachingStore } from './store/cache.ts'
export { HttpStore } from './store/http.ts'
export { MemoryStore } from './store/memory.ts'
export type { Store, StoreEntry } from './store/store.ts'
export type { Spill, SpillFile, StagedFile, WritableStore } from './store/writable.ts'
export type { Base } from './write/base.ts'
export type { ColumnRows } from './write/column-rows.ts'
export { type CommitOptions, type CommitResult, commit } from './write/commit.ts'
export {
  createSavepoint,
  OperatorBuilder,
  SavepointBuilder,
  type SavepointOptions,
  type SavepointPlan,
} from './write/create-savepoint.ts'
export { describePlan } from './write/describe-plan.ts'
export { mergeHandles, type PartitionHandle, type WriteHandle } from './write/handle.ts'
export {
  type LoadOptions,
  type LoadResult,
  loadDump,
  type WriteOptions,
  type WriteResult,
  writeRows,
} from './write/load.ts'
export { type PartitionSink, writePartition } from './write/partition.ts'
export {
  keyGroupOf,
  keyGroupsOf,
  type Partition,
  type PlanOperator,
  type PlanOptions,
  partitionId,
  partitionOf,
  partitionsOf,
  readPlan,
  type WritePlan,
} from './write/plan.ts'
export type {
  OperatorDescription,
  OperatorStateDescription,
  PlanDescription,
  StateDescription,
  WindowsDescription,
} from './write/plan-description.ts'
export type { WriteRow } from './write/rows.ts'
export type { RowOrLine } from './write/take-lines.ts'
export { readTypeDescription, serializerSnapshotOf, type TypeOptions } from './write/types/build.ts'
export { type CollectionOptions, type TypeConstructors, type } from './write/types/constructors.ts'
export type { KryoRegistration, PojoDescription, StateReference, TypeDescription } from './write/types/description.ts'
export { resolveTypes } from './write/types/references.ts'
