import { KobelError } from '../error.ts'
import { jsonToValue } from '../serializer/interpreter/json.ts'
import type { Layout } from '../serializer/layout.ts'
import type { Type } from '../serializer/type.ts'
import { CLASS, emptyObject, TypedBytes, type Value } from '../serializer/value.ts'

/** How values get another type where names do not say it. */
export interface ConvertOptions {
  /** New fields and where their values come from: `{"amount": "f0"}`, `{"city": "address.city"}`. */
  readonly from?: Readonly<Record<string, string>>
  /** Values of fields that the old type does not have, as JSON. */
  readonly defaults?: Readonly<Record<string, unknown>>
}

/**
 * The value in the form of another type: fields go by name, numbers are widened or checked; what the old type does not
 * have gets its default, else null, and numbers 0.
 *
 * @throws KobelError `INCOMPATIBLE` where a value does not fit.
 */
export function convertValue(to: Layout, value: Value, options: ConvertOptions = {}, path = ''): Value {
  switch (to.op) {
    case 'nullable':
      return value === null ? null : convertValue(to.inner, value, options, path)
    case 'sized':
      return convertValue(to.inner, value, options, path)
    case 'pojo':
    case 'object':
      return value === null && to.op === 'pojo' ? null : toRecord(to, value, options, path)
    case 'tuple':
      return to.fields.map((field, i) => {
        const source = options.from?.[join(path, `f${i}`)]
        const old = source === undefined ? memberOf(value, `f${i}`, i) : at(value, source)
        return convertValue(
          field,
          old === undefined ? defaultOf(field, options, join(path, `f${i}`)) : old,
          options,
          join(path, `f${i}`),
        )
      })
    case 'row': {
      const fields = to.fields.map((field, i) => {
        const source = options.from?.[join(path, `f${i}`)]
        const old = source === undefined ? memberOf(value, `f${i}`, i) : at(value, source)
        if (old === undefined || old === null) return old ?? null
        return convertValue(field, old, options, join(path, `f${i}`))
      })
      return { kind: '+I', fields }
    }
    case 'list':
      return Array.isArray(value)
        ? value.map((each) => convertValue(to.element, each as Value, options, `${path}[]`))
        : value
    case 'i8':
    case 'i16':
    case 'i32':
      return whole(value, to.op, path)
    case 'i64':
      return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value
    case 'f32':
    case 'f64':
      return typeof value === 'bigint' ? Number(value) : value
    default:
      return value
  }
}

/**
 * A row of SQL in the form of another type. Rows name no fields: they go by their place, `f0`, `f1`, …; what is not there
 * is null.
 */
export function convertRow(type: Type, value: Value, options: ConvertOptions = {}): Value {
  if (value === null || typeof value !== 'object' || !('fields' in value)) return value
  const fields = (type.fields ?? []).map((field, i) => {
    const name = `f${i}`
    const source = options.from?.[name] ?? options.from?.[field.name]
    const old = source === undefined ? memberOf(value, name, i) : at(value, source)
    const given = options.defaults?.[name] ?? options.defaults?.[field.name]
    if (old === undefined) return given === undefined ? null : (given as Value)
    if (field.type.kind === 'long' && typeof old === 'number') return BigInt(old)
    if (field.type.kind === 'int' || field.type.kind === 'short' || field.type.kind === 'byte') {
      return whole(old, field.type.kind === 'int' ? 'i32' : field.type.kind === 'short' ? 'i16' : 'i8', name)
    }
    return (field.type.kind === 'double' || field.type.kind === 'float') && typeof old === 'bigint' ? Number(old) : old
  })
  return { kind: 'kind' in value ? value.kind! : '+I', fields }
}

const BITS = { i8: 7, i16: 15, i32: 31 } as const

function whole(value: Value, op: 'i8' | 'i16' | 'i32', path: string): Value {
  if (typeof value !== 'bigint' && typeof value !== 'number') return value
  const number = Number(value)
  if (Number.isInteger(number) && number >= -(2 ** BITS[op]) && number < 2 ** BITS[op]) return number
  throw new KobelError('INCOMPATIBLE', `${path === '' ? 'a value' : path} is ${value}, which the new type cannot hold`)
}

function toRecord(to: Layout & { op: 'pojo' | 'object' }, value: Value, options: ConvertOptions, path: string): Value {
  const record = emptyObject()
  for (const { name, layout } of to.fields) {
    const inner = join(path, name)
    const source = options.from?.[inner]
    const old = source === undefined ? memberOf(value, name, -1) : at(value, source)
    record[name] = old === undefined ? defaultOf(layout, options, inner) : convertValue(layout, old, options, inner)
  }
  const className = typeof value === 'object' && value !== null && CLASS in value ? value[CLASS] : undefined
  const isSubclass =
    to.op === 'pojo' && [...to.registered, ...to.subclasses].some((each) => each.className === className)
  if (isSubclass && className !== undefined) record[CLASS] = className
  return record
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}

/** A member by name, of arrays and rows by place; undefined where there is none. */
function memberOf(value: Value, name: string, place: number): Value | undefined {
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array || value instanceof TypedBytes)
    return undefined
  if (Array.isArray(value)) return value[place >= 0 ? place : placeOf(name)] as Value | undefined
  const object = value as { readonly [name: string]: Value }
  if (Object.hasOwn(object, name)) return object[name]
  if (Array.isArray(object.fields) && 'kind' in object)
    return object.fields[place >= 0 ? place : placeOf(name)] as Value
  return place >= 0 ? Object.values(object)[place] : undefined
}

function placeOf(name: string): number {
  return Number(/^f(\d+)$/.exec(name)?.[1] ?? -1)
}

function at(value: Value, path: string): Value | undefined {
  // The whole value, where the old type has no fields.
  if (path === '$') return value
  let found: Value | undefined = value
  for (const name of path.split('.')) if (found !== undefined) found = memberOf(found, name, placeOf(name))
  if (found === undefined) throw new KobelError('USAGE', `the old values have no ${path}`)
  return found
}

/** A field of a primitive type cannot be null in Java, and its layout does not tell: numbers are 0. */
function defaultOf(layout: Layout, options: ConvertOptions, path: string): Value {
  const given = options.defaults?.[path]
  if (given !== undefined) return jsonToValue(layout, given)
  switch (layout.op) {
    case 'i8':
    case 'i16':
    case 'i32':
    case 'f32':
    case 'f64':
      return 0
    case 'i64':
      return 0n
    case 'boolean':
      return false
    case 'char':
      return '\0'
    default:
      return null
  }
}
