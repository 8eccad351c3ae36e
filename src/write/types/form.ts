import { KobelError } from '../../error.ts'
import type { FieldDescriptions } from '../../serializer/options.ts'
import { createSnapshot, type SerializerRow } from '../../serializer/row.ts'
import type { SerializerSnapshot } from '../../serializer/snapshot.ts'
import { SERIALIZER_TABLE } from '../../serializer/table.ts'
import { nearest } from '../../snapshot/names.ts'

/**
 * A described type is JSON: a name, or an object with one member that tells the form (`{ "list": "long" }`). A form
 * turns it into the tree of serializer snapshots that Flink's own serializers of that type write; the rows of the
 * serializer table write the bodies.
 */
export interface TypeForm {
  /** The member that tells the form. */
  readonly member: string
  /** Those that may stand beside it. */
  readonly others?: readonly string[]
  readonly build: (description: Readonly<Record<string, unknown>>, at: TypePlace) => BuiltType
}

export interface BuiltType {
  readonly snapshot: SerializerSnapshot
  /** The Java class of values, where an array of them has to name it. */
  readonly javaClass?: string | undefined
}

/** The Flink that is written for. */
export interface TypeTarget {
  readonly major: number
  readonly minor: number
}

/** Where in a description a type stands, and what builds the types in it. */
export interface TypePlace {
  readonly target: TypeTarget
  /** `type.fields.amount`, for messages. */
  readonly path: string
  /** A member's type. `inPojo`: a field, whose type Flink works out from the class. */
  readonly nested: (json: unknown, name: string, inPojo?: boolean) => BuiltType
  readonly inPojo: boolean
  /** Declared fields of classes that Kryo writes. */
  readonly fields?: FieldDescriptions | undefined
  /** How deep in the description. */
  readonly depth: number
}

export function isSince({ target }: TypePlace, major: number, minor: number): boolean {
  return target.major > major || (target.major === major && target.minor >= minor)
}

/** @throws KobelError `INCOMPATIBLE` where the Flink that is written for does not have the type yet. */
export function needsFlink(at: TypePlace, what: string, major: number, minor: number): void {
  if (isSince(at, major, minor)) return
  throw new KobelError(
    'INCOMPATIBLE',
    `${at.path}: ${what} needs Flink ${major}.${minor}, the plan is for ${at.target.major}.${at.target.minor}`,
  )
}

export function wrongType(at: { readonly path: string }, message: string): KobelError {
  return new KobelError('USAGE', `${at.path}: ${message}`)
}

/** A field of a POJO for which Flink has a serializer that it does not find by itself. */
export function leftToKryo(at: { readonly path: string }, javaClass: string, reason: string): KobelError {
  return wrongType(
    at,
    `Flink leaves a field of the class ${javaClass} to Kryo (${reason}): describe it as {"kryo": "${javaClass}"}, ` +
      'or as {"annotated": …} where @TypeInfo at the field says its type',
  )
}

/** The row of the table that writes the body of a snapshot class. */
function rowOf(snapshotClass: string): SerializerRow {
  const found = SERIALIZER_TABLE.get(snapshotClass)
  if (found) return found
  throw new Error(`no row for ${snapshotClass}`)
}

/** A snapshot in the version that its row writes. */
export function snapshotFor(snapshotClass: string, body?: unknown): SerializerSnapshot {
  return createSnapshot(rowOf(snapshotClass), body)
}

export function compositeFor(
  snapshotClass: string,
  outerVersion: number,
  nested: readonly SerializerSnapshot[],
  outer?: unknown,
): SerializerSnapshot {
  return snapshotFor(snapshotClass, { outerVersion, outer, nested })
}

export function isObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}

/** Text of what was found, for messages. */
export function shown(json: unknown): string {
  return (JSON.stringify(json) ?? 'nothing').slice(0, 80)
}

export function textOf(json: unknown, at: TypePlace, name: string): string {
  if (typeof json === 'string' && json !== '') return json
  throw wrongType(at, `${name} must be a text, found ${shown(json)}`)
}

export function flagOf(json: unknown, at: TypePlace, name: string): boolean | undefined {
  if (json === undefined || typeof json === 'boolean') return json
  throw wrongType(at, `${name} must be true or false, found ${shown(json)}`)
}

export function listOf(json: unknown, at: TypePlace, name: string): readonly unknown[] {
  if (Array.isArray(json)) return json
  throw wrongType(at, `${name} must be an array, found ${shown(json)}`)
}

export function membersOf(json: unknown, at: TypePlace, name: string): [string, unknown][] {
  if (isObject(json)) return Object.entries(json)
  throw wrongType(at, `${name} must be an object, found ${shown(json)}`)
}

/** The binary name of a Java class: `com.acme.Outer$Inner`. */
export function classOf(json: unknown, at: TypePlace, name: string): string {
  const text = textOf(json, at, name)
  if (/^[\p{L}_$][\p{L}\p{N}_$]*(\.[\p{L}_$][\p{L}\p{N}_$]*)*$/u.test(text)) return text
  throw wrongType(at, `${name} must be the name of a Java class (com.acme.Outer$Inner), found ${shown(text)}`)
}

/** `: did you mean "long"?`, or nothing. */
export function meant(name: string, known: readonly string[]): string {
  const near = nearest(name, known)
  return near.length === 0 ? '' : `: did you mean ${near.map((each) => JSON.stringify(each)).join(' or ')}?`
}
