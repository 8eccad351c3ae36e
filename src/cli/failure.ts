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
  process.stderr.write(
    json ? `${JSON.stringify({ error: { code, message, where } })}\n` : `kobel: ${printable(error.describe())}\n`,
  )
  return exitCodeOf(code)
}
