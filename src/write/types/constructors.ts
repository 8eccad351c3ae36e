import type { BasicTypeName } from './basic.ts'
import type { KryoRegistration, PojoDescription, StateReference, TypeDescription } from './description.ts'

const named =
  <Name extends BasicTypeName>(name: Name): (() => Name) =>
  () =>
    name

export interface CollectionOptions {
  /** The collection and its elements may be null, as Flink 2.x has it where it works a type out from its class. */
  readonly nullable?: boolean
}

/**
 * Types of keys, values and namespaces of a savepoint to be written, named as Flink's `Types` names them. Each gives
 * plain JSON, which may as well be written by hand.
 */
export interface TypeConstructors {
  readonly boolean: () => 'boolean'
  readonly byte: () => 'byte'
  readonly short: () => 'short'
  readonly int: () => 'int'
  readonly long: () => 'long'
  readonly float: () => 'float'
  readonly double: () => 'double'
  readonly char: () => 'char'
  readonly string: () => 'string'
  readonly bigInteger: () => 'bigInteger'
  readonly bigDecimal: () => 'bigDecimal'
  readonly date: () => 'date'
  readonly sqlDate: () => 'sqlDate'
  readonly sqlTime: () => 'sqlTime'
  readonly sqlTimestamp: () => 'sqlTimestamp'
  readonly instant: () => 'instant'
  readonly localDate: () => 'localDate'
  readonly localTime: () => 'localTime'
  readonly localDateTime: () => 'localDateTime'
  readonly void: () => 'void'
  readonly variant: () => 'variant'
  readonly bitmap: () => 'bitmap'
  readonly timeWindow: () => 'timeWindow'
  readonly globalWindow: () => 'globalWindow'
  /** `int[]`; `array` makes arrays of objects. */
  readonly primitiveArray: (
    element: 'boolean' | 'byte' | 'short' | 'int' | 'long' | 'float' | 'double' | 'char',
  ) => TypeDescription
  /** An array of objects: `Long[]`, `String[]`, `Balance[]`. `javaClass`: of the elements, where their type has none. */
  readonly array: (element: TypeDescription, javaClass?: string) => TypeDescription
  readonly tuple: (...fields: TypeDescription[]) => TypeDescription
  /** Fields by name, or in an array. Names are not stored. */
  readonly row: (fields: readonly TypeDescription[] | Readonly<Record<string, TypeDescription>>) => TypeDescription
  readonly list: (element: TypeDescription, options?: CollectionOptions) => TypeDescription
  /** Since Flink 2.0. */
  readonly set: (element: TypeDescription, options?: CollectionOptions) => TypeDescription
  readonly map: (key: TypeDescription, value: TypeDescription, options?: CollectionOptions) => TypeDescription
  readonly either: (left: TypeDescription, right: TypeDescription) => TypeDescription
  readonly nullable: (inner: TypeDescription, options?: { readonly padded?: boolean }) => TypeDescription
  readonly pojo: (
    className: string,
    fields: Readonly<Record<string, TypeDescription>>,
    options?: Pick<PojoDescription, 'inherited' | 'registered' | 'subclasses'>,
  ) => TypeDescription
  /** A field of a POJO whose type is given by @TypeInfo, and not by its class. */
  readonly annotated: (inner: TypeDescription) => TypeDescription
  readonly enum: (className: string, constants: readonly string[]) => TypeDescription
  /** Generic records of an Avro schema (JSON); with a class, of the class that Avro's compiler made of it. */
  readonly avro: (schema: unknown, className?: string) => TypeDescription
  /** A type of SQL, as Flink prints it: `ROW<id INT NOT NULL, name STRING>`, which is RowData. */
  readonly sql: (text: string) => TypeDescription
  /** A class that Kryo serializes. Its fields, which no snapshot tells, are given with the plan. */
  readonly kryo: (className: string, options?: { readonly registered?: readonly KryoRegistration[] }) => TypeDescription
  /** A class of your own that is a Flink `Value`, or a `CopyableValue`. */
  readonly value: (className: string, options?: { readonly copyable?: boolean }) => TypeDescription
  /** Base64 of a serializer snapshot, in the form of plans. */
  readonly snapshot: (base64: string) => TypeDescription
  /** The type of a state of another savepoint, which `resolveTypes` looks up. */
  readonly of: (reference: StateReference) => TypeDescription
}

export const type: TypeConstructors = {
  boolean: named('boolean'),
  byte: named('byte'),
  short: named('short'),
  int: named('int'),
  long: named('long'),
  float: named('float'),
  double: named('double'),
  char: named('char'),
  string: named('string'),
  bigInteger: named('bigInteger'),
  bigDecimal: named('bigDecimal'),
  date: named('date'),
  sqlDate: named('sqlDate'),
  sqlTime: named('sqlTime'),
  sqlTimestamp: named('sqlTimestamp'),
  instant: named('instant'),
  localDate: named('localDate'),
  localTime: named('localTime'),
  localDateTime: named('localDateTime'),
  void: named('void'),
  variant: named('variant'),
  bitmap: named('bitmap'),
  timeWindow: named('timeWindow'),
  globalWindow: named('globalWindow'),
  primitiveArray: (element) => `${element}[]`,
  array: (array, javaClass) => (javaClass === undefined ? { array } : { array, class: javaClass }),
  tuple: (...tuple) => ({ tuple }),
  row: (row) => ({ row }),
  list: (list, options = {}) => ({ list, ...options }),
  set: (set, options = {}) => ({ set, ...options }),
  map: (key, value, options = {}) => ({ map: [key, value], ...options }),
  either: (left, right) => ({ either: [left, right] }),
  nullable: (nullable, options = {}) => ({ nullable, ...options }),
  pojo: (pojo, fields, options = {}) => ({ pojo, fields, ...options }),
  annotated: (annotated) => ({ annotated }),
  enum: (className, constants) => ({ enum: className, constants }),
  avro: (avro, className) => (className === undefined ? { avro } : { avro, class: className }),
  sql: (sql) => ({ sql }),
  kryo: (kryo, options = {}) => ({ kryo, ...options }),
  value: (value, options = {}) => ({ value, ...options }),
  snapshot: (snapshot) => ({ snapshot }),
  of: (reference) => ({ of: reference }),
}
