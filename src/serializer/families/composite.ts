import type { Reader } from '../../bytes/reader.ts'
import { KobelError } from '../../error.ts'
import type { Layout } from '../layout.ts'
import type { SerializerRow } from '../row.ts'
import type { SerializerSnapshot } from '../snapshot.ts'
import type { Type, TypeField } from '../type.ts'
import { BASE, compositeRow, RUNTIME } from './rows.ts'

/** Serializers made of others, in `flink-core`. */

function numberedFields(nested: readonly SerializerSnapshot[]): TypeField[] {
  return nested.map((each, i) => ({ name: `f${i}`, type: each.type }))
}

/** bool: 1 = left. */
export function eitherLayout([left, right]: readonly SerializerSnapshot[]): Layout {
  return {
    op: 'tagged',
    cases: [
      { tag: 1, wrap: 'left', layout: left!.layout },
      { tag: 0, wrap: 'right', layout: right!.layout },
    ],
  }
}

export function eitherType([left, right]: readonly SerializerSnapshot[]): Type {
  return { kind: 'either', arguments: [left!.type, right!.type] }
}

/** No real value of a fixed length is longer than this. */
const MAX_PADDING = 1 << 16

function readPadding(reader: Reader): number {
  const padding = reader.i32()
  if (padding >= 0 && padding <= MAX_PADDING) return padding
  throw new KobelError('CORRUPT', `a nullable value cannot be padded with ${padding} bytes`, {
    offset: reader.offset - 4,
  })
}

export const COMPOSITE_ROWS: readonly SerializerRow[] = [
  compositeRow<string>({
    snapshotClass: `${RUNTIME}.TupleSerializerSnapshot`,
    outerVersions: [2, 1],
    readOuter: (reader) => reader.utf(),
    writeOuter: (writer, tupleClass) => writer.utf(tupleClass),
    type: (className, nested) => ({ kind: 'tuple', className, fields: numberedFields(nested) }),
    layout: (_, nested) => ({ op: 'tuple', fields: nested.map((each) => each.layout) }),
  }),
  compositeRow<{ supportsRowKind: boolean }>({
    // Outer version 2 (to 1.10) has no row kind in the mask, 3 (1.11 to 1.13) has one, 4 says so in a byte.
    snapshotClass: `${RUNTIME}.RowSerializer$RowSerializerSnapshot`,
    outerVersions: [4, 3, 2],
    readOuter: (reader, version) => ({ supportsRowKind: version >= 4 ? reader.bool() : version === 3 }),
    writeOuter: (writer, { supportsRowKind }, version) => {
      if (version >= 4) writer.bool(supportsRowKind)
    },
    type: (_, nested) => ({ kind: 'row', fields: numberedFields(nested) }),
    layout: ({ supportsRowKind }, nested, outerVersion) => ({
      op: 'row',
      rowKind: supportsRowKind,
      fields: nested.map((each) => each.layout),
      ...(outerVersion < 4 && { hash: outerVersion === 3 ? 'severalRows' : 'arrayRow' }),
    }),
  }),
  compositeRow({
    snapshotClass: `${RUNTIME}.JavaEitherSerializerSnapshot`,
    outerVersions: [1],
    nestedCount: 2,
    type: (_, nested) => eitherType(nested),
    layout: (_, nested) => eitherLayout(nested),
  }),
  compositeRow<number>({
    // bool is null, then the value, or as many zero bytes as the padding says.
    snapshotClass: `${RUNTIME}.NullableSerializer$NullableSerializerSnapshot`,
    outerVersions: [2],
    readOuter: readPadding,
    writeOuter: (writer, padding) => writer.i32(padding),
    nestedCount: 1,
    type: (_, [inner]) => ({ kind: 'nullable', arguments: [inner!.type] }),
    layout: (padding, [inner]) => ({ op: 'nullable', inner: inner!.layout, nullWhen: 1, padding }),
  }),
  compositeRow({
    snapshotClass: `${BASE}.ListSerializerSnapshot`,
    outerVersions: [1],
    nestedCount: 1,
    type: (_, [element]) => ({ kind: 'list', arguments: [element!.type] }),
    layout: (_, [element]) => ({ op: 'list', of: 'list', element: element!.layout }),
  }),
  compositeRow({
    snapshotClass: `${BASE}.SetSerializerSnapshot`,
    outerVersions: [1],
    nestedCount: 1,
    type: (_, [element]) => ({ kind: 'set', arguments: [{ ...element!.type, nullable: true }] }),
    layout: (_, [element]) => ({ op: 'list', of: 'set', element: element!.layout, flag: 'isNull' }),
  }),
  compositeRow({
    snapshotClass: `${BASE}.MapSerializerSnapshot`,
    outerVersions: [1],
    nestedCount: 2,
    type: (_, [key, value]) => ({ kind: 'map', arguments: [key!.type, value!.type] }),
    layout: (_, [key, value]) => ({
      op: 'map',
      key: key!.layout,
      value: value!.layout,
      keyFlag: false,
      valueFlag: true,
    }),
  }),
]
