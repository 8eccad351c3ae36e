import { KobelError, locate } from '../../error.ts'
import { SstCursor } from './cursor.ts'
import { readLogRecords } from './log.ts'

/** A live table file, as MANIFEST describes it. */
export interface SstFile {
  readonly number: number
  readonly level: number
  readonly size: number
  /** Internal keys: user key and 8 bytes of sequence number and type. */
  readonly smallest: Uint8Array
  readonly largest: Uint8Array
  /** Undefined in files of RocksDB before 5.0. */
  readonly smallestSequence: number | undefined
  readonly largestSequence: number | undefined
}

export interface SstColumnFamily {
  readonly id: number
  /** The name of the state; `default` is there always and never used by Flink. */
  readonly name: string
  readonly comparator: string
  readonly files: readonly SstFile[]
}

export interface SstManifest {
  readonly columnFamilies: readonly SstColumnFamily[]
  readonly lastSequence: number
}

/** The only order of keys that Flink uses; others would need their own merge. */
export const BYTEWISE_COMPARATOR = 'leveldb.BytewiseComparator'

/** The name of the file of a table: `000012.sst`. */
export function sstFileName(number: number): string {
  return `${String(number).padStart(6, '0')}.sst`
}

/** CURRENT holds the name of the MANIFEST file and a line feed. */
export function readCurrent(bytes: Uint8Array): string {
  const text = new TextDecoder('latin1').decode(bytes.subarray(0, 100))
  const name = /^(MANIFEST-\d+)\n$/.exec(text)?.[1]
  if (name === undefined || bytes.length > 100) {
    throw new KobelError('CORRUPT', `CURRENT should name a MANIFEST file, found ${JSON.stringify(text)}`)
  }
  return name
}

interface OpenFamily {
  readonly id: number
  readonly name: string
  comparator: string
  readonly files: Map<number, SstFile>
}

interface OpenManifest {
  readonly families: Map<number, OpenFamily>
  lastSequence: number
}

/** Plays all edits of a MANIFEST file: what is live after the last one. */
export function readManifest(bytes: Uint8Array): SstManifest {
  const manifest: OpenManifest = { families: new Map(), lastSequence: 0 }
  manifest.families.set(0, { id: 0, name: 'default', comparator: BYTEWISE_COMPARATOR, files: new Map() })
  for (const [index, record] of readLogRecords(bytes).entries()) {
    try {
      applyEdit(manifest, readVersionEdit(record))
    } catch (error) {
      if (!(error instanceof KobelError)) throw error
      const message = `record ${index} of MANIFEST: ${error.message}`
      throw locate(new KobelError(error.code, message, error.where), { file: 'MANIFEST' })
    }
  }
  const columnFamilies = [...manifest.families.values()].map((family) => ({
    ...family,
    files: [...family.files.values()],
  }))
  return { columnFamilies, lastSequence: manifest.lastSequence }
}

interface VersionEdit {
  columnFamily: number
  addedName: string | undefined
  dropped: boolean
  comparator: string | undefined
  lastSequence: number | undefined
  readonly deletedFiles: number[]
  readonly newFiles: SstFile[]
}

function applyEdit(manifest: OpenManifest, edit: VersionEdit): void {
  const { families } = manifest
  if (edit.lastSequence !== undefined) manifest.lastSequence = edit.lastSequence
  if (edit.addedName !== undefined) {
    if (families.has(edit.columnFamily)) throw new KobelError('CORRUPT', 'a column family is added twice')
    const comparator = edit.comparator ?? BYTEWISE_COMPARATOR
    families.set(edit.columnFamily, { id: edit.columnFamily, name: edit.addedName, comparator, files: new Map() })
  }
  const family = families.get(edit.columnFamily)
  if (family === undefined) {
    throw new KobelError('CORRUPT', `column family ${edit.columnFamily} is not known`)
  }
  if (edit.comparator !== undefined) family.comparator = edit.comparator
  for (const number of edit.deletedFiles) family.files.delete(number)
  for (const file of edit.newFiles) family.files.set(file.number, file)
  if (edit.dropped) families.delete(edit.columnFamily)
}

