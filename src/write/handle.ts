import { sha256 } from '../bytes/sha256.ts'
import { KobelError } from '../error.ts'
import type { OperatorStateMode } from '../format/metadata/index.ts'
import type { Partition } from './plan.ts'
import { readHandle } from './read-handle.ts'

/**
 * What was written, as plain JSON: of one partition as `writePartition` gives it, of several once merged. The bytes are
 * durable before the handle exists.
 */
export interface WriteHandle {
  readonly kobelHandle: 1
  /** Of the plan that it was written for. */
  readonly plan: string
  /** By partition id, in its order. */
  readonly partitions: readonly PartitionHandle[]
}

export interface PartitionHandle extends Partition {
  readonly id: string
  readonly rows: number
  /** Of the stream. */
  readonly bytes: number
  /** SHA-256 over what the partition contains and where in the stream it lies; not over file names. */
  readonly hash: string
  readonly stream: WrittenStream
  /** Keyed state. */
  readonly keyGroups?: WrittenKeyGroups
  /** Operator state. */
  readonly states?: readonly WrittenState[]
}

/** A file beside `_metadata`, or bytes (base64) for `_metadata` itself. */
export type WrittenStream =
  | { readonly file: string; readonly size: number; readonly sha256: string }
  | { readonly inline: string; readonly size: number; readonly sha256: string }

export interface WrittenKeyGroups {
  readonly keyGroupFirst: number
  readonly keyGroupLast: number
  /** One for each key group; 0 where it is empty. */
  readonly offsets: readonly number[]
}

export interface WrittenState {
  readonly name: string
  readonly mode: OperatorStateMode
  /** Where each element begins. */
  readonly offsets: readonly number[]
}

/** The hash of a partition's handle: equal where the contents are, whatever the files are called. */
export function hashOfHandle(handle: Omit<PartitionHandle, 'hash'>): string {
  const { operator, part, subtask, rows, bytes, keyGroups, states, stream } = handle
  const content = [
    operator,
    part,
    subtask,
    rows,
    bytes,
    stream.sha256,
    keyGroups ? [keyGroups.keyGroupFirst, keyGroups.keyGroupLast, keyGroups.offsets] : null,
    states?.map(({ name, mode, offsets }) => [name, mode, offsets]) ?? null,
  ]
  return sha256(new TextEncoder().encode(JSON.stringify(content)))
}

/**
 * The union of handles by partition; associative, and the order of handles does not matter. The same partition twice
 * with equal contents is kept once (a worker that was retried).
 *
 * @throws KobelError `CONFLICT` where a partition was written with different contents, where key groups of two
 *   partitions of an operator overlap, or where handles are of different plans.
 */
export function mergeHandles(handles: readonly WriteHandle[]): WriteHandle {
  const [first] = handles
  if (!first) throw new KobelError('USAGE', 'there are no handles to be merged')
  const partitions = new Map<string, PartitionHandle>()
  for (const handle of handles) {
    checkHandle(handle)
    if (handle.plan !== first.plan) {
      throw new KobelError('CONFLICT', `handles of two plans cannot be merged: ${first.plan} and ${handle.plan}`)
    }
    for (const each of handle.partitions) {
      const known = partitions.get(each.id)
      partitions.set(each.id, known ? oneOf(known, each) : each)
    }
  }
  const merged = [...partitions.values()].sort(byPlace)
  checkOverlaps(merged)
  return { kobelHandle: 1, plan: first.plan, partitions: merged }
}

function byPlace(a: PartitionHandle, b: PartitionHandle): number {
  if (a.operator !== b.operator) return a.operator < b.operator ? -1 : 1
  if (a.part !== b.part) return a.part < b.part ? -1 : 1
  return a.subtask - b.subtask
}

/** Of two equal ones the same is kept whichever comes first. */
function oneOf(a: PartitionHandle, b: PartitionHandle): PartitionHandle {
  if (a.hash !== b.hash) {
    throw new KobelError(
      'CONFLICT',
      `the partition ${a.id} was written twice with different contents: ${placeOf(a)} and ${placeOf(b)}`,
      { operator: a.operator },
    )
  }
  return placeOf(a) <= placeOf(b) ? a : b
}

function placeOf({ stream, hash }: PartitionHandle): string {
  return 'file' in stream ? stream.file : `bytes in the handle, hash ${hash}`
}

function checkHandle(handle: WriteHandle): void {
  for (const each of readHandle(handle).partitions) {
    if (hashOfHandle(each) === each.hash) continue
    throw new KobelError('CORRUPT', `the handle of the partition ${each.id} was changed: its hash does not fit`)
  }
}

function checkOverlaps(partitions: readonly PartitionHandle[]): void {
  let before: PartitionHandle | undefined
  for (const each of partitions) {
    if (!each.keyGroups) continue
    if (before?.operator === each.operator && before.keyGroups!.keyGroupLast >= each.keyGroups.keyGroupFirst) {
      throw new KobelError('CONFLICT', `the key groups of the partitions ${before.id} and ${each.id} overlap`, {
        operator: each.operator,
        keyGroup: each.keyGroups.keyGroupFirst,
      })
    }
    before = each
  }
}
