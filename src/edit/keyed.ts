import { equalBytes } from '../bytes/encoding.ts'
import { Writer } from '../bytes/writer.ts'
import { keyGroupPrefixBytes } from '../format/composite-key.ts'
import { writeKeyedHead } from '../format/keyed-head.ts'
import type { KeyedStateHandle, KeyGroupOffsets, KeyGroupRange } from '../format/metadata/index.ts'
import { type KeyGroupExtent, keyGroupExtents, openKeyGroups } from '../snapshot/canonical-source.ts'
import { BatchDecoder } from '../snapshot/decode.ts'
import type { KeyedBatch, KeyedSource } from '../snapshot/keyed-source.ts'
import type { Operator } from '../snapshot/operator.ts'
import { type OnSkip, skipOrThrow } from '../snapshot/skipped.ts'
import type { StateStream } from '../snapshot/streams.ts'
import { rootOf } from '../store/store.ts'
import type { AddedRows } from './added.ts'
import type { EntryChange } from './change.ts'
import { addEntry, routeOf } from './entries.ts'
import type { TargetHead } from './head.ts'
import { KeyGroupBuffer } from './key-group-buffer.ts'
import { handleOf, KeyedOutput } from './keyed-output.ts'
import type { Outputs } from './output.ts'
import { type InPlacePatch, patchEntries } from './patch-stream.ts'
import type { EditCounts } from './stats.ts'
import type { StreamCopier } from './streams.ts'

/** Bytes of a key group that are gathered before they are moved on. */
const GATHERED_BYTES = 1 << 17
const COPY_BYTES = 1 << 22

/** What writing the keyed state of one operator needs. */
export interface KeyedWork {
  readonly operator: Operator
  /** Of the new savepoint. */
  readonly id: string
  readonly maxParallelism: number
  readonly outputs: Outputs
  readonly copier: StreamCopier
  readonly counts: EditCounts
  readonly onSkip: OnSkip | undefined
  readonly onEntries: (count: number) => void
}

/**
 * The keyed state of one subtask where max parallelism stays: the stream is referred to or copied, or its key groups are,
 * or its entries; whatever is cheapest and right.
 */
export async function writeKeyedSubtask(
  work: KeyedWork,
  subtask: number,
  range: KeyGroupRange,
  sources: readonly KeyedSource[],
  head: TargetHead,
  added: AddedRows,
): Promise<KeyedStateHandle> {
  // What is to be salvaged has to be looked at.
  const canonical = work.onSkip ? undefined : await openCanonical(work.operator, sources, head)
  const partition = `${work.id}-keyed-${subtask}`
  const touched = added.touched(range, head)
  const [only] = canonical ?? []
  if (canonical && touched.size === 0 && canonical.length === 1 && only && isSameStream(only, range, head)) {
    work.counts.files++
    return handleOf(range, only.handle.offsets, await work.copier.copy(only.handle.stream, partition))
  }
  const output = new KeyedOutput(work.outputs, partition, range, head)
  if (canonical) await copyKeyGroups(work, canonical, output, sources, touched, added)
  else await writeEntries(work, sources, output, range, added)
  return output.finish()
}

/** A stream of canonical layout whose key groups can go into the new stream as they are. */
interface CanonicalStream {
  readonly source: KeyedSource
  readonly handle: KeyGroupOffsets
  readonly stream: StateStream
}

/** Undefined where entries have to be looked at in all key groups, or the layout is another one. */
async function openCanonical(
  operator: Operator,
  sources: readonly KeyedSource[],
  head: TargetHead,
): Promise<CanonicalStream[] | undefined> {
  for (const source of sources) {
    if (source.format !== 'canonical' || source.head.compressed !== head.head.compressed) return undefined
    const routes = head.routes.get(source)!
    const stays = routes.every(
      ({ id, change }, i) => id === i && (!change || change.keyGroups !== undefined || canPatch(source, change)),
    )
    if (!stays || source.head.cut) return undefined
  }
  const opened: CanonicalStream[] = []
  for (const source of sources) {
    const handle = operator.metadata.subtasks.find((each) => each.index === source.subtask)?.managedKeyedState
    if (handle?.kind !== 'savepoint-key-groups' && handle?.kind !== 'key-groups') return undefined
    opened.push({ source, handle, stream: (await openKeyGroups(operator.context, handle)).stream })
  }
  return opened
}

