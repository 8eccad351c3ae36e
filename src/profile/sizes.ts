/** Sizes of many things, from a histogram of fixed memory. Plain data; lengths in bytes, or in elements for lists. */
export interface SizeSummary {
  readonly count: number
  readonly sum: number
  readonly min: number
  readonly max: number
  readonly mean: number
  /** Exact below 32, above it to within 1/16. */
  readonly p50: number
  readonly p90: number
  readonly p99: number
  /** Counts of powers of two: from `from` (inclusive) to twice that; `from` 0 is the count of zeros. */
  readonly histogram: readonly { readonly from: number; readonly count: number }[]
}

/** Steps between a number and its double. */
const STEPS = 16
const EXACT = 2 * STEPS
/** Numbers below 2^53 fall into one of these. */
const CELLS: number = EXACT + STEPS * (53 - 5)

/** The distribution of whole numbers from 0, in one pass and 6 kB. */
export class Sizes {
  private readonly cells = new Float64Array(CELLS)
  private count = 0
  private sum = 0
  private min = Number.POSITIVE_INFINITY
  private max = 0

  add(size: number): void {
    this.cells[cellOf(size)]!++
    this.count++
    this.sum += size
    if (size < this.min) this.min = size
    if (size > this.max) this.max = size
  }

  summary(): SizeSummary {
    const { count, sum, max } = this
    const min = count === 0 ? 0 : this.min
    const at = (share: number): number => Math.min(max, Math.max(min, this.quantile(share)))
    return {
      count,
      sum,
      min,
      max,
      mean: count === 0 ? 0 : sum / count,
      p50: at(0.5),
      p90: at(0.9),
      p99: at(0.99),
      histogram: this.powers(),
    }
  }

  /** The least cell below and in which there is that share of all. */
  private quantile(share: number): number {
    const wanted = Math.max(1, Math.ceil(this.count * share))
    let seen = 0
    for (let cell = 0; cell < CELLS; cell++) {
      seen += this.cells[cell]!
      if (seen >= wanted) return startOf(cell)
    }
    return this.max
  }

  private powers(): { from: number; count: number }[] {
    const powers = new Map<number, number>()
    for (let cell = 0; cell < CELLS; cell++) {
      const count = this.cells[cell]!
      if (count === 0) continue
      const start = startOf(cell)
      const from = start === 0 ? 0 : 2 ** Math.floor(Math.log2(start))
      powers.set(from, (powers.get(from) ?? 0) + count)
    }
    return [...powers].map(([from, count]) => ({ from, count }))
  }
}

/** Numbers below 32 have a cell each; above, 16 cells for each power of two. */
function cellOf(size: number): number {
  if (size < EXACT) return size
  const power = 31 - Math.clz32(size)
  if (size < 2 ** 31) return EXACT + (power - 5) * STEPS + ((size >>> (power - 4)) & (STEPS - 1))
  const exponent = Math.floor(Math.log2(size))
  return EXACT + (exponent - 5) * STEPS + (Math.floor(size / 2 ** (exponent - 4)) % STEPS)
}

function startOf(cell: number): number {
  if (cell < EXACT) return cell
  const power = 5 + Math.floor((cell - EXACT) / STEPS)
  return 2 ** power + ((cell - EXACT) % STEPS) * 2 ** (power - 4)
}
