import type { KeyGroupRange } from '../format/metadata/index.ts'

/** `KeyGroupRangeAssignment.UPPER_BOUND_MAX_PARALLELISM` */
export const MAX_PARALLELISM = 32768

/** `MathUtils.murmurHash` of a Java hash code: never negative. */
export function murmurHash(hash: number): number {
  let code = Math.imul(hash, 0xcc9e2d51)
  code = rotateLeft(code, 15)
  code = Math.imul(code, 0x1b873593)
  code = rotateLeft(code, 13)
  code = (Math.imul(code, 5) + 0xe6546b64) | 0
  code ^= 4
  code = Math.imul(code ^ (code >>> 16), 0x85ebca6b)
  code = Math.imul(code ^ (code >>> 13), 0xc2b2ae35)
  code ^= code >>> 16
  if (code >= 0) return code
  return code === -0x80000000 ? 0 : -code
}

function rotateLeft(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by))
}

/** `KeyGroupRangeAssignment.computeKeyGroupForKeyHash` */
export function keyGroupOfHash(hash: number, maxParallelism: number): number {
  return murmurHash(hash) % maxParallelism
}

/** `KeyGroupRangeAssignment.computeKeyGroupRangeForOperatorIndex`; both bounds are inclusive. */
export function keyGroupRangeOf(maxParallelism: number, parallelism: number, subtask: number): KeyGroupRange {
  return {
    keyGroupFirst: Math.floor((subtask * maxParallelism + parallelism - 1) / parallelism),
    keyGroupLast: Math.floor(((subtask + 1) * maxParallelism - 1) / parallelism),
  }
}

/** `KeyGroupRangeAssignment.computeOperatorIndexForKeyGroup` */
export function subtaskOfKeyGroup(maxParallelism: number, parallelism: number, keyGroup: number): number {
  return Math.floor((keyGroup * parallelism) / maxParallelism)
}
