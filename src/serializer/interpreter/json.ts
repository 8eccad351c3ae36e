import { fromBase64, toBase64 } from '../../bytes/encoding.ts'
import { KobelError } from '../../error.ts'
import { type Layout, type LayoutField, subclassOf } from '../layout.ts'
import { float32Shortest } from '../numbers.ts'
import { CLASS, emptyObject, TypedBytes, type Value, type ValueArray, type ValueObject } from '../value.ts'
import { caseOf, shown, unfitCase, unwrap } from './tagged.ts'
import { branchOf, branchOfJson } from './union.ts'

/**
 * The JSON text of a value: the form of `kobel dump` (DESIGN section 9). Numbers as JavaScript prints them, `-0.0`
 * kept; a long beyond 2^53, NaN and infinities as strings; maps and sets sorted by the code units of their text.
 */
export function valueToJson(layout: Layout, value: Value): string {
  if (value === null) return 'null'
  if (value instanceof TypedBytes) return typedBytesJson(value)
  switch (layout.op) {
    case 'i64':
      return longJson(value as bigint)
    case 'f32':
      return numberJson(float32Shortest(value as number))
    case 'i8':
    case 'i16':
    case 'i32':
    case 'f64':
      return numberJson(value as number)
    case 'bytes':
    case 'fixedBytes':
      return `"${toBase64(value as Uint8Array)}"`
    case 'bigInteger':
      return `"${value}"`
    case 'tuple':
      return arrayJson((value as ValueArray).map((each, i) => valueToJson(layout.fields[i]!, each)))
    case 'object':
      return objectJson(layout, value as ValueObject)
    case 'row': {
      const { kind, fields } = value as { kind: string; fields: ValueArray }
      return `{"kind":"${kind}","fields":${arrayJson(layout.fields.map((field, i) => valueToJson(field, fields[i]!)))}}`
    }
    case 'pojo':
      return pojoJson(layout, value as ValueObject)
    case 'list': {
      const elements = (value as ValueArray).map((each) => valueToJson(layout.element, each))
      return arrayJson(layout.of === 'set' ? elements.sort(byCodeUnits) : elements)
    }
    case 'maskedList':
      return arrayJson((value as ValueArray).map((each) => valueToJson(layout.element, each)))
    case 'blockList':
      return arrayJson((value as ValueArray).map((each) => valueToJson(layout.element, each)))
    case 'blockMap':
      return arrayJson(
        (value as readonly ValueArray[])
          .map(([key, mapped]) => `[${JSON.stringify(key)},${valueToJson(layout.value, mapped!)}]`)
          .sort(byCodeUnits),
      )
    case 'union':
      return valueToJson(branchOf(layout, value).branch, value)
    case 'map':
      return arrayJson(
        (value as readonly ValueArray[])
          .map(([key, mapped]) => `[${valueToJson(layout.key, key!)},${valueToJson(layout.value, mapped!)}]`)
          .sort(byCodeUnits),
      )
    case 'nullable':
    case 'sized':
      return valueToJson(layout.inner, value)
    case 'tagged':
      return taggedJson(layout, value)
    case 'ttl': {
      const { ttl, value: inner } = value as { ttl: bigint; value: Value }
      return `{"ttl":${longJson(ttl)},"value":${valueToJson(layout.value, inner)}}`
    }
    case 'codec':
      return layout.codec.toJson(value)
    default:
      return JSON.stringify(value)
  }
}

/** A long as a number; as a string beyond 2^53, where JSON readers lose digits. */
export function longJson(value: bigint): string {
  return value > 2n ** 53n || value < -(2n ** 53n) ? `"${value}"` : `${value}`
}

export function numberJson(value: number): string {
  if (!Number.isFinite(value)) return `"${value}"`
  return Object.is(value, -0) ? '-0.0' : String(value)
}

export function typedBytesJson(value: TypedBytes): string {
  return `{"class":${JSON.stringify(value.class)},"bytes":"${toBase64(value.bytes)}"}`
}

/** The form of an object with a class: members sorted by name. */
export function classJson(className: string, members: readonly (readonly [name: string, json: string])[]): string {
  const sorted = [...members].sort(([a], [b]) => byCodeUnits(a, b))
  return `{"class":${JSON.stringify(className)},"fields":${membersJson(sorted)}}`
}

function arrayJson(elements: readonly string[]): string {
  return `[${elements.join(',')}]`
}

