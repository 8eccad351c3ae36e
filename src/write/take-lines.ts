import { fromBase64 } from '../bytes/encoding.ts'
import { KobelError } from '../error.ts'
import { isRawTimers } from '../format/raw-timers.ts'
import type { ColumnRows } from './column-rows.ts'
import { atLine, type Intake } from './intake.ts'
import { objectAt } from './plan.ts'
import type { WriteRow } from './rows.ts'

/** A row, or the line of JSON that it is, or columns of many rows. */
export type RowOrLine = WriteRow | string | ColumnRows

/** What is told and heeded while rows are taken. */
export interface TakeOptions {
  /** Takes what a dump that was cut, or left something out, has. */
  readonly partial?: boolean
  readonly onRows?: (count: number) => void
  /** Stops the work, which then leaves nothing that looks whole. */
  readonly signal?: AbortSignal
}

/** The last line of a dump: `{"end": {"rows": N}}`. */
export interface End {
  /** Of all lines, from 1. */
  readonly line: number
  readonly rows: unknown
  readonly partial: boolean
}

/** What was taken. */
export interface Taken {
  /** The number of the next line, from 1; columns count as many. */
  line: number
  rows: number
  /** The line of the last row. */
  lastRow: number
  end: End | undefined
}

/** @param line the number of the first. */
export function newTaken(line: number): Taken {
  return { line, rows: 0, lastRow: 0, end: undefined }
}

/**
 * Adds all rows; of a dump, its last line must tell how many there were.
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
  const taken: Taken = newTaken(before + 1)
  for await (const each of rows) {
    options.signal?.throwIfAborted()
    const had = taken.rows
    const wait = takeRow(intake, each, taken.line - before - 1, taken)
    if (wait) await wait
    options.onRows?.(taken.rows - had)
  }
  checkEnd(taken, options.partial ?? false)
  return taken
}

/**
 * Adds one row, or what is one line, or columns.
 * @param index of the row among all.
 */
export function takeRow(intake: Intake, each: RowOrLine, index: number, taken: Taken): Promise<void> | undefined {
  const { line } = taken
  try {
    if (typeof each === 'object' && each !== null && 'columns' in each) {
      taken.line += each.count
      taken.rows += each.count
      taken.lastRow = line
      return intake.addColumns(each, index).catch((error) => {
        throw atLine(error, line)
      })
    }
    taken.line++
    if (each === '') return undefined
    const row = typeof each === 'string' ? parseLine(each) : (objectAt(each, 'a row') as Record<string, unknown>)
    if (row.end !== undefined) {
      const { rows, partial } = objectAt(row.end, 'the last line of a dump')
      if (taken.end) throw behindEnd()
      taken.end = { line, rows, partial: partial === true }
      return undefined
    }
    if (taken.end && taken.end.line < line) throw behindEnd()
    taken.rows++
    taken.lastRow = line
    return addRow(intake, row, index)?.catch((error) => {
      throw atLine(error, line)
    })
  } catch (error) {
    throw atLine(error, line)
  }
}

function behindEnd(): KobelError {
  return new KobelError('USAGE', 'there is a line behind the last one, {"end": …}: two dumps in one?')
}

function addRow(intake: Intake, row: Record<string, unknown>, index: number): Promise<void> | undefined {
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

/** @throws KobelError `TRUNCATED` where rows are missing, `INCOMPATIBLE` where they were left out. */
export function checkEnd({ end, rows, lastRow }: Taken, partial: boolean): void {
  if (!end || partial) return
  if (end.line < lastRow) throw atLine(behindEnd(), lastRow)
  if (end.partial) {
    const message =
      'the dump is a part: of some operators (--operator), or of what could be read (--salvage). The rest would come out empty; --partial (option partial) takes it so'
    throw atLine(new KobelError('INCOMPATIBLE', message), end.line)
  }
  if (end.rows === rows) return
  const told = JSON.stringify(end.rows)
  const message = `the dump had ${told} rows when it was made, ${rows} are here: lines are missing or there twice`
  throw atLine(new KobelError('TRUNCATED', message), end.line)
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
