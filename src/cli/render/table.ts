import { displayWidth, padEnd, padStart, truncate } from './text.ts'

export interface Column {
  readonly title: string
  readonly align?: 'left' | 'right'
}

/** Space between columns. */
const GAP = 2

/** The least width a column is cut to. */
const LEAST = 6

/** No column is wider, however wide the output. */
const MOST = 120

/** How wide each column is to be, for rows like these. `width` may be infinite. */
export function columnWidths(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): readonly number[] {
  const wanted = columns.map((column, i) =>
    rows.reduce((most, row) => Math.max(most, displayWidth(row[i] ?? '')), displayWidth(column.title)),
  )
  return fit(
    wanted.map((each) => Math.min(each, MOST)),
    width - GAP * (columns.length - 1),
  )
}

/** One line of a table; a cell that does not fit is cut with an ellipsis. */
export function tableLine(columns: readonly Column[], widths: readonly number[], cells: readonly string[]): string {
  return columns
    .map((column, i) => {
      const width = widths[i] ?? 0
      const cell = truncate(cells[i] ?? '', width)
      return column.align === 'right' ? padStart(cell, width) : padEnd(cell, width)
    })
    .join(' '.repeat(GAP))
    .trimEnd()
}

/** Widths that fit: the widest columns give way until all together take no more than there is. */
function fit(wanted: readonly number[], available: number): number[] {
  const widths = [...wanted]
  let excess = widths.reduce((sum, width) => sum + width, 0) - available
  while (excess > 0) {
    const widest = Math.max(...widths)
    if (widest <= LEAST) break
    const second = Math.max(LEAST, ...widths.filter((width) => width < widest))
    const count = widths.filter((width) => width === widest).length
    const step = Math.max(1, Math.min(widest - second, Math.ceil(excess / count)))
    for (let i = 0; i < widths.length && excess > 0; i++) {
      if (widths[i] !== widest) continue
      const by = Math.min(step, excess)
      widths[i] = widest - by
      excess -= by
    }
  }
  return widths
}
