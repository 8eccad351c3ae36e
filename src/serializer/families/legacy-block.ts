import { type JavaObject, readJavaObject } from '../../bytes/java-stream/index.ts'
import { Reader } from '../../bytes/reader.ts'
import { Writer } from '../../bytes/writer.ts'
import { KobelError } from '../../error.ts'
import {
  readSerializerSnapshot,
  readVersionedSnapshot,
  type SerializerSnapshot,
  type SnapshotSource,
  unknownSnapshot,
} from '../snapshot.ts'
import { snapshotOfSerializer } from './legacy-object.ts'

/** The version that stands in the frame of a `TypeSerializerConfigSnapshot` since Flink 1.7. */
export const ADAPTER_VERSION = 0x7a53c4f0

/** `TypeSerializerSerializationUtil.writeSerializer`: i32 1, i32 n, n bytes of a Java object stream. */
export function readSerializer(reader: Reader): JavaObject | undefined {
  reader.skip(4)
  const bytes = reader.take(reader.count('bytes of a serializer'))
  try {
    const object = readJavaObject(new Reader(bytes))
    return typeof object === 'object' && object?.kind === 'object' ? object : undefined
  } catch (error) {
    if (error instanceof KobelError) return undefined
    throw error
  }
}

/** A serializer alone, as Flink 1.2 stored it. Its end is known, whatever it is. */
export function readLoneSerializer(source: SnapshotSource): SerializerSnapshot {
  return snapshotOfSerializer(source, readSerializer(source.reader))
}

/** A serializer and its snapshot in a block of them; the name in front only for members of a POJO. */
export interface Nested {
  readonly name: string
  readonly snapshot: SerializerSnapshot
}

/** The offsets of n members of a block: each where its serializer begins, and where its snapshot does. */
export function readOffsets(reader: Reader): number[] {
  const count = reader.count('nested serializers', 8)
  return Array.from({ length: 2 * count }, () => reader.i32())
}

/** i32 n, n bytes: each member is [utf name,] serializer, snapshot; the offsets are those of the last two. */
export function readBlock(source: SnapshotSource, offsets: readonly number[], named: boolean): Nested[] {
  const block = source.reader.take(source.reader.count('bytes of nested serializers'))
  const nested: Nested[] = []
  let start = 0
  for (let i = 0; i < offsets.length; i += 2) {
    const [from, at, end = block.length] = offsets.slice(i, i + 3)
    if (from! < start || at! < from! || end < at! || end > block.length) {
      throw new KobelError('CORRUPT', 'the offsets of nested serializers do not ascend', {
        offset: source.reader.offset - block.length,
      })
    }
    const name = named ? new Reader(block, start, from).utf() : ''
    const limit = named && i + 2 < offsets.length ? nameStart(block, at!, end) : end
    const snapshot = readFramed(source, new Reader(block, at!, limit), block.subarray(from!, at!))
    nested.push({ name, snapshot })
    start = limit
  }
  return nested
}

/**
 * Serializers and their configurations (`TypeSerializerSerializationUtil.writeSerializersAndConfigsWithResilience`):
 * i32 n, n times { i32 serializer, i32 configuration }, i32 bytes, then the block that these offsets point into.
 */
export function readSerializersAndConfigs(source: SnapshotSource): SerializerSnapshot[] {
  return readBlock(source, readOffsets(source.reader), false).map(({ snapshot }) => snapshot)
}

/** Where the name (utf) of the next member begins, which ends at `end`: the longest that there can be. */
function nameStart(block: Uint8Array, from: number, end: number): number {
  for (let at = from; at + 2 < end; at++) {
    if (((block[at]! << 8) | block[at + 1]!) === end - at - 2 && isName(block.subarray(at + 2, end))) return at
  }
  throw new KobelError('CORRUPT', 'the name of a member of a POJO is not there', { offset: end })
}

/** Printable, as names of fields and classes are. */
function isName(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte > 0x23 && byte !== 0x7f)
}

/** A snapshot that ends where its part of the block ends: one that cannot be read is bytes. */
function readFramed(source: SnapshotSource, reader: Reader, serializer: Uint8Array): SerializerSnapshot {
  const start = reader.offset
  const version = reader.i32()
  if (version === 1) return readConfiguration(source, reader, serializer)
  reader.offset = start
  try {
    // Offsets of lengths that were decided are those of the stream, not of the block.
    return readSerializerSnapshot(within(source, reader))
  } catch (error) {
    if (!(error instanceof KobelError) || error.code !== 'UNKNOWN_SERIALIZER') throw error
    const className = new Reader(reader.bytes, start + 4, reader.limit).utf()
    return unknownSnapshot(className, ADAPTER_VERSION, reader.bytes.subarray(start + 4, reader.limit))
  }
}

function within(source: SnapshotSource, reader: Reader): SnapshotSource {
  const { attempts: _, ...rest } = source
  return { ...rest, reader, extents: new Map(), depth: source.depth + 1 }
}

/**
 * A configuration as Flink 1.3 to 1.6 wrote it: utf class, body, apart from its serializer. It becomes the snapshot of
 * Flink 1.8 where that can be made; else it is kept as Flink 1.7 has it: class, version of the adapter, serializer, body,
 * which Flink 1.8 to 1.16 read in a newer stream.
 */
function readConfiguration(source: SnapshotSource, reader: Reader, serializer: Uint8Array): SerializerSnapshot {
  const className = reader.utf()
  const writer = new Writer()
  writer.utf(className)
  writer.i32(ADAPTER_VERSION)
  if (serializer.length > 0) writer.raw(serializer)
  else writer.raw(Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 0))
  writer.raw(reader.take(reader.remaining))
  const raw = writer.toBytes()
  const inner = within(source, new Reader(raw))
  if (source.table.get(className)?.versions.includes(ADAPTER_VERSION)) {
    const snapshot = readVersionedSnapshot(inner, true)
    return (snapshot.body as { modern?: SerializerSnapshot }).modern ?? snapshot
  }
  const object = serializer.length > 0 ? readSerializer(new Reader(serializer)) : undefined
  const snapshot = snapshotOfSerializer(inner, object)
  return { ...snapshot, className, version: ADAPTER_VERSION, raw }
}
