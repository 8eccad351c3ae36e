import { Reader } from '../bytes/reader.ts'
import { SnappyFramedDecoder } from '../bytes/snappy-framed.ts'
import { KobelError, locate } from '../error.ts'
import { type HeapBlocked, HeapLayout, HeapScanner } from '../format/heap.ts'
import type { KeyedHead } from '../format/keyed-head.ts'
import { hiddenState, type KeyedStateInfo, keyedStatesOf } from '../format/keyed-state.ts'
import type { KeyGroupOffsets } from '../format/metadata/index.ts'
import { type KeyGroupExtent, keyGroupExtents, PlainBytes, type PlainSource } from './canonical-source.ts'
import type { KeyedBatch, KeyedSource, ScanOptions } from './keyed-source.ts'
import { skipOrThrow } from './skipped.ts'
import { type StateStream, StreamWindow, WINDOW_BYTES } from './streams.ts'

/** A stream of a heap backend: a native savepoint, a checkpoint, or any savepoint before Flink 1.13. */
export function heapSource(
  subtask: number,
  handle: KeyGroupOffsets,
  stream: StateStream,
  head: KeyedHead,
  windowBytes: number = WINDOW_BYTES,
): KeyedSource {
  const states = heapStatesOf(head)
  const layout = new HeapLayout(states)
  return {
    format: 'heap',
    subtask,
    keyGroupRange: handle.keyGroupRange,
    head,
    states,
    storedBytes: stream.length - head.length,
    scan: (options = {}) => scanKeyGroups(subtask, stream, handle, layout, head, options, windowBytes),
  }
}

/** Every state of the head. The parts of a key always stand apart here: each was skipped by its own serializer. */
function heapStatesOf(head: KeyedHead): KeyedStateInfo[] {
  const states = keyedStatesOf(head)
  for (let id = states.length; id < (head.cut?.statesInHead ?? 0); id++) {
    states.push(hiddenState(head.keySerializer, id))
  }
  return states.map((state) => (state.kind === 'unknown' ? state : { ...state, splits: true }))
}

/** The version of heads in Flink 1.2. */
const OTHER_TABLES = 1

async function* scanKeyGroups(
  subtask: number,
  stream: StateStream,
  handle: KeyGroupOffsets,
  layout: HeapLayout,
  head: KeyedHead,
  options: ScanOptions,
  windowBytes: number,
): AsyncGenerator<KeyedBatch, void, undefined> {
  if (head.version === OTHER_TABLES) {
    throw new KobelError(
      'UNSUPPORTED_VERSION',
      'state of a heap backend of Flink 1.2 lies by namespaces; restore it with Flink 1.3 to 1.16 and take a new savepoint',
      { file: stream.location },
    )
  }
  const extents = keyGroupExtents(handle, stream.length, options)
  const window = new StreamWindow(stream, Math.max(0, ...extents.map((extent) => extent.end)), windowBytes)
  for (const extent of extents) {
    try {
      await checkNumber(window, extent)
      const body = { ...extent, start: extent.start + 4 }
      const compressed = head.compressed
      yield* compressed
        ? scanCompressed(layout, new SnappySegments(window, body), extent.keyGroup, options.wanted)
        : scanPlain(layout, new PlainBytes(window, body), extent.keyGroup, options.wanted)
    } catch (error) {
      const { keyGroup } = extent
      const located = locate(error, { file: stream.location, keyGroup })
      skipOrThrow(located, options.onSkip, { part: 'keyed', subtask, keyGroups: [keyGroup, keyGroup] })
    }
  }
}

/** A key group begins with its number. */
async function checkNumber(window: StreamWindow, { keyGroup, start, end }: KeyGroupExtent): Promise<void> {
  const bytes = await window.at(start, Math.min(4, end - start))
  const found = new Reader(bytes, 0, Math.min(bytes.length, end - start)).i32()
  if (found === keyGroup) return
  throw new KobelError('CORRUPT', `key group ${keyGroup} was expected, found ${found}`, { offset: start })
}

type Wanted = ScanOptions['wanted']

async function* scanPlain(
  layout: HeapLayout,
  plain: PlainSource,
  keyGroup: number,
  wanted: Wanted,
): AsyncGenerator<KeyedBatch, void, undefined> {
  const scanner = new HeapScanner(layout, keyGroup, layout.states.length, wanted)
  const blocked = yield* scanStates(scanner, plain)
  if (blocked === undefined) return
  const unread = layout.states.filter((_, id) => !scanner.met.has(id))
  const state = layout.states[blocked.stateId]!
  if ([state, ...unread].some((each) => wanted?.(each) ?? true)) throw hidden(state, blocked, unread, keyGroup)
}

