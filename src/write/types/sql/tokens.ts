import { wrongType } from '../form.ts'

export interface SqlToken {
  /** A word in capitals, a sign, or what stood between quotes. */
  readonly text: string
  /** A name in backticks. */
  readonly quoted?: true
  /** A text in single quotes. */
  readonly literal?: true
  /** As it was written. */
  readonly original?: string
}

const MAX_TEXT = 100_000
const TOKEN = /\s*(?:`((?:[^`]|``)*)`|'((?:[^']|'')*)'|(\*[A-Za-z]+\*|[\p{L}_$][\p{L}\p{N}_$]*|\d+|[<>(),]))\s*/uy

export function tokensOf(text: string, path: string): SqlToken[] {
  if (text.length > MAX_TEXT) throw wrongType({ path }, `a SQL type is longer than ${MAX_TEXT}`)
  const tokens: SqlToken[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < text.length) {
    const start = TOKEN.lastIndex
    const match = TOKEN.exec(text)
    if (!match)
      throw wrongType({ path }, `the SQL type cannot be read from ${JSON.stringify(text.slice(start, start + 20))} on`)
    const [, quoted, literal, word] = match
    if (quoted !== undefined) {
      const name = quoted.replaceAll('``', '`')
      tokens.push({ text: name, original: name, quoted: true })
    } else if (literal !== undefined) {
      const value = literal.replaceAll("''", "'")
      tokens.push({ text: value, original: value, literal: true })
    } else tokens.push({ text: word!.toUpperCase(), original: word! })
  }
  return tokens
}
