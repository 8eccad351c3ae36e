import type { Writer } from '../../bytes/writer.ts'
import type { Layout } from '../layout.ts'
import { row, type SerializerRow } from '../row.ts'
import type { SerializerSnapshot, SnapshotSource } from '../snapshot.ts'
import type { Type } from '../type.ts'
import { compositeRow, simpleRow } from './rows.ts'

/** Serializers of `flink-scala` (Flink 1.x). */

const SCALA = 'org.apache.flink.api.scala.typeutils'

/** Flink does not store the names of the fields: they are named as those of a Scala tuple. */
function productFields<T>(nested: readonly SerializerSnapshot[], part: (each: SerializerSnapshot) => T): [string, T][] {
  return nested.map((each, i) => [`_${i + 1}`, part(each)])
}

const isTuple = (className: string): boolean => /^scala\.Tuple\d+(\$|$)/.test(className)

/** The fields one after another, without any mark. `outer` is the class. */
function caseClassRow(snapshotClass: string): SerializerRow {
  return compositeRow<string>({
    snapshotClass,
    outerVersions: [2, 1],
    readOuter: (reader) => reader.utf(),
    writeOuter: (writer, className) => writer.utf(className),
    type: (className, nested) => ({
      kind: isTuple(className) ? 'tuple' : 'case-class',
      className,
      fields: productFields(nested, (each) => each.type).map(([name, type]) => ({ name, type })),
    }),
    layout: (className, nested) =>
      isTuple(className)
        ? { op: 'tuple', fields: nested.map((each) => each.layout), hash: 'caseClass' }
        : {
            op: 'object',
            className,
            fields: productFields(nested, (each) => each.layout).map(([name, layout]) => ({ name, layout })),
          },
  })
}

/**
 * What the stored source code says of a collection: it asks for a
 * `scala.collection.generic.CanBuildFrom[FROM, ELEMENT, TO]`.
 */
function collectionKind(code: string): 'list' | 'set' | 'map' {
  const name = /CanBuildFrom\[\s*([\w.]+)/.exec(code)?.[1] ?? ''
  return name.endsWith('Set') ? 'set' : name.endsWith('Map') ? 'map' : 'list'
}

function collectionType(code: string, element: Type): Type {
  const kind = collectionKind(code)
  const entry = element.kind === 'tuple' && element.fields?.length === 2 ? element.fields : undefined
  if (kind === 'map' && entry) return { kind, arguments: entry.map((field) => field.type) }
  return { kind: kind === 'map' ? 'list' : kind, arguments: [{ ...element, nullable: true }] }
}

/** `ScalaEnumSerializerSnapshot` version 3: utf class, i32 n, n times { utf name, i32 id }. */
interface ScalaEnumBody {
  readonly className: string
  readonly constants: readonly { readonly name: string; readonly id: number }[]
}

function readScalaEnum({ reader }: SnapshotSource): ScalaEnumBody {
  const className = reader.utf()
  const count = reader.count('enumeration values', 6)
  return { className, constants: Array.from({ length: count }, () => ({ name: reader.utf(), id: reader.i32() })) }
}

function writeScalaEnum(writer: Writer, { className, constants }: ScalaEnumBody): void {
  writer.utf(className)
  writer.i32(constants.length)
  for (const { name, id } of constants) {
    writer.utf(name)
    writer.i32(id)
  }
}

const wrapped = (cases: readonly [tag: number, wrap: string, of: SerializerSnapshot][]): Layout => ({
  op: 'tagged',
  hash: 'scala',
  cases: cases.map(([tag, wrap, { layout }]) => ({ tag, wrap, layout })),
})

const typesOf = (nested: readonly SerializerSnapshot[]): Type[] => nested.map((each) => each.type)

export const SCALA_ROWS: readonly SerializerRow[] = [
  caseClassRow(`${SCALA}.ScalaCaseClassSerializerSnapshot`),
  caseClassRow(`${SCALA}.Tuple2CaseClassSerializerSnapshot`),
  compositeRow({
    // bool is Some, value.
    snapshotClass: `${SCALA}.ScalaOptionSerializerSnapshot`,
    outerVersions: [2, 1],
    nestedCount: 1,
    type: (_, nested) => ({ kind: 'option', arguments: typesOf(nested) }),
    layout: (_, [element]) => ({ op: 'nullable', inner: element!.layout, nullWhen: 0, padding: 0, hash: 'scala' }),
  }),
  compositeRow({
    // bool is Left, value.
    snapshotClass: `${SCALA}.ScalaEitherSerializerSnapshot`,
    outerVersions: [1],
    nestedCount: 2,
    type: (_, nested) => ({ kind: 'either', arguments: typesOf(nested) }),
    layout: (_, [left, right]) =>
      wrapped([
        [1, 'left', left!],
        [0, 'right', right!],
      ]),
  }),
  compositeRow({
    // bool is Success, value or Throwable (Kryo).
    snapshotClass: `${SCALA}.ScalaTrySerializerSnapshot`,
    outerVersions: [2, 1],
    nestedCount: 2,
    type: (_, nested) => ({ kind: 'try', arguments: typesOf(nested) }),
    layout: (_, [element, throwable]) =>
      wrapped([
        [1, 'success', element!],
        [0, 'failure', throwable!],
      ]),
  }),
  compositeRow<string>({
    // i32 n, n times { bool is not null, value }; the elements of a map are tuples.
    snapshotClass: `${SCALA}.TraversableSerializerSnapshot`,
    outerVersions: [2, 1],
    readOuter: (reader) => reader.utf(),
    writeOuter: (writer, code) => writer.utf(code),
    nestedCount: 1,
    type: (code, [element]) => collectionType(code, element!.type),
    layout: (code, [element]) => ({
      op: 'list',
      // What has no order is printed sorted.
      of: collectionKind(code) === 'list' ? 'list' : 'set',
      element: element!.layout,
      flag: 'isNotNull',
      hash: 'scala',
    }),
  }),
  row<ScalaEnumBody>({
    snapshotClass: `${SCALA}.ScalaEnumSerializerSnapshot`,
    versions: [3],
    readBody: readScalaEnum,
    writeBody: writeScalaEnum,
    type: ({ className, constants }) => ({ kind: 'enum', className, constants: constants.map(({ name }) => name) }),
    layout: ({ className, constants }) => ({ op: 'enumById', className, constants }),
  }),
  simpleRow(
    `${SCALA}.UnitSerializer$UnitSerializerSnapshot`,
    { kind: 'void', className: 'scala.Unit' },
    { op: 'constant', length: 1, declaredLength: 1, value: null },
  ),
  // There is no value of type Nothing: it stands where one side of an Either or the element of an Option never occurs.
  simpleRow(
    `${SCALA}.NothingSerializerSnapshot`,
    { kind: 'void', className: 'scala.Nothing' },
    { op: 'unknown', className: 'scala.Nothing' },
  ),
]
