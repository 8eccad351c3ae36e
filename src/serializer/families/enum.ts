import type { Writer } from '../../bytes/writer.ts'
import type { SnapshotSource } from '../snapshot.ts'

/** The constants in the order of the bytes; a restored serializer appends new ones behind the old. */
export interface EnumBody {
  readonly className: string
  readonly constants: readonly string[]
}

/** `EnumSerializer$EnumSerializerSnapshot` version 3: utf class, i32 n, n utf names. */
export function readEnumBody({ reader }: SnapshotSource): EnumBody {
  const className = reader.utf()
  const count = reader.count('enum constants', 2)
  return { className, constants: Array.from({ length: count }, () => reader.utf()) }
}

export function writeEnumBody(writer: Writer, { className, constants }: EnumBody): void {
  writer.utf(className)
  writer.i32(constants.length)
  for (const name of constants) writer.utf(name)
}
