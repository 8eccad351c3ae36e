import type { Reader } from '../../bytes/reader.ts'
import { HADOOP_TEXT } from '../hadoop-text.ts'
import { JAVA_OBJECT } from '../java-object.ts'
import type { Layout } from '../layout.ts'
import { row, type SerializerRow } from '../row.ts'
import type { SerializerSnapshot } from '../snapshot.ts'
import type { Type, TypeKind } from '../type.ts'
import { BASE, compositeRow, RUNTIME, STATE, simpleNamed } from './rows.ts'

/** Serializers that leave the bytes to the class of the value, and those that only wrap another one. */

/** `GenericTypeSerializerSnapshot`, version 2: utf class. Classes without a layout are bytes. */
function genericRow(snapshotClass: string, kind: TypeKind, layouts: ReadonlyMap<string, Layout>): SerializerRow {
  return row<string>({
    snapshotClass,
    versions: [2],
    readBody: ({ reader }) => reader.utf(),
    writeBody: (writer, className) => writer.utf(className),
    type: (className) => ({ kind, className }),
    layout: (className) => layouts.get(className) ?? { op: 'unknown', className },
  })
}

function byClass(pkg: string, layouts: Readonly<Record<string, Layout>>): ReadonlyMap<string, Layout> {
  return new Map(Object.entries(layouts).map(([name, layout]) => [`${pkg}.${name}`, layout]))
}

/** `Value.write` of Flink's own classes. */
const FLINK_VALUES = byClass('org.apache.flink.types', {
  BooleanValue: { op: 'boolean', hash: 'booleanValue' },
  ByteValue: { op: 'i8' },
  ShortValue: { op: 'i16' },
  IntValue: { op: 'i32' },
  LongValue: { op: 'i64', hash: 'longValue' },
  FloatValue: { op: 'f32' },
  DoubleValue: { op: 'f64', hash: 'doubleValue' },
  CharValue: { op: 'char' },
  StringValue: { op: 'string', notNull: true },
  // NullValueSerializer writes no byte, NullValue itself writes one.
  NullValue: { op: 'constant', length: 1, declaredLength: 1, value: null, hash: 53 },
})

/** `Writable.write` of Hadoop's classes for single values. */
const HADOOP_WRITABLES = byClass('org.apache.hadoop.io', {
  BooleanWritable: { op: 'boolean' },
  ByteWritable: { op: 'i8' },
  ShortWritable: { op: 'i16' },
  IntWritable: { op: 'i32' },
  LongWritable: { op: 'i64' },
  FloatWritable: { op: 'f32' },
  DoubleWritable: { op: 'f64' },
  BytesWritable: { op: 'bytes' },
  NullWritable: { op: 'constant', length: 0, declaredLength: 0, value: null },
  Text: { op: 'codec', codec: HADOOP_TEXT, className: 'org.apache.hadoop.io.Text' },
})

const SINKS = 'org.apache.flink.streaming.api.functions.sink'

/**
 * `TwoPhaseCommitSinkFunction$StateSerializer`: [bool has a pending transaction, if outer version 3 or more says so],
 * transaction; i32 n, n transactions to commit; bool has a context, context. A transaction is its handle, i64 start.
 */
function transactionsLayout(supportsNull: boolean, [handle, context]: readonly SerializerSnapshot[]): Layout {
  const transaction: Layout = {
    op: 'object',
    fields: [
      { name: 'handle', layout: handle!.layout },
      { name: 'transactionStartTime', layout: { op: 'i64' } },
    ],
  }
  const optional = (inner: Layout): Layout => ({ op: 'nullable', inner, nullWhen: 0, padding: 0 })
  return {
    op: 'object',
    fields: [
      { name: 'pendingTransaction', layout: supportsNull ? optional(transaction) : transaction },
      { name: 'pendingCommitTransactions', layout: { op: 'list', of: 'list', element: transaction } },
      { name: 'context', layout: optional(context!.layout) },
    ],
  }
}

function transactionsType([handle, context]: readonly SerializerSnapshot[]): Type {
  const transaction: Type = {
    kind: 'internal',
    fields: [
      { name: 'handle', type: handle!.type },
      { name: 'transactionStartTime', type: { kind: 'long' } },
    ],
  }
  return {
    kind: 'internal',
    fields: [
      { name: 'pendingTransaction', type: { kind: 'nullable', arguments: [transaction] } },
      { name: 'pendingCommitTransactions', type: { kind: 'list', arguments: [transaction] } },
      { name: 'context', type: { kind: 'nullable', arguments: [context!.type] } },
    ],
  }
}

function readSupportsNull(reader: Reader, outerVersion: number): boolean {
  return outerVersion >= 4 ? reader.bool() : outerVersion === 3
}

export const GENERIC_ROWS: readonly SerializerRow[] = [
  genericRow(`${RUNTIME}.ValueSerializer$ValueSerializerSnapshot`, 'value', FLINK_VALUES),
  genericRow(`${RUNTIME}.CopyableValueSerializer$CopyableValueSerializerSnapshot`, 'value', FLINK_VALUES),
  genericRow(`${RUNTIME}.WritableSerializer$WritableSerializerSnapshot`, 'writable', HADOOP_WRITABLES),
  simpleNamed(STATE, 'Java', { kind: 'java' }, { op: 'codec', codec: JAVA_OBJECT, className: 'java.io.Serializable' }),
  compositeRow({
    snapshotClass: `${BASE.slice(0, -5)}.SingleThreadAccessCheckingTypeSerializer$SingleThreadAccessCheckingTypeSerializerSnapshot`,
    outerVersions: [1],
    nestedCount: 1,
    type: (_, [inner]) => inner!.type,
    layout: (_, [inner]) => inner!.layout,
  }),
  ...[SINKS, `${SINKS}.legacy`].map((pkg) =>
    compositeRow<boolean>({
      snapshotClass: `${pkg}.TwoPhaseCommitSinkFunction$StateSerializerSnapshot`,
      outerVersions: [4, 3, 2, 1],
      readOuter: readSupportsNull,
      writeOuter: (writer, supportsNull, outerVersion) => {
        if (outerVersion >= 4) writer.bool(supportsNull)
      },
      nestedCount: 2,
      type: (_, nested) => transactionsType(nested),
      layout: transactionsLayout,
    }),
  ),
]
