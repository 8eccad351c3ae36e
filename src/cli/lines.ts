import { createReadStream } from 'node:fs'
import { KobelError } from '../error.ts'

/**
 * The lines of a file, or of stdin for `-`. Only a line feed ends a line: other characters that end lines elsewhere
 * (U+2028) may stand in the texts of JSON.
 */
export async function* linesOf(
  file: string,
  stream?: AsyncIterable<Uint8Array>,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const open: string[] = []
  try {
    // Opened when lines are asked for: what goes wrong before somebody listens would end the program.
    for await (const chunk of stream ?? (file === '-' ? process.stdin : createReadStream(file))) {
      const lines = decoder.decode(chunk, { stream: true }).split('\n')
      open.push(lines[0]!)
      if (lines.length === 1) continue
      yield open.join('')
      open.length = 0
      for (let i = 1; i < lines.length - 1; i++) yield lines[i]!
      open.push(lines.at(-1)!)
    }
    open.push(decoder.decode())
  } catch (error) {
    throw readError(error, file)
  }
  const last = open.join('')
  if (last !== '') yield last
}

function readError(error: unknown, file: string): unknown {
  if (error instanceof TypeError) return new KobelError('USAGE', 'the lines are not UTF-8', { file })
  const { code, message } = error as NodeJS.ErrnoException
  if (code === undefined) return error
  if (code === 'ENOENT') return new KobelError('NOT_FOUND', 'there is no such file', { file })
  return new KobelError('STORE', `the lines could not be read: ${message}`, { file })
}
