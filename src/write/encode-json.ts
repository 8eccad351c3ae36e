import type { Writer } from '../bytes/writer.ts'
import { jsonToValue } from '../serializer/interpreter/json.ts'
import { POJO_EXACT, POJO_NULL } from '../serializer/interpreter/pojo-flags.ts'
import { writeValue } from '../serializer/interpreter/write.ts'
import type { Layout, LayoutField } from '../serializer/layout.ts'
import { writeFlinkString } from '../serializer/strings.ts'

/** Writes a value given in its JSON form; longs may be bigints. */
export type EncodeJson = (json: unknown, writer: Writer) => void

const KNOWN = new WeakMap<Layout, EncodeJson>()

/**
 * What writes values of a layout. The usual layouts are written at once, as closures over their parts; all else, and every
 * value that does not fit, goes the way of the interpreter, which also says what was expected.
 */
export function encodeJson(layout: Layout): EncodeJson {
  const known = KNOWN.get(layout)
  if (known) return known
  // A layout may stand inside itself.
  KNOWN.set(layout, (json, writer) => interpret(layout, json, writer))
  const made = closureOf(layout)
  KNOWN.set(layout, made)
  return made
}

function interpret(layout: Layout, json: unknown, writer: Writer): void {
  writeValue(layout, writer, jsonToValue(layout, plainJson(layout, json)))
}

/** A bigint is the text of it; a POJO may be given by its fields alone. */
function plainJson(layout: Layout, json: unknown): unknown {
  if (typeof json === 'bigint') return String(json)
  if (layout.op === 'pojo' && isPlainPojo(json)) return { class: layout.className, fields: json }
  if (layout.op === 'nullable') return plainJson(layout.inner, json)
  return json
}

/** POJOs are `{"class", "fields"}` in a dump. People leave the class out. */
export function isPlainPojo(json: unknown): json is Record<string, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return false
  const isFramed = 'class' in json && ('fields' in json || 'bytes' in json) && Object.keys(json).length === 2
  return !isFramed
}

function closureOf(layout: Layout): EncodeJson {
  const otherwise: EncodeJson = (json, writer) => interpret(layout, json, writer)
  switch (layout.op) {
    case 'i64':
      return layout.flipped ? otherwise : longEncoder(otherwise)
    case 'i32':
      return (json, writer) => {
        if (typeof json !== 'number' || json !== (json | 0)) return otherwise(json, writer)
        writer.i32(json)
      }
    case 'f64':
      return (json, writer) => (typeof json === 'number' ? writer.f64(json) : otherwise(json, writer))
    case 'boolean':
      return (json, writer) => (typeof json === 'boolean' ? writer.bool(json) : otherwise(json, writer))
    case 'string':
      return layout.notNull === true ? otherwise : stringEncoder(otherwise)
    case 'nullable':
      return nullableEncoder(layout, otherwise)
    case 'pojo':
      return pojoEncoder(layout, otherwise)
    case 'tuple':
      return tupleEncoder(layout.fields, otherwise)
    case 'list':
      return layout.flag === undefined && layout.of !== 'set' ? listEncoder(layout.element, otherwise) : otherwise
    default:
      return otherwise
  }
}

const WORD = 2 ** 32

function longEncoder(otherwise: EncodeJson): EncodeJson {
  return (json, writer) => {
    if (typeof json === 'number' && Number.isSafeInteger(json)) {
      writer.ensure(8)
      const { view, offset } = writer
      view.setInt32(offset, Math.floor(json / WORD))
      view.setInt32(offset + 4, json)
      writer.offset = offset + 8
    } else if (typeof json === 'bigint' && BigInt.asIntN(64, json) === json) writer.i64(json)
    else otherwise(json, writer)
  }
}

/** Of a text whose length takes one byte. */
const MOST_UNITS = 126

function stringEncoder(otherwise: EncodeJson): EncodeJson {
  return (json, writer) => {
    if (typeof json !== 'string') return otherwise(json, writer)
    const { length } = json
    if (length > MOST_UNITS) return writeFlinkString(writer, json)
    writer.ensure(length + 1)
    const { bytes, offset } = writer
    bytes[offset] = length + 1
    for (let i = 0; i < length; i++) {
      const unit = json.charCodeAt(i)
      if (unit >= 0x80) return writeFlinkString(writer, json)
      bytes[offset + 1 + i] = unit
    }
    writer.offset = offset + 1 + length
  }
}

function nullableEncoder(layout: Layout & { op: 'nullable' }, otherwise: EncodeJson): EncodeJson {
  if (layout.padding > 0) return otherwise
  const inner = encodeJson(layout.inner)
  const { nullWhen } = layout
  return (json, writer) => {
    writer.u8(json === null ? nullWhen : 1 - nullWhen)
    if (json !== null) inner(json, writer)
  }
}

function pojoEncoder(layout: Layout & { op: 'pojo' }, otherwise: EncodeJson): EncodeJson {
  const { className } = layout
  const names = layout.fields.map((field) => field.name)
  const encoders = layout.fields.map((field: LayoutField) => encodeJson(field.layout))
  return (json, writer) => {
    if (json === null) return writer.u8(POJO_NULL)
    let fields = json as Record<string, unknown>
    if (!isPlainPojo(json)) {
      const framed = json as { class?: unknown; fields?: Record<string, unknown> }
      if (typeof json !== 'object' || framed.class !== className || typeof framed.fields !== 'object') {
        return otherwise(json, writer)
      }
      if (framed.fields === null) return otherwise(json, writer)
      fields = framed.fields
    }
    const start = writer.offset
    writer.u8(POJO_EXACT)
    for (let i = 0; i < names.length; i++) {
      const value = fields[names[i]!]
      if (value === undefined) {
        writer.offset = start
        return otherwise(json, writer)
      }
      writer.u8(value === null ? 1 : 0)
      if (value !== null) encoders[i]!(value, writer)
    }
  }
}

function tupleEncoder(fields: readonly Layout[], otherwise: EncodeJson): EncodeJson {
  const encoders = fields.map(encodeJson)
  return (json, writer) => {
    if (!Array.isArray(json) || json.length !== encoders.length) return otherwise(json, writer)
    for (let i = 0; i < encoders.length; i++) encoders[i]!(json[i], writer)
  }
}

function listEncoder(element: Layout, otherwise: EncodeJson): EncodeJson {
  const encode = encodeJson(element)
  return (json, writer) => {
    if (!Array.isArray(json)) return otherwise(json, writer)
    writer.i32(json.length)
    for (const each of json) encode(each, writer)
  }
}
