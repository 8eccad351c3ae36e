import { KobelError } from '../../error.ts'
import type { Layout, LayoutField } from '../layout.ts'
import type { Type, TypeField, TypeKind } from '../type.ts'
import { logicalLayout } from './logical.ts'
import type { AvroRecord, AvroSchema } from './schema.ts'

/** Fields of one record, those of records directly inside counted. */
const MAX_FIELDS = 50_000

/** Named types can be used many times over: a type that grows beyond this only names the records in it. */
const MAX_TYPE_NODES = 2000

/**
 * How Flink's `DataOutputEncoder` lays values of a schema (it is not Avro's binary form): numbers of fixed width,
 * i32 length before text and bytes, i32 index of an enum or union branch, blocks with a plain varint count. A recursive
 * schema becomes a layout that contains itself.
 *
 * @param logicalTypes whether dates, times and decimals are shown as such; a GenericRecord has the bare numbers.
 */
export function avroLayout(schema: AvroSchema, logicalTypes: boolean): Layout {
  checkEmptyRecords(schema)
  const records = new Map<AvroRecord, Layout>()
  const layoutOf = (each: AvroSchema): Layout => {
    if ('logical' in each && each.logical && logicalTypes) {
      const logical = logicalLayout(each.logical, each.type, each.type === 'fixed' ? each.size : -1)
      if (logical) return logical
    }
    switch (each.type) {
      case 'record': {
        const known = records.get(each)
        if (known) return known
        const fields: LayoutField[] = []
        const layout: Layout = { op: 'object', className: each.name, fields, avro: true }
        records.set(each, layout)
        for (const field of each.fields) fields.push({ name: field.name, layout: layoutOf(field.schema) })
        return layout
      }
      case 'enum':
        return { op: 'enum', className: each.name, constants: each.symbols }
      case 'fixed':
        return { op: 'fixedBytes', length: each.size }
      case 'array':
        return { op: 'blockList', element: layoutOf(each.items) }
      case 'map':
        return { op: 'blockMap', value: layoutOf(each.values) }
      case 'union':
        return { op: 'union', branches: each.branches.map(layoutOf) }
      default:
        return PRIMITIVE_LAYOUTS[each.type]
    }
  }
  return layoutOf(schema)
}

const PRIMITIVE_LAYOUTS = {
  null: { op: 'constant', length: 0, declaredLength: -1, value: null },
  boolean: { op: 'boolean' },
  int: { op: 'i32' },
  long: { op: 'i64' },
  float: { op: 'f32' },
  double: { op: 'f64' },
  bytes: { op: 'bytes' },
  string: { op: 'utf8' },
} as const satisfies Readonly<Record<string, Layout>>

/** The type of a schema; a record inside itself is only named. */
export function avroType(schema: AvroSchema, logicalTypes: boolean): Type {
  const open = new Set<AvroRecord>()
  let nodes = 0
  const typeOf = (each: AvroSchema): Type => {
    nodes++
    if ('logical' in each && each.logical && logicalTypes) {
      const { logical } = each
      if ('scale' in logical) return { kind: 'decimal', precision: logical.precision, scale: logical.scale }
      const kind = LOGICAL_KINDS[logical.name]
      if (kind) return { kind }
    }
    switch (each.type) {
      case 'record': {
        if (open.has(each) || nodes > MAX_TYPE_NODES) return { kind: 'record', className: each.name }
        open.add(each)
        const fields: TypeField[] = each.fields.map((field) => ({ name: field.name, type: typeOf(field.schema) }))
        open.delete(each)
        return { kind: 'record', className: each.name, fields }
      }
      case 'enum':
        return { kind: 'enum', className: each.name, constants: each.symbols }
      case 'fixed':
        return { kind: 'bytes', precision: each.size }
      case 'array':
        return { kind: 'list', arguments: [typeOf(each.items)] }
      case 'map':
        return { kind: 'map', arguments: [{ kind: 'string' }, typeOf(each.values)] }
      case 'union':
        return unionType(each.branches, typeOf)
      case 'null':
        return { kind: 'void' }
      default:
        return { kind: each.type }
    }
  }
  const type = typeOf(schema)
  return type.kind === 'record' ? { ...type, kind: 'avro' } : type
}

const LOGICAL_KINDS: Readonly<Record<string, TypeKind>> = {
  date: 'local-date',
  'time-millis': 'local-time',
  'time-micros': 'local-time',
  'timestamp-millis': 'instant',
  'timestamp-micros': 'instant',
  'timestamp-nanos': 'instant',
  'local-timestamp-millis': 'local-datetime',
  'local-timestamp-micros': 'local-datetime',
  'local-timestamp-nanos': 'local-datetime',
  uuid: 'string',
}

/** A union of null and one other is what Avro calls an optional value. */
function unionType(branches: readonly AvroSchema[], typeOf: (schema: AvroSchema) => Type): Type {
  const others = branches.filter((branch) => branch.type !== 'null')
  if (others.length === 1) return { kind: 'nullable', arguments: [typeOf(others[0]!)] }
  const type: Type = { kind: 'union', arguments: others.map(typeOf) }
  return others.length === branches.length ? type : { kind: 'nullable', arguments: [type] }
}

/**
 * Records of records without other fields take no bytes, however many there are: their number is limited. All else
 * takes bytes, so that a value is never larger than its bytes justify.
 */
function checkEmptyRecords(schema: AvroSchema): void {
  const sizes = new Map<AvroRecord, number>()
  const sizeOf = (each: AvroRecord): number => {
    const known = sizes.get(each)
    if (known !== undefined) return known
    // A record directly inside itself has no end: reading it stops at the depth limit.
    sizes.set(each, 1)
    let size = 1
    for (const field of each.fields) size += field.schema.type === 'record' ? sizeOf(field.schema) : 1
    if (size > MAX_FIELDS) throw new KobelError('LIMIT', `the Avro record ${each.name} has over ${MAX_FIELDS} fields`)
    sizes.set(each, size)
    return size
  }
  const seen = new Set<AvroSchema>()
  const visit = (each: AvroSchema): void => {
    if (seen.has(each)) return
    seen.add(each)
    if (each.type === 'record') sizeOf(each)
    for (const child of childrenOf(each)) visit(child)
  }
  visit(schema)
}

function childrenOf(schema: AvroSchema): readonly AvroSchema[] {
  if (schema.type === 'record') return schema.fields.map((field) => field.schema)
  if (schema.type === 'array') return [schema.items]
  if (schema.type === 'map') return [schema.values]
  return schema.type === 'union' ? schema.branches : []
}
