import type { StateMetaInfo } from '../format/state-meta-info.ts'
import type { SerializerSnapshot } from '../serializer/snapshot.ts'
import type { Value } from '../serializer/value.ts'

/** A state that gets another type. */
export interface TypeChange {
  /** Only the description changes: the bytes of all values are right for both. */
  readonly bytesStay: boolean
  /** What the new head says of the state. */
  readonly metaInfo: (info: StateMetaInfo, key: SerializerSnapshot | undefined) => StateMetaInfo
  /** The value (LIST: an element, MAP: a user value) in its new form. */
  readonly convert?: (value: Value) => Value
  /** Last access of all values where TTL is added. */
  readonly ttlMillis?: bigint
}
