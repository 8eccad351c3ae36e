import { bunzip2 } from '../../bytes/bzip2.ts'
import { crc32c, maskCrc32c } from '../../bytes/crc32c.ts'
import { inflateRaw } from '../../bytes/inflate.ts'
import { lz4Decompress } from '../../bytes/lz4.ts'
import { snappyDecompress } from '../../bytes/snappy.ts'
import { xxHash3, xxHash32, xxHash64 } from '../../bytes/xxhash.ts'
import { KobelError } from '../../error.ts'
import { SstCursor } from './cursor.ts'

/** Where a block lies in its file, without its trailer. */
export interface BlockHandle {
  readonly offset: number
  readonly size: number
}

/** After each block: its codec, u8, and its checksum, u32 LE. */
export const BLOCK_TRAILER_BYTES = 5

/** Gives exactly `length` plain bytes. */
export type Decompress = (input: Uint8Array, length: number) => Uint8Array

export interface SstOptions {
  /** Codecs that are not built in, by RocksDB's names: `zstd`, `xpress`. */
  readonly decompressors?: Readonly<Record<string, Decompress>>
  /** Default true. */
  readonly verifyChecksums?: boolean
}

/** What is the same for all blocks of a table. */
export interface BlockFormat {
  readonly version: number
  readonly checksumType: number
  /** From format version 6 on the checksum also depends on the place of a block; 0 means that it does not. */
  readonly baseContextChecksum: number
  readonly options: SstOptions
}

const CODECS: readonly string[] = ['none', 'snappy', 'zlib', 'bzip2', 'lz4', 'lz4hc', 'xpress', 'zstd']
/** Until format version 2 nothing tells how long such a block becomes. */
const UNSIZED_LIMIT_BYTES = 1 << 28
const MAX_BLOCK_EXPANSION = 65536

const CHECKSUM_TYPES: Readonly<Record<number, (bytes: Uint8Array, start: number, end: number) => number>> = {
  0: () => 0,
  1: (bytes, start, end) => maskCrc32c(crc32c(bytes, start, end)),
  2: xxHash32,
  3: (bytes, start, end) => Number(xxHash64(bytes, start, end) & 0xffffffffn),
  4: xxHash3Folded,
}

/** XXH3 of all bytes but the last, which is folded in afterwards: RocksDB hashes a block before it knows its codec byte. */
function xxHash3Folded(bytes: Uint8Array, start: number, end: number): number {
  if (start === end) return 0
  const hash = Number(xxHash3(bytes, start, end - 1) & 0xffffffffn)
  return (hash ^ Math.imul(bytes[end - 1]!, 0x6b9083d9)) >>> 0
}

/** `ComputeBuiltinChecksum` (table/format.cc). */
export function sstChecksum(type: number, bytes: Uint8Array, start: number, end: number): number {
  const checksum = CHECKSUM_TYPES[type]
  if (checksum === undefined) {
    throw new KobelError('UNSUPPORTED_VERSION', `a table has checksums of the unknown type ${type}`)
  }
  return checksum(bytes, start, end)
}

/** What is added to a checksum for the place of its block: `ChecksumModifierForContext` (table/format.h). */
export function contextModifier(baseContextChecksum: number, offset: number): number {
  if (baseContextChecksum === 0) return 0
  return (baseContextChecksum ^ ((offset >>> 0) + Math.floor(offset / 2 ** 32))) >>> 0
}

/**
 * The plain bytes of the block that lies at `at` of `bytes`, which hold it with its trailer. They may be a view of
 * `bytes`.
 */
export function readBlockContents(format: BlockFormat, handle: BlockHandle, bytes: Uint8Array, at: number): Uint8Array {
  const end = at + handle.size
  if (at < 0 || end + BLOCK_TRAILER_BYTES > bytes.length) {
    throw new KobelError('TRUNCATED', `a block of ${handle.size} bytes was expected`, { offset: handle.offset })
  }
  if (format.options.verifyChecksums !== false && format.checksumType !== 0) {
    const stored = new SstCursor(bytes, end + 1).fixed32()
    const expected =
      (sstChecksum(format.checksumType, bytes, at, end + 1) +
        contextModifier(format.baseContextChecksum, handle.offset)) >>>
      0
    if (stored !== expected) {
      throw new KobelError('CORRUPT', 'the checksum of a block is wrong', { offset: handle.offset })
    }
  }
  const codec = bytes[end]!
  if (codec === 0) return bytes.subarray(at, end)
  try {
    return decompressBlock(format, codec, bytes, at, end)
  } catch (error) {
    if (!(error instanceof KobelError)) throw error
    throw new KobelError(error.code, error.message, { ...error.where, offset: handle.offset })
  }
}

/**
 * `UncompressBlockData` (table/format.cc): Snappy blocks know their plain length; from format version 2 on the others
 * begin with it as varint32; before, LZ4 began with it as u64 LE, zlib and bzip2 did not say it (zstd always did).
 */
function decompressBlock(
  format: BlockFormat,
  codec: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): Uint8Array {
  const name = CODECS[codec] ?? `number ${codec}`
  if (name === 'snappy') return snappyDecompress(bytes, undefined, start, end)
  const cursor = new SstCursor(bytes, start, end)
  const isLz4 = name === 'lz4' || name === 'lz4hc'
  if (format.version < 2 && name === 'zlib') return inflateRaw(bytes, start, end, undefined, UNSIZED_LIMIT_BYTES)
  if (format.version < 2 && name === 'bzip2') return bunzip2(bytes, start, end, undefined, UNSIZED_LIMIT_BYTES)
  const length = format.version < 2 && isLz4 ? cursor.fixed64() : cursor.varint32()
  if (isLz4) return lz4Decompress(bytes, cursor.offset, end, length)
  if (name === 'zlib') return inflateRaw(bytes, cursor.offset, end, length)
  if (length > (end - start) * MAX_BLOCK_EXPANSION || length > UNSIZED_LIMIT_BYTES) {
    throw new KobelError('LIMIT', `a block of ${length} bytes is too large`)
  }
  if (name === 'bzip2') return bunzip2(bytes, cursor.offset, end, length, UNSIZED_LIMIT_BYTES)
  const decompress = Object.hasOwn(format.options.decompressors ?? {}, name)
    ? format.options.decompressors?.[name]
    : undefined
  if (decompress === undefined) throw unsupported(name)
  return checkedDecompress(name, decompress, cursor.take(cursor.remaining), length)
}

function checkedDecompress(name: string, decompress: Decompress, input: Uint8Array, length: number): Uint8Array {
  let plain: Uint8Array
  try {
    plain = decompress(input, length)
  } catch (error) {
    throw new KobelError('CORRUPT', `a ${name} block is damaged: ${String(error)}`, {}, { cause: error })
  }
  if (plain.length === length) return plain
  throw new KobelError('CORRUPT', `a ${name} block gave ${plain.length} bytes, ${length} were expected`)
}

function unsupported(name: string): KobelError {
  return new KobelError(
    'UNSUPPORTED_VERSION',
    `a block is compressed with ${name}, which is not built in: give a decompressor of that name in the options`,
  )
}
