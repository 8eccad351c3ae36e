/**
 * Values that come often, by the sketch of Misra and Gries: with 256 counters, every value that makes up more than
 * 1/257 of all is found, and its count is too low by at most that share.
 */
export class Frequent<T> {
  private readonly counters = new Map<number, { count: number; readonly value: T }>()
  private taken = 0
  private added = 0
  private givenUp = false

  /**
   * @param key a hash or another number that stands for the value.
   * @param value is asked for only where the value gets a counter.
   */
  add(key: number, value: () => T): void {
    if (this.givenUp) return
    if (++this.added === TRIAL && !this.anyFrequent()) this.giveUp()
    const counter = this.counters.get(key)
    if (counter) {
      counter.count++
      return
    }
    if (this.counters.size < COUNTERS) {
      this.counters.set(key, { count: 1, value: value() })
      return
    }
    this.taken++
    for (const [each, other] of this.counters) if (--other.count === 0) this.counters.delete(each)
  }

  /** The most frequent values with their least count; `error` is what may be missing from each. */
  top(most: number): {
    readonly values: readonly { readonly value: T; readonly count: number }[]
    readonly error: number
  } {
    const found = [...this.counters.values()].filter((each) => each.count > this.taken)
    found.sort((a, b) => b.count - a.count)
    return { values: found.slice(0, most).map(({ value, count }) => ({ value, count })), error: this.taken }
  }

  private anyFrequent(): boolean {
    for (const { count } of this.counters.values()) if (count > this.added / (COUNTERS + 1)) return true
    return false
  }

  /** Where nearly all values differ, as ids do, looking on is a waste. */
  private giveUp(): void {
    this.givenUp = true
    this.counters.clear()
  }
}

const COUNTERS = 256
/** So many values show whether any comes often. */
const TRIAL = 1 << 16
