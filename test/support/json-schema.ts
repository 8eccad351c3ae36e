type Schema = boolean | Readonly<Record<string, unknown>>

/** The keywords that kobel's schemas use; any other is an error of the schema. */
const KEYWORDS: ReadonlySet<string> = new Set([
  ...['$schema', '$defs', '$ref', 'title', 'contentEncoding', 'type', 'enum', 'const', 'pattern', 'anyOf'],
  ...['items', 'prefixItems', 'minItems', 'maxItems', 'properties', 'required', 'additionalProperties'],
])

/** What does not fit a JSON Schema 2020-12, as paths; empty where all fits. Written from the specification. */
export function schemaErrors(root: Schema, schema: Schema, json: unknown, path = '$'): string[] {
  if (typeof schema === 'boolean') return schema ? [] : [`${path}: nothing may be here`]
  for (const keyword of Object.keys(schema)) if (!KEYWORDS.has(keyword)) return [`${path}: unknown keyword ${keyword}`]
  const errors: string[] = []
  const fail = (message: string): void => void errors.push(`${path}: ${message}`)
  if (typeof schema.$ref === 'string') errors.push(...schemaErrors(root, resolve(root, schema.$ref), json, path))
  if (schema.type !== undefined && ![schema.type].flat().includes(typeOf(json)) && !isNumber(schema.type, json)) {
    fail(`${typeOf(json)} is not ${JSON.stringify(schema.type)}`)
  }
  if (schema.enum !== undefined && !(schema.enum as unknown[]).includes(json))
    fail(`${JSON.stringify(json)} is not listed`)
  if ('const' in schema && schema.const !== json) fail(`${JSON.stringify(json)} is not ${JSON.stringify(schema.const)}`)
  if (typeof json === 'string' && typeof schema.pattern === 'string' && !new RegExp(schema.pattern, 'u').test(json)) {
    fail(`${json} does not match`)
  }
  if (schema.anyOf !== undefined) {
    const all = (schema.anyOf as Schema[]).map((each) => schemaErrors(root, each, json, path))
    if (all.every((each) => each.length > 0))
      fail(`no alternative fits: ${all.sort((a, b) => deepest(b) - deepest(a))[0]}`)
  }
  if (Array.isArray(json)) errors.push(...arrayErrors(root, schema, json, path))
  else if (typeof json === 'object' && json !== null) {
    errors.push(...objectErrors(root, schema, json as Record<string, unknown>, path))
  }
  return errors
}

/** The alternative that fits furthest in tells most. */
function deepest(errors: readonly string[]): number {
  return Math.max(...errors.map((each) => each.split(':')[0]!.length))
}

function resolve(root: Schema, reference: string): Schema {
  let found: unknown = root
  for (const part of reference.replace(/^#\//, '').split('/')) found = (found as Record<string, unknown>)[part]
  if (found === undefined) throw new Error(`${reference} is not there`)
  return found as Schema
}

function typeOf(json: unknown): string {
  if (json === null) return 'null'
  return Array.isArray(json) ? 'array' : typeof json
}

function isNumber(types: unknown, json: unknown): boolean {
  return typeof json === 'number' && Number.isInteger(json) && [types].flat().includes('integer')
}

function arrayErrors(root: Schema, schema: Readonly<Record<string, unknown>>, json: unknown[], path: string): string[] {
  const prefix = (schema.prefixItems ?? []) as Schema[]
  const errors = json.flatMap((each, i) => {
    const item = prefix[i] ?? (schema.items as Schema | undefined)
    return item === undefined ? [] : schemaErrors(root, item, each, `${path}[${i}]`)
  })
  if (json.length < ((schema.minItems as number | undefined) ?? 0)) errors.push(`${path}: too few items`)
  if (json.length > ((schema.maxItems as number | undefined) ?? Infinity)) errors.push(`${path}: too many items`)
  return errors
}

function objectErrors(
  root: Schema,
  schema: Readonly<Record<string, unknown>>,
  json: Record<string, unknown>,
  path: string,
): string[] {
  const properties = (schema.properties ?? {}) as Record<string, Schema>
  const errors = ((schema.required ?? []) as string[])
    .filter((name) => !Object.hasOwn(json, name))
    .map((name) => `${path}: ${name} is missing`)
  for (const [name, each] of Object.entries(json)) {
    const own = Object.hasOwn(properties, name) ? properties[name] : (schema.additionalProperties as Schema | undefined)
    if (own !== undefined) errors.push(...schemaErrors(root, own, each, `${path}.${name}`))
  }
  return errors
}
