import { simpleClassName, type Type } from './type.ts'
import { type ClassShape, type Shape, type ShapeMember, shapeOfType } from './type-shape.ts'

/** A JSON Schema, draft 2020-12. */
export type JsonSchema = boolean | { readonly [keyword: string]: unknown }

export const JSON_SCHEMA_DIALECT = 'https://json-schema.org/draft/2020-12/schema'

/** Writes shapes as JSON Schemas; classes are gathered as `$defs`. */
export class JsonSchemaWriter {
  private readonly definitions = new Map<string, { readonly name: string; schema: JsonSchema }>()
  private readonly names = new Set<string>()
  private readonly byClass = new Map<string, string>()

  schema(shape: Shape): JsonSchema {
    switch (shape.is) {
      case 'any':
        return true
      case 'null':
      case 'boolean':
      case 'string':
        return { type: shape.is }
      case 'int':
        return { type: 'integer' }
      case 'float':
        return { anyOf: [{ type: 'number' }, { enum: ['NaN', 'Infinity', '-Infinity'] }] }
      case 'long':
        // A text beyond 2^53.
        return { type: ['integer', 'string'], pattern: INTEGER }
      case 'bigint':
        return { type: 'string', pattern: INTEGER }
      case 'bytes':
        return BASE64
      case 'typed-bytes':
        return objectSchema({ class: { type: 'string' }, bytes: BASE64 }, ['class', 'bytes'])
      case 'other-class':
        return OTHER_CLASS
      case 'text':
        return { const: shape.text }
      case 'enum':
        return { enum: [...new Set(shape.constants)] }
      case 'array':
        return { type: 'array', items: this.schema(shape.element) }
      case 'tuple': {
        const { elements, partly } = shape
        return arraySchema(
          elements.map((each) => this.schema(each)),
          partly ? 0 : elements.length,
        )
      }
      case 'entries':
        return { type: 'array', items: arraySchema([this.schema(shape.key), this.schema(shape.value)], 2) }
      case 'members':
        return this.membersSchema(shape.members)
      case 'class':
        return this.classSchema(shape)
      case 'one-of':
        return { anyOf: shape.shapes.map((each) => this.schema(each)) }
    }
  }

  /** The schemas of classes, by name. */
  get defs(): Readonly<Record<string, JsonSchema>> {
    return Object.fromEntries([...this.definitions.values()].map(({ name, schema }) => [name, schema]))
  }

  private membersSchema(members: readonly ShapeMember[]): JsonSchema {
    const required = members.flatMap(({ name, optional }) => (optional ? [] : [name]))
    // `Object.fromEntries` makes a member of `__proto__` as of any other name.
    return objectSchema(Object.fromEntries(members.map(({ name, shape }) => [name, this.schema(shape)])), required)
  }

  private classSchema({ className, named, id, members }: ClassShape): JsonSchema {
    if (members === undefined) {
      const around = this.byClass.get(className)
      return around === undefined ? true : reference(around)
    }
    const known = this.definitions.get(id)
    if (known) return reference(known.name)
    const definition: { readonly name: string; schema: JsonSchema } = { name: this.freeName(className), schema: true }
    this.definitions.set(id, definition)
    this.byClass.set(className, definition.name)
    const fields = this.membersSchema(members())
    definition.schema = named
      ? { title: className, ...(objectSchema({ class: { const: className }, fields }, ['class', 'fields']) as object) }
      : { title: className, ...(fields as object) }
    return reference(definition.name)
  }

  /** Only what needs no escape in a JSON pointer or URI. */
  private freeName(className: string): string {
    const base = simpleClassName(className)
      .replace(/[^A-Za-z0-9_]/g, '_')
      .slice(0, 80)
    let name = base
    for (let i = 2; this.names.has(name); i++) name = `${base}_${i}`
    this.names.add(name)
    return name
  }
}

const INTEGER = '^-?[0-9]+$'

const BASE64: JsonSchema = { type: 'string', contentEncoding: 'base64' }

const OTHER_CLASS: JsonSchema = {
  type: 'object',
  properties: { class: { type: 'string' }, fields: { type: 'object' }, bytes: BASE64 },
  required: ['class'],
  additionalProperties: false,
}

export function objectSchema(
  properties: Readonly<Record<string, JsonSchema>>,
  required: readonly string[],
): JsonSchema {
  return { type: 'object', properties, required, additionalProperties: false }
}

/** Nothing may follow the elements; draft 2020-12 wants at least one schema in `prefixItems`. */
function arraySchema(elements: readonly JsonSchema[], minItems: number): JsonSchema {
  if (elements.length === 0) return { type: 'array', maxItems: 0 }
  return { type: 'array', prefixItems: elements, items: false, minItems }
}

function reference(name: string): JsonSchema {
  return { $ref: `#/$defs/${name}` }
}

/** The JSON Schema of a type's values as `kobel dump` and `kobel read` print them. */
export function jsonSchemaOf(type: Type): JsonSchema {
  const writer = new JsonSchemaWriter()
  const schema = writer.schema(shapeOfType(type))
  const { defs } = writer
  return {
    $schema: JSON_SCHEMA_DIALECT,
    ...(schema === true ? {} : (schema as object)),
    ...(Object.keys(defs).length > 0 && { $defs: defs }),
  }
}
