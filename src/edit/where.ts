import { KobelError } from '../error.ts'
import { TypedBytes } from '../serializer/value.ts'

/** An entry or a timer, as conditions look at it. */
export type Conditioned = Readonly<Record<string, unknown>>

interface Condition {
  readonly path: readonly string[]
  readonly op: string
  readonly value: unknown
}

const CONDITION = /^\s*([A-Za-z_$][\w$.]*)\s*(<=|>=|!=|<>|=|<|>)\s*(.+?)\s*$/s
const ROOTS = ['key', 'namespace', 'mapKey', 'value', 'ttl', 'timestamp']

/**
 * A test of entries: `value.amount < 0 and key != "alice"`. A path begins with key, namespace, mapKey, value, ttl or
 * timestamp; what it is compared with is JSON. All conditions must hold.
 *
 * @throws KobelError `USAGE` for another form.
 */
export function whereOf(text: string): (entry: Conditioned) => boolean {
  const conditions = text.split(/\s+and\s+/i).map(conditionOf)
  return (entry) => conditions.every((condition) => holds(condition, entry))
}

function conditionOf(text: string): Condition {
  const match = CONDITION.exec(text)
  const path = match?.[1]?.split('.')
  if (!match || !path || !ROOTS.includes(path[0]!)) {
    throw new KobelError(
      'USAGE',
      `a condition is like value.amount < 0 (with key, namespace, mapKey, value, ttl or timestamp in front), found ${JSON.stringify(text)}`,
    )
  }
  return { path, op: match[2]!, value: literalOf(match[3]!) }
}

function literalOf(text: string): unknown {
  const quoted = /^'(.*)'$/s.exec(text)
  if (quoted) return quoted[1]
  if (/^-?\d+$/.test(text)) return BigInt(text)
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new KobelError('USAGE', `a condition compares with JSON; texts need quotes: ${JSON.stringify(text)}`)
  }
}

function holds({ path, op, value }: Condition, entry: Conditioned): boolean {
  let found: unknown = entry
  for (const name of path) {
    if (found === null || found === undefined) break
    found = memberOf(found, name, path)
  }
  const order = compare(found ?? null, value)
  switch (op) {
    case '=':
      return order === 0
    case '!=':
    case '<>':
      return order !== 0
    case '<':
      return order !== undefined && order < 0
    case '<=':
      return order !== undefined && order <= 0
    case '>':
      return order !== undefined && order > 0
    default:
      return order !== undefined && order >= 0
  }
}

function memberOf(value: unknown, name: string, path: readonly string[]): unknown {
  if (Array.isArray(value)) return value[Number(name.replace(/^f/, ''))] as unknown
  if (typeof value === 'object' && !(value instanceof TypedBytes) && Object.hasOwn(value as object, name)) {
    return (value as Record<string, unknown>)[name]
  }
  if (path[0] === name && ROOTS.includes(name)) return undefined
  throw new KobelError('USAGE', `an entry has no ${path.join('.')}`)
}

/** Undefined where the two have no order; different then. */
function compare(a: unknown, b: unknown): number | undefined {
  if (isNumber(a) && isNumber(b)) return a < b ? -1 : a > b ? 1 : 0
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0
  // Decimals are texts.
  if (typeof a === 'string' && isNumber(b) && a !== '' && !Number.isNaN(Number(a))) return compare(Number(a), b)
  return a === b ? 0 : undefined
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint'
}
