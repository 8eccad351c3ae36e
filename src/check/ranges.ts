import type { KeyedStateHandle, KeyGroupOffsets, KeyGroupRange, SubtaskMetadata } from '../format/metadata/index.ts'
import { streamBytes } from '../snapshot/handles.ts'
import { keyGroupRangeOf, MAX_PARALLELISM } from '../snapshot/key-groups.ts'
import type { Operator } from '../snapshot/operator.ts'
import { type Finding, type Findings, keyGroupMembers } from './findings.ts'

/** Parallelism, subtasks and the key groups of their handles, which follow Flink's formula. Reads nothing. */
export function checkRanges(operator: Operator, findings: Findings): void {
  const { parallelism, maxParallelism, metadata } = operator
  const add = (finding: Omit<Finding, 'operator'>): void => findings.add({ operator: operator.label, ...finding })
  checkSubtasks(operator, add)
  const keyed = metadata.subtasks.filter((subtask) => subtask.managedKeyedState || subtask.rawKeyedState)
  if (keyed.length === 0) return
  if (maxParallelism < parallelism || maxParallelism > MAX_PARALLELISM || parallelism < 1) {
    const message = `parallelism ${parallelism} and max parallelism ${maxParallelism} do not go together: Flink takes 1 to the max parallelism, which is at most ${MAX_PARALLELISM}`
    add({ severity: 'error', code: 'WRONG_PARALLELISM', message })
    return
  }
  for (const subtask of keyed) {
    for (const handle of [subtask.managedKeyedState, subtask.rawKeyedState]) {
      if (handle) checkHandle(operator, subtask, handle, add)
    }
  }
  checkCover(operator, add)
}

type Add = (finding: Omit<Finding, 'operator'>) => void

function checkSubtasks({ metadata, parallelism }: Operator, add: Add): void {
  const seen = new Set<number>()
  for (const { index, inputChannelState, resultSubpartitionState } of metadata.subtasks) {
    if (index < 0 || index >= parallelism) {
      const message = `there is state of a subtask ${index}, but the parallelism is ${parallelism}`
      add({ severity: 'error', code: 'WRONG_PARALLELISM', subtask: index, message })
    } else if (seen.has(index)) {
      const message = 'the state of the subtask stands twice'
      add({ severity: 'error', code: 'WRONG_PARALLELISM', subtask: index, message })
    }
    seen.add(index)
    for (const channel of [...inputChannelState, ...resultSubpartitionState]) {
      const offsets = 'offsets' in channel ? channel.offsets : offsetsOf(channel)
      const bytes = streamBytes(channel.stream)
      const wrong = offsets.find((offset) => offset < 0 || offset >= bytes)
      if (wrong === undefined) continue
      const message = `channel state begins at ${wrong}, but its stream has ${bytes} bytes`
      add({ severity: 'error', code: 'WRONG_OFFSET', subtask: index, message })
    }
  }
}

function offsetsOf(
  channel: SubtaskMetadata['inputChannelState'][number] | SubtaskMetadata['resultSubpartitionState'][number],
): readonly number[] {
  if (channel.kind === 'merged-input-channel') return channel.channels.flatMap((each) => each.offsets)
  if (channel.kind === 'merged-result-subpartition') return channel.subpartitions.flatMap((each) => each.offsets)
  return channel.offsets
}

function checkHandle(
  { parallelism, maxParallelism }: Operator,
  { index }: SubtaskMetadata,
  handle: KeyedStateHandle,
  add: Add,
): void {
  const expected = keyGroupRangeOf(maxParallelism, parallelism, index)
  const { keyGroupFirst, keyGroupLast } = handle.keyGroupRange
  if (keyGroupFirst !== expected.keyGroupFirst || keyGroupLast !== expected.keyGroupLast) {
    const message = `the subtask holds ${textOf(handle.keyGroupRange)}; by Flink's formula for max parallelism ${maxParallelism} and parallelism ${parallelism} these are ${textOf(expected)}`
    add({
      severity: 'error',
      code: 'WRONG_RANGE',
      subtask: index,
      ...keyGroupMembers([keyGroupFirst, keyGroupLast]),
      message,
    })
  }
  if ('offsets' in handle) checkOffsets(index, handle, add)
}

function textOf({ keyGroupFirst, keyGroupLast }: KeyGroupRange): string {
  return keyGroupFirst > keyGroupLast ? 'no key groups' : `the key groups ${keyGroupFirst} to ${keyGroupLast}`
}

function checkOffsets(subtask: number, { keyGroupRange, offsets, stream }: KeyGroupOffsets, add: Add): void {
  const { keyGroupFirst, keyGroupLast } = keyGroupRange
  const count = Math.max(0, keyGroupLast - keyGroupFirst + 1)
  if (offsets.length !== count) {
    const message = `${offsets.length} offsets stand for ${count} key groups`
    add({ severity: 'error', code: 'WRONG_OFFSET', subtask, message })
  }
  const bytes = streamBytes(stream)
  offsets.forEach((offset, i) => {
    if (offset < bytes || offset <= 0) return
    const message = `the key group begins at ${offset}, but the stream has ${bytes} bytes`
    add({ severity: 'error', code: 'WRONG_OFFSET', subtask, keyGroup: keyGroupFirst + i, message })
  })
}

/** Every key group lies in one handle of managed state. */
function checkCover({ metadata, parallelism, maxParallelism }: Operator, add: Add): void {
  const ranges = metadata.subtasks
    .flatMap(({ index, managedKeyedState }) =>
      managedKeyedState ? [{ index, ...managedKeyedState.keyGroupRange }] : [],
    )
    .filter((range) => range.keyGroupFirst <= range.keyGroupLast)
    .sort((a, b) => a.keyGroupFirst - b.keyGroupFirst)
  if (ranges.length === 0) return
  const finished = new Set(metadata.subtasks.filter((subtask) => subtask.finished).map((subtask) => subtask.index))
  const withState = new Set(ranges.map((range) => range.index))
  let next = 0
  const gap = (first: number, last: number): void => {
    const subtasks = Array.from({ length: parallelism }, (_, i) => i).filter((i) => {
      const { keyGroupFirst, keyGroupLast } = keyGroupRangeOf(maxParallelism, parallelism, i)
      return keyGroupFirst <= last && keyGroupLast >= first
    })
    if (subtasks.every((index) => finished.has(index))) return
    const isLost = subtasks.some((index) => withState.has(index))
    const message = isLost
      ? 'no subtask holds these key groups: their state is lost'
      : 'no subtask holds these key groups: they had no state, or it is lost'
    add({ severity: isLost ? 'error' : 'note', code: 'GAP', ...keyGroupMembers([first, last]), message })
  }
  for (const { index, keyGroupFirst, keyGroupLast } of ranges) {
    if (keyGroupFirst > next) gap(next, keyGroupFirst - 1)
    if (keyGroupFirst < next) {
      const message = 'another subtask holds these key groups too'
      const last = Math.min(keyGroupLast, next - 1)
      add({ severity: 'error', code: 'OVERLAP', subtask: index, ...keyGroupMembers([keyGroupFirst, last]), message })
    }
    next = Math.max(next, keyGroupLast + 1)
  }
  if (next < maxParallelism) gap(next, maxParallelism - 1)
}
