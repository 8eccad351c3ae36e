import { Reader } from '../bytes/reader.ts'
import { KobelError } from '../error.ts'
import { readSized, readVersioned, type Versioned } from '../format/simple-versioned.ts'
import { plainLong, readMany } from './connector.ts'

/** The state of a `SourceCoordinator`. */
export interface CoordinatorState {
  readonly version: number
  readonly enumerator: Versioned
  /** Version 0 (Flink 1.11) only. */
  readonly readers?: readonly { readonly subtask: number; readonly location: string }[]
  /** Version 0 only: splits given to readers since the checkpoints named. */
  readonly assignments?: readonly Assignment[]
}

export interface Assignment {
  readonly checkpointId: number | string
  readonly subtask: number
  readonly split: Versioned
}

/**
 * ```
 * version 1: i32 1, versioned enumerator
 * version 0: i32 0, versioned enumerator, i32 n, { i32 subtask, utf location }*,
 *            i32 split version, i32 n, { i64 checkpointId, i32 n, { i32 subtask, i32 n, { i32 length, split }* }* }*
 * ```
 * (`SourceCoordinator`, `SourceCoordinatorSerdeUtils`)
 *
 * @throws KobelError where the bytes are of another coordinator.
 */
export function readCoordinatorState(bytes: Uint8Array): CoordinatorState {
  const reader = new Reader(bytes)
  const version = reader.i32()
  if (version !== 0 && version !== 1) throw notOfSource(`version ${version}`)
  const enumerator = readVersioned(reader)
  const state = version === 0 ? { version, enumerator, ...readContext(reader) } : { version, enumerator }
  if (reader.remaining > 0) throw notOfSource(`${reader.remaining} bytes behind its end`)
  return state
}

function notOfSource(found: string): KobelError {
  return new KobelError('CORRUPT', `the state of a source's coordinator was expected, found ${found}`)
}

function readContext(reader: Reader): Pick<CoordinatorState, 'readers' | 'assignments'> {
  const readers = readMany(reader, 'readers', 6, () => ({ subtask: reader.i32(), location: reader.utf() }))
  const version = reader.i32()
  const assignments = readMany(reader, 'checkpoints', 12, () => {
    const checkpointId = plainLong(reader.i64())
    return readMany(reader, 'subtasks', 8, () => {
      const subtask = reader.i32()
      const one = (): Assignment => ({ checkpointId, subtask, split: { version, bytes: readSized(reader) } })
      return readMany(reader, 'splits', 4, one)
    }).flat()
  })
  return { readers, assignments: assignments.flat() }
}
