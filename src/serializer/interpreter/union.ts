import type { Reader } from '../../bytes/reader.ts'
import { KobelError } from '../../error.ts'
import type { Layout } from '../layout.ts'
import { CLASS, type Value, type ValueObject } from '../value.ts'

/**
 * Values of a union stand bare, so the branch is found from the value when it is written: the first branch that holds
 * it. A union whose branches share values (int and double, string and enum) cannot be told apart so.
 */

type Union = Layout & { op: 'union' }

/** The branch that the i32 at the reader selects. */
export function unionBranch(layout: Union, reader: Reader): Layout {
  const index = reader.i32()
  const branch = layout.branches[index]
  if (branch !== undefined) return branch
  throw new KobelError('CORRUPT', `the union has ${layout.branches.length} branches, found the index ${index}`, {
    offset: reader.offset - 4,
  })
}

/** Depth to which values are looked into where more than one branch could hold them. */
const LOOK_AHEAD = 6

/** The branch that a value is written with. */
export function branchOf(layout: Union, value: Value): { readonly index: number; readonly branch: Layout } {
  const { branches } = layout
  const shallow = branches.flatMap((branch, index) => (holds(branch, value, 0) ? [index] : []))
  const index =
    (shallow.length > 1 ? shallow.find((each) => holds(branches[each]!, value, LOOK_AHEAD)) : undefined) ??
    shallow[0] ??
    branches.findIndex((branch) => branch.op === 'i64' && Number.isSafeInteger(value))
  if (index < 0) throw unfit(layout, value)
  return { index, branch: branches[index]! }
}

function holds(layout: Layout, value: Value, depth: number): boolean {
  switch (layout.op) {
    case 'constant':
      return value === layout.value
    case 'boolean':
      return typeof value === 'boolean'
    case 'i32':
      return typeof value === 'number' && value === (value | 0) && !Object.is(value, -0)
    case 'i64':
      return typeof value === 'bigint'
    case 'f32':
      return typeof value === 'number' && Object.is(Math.fround(value), value)
    case 'f64':
      return typeof value === 'number'
    case 'utf8':
      return typeof value === 'string'
    case 'enum':
      return typeof value === 'string' && layout.constants.includes(value)
    case 'bytes':
      return value instanceof Uint8Array
    case 'fixedBytes':
      return value instanceof Uint8Array && value.length === layout.length
    case 'object':
      return isRecord(value) && objectHolds(layout, value, depth)
    case 'blockList':
      return Array.isArray(value) && (depth === 0 || value.every((each) => holds(layout.element, each, depth - 1)))
    case 'blockMap':
      return (
        Array.isArray(value) &&
        value.every((each) => isEntry(each) && (depth === 0 || holds(layout.value, each[1]!, depth - 1)))
      )
    case 'union':
      return layout.branches.some((branch) => holds(branch, value, depth))
    case 'codec':
      return holdsText(layout, value)
    default:
      return true
  }
}

function objectHolds(layout: Layout & { op: 'object' }, value: ValueObject, depth: number): boolean {
  if (value[CLASS] !== undefined && layout.className !== undefined) return value[CLASS] === layout.className
  return layout.fields.every(
    ({ name, layout: field }) => Object.hasOwn(value, name) && (depth === 0 || holds(field, value[name]!, depth - 1)),
  )
}

function isRecord(value: Value): value is ValueObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
}

function isEntry(value: unknown): value is readonly [string, Value] {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === 'string'
}

/** A codec in a union is a logical type of Avro: its own text tells it from other texts. */
function holdsText(layout: Layout & { op: 'codec' }, value: Value): boolean {
  if (typeof value !== 'string') return value instanceof Uint8Array
  try {
    layout.codec.fromJson(value)
    return true
  } catch (error) {
    if (error instanceof KobelError) return false
    throw error
  }
}

/** The branch of a JSON text: bytes and maps look like other values, so texts go before bytes, maps before lists. */
export function branchOfJson(layout: Union, json: unknown): Layout {
  const fitting = layout.branches.filter((branch) => holdsJson(branch, json))
  const branch =
    fitting.find((each) => each.op === 'blockMap') ??
    fitting.find((each) => each.op !== 'bytes' && each.op !== 'fixedBytes') ??
    fitting[0]
  if (branch === undefined) throw unfit(layout, json)
  return branch
}

function holdsJson(layout: Layout, json: unknown): boolean {
  switch (layout.op) {
    case 'i64':
      return typeof json === 'string' ? isFarLong(json) : Number.isInteger(json) && !Object.is(json, -0)
    case 'f32':
    case 'f64':
      return typeof json === 'number' || (typeof json === 'string' && /^(NaN|-?Infinity)$/.test(json))
    case 'bytes':
    case 'fixedBytes':
      return typeof json === 'string' && /^[A-Za-z0-9+/]*={0,2}$/.test(json)
    case 'object':
      return typeof json === 'object' && json !== null && (json as { class?: unknown }).class === layout.className
    case 'blockMap':
      return Array.isArray(json) && json.every(isEntry)
    default:
      return holds(layout, json as Value, 0)
  }
}

/** Longs beyond 2^53 are texts in JSON. */
function isFarLong(json: string): boolean {
  return /^-?\d{16,19}$/.test(json) && !Number.isSafeInteger(Number(json))
}

function unfit(layout: Union, found: unknown): KobelError {
  const text = JSON.stringify(found, (_, each) => (typeof each === 'bigint' ? `${each}n` : each)) ?? String(found)
  const branches = layout.branches.map((branch) => ('className' in branch && branch.className) || branch.op).join(', ')
  return new KobelError('USAGE', `a value of one of ${branches} was expected, found ${text.slice(0, 60)}`)
}
