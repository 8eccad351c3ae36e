import type { BasicTypeName } from './basic.ts'

/** The state of another savepoint whose type is meant. */
export interface StateReference {
  /** Path or URL of the savepoint. */
  readonly snapshot: string
  /** uid, id or name. */
  readonly operator: string
  readonly state?: string
  /** `value` where it is not given; the `key` of the operator, the `mapKey` or `namespace` of the state. */
  readonly part?: 'key' | 'value' | 'mapKey' | 'namespace'
}

export interface PojoDescription {
  readonly pojo: string
  /** Declared in the class itself. */
  readonly fields?: Readonly<Record<string, TypeDescription>>
  /** By the superclass that declares them. */
  readonly inherited?: Readonly<Record<string, Readonly<Record<string, TypeDescription>>>>
  /** In the order of their registration. */
  readonly registered?: readonly TypeDescription[]
  readonly subclasses?: readonly TypeDescription[]
}

/** A class that a job registers with Kryo, and the class of its serializer. */
export type KryoRegistration = string | { readonly class: string; readonly serializer?: string }

/** A type as plain JSON, in the way Flink users name it. `type` has a function for each form. */
export type TypeDescription =
  | BasicTypeName
  | { readonly tuple: readonly TypeDescription[] }
  | { readonly row: readonly TypeDescription[] | Readonly<Record<string, TypeDescription>> }
  | { readonly list: TypeDescription; readonly nullable?: boolean }
  | { readonly set: TypeDescription; readonly nullable?: boolean }
  | { readonly map: readonly [key: TypeDescription, value: TypeDescription]; readonly nullable?: boolean }
  | { readonly either: readonly [left: TypeDescription, right: TypeDescription] }
  | { readonly array: TypeDescription; readonly class?: string }
  | { readonly nullable: TypeDescription; readonly padded?: boolean }
  | { readonly value: string; readonly copyable?: boolean }
  | PojoDescription
  | { readonly annotated: TypeDescription }
  | { readonly enum: string; readonly constants: readonly string[] }
  | { readonly avro: unknown; readonly class?: string }
  | { readonly sql: string }
  | { readonly kryo: string; readonly registered?: readonly KryoRegistration[] }
  | { readonly snapshot: string; readonly class?: string }
  | { readonly of: StateReference }
