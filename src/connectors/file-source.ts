import { Reader } from '../bytes/reader.ts'
import { KobelError } from '../error.ts'
import { readFlinkString } from '../serializer/strings.ts'
import { type Connector, expectThat, type Nested, type Plain, plainLong, readMany } from './connector.ts'
import { LittleEndian } from './little-endian.ts'

/** `FileSource`; sources of table formats that take its split as it is have the same bytes. */
export const FILE_SOURCE: Connector = {
  name: 'file',
  split: { versions: [1], read: readSplit },
  enumerator: { versions: [1], read: readPendingSplits },
}

/**
 * ```
 * split = utf splitId, path, i64 offset, i64 length, [i64 modified, i64 fileSize], i32 n, utf hostname*,
 *         bool, [i64 offset, i64 recordsAfterOffset]
 * ```
 * (`FileSourceSplitSerializer`, version 1.) Flink 1.12 has not the two numbers of the file, under the same version.
 */
function readSplit(reader: Reader): Plain {
  const start = reader.offset
  try {
    const split = readSplitOf(reader, true)
    if (reader.remaining === 0) return split
  } catch (error) {
    if (!(error instanceof KobelError)) throw error
  }
  reader.offset = start
  return readSplitOf(reader, false)
}

function readSplitOf(reader: Reader, sinceFlink113: boolean): Plain {
  const splitId = reader.utf()
  const path = readPath(reader)
  const offset = plainLong(reader.i64())
  const length = plainLong(reader.i64())
  const file = sinceFlink113 && {
    fileModificationTime: plainLong(reader.i64()),
    fileSize: plainLong(reader.i64()),
  }
  const hostnames = readMany(reader, 'host names', 2, () => reader.utf())
  const readerPosition = reader.bool() && {
    // -1 where the position is counted in records alone.
    offset: plainLong(reader.i64()),
    recordsAfterOffset: plainLong(reader.i64()),
  }
  return { splitId, path, offset, length, ...file, hostnames, readerPosition: readerPosition || null }
}

/**
 * ```
 * path = bool, [text? scheme, text? userInfo, text? host, i32 port, text? path, text? query, text? fragment]
 * text? = bool, [Flink string]
 * ```
 * (`Path.serializeToDataOutputView`)
 */
function readPath(reader: Reader): string {
  if (!reader.bool()) return ''
  const text = (): string | null => (reader.bool() ? readFlinkString(reader) : null)
  const scheme = text()
  const userInfo = text()
  const host = text()
  const port = reader.i32()
  const path = text()
  const query = text()
  const fragment = text()
  const authority =
    host === null ? '' : `//${userInfo === null ? '' : `${userInfo}@`}${host}${port < 0 ? '' : `:${port}`}`
  return [
    scheme === null ? '' : `${scheme}:`,
    authority,
    path ?? '',
    query === null ? '' : `?${query}`,
    fragment === null ? '' : `#${fragment}`,
  ].join('')
}

const MAGIC = 0xdeadbeef

/**
 * ```
 * i32 magic, i32 split version, i32 splits, i32 paths, { i32 length, split }*, { i32 length, UTF-8 path }*
 * ```
 * little-endian, apart from what is in the splits (`PendingSplitsCheckpointSerializer`, version 1)
 */
function readPendingSplits(outer: Reader, _version: number, nested: Nested): Plain {
  const reader = new LittleEndian(outer)
  expectThat(reader.i32() === (MAGIC | 0), 'the number deadbeef', outer)
  const version = reader.i32()
  const splitCount = reader.count('splits', 4)
  const pathCount = reader.count('paths', 4)
  const splits = Array.from({ length: splitCount }, () => {
    const bytes = reader.sized()
    return version === 1 ? readSplitAlone(bytes) : nested('split', { version, bytes })
  })
  const alreadyProcessedPaths = Array.from({ length: pathCount }, () => reader.text(reader.sized()))
  return { splits, alreadyProcessedPaths }
}

function readSplitAlone(bytes: Uint8Array): Plain {
  const reader = new Reader(bytes)
  const split = readSplit(reader)
  expectThat(reader.remaining === 0, 'the end of a split', reader)
  return split
}
