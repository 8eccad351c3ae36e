import type { Reader } from '../../bytes/reader.ts'
import type { Writer } from '../../bytes/writer.ts'
import { KobelError } from '../../error.ts'
import { readOptionalKeyedHandle, writeOptionalKeyedHandle } from './keyed-handle.ts'
import { readOperatorHandle, writeOperatorHandle } from './operator-handle.ts'
import type { OperatorStateHandle, SubtaskMetadata } from './types.ts'

type SubtaskHandles = Pick<
  SubtaskMetadata,
  'managedOperatorState' | 'rawOperatorState' | 'managedKeyedState' | 'rawKeyedState'
>

/**
 * The part of a subtask that all versions share:
 * ```
 * i32 has, operatorHandle managed, i32 has, operatorHandle raw, keyedHandle managed, keyedHandle raw
 * ```
 * (`MetadataV2V3SerializerBase.deserializeSubtaskState`)
 */
export function readSubtaskHandles(reader: Reader): SubtaskHandles {
  const managedOperatorState = readOptionalOperatorHandle(reader)
  const rawOperatorState = readOptionalOperatorHandle(reader)
  const managedKeyedState = readOptionalKeyedHandle(reader)
  const rawKeyedState = readOptionalKeyedHandle(reader)
  return {
    ...(managedOperatorState === undefined ? {} : { managedOperatorState }),
    ...(rawOperatorState === undefined ? {} : { rawOperatorState }),
    ...(managedKeyedState === undefined ? {} : { managedKeyedState }),
    ...(rawKeyedState === undefined ? {} : { rawKeyedState }),
  }
}

export function writeSubtaskHandles(writer: Writer, subtask: SubtaskHandles): void {
  writeOptionalOperatorHandle(writer, subtask.managedOperatorState)
  writeOptionalOperatorHandle(writer, subtask.rawOperatorState)
  writeOptionalKeyedHandle(writer, subtask.managedKeyedState)
  writeOptionalKeyedHandle(writer, subtask.rawKeyedState)
}

function readOptionalOperatorHandle(reader: Reader): OperatorStateHandle | undefined {
  const at = reader.offset
  const has = reader.i32()
  if (has !== 0 && has !== 1) {
    throw new KobelError('CORRUPT', `the number of operator state handles is 0 or 1, found ${has}`, { offset: at })
  }
  return has === 1 ? readOperatorHandle(reader) : undefined
}

function writeOptionalOperatorHandle(writer: Writer, handle: OperatorStateHandle | undefined): void {
  writer.i32(handle === undefined ? 0 : 1)
  if (handle !== undefined) writeOperatorHandle(writer, handle)
}