function canPatch(source: KeyedSource, change: EntryChange): boolean {
  return !source.head.compressed && change.inPlace !== undefined
}

function isSameStream({ source, handle }: CanonicalStream, range: KeyGroupRange, head: TargetHead): boolean {
  if (head.routes.get(source)!.some(({ change }) => change?.inPlace)) return false
  const { keyGroupFirst, keyGroupLast } = handle.keyGroupRange
  if (keyGroupFirst !== range.keyGroupFirst || keyGroupLast !== range.keyGroupLast) return false
  const writer = new Writer(4096)
  writeKeyedHead(writer, source.head)
  return equalBytes(writer.toBytes(), head.bytes)
}

/** Key groups undecoded, but for those in which entries change. Neighbours are copied at once. */
async function copyKeyGroups(
  work: KeyedWork,
  streams: readonly CanonicalStream[],
  output: KeyedOutput,
  sources: readonly KeyedSource[],
  touched: ReadonlySet<number>,
  added: AddedRows,
): Promise<void> {
  const { keyGroupFirst, keyGroupLast } = output.range
  const pieces: { keyGroup: number; stream: StateStream; extent: KeyGroupExtent }[] = []
  for (const { stream, handle } of streams) {
    const extents = keyGroupExtents(handle, stream.length, { keyGroups: [keyGroupFirst, keyGroupLast] })
    for (const extent of extents) pieces.push({ keyGroup: extent.keyGroup, stream, extent })
  }
  for (const keyGroup of touched) if (!pieces.some((each) => each.keyGroup === keyGroup)) pieces.push(NOTHING(keyGroup))
  pieces.sort((a, b) => a.keyGroup - b.keyGroup)
  for (let i = 0; i < pieces.length; ) {
    const first = pieces[i]!
    if (touched.has(first.keyGroup)) {
      const range = { keyGroupFirst: first.keyGroup, keyGroupLast: first.keyGroup }
      await writeEntries(work, sources, output, range, added)
      i++
      continue
    }
    const patches = patchesOf(streams, first.stream, output.head)
    if (patches) {
      await patchKeyGroup(work, sources, output, first, patches, added)
      i++
      continue
    }
    let next = i + 1
    while (
      next < pieces.length &&
      pieces[next]!.stream === first.stream &&
      pieces[next]!.extent.start === pieces[next - 1]!.extent.end &&
      !touched.has(pieces[next]!.keyGroup)
    )
      next++
    const shift = output.output.length - first.extent.start
    for (const { keyGroup, extent } of pieces.slice(i, next))
      output.offsets[keyGroup - keyGroupFirst] = extent.start + shift
    const end = pieces[next - 1]!.extent.end
    for (let at = first.extent.start; at < end; at += COPY_BYTES) {
      await output.output.writeThrough(await first.stream.read(at, Math.min(end, at + COPY_BYTES)))
    }
    work.counts.keyGroups += next - i
    i = next
  }
}

function patchesOf(
  streams: readonly CanonicalStream[],
  stream: StateStream,
  head: TargetHead,
): (InPlacePatch | undefined)[] | undefined {
  const source = streams.find((each) => each.stream === stream)?.source
  const patches = source && head.routes.get(source)?.map(({ change }) => change?.inPlace)
  return patches?.some((each) => each !== undefined) ? patches : undefined
}

/** A key group of more bytes is read in windows. */
const MAX_PATCHED_BYTES = 32 << 20

/** Bytes that may be changed: a part of a larger buffer may be of `_metadata` or of a cache. */
function ownBytes(bytes: Uint8Array, location: string): Uint8Array {
  const isOwn = bytes.buffer.byteLength === bytes.length && rootOf(location) === ''
  return isOwn ? bytes : bytes.slice()
}

