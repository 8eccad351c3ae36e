import { KobelError } from '../error.ts'
import { type ChannelRecords, readChannelRecords, type StreamElement } from '../format/channel-state.ts'
import type { Layout } from '../serializer/layout.ts'
import { layoutOfText } from '../serializer/type-text.ts'
import type { ChannelState, InputChannelState, ResultSubpartitionState } from './channels.ts'
import { mapConcurrent } from './concurrent.ts'

/** A channel whose records were read. */
export interface ReadChannel<C extends ChannelState = ChannelState> {
  /** Id of the operator. */
  readonly operator: string
  readonly channel: C
  /** The type of the records, as it was given. */
  readonly layout: Layout | string
  readonly records: Pick<ChannelRecords, 'head' | 'tail'>
}

/** A record that begins in the input of one task and ends in the output of the task before. */
export interface JoinedRecord {
  readonly input: ReadChannel<InputChannelState>
  readonly output: ReadChannel<ResultSubpartitionState>
  /** What the output holds: the record that is cut first. */
  readonly elements: readonly StreamElement[]
}

/** Without fitting numbers each cut input is tried with each output; there is a limit to that. */
const MOST_OUTPUTS = 256

/**
 * Puts records together whose first bytes had arrived when an unaligned checkpoint was taken, and whose last had not. The
 * graph of the job is not in a snapshot. Where all subtasks send to all, an output to subtask n of subtask m belongs to the
 * input of subtask n from channel m; else any. What is put together must be whole records to its end, and only one output
 * may do so.
 */
export async function joinCutRecords(channels: readonly ReadChannel[]): Promise<JoinedRecord[]> {
  const inputs = channels.filter((each) => isInput(each) && each.records.tail.length > 0) as JoinedRecord['input'][]
  const outputs = channels.filter((each) => !isInput(each)) as JoinedRecord['output'][]
  const byPlace = new Map<string, JoinedRecord['output'][]>()
  for (const output of outputs) {
    const place = `${output.channel.subtask} ${output.channel.subpartitionIndex}`
    byPlace.set(place, [...(byPlace.get(place) ?? []), output])
  }
  const joined: JoinedRecord[] = []
  const taken = new Set<JoinedRecord['output']>()
  for (const input of inputs) {
    const fitting = byPlace.get(`${input.channel.inputChannelIndex} ${input.channel.subtask}`) ?? []
    let found = await joinsOf(input, fitting, taken)
    if (found.length === 0 && outputs.length <= MOST_OUTPUTS) found = await joinsOf(input, outputs, taken)
    const [only] = found
    if (only === undefined || found.length > 1) continue
    taken.add(only.output)
    joined.push(only)
  }
  return joined
}

function isInput({ channel }: ReadChannel): boolean {
  return channel.kind === 'input-channel'
}

async function joinsOf(
  input: JoinedRecord['input'],
  outputs: readonly JoinedRecord['output'][],
  taken: ReadonlySet<JoinedRecord['output']>,
): Promise<JoinedRecord[]> {
  const free = outputs.filter(
    (output) => output.operator !== input.operator && output.layout === input.layout && !taken.has(output),
  )
  const joins = await mapConcurrent(free, async (output) => {
    const layout = typeof input.layout === 'string' ? layoutOfText(input.layout) : input.layout
    const elements = wholeRecords(concat(input.records.tail, await output.channel.bytes()), layout)
    return elements && { input, output, elements }
  })
  return joins.filter((join) => join !== undefined)
}

function wholeRecords(bytes: Uint8Array, layout: Layout): readonly StreamElement[] | undefined {
  try {
    const { elements, head, tail } = readChannelRecords(bytes, layout, 'input')
    return head.length === 0 && tail.length === 0 && elements.length > 0 ? elements : undefined
  } catch (error) {
    if (error instanceof KobelError) return undefined
    throw error
  }
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length)
  joined.set(a)
  joined.set(b, a.length)
  return joined
}
