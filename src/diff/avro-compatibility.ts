/** Whether data of one Avro schema can be read by another: Avro's `SchemaCompatibility`, over parsed JSON. */

type Json = Readonly<Record<string, unknown>>

/** Named types of a schema by their full names. */
type Names = Map<string, Json>

const PROMOTIONS: Readonly<Record<string, readonly string[]>> = {
  long: ['int'],
  float: ['int', 'long'],
  double: ['int', 'long', 'float'],
  string: ['bytes'],
  bytes: ['string'],
}

/** @returns undefined where it can be read, else why not. */
export function avroRefusal(readerSchema: string, writerSchema: string): string | undefined {
  const [reader, writer] = [JSON.parse(readerSchema) as unknown, JSON.parse(writerSchema) as unknown]
  const check = new Check(namesOf(reader, '', new Map()), namesOf(writer, '', new Map()))
  return check.refusal(reader, writer, 'the schema')
}

function isObject(json: unknown): json is Json {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}

function namesOf(schema: unknown, namespace: string, names: Names): Names {
  if (Array.isArray(schema)) for (const branch of schema) namesOf(branch, namespace, names)
  if (!isObject(schema)) return names
  const own = typeof schema.namespace === 'string' ? schema.namespace : namespace
  if (typeof schema.name === 'string') {
    names.set(schema.name, schema)
    if (own !== '' && !schema.name.includes('.')) names.set(`${own}.${schema.name}`, schema)
  }
  for (const member of [schema.type, schema.items, schema.values])
    if (typeof member !== 'string') namesOf(member, own, names)
  if (Array.isArray(schema.fields)) for (const field of schema.fields as Json[]) namesOf(field.type, own, names)
  return names
}

/** `record`, `int`, …; of a name what it stands for. */
function resolved(schema: unknown, names: Names): { readonly type: string; readonly json: Json } {
  if (typeof schema === 'string') {
    const named = names.get(schema)
    return named ? resolved(named, names) : { type: schema, json: {} }
  }
  const json = schema as Json
  return typeof json.type === 'string' ? { type: json.type, json } : resolved(json.type, names)
}

class Check {
  private readonly readerNames: Names
  private readonly writerNames: Names
  /** Pairs of records that are looked at: those inside themselves fit if the rest does. */
  private readonly open = new Map<Json, Set<Json>>()

  constructor(readerNames: Names, writerNames: Names) {
    this.readerNames = readerNames
    this.writerNames = writerNames
  }

  refusal(reader: unknown, writer: unknown, where: string): string | undefined {
    if (Array.isArray(writer)) {
      return first(writer, (branch) => this.refusal(reader, branch, where))
    }
    if (Array.isArray(reader)) {
      const fits = reader.some((branch) => this.refusal(branch, writer, where) === undefined)
      return fits ? undefined : `${where}: no branch of the union reads ${typeName(writer)}`
    }
    const [one, other] = [resolved(reader, this.readerNames), resolved(writer, this.writerNames)]
    if (one.type !== other.type) {
      if (PROMOTIONS[one.type]?.includes(other.type)) return undefined
      return `${where}: ${one.type} does not read ${other.type}`
    }
    return this.sameKind(one.type, one.json, other.json, where)
  }

  private sameKind(type: string, reader: Json, writer: Json, where: string): string | undefined {
    switch (type) {
      case 'array':
        return this.refusal(reader.items, writer.items, `${where}[]`)
      case 'map':
        return this.refusal(reader.values, writer.values, `${where}{}`)
      case 'fixed':
        if (!sameName(reader, writer)) return `${where}: fixed ${String(writer.name)} is called ${String(reader.name)}`
        return reader.size === writer.size ? undefined : `${where}: the size of fixed differs`
      case 'enum': {
        if (!sameName(reader, writer)) return `${where}: enum ${String(writer.name)} is called ${String(reader.name)}`
        const symbols = new Set(reader.symbols as string[])
        const missing = (writer.symbols as string[]).filter((symbol) => !symbols.has(symbol))
        if (missing.length === 0 || reader.default !== undefined) return undefined
        return `${where}: the symbol ${missing[0]} is missing`
      }
      case 'record':
      case 'error':
        return this.record(reader, writer, where)
      default:
        return undefined
    }
  }

  private record(reader: Json, writer: Json, where: string): string | undefined {
    if (!sameName(reader, writer)) return `${where}: record ${String(writer.name)} is called ${String(reader.name)}`
    const open = this.open.get(reader) ?? new Set()
    if (open.has(writer)) return undefined
    this.open.set(reader, open.add(writer))
    const writerFields = new Map((writer.fields as Json[]).map((field) => [field.name, field]))
    return first(reader.fields as Json[], (field) => {
      const names = [field.name, ...((field.aliases as string[] | undefined) ?? [])]
      const found = names.map((name) => writerFields.get(name)).find((each) => each !== undefined)
      if (found) return this.refusal(field.type, found.type, `${where}.${String(field.name)}`)
      return 'default' in field ? undefined : `${where}: the new field ${String(field.name)} has no default`
    })
  }
}

function first<T>(items: readonly T[], refusal: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = refusal(item)
    if (found !== undefined) return found
  }
  return undefined
}

/** Namespaces do not count. */
function sameName(reader: Json, writer: Json): boolean {
  const simple = (json: Json): string => String(json.name).split('.').at(-1)!
  const aliases = ((reader.aliases as string[] | undefined) ?? []).map((alias) => alias.split('.').at(-1))
  return simple(reader) === simple(writer) || aliases.includes(simple(writer))
}

function typeName(schema: unknown): string {
  if (!isObject(schema)) return String(schema)
  return typeof schema.name === 'string' ? schema.name : String(schema.type)
}
