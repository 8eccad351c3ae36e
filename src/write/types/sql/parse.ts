import type { LogicalField, LogicalType } from '../../../serializer/table/logical-type.ts'
import { meant, wrongType } from '../form.ts'
import { type SqlToken, tokensOf } from './tokens.ts'

/** The text of a SQL type, as `LogicalTypeParser` reads it: what `asSerializableString()` and DESCRIBE print. */

const LOGICAL = 'org.apache.flink.table.types.logical'
const MAX_LENGTH = 2147483647
const MAX_DEPTH = 30

interface Parser {
  readonly path: string
  readonly tokens: readonly SqlToken[]
  at: number
  depth: number
}

/** @throws KobelError `USAGE` where the text is no type, naming the word that is wrong. */
export function parseSqlType(text: string, path: string): LogicalType {
  const parser: Parser = { path, tokens: tokensOf(text, path), at: 0, depth: 0 }
  const type = parseType(parser)
  if (parser.at < parser.tokens.length) throw unexpected(parser, 'the end of the type')
  return type
}

function parseType(parser: Parser): LogicalType {
  if (++parser.depth > MAX_DEPTH) throw wrongType(parser, `a SQL type is nested deeper than ${MAX_DEPTH}`)
  let type = nullability(parser, parsePlain(parser))
  while (isWord(parser, 'ARRAY') || isWord(parser, 'MULTISET')) {
    const root = take(parser).text
    type = nullability(parser, collection(root, [type]))
  }
  parser.depth--
  return type
}

/** `NOT NULL`, `NULL`, and the marks of time attributes: `*ROWTIME*`. */
function nullability(parser: Parser, type: LogicalType): LogicalType {
  let marked = type
  if (accept(parser, 'NOT')) {
    expectWord(parser, 'NULL')
    marked = { ...marked, nullable: false }
  } else accept(parser, 'NULL')
  for (const kind of ['ROWTIME', 'PROCTIME']) {
    if (type.kind !== undefined && accept(parser, `*${kind}*`)) marked = { ...marked, kind }
  }
  return marked
}

type ParseRest = (parser: Parser) => LogicalType

const plain =
  (root: string, name: string, more: Partial<LogicalType> = {}): ParseRest =>
  () =>
    logical(root, name, more)

const withLength =
  (root: string, name: string, fixed?: number): ParseRest =>
  (parser) =>
    logical(root, name, { length: fixed ?? numbers(parser, 1, [1, MAX_LENGTH])[0] ?? 1 })

const decimal: ParseRest = (parser) => {
  const [precision = 10, scale = 0] = numbers(parser, 2, [0, 38])
  if (precision < 1 || scale > precision) throw wrongType(parser, `there is no DECIMAL(${precision}, ${scale})`)
  return logical('DECIMAL', 'DecimalType', { precision, scale })
}

const time: ParseRest = (parser) => {
  const [precision = 0] = numbers(parser, 1, [0, 9])
  if (accept(parser, 'WITHOUT')) expectWords(parser, 'TIME', 'ZONE')
  return logical('TIME_WITHOUT_TIME_ZONE', 'TimeType', { precision })
}

const timestamp: ParseRest = (parser) => {
  const [precision = 6] = numbers(parser, 1, [0, 9])
  if (accept(parser, 'WITHOUT')) expectWords(parser, 'TIME', 'ZONE')
  else if (accept(parser, 'WITH')) {
    if (!accept(parser, 'LOCAL')) throw wrongType(parser, 'TIMESTAMP WITH TIME ZONE has no form in the state of Flink')
    expectWords(parser, 'TIME', 'ZONE')
    return localTimestamp(precision)
  }
  return logical('TIMESTAMP_WITHOUT_TIME_ZONE', 'TimestampType', { precision, kind: 'REGULAR' })
}

function localTimestamp(precision: number): LogicalType {
  return logical('TIMESTAMP_WITH_LOCAL_TIME_ZONE', 'LocalZonedTimestampType', { precision, kind: 'REGULAR' })
}

