import { Reader } from '../bytes/reader.ts'
import { Writer } from '../bytes/writer.ts'
import { KobelError } from '../error.ts'
import { readWithExtents } from '../serializer/extents.ts'
import type { SerializerOptions } from '../serializer/options.ts'
import type { SerializerTable } from '../serializer/row.ts'
import { UnknownExtentError } from '../serializer/snapshot.ts'
import { readStateMetaInfo, type StateMetaInfo, writeStateMetaInfo } from './state-meta-info.ts'

/**
 * Files of the changelog backend (`StateChangeFormat`, `OutputStreamWithPos`): u8 1 where all that follows is one Snappy
 * stream, else 0; then change sets, which handles point at by their offset in the plain bytes behind that first byte:
 *
 *     i32 key groups
 *     for each: i32 n, i32 key group (-1 for metadata, which comes first), n times { i32 length, change }
 *
 * A change (`AbstractStateChangeLogger`): u8 operation, then
 *
 *     METADATA   i32 6 or 7, state meta info, KEY_VALUE: { bool TTL [Java object], bool default [value] }, i16 state id,
 *                u8 code of the backend state type
 *     others     i16 state id, KEY_VALUE: { key, namespace }, and what the operation needs
 */
export const CHANGE_OPERATIONS = [
  'CLEAR',
  'SET',
  'SET_INTERNAL',
  'ADD',
  'MERGE_NS',
  'ADD_ELEMENT',
  'ADD_OR_UPDATE_ELEMENT',
  'REMOVE_ELEMENT',
  'METADATA',
] as const

export type ChangeOperation = (typeof CHANGE_OPERATIONS)[number]

/** `StateChange.META_KEY_GROUP` */
export const METADATA_KEY_GROUP = -1

/** Walks one change set in windows of its plain bytes. */
export class ChangeSetScanner {
  /** The change set has ended. */
  done = false
  private groupsLeft: number | undefined
  private changesLeft = 0
  private keyGroup = 0

  /**
   * Gives every whole change of the window to `onChange`, as a view, and the number of bytes used; the rest must come
   * again at the front of the next window.
   */
  step(window: Uint8Array, onChange: (keyGroup: number, change: Uint8Array) => void): number {
    const reader = new Reader(window)
    while (!this.done) {
      if (this.groupsLeft === undefined) {
        if (reader.remaining < 4) break
        this.groupsLeft = readCount(reader, 'key groups of a change set')
      } else if (this.changesLeft > 0) {
        if (reader.remaining < 4) break
        const length = reader.view.getInt32(reader.offset)
        if (length < 1) throw corrupt(`a change of ${length} bytes cannot be`, reader)
        if (reader.remaining < 4 + length) break
        reader.skip(4)
        onChange(this.keyGroup, reader.take(length))
        this.changesLeft--
      } else if (this.groupsLeft > 0) {
        if (reader.remaining < 8) break
        this.changesLeft = readCount(reader, 'changes')
        this.keyGroup = reader.i32()
        if (this.keyGroup < METADATA_KEY_GROUP || this.keyGroup > 0x7fff) {
          throw corrupt(`a change of key group ${this.keyGroup} cannot be`, reader)
        }
        this.groupsLeft--
      } else {
        this.done = true
      }
    }
    return reader.offset
  }
}

function readCount(reader: Reader, what: string): number {
  const count = reader.i32()
  if (count < 0) throw corrupt(`the number of ${what} is ${count}`, reader)
  return count
}

/** Changes by key group, the metadata first, as they are written. */
export function writeChangeSet(
  writer: Writer,
  groups: readonly { readonly keyGroup: number; readonly changes: readonly Uint8Array[] }[],
): void {
  writer.i32(groups.length)
  for (const { keyGroup, changes } of groups) {
    writer.i32(changes.length)
    writer.i32(keyGroup)
    for (const change of changes) {
      writer.i32(change.length)
      writer.raw(change)
    }
  }
}

/** What a change begins with. */
export function readChangeHead(change: Uint8Array): { operation: ChangeOperation; stateId: number; reader: Reader } {
  const reader = new Reader(change)
  const operation = readOperation(reader)
  // The state id of metadata stands behind it.
  return { operation, stateId: operation === 'METADATA' ? -1 : reader.u16(), reader }
}

export function readOperation(reader: Reader): ChangeOperation {
  const code = reader.u8()
  const operation = CHANGE_OPERATIONS[code]
  if (operation) return operation
  throw corrupt(`the operation of a change is 0 to ${CHANGE_OPERATIONS.length - 1}, found ${code}`, reader)
}

/** A METADATA change: under which id the following changes of the log mean which state. */
export interface MetadataChange {
  readonly stateId: number
  readonly info: StateMetaInfo
}

/** State id and type code. */
const TRAILER_BYTES = 3

/** Where a serializer cannot be read the state has none: its changes cannot be read, but those of others can. */
export function readMetadataChange(
  change: Uint8Array,
  table: SerializerTable,
  options: SerializerOptions,
): MetadataChange {
  const stateId = new Reader(change, Math.max(0, change.length - TRAILER_BYTES)).u16()
  let named: StateMetaInfo | undefined
  const read = (end: number | undefined): StateMetaInfo =>
    readWithExtents(change, end, table, (source) => {
      const { reader } = source
      const operation = readOperation(reader)
      if (operation !== 'METADATA') throw corrupt(`metadata of a state was expected, found ${operation}`, reader)
      const version = reader.i32()
      if (version !== 6 && version !== 7) {
        throw new KobelError('UNSUPPORTED_VERSION', `kobel reads state meta infos 6 and 7, found ${version}`)
      }
      return readStateMetaInfo({ ...source, options }, (name, backendStateType, options) => {
        named = { name, backendStateType, options, serializers: [] }
      })
    })
  // TTL configuration and default value have no lengths, and are not needed: the state id stands at the end.
  for (const end of [undefined, metaInfoEnd(change)]) {
    try {
      return { stateId, info: read(end) }
    } catch (error) {
      if (!(error instanceof UnknownExtentError) || named === undefined) throw error
    }
  }
  return { stateId, info: named! }
}

/** Where the meta info ends; undefined where a TTL configuration or a default value may follow. */
function metaInfoEnd(change: Uint8Array): number | undefined {
  const at = change.length - TRAILER_BYTES
  const code = change[at + 2]
  if (code === PRIORITY_QUEUE) return at
  return change[at - 1] === 0 && change[at - 2] === 0 ? at - 2 : undefined
}

const PRIORITY_QUEUE = 3

/** A METADATA change without TTL configuration and default value. */
export function writeMetadataChange(stateId: number, info: StateMetaInfo): Uint8Array {
  const writer = new Writer(256)
  writer.u8(CHANGE_OPERATIONS.indexOf('METADATA'))
  writer.i32(7)
  writeStateMetaInfo(writer, info)
  if (info.backendStateType === 'KEY_VALUE') writer.i16(0)
  writer.i16(stateId)
  writer.u8(info.backendStateType === 'PRIORITY_QUEUE' ? PRIORITY_QUEUE : 0)
  return writer.toBytes()
}

function corrupt(message: string, reader: Reader): KobelError {
  return new KobelError('CORRUPT', message, { offset: reader.offset })
}
