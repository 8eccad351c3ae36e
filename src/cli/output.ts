/** Text is written to stdout in pieces of about this many characters. */
const PIECE = 1 << 15

/**
 * Writes lines to stdout; waits while the reader is slow. Where the reader goes away (`kobel dump … | head`) the
 * process ends quietly.
 */
export async function writeLines(lines: Iterable<string> | AsyncIterable<string>): Promise<void> {
  let piece = ''
  for await (const line of lines) {
    piece += `${line}\n`
    if (piece.length < PIECE) continue
    await writeText(piece)
    piece = ''
  }
  await writeText(piece)
}

async function writeText(text: string): Promise<void> {
  if (text === '' || process.stdout.write(text)) return
  await new Promise<void>((resolve) => process.stdout.once('drain', resolve))
}

/** A closed pipe is no failure: whoever read has seen enough. */
export function endQuietlyOnClosedPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    process.stderr.write(`kobel: the output could not be written: ${error.message}\n`)
    process.exit(4)
  })
}

/** Columns to fit the output into: those of the terminal, or of `COLUMNS`; no limit in a pipe. */
export function outputWidth(): number {
  const columns = process.stdout.columns ?? Number(process.env.COLUMNS)
  return Number.isInteger(columns) && columns > 0 ? Math.max(40, columns) : Number.POSITIVE_INFINITY
}
