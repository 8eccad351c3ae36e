import { KobelError } from '../../error.ts'
import type { Codec, Layout } from '../layout.ts'
import type { SerializerRow } from '../row.ts'
import type { Type } from '../type.ts'
import { simpleRow } from './rows.ts'

/** State of the producers of Kafka in Flink 1.x, which commit in two phases (`FlinkKafkaProducer`, `…011`). */

/** `DataOutput.writeUTF`: u16 length, modified UTF-8. */
const UTF: Codec = {
  name: 'UTF',
  delimited: true,
  shape: { op: 'string', notNull: true },
  read: (reader) => reader.utf(),
  skip: (reader) => reader.skip(reader.u16()),
  write: (writer, value) => writer.utf(textOf(value)),
  toJson: (value) => JSON.stringify(value),
  fromJson: textOf,
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  throw new KobelError('USAGE', `a string was expected, found ${typeof value}`)
}

const TEXT: Layout = { op: 'codec', codec: UTF, className: 'java.lang.String' }

/** `KafkaTransactionState`: bool has an id, utf transactional id; i64 producer id, i16 epoch. */
const TRANSACTION: Layout = {
  op: 'object',
  fields: [
    { name: 'transactionalId', layout: { op: 'nullable', inner: TEXT, nullWhen: 0, padding: 0 } },
    { name: 'producerId', layout: { op: 'i64' } },
    { name: 'epoch', layout: { op: 'i16' } },
  ],
}

/** `KafkaTransactionContext`: i32 n, n utf transactional ids. */
const CONTEXT: Layout = {
  op: 'object',
  fields: [{ name: 'transactionalIds', layout: { op: 'list', of: 'set', element: TEXT } }],
}

/** `NextTransactionalIdHint`: i64 next free id, i32 last parallelism. */
const HINT: Layout = {
  op: 'object',
  fields: [
    { name: 'nextFreeTransactionalId', layout: { op: 'i64' } },
    { name: 'lastParallelism', layout: { op: 'i32' } },
  ],
}

const record = (className: string, fields: Readonly<Record<string, Type>>): Type => ({
  kind: 'record',
  className,
  fields: Object.entries(fields).map(([name, type]) => ({ name, type })),
})

function producerRows(producer: string): SerializerRow[] {
  const pkg = `org.apache.flink.streaming.connectors.kafka.${producer}`
  const rows: readonly (readonly [serializer: string, type: Type, layout: Layout])[] = [
    [
      'TransactionState',
      record(`${pkg}$KafkaTransactionState`, {
        transactionalId: { kind: 'string', nullable: true },
        producerId: { kind: 'long' },
        epoch: { kind: 'short' },
      }),
      TRANSACTION,
    ],
    [
      'ContextState',
      record(`${pkg}$KafkaTransactionContext`, { transactionalIds: { kind: 'set', arguments: [{ kind: 'string' }] } }),
      CONTEXT,
    ],
    [
      'NextTransactionalIdHint',
      record(`${pkg}$NextTransactionalIdHint`, {
        nextFreeTransactionalId: { kind: 'long' },
        lastParallelism: { kind: 'int' },
      }),
      HINT,
    ],
  ]
  return rows.map(([name, type, layout]) =>
    simpleRow(`${pkg}$${name}Serializer$${name}SerializerSnapshot`, type, layout),
  )
}

export const KAFKA_ROWS: readonly SerializerRow[] = ['FlinkKafkaProducer', 'FlinkKafkaProducer011'].flatMap(
  producerRows,
)