/** Each state is a stream of its own, so that a state that cannot be read hides no other. */
async function* scanCompressed(
  layout: HeapLayout,
  segments: SnappySegments,
  keyGroup: number,
  wanted: Wanted,
): AsyncGenerator<KeyedBatch, void, undefined> {
  const scanner = new HeapScanner(layout, keyGroup, 0, wanted, true)
  let failed: KobelError | undefined
  for (let n = 0; n < layout.states.length; n++) {
    await segments.next()
    scanner.begin(1)
    const blocked = yield* scanStates(scanner, segments)
    if (scanner.satisfied) break
    if (blocked === undefined) continue
    const state = layout.states[blocked.stateId]!
    if (wanted?.(state) ?? true) failed ??= hidden(state, blocked, [], keyGroup)
  }
  if (failed) throw failed
}

/** Reads until the scanner has its states, or cannot go on. */
async function* scanStates(
  scanner: HeapScanner,
  plain: PlainSource,
): AsyncGenerator<KeyedBatch, HeapBlocked | undefined, undefined> {
  let atLeast = 1
  for (;;) {
    const bytes = await plain.window(atLeast)
    const step = scanner.step(bytes)
    yield* step.batches
    if (step.blocked) return step.blocked
    if (step.done || scanner.satisfied) return undefined
    if (bytes.length < atLeast) {
      throw new KobelError('TRUNCATED', 'a key group ends inside an entry: the stream was cut or is damaged')
    }
    plain.consume(step.consumed)
    // An entry that was not whole needs a longer window; doubling finds its length in few steps.
    const left = bytes.length - step.consumed
    atLeast = step.consumed === 0 ? left * 2 || 1 : left + 1
  }
}

function hidden(
  state: KeyedStateInfo,
  blocked: HeapBlocked,
  unread: readonly KeyedStateInfo[],
  keyGroup: number,
): KobelError {
  const also = unread.length === 0 ? '' : ` and the states behind it (${unread.map((each) => each.name).join(', ')})`
  return new KobelError(
    'UNKNOWN_SERIALIZER',
    `${blocked.cause.message}; entries of a heap backend carry no lengths, so ${blocked.entries} entries of ${state.name}${also} cannot be read in this key group`,
    { ...blocked.cause.where, state: state.name, keyGroup },
    { cause: blocked.cause },
  )
}

/** Stored bytes taken at once; they may become twenty times as many. */
const COMPRESSED_STEP = 1 << 17
const IDENTIFIER = 0xff

/** The plain bytes of Snappy streams that follow one another: of the one that {@link next} went to. */
class SnappySegments implements PlainSource {
  readonly most: number = Number.POSITIVE_INFINITY
  private readonly stream: StreamWindow
  private readonly end: number
  private decoder = new SnappyFramedDecoder()
  private at: number
  private plain: Uint8Array = new Uint8Array(0)

  constructor(stream: StreamWindow, extent: KeyGroupExtent) {
    this.stream = stream
    this.at = extent.start
    this.end = extent.end
  }

  /** Goes to the next stream, past what is left of this one. */
  async next(): Promise<void> {
    this.decoder = new SnappyFramedDecoder()
    this.plain = new Uint8Array(0)
    for (;;) {
      const { type, length } = await this.chunk()
      if (type === IDENTIFIER) break
      this.at += length
    }
    await this.take(10)
  }

  async window(atLeast: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [this.plain]
    let total = this.plain.length
    while (total < atLeast && this.at < this.end) {
      const { type, length } = await this.chunk()
      if (type === IDENTIFIER) break
      const plain = await this.take(length)
      parts.push(plain)
      total += plain.length
    }
    if (parts.length > 1) this.plain = joined(parts, total)
    return this.plain
  }

  consume(count: number): void {
    this.plain = this.plain.subarray(count)
  }

  /** Type and length, with its header, of the chunk that comes next. */
  private async chunk(): Promise<{ type: number; length: number }> {
    const bytes = await this.stored(4)
    return { type: bytes[0]!, length: 4 + (bytes[1]! | (bytes[2]! << 8) | (bytes[3]! << 16)) }
  }

  private async take(length: number): Promise<Uint8Array> {
    const plain = this.decoder.push(await this.stored(length))
    this.at += length
    return plain
  }

  private async stored(length: number): Promise<Uint8Array> {
    if (this.at + length > this.end) {
      throw new KobelError('TRUNCATED', 'a key group ends inside a Snappy chunk: the stream was cut or is damaged', {
        offset: this.at,
      })
    }
    const bytes = await this.stream.at(this.at, Math.max(length, Math.min(COMPRESSED_STEP, this.end - this.at)))
    return bytes.subarray(0, length)
  }
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let to = 0
  for (const part of parts) {
    bytes.set(part, to)
    to += part.length
  }
  return bytes
}
