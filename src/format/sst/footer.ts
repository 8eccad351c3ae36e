import { KobelError } from '../../error.ts'
import { type BlockHandle, contextModifier, sstChecksum } from './compression.ts'
import { SstCursor } from './cursor.ts'

export interface Footer {
  readonly version: number
  readonly checksumType: number
  readonly baseContextChecksum: number
  readonly metaIndex: BlockHandle
  /** Undefined from format version 6 on: the meta index block names it. */
  readonly index: BlockHandle | undefined
  /** Where in the file the footer begins: no block reaches beyond. */
  readonly offset: number
}

/** The longest footer. */
export const FOOTER_BYTES = 53
const LEGACY_FOOTER_BYTES = 48
const MIN_FOOTER_BYTES = LEGACY_FOOTER_BYTES

/** `kBlockBasedTableMagicNumber` and its forerunner, and the formats that are not block based; as two u32 LE. */
const MAGIC_LOW = 0x85f4cff7
const MAGIC_HIGH = 0x88e241b7
const LEGACY_MAGIC_LOW = 0x8b80fb57
const LEGACY_MAGIC_HIGH = 0xdb477524

/** The end of the last bytes of a file of `fileSize` bytes.
 *
 *     version 0     meta index handle, index handle (two varint64 each), padded to 40 bytes; old magic u64 LE
 *     versions 1-5  checksum type u8; the handles padded to 40 bytes; version u32 LE, magic u64 LE
 *     version 6     checksum type u8; 3e 00 7a 00, checksum of the footer u32 LE, base context checksum u32 LE, size of
 *                   the meta index u32 LE (it ends where the footer begins), 24 zeros; version u32 LE, magic u64 LE
 *
 * Learnt from `Footer::DecodeFrom` (table/format.cc).
 */
export function readFooter(tail: Uint8Array, fileSize: number): Footer {
  const size = tail.length
  if (size < MIN_FOOTER_BYTES) throw notATable(`a table has at least ${MIN_FOOTER_BYTES} bytes, found ${size}`)
  const ending = new SstCursor(tail, size - 8)
  const low = ending.fixed32()
  const high = ending.fixed32()
  if (low === LEGACY_MAGIC_LOW && high === LEGACY_MAGIC_HIGH) {
    return withHandles(tail, size - LEGACY_FOOTER_BYTES, 0, 1, fileSize - LEGACY_FOOTER_BYTES)
  }
  if (low !== MAGIC_LOW || high !== MAGIC_HIGH) {
    throw notATable('a block-based table of RocksDB was expected, its last eight bytes are others')
  }
  if (size < FOOTER_BYTES) throw notATable(`a table has at least ${FOOTER_BYTES} bytes, found ${size}`)
  const start = size - FOOTER_BYTES
  const version = new SstCursor(tail, size - 12).fixed32()
  const checksumType = tail[start]!
  const offset = fileSize - FOOTER_BYTES
  if (version === 0 || version > 6) {
    throw new KobelError('UNSUPPORTED_VERSION', `a table has the format version ${version}, versions 0 to 6 are known`)
  }
  return version < 6
    ? withHandles(tail, start + 1, version, checksumType, offset)
    : readFooter6(tail, start, checksumType, offset)
}

function withHandles(tail: Uint8Array, at: number, version: number, checksumType: number, offset: number): Footer {
  const cursor = new SstCursor(tail, at, at + 40)
  const metaIndex = readHandle(cursor, offset)
  const index = readHandle(cursor, offset)
  return { version, checksumType, baseContextChecksum: 0, metaIndex, index, offset }
}

function readFooter6(tail: Uint8Array, start: number, checksumType: number, offset: number): Footer {
  const cursor = new SstCursor(tail, start + 1)
  if (cursor.fixed32() !== 0x007a003e) throw notATable('the footer of a table is damaged')
  const stored = cursor.fixed32()
  const baseContextChecksum = cursor.fixed32()
  const size = cursor.fixed32()
  const footer = tail.slice(start, start + FOOTER_BYTES)
  footer.fill(0, 5, 9)
  const modifier = contextModifier(baseContextChecksum, offset)
  const expected = (sstChecksum(checksumType, footer, 0, FOOTER_BYTES) + modifier) >>> 0
  if (expected !== stored) throw notATable('the checksum of the footer of a table is wrong')
  const metaIndex = { offset: offset - 5 - size, size }
  if (metaIndex.offset < 0) throw notATable('the meta index of a table is larger than its file')
  return { version: 6, checksumType, baseContextChecksum, metaIndex, index: undefined, offset }
}

/** Two varint64: offset and size. The block and its trailer must end before `limit`. */
export function readHandle(cursor: SstCursor, limit: number): BlockHandle {
  return checkHandle({ offset: cursor.varint64(), size: cursor.varint64() }, limit)
}

export function checkHandle(handle: BlockHandle, limit: number): BlockHandle {
  if (handle.size >= 0 && handle.offset + handle.size + 5 <= limit) return handle
  throw new KobelError('CORRUPT', `a block of ${handle.size} bytes reaches beyond its file`, { offset: handle.offset })
}

function notATable(message: string): KobelError {
  return new KobelError('CORRUPT', message)
}
