import {
  type JavaFieldValue,
  type JavaObject,
  type JavaValue,
  javaField,
  readJavaObject,
} from '../../bytes/java-stream/index.ts'
import type { Reader } from '../../bytes/reader.ts'
import { KobelError } from '../../error.ts'
import { javaListElements } from './java-list.ts'

/** A named member of a ROW or of a structured type. */
export interface LogicalField {
  readonly name: string
  readonly type: LogicalType
  readonly description?: string
}

/** A SQL type (`org.apache.flink.table.types.logical.LogicalType`). Only the members that its root has are there. */
export interface LogicalType {
  /** The constant of `LogicalTypeRoot`: tells how values lie in memory, whatever the class. */
  readonly root: string
  /** The Java class of the type itself. */
  readonly className: string
  readonly nullable: boolean
  readonly length?: number
  /** Of DECIMAL, TIME and TIMESTAMPs; of an interval its leading field. */
  readonly precision?: number
  readonly scale?: number
  /** Of a day-time interval. */
  readonly fractionalPrecision?: number
  /** `ROWTIME` and `PROCTIME` mark time attributes. */
  readonly kind?: string
  readonly resolution?: string
  /** Element; key and value; the source of a distinct type. */
  readonly arguments?: readonly LogicalType[]
  readonly fields?: readonly LogicalField[]
  /** Catalog, database and name of a user-defined type that is registered. */
  readonly identifier?: readonly string[]
  /** The class of a structured type, or of RAW values. */
  readonly valueClass?: string
  /** Java class of the serializer that RAW values are written with. */
  readonly serializerClass?: string
}

/** A Java-serialized type as it stands in a snapshot, which is how it is written back. */
export interface StoredType {
  readonly raw: Uint8Array
  readonly logical: LogicalType
}

/** Types beyond this are taken for damage: shared references in a stream could make a small one grow without bound. */
const MAX_TYPES = 20_000
const MAX_DEPTH = 64

/** Reads a Java stream of a `LogicalType`, or of a `DataType` around one. */
export function readStoredType(reader: Reader): StoredType {
  const at = reader.offset
  const java = readJavaObject(reader)
  return { raw: reader.bytes.subarray(at, reader.offset), logical: logicalType(java, at) }
}

/** Steps over a Java stream and gives its bytes. */
export function readJavaBytes(reader: Reader): Uint8Array {
  const at = reader.offset
  readJavaObject(reader)
  return reader.bytes.subarray(at, reader.offset)
}

/**
 * The type that a parsed Java object is. Fields are taken by name, so that the changes of the classes between releases
 * do not matter; a class kobel does not know gives what its root says.
 */
export function logicalType(java: JavaValue, offset = 0): LogicalType {
  const object = objectOf(java)
  const inner = object && javaField(object, 'logicalType')
  return typeFrom(inner ?? java, { left: MAX_TYPES, offset }, 0)
}

interface Budget {
  left: number
  readonly offset: number
}

function typeFrom(java: JavaFieldValue | undefined, budget: Budget, depth: number): LogicalType {
  budget.left--
  if (budget.left < 0 || depth > MAX_DEPTH) {
    throw new KobelError('LIMIT', `a SQL type has over ${MAX_TYPES} parts, or is nested deeper than ${MAX_DEPTH}`, {
      offset: budget.offset,
    })
  }
  const object = objectOf(java)
  const root = object && enumName(javaField(object, 'typeRoot'))
  if (object === undefined || root === undefined) {
    throw new KobelError('CORRUPT', 'a Java-serialized LogicalType was expected, found another Java object', {
      offset: budget.offset,
    })
  }
  return {
    // Until Flink 1.9 RAW was called ANY.
    root: root === 'ANY' ? 'RAW' : root,
    className: object.className,
    nullable: javaField(object, 'isNullable') !== false,
    ...plainMembers(object),
    ...nestedMembers(object, root, budget, depth + 1),
  }
}

const NUMBERS: readonly (readonly [
  javaName: string,
  name: 'length' | 'precision' | 'scale' | 'fractionalPrecision',
])[] = [
  ['length', 'length'],
  ['precision', 'precision'],
  ['dayPrecision', 'precision'],
  ['yearPrecision', 'precision'],
  ['scale', 'scale'],
  ['fractionalPrecision', 'fractionalPrecision'],
]

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

