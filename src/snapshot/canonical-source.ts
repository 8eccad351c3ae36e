import { SnappyFramedDecoder } from '../bytes/snappy-framed.ts'
import { KobelError, locate } from '../error.ts'
import type { EntryBatch } from '../format/batch.ts'
import { type CanonicalLayout, CanonicalScanner } from '../format/canonical.ts'
import { keyGroupPrefixBytes } from '../format/composite-key.ts'
import { type KeyedHead, readKeyedHead } from '../format/keyed-head.ts'
import { hiddenState, type KeyedStateInfo, keyedStatesOf } from '../format/keyed-state.ts'
import type { KeyGroupOffsets } from '../format/metadata/index.ts'
import { type KeyedBatch, type KeyedSource, type ScanOptions, type SourceContext, wantedRange } from './keyed-source.ts'
import { skipOrThrow } from './skipped.ts'
import { readAtLeast, type StateStream, StreamWindow, WINDOW_BYTES } from './streams.ts'

/** Opens a stream in canonical layout: a canonical savepoint, or a full snapshot of RocksDB before Flink 1.16. */
export async function openCanonicalSource(
  context: SourceContext,
  subtask: number,
  handle: KeyGroupOffsets,
): Promise<KeyedSource> {
  const { stream, head } = await openKeyGroups(context, handle)
  return canonicalSource(context, subtask, handle, stream, head)
}

/**
 * The stream of a key-group handle and its head, which ends where the first key group begins. With the head up to
 * `ahead` bytes of what lies behind it are fetched.
 */
export async function openKeyGroups(
  context: SourceContext,
  handle: KeyGroupOffsets,
  ahead = 0,
): Promise<{ stream: StateStream; head: KeyedHead; behind: Uint8Array }> {
  const stream = await context.streams.open(handle.stream)
  const end = handle.offsets.reduce((least, offset) => (offset > 0 && offset < least ? offset : least), stream.length)
  if (end > stream.length) {
    throw new KobelError('TRUNCATED', `a key group begins at ${end}, but the stream has ${stream.length} bytes`, {
      file: stream.location,
    })
  }
  const fetched = await readAtLeast(stream, 0, end, Math.min(stream.length, end + ahead))
  const bytes = fetched.subarray(0, end)
  try {
    return { stream, head: readKeyedHead(bytes, end, context.table, context.options), behind: fetched.subarray(end) }
  } catch (error) {
    throw locate(error, { file: stream.location })
  }
}

export function canonicalSource(
  context: SourceContext,
  subtask: number,
  handle: KeyGroupOffsets,
  stream: StateStream,
  head: KeyedHead,
): KeyedSource {
  const states = keyedStatesOf(head)
  const stateOf = (id: number): KeyedStateInfo => {
    // A head that was cut short names only some states; the others show up with their first entry.
    for (let next = states.length; next <= id && (head.cut || next < head.states.length); next++) {
      states.push(hiddenState(head.keySerializer, next))
    }
    const state = states[id]
    if (state) return state
    throw new KobelError('CORRUPT', `the state id ${id} occurs, but the head names ${states.length} states`, {
      file: stream.location,
    })
  }
  const layout: CanonicalLayout = { states, stateOf, prefixBytes: keyGroupPrefixBytes(context.maxParallelism) }
  return {
    format: 'canonical',
    subtask,
    keyGroupRange: handle.keyGroupRange,
    head,
    states,
    storedBytes: stream.length - head.length,
    scan: (options = {}) => scanKeyGroups(subtask, stream, handle, layout, head.compressed, options),
  }
}

/** One key group of a stream: where its bytes begin, and what comes behind them. */
export interface KeyGroupExtent {
  readonly keyGroup: number
  readonly start: number
  readonly end: number
}

/**
 * The key groups with bytes, in ascending order; a key group ends where the next one in the stream begins. Offset 0
 * stands for an empty key group where a head comes first; in raw keyed state (`firstOffset` 0) it is a place, and -1 is empty.
 */
export function keyGroupExtents(
  handle: KeyGroupOffsets,
  length: number,
  options: ScanOptions,
  firstOffset = 1,
): readonly KeyGroupExtent[] {
  let known = EXTENTS.get(handle)
  if (known?.length !== length || known.firstOffset !== firstOffset) {
    known = { length, firstOffset, extents: allExtents(handle, length, firstOffset) }
    EXTENTS.set(handle, known)
  }
  if (!options.keyGroups) return known.extents
  const { first, last } = wantedRange(handle.keyGroupRange, options)
  return known.extents.slice(indexOfGroup(known.extents, first), indexOfGroup(known.extents, last + 1))
}

