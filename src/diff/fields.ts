import type { FieldDifference } from './model.ts'

/** Differences of one value that are listed. */
const MOST_FIELDS = 20

/** Where two values, as parsed JSON of a dump, differ: field by field, element by element. */
export function fieldDifferences(before: unknown, after: unknown): FieldDifference[] {
  const found: FieldDifference[] = []
  compare('', before, after, found)
  return found
}

function compare(path: string, before: unknown, after: unknown, found: FieldDifference[]): void {
  if (found.length >= MOST_FIELDS || sameJson(before, after)) return
  const [one, other] = [membersOf(before), membersOf(after)]
  if (!one || !other || one.isList !== other.isList || one.className !== other.className) {
    found.push({ path, before, after })
    return
  }
  const nameOf = (name: string): string => (one.isList ? `${path}[${name}]` : path === '' ? name : `${path}.${name}`)
  for (const [name, value] of one.members) {
    if (found.length >= MOST_FIELDS) return
    if (other.members.has(name)) compare(nameOf(name), value, other.members.get(name), found)
    else found.push({ path: nameOf(name), before: value })
  }
  for (const [name, value] of other.members) {
    if (found.length >= MOST_FIELDS) return
    if (!one.members.has(name)) found.push({ path: nameOf(name), after: value })
  }
}

interface Members {
  readonly isList: boolean
  readonly className: string | undefined
  readonly members: ReadonlyMap<string, unknown>
}

/** Lists by index; objects by name, a POJO or Row (`{"class", "fields"}`, `{"kind", "fields"}`) by its fields. */
function membersOf(json: unknown): Members | undefined {
  if (typeof json !== 'object' || json === null) return undefined
  if (Array.isArray(json)) {
    return { isList: true, className: undefined, members: new Map(json.map((each, i) => [String(i), each])) }
  }
  const object = json as Readonly<Record<string, unknown>>
  const { fields } = object
  const label = object.class ?? object.kind
  if (typeof fields === 'object' && fields !== null && typeof label === 'string' && Object.keys(object).length === 2) {
    const members = Array.isArray(fields) ? fields.map((each, i) => [`f${i}`, each] as const) : Object.entries(fields)
    return { isList: false, className: label, members: new Map(members) }
  }
  return { isList: false, className: undefined, members: new Map(Object.entries(object)) }
}

function sameJson(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}
