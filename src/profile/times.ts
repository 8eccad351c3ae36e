/** Points in time, in milliseconds since 1970, over ranges of equal length. Plain data. */
export interface TimeSummary {
  readonly count: number
  /** As text: they can be beyond 2^53. */
  readonly min: string
  readonly max: string
  /** The length of a range. */
  readonly stepMs: number
  /** Ranges in which there are any, `from` inclusive. */
  readonly histogram: readonly { readonly from: string; readonly count: number }[]
}

const CELLS = 48

/**
 * A histogram of times that are not known before: its ranges double in length when a time comes that lies outside.
 * Timers at the end of time (`Long.MAX_VALUE`, `Long.MIN_VALUE`) would stretch it over all; they are counted in `min` and
 * `max` and have ranges of their own.
 */
export class Times {
  private count = 0
  private min: bigint | undefined
  private max: bigint | undefined
  private step = 1
  /** The number of the first cell in steps since 1970. */
  private first = 0
  private used = 0
  private readonly cells = new Float64Array(CELLS)
  private readonly endless = new Map<bigint, number>()

  add(time: bigint): void {
    this.count++
    if (this.min === undefined || time < this.min) this.min = time
    if (this.max === undefined || time > this.max) this.max = time
    if (time > FAR || time < -FAR) {
      this.endless.set(time > 0 ? FAR : -FAR, (this.endless.get(time > 0 ? FAR : -FAR) ?? 0) + 1)
      return
    }
    this.place(Number(time))
  }

  /** How many are before a time; right to a range of the histogram. */
  before(time: number): number {
    let count = this.endless.get(-FAR) ?? 0
    for (let i = 0; i < this.used; i++) {
      const from = (this.first + i) * this.step
      const share = Math.min(1, Math.max(0, (time - from) / this.step))
      count += this.cells[i]! * share
    }
    return Math.round(count)
  }

  summary(): TimeSummary | undefined {
    if (this.min === undefined || this.max === undefined) return undefined
    const histogram: { from: string; count: number }[] = []
    for (let i = 0; i < this.used; i++) {
      if (this.cells[i]! > 0) histogram.push({ from: String((this.first + i) * this.step), count: this.cells[i]! })
    }
    return { count: this.count, min: String(this.min), max: String(this.max), stepMs: this.step, histogram }
  }

  private place(time: number): void {
    for (;;) {
      const cell = Math.floor(time / this.step)
      if (this.used === 0) this.first = cell
      const low = Math.min(this.first, cell)
      const high = Math.max(this.first + this.used - 1, cell)
      if (high - low < CELLS) {
        if (low < this.first) {
          this.cells.copyWithin(this.first - low, 0, this.used)
          this.cells.fill(0, 0, this.first - low)
        }
        this.first = low
        this.used = high - low + 1
        this.cells[cell - low]!++
        return
      }
      this.widen()
    }
  }

  private widen(): void {
    const first = Math.floor(this.first / 2)
    const wider = new Float64Array(CELLS)
    for (let i = 0; i < this.used; i++) wider[Math.floor((this.first + i) / 2) - first]! += this.cells[i]!
    this.used = this.used === 0 ? 0 : Math.floor((this.first + this.used - 1) / 2) - first + 1
    this.cells.set(wider)
    this.first = first
    this.step *= 2
  }
}

/** Beyond the year 10,000 there are only times that mean never. */
const FAR: bigint = 253_402_300_800_000n
