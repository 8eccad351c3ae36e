import { KobelError } from '../error.ts'
import { readVersioned, readVersionedList, readWhole, type Versioned } from '../format/simple-versioned.ts'
import { plainLong, readMagic } from './connector.ts'

/** What a committer has still to commit: a list of one checkpoint in version 1, before Flink 1.15. */
export interface CommittableCollector {
  readonly checkpoints: readonly CheckpointCommittables[]
}

export interface CheckpointCommittables {
  /** Not in version 1. */
  readonly checkpointId?: number | string
  /** Since Flink 1.19. */
  readonly numberOfSubtasks?: number
  readonly subtasks: readonly SubtaskCommittables[]
}

export interface SubtaskCommittables {
  /** Of the sink writer. Since Flink 1.19. */
  readonly subtask?: number
  readonly requests: readonly CommitRequest[]
  readonly numCommittables?: number
  /** Before Flink 2. */
  readonly numDrained?: number
  readonly numFailed?: number
}

export interface CommitRequest {
  readonly committable: Versioned
  readonly retries?: number
  readonly state?: string
}

const MAGIC = 0xb91f252c

/** `CommitRequestState` by ordinal. */
const STATES: readonly string[] = ['RECEIVED', 'RETRY', 'FAILED', 'COMMITTED']

/**
 * ```
 * version 1: i32 magic, list of committables
 * version 2: i32 magic, list of checkpoints
 * checkpoint = i64 checkpointId, [version 1: i32 numberOfSubtasks], list of subtasks
 * subtask    = [version >= 1: i32 subtask], list of requests, i32 committables, [version < 2: i32 drained], i32 failed
 * request    = versioned committable, i32 retries, i32 state
 * ```
 * Lists are versioned lists (`CommittableCollectorSerializer`, `SinkV1CommittableDeserializer`).
 */
export function readCommittableCollector({ version, bytes }: Versioned): CommittableCollector {
  if (version !== 1 && version !== 2) {
    throw new KobelError('UNSUPPORTED_VERSION', `a committer's state of version 1 or 2 was expected, found ${version}`)
  }
  return readWhole(bytes, (reader) => {
    readMagic(reader, MAGIC)
    const list = readVersionedList(reader)
    if (version === 2) return { checkpoints: list.items.map((item) => readCheckpoint(item, list.version)) }
    const requests = list.items.map((item) => ({ committable: { version: list.version, bytes: item } }))
    return { checkpoints: [{ subtasks: [{ requests }] }] }
  })
}

function readCheckpoint(bytes: Uint8Array, version: number): CheckpointCommittables {
  return readWhole(bytes, (reader) => {
    const checkpointId = plainLong(reader.i64())
    const numberOfSubtasks = version >= 1 ? reader.i32() : undefined
    const list = readVersionedList(reader)
    const subtasks = list.items.map((item) => readSubtask(item, list.version))
    return { checkpointId, ...(numberOfSubtasks !== undefined && { numberOfSubtasks }), subtasks }
  })
}

function readSubtask(bytes: Uint8Array, version: number): SubtaskCommittables {
  return readWhole(bytes, (reader) => {
    const subtask = version >= 1 ? reader.i32() : undefined
    const requests = readVersionedList(reader).items.map(readRequest)
    const numCommittables = reader.i32()
    const numDrained = version < 2 ? reader.i32() : undefined
    const numFailed = reader.i32()
    return {
      ...(subtask !== undefined && { subtask }),
      requests,
      numCommittables,
      ...(numDrained !== undefined && { numDrained }),
      numFailed,
    }
  })
}

function readRequest(bytes: Uint8Array): CommitRequest {
  return readWhole(bytes, (reader) => {
    const committable = readVersioned(reader)
    const retries = reader.i32()
    const ordinal = reader.i32()
    const state = STATES[ordinal]
    if (state === undefined) {
      throw new KobelError('CORRUPT', `the state of a commit request is 0 to 3, found ${ordinal}`, {
        offset: reader.offset - 4,
      })
    }
    return { committable, retries, state }
  })
}
