import { Reader } from '../../bytes/reader.ts'
import { Writer } from '../../bytes/writer.ts'
import { KobelError } from '../../error.ts'
import type { MasterState } from './types.ts'

const MASTER_STATE_MAGIC = 0xc96b1696 | 0

/** `masterState = i32 0xC96B1696, i32 length, length bytes of { i32 version, utf name, i32 n, bytes }` (`MasterState`) */
export function readMasterState(reader: Reader): MasterState {
  const at = reader.offset
  if (reader.i32() !== MASTER_STATE_MAGIC) {
    throw new KobelError('CORRUPT', 'a master state was expected, its magic number was not found', { offset: at })
  }
  const length = reader.count('bytes of master state')
  const inner = new Reader(reader.bytes, reader.offset, reader.offset + length)
  const version = inner.i32()
  const name = inner.utf()
  const bytes = inner.take(inner.count('bytes of a master hook'))
  if (inner.remaining > 0) {
    throw new KobelError('CORRUPT', `${inner.remaining} bytes follow a master state`, { offset: inner.offset })
  }
  reader.skip(length)
  return { version, name, bytes }
}

export function writeMasterState(writer: Writer, state: MasterState): void {
  const inner = new Writer()
  inner.i32(state.version)
  inner.utf(state.name)
  inner.i32(state.bytes.length)
  inner.raw(state.bytes)
  writer.i32(MASTER_STATE_MAGIC)
  writer.i32(inner.offset)
  writer.raw(inner.toBytes())
}