function membersJson(members: readonly (readonly [name: string, json: string])[]): string {
  return `{${members.map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(',')}}`
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function fieldsJson(fields: readonly LayoutField[], object: ValueObject): (readonly [string, string])[] {
  // Fields behind bytes of unknown extent are missing (see `readPartly`).
  return fields.flatMap((field) => {
    const value = object[field.name]
    return value === undefined ? [] : [[field.name, valueToJson(field.layout, value)] as const]
  })
}

function objectJson(layout: Layout & { op: 'object' }, object: ValueObject): string {
  const members = fieldsJson(layout.fields, object)
  if (layout.className === undefined) return membersJson(members)
  if (layout.avro) return `{"class":${JSON.stringify(layout.className)},"fields":${membersJson(members)}}`
  return classJson(layout.className, members)
}

function pojoJson(layout: Layout & { op: 'pojo' }, object: ValueObject): string {
  const className = object[CLASS]
  const subclass = subclassOf(layout, className)
  if (subclass) return valueToJson(subclass.layout, object)
  return classJson(layout.className, fieldsJson(layout.fields, object))
}

function taggedJson(layout: Layout & { op: 'tagged' }, value: Value): string {
  const found = caseOf(layout, value)
  if (!found) throw unfitCase(layout, shown(value))
  const inner = valueToJson(found.layout, unwrap(found, value) as Value)
  return found.wrap === undefined ? inner : `{${JSON.stringify(found.wrap)}:${inner}}`
}

/**
 * The value of a parsed JSON text: the inverse of {@link valueToJson} where the text keeps everything.
 *
 * @throws KobelError `USAGE` where the JSON does not fit the layout.
 */
export function jsonToValue(layout: Layout, json: unknown): Value {
  if (json === null) return null
  if (isTypedBytesJson(json)) return new TypedBytes(json.class, fromBase64(json.bytes))
  switch (layout.op) {
    case 'i64':
    case 'bigInteger':
      return toBigInt(json)
    case 'f32':
      return typeof json === 'number' ? Math.fround(json) : numberFrom(json)
    case 'f64':
      return numberFrom(json)
    case 'bytes':
    case 'fixedBytes':
      return fromBase64(asText(json))
    case 'tuple': {
      const elements = asArray(json, layout.fields.length)
      return layout.fields.map((field, i) => jsonToValue(field, elements[i]))
    }
    case 'object':
      return objectFrom(
        layout.fields,
        layout.className === undefined ? asObject(json) : asObject(asObject(json).fields),
      )
    case 'row': {
      const row = asObject(json)
      const fields = asArray(row.fields, layout.fields.length)
      return { kind: asText(row.kind), fields: layout.fields.map((field, i) => jsonToValue(field, fields[i])) }
    }
    case 'pojo':
      return pojoFrom(layout, asObject(json))
    case 'list':
    case 'maskedList':
    case 'blockList':
      return asArray(json).map((each) => jsonToValue(layout.element, each))
    case 'blockMap':
      return asArray(json).map((each) => {
        const [key, value] = asArray(each, 2)
        return [asText(key), jsonToValue(layout.value, value)]
      })
    case 'union': {
      const branch = branchOfJson(layout, json)
      const value = jsonToValue(branch, json)
      if (branch.op === 'object' && branch.className !== undefined) {
        ;(value as { [CLASS]?: string })[CLASS] = branch.className
      }
      return value
    }
    case 'map':
      return asArray(json).map((each) => {
        const [key, value] = asArray(each, 2)
        return [jsonToValue(layout.key, key), jsonToValue(layout.value, value)]
      })
    case 'nullable':
    case 'sized':
      return jsonToValue(layout.inner, json)
    case 'tagged':
      return taggedFrom(layout, json)
    case 'ttl': {
      const { ttl, value } = asObject(json)
      return { ttl: toBigInt(ttl), value: jsonToValue(layout.value, value) }
    }
    case 'codec':
      return layout.codec.fromJson(json)
    default:
      return json as Value
  }
}

/** NaN and the infinities are texts in JSON. */
function numberFrom(json: unknown): Value {
  return typeof json === 'string' && /^(NaN|-?Infinity)$/.test(json) ? Number(json) : (json as Value)
}

function objectFrom(fields: readonly LayoutField[], json: Record<string, unknown>): ValueObject {
  const object = emptyObject()
  for (const field of fields) {
    if (!Object.hasOwn(json, field.name)) throw unfit(`a member ${JSON.stringify(field.name)}`, json)
    object[field.name] = jsonToValue(field.layout, json[field.name])
  }
  return object
}

function pojoFrom(layout: Layout & { op: 'pojo' }, json: Record<string, unknown>): Value {
  const subclass = subclassOf(layout, typeof json.class === 'string' ? json.class : undefined)
  if (!subclass) {
    // As the class itself it would lose its own fields.
    if (typeof json.class === 'string' && json.class !== layout.className) {
      throw unfit(`${layout.className} or a subclass that its serializer knows`, json.class)
    }
    return objectFrom(layout.fields, asObject(json.fields))
  }
  const value = jsonToValue(subclass.layout, json)
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)) {
    if (!(value instanceof TypedBytes)) (value as { [CLASS]?: string })[CLASS] ??= subclass.className
  }
  return value
}

function taggedFrom(layout: Layout & { op: 'tagged' }, json: unknown): Value {
  const found = caseOf(layout, json)
  if (!found) throw unfitCase(layout, shown(json))
  const value = jsonToValue(found.layout, unwrap(found, json))
  return found.wrap === undefined ? value : { [found.wrap]: value }
}

function isTypedBytesJson(json: unknown): json is { class: string; bytes: string } {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return false
  const keys = Object.keys(json)
  return keys.length === 2 && keys[0] === 'class' && keys[1] === 'bytes'
}

export function toBigInt(json: unknown): bigint {
  if (typeof json === 'number' && Number.isSafeInteger(json)) return BigInt(json)
  if (typeof json === 'number' && Math.abs(json) === 2 ** 53) return BigInt(json)
  if (typeof json === 'string' && /^-?\d+$/.test(json)) return BigInt(json)
  throw unfit('a whole number', json)
}

function asText(json: unknown): string {
  if (typeof json === 'string') return json
  throw unfit('a string', json)
}

function asArray(json: unknown, length?: number): unknown[] {
  if (Array.isArray(json) && (length === undefined || json.length === length)) return json
  throw unfit(length === undefined ? 'an array' : `an array of ${length}`, json)
}

function asObject(json: unknown): Record<string, unknown> {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Record<string, unknown>
  throw unfit('an object', json)
}

function unfit(expected: string, found: unknown): KobelError {
  return new KobelError('USAGE', `${expected} was expected, found ${shown(found)}`)
}
