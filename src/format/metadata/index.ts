import { Reader } from '../../bytes/reader.ts'
import { Writer } from '../../bytes/writer.ts'
import { KobelError } from '../../error.ts'
import { readMasterState, writeMasterState } from './master-state.ts'
import { NULL_PROPERTIES, readProperties } from './properties.ts'
import type { Metadata, MetadataVersion, OperatorMetadata } from './types.ts'
import { readOperatorV2, writeOperatorV2 } from './v2.ts'
import { readOperatorV3, writeOperatorV3 } from './v3.ts'
import { readOperatorV5, readOperatorV6, writeOperatorV5, writeOperatorV6 } from './v5.ts'

export type * from './types.ts'

/** `Checkpoints.HEADER_MAGIC_NUMBER` */
const MAGIC = 0x4960672d

interface OperatorFormat {
  readonly readOperator: (reader: Reader) => OperatorMetadata
  readonly writeOperator: (writer: Writer, operator: OperatorMetadata) => void
  /** The fewest bytes of an operator, which bounds their number. */
  readonly minBytes: number
  readonly properties: boolean
}

const V3: Omit<OperatorFormat, 'properties'> = {
  readOperator: (reader) => readOperatorV3(reader),
  writeOperator: (writer, operator) => writeOperatorV3(writer, operator),
  minBytes: 29,
}

const FORMATS: Readonly<Record<MetadataVersion, OperatorFormat>> = {
  2: { readOperator: readOperatorV2, writeOperator: writeOperatorV2, minBytes: 32, properties: false },
  3: { ...V3, properties: false },
  4: { ...V3, properties: true },
  5: {
    readOperator: (reader) => readOperatorV5(reader),
    writeOperator: (writer, operator) => writeOperatorV5(writer, operator),
    minBytes: 33,
    properties: true,
  },
  6: { readOperator: readOperatorV6, writeOperator: writeOperatorV6, minBytes: 33, properties: true },
}

/**
 * Reads a whole `_metadata` file:
 * ```
 * i32 0x4960672D, i32 version, i64 checkpointId, i32 n, masterState*, i32 m, operator*,
 * from version 4 on: a Java-serialized CheckpointProperties up to the end of the file
 * ```
 * (`Checkpoints.loadCheckpointMetadata`, `MetadataV2V3SerializerBase`, `MetadataV4Serializer`)
 */
export function readMetadata(bytes: Uint8Array): Metadata {
  const reader = new Reader(bytes)
  const version = readHeader(reader)
  const format = FORMATS[version]
  const at = reader.offset
  const checkpointId = reader.i64()
  if (checkpointId < 0n) {
    throw new KobelError('CORRUPT', `a checkpoint id is not negative, found ${checkpointId}`, { offset: at })
  }
  const masterStates = Array.from({ length: reader.count('master states', 18) }, () => readMasterState(reader))
  const count = reader.count('operators', format.minBytes)
  const operators = Array.from({ length: count }, () => format.readOperator(reader))
  if (format.properties) {
    return { version, checkpointId, masterStates, operators, properties: readProperties(reader.take(reader.remaining)) }
  }
  if (reader.remaining > 0) {
    throw new KobelError('CORRUPT', `${reader.remaining} bytes follow the last operator`, { offset: reader.offset })
  }
  return { version, checkpointId, masterStates, operators }
}

/**
 * Writes in the version that `metadata.version` names: what was read comes out byte for byte. A lower version than the
 * one read drops what it has no place for but Flink can do without (uid and name, properties), and refuses the rest.
 */
export function writeMetadata(metadata: Metadata): Uint8Array {
  const format = formatOf(metadata.version)
  if (format === undefined) throw unsupportedVersion(metadata.version)
  const writer = new Writer(4096)
  writer.i32(MAGIC)
  writer.i32(metadata.version)
  writer.i64(metadata.checkpointId)
  writer.i32(metadata.masterStates.length)
  for (const state of metadata.masterStates) writeMasterState(writer, state)
  writer.i32(metadata.operators.length)
  for (const operator of metadata.operators) format.writeOperator(writer, operator)
  if (format.properties) writer.raw(metadata.properties?.raw ?? NULL_PROPERTIES)
  return writer.toBytes()
}

function readHeader(reader: Reader): MetadataVersion {
  if (reader.remaining < 8 || reader.i32() !== MAGIC) {
    throw new KobelError(
      'CORRUPT',
      'not a Flink _metadata file: it does not begin with 49 60 67 2D. Name the directory of a savepoint or checkpoint, or its _metadata',
      { offset: 0 },
    )
  }
  const version = reader.i32()
  if (formatOf(version) === undefined) throw unsupportedVersion(version)
  return version as MetadataVersion
}

function formatOf(version: number): OperatorFormat | undefined {
  return Object.hasOwn(FORMATS, version) ? FORMATS[version as MetadataVersion] : undefined
}

function unsupportedVersion(version: number): KobelError {
  const why =
    version > 6
      ? 'it is newer than this kobel, which knows 2 to 6 (Flink 1.3 to 2.3); look for a newer kobel'
      : version === 1
        ? 'it is too old: Flink 1.1 and 1.2 wrote it, and no Flink of today reads it; restore it in Flink 1.8 and take a new savepoint there'
        : 'Flink never had it; the file is damaged'
  return new KobelError('UNSUPPORTED_VERSION', `_metadata version ${version} cannot be read: ${why}`, { offset: 4 })
}
