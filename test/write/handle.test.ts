import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashOfHandle, mergeHandles, type PartitionHandle, type WriteHandle } from '../../src/write/handle.ts'

const OPERATOR = '0123456789abcdef0123456789abcdef'

function handle(subtask: number, changes: Partial<PartitionHandle> = {}, plan = 'p'): WriteHandle {
  const partition = {
    operator: OPERATOR,
    part: 'keyed',
    subtask,
    id: `${OPERATOR}-keyed-${subtask}`,
    rows: 1,
    bytes: 3,
    stream: { inline: 'AQID', size: 3, sha256: '039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81' },
    keyGroups: { keyGroupFirst: subtask * 2, keyGroupLast: subtask * 2 + 1, offsets: [0, 2] },
    ...changes,
  } as const
  return { kobelHandle: 1, plan, partitions: [{ ...partition, hash: hashOfHandle(partition) }] }
}

test('merging is associative and does not look at the order', () => {
  const [a, b, c] = [handle(0), handle(1), handle(2)]
  const all = mergeHandles([a, b, c])
  assert.deepEqual(mergeHandles([mergeHandles([c, b]), a]), all)
  assert.deepEqual(mergeHandles([b, mergeHandles([a, c])]), all)
  assert.deepEqual(
    all.partitions.map((each) => each.subtask),
    [0, 1, 2],
  )
})

test('a partition written twice alike is kept once, whatever its files are called and whichever comes first', () => {
  const stream = { size: 3, sha256: '039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81' }
  const a = handle(0, { stream: { file: 'attempt-a', ...stream } })
  const b = handle(0, { stream: { file: 'attempt-b', ...stream } })
  assert.deepEqual(mergeHandles([a, b]), mergeHandles([b, a]))
  assert.equal(mergeHandles([a, b, a]).partitions.length, 1)
})

test('a partition written twice with other contents is refused, naming both', () => {
  const other = handle(0, { stream: { file: 'attempt-b', size: 3, sha256: 'ff' } })
  const one = handle(0, { stream: { file: 'attempt-a', size: 3, sha256: 'ee' } })
  assert.throws(() => mergeHandles([one, other]), { code: 'CONFLICT', message: /attempt-a and attempt-b/ })
})

test('overlapping key groups, other plans, changed handles and none at all are refused', () => {
  const overlapping = handle(1, { keyGroups: { keyGroupFirst: 1, keyGroupLast: 2, offsets: [0, 0] } })
  assert.throws(() => mergeHandles([handle(0), overlapping]), { code: 'CONFLICT', message: /overlap/ })
  assert.throws(() => mergeHandles([handle(0), handle(1, {}, 'q')]), { code: 'CONFLICT', message: /two plans/ })
  const [partition] = handle(0).partitions
  const changed: WriteHandle = { ...handle(0), partitions: [{ ...partition!, rows: 2 }] }
  assert.throws(() => mergeHandles([changed]), { code: 'CORRUPT' })
  assert.throws(() => mergeHandles([]), { code: 'USAGE' })
  assert.throws(() => mergeHandles([{} as WriteHandle]), { code: 'USAGE' })
})