const UNITS = ['YEAR', 'MONTH', 'DAY', 'HOUR', 'MINUTE', 'SECOND']
/** Years to months, or days to seconds: from a larger unit to a smaller one. */
const YEARS = 2
/** Digits that the leading unit may have: 4 for years, 6 for days. */
const LEADING_DIGITS: Readonly<Record<string, number>> = { YEAR: 4, DAY: 6 }

/** `INTERVAL DAY(3) TO SECOND(6)`: the leading day or year and the second have a precision. */
const interval: ParseRest = (parser) => {
  const units: string[] = []
  let precision = 2
  let fractionalPrecision = 6
  do {
    const unit = take(parser).text
    if (!UNITS.includes(unit)) throw wrongType(parser, `an interval has one of the units ${UNITS.join(', ')}`)
    units.push(unit)
    const digits = LEADING_DIGITS[unit]
    if (digits !== undefined) precision = numbers(parser, 1, [1, digits])[0] ?? precision
    else if (unit === 'SECOND') fractionalPrecision = numbers(parser, 1, [0, 9])[0] ?? fractionalPrecision
  } while (accept(parser, 'TO'))
  const resolution = units.join('_TO_')
  const [from = 0, to = UNITS.length] = units.map((unit) => UNITS.indexOf(unit))
  const isRange = units.length === 1 || (units.length === 2 && from < to && from < YEARS === to < YEARS)
  if (!isRange) throw wrongType(parser, `there is no interval ${resolution.replaceAll('_', ' ')}`)
  if (units[0] === 'YEAR' || units[0] === 'MONTH') {
    return logical('INTERVAL_YEAR_MONTH', 'YearMonthIntervalType', { precision, resolution })
  }
  return logical('INTERVAL_DAY_TIME', 'DayTimeIntervalType', { precision, fractionalPrecision, resolution })
}

const VARCHAR = withLength('VARCHAR', 'VarCharType')
const VARBINARY = withLength('VARBINARY', 'VarBinaryType')

/** `CHAR VARYING(n)` is `VARCHAR(n)`. */
const charOr: ParseRest = (parser) =>
  accept(parser, 'VARYING') ? VARCHAR(parser) : withLength('CHAR', 'CharType')(parser)

const binaryOr: ParseRest = (parser) =>
  accept(parser, 'VARYING') ? VARBINARY(parser) : withLength('BINARY', 'BinaryType')(parser)

const TYPES: Readonly<Record<string, ParseRest>> = {
  CHAR: charOr,
  CHARACTER: charOr,
  VARCHAR,
  STRING: withLength('VARCHAR', 'VarCharType', MAX_LENGTH),
  BOOLEAN: plain('BOOLEAN', 'BooleanType'),
  BINARY: binaryOr,
  VARBINARY,
  BYTES: withLength('VARBINARY', 'VarBinaryType', MAX_LENGTH),
  DECIMAL: decimal,
  DEC: decimal,
  NUMERIC: decimal,
  TINYINT: plain('TINYINT', 'TinyIntType'),
  SMALLINT: plain('SMALLINT', 'SmallIntType'),
  INT: plain('INTEGER', 'IntType'),
  INTEGER: plain('INTEGER', 'IntType'),
  BIGINT: plain('BIGINT', 'BigIntType'),
  FLOAT: plain('FLOAT', 'FloatType'),
  DOUBLE: (parser) => {
    accept(parser, 'PRECISION')
    return logical('DOUBLE', 'DoubleType')
  },
  DATE: plain('DATE', 'DateType'),
  TIME: time,
  TIMESTAMP: timestamp,
  TIMESTAMP_LTZ: (parser) => localTimestamp(numbers(parser, 1, [0, 9])[0] ?? 6),
  INTERVAL: interval,
  ARRAY: (parser) => collection('ARRAY', inAngles(parser, 1)),
  MULTISET: (parser) => collection('MULTISET', inAngles(parser, 1)),
  MAP: (parser) => collection('MAP', inAngles(parser, 2)),
  ROW: (parser) => logical('ROW', 'RowType', { fields: rowFields(parser) }),
  VARIANT: plain('VARIANT', 'VariantType'),
  BITMAP: plain('BITMAP', 'BitmapType'),
}

