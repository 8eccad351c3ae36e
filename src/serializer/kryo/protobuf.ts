import { fromBase64 } from '../../bytes/encoding.ts'
import { KobelError } from '../../error.ts'
import { readProtobuf, writeProtobuf } from '../protobuf/message.ts'
import type { ProtobufMessage, ProtobufTypes } from '../protobuf/types.ts'
import { CLASS, emptyObject, type Value } from '../value.ts'
import type { ObjectCodec } from './classes.ts'
import { objectOf } from './fields.ts'
import { readSize, writeVarInt } from './primitives.ts'

/** The serializer of `chill-protobuf`: varint length, message. Its name is the same in every version of it. */
export const PROTOBUF_SERIALIZER = 'com.twitter.chill.protobuf.ProtobufSerializer'

/** Classes above every generated one, for which the serializer may have been made the default. */
export const PROTOBUF_BASES: readonly string[] = [
  'Message',
  'MessageLite',
  'AbstractMessage',
  'AbstractMessageLite',
  'GeneratedMessage',
  'GeneratedMessageV3',
].map((name) => `com.google.protobuf.${name}`)

/** The member for the bytes of a message whose descriptor was not given. */
const MESSAGE = 'message'

/** Messages of a class; without their descriptor an object of their bytes. */
export function protobufCodec(described?: { types: ProtobufTypes; message: ProtobufMessage }): ObjectCodec {
  return {
    read: ({ reader }, className) => {
      const bytes = reader.take(readSize(reader, 'bytes of a Protobuf message'))
      const value = described ? readProtobuf(described.types, described.message, bytes) : bytesObject(bytes)
      return Object.assign(value as object, { [CLASS]: className }) as Value
    },
    write: ({ writer }, value) => {
      const bytes = described ? writeProtobuf(described.types, described.message, value) : messageBytes(objectOf(value))
      writeVarInt(writer, bytes.length)
      writer.raw(bytes)
    },
  }
}

function bytesObject(bytes: Uint8Array): Value {
  const object = emptyObject()
  object[MESSAGE] = bytes.slice()
  return object
}

function messageBytes(object: Readonly<Record<string, Value>>): Uint8Array {
  const bytes = object[MESSAGE]
  if (bytes instanceof Uint8Array) return bytes
  if (typeof bytes === 'string') return fromBase64(bytes)
  throw new KobelError('USAGE', 'a Protobuf message without descriptors is an object of its bytes: { "message": … }')
}
