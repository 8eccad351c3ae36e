import { SnappyFramedDecoder } from '../bytes/snappy-framed.ts'
import { KobelError, locate } from '../error.ts'
import type { OperatorStateHandle } from '../format/metadata/index.ts'
import { type OperatorHead, readOperatorHead } from '../format/operator-state.ts'
import type { StateMetaInfo } from '../format/state-meta-info.ts'
import type { SourceContext } from './keyed-source.ts'
import type { StateStream } from './streams.ts'

/** The managed operator state of one subtask, opened. */
export interface OperatorSource {
  readonly subtask: number
  readonly head: OperatorHead
  readonly handle: OperatorStateHandle
  readonly stream: StateStream
  /** Meta infos by name. */
  readonly states: ReadonlyMap<string, StateMetaInfo>
  /**
   * The plain bytes of an element: from its offset, at least `atLeast` or up to its end where that comes first. `whole`
   * says that nothing of the stream's element lies behind.
   */
  element(offset: number, atLeast: number): Promise<{ bytes: Uint8Array; whole: boolean }>
}

/** Heads are read in steps, since nothing tells their length where no state has an element. */
export async function openOperatorSource(
  context: SourceContext,
  subtask: number,
  handle: OperatorStateHandle,
): Promise<OperatorSource> {
  const stream = await context.streams.open(handle.stream)
  const offsets = handle.states.flatMap((state) => state.offsets).sort((a, b) => a - b)
  const first = offsets[0] ?? stream.length
  if (first > stream.length || first < 0) {
    throw new KobelError('CORRUPT', `an element begins at ${first}, but the stream has ${stream.length} bytes`, {
      file: stream.location,
    })
  }
  const bytes = await stream.read(0, first)
  const head = headOf(bytes, context, stream)
  const states = new Map([...head.operatorStates, ...head.broadcastStates].map((info) => [info.name, info]))
  const ends = new Map(
    offsets.map((offset, i) => [offset, offsets.slice(i).find((next) => next > offset) ?? stream.length]),
  )
  const element = head.compressed ? compressedElement(stream, ends) : plainElement(stream, ends)
  return { subtask, head, handle, stream, states, element }
}

/** With compression the ten bytes of the Snappy stream's identifier stand between the head and the first element. */
function headOf(bytes: Uint8Array, context: SourceContext, stream: StateStream): OperatorHead {
  const compressed = bytes.length > 5 && bytes[3] === 6 && bytes[4] === 1
  const end = compressed ? bytes.length - IDENTIFIER_BYTES : bytes.length
  try {
    return readOperatorHead(bytes, end, context.table, context.options)
  } catch (error) {
    throw locate(error, { file: stream.location })
  }
}

const IDENTIFIER_BYTES = 10
const IDENTIFIER: Uint8Array = Uint8Array.of(0xff, 6, 0, 0, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59)

function plainElement(stream: StateStream, ends: ReadonlyMap<number, number>): OperatorSource['element'] {
  return async (offset, atLeast) => {
    const end = ends.get(offset) ?? stream.length
    const to = Math.min(end, offset + atLeast)
    return { bytes: await stream.read(offset, to), whole: to === end }
  }
}

/** An offset is the beginning of a chunk; the element is all plain bytes up to the next offset. */
function compressedElement(stream: StateStream, ends: ReadonlyMap<number, number>): OperatorSource['element'] {
  return async (offset) => {
    const end = ends.get(offset) ?? stream.length
    const decoder = new SnappyFramedDecoder()
    decoder.push(IDENTIFIER)
    const bytes = decoder.push(await stream.read(offset, end))
    decoder.finish()
    return { bytes, whole: true }
  }
}
