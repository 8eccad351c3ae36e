import { KobelError } from '../error.ts'
import type { PartitionHandle, WriteHandle } from './handle.ts'

/** Checks a handle that came as JSON. @throws KobelError `USAGE`, which names the member that is wrong. */
export function readHandle(json: unknown): WriteHandle {
  const { kobelHandle, plan, partitions } = membersOf(json)
  if (kobelHandle !== 1 || typeof plan !== 'string' || !Array.isArray(partitions)) {
    throw new KobelError('USAGE', 'a handle as writePartition gives it was expected: {"kobelHandle": 1, …}')
  }
  for (const each of partitions) checkPartition(membersOf(each))
  return json as WriteHandle
}

function checkPartition(partition: Members): void {
  const { id, operator, part, subtask, rows, bytes, hash, stream, keyGroups, states } = partition
  const check = (name: keyof PartitionHandle, fits: boolean): void => {
    if (fits) return
    const found = (JSON.stringify(partition[name]) ?? 'nothing').slice(0, 80)
    throw new KobelError('USAGE', `the handle of a partition has no ${name} as it should be, found ${found}`)
  }
  check('id', typeof id === 'string')
  check('operator', typeof operator === 'string' && /^[0-9a-f]{32}$/.test(operator))
  check('part', part === 'keyed' || part === 'operator')
  check('subtask', isCount(subtask))
  check('rows', isCount(rows))
  check('bytes', isCount(bytes))
  check('hash', typeof hash === 'string')
  const { file, inline, size, sha256 } = membersOf(stream)
  const place = file === undefined ? inline : file
  check('stream', typeof place === 'string' && typeof sha256 === 'string' && size === bytes)
  const areOffsets = (offsets: unknown): boolean =>
    Array.isArray(offsets) && offsets.every((offset) => isCount(offset) && offset <= Number(bytes))
  if (part === 'keyed') {
    const { keyGroupFirst, keyGroupLast, offsets } = membersOf(keyGroups)
    check('keyGroups', isCount(keyGroupFirst) && isCount(keyGroupLast) && areOffsets(offsets))
    return
  }
  const areStates =
    Array.isArray(states) &&
    states.map(membersOf).every(({ name, mode, offsets }) => {
      return typeof name === 'string' && MODES.has(mode) && areOffsets(offsets)
    })
  check('states', areStates)
}

const MODES: ReadonlySet<unknown> = new Set(['SPLIT_DISTRIBUTE', 'UNION', 'BROADCAST'])

type Members = Readonly<Record<string, unknown>>

function membersOf(json: unknown): Members {
  return typeof json === 'object' && json !== null ? (json as Members) : {}
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
