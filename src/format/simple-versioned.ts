import { Reader } from '../bytes/reader.ts'
import type { Writer } from '../bytes/writer.ts'
import { KobelError } from '../error.ts'

/** What one `SimpleVersionedSerializer` wrote. Its class stands nowhere. */
export interface Versioned {
  readonly version: number
  readonly bytes: Uint8Array
}

/** Several objects of one version. */
export interface VersionedList {
  readonly version: number
  readonly items: readonly Uint8Array[]
}

/** `versioned = i32 version, i32 length, bytes` (`SimpleVersionedSerialization.writeVersionAndSerialize`) */
export function readVersioned(reader: Reader): Versioned {
  const version = reader.i32()
  return { version, bytes: readSized(reader) }
}

export function writeVersioned(writer: Writer, { version, bytes }: Versioned): void {
  writer.i32(version)
  writeSized(writer, bytes)
}

/** `list = i32 version, i32 count, { i32 length, bytes }*` (`SimpleVersionedSerialization.writeVersionAndSerializeList`) */
export function readVersionedList(reader: Reader): VersionedList {
  const version = reader.i32()
  const count = reader.count('versioned objects', 4)
  return { version, items: Array.from({ length: count }, () => readSized(reader)) }
}

export function writeVersionedList(writer: Writer, { version, items }: VersionedList): void {
  writer.i32(version)
  writer.i32(items.length)
  for (const item of items) writeSized(writer, item)
}

/** `i32 length, bytes` */
export function readSized(reader: Reader): Uint8Array {
  const at = reader.offset
  const length = reader.i32()
  if (length >= 0 && length <= reader.remaining) return reader.take(length)
  reader.offset = at
  throw new KobelError(
    length < 0 ? 'CORRUPT' : 'TRUNCATED',
    `${length} bytes were expected, ${reader.remaining - 4} are left`,
    { offset: at },
  )
}

function writeSized(writer: Writer, bytes: Uint8Array): void {
  writer.i32(bytes.length)
  writer.raw(bytes)
}

/** Reads all of the bytes. @throws KobelError `CORRUPT` where some are left. */
export function readWhole<T>(bytes: Uint8Array, read: (reader: Reader) => T): T {
  const reader = new Reader(bytes)
  const value = read(reader)
  if (reader.remaining > 0) {
    throw new KobelError('CORRUPT', `${reader.remaining} bytes are left`, { offset: reader.offset })
  }
  return value
}
