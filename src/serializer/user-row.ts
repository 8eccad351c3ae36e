import type { Reader } from '../bytes/reader.ts'
import type { Writer } from '../bytes/writer.ts'
import { KobelError } from '../error.ts'
import { isHashable } from './interpreter/hash.ts'
import { jsonToValue, valueToJson } from './interpreter/json.ts'
import { readValue } from './interpreter/read.ts'
import { skipValue } from './interpreter/skip.ts'
import { writeValue } from './interpreter/write.ts'
import { type Codec, fixedLength, hasUnknown, type Layout } from './layout.ts'
import { row, type SerializerRow } from './row.ts'
import type { Value } from './value.ts'

/** What the author of a row writes where no plain layout describes the bytes. */
export interface CodecDefinition {
  /** A plain layout whose values are the same, though its bytes are others: it gives JSON, columns and checks. */
  readonly shape: Layout
  readonly read: (reader: Reader) => Value
  readonly write: (writer: Writer, value: never) => void
  /** Java's `hashCode` of the value at the reader. Without it one key is found by reading all of them. */
  readonly hash?: (reader: Reader) => number
  /** What the serializer's `getLength()` says, where that is not -1. */
  readonly length?: number
}

/** A layout read and written by functions; an error of theirs is said to be the row's and not kobel's. */
export function codecLayout(className: string, definition: CodecDefinition): Layout {
  const { shape, hash, length } = definition
  const read = (reader: Reader): Value => blaming(className, () => definition.read(reader))
  const codec: Codec = {
    name: className,
    delimited: true,
    shape,
    read,
    skip: read,
    write: (writer, value) => blaming(className, () => definition.write(writer, value as never)),
    toJson: (value) => valueToJson(shape, value),
    fromJson: (json) => jsonToValue(shape, json),
    ...(hash && { hash: (reader) => blaming(className, () => hash(reader)) }),
    ...(length !== undefined && { length }),
  }
  return { op: 'codec', className, codec }
}

function blaming<T>(className: string, call: () => T): T {
  try {
    return call()
  } catch (error) {
    if (error instanceof KobelError) throw error
    throw new KobelError('CORRUPT', `the user's serializer row for ${className} failed: ${(error as Error).message}`)
  }
}

/**
 * A user's row as the table keeps it. A layout of an int has the hash of `Integer`; the class that the user's serializer
 * writes so hashes as it likes, and a wrong hash would look for a key in a wrong key group. So what the row itself does
 * not say of hashes is not known.
 */
export function userRow(definition: SerializerRow): SerializerRow {
  const { hash, snapshotClass } = definition
  if (hash === 'layout') return definition
  return row({ ...definition, layout: (body) => withHash(snapshotClass, definition.layout(body), hash) })
}

function withHash(className: string, layout: Layout, hash: ((reader: Reader) => number) | undefined): Layout {
  if (layout.op === 'codec') {
    const { hash: own, ...rest } = layout.codec
    return hash === undefined || own !== undefined ? layout : { ...layout, codec: { ...rest, hash } }
  }
  if (hash === undefined && !isHashable(layout)) return layout
  const length = fixedLength(layout)
  const codec: Codec = {
    name: className,
    shape: layout,
    read: (reader, tail) => readValue(layout, reader, tail),
    skip: (reader, tail) => skipValue(layout, reader, tail),
    write: (writer, value) => writeValue(layout, writer, value),
    toJson: (value) => valueToJson(layout, value),
    fromJson: (json) => jsonToValue(layout, json),
    ...(length >= 0 && { length }),
    ...(!hasUnknown(layout) && { delimited: true }),
    ...(hash && { hash }),
  }
  return { op: 'codec', className, codec }
}
