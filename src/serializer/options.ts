/**
 * What the user knows of a class that Kryo's FieldSerializer wrote: its data names neither fields nor types.
 *
 * - An object: declared type of each field (not static, not transient, inherited ones too). Types are Java names:
 *   `int`, `long[]`, `java.lang.String`, `fx.Outer$Inner`. Type arguments matter where they are final classes:
 *   `java.util.List<java.lang.String>`. (A record of Kryo 5 ignores them: leave them out there.) `#0` is the first type
 *   parameter of the class itself. A field hidden by one of a subclass is named `com.acme.Base.field`. The member
 *   `final`, with any text, says that the class is final, as records are.
 * - An array: the constants of an enum in the order of their declaration; one with a body as `SQUARE{}`.
 */
export type ClassDescription = Readonly<Record<string, string>> | readonly string[]

/** Descriptions by binary class name. Looked up when a value is read, so entries may be added later. */
export type FieldDescriptions = Readonly<Record<string, ClassDescription>>

/** What serializer snapshots do not say of themselves. */
export interface SerializerOptions {
  /**
   * The Kryo that wrote values: 2 (2.24) in Flink 1.x, 5 in Flink 2.x. A mark in the serializer snapshot, where there
   * is one, goes first.
   */
  readonly kryoVersion?: 2 | 5
  readonly fields?: FieldDescriptions
  /** A `FileDescriptorSet`, for Protobuf messages that Kryo wrote. */
  readonly protobuf?: Uint8Array
  /** Whether a `byte[]` may be a Python value, as in jobs of PyFlink. */
  readonly python?: boolean
}
