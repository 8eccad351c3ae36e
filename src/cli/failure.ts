import { exitCodeOf, KobelError } from '../error.ts'
import { printable } from './render/text.ts'

/** An error that is no KobelError: the exit code of a defect of kobel itself. */
const DEFECT = 70

/** Says on stderr what went wrong; gives the exit code. */
export function reportFailure(error: unknown, json: boolean): number {
  if (!(error instanceof KobelError)) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    if (json) process.stderr.write(`${JSON.stringify({ error: { code: 'DEFECT', message: text, where: {} } })}\n`)
    else process.stderr.write(`kobel: this is a defect of kobel, please report it: ${text}\n`)
    return DEFECT
  }
  const { code, message, where } = error
  // DuckDB shows the place in the statement, which takes lines of its own.
  const lines = STATEMENT.test(message) ? error.describe().split('\n') : [error.describe()]
  process.stderr.write(
    json ? `${JSON.stringify({ error: { code, message, where } })}\n` : `kobel: ${lines.map(printable).join('\n')}\n`,
  )
  return exitCodeOf(code)
}

const STATEMENT = /\nLINE \d+: /
