/** Kinds of types, named as Flink users know them. */
export type TypeKind =
  | 'boolean'
  | 'byte'
  | 'short'
  | 'int'
  | 'long'
  | 'float'
  | 'double'
  | 'char'
  | 'string'
  | 'bigint'
  | 'decimal'
  | 'bytes'
  | 'void'
  | 'date'
  | 'sql-date'
  | 'sql-time'
  | 'sql-timestamp'
  | 'local-date'
  | 'local-time'
  | 'local-datetime'
  | 'instant'
  | 'timestamp'
  | 'timestamp-ltz'
  | 'variant'
  | 'bitmap'
  | 'raw'
  | 'interval'
  | 'enum'
  | 'tuple'
  | 'row'
  | 'pojo'
  | 'case-class'
  | 'record'
  | 'list'
  | 'set'
  | 'array'
  | 'map'
  | 'multiset'
  | 'nullable'
  | 'either'
  | 'option'
  | 'try'
  | 'union'
  | 'ttl'
  | 'void-namespace'
  | 'time-window'
  | 'global-window'
  | 'count-window'
  | 'timer'
  | 'stream-element'
  | 'kryo'
  | 'avro'
  | 'value'
  | 'writable'
  | 'java'
  | 'internal'
  | 'unknown'

export interface TypeField {
  readonly name: string
  readonly type: Type
  /** The comment that SQL has for a field of a ROW. */
  readonly description?: string
}

/** What a value is, as plain data for people and programs. Only the members that the kind needs are there. */
export interface Type {
  readonly kind: TypeKind
  /** The Java class of values, or the serializer snapshot's class where only that is known. */
  readonly className?: string
  /** Element; key and value; left and right; … */
  readonly arguments?: readonly Type[]
  /** Named fields of a POJO, case class, record; fields `f0`, `f1`, … of a tuple or row. */
  readonly fields?: readonly TypeField[]
  readonly constants?: readonly string[]
  /** Subclasses met (POJO). */
  readonly subclasses?: readonly Type[]
  readonly nullable?: boolean
  readonly precision?: number
  readonly scale?: number
  /** The SQL name without nested types and nullability: `VARCHAR(20)`, `ROW`; see `sqlText`. */
  readonly sql?: string
}

/** `com.acme.Outer$Inner` becomes `Inner`. */
export function simpleClassName(className: string): string {
  return className.slice(Math.max(className.lastIndexOf('.'), className.lastIndexOf('$')) + 1) || className
}

const FORMAT_DEPTH = 12

/** The type as people write it: `map<string, Order{id: long, items: list<int>}>`. */
export function formatType(type: Type, depth = 0): string {
  if (depth > FORMAT_DEPTH) return '…'
  const inner = (each: Type) => formatType(each, depth + 1)
  const fields = () => (type.fields ?? []).map((field) => `${field.name}: ${inner(field.type)}`).join(', ')
  const listed = () => (type.arguments ?? []).map(inner).join(', ')
  switch (type.kind) {
    case 'pojo':
    case 'case-class':
    case 'record': {
      const others = (type.subclasses ?? []).map((each) => simpleClassName(each.className ?? '?'))
      const either = others.length === 0 ? '' : ` | ${others.join(' | ')}`
      return `${simpleClassName(type.className ?? type.kind)}{${fields()}}${either}`
    }
    case 'tuple':
      return `(${(type.fields ?? []).map((field) => inner(field.type)).join(', ')})`
    case 'row':
      return `row(${hasNames(type) ? fields() : (type.fields ?? []).map((field) => inner(field.type)).join(', ')})`
    case 'array':
      return `${listed()}[]`
    case 'nullable':
      return `${listed()}?`
    case 'enum':
      return `${simpleClassName(type.className ?? 'enum')}(${(type.constants ?? []).slice(0, 6).join('|')}${(type.constants ?? []).length > 6 ? '|…' : ''})`
    case 'decimal':
      return type.precision === undefined ? 'decimal' : `decimal(${type.precision}, ${type.scale ?? 0})`
    case 'timestamp':
    case 'timestamp-ltz':
      return type.precision === undefined ? type.kind : `${type.kind}(${type.precision})`
    case 'unknown':
    case 'kryo':
    case 'avro':
    case 'value':
    case 'writable':
    case 'java':
      return type.className === undefined
        ? type.kind
        : `${type.kind}<${type.fields === undefined ? type.className : `${simpleClassName(type.className)}{${fields()}}`}>`
    default:
      return type.arguments === undefined ? type.kind : `${type.kind}<${listed()}>`
  }
}

/** Columns of SQL state and fields of Row have no names of their own: they are counted `f0`, `f1`, … */
function hasNames(type: Type): boolean {
  return (type.fields ?? []).some((field, i) => field.name !== `f${i}`)
}

/** Whether this type or one inside fits the test. */
export function someType(type: Type, test: (type: Type) => boolean, depth = 0): boolean {
  if (test(type)) return true
  if (depth > 64) return false
  const children = [
    ...(type.arguments ?? []),
    ...(type.fields ?? []).map((field) => field.type),
    ...(type.subclasses ?? []),
  ]
  return children.some((child) => someType(child, test, depth + 1))
}

/**
 * The type of a state whose subtasks have different ones (subclasses met, constants of an enum, order of fields):
 * members are joined by name, in the order first seen. Where the kinds differ the first one is taken.
 */
export function mergeTypes(a: Type, b: Type): Type {
  if (a === b || a.kind !== b.kind || a.className !== b.className) return a
  return {
    ...a,
    ...(a.arguments &&
      b.arguments && {
        arguments: a.arguments.map((each, i) => (b.arguments?.[i] ? mergeTypes(each, b.arguments[i]) : each)),
      }),
    ...(a.fields && b.fields && { fields: mergeNamed(a.fields, b.fields) }),
    ...(a.constants && b.constants && { constants: [...new Set([...a.constants, ...b.constants])] }),
    ...((a.subclasses || b.subclasses) && { subclasses: mergeSubclasses(a.subclasses ?? [], b.subclasses ?? []) }),
  }
}

function mergeNamed(a: readonly TypeField[], b: readonly TypeField[]): TypeField[] {
  const merged = new Map(a.map((field) => [field.name, field.type]))
  for (const field of b) {
    const known = merged.get(field.name)
    merged.set(field.name, known ? mergeTypes(known, field.type) : field.type)
  }
  return [...merged].map(([name, type]) => ({ name, type }))
}

function mergeSubclasses(a: readonly Type[], b: readonly Type[]): Type[] {
  const named = mergeNamed(
    a.map((type) => ({ name: type.className ?? '', type })),
    b.map((type) => ({ name: type.className ?? '', type })),
  )
  return named.map((each) => each.type)
}