/** One key group whose entries are changed where they lie; where one cannot be, entry by entry. */
async function patchKeyGroup(
  work: KeyedWork,
  sources: readonly KeyedSource[],
  output: KeyedOutput,
  {
    keyGroup,
    stream,
    extent,
  }: { readonly keyGroup: number; readonly stream: StateStream; readonly extent: KeyGroupExtent },
  patches: readonly (InPlacePatch | undefined)[],
  added: AddedRows,
): Promise<void> {
  if (extent.end - extent.start <= MAX_PATCHED_BYTES) {
    const bytes = ownBytes(await stream.read(extent.start, extent.end), stream.location)
    const count = patchEntries(bytes, keyGroup, patches)
    if (count >= 0) {
      await output.pieceThrough(keyGroup, bytes)
      work.counts.entries += count
      work.onEntries(count)
      return
    }
  }
  await writeEntries(work, sources, output, { keyGroupFirst: keyGroup, keyGroupLast: keyGroup }, added)
}

const NOTHING = (keyGroup: number): { keyGroup: number; stream: StateStream; extent: KeyGroupExtent } => ({
  keyGroup,
  stream: { location: '', length: 0, read: async () => new Uint8Array(0) },
  extent: { keyGroup, start: -1, end: -1 },
})

/** Every entry of a range of key groups, in their order; those of one key group may come from several sources. */
async function writeEntries(
  work: KeyedWork,
  sources: readonly KeyedSource[],
  output: KeyedOutput,
  range: KeyGroupRange,
  added: AddedRows,
): Promise<void> {
  const prefixBytes = keyGroupPrefixBytes(work.maxParallelism)
  const buffer = new KeyGroupBuffer()
  const decoder = new BatchDecoder()
  const { head } = output
  let open = range.keyGroupFirst
  const end = (): void => {
    added.addTo(buffer, open, head)
    if (!buffer.empty) output.piece(open, buffer.finish())
    output.end()
  }
  for await (const { batch, source } of byKeyGroup(sources, range, work.onSkip)) {
    work.outputs.check()
    for (; open < batch.keyGroup; open++) end()
    const routes = head.routes.get(source)!
    for (let i = 0; i < batch.count; i++) {
      const route = routeOf(routes, batch, i)
      if (route.id < 0 || (work.onSkip && !decodes(work, decoder, batch, i, source.subtask))) continue
      addEntry(buffer, batch, i, route, open, prefixBytes)
      if (buffer.length >= GATHERED_BYTES) {
        output.piece(open, buffer.takeSettled())
        const wait = output.output.flush()
        if (wait) await wait
      }
    }
    work.counts.entries += batch.count
    work.onEntries(batch.count)
  }
  for (; open <= range.keyGroupLast; open++) end()
}

/** Whether an entry can be decoded; where it cannot, it is told of. */
export function decodes(
  work: KeyedWork,
  decoder: BatchDecoder,
  batch: KeyedBatch,
  i: number,
  subtask: number,
): boolean {
  try {
    if (batch.kind === 'timers') decoder.timer(batch, i)
    else decoder.entry(batch, i)
    return true
  } catch (error) {
    const { keyGroup } = batch
    const states = [batch.states[batch.stateIds[i]!]!.name]
    skipOrThrow(error, work.onSkip, { part: 'keyed', subtask, keyGroups: [keyGroup, keyGroup], states, entries: 1 })
    return false
  }
}

/** Batches of several sources in ascending order of key groups. A batch is good until the next one is asked for. */
export async function* byKeyGroup(
  sources: readonly KeyedSource[],
  range: KeyGroupRange,
  onSkip: OnSkip | undefined,
): AsyncGenerator<{ batch: KeyedBatch; source: KeyedSource }, void, undefined> {
  const keyGroups = [range.keyGroupFirst, range.keyGroupLast] as const
  const options = onSkip ? { keyGroups, onSkip } : { keyGroups }
  const open = sources.map((source) => ({
    source,
    scan: source.scan(options),
    batch: undefined as KeyedBatch | undefined,
  }))
  const next = async (each: (typeof open)[number]): Promise<void> => {
    const step = await each.scan.next()
    each.batch = step.done ? undefined : step.value
  }
  try {
    for (const each of open) await next(each)
    for (;;) {
      let least: (typeof open)[number] | undefined
      for (const each of open) {
        if (each.batch && (!least?.batch || each.batch.keyGroup < least.batch.keyGroup)) least = each
      }
      if (!least?.batch) return
      yield { batch: least.batch, source: least.source }
      await next(least)
    }
  } finally {
    for (const each of open) await each.scan.return()
  }
}
