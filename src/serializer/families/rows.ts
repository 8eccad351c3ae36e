import type { Reader } from '../../bytes/reader.ts'
import type { Writer } from '../../bytes/writer.ts'
import { KobelError } from '../../error.ts'
import type { Layout } from '../layout.ts'
import { row, type SerializerRow } from '../row.ts'
import { readNestedSnapshots, type SerializerSnapshot, writeNestedSnapshots } from '../snapshot.ts'
import type { Type } from '../type.ts'

/** The usual shapes of rows, after Flink's abstract snapshot classes. */

export const BASE = 'org.apache.flink.api.common.typeutils.base'
export const RUNTIME = 'org.apache.flink.api.java.typeutils.runtime'
export const STATE = 'org.apache.flink.runtime.state'

/** `SimpleTypeSerializerSnapshot`: version 3 has no body, version 2 (Flink 1.7) names the serializer's class. */
export function simpleRow(
  snapshotClass: string,
  type: Type,
  layout: Layout,
  options: Pick<SerializerRow, 'hash'> = {},
): SerializerRow {
  return row<string | undefined>({
    ...options,
    snapshotClass,
    versions: [3, 2],
    readBody: ({ reader }, version) => (version === 2 ? reader.utf() : undefined),
    writeBody: (writer, serializerClass, version) => {
      if (version === 2) writer.utf(serializerClass ?? snapshotClass.slice(0, snapshotClass.lastIndexOf('$')))
    },
    type: () => type,
    layout: () => layout,
  })
}

/** `XSerializer$XSerializerSnapshot` in a package, the name that Flink's simple snapshots have. */
export function simpleNamed(pkg: string, name: string, type: Type, layout: Layout): SerializerRow {
  return simpleRow(`${pkg}.${name}Serializer$${name}SerializerSnapshot`, type, layout)
}

/** Body of a composite snapshot. */
export interface CompositeBody<Outer> {
  readonly outerVersion: number
  readonly outer: Outer
  readonly nested: readonly SerializerSnapshot[]
}

/** What a composite snapshot has beside its nested ones. */
export interface CompositeDefinition<Outer> {
  readonly snapshotClass: string
  /** Outer versions that are read, the one written first. */
  readonly outerVersions: readonly number[]
  readonly readOuter?: (reader: Reader, outerVersion: number) => Outer
  readonly writeOuter?: (writer: Writer, outer: Outer, outerVersion: number) => void
  /** Number of nested snapshots, where it is always the same. */
  readonly nestedCount?: number
  readonly type: (outer: Outer, nested: readonly SerializerSnapshot[]) => Type
  readonly layout: (outer: Outer, nested: readonly SerializerSnapshot[], outerVersion: number) => Layout
}

const COMPOSITE_MAGIC = 911108

/**
 * `CompositeTypeSerializerSnapshot`, version 3: i32 magic, i32 outer version, outer body, nested snapshots. Versions 1
 * and 2 (a few of Flink 1.7) begin with the outer body and are its version.
 */
export function compositeRow<Outer = undefined>(definition: CompositeDefinition<Outer>): SerializerRow {
  const { snapshotClass, outerVersions, nestedCount } = definition
  return row<CompositeBody<Outer>>({
    snapshotClass,
    versions: [3, 2, 1],
    readBody: (source, version) => {
      const { reader } = source
      const at = reader.offset
      if (version === 3 && reader.i32() !== COMPOSITE_MAGIC) {
        throw new KobelError('CORRUPT', `the magic number of the composite snapshot ${snapshotClass} is not there`, {
          offset: at,
        })
      }
      const outerVersion = version === 3 ? reader.i32() : version
      if (!outerVersions.includes(outerVersion)) {
        throw new KobelError(
          'UNSUPPORTED_VERSION',
          `${snapshotClass} has the version ${outerVersion}, kobel knows ${outerVersions.join(', ')}`,
          {
            offset: at,
          },
        )
      }
      const outer = definition.readOuter ? definition.readOuter(reader, outerVersion) : (undefined as Outer)
      const nested = readNestedSnapshots(source)
      if (nestedCount !== undefined && nested.length !== nestedCount) {
        throw new KobelError(
          'CORRUPT',
          `${snapshotClass} has ${nestedCount} nested snapshots, found ${nested.length}`,
          { offset: at },
        )
      }
      return { outerVersion, outer, nested }
    },
    writeBody: (writer, { outerVersion, outer, nested }, version) => {
      if (version === 3) {
        writer.i32(COMPOSITE_MAGIC)
        writer.i32(outerVersion)
      }
      definition.writeOuter?.(writer, outer, outerVersion)
      writeNestedSnapshots(writer, nested)
    },
    type: ({ outer, nested }) => definition.type(outer, nested),
    layout: ({ outer, nested, outerVersion }) => definition.layout(outer, nested, outerVersion),
  })
}
