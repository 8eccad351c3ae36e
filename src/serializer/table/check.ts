import { KobelError } from '../../error.ts'
import { ROW_KINDS } from '../interpreter/read.ts'
import { TypedBytes, type Value, type ValueArray } from '../value.ts'

/** Values given to be written, checked: `USAGE` says what was expected and found. */

export function unfit(expected: string, found: unknown): KobelError {
  const text = typeof found === 'bigint' ? `${found}` : (JSON.stringify(found, bigintText) ?? 'nothing')
  return new KobelError('USAGE', `${expected} was expected, found ${text.slice(0, 60)}`)
}

function bigintText(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}` : value
}

export function booleanOf(value: Value): boolean {
  if (typeof value === 'boolean') return value
  throw unfit('a boolean', value)
}

export function integerOf(value: Value, bits: 8 | 16 | 32): number {
  const limit = 2 ** (bits - 1)
  if (typeof value === 'number' && Number.isInteger(value) && value >= -limit && value < limit) return value
  throw unfit(`a whole number from ${-limit} to ${limit - 1}`, value)
}

export function bigintOf(value: Value): bigint {
  const whole = typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value
  if (typeof whole === 'bigint' && BigInt.asIntN(64, whole) === whole) return whole
  throw unfit('a whole number of 64 bits', value)
}

export function numberOf(value: Value): number {
  if (typeof value === 'number') return value
  throw unfit('a number', value)
}

export function textOf(value: Value): string {
  if (typeof value === 'string') return value
  throw unfit('a text', value)
}

export function bytesOf(value: Value): Uint8Array {
  if (value instanceof Uint8Array) return value
  throw unfit('bytes', value)
}

export function listOf(value: Value): ValueArray {
  if (Array.isArray(value)) return value
  throw unfit('an array', value)
}

export function entriesOf(value: Value): (readonly [Value, Value])[] {
  return listOf(value).map((entry) => {
    if (!Array.isArray(entry) || entry.length !== 2) throw unfit('a pair of key and value', entry)
    return [entry[0] as Value, entry[1] as Value]
  })
}

/** The number of the row kind, and as many fields as there are columns. */
export function rowOf(value: Value, arity: number): { readonly kind: number; readonly fields: ValueArray } {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array) {
    throw unfit('a row { kind, fields }', value)
  }
  if (value instanceof TypedBytes) throw unfit('a row { kind, fields }', value.class)
  const { kind, fields } = value as { readonly kind?: Value; readonly fields?: Value }
  const index = ROW_KINDS.indexOf(kind as string)
  if (index < 0) throw unfit(`a row kind of ${ROW_KINDS.join(', ')}`, kind)
  if (!Array.isArray(fields) || fields.length !== arity) throw unfit(`${arity} fields`, fields)
  return { kind: index, fields }
}
