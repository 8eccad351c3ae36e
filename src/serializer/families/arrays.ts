import type { Layout } from '../layout.ts'
import type { SerializerRow } from '../row.ts'
import type { Type, TypeKind } from '../type.ts'
import { BASE, compositeRow, simpleNamed } from './rows.ts'

const PACKAGE = `${BASE}.array`

/** i32 length, then the elements; a boolean takes a byte. */
function primitiveArray(name: string, kind: TypeKind, element: Layout): SerializerRow {
  const type: Type = { kind: 'array', arguments: [{ kind }] }
  return simpleNamed(PACKAGE, `${name}PrimitiveArray`, type, { op: 'list', of: 'array', element })
}

export const ARRAY_ROWS: readonly SerializerRow[] = [
  primitiveArray('Boolean', 'boolean', { op: 'boolean' }),
  simpleNamed(PACKAGE, 'BytePrimitiveArray', { kind: 'bytes' }, { op: 'bytes' }),
  simpleNamed(PACKAGE, 'CharPrimitiveArray', { kind: 'array', arguments: [{ kind: 'char' }] }, { op: 'chars' }),
  primitiveArray('Short', 'short', { op: 'i16' }),
  primitiveArray('Int', 'int', { op: 'i32' }),
  primitiveArray('Long', 'long', { op: 'i64' }),
  primitiveArray('Float', 'float', { op: 'f32' }),
  primitiveArray('Double', 'double', { op: 'f64' }),
  simpleNamed(
    PACKAGE,
    'StringArray',
    { kind: 'array', arguments: [{ kind: 'string' }] },
    { op: 'list', of: 'array', element: { op: 'string' } },
  ),
  // i32 n, { bool is not null, value }: the sense of the flag is the opposite of a map's.
  compositeRow<string>({
    snapshotClass: `${BASE}.GenericArraySerializerSnapshot`,
    outerVersions: [1],
    readOuter: (reader) => reader.utf(),
    writeOuter: (writer, componentClass) => writer.utf(componentClass),
    nestedCount: 1,
    type: (className, [element]) => ({ kind: 'array', className, arguments: [element!.type] }),
    layout: (_, [element]) => ({ op: 'list', of: 'array', element: element!.layout, flag: 'isNotNull' }),
  }),
]