/** Editing asks once for each key group, of which there may be 32768. */
const EXTENTS = new WeakMap<
  KeyGroupOffsets,
  { readonly length: number; readonly firstOffset: number; readonly extents: readonly KeyGroupExtent[] }
>()

function allExtents(handle: KeyGroupOffsets, length: number, firstOffset: number): readonly KeyGroupExtent[] {
  const { keyGroupFirst } = handle.keyGroupRange
  const starts = handle.offsets.filter((offset) => offset >= firstOffset).sort((a, b) => a - b)
  const ends = new Map(starts.map((start, i) => [start, starts[i + 1] ?? length]))
  // Old raw streams have 0 for key groups without bytes too: the first one that says so is meant.
  const firstWith = new Map([...handle.offsets.entries()].reverse().map(([i, start]) => [start, i]))
  return handle.offsets
    .map((start, i) => ({ keyGroup: keyGroupFirst + i, start, end: ends.get(start) ?? 0 }))
    .filter(({ start, keyGroup }) => start >= firstOffset && firstWith.get(start) === keyGroup - keyGroupFirst)
}

/** The place of the first extent that is not below a key group. */
function indexOfGroup(extents: readonly KeyGroupExtent[], keyGroup: number): number {
  let low = 0
  let high = extents.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (extents[middle]!.keyGroup < keyGroup) low = middle + 1
    else high = middle
  }
  return low
}

async function* scanKeyGroups(
  subtask: number,
  stream: StateStream,
  handle: KeyGroupOffsets,
  layout: CanonicalLayout,
  compressed: boolean,
  options: ScanOptions,
): AsyncGenerator<KeyedBatch, void, undefined> {
  const extents = keyGroupExtents(handle, stream.length, options)
  const end = Math.max(0, ...extents.map((extent) => extent.end))
  // Who has a walker is done with the bytes of a window when the next one is read.
  const window = new StreamWindow(stream, end, WINDOW_BYTES, options.walkerOf !== undefined)
  const walkerOf = options.walkerOf && ((state: KeyedStateInfo) => options.walkerOf!(state, layout.prefixBytes))
  const arena = walkerOf && compressed ? { bytes: new Uint8Array(4 * COMPRESSED_STEP) } : undefined
  const pause = walkerOf && emptyBatch(layout)
  for (const extent of extents) {
    const scanner = new CanonicalScanner(layout, extent.keyGroup, options.wanted, walkerOf)
    const plain = !compressed
      ? new PlainBytes(window, extent)
      : arena
        ? new CompressedArena(window, extent, arena)
        : new CompressedBytes(window, extent)
    try {
      yield* scanKeyGroup(scanner, plain, extent, pause)
      // Flink does not look at what lies behind either; who wants to know of all that is wrong hears of it.
      if (options.onSkip) await checkEnd(plain)
    } catch (error) {
      const { keyGroup } = extent
      const located = locate(error, { file: stream.location, keyGroup })
      skipOrThrow(located, options.onSkip, { part: 'keyed', subtask, keyGroups: [keyGroup, keyGroup] })
    }
  }
}

/** In which time a walker can be emptied. */
function emptyBatch({ states }: CanonicalLayout): EntryBatch {
  const none = new Uint32Array(0)
  return {
    kind: 'entries',
    keyGroup: -1,
    count: 0,
    stateIds: new Uint16Array(0),
    states,
    buffer: new Uint8Array(0),
    keys: none,
    namespaces: none,
    mapKeys: none,
    values: none,
  }
}

async function* scanKeyGroup(
  scanner: CanonicalScanner,
  plain: PlainSource,
  extent: KeyGroupExtent,
  pause: EntryBatch | undefined,
): AsyncGenerator<KeyedBatch, void, undefined> {
  let atLeast = 1
  for (;;) {
    const bytes = await plain.window(atLeast)
    let step = scanner.step(bytes)
    let consumed = step.consumed
    while (step.full) {
      if (pause) yield pause
      step = scanner.step(bytes.subarray(consumed))
      consumed += step.consumed
    }
    if (pause) yield pause
    if (step.entries) yield step.entries
    if (step.timers) yield step.timers
    if (step.done) return plain.consume(consumed)
    if (bytes.length < atLeast) {
      throw new KobelError(
        'TRUNCATED',
        `key group ${extent.keyGroup} has no end mark: the stream was cut or is damaged`,
      )
    }
    plain.consume(consumed)
    // At least one byte more than is here: the entry was not whole.
    atLeast = Math.max(step.needed, bytes.length - consumed + 1)
    if (atLeast > plain.most) {
      throw new KobelError(
        'TRUNCATED',
        `key group ${extent.keyGroup} ends inside an entry: the stream was cut or is damaged`,
      )
    }
  }
}

