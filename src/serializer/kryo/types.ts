/** Declared types of fields, as a user or kobel describes them. */

export interface DeclaredType {
  /** As `Class.getName()`: `int`, `[J`, `[Ljava.lang.String;`, `java.util.List`. */
  readonly name: string
  readonly args: readonly DeclaredType[]
  /** A type parameter of the class that has the field. */
  readonly variable?: number
}

const OBJECT_TYPE: DeclaredType = { name: 'java.lang.Object', args: [] }

const CODES: Readonly<Record<string, string>> = {
  boolean: 'Z',
  byte: 'B',
  char: 'C',
  short: 'S',
  int: 'I',
  long: 'J',
  float: 'F',
  double: 'D',
}

const PARSED = new Map<string, DeclaredType>()

/** Parses `java.util.Map<java.lang.String, a.B[]>`; what cannot be understood is taken for `Object`. */
export function parseType(text: string): DeclaredType {
  const known = PARSED.get(text)
  if (known) return known
  const parsed = parse(text.trim(), 0)
  if (PARSED.size < 10_000) PARSED.set(text, parsed)
  return parsed
}

function parse(text: string, depth: number): DeclaredType {
  if (depth > 20) return OBJECT_TYPE
  if (text.endsWith('[]')) {
    const element = parse(text.slice(0, -2).trim(), depth + 1)
    return { ...element, name: arrayOf(element.name) }
  }
  if (/^#\d+$/.test(text)) return { ...OBJECT_TYPE, variable: Number(text.slice(1)) }
  const open = text.indexOf('<')
  if (open < 0) return text === '?' || text === '' ? OBJECT_TYPE : { name: text, args: [] }
  const inner = text.slice(open + 1, text.lastIndexOf('>'))
  return { name: text.slice(0, open).trim(), args: splitArguments(inner).map((each) => parse(each.trim(), depth + 1)) }
}

function splitArguments(text: string): string[] {
  const parts: string[] = []
  let nested = 0
  let start = 0
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '<') nested++
    else if (text[i] === '>') nested--
    else if (text[i] === ',' && nested === 0) {
      parts.push(text.slice(start, i))
      start = i + 1
    }
  }
  return [...parts, text.slice(start)]
}

function arrayOf(name: string): string {
  if (name.startsWith('[')) return `[${name}`
  const code = Object.hasOwn(CODES, name) ? CODES[name] : undefined
  return code === undefined ? `[L${name};` : `[${code}`
}

const NAMES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(CODES).map(([name, code]) => [code, name]),
)

/** The component of an array class: `[I` gives `int`, `[[I` gives `[I`; `undefined` for other classes. */
export function componentOf(name: string): string | undefined {
  if (!name.startsWith('[')) return undefined
  const rest = name.slice(1)
  if (rest.startsWith('[')) return rest
  if (rest.startsWith('L') && rest.endsWith(';')) return rest.slice(1, -1)
  return Object.hasOwn(NAMES, rest) ? NAMES[rest] : undefined
}

/** A field's type with the type parameters of its class put in; one that is not known is an `Object`. */
export function resolveType(type: DeclaredType, variables: readonly DeclaredType[]): DeclaredType {
  if (type.variable !== undefined) {
    const bound = variables[type.variable]
    if (bound === undefined) return OBJECT_TYPE
    // Kryo remembers only the class that a parameter stands for, not that class's own arguments.
    return { name: type.name === OBJECT_TYPE.name ? bound.name : arrayOf(bound.name), args: [] }
  }
  if (type.args.length === 0) return type
  return { ...type, args: type.args.map((each) => resolveType(each, variables)) }
}
