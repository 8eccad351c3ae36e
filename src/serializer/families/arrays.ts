import type { Layout } from '../layout.ts'
import { PYTHON_BYTES } from '../python/codec.ts'
import type { SerializerRow } from '../row.ts'
import type { Type, TypeKind } from '../type.ts'
import { BASE, compositeRow, simpleNamed } from './rows.ts'

const PACKAGE = `${BASE}.array`

/** i32 length, then the elements; a boolean takes a byte. */
function primitiveArray(name: string, kind: TypeKind, element: Layout): SerializerRow {
  const type: Type = { kind: 'array', arguments: [{ kind }] }
  return simpleNamed(PACKAGE, `${name}PrimitiveArray`, type, { op: 'list', of: 'array', element })
}

/** In jobs of PyFlink every value is a `byte[]`, of which only the user can say that it is one of Python. */
function orPython(bytes: SerializerRow): SerializerRow {
  const innerOf = (body: unknown): unknown => (body instanceof PythonBody ? body.inner : body)
  return {
    ...bytes,
    readBody: (source, version) => {
      const inner = bytes.readBody(source, version)
      return source.options?.python ? new PythonBody(inner) : inner
    },
    writeBody: (writer, body, version) => bytes.writeBody(writer, innerOf(body), version),
    type: (body) => bytes.type(innerOf(body)),
    layout: (body) =>
      body instanceof PythonBody ? { op: 'codec', codec: PYTHON_BYTES, className: '[B' } : bytes.layout(body),
  }
}

class PythonBody {
  readonly inner: unknown

  constructor(inner: unknown) {
    this.inner = inner
  }
}

export const ARRAY_ROWS: readonly SerializerRow[] = [
  primitiveArray('Boolean', 'boolean', { op: 'boolean' }),
  orPython(simpleNamed(PACKAGE, 'BytePrimitiveArray', { kind: 'bytes' }, { op: 'bytes' })),
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
