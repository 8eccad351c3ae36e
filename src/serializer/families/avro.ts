import type { Reader } from '../../bytes/reader.ts'
import type { Writer } from '../../bytes/writer.ts'
import { KobelError } from '../../error.ts'
import { avroLayout, avroType } from '../avro/layout.ts'
import { type AvroSchema, parseAvroSchema } from '../avro/schema.ts'
import { row, type SerializerRow } from '../row.ts'
import type { SnapshotSource } from '../snapshot.ts'
import { readFlinkString, writeFlinkString } from '../strings.ts'

/** The schema that values were written with, as JSON, and the class they had; version 1 has no class. */
export interface AvroBody {
  readonly className: string | undefined
  readonly schema: string
}

const SNAPSHOT_CLASS = 'org.apache.flink.formats.avro.typeutils.AvroSerializerSnapshot'

/** `AvroSerializerSnapshot`: version 3: str class, str schema; 2: utf class, utf schema; 1 (Flink 1.7): utf schema. */
function readAvroBody({ reader }: SnapshotSource, version: number): AvroBody {
  if (version === 1) return { className: undefined, schema: reader.utf() }
  const read = version === 2 ? () => reader.utf() : () => readText(reader)
  return { className: read(), schema: read() }
}

function readText(reader: Reader): string {
  const at = reader.offset
  const text = readFlinkString(reader)
  if (text === null) throw new KobelError('CORRUPT', 'an Avro serializer has no class or schema', { offset: at })
  return text
}

function writeAvroBody(writer: Writer, { className, schema }: AvroBody, version: number): void {
  const write = version === 3 ? (text: string) => writeFlinkString(writer, text) : (text: string) => writer.utf(text)
  if (version > 1) write(className ?? GENERIC_CLASSES[0]!)
  write(schema)
}

/** Classes of records without generated code: they have the bare numbers of logical types. */
const GENERIC_CLASSES = ['org.apache.avro.generic.GenericRecord', 'org.apache.avro.generic.GenericData$Record']

function hasLogicalTypes({ className }: AvroBody): boolean {
  return className === undefined || !GENERIC_CLASSES.includes(className)
}

/** A schema that cannot be read makes the state's values bytes, and does not keep the snapshot from opening. */
function withSchema<T>(body: AvroBody, read: (schema: AvroSchema) => T, otherwise: (className: string) => T): T {
  try {
    return read(parseAvroSchema(body.schema))
  } catch (error) {
    if (error instanceof KobelError) return otherwise(body.className ?? SNAPSHOT_CLASS)
    throw error
  }
}

export const AVRO_ROWS: readonly SerializerRow[] = [
  row<AvroBody>({
    snapshotClass: SNAPSHOT_CLASS,
    versions: [3, 2, 1],
    readBody: readAvroBody,
    writeBody: writeAvroBody,
    type: (body) =>
      withSchema(
        body,
        (schema) => avroType(schema, hasLogicalTypes(body)),
        (className) => ({ kind: 'avro', className }),
      ),
    layout: (body) =>
      withSchema(
        body,
        (schema) => avroLayout(schema, hasLogicalTypes(body)),
        (className) => ({ op: 'unknown', className }),
      ),
  }),
]
