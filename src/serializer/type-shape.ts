import { simpleClassName, someType, type Type, type TypeField } from './type.ts'

/**
 * What the values of a type look like in JavaScript (`value.ts`) and in JSON (`interpreter/json.ts`): what TypeScript
 * declarations and JSON Schemas are made of.
 */
export type Shape =
  | {
      readonly is: 'any' | 'null' | 'boolean' | 'int' | 'float' | 'long' | 'bigint' | 'string' | 'bytes' | 'typed-bytes'
    }
  /** Of a class that no type tells: a subclass that the serializer snapshot does not list. */
  | { readonly is: 'other-class' }
  | { readonly is: 'text'; readonly text: string }
  | { readonly is: 'enum'; readonly className: string | undefined; readonly constants: readonly string[] }
  | { readonly is: 'array'; readonly element: Shape }
  | {
      readonly is: 'tuple'
      readonly elements: readonly Shape[] /** Fields behind unknown bytes may be missing. */
      readonly partly: boolean
    }
  /** A map: an array of pairs. */
  | { readonly is: 'entries'; readonly key: Shape; readonly value: Shape }
  /** Without a name of its own: `{ left: … }`. */
  | { readonly is: 'members'; readonly members: readonly ShapeMember[] }
  | ClassShape
  | { readonly is: 'one-of'; readonly shapes: readonly Shape[] }

export interface ShapeMember {
  readonly name: string
  readonly shape: Shape
  readonly optional: boolean
}

/** A POJO, case class or record. */
export interface ClassShape {
  readonly is: 'class'
  readonly className: string
  /** In JSON `{ "class": …, "fields": { … } }`, else the fields alone. */
  readonly named: boolean
  /** What {@link CLASS} says where it stands for another class; `undefined`: it says nothing. */
  readonly tagged: boolean
  /** Equal for equal shapes. */
  readonly id: string
  /** Undefined: the class is inside itself, its fields are told further out. */
  readonly members: (() => readonly ShapeMember[]) | undefined
}

/** Where a type stands decides what may be null, and what a temporal type may be. */
type Place = 'java' | 'avro' | 'sql'

/** Deeper types are not told. */
const MAX_DEPTH = 64

const ANY: Shape = { is: 'any' }
const NULL: Shape = { is: 'null' }
const BOOLEAN: Shape = { is: 'boolean' }
const INT: Shape = { is: 'int' }
const LONG: Shape = { is: 'long' }
const STRING: Shape = { is: 'string' }
const BYTES: Shape = { is: 'bytes' }
const TYPED_BYTES: Shape = { is: 'typed-bytes' }

export const NULL_SHAPE: Shape = NULL
export const LONG_SHAPE: Shape = LONG
export const INT_SHAPE: Shape = INT
export const STRING_SHAPE: Shape = STRING
export const TYPED_BYTES_SHAPE: Shape = TYPED_BYTES

export function oneOf(...shapes: readonly Shape[]): Shape {
  const flat = shapes.flatMap((each) => (each.is === 'one-of' ? each.shapes : [each]))
  if (flat.some((each) => each.is === 'any')) return ANY
  const unique = [...new Map(flat.map((each) => [shapeKey(each), each])).values()]
  return unique.length === 1 ? unique[0]! : { is: 'one-of', shapes: unique }
}

export function orNull(shape: Shape): Shape {
  return oneOf(shape, NULL)
}

/** The shape without null. */
export function notNull(shape: Shape): Shape {
  if (shape.is !== 'one-of') return shape
  const rest = shape.shapes.filter((each) => each.is !== 'null')
  return rest.length === 0 ? shape : oneOf(...rest)
}

function shapeKey(shape: Shape): string {
  if (shape.is === 'class') return `class ${shape.id}`
  return JSON.stringify(shape, (_, each: unknown) =>
    typeof each === 'object' && each !== null && 'is' in each && each.is === 'class' ? (each as ClassShape).id : each,
  )
}

export function shapeOfType(type: Type): Shape {
  return shapeIn(type, type.sql === undefined ? 'java' : 'sql', 0)
}

function shapeIn(type: Type, place: Place, depth: number): Shape {
  if (depth > MAX_DEPTH) return ANY
  const shape = bareShape(type, place, depth)
  // PROCTIME is NOT NULL, and stored as null.
  if (type.nullable === true || type.kind === 'timestamp-ltz') return orNull(shape)
  if (type.nullable === false || place !== 'java') return shape
  return NULLABLE.has(type.kind) ? orNull(shape) : shape
}

