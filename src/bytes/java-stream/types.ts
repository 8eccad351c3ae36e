/**
 * What a `java.io.ObjectOutputStream` wrote, as plain objects. Nothing is instantiated and no class is looked up: the
 * stream describes itself. Shared and cyclic references are shared and cyclic here too, so a walk has to remember what
 * it has seen. Names are strangers' text: they are values and keys of a `Map`, never keys of an object.
 */

/** A Java `String` is a string, whether it was stored short or long. */
export type JavaValue =
  | null
  | string
  | JavaObject
  | JavaEnum
  | JavaArray
  | JavaBytes
  | JavaClass
  | JavaClassDesc
  | JavaBlockData

/** `long` is a bigint, `char` a string of one UTF-16 unit, all other numbers are numbers. */
export type JavaFieldValue = JavaValue | boolean | number | bigint

export interface JavaObject {
  readonly kind: 'object'
  /** The binary name; for a proxy `java.lang.reflect.Proxy`. */
  readonly className: string
  readonly serialVersionUID: bigint
  readonly classDesc: JavaClassDesc
  /** From the topmost superclass down to the class itself; classes that store nothing are left out. */
  readonly parts: readonly JavaPart[]
}

/** What one class of the hierarchy stored of an object. */
export interface JavaPart {
  readonly className: string
  readonly fields: ReadonlyMap<string, JavaFieldValue>
  /** What `writeObject` or `writeExternal` wrote beyond the fields: objects, and block data for everything else. */
  readonly annotations: readonly JavaValue[]
}

export interface JavaEnum {
  readonly kind: 'enum'
  /** The declaring class also of a constant with a body. */
  readonly className: string
  readonly name: string
}

export interface JavaArray {
  readonly kind: 'array'
  /** As `Class.getName()`: `[I`, `[Ljava.lang.String;`. */
  readonly className: string
  readonly elements: readonly JavaFieldValue[]
}

/** A `byte[]`: a view, not a copy. */
export interface JavaBytes {
  readonly kind: 'bytes'
  readonly bytes: Uint8Array
}

/** A `java.lang.Class`. */
export interface JavaClass {
  readonly kind: 'class'
  readonly className: string
  readonly classDesc: JavaClassDesc
}

/** A `java.io.ObjectStreamClass`. */
export interface JavaClassDesc {
  readonly kind: 'class-desc'
  readonly className: string
  readonly serialVersionUID: bigint
  readonly enumClass: boolean
  readonly externalizable: boolean
  /** The class has a `writeObject` method. */
  readonly writesObject: boolean
  readonly fields: readonly JavaFieldDesc[]
  /** The interfaces of a dynamic proxy. */
  readonly interfaces?: readonly string[]
  readonly superClass: JavaClassDesc | null
}

export interface JavaFieldDesc {
  readonly name: string
  /** A JVM descriptor: `I`, `[B`, `Ljava/lang/String;`. */
  readonly type: string
}

/** Bytes that `writeObject` wrote with `writeInt`, `writeUTF` and the like. Adjacent blocks are joined. */
export interface JavaBlockData {
  readonly kind: 'block-data'
  readonly bytes: Uint8Array
}

/** A field by name, that of a subclass before that of its superclasses; `undefined` where no class has such a field. */
export function javaField(object: JavaObject, name: string): JavaFieldValue | undefined {
  return object.parts.findLast((part) => part.fields.has(name))?.fields.get(name)
}
