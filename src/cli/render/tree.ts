import type { Colors } from './colors.ts'
import { displayWidth, padEnd, padStart, wrap } from './text.ts'

/** A row of a tree: columns, and at the end a text that is wrapped. */
export interface TreeRow {
  readonly name: string
  readonly kind: string
  /** Set to the right; columns that are empty in all rows take no room. */
  readonly numbers: readonly string[]
  /** Short warnings before the text. */
  readonly marks: readonly string[]
  readonly text: string
  /** More lines below the text. */
  readonly notes: readonly string[]
}

/** Longer names stand on a line of their own. */
const LONGEST_NAME = 34

/** A type of more lines is cut: `--json` has the whole. */
const MOST_LINES = 7

const BRANCH_WIDTH = 3

/** Draws rows as the branches of what stands above them. `width` may be infinite. */
export function treeLines(rows: readonly TreeRow[], width: number, colors: Colors): string[] {
  const longest = Math.min(LONGEST_NAME, width < 100 ? 26 : LONGEST_NAME)
  const names = rows.map((row) => displayWidth(row.name)).filter((each) => each <= longest)
  const nameWidth = Math.max(6, ...names)
  const kindWidth = Math.max(0, ...rows.map((row) => displayWidth(row.kind)))
  const numberWidths = [0, 1, 2].map((i) => Math.max(0, ...rows.map((row) => displayWidth(row.numbers[i] ?? ''))))
  const lines: string[] = []
  rows.forEach((row, i) => {
    const last = i === rows.length - 1
    const branch = colors.dim(last ? '└─ ' : '├─ ')
    const below = colors.dim(last ? '   ' : '│  ')
    const long = displayWidth(row.name) > nameWidth
    if (long) lines.push(branch + row.name)
    const numbers = numberWidths.flatMap((each, n) => (each === 0 ? [] : [padStart(row.numbers[n] ?? '', each)]))
    const left = [colors.cyan(padEnd(row.kind, kindWidth)), ...numbers].join('  ')
    const leftWidth =
      BRANCH_WIDTH + nameWidth + 2 + kindWidth + numberWidths.reduce((s, w) => s + (w > 0 ? w + 2 : 0), 0) + 2
    const marks = row.marks.map((mark) => `[${mark}] `).join('')
    const text = bodyLines(marks, row.text, width - leftWidth)
    const first = `${long ? below : branch}${padEnd(long ? '' : row.name, nameWidth)}  ${left}  ${text[0]!.replace(marks, colors.yellow(marks))}`
    lines.push(first.trimEnd())
    const margin = below + ' '.repeat(leftWidth - BRANCH_WIDTH)
    for (const line of text.slice(1)) lines.push(margin + line)
    for (const note of row.notes.flatMap((each) => wrap(each, Math.max(24, width - leftWidth), 2))) {
      lines.push(margin + colors.dim(note))
    }
  })
  return lines
}

function bodyLines(marks: string, text: string, width: number): string[] {
  const lines = wrap(marks + text, Math.max(24, width), 2)
  if (lines.length <= MOST_LINES) return lines
  return [...lines.slice(0, MOST_LINES - 1), '  …']
}
