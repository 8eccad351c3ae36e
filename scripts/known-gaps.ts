import { readFile } from 'node:fs/promises'

/** A difference from Flink that is known and explained. */
export interface KnownGap {
  /** Which expected files have it. */
  readonly file: RegExp
  /** Which differences of such a file it accounts for. */
  readonly difference: RegExp
  readonly reason: string
}

/** Reads a list of known gaps: `FILE-REGEXP | DIFFERENCE-REGEXP | reason` on a line, `#` begins a comment. */
export async function readGaps(file: string): Promise<KnownGap[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'))
  return lines.map((line) => {
    const [path, difference, reason] = line.split(' | ')
    if (path === undefined || difference === undefined || reason === undefined)
      throw new Error(`not a known gap: ${line}`)
    return { file: new RegExp(path.trim()), difference: new RegExp(difference.trim(), 's'), reason: reason.trim() }
  })
}

/**
 * The differences of a file that no gap accounts for. The list only shrinks: a gap that does not show is a difference
 * of its own.
 */
export function withoutGaps(gaps: readonly KnownGap[], file: string, differences: readonly string[]): string[] {
  const known = gaps.filter((gap) => gap.file.test(file))
  const left = differences.filter((difference) => !known.some((gap) => gap.difference.test(difference)))
  const healed = known.filter((gap) => !differences.some((difference) => gap.difference.test(difference)))
  return [
    ...left,
    ...healed.map((gap) => `the known gap "${gap.reason}" does not show any more: take it out of the list`),
  ]
}
