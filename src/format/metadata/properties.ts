import { type JavaFieldValue, type JavaObject, javaField, readJavaObject } from '../../bytes/java-stream/index.ts'
import { Reader } from '../../bytes/reader.ts'
import { KobelError } from '../../error.ts'
import type { CheckpointProperties, DiscardFlags, StoredProperties } from './types.ts'

/** What an `ObjectOutputStream` writes for `null`: the State Processor API stores it for want of properties. */
export const NULL_PROPERTIES: Uint8Array = Uint8Array.of(0xac, 0xed, 0x00, 0x05, 0x70)

const PROPERTIES_CLASS = 'org.apache.flink.runtime.checkpoint.CheckpointProperties'
const SAVEPOINT_CLASS = 'org.apache.flink.runtime.checkpoint.SavepointType'
const CHECKPOINT_CLASS = 'org.apache.flink.runtime.checkpoint.CheckpointType'

const FORMAT_TYPES = ['CANONICAL', 'NATIVE'] as const
const POST_CHECKPOINT_ACTIONS = ['NONE', 'SUSPEND', 'TERMINATE'] as const
const SHARING_FILES_STRATEGIES = ['FORWARD_BACKWARD', 'FORWARD', 'NO_SHARING'] as const

/**
 * Only the state matters to most readers, so no other object keeps a snapshot from being opened: whatever is not what
 * Flink 1.16 to 2.3 write is kept as bytes, and `parsed` is `undefined`. (`CheckpointProperties`)
 *
 * @throws KobelError `TRUNCATED` where the object is not whole: it is the end of `_metadata`, which then was cut.
 */
export function readProperties(raw: Uint8Array): StoredProperties {
  return { raw, parsed: parseProperties(raw) }
}

function parseProperties(raw: Uint8Array): CheckpointProperties | null | undefined {
  try {
    const reader = new Reader(raw)
    const stored = readJavaObject(reader)
    if (reader.remaining > 0) return undefined
    if (stored === null) return null
    const properties = objectOf(stored, PROPERTIES_CLASS)
    const flags = properties === undefined ? undefined : discardFlags(properties)
    if (properties === undefined || flags === undefined) return undefined
    return withType(flags, javaField(properties, 'checkpointType'))
  } catch (error) {
    if (!(error instanceof KobelError)) throw error
    if (error.code !== 'TRUNCATED') return undefined
    const message = 'the file ends inside the checkpoint properties: it was cut, or is still being written'
    throw new KobelError('TRUNCATED', message, {}, { cause: error })
  }
}

function withType(flags: DiscardFlags, type: JavaFieldValue | undefined): CheckpointProperties | undefined {
  const savepoint = objectOf(type, SAVEPOINT_CLASS)
  const checkpoint = objectOf(type, CHECKPOINT_CLASS)
  const name = javaFieldOf(savepoint ?? checkpoint, 'name')
  if (typeof name !== 'string') return undefined
  if (savepoint !== undefined) {
    const formatType = constantOf(javaField(savepoint, 'formatType'), FORMAT_TYPES)
    const postCheckpointAction = constantOf(javaField(savepoint, 'postCheckpointAction'), POST_CHECKPOINT_ACTIONS)
    if (formatType === undefined || postCheckpointAction === undefined) return undefined
    return { kind: 'savepoint', name, formatType, postCheckpointAction, ...flags }
  }
  const sharingFilesStrategy = constantOf(javaFieldOf(checkpoint, 'sharingFilesStrategy'), SHARING_FILES_STRATEGIES)
  return sharingFilesStrategy === undefined ? undefined : { kind: 'checkpoint', name, sharingFilesStrategy, ...flags }
}

function discardFlags(properties: JavaObject): DiscardFlags | undefined {
  const flags = {
    forced: javaField(properties, 'forced'),
    unclaimed: javaField(properties, 'unclaimed'),
    discardSubsumed: javaField(properties, 'discardSubsumed'),
    discardFinished: javaField(properties, 'discardFinished'),
    discardCancelled: javaField(properties, 'discardCancelled'),
    discardFailed: javaField(properties, 'discardFailed'),
    discardSuspended: javaField(properties, 'discardSuspended'),
  }
  return Object.values(flags).every((flag) => typeof flag === 'boolean') ? (flags as DiscardFlags) : undefined
}

function objectOf(value: JavaFieldValue | undefined, className: string): JavaObject | undefined {
  if (typeof value !== 'object' || value === null || value.kind !== 'object') return undefined
  return value.className === className ? value : undefined
}

function javaFieldOf(object: JavaObject | undefined, name: string): JavaFieldValue | undefined {
  return object === undefined ? undefined : javaField(object, name)
}

function constantOf<T extends string>(value: JavaFieldValue | undefined, names: readonly T[]): T | undefined {
  if (typeof value !== 'object' || value === null || value.kind !== 'enum') return undefined
  return names.find((name) => name === value.name)
}
