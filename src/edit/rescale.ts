import { KobelError } from '../error.ts'
import { keyGroupPrefixBytes } from '../format/composite-key.ts'
import type { KeyedStateHandle, KeyGroupOffsets } from '../format/metadata/index.ts'
import { type KeyGroupExtent, keyGroupExtents, openKeyGroups } from '../snapshot/canonical-source.ts'
import { BatchDecoder } from '../snapshot/decode.ts'
import { keyGroupRangeOf, subtaskOfKeyGroup } from '../snapshot/key-groups.ts'
import type { KeyedBatch, KeyedSource } from '../snapshot/keyed-source.ts'
import type { StateStream } from '../snapshot/streams.ts'
import type { AddedRows } from './added.ts'
import { Buckets } from './buckets.ts'
import { addEntry, routeOf } from './entries.ts'
import type { Route, TargetHead } from './head.ts'
import { type KeyHash, rehash } from './key-hash.ts'
import { decodes, type KeyedWork } from './keyed.ts'
import { KeyedOutput } from './keyed-output.ts'
import { walkEntries } from './walk.ts'

type Rehash = ReturnType<typeof rehash>

/** What a rescale needs beside. */
export interface RescaleWork extends KeyedWork {
  readonly parallelism: number
  readonly keyHash: KeyHash
  readonly memoryBytes: number
}

/**
 * The keyed state of an operator under another max parallelism: every entry goes to the key group that the hash of its
 * key gives. Where hash % a and hash % b are both looked at, a key group of a only goes to those of b that leave the same
 * rest by their greatest common divisor: so the key groups are taken by that rest, and only those of one are held.
 */
export async function rescaleKeyed(
  work: RescaleWork,
  sources: readonly KeyedSource[],
  head: TargetHead,
  added: AddedRows,
): Promise<Map<number, KeyedStateHandle>> {
  const { maxParallelism, parallelism, operator } = work
  const outputs = Array.from({ length: parallelism }, (_, subtask) => {
    const range = keyGroupRangeOf(maxParallelism, parallelism, subtask)
    return new KeyedOutput(work.outputs, `${work.id}-keyed-${subtask}`, range, head)
  })
  const buckets = new Buckets(maxParallelism, work.outputs.sink?.spill, work.memoryBytes)
  const emit = async (keyGroup: number): Promise<void> => {
    const output = outputs[subtaskOfKeyGroup(maxParallelism, parallelism, keyGroup)]!
    const buffer = buckets.of(keyGroup)
    added.addTo(buffer, keyGroup, head)
    for await (const piece of buckets.take(keyGroup)) {
      await output.pieceThrough(keyGroup, piece)
    }
    output.end()
  }
  const byRest = sources.every(
    (source) =>
      canWalk(work, source, head.routes.get(source)!) ||
      ((source.format === 'canonical' || source.format === 'heap') && operator.maxParallelism <= MOST_SCANNED),
  )
  const rest = byRest ? greatestCommonDivisor(operator.maxParallelism, maxParallelism) : 1
  for (let first = 0; first < rest; first++) {
    if (rest === 1) for (const source of sources) await rehashRange(work, source, head, buckets, undefined)
    else {
      for (let keyGroup = first; keyGroup < operator.maxParallelism; keyGroup += rest) {
        for (const source of sources) {
          const { keyGroupFirst, keyGroupLast } = source.keyGroupRange
          if (keyGroup < keyGroupFirst || keyGroup > keyGroupLast) continue
          await rehashRange(work, source, head, buckets, keyGroup)
        }
      }
    }
    for (let keyGroup = first; keyGroup < maxParallelism; keyGroup += rest) {
      if (buckets.has(keyGroup) || added.has(keyGroup)) await emit(keyGroup)
    }
  }
  await buckets.close()
  const handles = new Map<number, KeyedStateHandle>()
  for (const [subtask, output] of outputs.entries()) handles.set(subtask, await output.finish())
  return handles
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}

