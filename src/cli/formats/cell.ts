import { printable } from '../render/text.ts'

/** Longer JSON is not looked at as a whole to make a cell of it. */
const MOST_PARSED = 1 << 16

/** A JSON text as people write it: classes and quotes only where they matter. */
export function cellOf(json: string | undefined): string {
  if (json === undefined) return ''
  if (json.length > MOST_PARSED) return printable(json.slice(0, 1000))
  return printable(textOf(JSON.parse(json), 0))
}

function textOf(value: unknown, depth: number): string {
  if (typeof value === 'string') return depth === 0 || isPlain(value) ? value : JSON.stringify(value)
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '-0' : String(value)
  const inner = (each: unknown): string => textOf(each, depth + 1)
  if (Array.isArray(value)) return `[${value.map(inner).join(', ')}]`
  const object = value as Record<string, unknown>
  const { class: className, fields, bytes, kind, start, end } = object
  if (typeof className === 'string' && typeof bytes === 'string') return `${simpleName(className)}<${bytes}>`
  if (typeof className === 'string' && typeof fields === 'object' && fields !== null) {
    return `${depth === 0 ? '' : simpleName(className)}${membersText(fields as Record<string, unknown>, inner)}`
  }
  if (typeof kind === 'string' && Array.isArray(fields)) return `${kind}(${fields.map(inner).join(', ')})`
  if (typeof start === 'number' && typeof end === 'number' && Object.keys(object).length === 2) {
    return `${timeText(start)} to ${timeText(end)}`
  }
  return membersText(object, inner)
}

function membersText(object: Record<string, unknown>, inner: (value: unknown) => string): string {
  const members = Object.entries(object).map(([name, value]) => `${name}: ${inner(value)}`)
  return `{${members.join(', ')}}`
}

/** Texts that cannot be taken for something else need no quotes. */
function isPlain(text: string): boolean {
  return /^[^\s"'{}[\](),:<>]+( [^\s"'{}[\](),:<>]+)*$/.test(text)
}

function simpleName(className: string): string {
  return className.slice(Math.max(className.lastIndexOf('.'), className.lastIndexOf('$')) + 1)
}

/** From here on milliseconds are shown as a point in time: smaller ones are counters of tests. */
const FIRST_TIME = Date.UTC(1990, 0, 1)
const LAST_TIME = Date.UTC(9999, 0, 1)

/** Milliseconds since 1970 as people read them. */
export function timeText(millis: number): string {
  if (millis < FIRST_TIME || millis > LAST_TIME) return String(millis)
  return new Date(millis).toISOString().replace('.000Z', 'Z')
}
