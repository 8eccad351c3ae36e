/** Protobuf messages as descriptors tell them. */

/** `FieldDescriptorProto.Type`, by number. */
export const SCALARS: readonly (string | undefined)[] = [
  undefined,
  'double',
  'float',
  'int64',
  'uint64',
  'int32',
  'fixed64',
  'fixed32',
  'bool',
  'string',
  'group',
  'message',
  'bytes',
  'uint32',
  'enum',
  'sfixed32',
  'sfixed64',
  'sint32',
  'sint64',
]

export interface ProtobufField {
  readonly name: string
  readonly number: number
  /** One of {@link SCALARS}. */
  readonly type: string
  readonly repeated: boolean
  readonly packed: boolean
  /** Whether an absent value differs from the default one. */
  readonly presence: boolean
  /** Of messages, groups and enums: the full name with a point in front. */
  readonly typeName: string
}

export interface ProtobufMessage {
  /** Full name, with a point in front: `.acme.Order`. */
  readonly name: string
  /** The class that the Java compiler of Protobuf makes of it. */
  readonly className: string
  /** Ascending numbers, as they are written. */
  readonly fields: readonly ProtobufField[]
  readonly byNumber: ReadonlyMap<number, ProtobufField>
  /** The entries of a map field: `key` and `value`. */
  readonly mapEntry: boolean
}

export interface ProtobufEnum {
  readonly byNumber: ReadonlyMap<number, string>
  readonly byName: ReadonlyMap<string, number>
}

/** The messages and enums of a `FileDescriptorSet`. */
export interface ProtobufTypes {
  /** By full name, with a point in front. */
  readonly messages: ReadonlyMap<string, ProtobufMessage>
  readonly enums: ReadonlyMap<string, ProtobufEnum>
  readonly byClass: ReadonlyMap<string, ProtobufMessage>
}
