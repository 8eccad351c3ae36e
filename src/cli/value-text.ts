import { KobelError } from '../error.ts'
import { jsonToValue } from '../serializer/interpreter/json.ts'
import { bytesOfValue } from '../serializer/interpreter/write.ts'
import type { Layout } from '../serializer/layout.ts'
import type { Value } from '../serializer/value.ts'

/** Whole numbers that `JSON.parse` would round. */
const LONG_NUMBER = /^-?\d{16,}$/

/**
 * A key or namespace as the user typed it: JSON in the form of `kobel dump`, or bare text where the type is text. Of a
 * POJO the fields alone are enough.
 *
 * @throws KobelError `USAGE` where it does not fit the type.
 */
export function valueFromText(what: string, layout: Layout, text: string): Value {
  const errors: string[] = []
  for (const json of readings(layout, text)) {
    try {
      const value = jsonToValue(layout, json)
      bytesOfValue(layout, value)
      return value
    } catch (error) {
      if (!(error instanceof KobelError) && !(error instanceof TypeError)) throw error
      errors.push(error.message)
    }
  }
  throw new KobelError('USAGE', `the ${what} ${JSON.stringify(text)} does not fit its type: ${errors[0]}`)
}

/** What the text may mean, the likeliest first. */
function readings(layout: Layout, text: string): unknown[] {
  const parsed = parse(text)
  if (parsed === undefined || LONG_NUMBER.test(text)) return [text]
  // For a text key, 42 and true are texts.
  if (takesText(layout)) return typeof parsed === 'string' ? [parsed, text] : [text]
  if (layout.op === 'pojo' && isPlainObject(parsed) && !('fields' in parsed)) {
    return [{ class: layout.className, fields: parsed }, parsed]
  }
  return [parsed, text]
}

function takesText(layout: Layout): boolean {
  if (layout.op === 'nullable' || layout.op === 'sized') return takesText(layout.inner)
  return ['string', 'utf8', 'chars', 'char', 'enum'].includes(layout.op)
}

function isPlainObject(json: unknown): json is Record<string, unknown> {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}

/** Undefined where the text is no JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
