import { fromHex, toHex } from '../../bytes/encoding.ts'
import type { Reader } from '../../bytes/reader.ts'
import type { Writer } from '../../bytes/writer.ts'
import { KobelError } from '../../error.ts'
import type { OperatorMetadata } from './types.ts'

export type OperatorHead = Pick<OperatorMetadata, 'id' | 'parallelism' | 'maxParallelism'>

/** `i64 lower, i64 upper, i32 parallelism, i32 maxParallelism`: the id's bytes in file order are its text (`OperatorID`). */
export function readOperatorHead(reader: Reader): OperatorHead {
  return { id: toHex(reader.take(16)), parallelism: reader.i32(), maxParallelism: reader.i32() }
}

export function writeOperatorHead(writer: Writer, operator: OperatorHead): void {
  if (operator.id.length !== 32) {
    throw new KobelError('USAGE', `an operator id has 32 hex digits, found ${JSON.stringify(operator.id)}`)
  }
  writer.raw(fromHex(operator.id))
  writer.i32(operator.parallelism)
  writer.i32(operator.maxParallelism)
}