/** Entries of one key group, or of all. */
async function rehashRange(
  work: RescaleWork,
  source: KeyedSource,
  head: TargetHead,
  buckets: Buckets,
  keyGroup: number | undefined,
): Promise<void> {
  const routes = head.routes.get(source)!
  if (keyGroup !== undefined && (await walkKeyGroup(work, source, routes, buckets, keyGroup))) return
  const rehashes = source.states.map((state) => rehash(work.keyHash, state, work.operator, work.maxParallelism))
  const { onSkip } = work
  const options = {
    ...(keyGroup !== undefined && { keyGroups: [keyGroup, keyGroup] as const }),
    ...(onSkip && { onSkip }),
  }
  for await (const batch of source.scan(options)) {
    work.outputs.check()
    const wait = addBatch(work, batch, source.subtask, routes, rehashes, buckets)
    if (wait) await wait
    work.counts.entries += batch.count
    work.onEntries(batch.count)
  }
}

function addBatch(
  work: RescaleWork,
  batch: KeyedBatch,
  subtask: number,
  routes: readonly Route[],
  rehashes: readonly Rehash[],
  buckets: Buckets,
): Promise<void> | undefined {
  const prefixBytes = keyGroupPrefixBytes(work.maxParallelism)
  const decoder = new BatchDecoder()
  const { keys, buffer } = batch
  for (let i = 0; i < batch.count; i++) {
    const route = routeOf(routes, batch, i)
    if (route.id < 0 || (work.onSkip && !decodes(work, decoder, batch, i, subtask))) continue
    if (!route.splits) throw new KobelError('UNHASHABLE', 'where keys end is not known', { state: route.target.name })
    const to = rehashes[batch.stateIds[i]!]!(buffer, keys[2 * i]!, keys[2 * i + 1]!, batch.keyGroup)
    const bucket = buckets.of(to)
    const before = bucket.length
    addEntry(bucket, batch, i, route, to, prefixBytes)
    buckets.grow(bucket.length - before)
  }
  return buckets.spillIfFull()
}

/** Finding one key group takes a look at all: of so many, each can be scanned by itself. */
const MOST_SCANNED = 4096

function canWalk(work: KeyedWork, source: KeyedSource, routes: readonly Route[]): boolean {
  if (source.format !== 'canonical' || source.head.compressed || work.onSkip) return false
  return routes.every(({ change, splits, id }) => !change && splits && id >= 0)
}

/** Of a key group in canonical layout only the ends of keys are looked for. False where that does not do. */
async function walkKeyGroup(
  work: RescaleWork,
  source: KeyedSource,
  routes: readonly Route[],
  buckets: Buckets,
  keyGroup: number,
): Promise<boolean> {
  work.outputs.check()
  if (!canWalk(work, source, routes)) return false
  const handle = work.operator.metadata.subtasks.find((each) => each.index === source.subtask)?.managedKeyedState
  if (handle?.kind !== 'savepoint-key-groups' && handle?.kind !== 'key-groups') return false
  const { stream, extents } = await streamOf(work, source, handle)
  const extent = extents.get(keyGroup)
  if (!extent) return true
  if (extent.end - extent.start > MAX_WALKED_BYTES) return false
  const bytes = await stream.read(extent.start, extent.end)
  const rehashes = source.states.map((state) => rehash(work.keyHash, state, work.operator, work.maxParallelism))
  const count = walkEntries(bytes, keyGroup, {
    states: source.states,
    routes,
    fromPrefix: keyGroupPrefixBytes(work.operator.maxParallelism),
    toPrefix: keyGroupPrefixBytes(work.maxParallelism),
    rehashes,
    buckets,
  })
  work.counts.entries += count
  work.onEntries(count)
  const wait = buckets.spillIfFull()
  if (wait) await wait
  return true
}

interface WalkedStream {
  readonly stream: StateStream
  readonly extents: ReadonlyMap<number, KeyGroupExtent>
}

const STREAMS = new WeakMap<KeyedSource, WalkedStream>()

/** Opened once: a key group is looked up for each of up to 32768. */
async function streamOf(work: KeyedWork, source: KeyedSource, handle: KeyGroupOffsets): Promise<WalkedStream> {
  const known = STREAMS.get(source)
  if (known) return known
  const { stream } = await openKeyGroups(work.operator.context, handle)
  const extents = keyGroupExtents(handle, stream.length, {})
  const walked = { stream, extents: new Map(extents.map((extent) => [extent.keyGroup, extent])) }
  STREAMS.set(source, walked)
  return walked
}

/** A key group of more bytes is read in windows. */
const MAX_WALKED_BYTES = 32 << 20