/** Kinds whose bytes have a form for null, whatever they are part of. */
const NULLABLE: ReadonlySet<string> = new Set([
  ...['string', 'bigint', 'decimal', 'date', 'sql-date', 'sql-time', 'sql-timestamp'],
  ...['local-date', 'local-time', 'local-datetime', 'instant', 'pojo', 'record', 'kryo'],
])

const SIMPLE: Readonly<Record<string, Shape>> = {
  boolean: BOOLEAN,
  byte: INT,
  short: INT,
  int: INT,
  long: LONG,
  float: { is: 'float' },
  double: { is: 'float' },
  char: STRING,
  string: STRING,
  bigint: { is: 'bigint' },
  bytes: BYTES,
  bitmap: BYTES,
  void: NULL,
  'void-namespace': NULL,
  date: STRING,
  'sql-date': STRING,
  'sql-time': STRING,
  'sql-timestamp': STRING,
  timestamp: STRING,
  'timestamp-ltz': STRING,
  'global-window': { is: 'text', text: 'GlobalWindow' },
  unknown: TYPED_BYTES,
}

const VALUES: Readonly<Record<string, Shape>> = {
  BooleanValue: BOOLEAN,
  ByteValue: INT,
  ShortValue: INT,
  IntValue: INT,
  LongValue: LONG,
  FloatValue: { is: 'float' },
  DoubleValue: { is: 'float' },
  CharValue: STRING,
  StringValue: STRING,
  NullValue: NULL,
}

function bareShape(type: Type, place: Place, depth: number): Shape {
  if (Object.hasOwn(SIMPLE, type.kind)) return SIMPLE[type.kind]!
  const argument = (i: number, own: Place = place): Shape => {
    const found = type.arguments?.[i]
    return found ? shapeIn(found, own, depth + 1) : ANY
  }
  switch (type.kind) {
    case 'decimal':
      // Needless leading bytes of Avro keep a decimal as bytes.
      return place === 'avro' ? oneOf(STRING, BYTES) : STRING
    case 'local-date':
    case 'local-time':
    case 'local-datetime':
    case 'instant':
      // What no text can say is a number in Avro.
      return place === 'avro' ? oneOf(STRING, INT, LONG) : STRING
    case 'interval':
      return /\b(YEAR|MONTH)\b/.test(type.sql ?? '') ? INT : LONG
    case 'enum':
      return type.constants === undefined
        ? STRING
        : { is: 'enum', className: type.className, constants: type.constants }
    case 'tuple':
      return tupleShape(type, place, depth)
    case 'row':
      return rowShape(type, depth)
    case 'pojo':
    case 'case-class':
    case 'record':
    case 'avro':
    case 'kryo':
    case 'internal':
      return recordShape(type, place, depth)
    case 'list':
    case 'set':
      return { is: 'array', element: argument(0) }
    case 'array': {
      const element = argument(0)
      if (isCharArray(type)) return STRING
      // An array of a class has flags for null; SQL says of each type whether it can be null.
      return { is: 'array', element: type.className !== undefined && place === 'java' ? orNull(element) : element }
    }
    case 'map':
      return { is: 'entries', key: argument(0), value: place === 'java' ? orNull(argument(1)) : argument(1) }
    case 'multiset':
      return { is: 'entries', key: argument(0), value: INT }
    case 'nullable':
    case 'option':
      return orNull(argument(0))
    case 'raw':
      return type.arguments === undefined ? ANY : argument(0, 'java')
    default:
      return wrappingShape(type, place, argument)
  }
}

/** `char[]`, and no array of `Character`. */
function isCharArray({ className, arguments: [element] = [] }: Type): boolean {
  return className === undefined && element?.kind === 'char'
}

function wrappingShape(type: Type, place: Place, argument: (i: number) => Shape): Shape {
  switch (type.kind) {
    case 'either':
      return oneOf(membersOf({ left: argument(0) }), membersOf({ right: argument(1) }))
    case 'try':
      return oneOf(membersOf({ success: argument(0) }), membersOf({ failure: argument(1) }))
    case 'union':
      return place === 'avro'
        ? oneOf(...(type.arguments ?? []).map((_, i) => argument(i)))
        : oneOf(membersOf({ one: argument(0) }), membersOf({ two: argument(1) }))
    case 'ttl':
      return membersOf({ ttl: LONG, value: argument(0) })
    case 'time-window':
      return membersOf({ start: LONG, end: LONG })
    case 'count-window':
      return membersOf({ id: LONG })
    case 'timer':
      return membersOf({ timestamp: LONG, key: argument(0), namespace: argument(1) })
    case 'stream-element':
      return streamElement(argument(0))
    case 'value':
      return VALUES[simpleClassName(type.className ?? '')] ?? ANY
    default:
      return ANY
  }
}