function plainMembers(object: JavaObject): Partial<LogicalType> {
  const members: Mutable<Partial<LogicalType>> = {}
  for (const [javaName, name] of NUMBERS) {
    const value = javaField(object, javaName)
    if (typeof value === 'number') members[name] = value
  }
  const kind = enumName(javaField(object, 'kind'))
  if (kind !== undefined) members.kind = kind
  const resolution = enumName(javaField(object, 'resolution'))
  if (resolution !== undefined) members.resolution = resolution
  const identifier = identifierOf(javaField(object, 'objectIdentifier') ?? javaField(object, 'unresolvedIdentifier'))
  if (identifier !== undefined) members.identifier = identifier
  const valueClass = className(object)
  if (valueClass !== undefined) members.valueClass = valueClass
  const serializer = objectOf(javaField(object, 'serializer'))
  if (serializer !== undefined) members.serializerClass = serializer.className
  return members
}

/** The name is stored beside the class since 2.x, where the class may be missing. */
function className(object: JavaObject): string | undefined {
  const name = javaField(object, 'className')
  if (typeof name === 'string') return name
  for (const field of ['implementationClass', 'clazz']) {
    const value = javaField(object, field)
    if (typeof value === 'object' && value?.kind === 'class') return value.className
  }
  return objectOf(javaField(object, 'typeInfo'))?.className
}

function nestedMembers(object: JavaObject, root: string, budget: Budget, depth: number): Partial<LogicalType> {
  const nested = (name: string): LogicalType => typeFrom(javaField(object, name), budget, depth)
  switch (root) {
    case 'ARRAY':
    case 'MULTISET':
      return { arguments: [nested('elementType')] }
    case 'MAP':
      return { arguments: [nested('keyType'), nested('valueType')] }
    case 'DISTINCT_TYPE':
      return { arguments: [nested('sourceType')] }
    case 'ROW':
      return { fields: fieldsOf(javaField(object, 'fields'), budget, depth) }
    case 'STRUCTURED_TYPE':
      return { fields: attributesOf(object, budget, depth) }
    default:
      return {}
  }
}

/** The attributes of the supertypes come first (`StructuredType.getAllAttributes`). */
function attributesOf(object: JavaObject, budget: Budget, depth: number): LogicalField[] {
  const above = objectOf(javaField(object, 'superType'))
  budget.left--
  if (budget.left < 0) throw new KobelError('LIMIT', 'a SQL type has too many supertypes', { offset: budget.offset })
  const inherited = above === undefined ? [] : typeFrom(above, budget, depth + 1).fields
  return [...(inherited ?? []), ...fieldsOf(javaField(object, 'attributes'), budget, depth)]
}

function fieldsOf(list: JavaFieldValue | undefined, budget: Budget, depth: number): LogicalField[] {
  const elements = javaListElements(list)
  if (elements === undefined) {
    throw new KobelError('CORRUPT', 'the fields of a SQL type are no list that kobel knows', { offset: budget.offset })
  }
  return elements.map((each) => {
    const field = objectOf(each)
    const name = field && javaField(field, 'name')
    if (field === undefined || typeof name !== 'string') {
      throw new KobelError('CORRUPT', 'a field of a SQL type has no name', { offset: budget.offset })
    }
    const description = javaField(field, 'description')
    const type = typeFrom(javaField(field, 'type'), budget, depth)
    return typeof description === 'string' ? { name, type, description } : { name, type }
  })
}

function identifierOf(value: JavaFieldValue | undefined): string[] | undefined {
  const object = objectOf(value)
  if (object === undefined) return undefined
  const parts = ['catalogName', 'databaseName', 'objectName'].map((name) => javaField(object, name))
  const named = parts.filter((part) => typeof part === 'string')
  return named.length === 0 ? undefined : named
}

function objectOf(value: JavaFieldValue | undefined): JavaObject | undefined {
  return typeof value === 'object' && value?.kind === 'object' ? value : undefined
}

function enumName(value: JavaFieldValue | undefined): string | undefined {
  return typeof value === 'object' && value?.kind === 'enum' ? value.name : undefined
}
