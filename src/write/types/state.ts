import { BASE, STATE } from '../../serializer/families/rows.ts'
import type { SerializerSnapshot } from '../../serializer/snapshot.ts'
import { tupleOf } from './composite.ts'
import { compositeFor, snapshotFor } from './form.ts'

/** Serializers that Flink's runtime puts around those of the user's types. */

/** i64 time stamp, value: `TtlSerializer`. */
export function ttlSnapshot(value: SerializerSnapshot): SerializerSnapshot {
  const time = snapshotFor(`${BASE}.LongSerializer$LongSerializerSnapshot`)
  return compositeFor(`${STATE}.ttl.TtlStateFactory$TtlSerializerSnapshot`, 2, [time, value])
}

export function timerSnapshot(key: SerializerSnapshot, namespace: SerializerSnapshot): SerializerSnapshot {
  return compositeFor('org.apache.flink.streaming.api.operators.TimerSerializerSnapshot', 2, [key, namespace])
}

/** Elements of windows with an evictor. */
export function streamElementSnapshot(value: SerializerSnapshot): SerializerSnapshot {
  const name = 'StreamElementSerializer'
  return compositeFor(`org.apache.flink.streaming.runtime.streamrecord.${name}$${name}Snapshot`, 2, [value])
}

/** Of `merging-window-set`: the merged window, and the one that its contents lie below. */
export function windowPairSnapshot(window: SerializerSnapshot): SerializerSnapshot {
  return tupleOf([window, window]).snapshot
}
