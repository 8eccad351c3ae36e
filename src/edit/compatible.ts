import { childrenOf, type Layout } from '../serializer/layout.ts'
import type { SerializerSnapshot } from '../serializer/snapshot.ts'
import type { Type } from '../serializer/type.ts'
import type { Value } from '../serializer/value.ts'

/**
 * Why bytes written by one serializer are not right for another; undefined where they are: names, classes, nullability
 * and lengths of SQL types, and constants added to an enum change no byte.
 */
export function whyBytesDiffer(a: SerializerSnapshot, b: SerializerSnapshot): string | undefined {
  if (a.className !== b.className) return `${simple(a.className)} and ${simple(b.className)} write different bytes`
  if (isSql(a.type) && isSql(b.type)) return sqlDiffers(a.type, b.type, '')
  return layoutDiffers(a.layout, b.layout, '', new Set())
}

function simple(className: string): string {
  return className.replace(/^.*[.$]/, '')
}

function isSql(type: Type): boolean {
  return type.sql !== undefined || (type.fields?.some((field) => field.type.sql !== undefined) ?? false)
}

/** Values of up to so many digits are a long. */
const COMPACT_DIGITS = 18
/** Timestamps of up to so many digits of a second are a long of milliseconds. */
const COMPACT_PRECISION = 3

function sqlDiffers(a: Type, b: Type, path: string): string | undefined {
  const at = path === '' ? '' : `${path}: `
  if (a.kind !== b.kind || a.className !== b.className)
    return `${at}${a.sql ?? a.kind} and ${b.sql ?? b.kind} have other bytes`
  const [before, after] = [a.precision ?? 0, b.precision ?? 0]
  if (a.kind === 'decimal') {
    if (a.scale !== b.scale)
      return `${at}the scale of ${a.sql} is another than of ${b.sql}: the stored numbers would mean others`
    if (before <= COMPACT_DIGITS !== after <= COMPACT_DIGITS) {
      return `${at}${a.sql} and ${b.sql} have other bytes: up to 18 digits lie in a long`
    }
    if (after < before) return `${at}values of ${a.sql} may have more digits than ${b.sql} allows`
  }
  if (
    (a.kind === 'timestamp' || a.kind === 'timestamp-ltz') &&
    before <= COMPACT_PRECISION !== after <= COMPACT_PRECISION
  ) {
    return `${at}${a.sql} and ${b.sql} have other bytes: up to 3 digits lie in a long`
  }
  const inner = [
    a.arguments ?? a.fields?.map((field) => field.type) ?? [],
    b.arguments ?? b.fields?.map((field) => field.type) ?? [],
  ] as const
  if (inner[0].length !== inner[1].length)
    return `${at}${inner[0].length} fields cannot be taken for ${inner[1].length}`
  for (const [i, type] of inner[0].entries()) {
    const name = a.fields?.[i]?.name ?? `[${i}]`
    const reason = sqlDiffers(type, inner[1][i]!, path === '' ? name : `${path}.${name}`)
    if (reason !== undefined) return reason
  }
  return undefined
}

/** Members of a layout that change no byte, or are compared by themselves. */
const PASSED_OVER = new Set([
  'className',
  'hash',
  'described',
  'fields',
  'registered',
  'subclasses',
  'constants',
  'codec',
  'cases',
])

function layoutDiffers(a: Layout, b: Layout, path: string, seen: Set<Layout>): string | undefined {
  // A layout that contains itself; equal ones beside one another are the same object as well.
  if (seen.has(a)) return undefined
  seen.add(a)
  const reason = ownDiffers(a, b, path) ?? membersDiffer(a, b, path, seen)
  seen.delete(a)
  return reason
}

