import { Writer } from '../bytes/writer.ts'
import { KobelError } from '../error.ts'
import type { Layout } from '../serializer/layout.ts'
import { encodeJson, isPlainPojo } from './encode-json.ts'

/**
 * Where in a value lies what does not fit its layout (`.amount`, `[3].name`), for an error about the whole of it; empty
 * where it is the value itself.
 */
export function wrongField(layout: Layout, json: unknown, depth = 0): string {
  if (depth > 100) return ''
  for (const [name, inner, value] of partsOf(layout, json)) {
    if (!fits(inner, value)) return name + wrongField(inner, value, depth + 1)
  }
  return ''
}

/** Says which field of a part of a row an error is about. */
export function atField(error: unknown, layout: Layout, json: unknown, name: string): unknown {
  if (!(error instanceof KobelError) || error.code !== 'USAGE' || json === undefined) return error
  const message = `${name}${wrongField(layout, json)}: ${error.message}`
  return new KobelError('USAGE', message, error.where, { cause: error })
}

function fits(layout: Layout, json: unknown): boolean {
  try {
    encodeJson(layout)(json, new Writer(64))
    return true
  } catch (error) {
    if (error instanceof KobelError || error instanceof TypeError) return false
    throw error
  }
}

type Part = readonly [name: string, layout: Layout, json: unknown]

function partsOf(layout: Layout, json: unknown): Part[] {
  switch (layout.op) {
    case 'nullable':
    case 'sized':
      return json === null ? [] : [['', layout.inner, json]]
    case 'pojo':
    case 'object': {
      const fields = fieldsOf(json, layout.op === 'object' ? layout.className === undefined : isPlainPojo(json))
      return layout.fields
        .filter(({ name }) => fields !== undefined && Object.hasOwn(fields, name))
        .map(({ name, layout: inner }) => [`.${name}`, inner, fields![name]])
    }
    case 'row':
    case 'tuple': {
      const values = layout.op === 'row' ? fieldsOf(json, false) : json
      if (!Array.isArray(values) || values.length !== layout.fields.length) return []
      return layout.fields.map((inner, i) => [`[${i}]`, inner, values[i]])
    }
    case 'list':
    case 'maskedList':
    case 'blockList':
      return Array.isArray(json) ? Array.from(json, (each, i) => [`[${i}]`, layout.element, each] as const) : []
    case 'map':
      return entriesOf(json).flatMap(([key, value], i): Part[] => [
        [`[${i}] (key)`, layout.key, key],
        [`[${i}] (value)`, layout.value, value],
      ])
    default:
      return []
  }
}

function fieldsOf(json: unknown, plain: boolean): Record<string, unknown> | undefined {
  if (typeof json !== 'object' || json === null) return undefined
  return plain ? (json as Record<string, unknown>) : (json as { fields?: Record<string, unknown> }).fields
}

function entriesOf(json: unknown): unknown[][] {
  return Array.isArray(json) ? json.filter((each): each is unknown[] => Array.isArray(each) && each.length === 2) : []
}
