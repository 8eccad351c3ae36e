import type { Reader } from '../../bytes/reader.ts'
import type { Writer } from '../../bytes/writer.ts'
import { KobelError } from '../../error.ts'
import type { OperatorMetadata } from './types.ts'
import { readOperatorV3, writeOperatorV3 } from './v3.ts'

/**
 * An operator of version 5 (Flink 2.0) and 6 (Flink 2.1 and later): `utf name, utf uid`, empty where there is none, and
 * then as in version 3. Version 6 differs in the channel state handles only. (`MetadataV5Serializer`,
 * `MetadataV6Serializer`)
 */
export function readOperatorV5(reader: Reader, typedChannels = false): OperatorMetadata {
  const name = reader.utf()
  const uid = reader.utf()
  return {
    ...(uid === '' ? {} : { uid }),
    ...(name === '' ? {} : { name }),
    ...readOperatorV3(reader, typedChannels),
  }
}

export function writeOperatorV5(writer: Writer, operator: OperatorMetadata, typedChannels = false): void {
  if (operator.name === '' || operator.uid === '') {
    throw new KobelError('USAGE', 'the name or uid of an operator is empty; leave it out', { operator: operator.id })
  }
  writer.utf(operator.name ?? '')
  writer.utf(operator.uid ?? '')
  writeOperatorV3(writer, operator, typedChannels)
}

export function readOperatorV6(reader: Reader): OperatorMetadata {
  return readOperatorV5(reader, true)
}

export function writeOperatorV6(writer: Writer, operator: OperatorMetadata): void {
  writeOperatorV5(writer, operator, true)
}
