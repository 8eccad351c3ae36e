import { fromBase64, toBase64 } from '../../bytes/encoding.ts'
import { jsonToValue, longJson, numberJson, toBigInt, typedBytesJson, valueToJson } from '../interpreter/json.ts'
import { float32Shortest } from '../numbers.ts'
import { TypedBytes, type Value, type ValueArray } from '../value.ts'
import type { BinaryType } from './binary-type.ts'
import { bytesOf, entriesOf, listOf, rowOf, unfit } from './check.ts'
import { variantFromJson, variantJson } from './variant.ts'

/** The JSON text of a value of a SQL type: rows as `{ kind, fields }`, maps and multisets as sorted pairs. */
export function binaryToJson(type: BinaryType, value: Value): string {
  if (value === null) return 'null'
  if (value instanceof TypedBytes) return typedBytesJson(value)
  switch (type.form) {
    case 'i64':
      return longJson(value as bigint)
    case 'f32':
      return numberJson(float32Shortest(value as number))
    case 'f64':
      return numberJson(value as number)
    case 'binary':
    case 'bitmap':
      return `"${toBase64(bytesOf(value))}"`
    case 'array':
      return listJson(listOf(value).map((each) => binaryToJson(type.element, each)))
    case 'map': {
      const entries = entriesOf(value).map(
        ([key, mapped]) => `[${binaryToJson(type.key, key)},${binaryToJson(type.value, mapped)}]`,
      )
      return listJson(entries.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)))
    }
    case 'row': {
      const { fields } = rowOf(value, type.fields.length)
      const { kind } = value as { readonly kind: string }
      const each = type.fields.map((field, i) => binaryToJson(field, fields[i]!))
      return `{"kind":"${kind}","fields":${listJson(each)}}`
    }
    case 'raw':
      return type.inner === undefined ? JSON.stringify(value) : valueToJson(type.inner, value)
    case 'variant':
      return variantJson(value)
    default:
      return JSON.stringify(value)
  }
}

function listJson(elements: readonly string[]): string {
  return `[${elements.join(',')}]`
}

/** The inverse; throws `USAGE` where the JSON does not fit. Texts and numbers are checked when they are written. */
export function binaryFromJson(type: BinaryType, json: unknown): Value {
  if (json === null) return null
  const bytes = typedBytesOf(json)
  if (bytes && type.form !== 'raw') return bytes
  switch (type.form) {
    case 'i64':
      return toBigInt(json)
    case 'f32':
    case 'f64':
      return typeof json === 'string' && /^(NaN|-?Infinity)$/.test(json) ? Number(json) : (json as Value)
    case 'binary':
    case 'bitmap':
      if (typeof json !== 'string') throw unfit('base64', json)
      return fromBase64(json)
    case 'array':
      return jsonList(json).map((each) => binaryFromJson(type.element, each))
    case 'map':
      return jsonList(json).map((entry) => {
        const pair = jsonList(entry)
        if (pair.length !== 2) throw unfit('a pair of key and value', entry)
        return [binaryFromJson(type.key, pair[0]), binaryFromJson(type.value, pair[1])]
      })
    case 'row': {
      const { kind, fields } = (json ?? {}) as { readonly kind?: unknown; readonly fields?: unknown }
      const list = jsonList(fields)
      if (list.length !== type.fields.length) throw unfit(`${type.fields.length} fields`, fields)
      const values: ValueArray = type.fields.map((field, i) => binaryFromJson(field, list[i]))
      return { kind: kind as Value, fields: values }
    }
    case 'raw':
      return bytes ?? (type.inner === undefined ? (json as Value) : jsonToValue(type.inner, json))
    case 'variant':
      return variantFromJson(json)
    default:
      return json as Value
  }
}

function jsonList(json: unknown): readonly unknown[] {
  if (Array.isArray(json)) return json
  throw unfit('an array', json)
}

function typedBytesOf(json: unknown): TypedBytes | undefined {
  if (typeof json !== 'object' || json === null) return undefined
  const { class: className, bytes, ...rest } = json as { class?: unknown; bytes?: unknown }
  if (typeof className !== 'string' || typeof bytes !== 'string' || Object.keys(rest).length > 0) return undefined
  return new TypedBytes(className, fromBase64(bytes))
}