function ownDiffers(a: Layout, b: Layout, path: string): string | undefined {
  const at = path === '' ? '' : `${path}: `
  if (a.op !== b.op) return `${at}${a.op} and ${b.op} have other bytes`
  if (a.op === 'unknown') return `${at}what the bytes of ${a.className} mean is not known`
  if (a.op === 'codec' && (b.op !== 'codec' || a.className !== b.className)) {
    return `${at}the bytes of ${a.className} name the class, or follow from it`
  }
  if (a.op === 'enum' && b.op === 'enum') {
    const wrong = a.constants.findIndex((constant, i) => constant !== b.constants[i])
    if (wrong >= 0)
      return `${at}the constant ${a.constants[wrong]} is stored as ${wrong}, where the new type has ${b.constants[wrong] ?? 'none'}`
    return undefined
  }
  for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const [x, y] = [(a as unknown as Record<string, unknown>)[name], (b as unknown as Record<string, unknown>)[name]]
    if (PASSED_OVER.has(name) || isLayout(x) || isLayout(y) || Array.isArray(x)) continue
    if (JSON.stringify(x) !== JSON.stringify(y)) return `${at}${a.op} is written in another way (${name})`
  }
  return undefined
}

function isLayout(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'op' in value
}

function membersDiffer(a: Layout, b: Layout, path: string, seen: Set<Layout>): string | undefined {
  if (a.op === 'pojo' && b.op === 'pojo') {
    for (const kind of ['registered', 'subclasses'] as const) {
      const other = kind === 'subclasses' ? b.subclasses.map((each) => each.className) : undefined
      const missing = a[kind].find((each, i) =>
        other ? !other.includes(each.className) : b.registered[i] === undefined,
      )
      if (missing)
        return `${path === '' ? '' : `${path}: `}the new type does not know the subclass ${missing.className}`
    }
    if (a.fields.length !== b.fields.length) return `${a.fields.length} fields cannot be taken for ${b.fields.length}`
    for (const [i, field] of a.fields.entries()) {
      const reason = layoutDiffers(
        field.layout,
        b.fields[i]!.layout,
        path === '' ? field.name : `${path}.${field.name}`,
        seen,
      )
      if (reason !== undefined) return reason
    }
    return undefined
  }
  const [inner, others] = [childrenOf(a), childrenOf(b)]
  if (inner.length !== others.length) return `${inner.length} fields cannot be taken for ${others.length}`
  for (const [i, child] of inner.entries()) {
    const reason = layoutDiffers(child, others[i]!, path === '' ? `[${i}]` : `${path}[${i}]`, seen)
    if (reason !== undefined) return reason
  }
  return undefined
}

/** Where a value is null though the type says that it is not; undefined where it fits. */
export function whereNullIsWrong(type: Type, value: Value, path = 'value'): string | undefined {
  if (value === null) return type.nullable === false ? path : undefined
  if (type.fields && typeof value === 'object' && 'fields' in value && Array.isArray(value.fields)) {
    for (const [i, field] of type.fields.entries()) {
      const wrong = whereNullIsWrong(field.type, (value.fields as readonly Value[])[i] ?? null, `${path}.${field.name}`)
      if (wrong !== undefined) return wrong
    }
  } else if (type.kind === 'array' && Array.isArray(value)) {
    for (const [i, each] of value.entries()) {
      const wrong = whereNullIsWrong(type.arguments![0]!, each as Value, `${path}[${i}]`)
      if (wrong !== undefined) return wrong
    }
  } else if (type.kind === 'map' && Array.isArray(value)) {
    for (const pair of value as readonly (readonly Value[])[]) {
      const wrong = [0, 1]
        .map((n) => whereNullIsWrong(type.arguments![n]!, pair[n]!, `${path}[…]`))
        .find((each) => each !== undefined)
      if (wrong !== undefined) return wrong
    }
  }
  return undefined
}

/** Whether the second type forbids a null that the first one allows. */
export function forbidsNulls(a: Type, b: Type): boolean {
  if (b.nullable === false && a.nullable !== false) return true
  const inner = (type: Type): readonly Type[] => type.arguments ?? type.fields?.map((field) => field.type) ?? []
  const others = inner(b)
  return inner(a).some((each, i) => others[i] !== undefined && forbidsNulls(each, others[i]))
}
