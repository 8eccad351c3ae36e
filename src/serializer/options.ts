/** What a user tells about classes whose bytes do not describe themselves. */
export interface SerializerOptions {
  /** The Kryo that wrote the values: 2 (2.24, Flink 1.x) or 5 (5.6, Flink 2.x). */
  readonly kryoVersion?: 2 | 5
  /** Declared fields of classes that Kryo's FieldSerializer wrote. */
  readonly fields?: FieldDescriptions
}

/** Class name to its fields: field name to declared Java type, e.g. `{ "com.acme.Leaf": { "x": "int" } }`. */
export type FieldDescriptions = Readonly<Record<string, Readonly<Record<string, string>>>>
