import { createReadStream } from 'node:fs'
import type { RowOrLine } from '../write/take-lines.ts'
import { linesOf } from './lines.ts'

/** The state that rows belong to, where they do not name it. */
export interface RowTarget {
  readonly operator?: string
  readonly state?: string
}

/** Rows from a file, or from stdin for `-`: JSON lines, or an IPC stream of Apache Arrow, told from their first bytes. */
export async function* rowsFrom(file: string, target: RowTarget): AsyncGenerator<RowOrLine, void, undefined> {
  const input: AsyncIterable<Uint8Array> = file === '-' ? process.stdin : createReadStream(file)
  const chunks = input[Symbol.asyncIterator]()
  let first: Uint8Array | undefined
  let failure: unknown
  try {
    first = (await chunks.next()).value as Uint8Array | undefined
  } catch (error) {
    // Told where the lines are read.
    failure = error
  }
  const all = (async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    if (failure !== undefined) throw failure
    if (first === undefined) return
    yield first
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value
  })()
  if (first && isArrow(first)) {
    const { arrowRows } = await import('./arrow-rows.ts')
    yield* arrowRows(all, target)
  } else yield* named(linesOf(file, all), target)
}

/** A stream begins with the mark of a message, a file with its name. */
function isArrow(bytes: Uint8Array): boolean {
  const isStream = bytes.length >= 4 && bytes.subarray(0, 4).every((byte) => byte === 0xff)
  return isStream || new TextDecoder('latin1').decode(bytes.subarray(0, 6)) === 'ARROW1'
}

/** Adds what the rows do not say; they are not parsed for that. */
async function* named(
  lines: AsyncIterable<string>,
  { operator, state }: RowTarget,
): AsyncGenerator<string, void, undefined> {
  const members = JSON.stringify({ operator, state }).slice(1, -1)
  if (members === '') yield* lines
  // Of two members of a name JSON takes the later: what a row says goes before.
  else for await (const line of lines) yield line.replace(/^\s*\{(?=\s*")/, `{${members},`)
}