/** A tag with this bit may be skipped by those who do not know it: it is followed by a slice. */
const SAFE_IGNORE_BIT = 1 << 13

/** What follows the tags that say nothing about the tables: varints and slices to be skipped. */
const SKIPPED_TAGS: ReadonlyMap<number, readonly ('varint' | 'slice')[]> = new Map([
  [2, ['varint']], // log number
  [3, ['varint']], // next file number
  [5, ['varint', 'slice']], // compaction cursor: level, internal key
  [9, ['varint']], // previous log number
  [10, ['varint']], // smallest log number to keep
  [203, ['varint']], // largest column family id
  [300, ['varint']], // edits that are left of an atomic group
])

/** `VersionEdit` (db/version_edit.cc): tags, varint32, each with its own contents, up to the end of the record. */
function readVersionEdit(record: Uint8Array): VersionEdit {
  const cursor = new SstCursor(record)
  const edit: VersionEdit = {
    columnFamily: 0,
    addedName: undefined,
    dropped: false,
    comparator: undefined,
    lastSequence: undefined,
    deletedFiles: [],
    newFiles: [],
  }
  while (cursor.remaining > 0) readEditMember(cursor, edit)
  return edit
}

function readEditMember(cursor: SstCursor, edit: VersionEdit): void {
  const at = cursor.offset
  const tag = cursor.varint32()
  const skipped = SKIPPED_TAGS.get(tag)
  if (skipped !== undefined) {
    for (const part of skipped) {
      if (part === 'varint') cursor.varint64()
      else cursor.slice()
    }
  } else if (tag === 1) edit.comparator = text(cursor.slice())
  else if (tag === 4) edit.lastSequence = cursor.varint64()
  else if (tag === 6) {
    cursor.varint32()
    edit.deletedFiles.push(cursor.varint64())
  } else if (tag === 7 || tag === 100 || tag === 102 || tag === 103) edit.newFiles.push(readNewFile(cursor, tag))
  else if (tag === 200) edit.columnFamily = cursor.varint32()
  else if (tag === 201) edit.addedName = text(cursor.slice())
  else if (tag === 202) edit.dropped = true
  else if ((tag & SAFE_IGNORE_BIT) !== 0) cursor.slice()
  else if (tag === 400 || tag === 401) {
    throw new KobelError('UNSUPPORTED_VERSION', 'values in blob files are not supported', { offset: at })
  } else throw new KobelError('UNSUPPORTED_VERSION', `a version edit has the unknown tag ${tag}`, { offset: at })
}

/**
 * Tags 7, 100, 102, 103: level, number, (102: path id,) size, smallest and largest internal key, (not 7: smallest and
 * largest sequence number). 103 goes on with tag and slice up to tag 1; tags with bit 6 must be known.
 */
function readNewFile(cursor: SstCursor, tag: number): SstFile {
  const level = cursor.varint32()
  const number = cursor.varint64()
  if (tag === 102) cursor.varint32()
  const size = cursor.varint64()
  const smallest = internalKey(cursor)
  const largest = internalKey(cursor)
  const smallestSequence = tag === 7 ? undefined : cursor.varint64()
  const largestSequence = tag === 7 ? undefined : cursor.varint64()
  while (tag === 103) {
    const custom = cursor.varint32()
    if (custom === 1) break
    // 65 is the path id, which is of no use outside the process that wrote it.
    if ((custom & 64) !== 0 && custom !== 65) {
      throw new KobelError('UNSUPPORTED_VERSION', `a table has the unknown property ${custom} in MANIFEST`)
    }
    cursor.slice()
  }
  return { number, level, size, smallest, largest, smallestSequence, largestSequence }
}

function internalKey(cursor: SstCursor): Uint8Array {
  const key = cursor.slice()
  if (key.length < 8) throw new KobelError('CORRUPT', `an internal key of ${key.length} bytes was found`)
  return key
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
