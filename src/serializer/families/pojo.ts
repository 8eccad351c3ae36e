import type { Writer } from '../../bytes/writer.ts'
import type { LayoutField, LayoutSubclass } from '../layout.ts'
import type { FieldDescriptions } from '../options.ts'
import { row, type SerializerRow } from '../row.ts'
import {
  type OptionalMapEntry,
  readOptionalMap,
  readVersionedSnapshot,
  type SerializerSnapshot,
  type SnapshotSource,
  writeOptionalMap,
} from '../snapshot.ts'
import type { Type } from '../type.ts'
import { describedPojo } from './described-pojo.ts'
import { RUNTIME } from './rows.ts'

/** An entry of a POJO snapshot; no snapshot where the class or field was missing when Flink wrote it again. */
type PojoEntry = OptionalMapEntry & { readonly read: SerializerSnapshot | undefined }

/** `PojoSerializerSnapshotData`: fields in the order of the bytes, subclasses by tag, subclasses by name. */
export interface PojoBody {
  readonly className: string
  /** What the user told of classes that no snapshot lists. */
  readonly described?: FieldDescriptions | undefined
  readonly fields: readonly PojoEntry[]
  readonly registered: readonly PojoEntry[]
  readonly nonRegistered: readonly PojoEntry[]
}

/**
 * `PojoSerializerSnapshot` version 2: utf class, then three optional maps: fields (key: utf declaring class, utf name),
 * registered and non-registered subclasses (key empty); each value is a versioned snapshot.
 */
function readPojoBody(source: SnapshotSource): PojoBody {
  const className = source.reader.utf()
  const entries = () => readOptionalMap(source, (inside) => readVersionedSnapshot(inside, true))
  return {
    className,
    described: source.options?.fields,
    fields: entries(),
    registered: entries(),
    nonRegistered: entries(),
  }
}

function writePojoBody(writer: Writer, body: PojoBody): void {
  writer.utf(body.className)
  for (const entries of [body.fields, body.registered, body.nonRegistered]) writeOptionalMap(writer, entries)
}

function fieldsOf(entries: readonly PojoEntry[]): LayoutField[] {
  return entries.map(({ name, read }) => ({ name, layout: read?.layout ?? { op: 'unknown', className: name } }))
}

function subclassesOf(entries: readonly PojoEntry[]): LayoutSubclass[] {
  return entries.map(({ name, read }) => ({
    className: name,
    layout: read?.layout ?? { op: 'unknown', className: name },
  }))
}

function typeOf(entry: PojoEntry): Type {
  return entry.read?.type ?? { kind: 'unknown', className: entry.name }
}

export const POJO_ROWS: readonly SerializerRow[] = [
  row<PojoBody>({
    snapshotClass: `${RUNTIME}.PojoSerializerSnapshot`,
    versions: [2],
    readBody: readPojoBody,
    writeBody: writePojoBody,
    type: ({ className, fields, registered, nonRegistered }) => ({
      kind: 'pojo',
      className,
      fields: fields.map((entry) => ({ name: entry.name, type: typeOf(entry) })),
      ...(registered.length + nonRegistered.length > 0 && {
        subclasses: [...registered, ...nonRegistered].map(typeOf),
      }),
    }),
    layout: ({ className, described, fields, registered, nonRegistered }) => ({
      op: 'pojo',
      className,
      fields: fieldsOf(fields),
      registered: subclassesOf(registered),
      subclasses: subclassesOf(nonRegistered),
      ...(described && { described: (name: string) => describedPojo(described, name) }),
    }),
  }),
]
