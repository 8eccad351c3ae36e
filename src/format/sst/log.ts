import { crc32c, maskCrc32c } from '../../bytes/crc32c.ts'
import { KobelError } from '../../error.ts'
import { SstCursor } from './cursor.ts'

/**
 * RocksDB's log format (`db/log_format.h`), in which MANIFEST is written:
 *
 *     file   = blocks of 32768 bytes; less than 7 bytes at the end of a block are padding
 *     record = fragments: masked CRC-32C of type and payload u32 LE, length u16 LE, type u8, payload
 *     type   0 nothing (preallocated), 1 full, 2 first, 3 middle, 4 last; 5-8 the same with a log number u32 before the
 *            payload, which the length does not count
 */
const LOG_BLOCK_BYTES = 32768
const HEADER_BYTES = 7

/** The records of a log file. */
export function readLogRecords(bytes: Uint8Array): Uint8Array[] {
  const records: Uint8Array[] = []
  let parts: Uint8Array[] | undefined
  const cursor = new SstCursor(bytes)
  while (cursor.remaining > 0) {
    const left = LOG_BLOCK_BYTES - (cursor.offset % LOG_BLOCK_BYTES)
    if (left < HEADER_BYTES) {
      cursor.offset = Math.min(cursor.offset + left, bytes.length)
      continue
    }
    const at = cursor.offset
    const fragment = readFragment(cursor, left)
    if (fragment === undefined) {
      cursor.offset = Math.min(at + left, bytes.length)
      continue
    }
    const begins = fragment.type === 1 || fragment.type === 2
    if (begins !== (parts === undefined)) {
      throw new KobelError('CORRUPT', 'the fragments of a log record are out of order', { offset: at })
    }
    parts ??= []
    parts.push(fragment.payload)
    if (fragment.type === 1 || fragment.type === 4) {
      records.push(joined(parts))
      parts = undefined
    }
  }
  if (parts !== undefined) {
    throw new KobelError('TRUNCATED', 'a log ends inside a record', { offset: bytes.length })
  }
  return records
}

/** Undefined where the rest of the block was preallocated only. */
function readFragment(
  cursor: SstCursor,
  left: number,
): { readonly type: number; readonly payload: Uint8Array } | undefined {
  const at = cursor.offset
  const crc = cursor.fixed32()
  const low = cursor.u8()
  const length = low | (cursor.u8() << 8)
  const type = cursor.u8()
  if (type === 0 && length === 0) return undefined
  if (type < 1 || type > 8) throw new KobelError('CORRUPT', `a log fragment of type ${type} was found`, { offset: at })
  const recyclable = type > 4
  if (HEADER_BYTES + (recyclable ? 4 : 0) + length > left) {
    throw new KobelError('CORRUPT', `a log fragment of ${length} bytes does not fit into its block`, { offset: at })
  }
  if (recyclable) cursor.fixed32()
  const payload = cursor.take(length)
  if (maskCrc32c(crc32c(cursor.bytes, at + 6, cursor.offset)) !== crc) {
    throw new KobelError('CORRUPT', 'the checksum of a log record is wrong', { offset: at })
  }
  return { type: recyclable ? type - 4 : type, payload }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!
  const record = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    record.set(part, at)
    at += part.length
  }
  return record
}
