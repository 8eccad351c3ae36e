import { readModifiedUtf8 } from '../bytes/modified-utf8.ts'
import { Reader } from '../bytes/reader.ts'
import { KobelError } from '../error.ts'
import type { SerializerTable } from './row.ts'
import { type Attempts, readNestedSnapshots, type SnapshotSource, UnknownExtentError } from './snapshot.ts'

/**
 * Snapshots carry no length, so one of an unknown class could hide all that follows. Its end is worked out from what
 * follows: a body length is tried by reading the rest of the head, which must end exactly at its known end.
 */

/** Work that trying lengths may take, about a byte read each; keeps a hostile head from taking long. */
const MAX_WORK = 24_000_000
/** The work of an attempt that reads no new byte. */
const ATTEMPT_WORK = 2000

/**
 * Reads a structure with serializer snapshots that ends exactly at `end`.
 *
 * @param end the known end, or `undefined` where it is not known: then only bodies of a known form are inferred.
 * @throws UnknownExtentError where the end of an unknown snapshot cannot be told, or could be told in two ways.
 */
export function readWithExtents<T>(
  bytes: Uint8Array,
  end: number | undefined,
  table: SerializerTable,
  read: (source: SnapshotSource) => T,
): T {
  return solve(bytes, end, table, read, new Map(), { read: new Map(), unknownBodies: 0, work: 0 })
}

function solve<T>(
  bytes: Uint8Array,
  end: number | undefined,
  table: SerializerTable,
  read: (source: SnapshotSource) => T,
  extents: ReadonlyMap<number, number>,
  attempts: Attempts,
): T {
  const source: SnapshotSource = {
    reader: new Reader(bytes, 0, end ?? bytes.length),
    table,
    extents,
    depth: 0,
    attempts,
  }
  let unknown: UnknownExtentError
  try {
    const result = read(source)
    if (end !== undefined && source.reader.offset !== end) {
      throw new KobelError(
        'CORRUPT',
        `${end - source.reader.offset} bytes are left behind the last serializer snapshot`,
        {
          offset: source.reader.offset,
        },
      )
    }
    return result
  } catch (error) {
    attempts.work += ATTEMPT_WORK
    if (!(error instanceof UnknownExtentError)) throw error
    unknown = error
  }
  const attempt = (length: number): { result: T } | undefined => {
    if (attempts.work > MAX_WORK) throw unknown
    try {
      return { result: solve(bytes, end, table, read, new Map([...extents, [unknown.offset, length]]), attempts) }
    } catch (error) {
      if (!(error instanceof KobelError) || attempts.work > MAX_WORK)
        throw error instanceof KobelError ? unknown : error
      return undefined
    }
  }
  for (const length of formsOf(source, unknown)) {
    const solved = attempt(length)
    if (solved) return solved.result
  }
  if (end === undefined) throw unknown
  return search(bytes, unknown, attempt)
}

/** The shortest length after which all fits; a second one means that nothing is known. */
function search<T>(
  bytes: Uint8Array,
  unknown: UnknownExtentError,
  attempt: (length: number) => { result: T } | undefined,
): T {
  let found: { result: T } | undefined
  const last = nextAnchor(bytes, unknown.offset, unknown.limit)
  for (let at = unknown.offset + 1; at <= last; at++) {
    if (!canFollow(bytes, at, unknown.limit)) continue
    const solved = attempt(at - unknown.offset)
    if (solved && found) throw unknown
    found ??= solved
  }
  if (!found) throw unknown
  return found.result
}

/** Texts of a meta info that no body of a snapshot has reason to hold: behind the first one a body has ended. */
const ANCHORS: readonly Uint8Array[] = [
  'VALUE_SERIALIZER',
  'NAMESPACE_SERIALIZER',
  'KEY_SERIALIZER',
  'USER_KEY_SERIALIZER',
  'KEYED_STATE_TYPE',
  'OPERATOR_STATE_DISTRIBUTION_MODE',
].map((text) => Uint8Array.of(0, text.length, ...new TextEncoder().encode(text)))

/** Where the first anchor behind `from` begins, else `limit`. */
function nextAnchor(bytes: Uint8Array, from: number, limit: number): number {
  for (let at = from; at < limit; at++) {
    if (
      bytes[at] === 0 &&
      ANCHORS.some((anchor) => at + anchor.length <= limit && anchor.every((byte, i) => bytes[at + i] === byte))
    ) {
      return at
    }
  }
  return limit
}

/** Lengths of the usual bodies: empty (most custom serializers), a class name, a composite frame. */
function formsOf(source: SnapshotSource, unknown: UnknownExtentError): number[] {
  const { bytes } = source.reader
  const lengths = [0]
  const text = textAt(bytes, unknown.offset, unknown.limit)
  if (text !== undefined && /^[\p{L}_$][\p{L}\p{N}_$.[;]*$/u.test(text.value)) lengths.push(text.end - unknown.offset)
  const composite = compositeEnd(source, unknown)
  if (composite !== undefined) lengths.push(composite - unknown.offset)
  return lengths
}

const COMPOSITE_MAGIC = 911108

/** The end of a composite body: its magic number, an outer body of unknown length, then nested snapshots. */
function compositeEnd(source: SnapshotSource, unknown: UnknownExtentError): number | undefined {
  const { bytes, view } = source.reader
  if (unknown.offset + 8 > unknown.limit || view.getInt32(unknown.offset) !== COMPOSITE_MAGIC) return undefined
  for (let at = unknown.offset + 8; at + 12 <= unknown.limit; at++) {
    if (bytes[at] !== 0 || bytes[at + 1] !== 0x14 || bytes[at + 2] !== 0x57 || bytes[at + 3] !== 0xfd) continue
    const reader = new Reader(bytes, at, unknown.limit)
    try {
      readNestedSnapshots({ ...source, reader })
      return reader.offset
    } catch (error) {
      if (!(error instanceof KobelError)) throw error
    }
  }
  return undefined
}

/**
 * What can stand behind a snapshot: the end; a text (the next snapshot's class, the next serializer's key, the next
 * state's name); or a 16-bit count and then a text (states behind the key serializer). A quick test before a long one.
 */
function canFollow(bytes: Uint8Array, at: number, limit: number): boolean {
  if (at === limit) return true
  return (textAt(bytes, at, limit)?.value ?? '') !== '' || (textAt(bytes, at + 2, limit)?.value ?? '') !== ''
}

const MAX_TEXT = 4096

function textAt(bytes: Uint8Array, at: number, limit: number): { value: string; end: number } | undefined {
  if (at + 2 > limit) return undefined
  const length = (bytes[at]! << 8) | bytes[at + 1]!
  const end = at + 2 + length
  if (length > MAX_TEXT || end > limit) return undefined
  for (let i = at + 2; i < end; i++) if (bytes[i]! < 0x20) return undefined
  try {
    return { value: readModifiedUtf8(bytes, at + 2, end), end }
  } catch {
    return undefined
  }
}
