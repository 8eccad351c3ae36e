import { JAVA_LAYOUTS } from '../java-layouts.ts'
import type { Layout } from '../layout.ts'
import type { FieldDescriptions } from '../options.ts'

/**
 * The layout of a POJO subclass that no serializer snapshot describes, from the user's description: Flink's
 * `PojoSerializer` writes the fields sorted by name. Undefined where the class is not described, or a field has a type
 * whose serializer does not follow from its name (collections are Kryo's or not, depending on the version).
 */
export function describedPojo(fields: FieldDescriptions | undefined, className: string, depth = 0): Layout | undefined {
  const description = fields?.[className]
  if (description === undefined || depth > MAX_DEPTH) return undefined
  if (isConstants(description)) return { op: 'enum', className, constants: description }
  const layouts: { name: string; layout: Layout }[] = []
  for (const [name, type] of Object.entries(description).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (name === 'final') continue
    const layout = layoutOfType(type) ?? describedPojo(fields, type, depth + 1)
    if (!layout) return undefined
    layouts.push({ name, layout })
  }
  return { op: 'pojo', className, fields: layouts, registered: [], subclasses: [] }
}

const MAX_DEPTH = 20

function isConstants(description: FieldDescriptions[string]): description is readonly string[] {
  return Array.isArray(description)
}

const NUMBERS: Readonly<Record<string, Layout>> = {
  boolean: { op: 'boolean' },
  byte: { op: 'i8' },
  short: { op: 'i16' },
  int: { op: 'i32' },
  long: { op: 'i64' },
  float: { op: 'f32' },
  double: { op: 'f64' },
  char: { op: 'char' },
}

const OTHERS: Readonly<Record<string, Layout>> = {
  ...JAVA_LAYOUTS,
  'byte[]': { op: 'bytes' },
  'char[]': { op: 'chars' },
  'java.lang.String[]': { op: 'list', of: 'array', element: { op: 'string' } },
}

function layoutOfType(type: string): Layout | undefined {
  const element = type.endsWith('[]') ? NUMBERS[type.slice(0, -2)] : undefined
  return NUMBERS[type] ?? OTHERS[type] ?? (element && { op: 'list', of: 'array', element })
}
