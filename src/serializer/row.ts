import type { Reader } from '../bytes/reader.ts'
import { Writer } from '../bytes/writer.ts'
import type { Layout } from './layout.ts'
import { type SerializerSnapshot, type SnapshotSource, snapshotOf } from './snapshot.ts'
import type { Type } from './type.ts'

/**
 * What kobel knows of one serializer snapshot class. `Body` is plain data: what the body says beyond class and version.
 * All functions are pure.
 */
export interface SerializerRow<Body = unknown> {
  /** Java class of the snapshot. */
  readonly snapshotClass: string
  /** Versions of the snapshot that are read, the one written first. */
  readonly versions: readonly number[]
  readonly readBody: (source: SnapshotSource, version: number) => Body
  readonly writeBody: (writer: Writer, body: Body, version: number) => void
  readonly type: (body: Body) => Type
  readonly layout: (body: Body) => Layout
  /**
   * For rows of users: Java's `hashCode` of the value at the reader, which is then behind it; `layout`: as the layout
   * says. Without it the hash is not known, and one key is found by reading all of them.
   */
  readonly hash?: 'layout' | ((reader: Reader) => number)
}

/** Rows by snapshot class: the support matrix of serializers. */
export type SerializerTable = ReadonlyMap<string, SerializerRow>

/** Forgets the type of a row's body: the row itself is the only one to look into it. */
export function row<Body>(definition: SerializerRow<Body>): SerializerRow {
  return definition as unknown as SerializerRow
}

/** Makes a snapshot from a body, in the version that the row writes. */
export function createSnapshot(
  definition: SerializerRow,
  body: unknown,
  version: number = definition.versions[0]!,
): SerializerSnapshot {
  const writer = new Writer()
  writer.utf(definition.snapshotClass)
  writer.i32(version)
  definition.writeBody(writer, body, version)
  return snapshotOf(definition, version, writer.toBytes(), body)
}
