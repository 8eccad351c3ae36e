import { toBase64 } from '../bytes/encoding.ts'
import { Reader } from '../bytes/reader.ts'
import { readSized, readVersioned, readWhole, type Versioned } from '../format/simple-versioned.ts'
import { type Connector, expectThat, type Plain, plainLong, readMagic, readMany } from './connector.ts'
import { LittleEndian } from './little-endian.ts'

export const FILE_SINK: Connector = {
  name: 'file',
  writerState: { versions: [1, 2, 3], read: readBucketState },
  committable: { versions: [1, 2], read: readCommittable },
}

const BUCKET_STATE = 0x1e764b79
const COMMITTABLE = 0x1e765c80
const IN_PROGRESS_FILE = 0xb3a4073d
const PENDING_FILE = 0x2c853c89
const LOCAL_FILE = 0x1e744b57

/**
 * ```
 * i32 magic, versioned bucketId, utf bucketPath, i64 creationTime, bool, [versioned in-progress file]
 * version 1, 2: i32 version, i32 n, { i64 checkpointId, i32 m, { i32 length, pending file }* }*
 * ```
 * In version 1 the files stand without the frame of the part file writer (`FileWriterBucketStateSerializer`).
 */
function readBucketState(reader: Reader, version: number): Plain {
  readMagic(reader, BUCKET_STATE)
  const bucketId = readText(readVersioned(reader))
  const bucketPath = reader.utf()
  const creationTime = reader.i64()
  const inProgress = reader.bool() ? readVersioned(reader) : undefined
  const plainFile = version === 1 ? readRecoverable : undefined
  return {
    bucketId,
    bucketPath,
    // Long.MAX_VALUE where no file is in progress.
    inProgressFileCreationTime: creationTime === 2n ** 63n - 1n ? null : plainLong(creationTime),
    inProgressFile: inProgress ? (plainFile ?? readInProgressFile)(inProgress) : null,
    ...(version < 3 && { pendingFiles: readPendingFiles(reader, plainFile ?? readPendingFile) }),
  }
}

function readPendingFiles(reader: Reader, readFile: (file: Versioned) => Plain): Plain {
  const version = reader.i32()
  return readMany(reader, 'checkpoints', 12, () => ({
    checkpointId: plainLong(reader.i64()),
    files: readMany(reader, 'pending files', 4, () => readFile({ version, bytes: readSized(reader) })),
  }))
}

/**
 * ```
 * version 1: i32 magic, file, cleanup
 * version 2: i32 magic, utf bucketId, file, cleanup, bool, [utf compactedFileToCleanup]
 * file = bool, [versioned pending file]          cleanup = bool, [versioned in-progress file]
 * ```
 * (`FileSinkCommittableSerializer`)
 */
function readCommittable(reader: Reader, version: number): Plain {
  readMagic(reader, COMMITTABLE)
  const bucketId = version >= 2 ? reader.utf() : undefined
  return {
    ...(bucketId !== undefined && { bucketId }),
    pendingFile: reader.bool() ? readPendingFile(readVersioned(reader)) : null,
    inProgressFileToCleanup: reader.bool() ? readInProgressFile(readVersioned(reader)) : null,
    ...(version >= 2 && { compactedFileToCleanup: reader.bool() ? reader.utf() : null }),
  }
}

/**
 * `i32 magic, [version 2: bool, [utf path], i64 size], versioned recoverable`
 * (`OutputStreamBasedPendingFileRecoverableSerializer`)
 */
function readPendingFile({ version, bytes }: Versioned): Plain {
  return readPartFile(version, bytes, PENDING_FILE, true)
}

/** As {@link readPendingFile}, without the size (`OutputStreamBasedInProgressFileRecoverableSerializer`). */
function readInProgressFile({ version, bytes }: Versioned): Plain {
  return readPartFile(version, bytes, IN_PROGRESS_FILE, false)
}

function readPartFile(version: number, bytes: Uint8Array, magic: number, hasSize: boolean): Plain {
  // Writers other than Flink's own have forms of theirs.
  if (bytes.length < 4 || new Reader(bytes).i32() !== (magic | 0) || version < 1 || version > 2) {
    return { version, bytes: toBase64(bytes) }
  }
  return readWhole(bytes, (reader) => {
    readMagic(reader, magic)
    if (version === 1) return { recoverable: readRecoverable(readVersioned(reader)) }
    return {
      path: reader.bool() ? reader.utf() : null,
      ...(hasSize && { size: plainLong(reader.i64()) }),
      recoverable: readRecoverable(readVersioned(reader)),
    }
  })
}

/**
 * What the file system needs to go on. Local: `i32 magic, i64 offset, i32 n, i32 m, UTF-8 targetFile, UTF-8 tempFile`,
 * little-endian (`LocalRecoverableSerializer`, version 1). Of other file systems: the bytes.
 */
function readRecoverable({ version, bytes }: Versioned): Plain {
  const isLocal = bytes.length >= 20 && new LittleEndian(new Reader(bytes)).i32() === LOCAL_FILE
  if (!isLocal || version !== 1) return { version, bytes: toBase64(bytes) }
  return readWhole(bytes, (outer) => {
    const reader = new LittleEndian(outer)
    reader.i32()
    const offset = plainLong(reader.i64())
    const [target, temp] = [reader.i32(), reader.i32()]
    return {
      offset,
      targetFile: reader.text(outer.take(target)),
      tempFile: reader.text(outer.take(temp)),
    }
  })
}

/** `i32 length, UTF-8`, little-endian (`SimpleVersionedStringSerializer`, version 1) */
function readText({ version, bytes }: Versioned): Plain {
  if (version !== 1) return { version, bytes: toBase64(bytes) }
  return readWhole(bytes, (outer) => {
    const reader = new LittleEndian(outer)
    const text = reader.text(reader.sized())
    expectThat(outer.remaining === 0, 'the end of a text', outer)
    return text
  })
}
