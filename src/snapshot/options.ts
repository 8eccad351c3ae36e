import type { Decompress } from '../format/sst/compression.ts'
import type { FieldDescriptions } from '../serializer/options.ts'
import type { SerializerRow } from '../serializer/row.ts'

/** How a snapshot is opened. */
export interface OpenOptions {
  /** Rows for serializer snapshots that kobel does not know, or to replace its own. */
  readonly serializers?: readonly SerializerRow[]
  /** Declared fields of classes that Kryo wrote: class name to field name to Java type. */
  readonly fields?: FieldDescriptions
  /** Candidate uids: they name operators whose ids are their hashes. */
  readonly uids?: readonly string[]
  /** Of several checkpoints below the path, take the newest that is complete. */
  readonly latest?: boolean
  /** Codecs of RocksDB blocks that are not built in, by RocksDB's names: `zstd` (`kobel/node` has it), `xpress`. */
  readonly decompressors?: Readonly<Record<string, Decompress>>
  /** `lazy`: heads of streams are read when first needed; `states` of operators may then be asked for only after `load`. */
  readonly heads?: 'all' | 'lazy'
}