function parsePlain(parser: Parser): LogicalType {
  const token = take(parser)
  const parse = token.quoted ? undefined : TYPES[token.text]
  if (parse) return parse(parser)
  const hint = meant(token.text, Object.keys(TYPES)) || `: types are ${Object.keys(TYPES).join(', ')}`
  throw wrongType(parser, `there is no SQL type ${JSON.stringify(token.text)} that kobel writes${hint}`)
}

function logical(root: string, name: string, more: Partial<LogicalType> = {}): LogicalType {
  return { root, className: `${LOGICAL}.${name}`, nullable: true, ...more }
}

const COLLECTIONS: Readonly<Record<string, string>> = { ARRAY: 'ArrayType', MULTISET: 'MultisetType', MAP: 'MapType' }

function collection(root: string, types: readonly LogicalType[]): LogicalType {
  return logical(root, COLLECTIONS[root]!, { arguments: types })
}

function inAngles(parser: Parser, count: number): LogicalType[] {
  expectWord(parser, '<')
  const types = [parseType(parser)]
  while (types.length < count) {
    expectWord(parser, ',')
    types.push(parseType(parser))
  }
  expectWord(parser, '>')
  return types
}

/** `<name TYPE 'description', …>`, or in parentheses. */
function rowFields(parser: Parser): LogicalField[] {
  const [open, close] = isWord(parser, '(') ? ['(', ')'] : ['<', '>']
  expectWord(parser, open!)
  const fields: LogicalField[] = []
  if (accept(parser, close!)) return fields
  do {
    const { text: name, original } = take(parser)
    const type = parseType(parser)
    const next = parser.tokens[parser.at]
    const description = next?.literal ? take(parser).original : undefined
    fields.push({ name: original ?? name, type, ...(description !== undefined && { description }) })
  } while (accept(parser, ','))
  expectWord(parser, close!)
  const twice = fields.find((each, i) => fields.findIndex((other) => other.name === each.name) !== i)
  if (twice) throw wrongType(parser, `a row has the field ${JSON.stringify(twice.name)} twice`)
  return fields
}

/** `(10, 2)`, or nothing. */
function numbers(parser: Parser, most: number, [first, last]: readonly [number, number]): number[] {
  if (!accept(parser, '(')) return []
  const found: number[] = []
  do {
    const { text } = take(parser)
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < first || value > last) {
      throw wrongType(parser, `a number from ${first} to ${last} was expected, found ${JSON.stringify(text)}`)
    }
    found.push(value)
  } while (found.length < most && accept(parser, ','))
  expectWord(parser, ')')
  return found
}

function take(parser: Parser): SqlToken {
  const token = parser.tokens[parser.at]
  if (!token) throw wrongType(parser, 'the SQL type ends too early')
  parser.at++
  return token
}

function isWord({ tokens, at }: Parser, word: string): boolean {
  const token = tokens[at]
  return token !== undefined && !token.quoted && !token.literal && token.text === word
}

function accept(parser: Parser, word: string): boolean {
  if (!isWord(parser, word)) return false
  parser.at++
  return true
}

function expectWord(parser: Parser, word: string): void {
  if (!accept(parser, word)) throw unexpected(parser, word)
}

function expectWords(parser: Parser, ...words: readonly string[]): void {
  for (const word of words) expectWord(parser, word)
}

function unexpected(parser: Parser, expected: string): Error {
  const found = parser.tokens[parser.at]?.text
  return wrongType(
    parser,
    `${expected} was expected in the SQL type, found ${found === undefined ? 'its end' : JSON.stringify(found)}`,
  )
}
