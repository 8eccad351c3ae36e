import { KobelError } from '../error.ts'
import type { Expectation } from './expectations.ts'

/** Rows of a statement as texts; the database decides how values look. */
export interface StatementRows {
  readonly columns: readonly string[]
  readonly rows: AsyncIterable<readonly (string | null)[]>
}

/** Runs a statement. */
export type RunStatement = (sql: string) => Promise<StatementRows>

export interface AssertionResult {
  readonly name: string
  readonly line: number
  readonly ok: boolean
  /** Why not. */
  readonly message?: string
  /** The first rows that should not be there, names of columns first. */
  readonly rows?: readonly (readonly (string | null)[])[]
  readonly milliseconds: number
}

/** Rows of a failed expectation that are kept. */
const MOST_ROWS = 5
/** Beyond this, rows that should not be there are no longer counted. */
const MOST_COUNTED = 1_000_000

/**
 * Runs expectations one after another. A statement that the database refuses is a failed expectation; what cannot be read
 * of the snapshot is thrown.
 */
export async function* runExpectations(
  expectations: readonly Expectation[],
  run: RunStatement,
  now: () => number,
): AsyncGenerator<AssertionResult, void, undefined> {
  for (const expectation of expectations) {
    const start = now()
    const outcome = await check(expectation, run)
    const { name, line } = expectation
    yield { name, line, ...outcome, milliseconds: Math.round(now() - start) }
  }
}

type Checked = Pick<AssertionResult, 'ok' | 'message' | 'rows'>

async function check({ sql, expected }: Expectation, run: RunStatement): Promise<Checked> {
  try {
    const { columns, rows } = await run(sql)
    const { count, first } = await take(rows, expected.kind === 'no rows' ? MOST_COUNTED : 2)
    if (expected.kind === 'rows') {
      return count > 0 ? { ok: true } : { ok: false, message: 'no row came, at least one was expected' }
    }
    if (expected.kind === 'no rows') {
      if (count === 0) return { ok: true }
      const many = count === MOST_COUNTED ? `${count} rows or more` : count === 1 ? 'a row' : `${count} rows`
      return { ok: false, message: `${many} came, none was expected`, rows: [columns, ...first] }
    }
    const found = first[0]
    if (count === 1 && found?.length === 1 && found[0] === expected.text) return { ok: true }
    const shown = count === 1 && found?.length === 1 ? `found ${found[0]}` : 'found no single value'
    return { ok: false, message: `expected ${expected.text}, ${shown}`, rows: [columns, ...first] }
  } catch (error) {
    // Of the codes of a statement only USAGE and NOT_FOUND are about the SQL itself.
    if (error instanceof KobelError && (error.code === 'USAGE' || error.code === 'NOT_FOUND')) {
      return { ok: false, message: error.message }
    }
    throw error
  }
}

async function take(
  rows: AsyncIterable<readonly (string | null)[]>,
  most: number,
): Promise<{ count: number; first: (readonly (string | null)[])[] }> {
  const first: (readonly (string | null)[])[] = []
  let count = 0
  for await (const row of rows) {
    if (count < MOST_ROWS) first.push(row)
    if (++count === most) break
  }
  return { count, first }
}
