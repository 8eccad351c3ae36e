import type { Reader } from '../../bytes/reader.ts'
import { KobelError } from '../../error.ts'
import { hasUnknown, type Layout, type LayoutCase } from '../layout.ts'
import { TypedBytes } from '../value.ts'

/** The alternatives of a layout: told by a tag byte in the bytes, by the form of the value elsewhere. */

type Tagged = Layout & { op: 'tagged' }

/** The case that the tag byte at the reader selects. */
export function taggedCase(layout: Tagged, reader: Reader): LayoutCase {
  const tag = reader.u8()
  const found = layout.cases.find((each) => each.tag === tag)
  if (found !== undefined) return found
  const known = layout.cases.map((each) => each.tag).join(', ')
  throw new KobelError('CORRUPT', `one of the tags ${known} was expected, found ${tag}`, { offset: reader.offset - 1 })
}

/** The case that holds a value (or its parsed JSON): by the member that wraps it, else the first bare one it fits. */
export function caseOf(layout: Tagged, value: unknown): LayoutCase | undefined {
  return layout.cases.find((each) => wraps(each, value)) ?? layout.cases.find((each) => isBare(each, value))
}

function wraps({ wrap }: LayoutCase, value: unknown): boolean {
  return wrap !== undefined && typeof value === 'object' && value !== null && Object.hasOwn(value, wrap)
}

function isBare({ wrap, layout }: LayoutCase, value: unknown): boolean {
  if (wrap !== undefined) return false
  if (value instanceof TypedBytes) return hasUnknown(layout)
  return fits(layout, value)
}

/** Whether an object has the members of this layout, and a constant is this one: tells bare cases apart. */
function fits(layout: Layout, value: unknown): boolean {
  if (layout.op === 'constant') return layout.value === value || (Array.isArray(layout.value) && Array.isArray(value))
  if (layout.op !== 'object') return true
  return typeof value === 'object' && value !== null && layout.fields.every((field) => Object.hasOwn(value, field.name))
}

/** The value inside its wrapping member. */
export function unwrap({ wrap }: LayoutCase, value: unknown): unknown {
  return wrap === undefined ? value : (value as Record<string, unknown>)[wrap]
}

export function unfitCase(layout: Tagged, found: string): KobelError {
  const wraps = layout.cases.flatMap((each) => each.wrap ?? [])
  const expected = wraps.length > 0 ? `an object with one of ${wraps.join(', ')}` : 'a value of one of the cases'
  return new KobelError('USAGE', `${expected} was expected, found ${found}`)
}

/** The text of a value in a message, cut. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? `${each}n` : each)) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
