import type { Decompress } from '../format/sst/compression.ts'
import type { Layout } from '../serializer/layout.ts'
import type { FieldDescriptions } from '../serializer/options.ts'
import type { SerializerRow } from '../serializer/row.ts'

/** How a snapshot is opened. */
export interface OpenOptions {
  /** Rows for serializer snapshots that kobel does not know, or to replace its own. */
  readonly serializers?: readonly SerializerRow[]
  /** Declared fields of classes that Kryo wrote: class name to field name to Java type. */
  readonly fields?: FieldDescriptions
  /** A `FileDescriptorSet` (`protoc --include_imports --descriptor_set_out=FILE`), for Protobuf messages that Kryo wrote. */
  readonly protobuf?: Uint8Array
  /** In a job of PyFlink: shows what is pickled in a `byte[]`, beside the bytes. */
  readonly python?: boolean
  /** Candidate uids: they name operators whose ids are their hashes. */
  readonly uids?: readonly string[]
  /** Of several checkpoints below the path, take the newest that is complete. */
  readonly latest?: boolean
  /** Codecs of RocksDB blocks that are not built in, by RocksDB's names: `zstd` (`kobel/node` has it), `xpress`. */
  readonly decompressors?: Readonly<Record<string, Decompress>>
  /**
   * Types of keys by uid, name or id of the operator: `long`, `string` and other simple ones, or the bytes of a serializer
   * snapshot. They are used where a snapshot names none: in a changelog of which nothing was materialized yet, where the
   * operator has no timers either.
   */
  readonly keyTypes?: Readonly<Record<string, string | Uint8Array>>
  /** The type of records in flight, where `records` of a channel is not given one: `long`, `(string, long)`. */
  readonly records?: Layout | string
  /** `lazy`: heads of streams are read when first needed; `states` of operators may then be asked for only after `load`. */
  readonly heads?: 'all' | 'lazy'
}
