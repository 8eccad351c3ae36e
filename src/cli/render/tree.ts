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

/** Where less room is left for the text, it stands below its row. */
const LEAST_TEXT = 24

/** How wide the columns are. */
interface Columns {
  readonly name: number
  readonly kind: number
  readonly numbers: readonly number[]
  /** Where the text begins, and how wide it may be. */
  readonly textStart: number
  readonly text: number
  readonly textBelow: boolean
}

/** Draws rows as the branches of what stands above them. `width` may be infinite. */
export function treeLines(rows: readonly TreeRow[], width: number, colors: Colors): string[] {
  const columns = columnsFor(rows, width)
  return rows.flatMap((row, i) => {
    const last = i === rows.length - 1
    const branch = colors.dim(last ? '└─ ' : '├─ ')
    const below = colors.dim(last ? '   ' : '│  ')
    return rowLines(row, columns, width - BRANCH_WIDTH, colors).map((line, n) => (n === 0 ? branch : below) + line)
  })
}

function columnsFor(rows: readonly TreeRow[], width: number): Columns {
  const longest = width < 100 ? LONGEST_NAME - 8 : LONGEST_NAME
  const most = (widthOf: (row: TreeRow) => number): number =>
    rows.reduce((widest, row) => Math.max(widest, widthOf(row)), 0)
  const name = most((row) => (displayWidth(row.name) <= longest ? displayWidth(row.name) : 0))
  const kind = most((row) => displayWidth(row.kind))
  const numbers = [0, 1].map((i) => most((row) => displayWidth(row.numbers[i] ?? '')))
  const start = name + kind + GAP * 2 + numbers.reduce((sum, each) => sum + (each === 0 ? 0 : each + GAP), 0)
  const textBelow = width - BRANCH_WIDTH - start < LEAST_TEXT
  const textStart = textBelow ? GAP * 2 : start
  return { name, kind, numbers, textStart, text: width - BRANCH_WIDTH - textStart, textBelow }
}

const GAP = 2

/** The lines of a row, without the branch before them. */
function rowLines(row: TreeRow, columns: Columns, width: number, colors: Colors): string[] {
  const own = displayWidth(row.name) > columns.name ? wrap(row.name, width) : []
  const numbers = columns.numbers.flatMap((each, i) => (each === 0 ? [] : [padStart(row.numbers[i] ?? '', each)]))
  const left = [
    padEnd(own.length > 0 ? '' : row.name, columns.name),
    colors.cyan(padEnd(row.kind, columns.kind)),
    ...numbers,
  ]
  const marks = row.marks.map((mark) => `[${mark}] `).join('')
  const [first = '', ...rest] = textLines(marks + row.text, columns.text)
  const marked = marks !== '' && first.startsWith(marks) ? colors.yellow(marks) + first.slice(marks.length) : first
  const notes = row.notes.flatMap((note) => wrap(note, columns.text, 2)).map(colors.dim)
  const margin = ' '.repeat(columns.textStart)
  const head = left.join(' '.repeat(GAP)).trimEnd()
  const body = [marked, ...rest, ...notes]
  if (columns.textBelow) return [...own, head, ...body.map((line) => margin + line)]
  const [beside = '', ...under] = body
  const joined = beside === '' ? head : left.join(' '.repeat(GAP)) + ' '.repeat(GAP) + beside
  return [...own, joined, ...under.map((line) => margin + line)]
}

function textLines(text: string, width: number): string[] {
  const lines = wrap(text, width, 2)
  return lines.length <= MOST_LINES ? lines : [...lines.slice(0, MOST_LINES - 1), '  …']
}
