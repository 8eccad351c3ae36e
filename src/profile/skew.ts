import { keyGroupRangeOf } from '../snapshot/key-groups.ts'

/** How entries and bytes fall on subtasks, now or at another parallelism. Plain data. */
export interface Spread {
  readonly parallelism: number
  readonly maxParallelism: number
  readonly entries: SpreadOf
  readonly bytes: SpreadOf
}

export interface SpreadOf {
  readonly mean: number
  readonly largest: number
  /** The subtask with the most. */
  readonly largestSubtask: number
  /** `largest / mean`: 1 is even; 0 where there is nothing. */
  readonly ratio: number
}

/** Entries and bytes of each key group. */
export class KeyGroupSums {
  readonly entries: Float64Array
  readonly bytes: Float64Array

  constructor(maxParallelism: number) {
    this.entries = new Float64Array(maxParallelism)
    this.bytes = new Float64Array(maxParallelism)
  }

  add(keyGroup: number, bytes: number): void {
    this.entries[keyGroup]!++
    this.bytes[keyGroup]! += bytes
  }

  /** @param parallelism up to the number of key groups. */
  spread(parallelism: number): Spread {
    const maxParallelism = this.entries.length
    const over = (sums: Float64Array): SpreadOf => {
      const subtasks = subtaskSums(sums, parallelism)
      const total = subtasks.reduce((sum, each) => sum + each, 0)
      const largest = Math.max(...subtasks)
      const mean = total / parallelism
      return { mean, largest, largestSubtask: subtasks.indexOf(largest), ratio: total === 0 ? 0 : largest / mean }
    }
    return { parallelism, maxParallelism, entries: over(this.entries), bytes: over(this.bytes) }
  }
}

/** The sum of each subtask's key groups, by Flink's formula. */
export function subtaskSums(sums: Float64Array, parallelism: number): number[] {
  return Array.from({ length: parallelism }, (_, subtask) => {
    const { keyGroupFirst, keyGroupLast } = keyGroupRangeOf(sums.length, parallelism, subtask)
    let sum = 0
    for (let keyGroup = keyGroupFirst; keyGroup <= keyGroupLast; keyGroup++) sum += sums[keyGroup]!
    return sum
  })
}
