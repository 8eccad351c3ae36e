import { KobelError } from '../../error.ts'
import { jsonToValue } from '../../serializer/interpreter/json.ts'
import { bytesOfValue } from '../../serializer/interpreter/write.ts'
import type { Layout } from '../../serializer/layout.ts'
import type { Value } from '../../serializer/value.ts'
import type { KeyedState } from '../../snapshot/keyed-state.ts'

/** What a key, or each field of it by its path, is compared with. Whole numbers are texts: JSON would round long ones. */
export type KeyConstants = Readonly<Record<string, KeyConstant>>

export type KeyConstant = { readonly text: string } | { readonly integer: string } | { readonly boolean: boolean }

/** The path of the key itself. */
export const WHOLE_KEY = ''

/**
 * The key that the constants make, so that only its key group has to be read; undefined where it is not certain that
 * no other key is equal in SQL.
 */
export function keyOfConstants(state: KeyedState, constants: KeyConstants): Value | undefined {
  const [info] = state.declarations
  if (info === undefined || !info.splits) return undefined
  const json = jsonOf(info.key, constants, WHOLE_KEY)
  if (json === undefined) return undefined
  try {
    const value = jsonToValue(info.key, json)
    bytesOfValue(info.key, value)
    return value
  } catch (error) {
    if (error instanceof KobelError || error instanceof TypeError) return undefined
    throw error
  }
}

/** The JSON that `kobel dump` has for such a key. */
function jsonOf(layout: Layout, constants: KeyConstants, path: string): unknown {
  const inside = (name: string): string => (path === WHOLE_KEY ? name : `${path}.${name}`)
  const all = (values: readonly unknown[]): readonly unknown[] | undefined =>
    values.includes(undefined) ? undefined : values
  switch (layout.op) {
    case 'nullable':
    case 'sized':
      return jsonOf(layout.inner, constants, path)
    case 'tuple':
      return all(layout.fields.map((field, i) => jsonOf(field, constants, inside(`f${i}`))))
    case 'pojo':
      if (layout.registered.length + layout.subclasses.length > 0) return undefined
      return recordOf(layout.className, layout.fields, (field) => jsonOf(field.layout, constants, inside(field.name)))
    case 'object':
      if (layout.className === undefined) return undefined
      return recordOf(layout.className, layout.fields, (field) => jsonOf(field.layout, constants, inside(field.name)))
    case 'codec': {
      // Keys of SQL are projected from records, and are always inserts.
      const { shape } = layout.codec
      if (shape?.op !== 'row') return undefined
      const fields = all(shape.fields.map((field, i) => jsonOf(field, constants, inside(`f${i}`))))
      return fields && { kind: '+I', fields }
    }
    default: {
      const constant = constants[path]
      return constant && leafOf(layout, constant)
    }
  }
}

function recordOf<F extends { readonly name: string }>(
  className: string,
  fields: readonly F[],
  jsonOfField: (field: F) => unknown,
): unknown {
  const members = fields.map((field) => [field.name, jsonOfField(field)] as const)
  if (members.some(([, json]) => json === undefined)) return undefined
  return { class: className, fields: Object.fromEntries(members) }
}

function leafOf(layout: Layout, constant: KeyConstant): unknown {
  switch (layout.op) {
    case 'string':
    case 'utf8':
    case 'chars':
    case 'char':
      // Lone surrogates of a key become U+FFFD in SQL.
      return 'text' in constant && !constant.text.includes('\ufffd') ? constant.text : undefined
    case 'i8':
    case 'i16':
    case 'i32':
      return 'integer' in constant ? Number(constant.integer) : undefined
    case 'i64':
      return 'integer' in constant ? constant.integer : undefined
    case 'boolean':
      return 'boolean' in constant ? constant.boolean : undefined
    default:
      return undefined
  }
}
