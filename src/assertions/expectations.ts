import { KobelError } from '../error.ts'

/** What a statement must give. */
export type Outcome =
  /** No row: each one that comes is a finding. */
  | { readonly kind: 'no rows' }
  /** At least one row. */
  | { readonly kind: 'rows' }
  /** One row of one column with this text. */
  | { readonly kind: 'value'; readonly text: string }

/** A statement of a file of expectations. */
export interface Expectation {
  readonly name: string
  readonly sql: string
  readonly expected: Outcome
  /** Where the statement begins, from 1. */
  readonly line: number
}

/**
 * Reads a file of expectations: SQL statements that end with `;`. The comment before a statement is its name; a comment
 * `-- expect: …` says what it must give: `no rows` (the default), `rows`, or a value.
 *
 *     -- no balance is below zero
 *     SELECT key, value FROM accounts.balance WHERE value < 0;
 *
 *     -- there are customers
 *     -- expect: rows
 *     SELECT key FROM accounts.customer LIMIT 1;
 *
 * @throws KobelError `USAGE` where a quote or comment is not ended, or there is no statement.
 */
export function readExpectations(text: string, file?: string): Expectation[] {
  const found = statementsOf(text, file).map(expectationOf)
  if (found.length > 0) return found
  throw new KobelError('USAGE', 'the file holds no SQL statement', file === undefined ? {} : { file })
}

interface Statement {
  readonly comments: readonly string[]
  readonly sql: string
  readonly line: number
}

/** Quotes, dollar quotes and comments may hold semicolons. */
const TOKEN = /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"|(\$\w*\$)[\s\S]*?\1|;|[^;'"$/-]+|[\s\S]/g

function statementsOf(text: string, file: string | undefined): Statement[] {
  const statements: Statement[] = []
  let comments: string[] = []
  let sql = ''
  let line = 1
  let start = 1
  const end = (): void => {
    if (sql.trim() !== '') statements.push({ comments, sql: sql.trim(), line: start })
    comments = []
    sql = ''
  }
  for (const [token] of text.matchAll(TOKEN)) {
    const isBefore = sql.trim() === ''
    if (token.startsWith('--') && isBefore) comments.push(token.slice(2).trim())
    else if (token.startsWith('/*') && token.length > 2 && isBefore) comments.push(token.slice(2, -2).trim())
    else if (token === ';') end()
    else {
      if (token === "'" || token === '"') throw notEnded(token, line, file)
      if (isBefore && token.trim() !== '') start = line + newlines(token.slice(0, token.search(/\S/)))
      sql += token
    }
    line += newlines(token)
  }
  end()
  return statements
}

function newlines(text: string): number {
  return text.split('\n').length - 1
}

function notEnded(quote: string, line: number, file: string | undefined): KobelError {
  return new KobelError('USAGE', `line ${line}: the quote ${quote} is not ended`, file === undefined ? {} : { file })
}

function expectationOf({ comments, sql, line }: Statement): Expectation {
  const lines = comments.flatMap((comment) => comment.split('\n')).map((each) => each.trim())
  const expect = lines.map((each) => /^expect:\s*(.*)$/i.exec(each)?.[1]).find((each) => each !== undefined)
  const named = lines.filter((each) => each !== '' && !/^expect:/i.test(each))
  return { name: named.join(' ') || firstLine(sql), sql, expected: outcomeOf(expect), line }
}

function outcomeOf(text: string | undefined): Outcome {
  if (text === undefined || /^no rows$/i.test(text)) return { kind: 'no rows' }
  return /^rows$/i.test(text) ? { kind: 'rows' } : { kind: 'value', text }
}

function firstLine(sql: string): string {
  return sql.split('\n', 1)[0]!.slice(0, 80)
}
