import type { Reader } from '../bytes/reader.ts'
import type { Writer } from '../bytes/writer.ts'
import { KobelError } from '../error.ts'
import { skipValue } from '../serializer/interpreter/skip.ts'
import type { KeyedStateInfo } from './keyed-state.ts'

/**
 * The composite key of canonical and RocksDB entries (`SerializedCompositeKeyBuilder`):
 *
 *     key group   1 byte where max parallelism <= 128, else 2, big-endian
 *     key
 *     [length of the key]        only where key and namespace both have variable lengths
 *     namespace
 *     [length of the namespace]
 *     [user key]                 MAP
 *
 * A length is written as base-256 digits, the lowest first, at least one.
 */

/** Bytes of the key-group prefix (`CompositeKeySerializationUtils.computeRequiredBytesInKeyGroupPrefix`). */
export function keyGroupPrefixBytes(maxParallelism: number): 1 | 2 {
  return maxParallelism > 128 ? 2 : 1
}

/** Where the parts of a composite key lie, in the buffer of the reader. One object is used again for every entry. */
export interface KeyParts {
  keyStart: number
  keyEnd: number
  namespaceStart: number
  namespaceEnd: number
  mapKeyStart: number
}

/**
 * Splits the composite key from the reader's offset, behind the prefix, to its limit, which is the end of the key.
 *
 * @throws KobelError `CORRUPT` or `TRUNCATED` where the bytes do not fit the serializers.
 */
export function splitCompositeKey(state: KeyedStateInfo, reader: Reader, parts: KeyParts): void {
  const end = reader.limit
  parts.keyStart = reader.offset
  if (!state.splits) {
    parts.keyEnd = end
    parts.namespaceStart = end
    parts.namespaceEnd = end
    parts.mapKeyStart = end
    return
  }
  skipValue(state.key, reader, state.keyTail)
  parts.keyEnd = reader.offset
  if (state.ambiguous) reader.skip(lengthDigits(parts.keyEnd - parts.keyStart))
  parts.namespaceStart = reader.offset
  skipValue(state.namespace, reader, state.mapKey === undefined && !state.ambiguous ? 0 : -1)
  parts.namespaceEnd = reader.offset
  if (state.ambiguous) reader.skip(lengthDigits(parts.namespaceEnd - parts.namespaceStart))
  parts.mapKeyStart = reader.offset
  if (state.mapKey === undefined && reader.offset !== end) {
    throw new KobelError(
      'CORRUPT',
      `${end - reader.offset} bytes are left behind the namespace of a key: it does not fit its serializers`,
      {
        offset: reader.offset,
        state: state.name,
      },
    )
  }
}

function lengthDigits(length: number): number {
  return length < 0x100 ? 1 : length < 0x10000 ? 2 : length < 0x1000000 ? 3 : 4
}

/** Writes a composite key from its parts; the inverse of {@link splitCompositeKey}, with the prefix. */
export function writeCompositeKey(
  state: Pick<KeyedStateInfo, 'ambiguous' | 'splits'>,
  writer: Writer,
  prefixBytes: 1 | 2,
  keyGroup: number,
  key: Uint8Array,
  namespace: Uint8Array,
  mapKey: Uint8Array,
): void {
  if (prefixBytes === 2) writer.i16(keyGroup)
  else writer.u8(keyGroup)
  for (const part of [key, namespace]) {
    writer.raw(part)
    if (!state.ambiguous || !state.splits) continue
    writeLengthDigits(writer, part.length)
  }
  writer.raw(mapKey)
}

export function writeLengthDigits(writer: Writer, length: number): void {
  for (let i = 0, rest = length; i < lengthDigits(length); i++, rest >>>= 8) writer.u8(rest & 0xff)
}
