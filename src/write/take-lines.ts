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

/**
 * Adds all rows. A line `{"end": {"rows": N}}`, the last one of a dump, must tell how many there were.
 *
 * Gives whether that line was there.
 *
 * @param before lines that came before the first of these.
 * @throws KobelError which names the line.
 */
export async function takeRows(
  intake: Intake,
  rows: Iterable<RowOrLine> | AsyncIterable<RowOrLine>,
  before: number,
  options: TakeOptions,
): Promise<boolean> {
  let number = before
  let count = 0
  let ended = false
  for await (const each of rows) {
    options.signal?.throwIfAborted()
    number++
    if (each === '') continue
    try {
      if (typeof each === 'object' && 'columns' in each) {
        await intake.addColumns(each, number - before - 1)
        number += each.count - 1
        count += each.count
        options.onRows?.(each.count)
        continue
      }
      const row = typeof each === 'string' ? parseLine(each) : (objectAt(each, 'a row') as Record<string, unknown>)
      if (ended) throw new KobelError('USAGE', 'there is a line behind the last one, {"end": …}: two dumps in one?')
      ended = isEnd(row, count, options.partial ?? false)
      if (ended) continue
      count++
      const wait = takeRow(intake, row, number - before - 1)
      if (wait) await wait
    } catch (error) {
      throw atLine(error, number)
    }
    options.onRows?.(1)
  }
  return ended
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

/** @throws KobelError `TRUNCATED` where rows are missing, `INCOMPATIBLE` where they were left out. */
function isEnd(row: Record<string, unknown>, count: number, partial: boolean): boolean {
  if (row.end === undefined) return false
  const { rows, partial: isPartial } = objectAt(row.end, 'the last line of a dump')
  if (isPartial === true && !partial) {
    throw new KobelError(
      'INCOMPATIBLE',
      'the dump is a part: of some operators (--operator), or of what could be read (--salvage). The rest would come out empty; --partial (option partial) takes it so',
    )
  }
  if (rows === count || partial) return true
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