/** A record with or without its timestamp, what else flows in streams, or a record of an interval join's buffer. */
function streamElement(value: Shape): Shape {
  return oneOf(
    membersOf({ timestamp: LONG, value }),
    membersOf({ value }),
    membersOf({ watermark: LONG }),
    membersOf({ latencyMarker: LONG, operatorIdLower: LONG, operatorIdUpper: LONG, subtask: INT }),
    membersOf({ watermarkStatus: INT }),
    membersOf({ recordAttributes: BOOLEAN }),
    membersOf({ hasBeenJoined: BOOLEAN, element: value }),
  )
}

export function membersOf(shapes: Readonly<Record<string, Shape>>): Shape {
  const members = Object.entries(shapes).map(([name, shape]) => ({ name, shape, optional: false }))
  return { is: 'members', members }
}

function tupleShape(type: Type, place: Place, depth: number): Shape {
  const fields = type.fields ?? []
  const elements = fields.map((field) => shapeIn(field.type, place, depth + 1))
  return { is: 'tuple', elements, partly: hasUnknown(type) }
}

function rowShape(type: Type, depth: number): Shape {
  const elements = (type.fields ?? []).map(({ type: field }) => {
    const shape = shapeIn(field, field.sql === undefined ? 'java' : 'sql', depth + 1)
    return field.nullable === false ? shape : orNull(shape)
  })
  const kind: Shape = { is: 'enum', className: undefined, constants: ROW_KINDS }
  return membersOf({ kind, fields: { is: 'tuple', elements, partly: false } })
}

const ROW_KINDS: readonly string[] = ['+I', '-U', '+U', '-D']

function recordShape(type: Type, place: Place, depth: number): Shape {
  const { className, kind, fields } = type
  const isAvro = kind === 'avro' || (kind === 'record' && place === 'avro')
  if (className === undefined)
    return fields === undefined ? ANY : { is: 'members', members: memberShapes(type, place, depth) }
  // A record inside itself, or one too large to be told again; of other kinds nothing is known.
  if (fields === undefined && !(kind === 'record' && isAvro)) return ANY
  // Flink's own records have no class in JSON.
  const named = kind !== 'record' || isAvro || !className.startsWith('org.apache.flink.')
  const inside = isAvro ? 'avro' : place
  const own: Shape = {
    is: 'class',
    className,
    named,
    tagged: kind === 'pojo' || isAvro || kind === 'kryo',
    id:
      fields === undefined ? `inside ${className}` : `${inside} ${JSON.stringify({ ...type, subclasses: undefined })}`,
    members: fields && (() => memberShapes(type, inside, depth)),
  }
  if (kind === 'kryo') return oneOf(own, TYPED_BYTES)
  const subclasses = (type.subclasses ?? []).map((each) => notNull(shapeIn(each, place, depth + 1)))
  // Where Flink met some subclasses it can have met others: unregistered ones are not always listed.
  return subclasses.length === 0 ? own : oneOf(own, ...subclasses, { is: 'other-class' })
}

function memberShapes(type: Type, place: Place, depth: number): readonly ShapeMember[] {
  const partly = hasUnknown(type)
  // Fields of a POJO have a flag for null; Kryo's may be null where they are no primitives, which the type does not say.
  const nullable = type.kind === 'pojo' || type.kind === 'kryo'
  const shapes = (type.fields ?? []).map((field: TypeField): [string, ShapeMember] => {
    const shape = shapeIn(field.type, place, depth + 1)
    return [field.name, { name: field.name, shape: nullable ? orNull(shape) : shape, optional: partly }]
  })
  return [...new Map(shapes).values()]
}

function hasUnknown(type: Type): boolean {
  return someType(type, (each) => each.kind === 'unknown')
}

/** Whether only the bytes can be told of a list of such elements, because some element's end may not be known. */
export function mayHideEnds(type: Type): boolean {
  return someType(type, (each) => UNDELIMITED.has(each.kind) || (each.subclasses?.length ?? 0) > 0)
}

const UNDELIMITED: ReadonlySet<string> = new Set(['unknown', 'kryo', 'value', 'writable', 'java'])
