import { KobelError } from '../error.ts'
import { optionOf, type StateMetaInfo, serializerOf } from '../format/state-meta-info.ts'
import { createSnapshot } from '../serializer/row.ts'
import type { SerializerSnapshot } from '../serializer/snapshot.ts'
import { SERIALIZER_TABLE } from '../serializer/table.ts'
import type { Value } from '../serializer/value.ts'
import { serializerSnapshotOf } from '../write/types/build.ts'
import type { TypeDescription } from '../write/types/description.ts'
import { ttlSnapshot } from '../write/types/state.ts'
import { forbidsNulls, whereNullIsWrong, whyBytesDiffer } from './compatible.ts'
import { type ConvertOptions, convertRow, convertValue } from './convert-value.ts'

/** A state that gets another type. */
export interface TypeChange {
  /** Only the description changes: the bytes of all values are right for both. */
  readonly bytesStay: boolean
  /** What the new head says of the state. */
  readonly metaInfo: (info: StateMetaInfo, key: SerializerSnapshot | undefined) => StateMetaInfo
  /** The value (LIST: an element, MAP: a user value) in its new form. */
  readonly convert?: (value: Value) => Value
  /** Throws for a value that the new description does not allow. */
  readonly check?: (value: Value) => void
  /** Last access of all values where TTL is added. */
  readonly ttlMillis?: bigint
}

export interface ReplaceOptions extends ConvertOptions {
  /** Makes the new value; without it fields go by name. */
  readonly convert?: (value: Value) => Value
}

/** Gives the values of a state another type: each is decoded and written anew. */
export function replaceType(type: TypeDescription, flink: string, options: ReplaceOptions = {}): TypeChange {
  const snapshot = serializerSnapshotOf(type, flink)
  const isSqlRow = snapshot.type.kind === 'row' && snapshot.layout.op !== 'row'
  const byName = (value: Value): Value =>
    isSqlRow ? convertRow(snapshot.type, value, options) : convertValue(snapshot.layout, value, options)
  const convert = options.convert ?? byName
  return { bytesStay: false, metaInfo: (info) => withValue(info, () => snapshot), convert }
}

/**
 * Changes only what the savepoint says of the type: names, classes, nullability and lengths of SQL types, added constants
 * of an enum.
 * @throws KobelError `INCOMPATIBLE` where the bytes are not right for the new type, with the reason.
 */
export function describeType(type: TypeDescription, flink: string, info: StateMetaInfo): TypeChange {
  const snapshot = serializerSnapshotOf(type, flink)
  const before = valueSnapshotOf(info)
  const reason = whyBytesDiffer(before, snapshot)
  if (reason !== undefined) {
    throw new KobelError(
      'INCOMPATIBLE',
      `the bytes of the values are not right for the new description: ${reason}. To write them anew, give the state another type instead`,
      { state: info.name },
    )
  }
  const change = { bytesStay: true, metaInfo: (each: StateMetaInfo) => withValue(each, () => snapshot) }
  if (!forbidsNulls(before.type, snapshot.type)) return change
  const check = (value: Value): void => {
    const wrong = whereNullIsWrong(snapshot.type, value)
    if (wrong === undefined) return
    throw new KobelError('INCOMPATIBLE', `${wrong} is null in an entry, and the new description says NOT NULL`)
  }
  return { ...change, check }
}

/** Another description of keys. @throws KobelError `INCOMPATIBLE` where their bytes are not right for it. */
export function describeKey(type: TypeDescription, flink: string, before: SerializerSnapshot): SerializerSnapshot {
  const snapshot = serializerSnapshotOf(type, flink)
  const reason = whyBytesDiffer(before, snapshot)
  if (reason === undefined) return snapshot
  throw new KobelError('INCOMPATIBLE', `the bytes of the keys are not right for the new description: ${reason}`)
}

/** Adds TTL. @param millis the last access of all values: their time to live counts from there. */
export function addTtl(millis: bigint): TypeChange {
  const metaInfo = (info: StateMetaInfo): StateMetaInfo =>
    mapValue(info, (value) => (isTtl(value) ? failTtl(info, 'has TTL already') : ttlSnapshot(value)))
  return { bytesStay: false, metaInfo, ttlMillis: millis }
}

/** Takes the times of last access away. */
export function removeTtl(): TypeChange {
  const metaInfo = (info: StateMetaInfo): StateMetaInfo =>
    mapValue(info, (value) => (isTtl(value) ? nestedOf(value)[1]! : failTtl(info, 'has no TTL')))
  return { bytesStay: false, metaInfo }
}

function failTtl(info: StateMetaInfo, what: string): never {
  throw new KobelError('INCOMPATIBLE', `the state ${what}`, { state: info.name })
}

function isTtl(snapshot: SerializerSnapshot): boolean {
  return snapshot.layout.op === 'ttl'
}

/** The serializer of the value (LIST: of an element, MAP: of a user value), without TTL. */
export function valueSnapshotOf(info: StateMetaInfo): SerializerSnapshot {
  let found: SerializerSnapshot | undefined
  mapValue(info, (value) => {
    found = isTtl(value) ? nestedOf(value)[1]! : value
    return value
  })
  return found!
}

/** With another serializer of the value inside TTL. */
function withValue(info: StateMetaInfo, change: (value: SerializerSnapshot) => SerializerSnapshot): StateMetaInfo {
  return mapValue(info, (value) => (isTtl(value) ? ttlSnapshot(change(nestedOf(value)[1]!)) : change(value)))
}

/** With another serializer of the value (LIST: of an element, MAP: of a user value). */
function mapValue(info: StateMetaInfo, change: (value: SerializerSnapshot) => SerializerSnapshot): StateMetaInfo {
  const stored = serializerOf(info, 'VALUE_SERIALIZER')
  if (info.backendStateType === 'PRIORITY_QUEUE' || !stored) {
    throw new KobelError('USAGE', 'timers have no values, and no type of their own', { state: info.name })
  }
  const kind = info.backendStateType === 'KEY_VALUE' ? optionOf(info, 'KEYED_STATE_TYPE') : undefined
  const place = kind === 'LIST' ? 0 : kind === 'MAP' ? 1 : undefined
  const changed = place === undefined ? change(stored) : withNested(stored, place, change)
  return {
    ...info,
    serializers: info.serializers.map(([name, snapshot]) => [name, name === 'VALUE_SERIALIZER' ? changed : snapshot]),
  }
}

interface CompositeBody {
  readonly nested: readonly SerializerSnapshot[]
}

function nestedOf(snapshot: SerializerSnapshot): readonly SerializerSnapshot[] {
  const nested = (snapshot.body as CompositeBody | undefined)?.nested
  if (nested) return nested
  throw new KobelError('UNKNOWN_SERIALIZER', `what is inside of ${snapshot.className} is not known`)
}

function withNested(
  snapshot: SerializerSnapshot,
  place: number,
  change: (value: SerializerSnapshot) => SerializerSnapshot,
): SerializerSnapshot {
  const row = SERIALIZER_TABLE.get(snapshot.className)
  const nested = nestedOf(snapshot).map((each, i) => (i === place ? change(each) : each))
  if (!row) throw new KobelError('UNKNOWN_SERIALIZER', `${snapshot.className} cannot be written anew`)
  return createSnapshot(row, { ...(snapshot.body as CompositeBody), nested })
}