/** Behind its end mark a key group has no bytes. */
async function checkEnd(plain: PlainSource): Promise<void> {
  const left = await plain.window(1)
  if (left.length === 0) return
  throw new KobelError('CORRUPT', 'bytes lie behind the end of the key group: entries may have got lost')
}

/** The plain bytes of a key group, front to back. */
export interface PlainSource {
  /** Bytes from the front: at least `atLeast`, or fewer where the key group ends. */
  window(atLeast: number): Promise<Uint8Array>
  consume(count: number): void
  /** So many bytes are left, or fewer where it is not known before. */
  readonly most: number
}

export class PlainBytes implements PlainSource {
  private readonly stream: StreamWindow
  private readonly end: number
  private at: number

  constructor(stream: StreamWindow, extent: KeyGroupExtent) {
    this.stream = stream
    this.at = extent.start
    this.end = extent.end
  }

  get most(): number {
    return this.end - this.at
  }

  async window(atLeast: number): Promise<Uint8Array> {
    const bytes = await this.stream.at(this.at, Math.min(atLeast, this.end - this.at))
    return bytes.subarray(0, this.end - this.at)
  }

  consume(count: number): void {
    this.at += count
  }
}

/** Plain bytes taken from a Snappy stream at once; it may become twenty times its stored length. */
const COMPRESSED_STEP = 1 << 17

export class CompressedBytes implements PlainSource {
  readonly most: number = Number.POSITIVE_INFINITY
  private readonly stream: StreamWindow
  private readonly end: number
  private readonly decoder = new SnappyFramedDecoder()
  private at: number
  private plain: Uint8Array = new Uint8Array(0)

  constructor(stream: StreamWindow, extent: KeyGroupExtent) {
    this.stream = stream
    this.at = extent.start
    this.end = extent.end
  }

  async window(atLeast: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [this.plain]
    let length = this.plain.length
    while (length < atLeast && this.at < this.end) {
      const bytes = await this.stream.at(this.at, Math.min(COMPRESSED_STEP, this.end - this.at))
      const step = bytes.subarray(0, Math.min(COMPRESSED_STEP, this.end - this.at))
      this.at += step.length
      const plain = this.decoder.push(step)
      parts.push(plain)
      length += plain.length
    }
    if (parts.length > 1) {
      const joined = new Uint8Array(length)
      let to = 0
      for (const part of parts) {
        joined.set(part, to)
        to += part.length
      }
      this.plain = joined
    }
    return this.plain
  }

  consume(count: number): void {
    this.plain = this.plain.subarray(count)
  }
}

/** As `CompressedBytes`, but in memory that is used again: what `window` gave is good until it is called again. */
class CompressedArena implements PlainSource {
  readonly most: number = Number.POSITIVE_INFINITY
  private readonly stream: StreamWindow
  private readonly end: number
  private readonly decoder = new SnappyFramedDecoder()
  private readonly arena: { bytes: Uint8Array }
  private at: number
  /** The plain bytes in the arena. */
  private plainStart = 0
  private plainEnd = 0

  constructor(stream: StreamWindow, extent: KeyGroupExtent, arena: { bytes: Uint8Array }) {
    this.stream = stream
    this.at = extent.start
    this.end = extent.end
    this.arena = arena
  }

  async window(atLeast: number): Promise<Uint8Array> {
    while (this.plainEnd - this.plainStart < atLeast && this.at < this.end) {
      const wanted = Math.min(COMPRESSED_STEP, this.end - this.at)
      const bytes = (await this.stream.at(this.at, wanted)).subarray(0, wanted)
      const used = this.decoder.decodeWhole(bytes, (length) => this.place(length))
      // A chunk is shorter than a step: the last one was cut.
      this.at += used > 0 ? used : wanted
    }
    return this.arena.bytes.subarray(this.plainStart, this.plainEnd)
  }

  /** Makes room behind the plain bytes. */
  private place(length: number): { output: Uint8Array; at: number } {
    const { arena, plainStart, plainEnd } = this
    const kept = plainEnd - plainStart
    if (plainEnd + length > arena.bytes.length) {
      const isEnough = kept + length <= arena.bytes.length
      const output = isEnough ? arena.bytes : new Uint8Array(Math.max(kept + length, 2 * arena.bytes.length))
      output.set(arena.bytes.subarray(plainStart, plainEnd))
      arena.bytes = output
      this.plainStart = 0
      this.plainEnd = kept
    }
    const at = this.plainEnd
    this.plainEnd = at + length
    return { output: arena.bytes, at }
  }

  consume(count: number): void {
    this.plainStart += count
  }
}
