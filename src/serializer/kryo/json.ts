import { fromBase64, toBase64 } from '../../bytes/encoding.ts'
import { KobelError } from '../../error.ts'
import { classJson, longJson, numberJson, typedBytesJson } from '../interpreter/json.ts'
import { CLASS, emptyObject, TypedBytes, type Value } from '../value.ts'
import { isUnordered } from './collections.ts'

/** JSON of Kryo values. What a value was read as tells how it is printed: there is no type that would. */

/** Text beyond this is refused: what is shared is printed each time. */
const MAX_TEXT = 1 << 28

export function kryoToJson(value: Value): string {
  if (value === null) return 'null'
  switch (typeof value) {
    case 'bigint':
      return longJson(value)
    case 'number':
      return numberJson(value)
    case 'object':
      break
    default:
      return JSON.stringify(value)
  }
  if (value instanceof Uint8Array) return `"${toBase64(value)}"`
  if (value instanceof TypedBytes) return typedBytesJson(value)
  const className = (value as { [CLASS]?: string })[CLASS]
  if (Array.isArray(value)) {
    const elements = (value as readonly Value[]).map(kryoToJson)
    if (className !== undefined && isUnordered(className)) elements.sort()
    return limited(`[${elements.join(',')}]`)
  }
  const members = Object.entries(value).map(([name, member]) => [name, kryoToJson(member as Value)] as const)
  if (className !== undefined) return limited(classJson(className, members))
  return limited(`{${members.map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(',')}}`)
}

function limited(json: string): string {
  if (json.length > MAX_TEXT)
    throw new KobelError('LIMIT', `a Kryo value takes more than ${MAX_TEXT} characters of JSON`)
  return json
}

/** Objects `{ class, fields }` get their class back; lists, dates and numbers have lost theirs. */
export function jsonToKryo(json: unknown): Value {
  if (json === null || typeof json === 'string' || typeof json === 'boolean' || typeof json === 'number') return json
  if (Array.isArray(json)) return json.map(jsonToKryo)
  if (typeof json !== 'object') throw new KobelError('USAGE', 'a JSON value was expected')
  const members = Object.entries(json)
  const { class: className, fields, bytes } = json as Record<string, unknown>
  if (members.length === 2 && typeof className === 'string') {
    if (typeof bytes === 'string') return new TypedBytes(className, fromBase64(bytes))
    if (typeof fields === 'object' && fields !== null && !Array.isArray(fields)) {
      return Object.assign(objectFrom(Object.entries(fields)), { [CLASS]: className })
    }
  }
  return objectFrom(members)
}

function objectFrom(members: readonly [string, unknown][]): { [name: string]: Value } {
  const object = emptyObject()
  for (const [name, member] of members) object[name] = jsonToKryo(member)
  return object
}
