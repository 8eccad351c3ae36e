import { fromBase64 } from '../bytes/encoding.ts'
import { KobelError } from '../error.ts'
import { isRawTimers } from '../format/raw-timers.ts'
import { atLine, type Intake } from './intake.ts'
import { objectAt } from './plan.ts'
import type { WriteRow } from './rows.ts'

/** A row, or the line of JSON that it is. */
export type RowOrLine = WriteRow | string

/** What is told and heeded while rows are taken. */
export interface TakeOptions {
  readonly onRows?: (count: number) => void
  /** Stops the work, which then leaves nothing that looks whole. */
  readonly signal?: AbortSignal
}

/** Where the rows ended. */
export interface Taken {
  /** Rows told by the last line of a dump, where it was there. */
  readonly ended: boolean
  readonly lines: number
}

/**
 * Adds all rows. A line `{"end": {"rows": N}}`, the last one of a dump, must tell how many there were.
 *
 * @param before lines that came before the first of these.
 * @throws KobelError which names the line.
 */
export async function takeRows(
  intake: Intake,
  rows: Iterable<RowOrLine> | AsyncIterable<RowOrLine>,
  before: number,
  options: TakeOptions,
): Promise<Taken> {
  let number = before
  let count = 0
  let ended = false
  for await (const each of rows) {
    options.signal?.throwIfAborted()
    number++
    if (each === '') continue
    try {
      const row = typeof each === 'string' ? parseLine(each) : (objectAt(each, 'a row') as Record<string, unknown>)
      if (ended) throw new KobelError('USAGE', 'there is a line behind the last one, {"end": …}: two dumps in one?')
      ended = isEnd(row, count)
      if (ended) continue
      count++
      const wait = takeRow(intake, row, number - before - 1)
      if (wait) await wait
    } catch (error) {
      throw atLine(error, number)
    }
    options.onRows?.(1)
  }
  return { ended, lines: number }
}

function takeRow(intake: Intake, row: Record<string, unknown>, index: number): Promise<void> | undefined {
  if (row.plan !== undefined) {
    throw new KobelError('USAGE', 'the line has a plan, a row was expected: kobel load takes a dump with its plan')
  }
  if (row.part === undefined) return intake.add(row as unknown as WriteRow, index)
  checkBlob(row)
  return undefined
}

/** Timers in raw keyed state are rows as well, and become managed state; of other blobs too little is known. */
function checkBlob({ part, kind, operator, bytes }: Record<string, unknown>): void {
  if (kind === 'raw-keyed' && isRawTimers(fromBase64(String(bytes)))) return
  throw new KobelError(
    'INCOMPATIBLE',
    `the dump has ${kind} state (${part}), which cannot be loaded: where its pieces begin is not in a dump`,
    { operator: String(operator) },
  )
}

/** @throws KobelError `TRUNCATED` where rows are missing. */
function isEnd(row: Record<string, unknown>, count: number): boolean {
  if (row.end === undefined) return false
  const { rows } = objectAt(row.end, 'the last line of a dump')
  if (rows === count) return true
  throw new KobelError(
    'TRUNCATED',
    `the dump had ${JSON.stringify(rows)} rows when it was made, ${count} are here: lines are missing or there twice`,
  )
}

export function parseLine(line: string): Record<string, unknown> {
  let json: unknown
  try {
    json = JSON.parse(line)
  } catch (error) {
    throw new KobelError('USAGE', `the line is not JSON, it may have been cut: ${(error as Error).message}`)
  }
  return objectAt(json, 'a line')
}
