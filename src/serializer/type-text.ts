import { KobelError } from '../error.ts'
import type { Layout } from './layout.ts'

const NAMED: Readonly<Record<string, Layout>> = {
  boolean: { op: 'boolean' },
  byte: { op: 'i8' },
  short: { op: 'i16' },
  int: { op: 'i32' },
  long: { op: 'i64' },
  float: { op: 'f32' },
  double: { op: 'f64' },
  char: { op: 'char' },
  string: { op: 'string' },
  bytes: { op: 'bytes' },
  bigint: { op: 'bigInteger' },
  decimal: { op: 'bigDecimal' },
  date: { op: 'millis' },
  'sql-date': { op: 'millis' },
  'sql-time': { op: 'millis' },
  'sql-timestamp': { op: 'sqlTimestamp' },
  'local-date': { op: 'localDate' },
  'local-time': { op: 'localTime' },
  'local-datetime': { op: 'localDateTime' },
  instant: { op: 'instant' },
  void: { op: 'constant', length: 1, declaredLength: 1, value: null },
}

/** Elements of these arrays have no null flags. */
const PLAIN_ELEMENTS: readonly string[] = ['boolean', 'short', 'int', 'long', 'float', 'double', 'string']

/** A type is not written deeper than this. */
const MAX_DEPTH = 32

/**
 * The layout of a type written as text, as `kobel inspect` prints the types of Flink's own serializers: a name
 * (`long`, `string`, …), a tuple (`(string, long)`), `list<T>`, `set<T>`, `map<K, V>`, `T[]`, `row(T, …)`.
 *
 * @throws KobelError `USAGE`
 */
export function layoutOfText(text: string): Layout {
  const tokens = text.match(/[\w-]+|\[\]|\S/g) ?? []
  let at = 0
  const fail = (expected: string): KobelError =>
    new KobelError(
      'USAGE',
      `${expected} was expected in the type ${JSON.stringify(text)}, found ${JSON.stringify(tokens[at] ?? 'its end')}; types are ${Object.keys(NAMED).join(', ')}, (T, …), list<T>, set<T>, map<K, V>, T[], row(T, …)`,
    )
  const take = (token: string): void => {
    if (tokens[at] !== token) throw fail(token)
    at++
  }
  const many = (open: string, close: string, depth: number): Layout[] => {
    take(open)
    const layouts = [type(depth)]
    while (tokens[at] === ',') {
      at++
      layouts.push(type(depth))
    }
    take(close)
    return layouts
  }
  const type = (depth: number): Layout => {
    if (depth > MAX_DEPTH) throw fail('a type that is less deep')
    let name = tokens[at]
    let layout = one(depth + 1)
    for (; tokens[at] === '[]'; at++, name = undefined) layout = arrayOf(name, layout)
    return layout
  }
  const one = (depth: number): Layout => {
    const name = tokens[at] ?? ''
    if (name === '(') return { op: 'tuple', fields: many('(', ')', depth) }
    if (Object.hasOwn(NAMED, name)) {
      at++
      return NAMED[name]!
    }
    const counts: Readonly<Record<string, number>> = { list: 1, set: 1, map: 2 }
    if (name !== 'row' && !Object.hasOwn(counts, name)) throw fail('a type')
    at++
    if (name === 'row') return { op: 'row', rowKind: true, fields: many('(', ')', depth) }
    const inner = many('<', '>', depth)
    if (inner.length !== counts[name]) throw fail(`${counts[name]} types in ${name}<…>`)
    if (name === 'map') return { op: 'map', key: inner[0]!, value: inner[1]!, keyFlag: false, valueFlag: true }
    return name === 'list'
      ? { op: 'list', of: 'list', element: inner[0]! }
      : { op: 'list', of: 'set', element: inner[0]!, flag: 'isNull' }
  }
  const layout = type(0)
  if (at < tokens.length) throw fail('the end')
  return layout
}

function arrayOf(name: string | undefined, element: Layout): Layout {
  if (name === 'byte') return { op: 'bytes' }
  if (name === 'char') return { op: 'chars' }
  const isPlain = name !== undefined && PLAIN_ELEMENTS.includes(name)
  return { op: 'list', of: 'array', element, ...(!isPlain && { flag: 'isNotNull' as const }) }
}
