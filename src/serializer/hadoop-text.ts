import type { Reader } from '../bytes/reader.ts'
import type { Writer } from '../bytes/writer.ts'
import { KobelError } from '../error.ts'
import type { Codec } from './layout.ts'

/** `org.apache.hadoop.io.Text`: the length in bytes as Hadoop's variable-length number, then UTF-8. */
export const HADOOP_TEXT: Codec = {
  name: 'Hadoop Text',
  delimited: true,
  read: (reader) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(reader.take(readLength(reader))),
  write: (writer, value) => {
    const bytes = new TextEncoder().encode(textOf(value))
    writeLength(writer, bytes.length)
    writer.raw(bytes)
  },
  skip: (reader) => reader.skip(readLength(reader)),
  toJson: (value) => JSON.stringify(value),
  fromJson: textOf,
}

/** `WritableUtils.readVInt`: a byte of -112 to 127 is the number; -113 to -116 says that 1 to 4 bytes of it follow. */
function readLength(reader: Reader): number {
  const at = reader.offset
  const first = reader.i8()
  if (first >= 0) return first
  const size = -112 - first
  if (size < 1 || size > 4)
    throw new KobelError('CORRUPT', `a text cannot have the length mark ${first}`, { offset: at })
  let length = 0
  for (let i = 0; i < size; i++) length = length * 256 + reader.u8()
  return length
}

function writeLength(writer: Writer, length: number): void {
  if (length < 128) return writer.u8(length)
  const bytes: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest & 0xff)
  writer.u8((-112 - bytes.length) & 0xff)
  for (const byte of bytes) writer.u8(byte)
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  throw new KobelError('USAGE', `a string was expected, found ${typeof value}`)
}
