import type { Command } from 'commander'
import { toBase64 } from '../../bytes/encoding.ts'
import { KobelError } from '../../error.ts'
import type { ChannelRecords } from '../../format/channel-state.ts'
import type { Layout } from '../../serializer/layout.ts'
import { layoutOfText } from '../../serializer/type-text.ts'
import { type JoinedRecord, joinCutRecords, type ReadChannel } from '../../snapshot/channel-join.ts'
import type { ChannelState } from '../../snapshot/channels.ts'
import type { Snapshot } from '../../snapshot/open.ts'
import type { Operator } from '../../snapshot/operator.ts'
import { streamElementJson } from '../formats/stream-element.ts'
import { type SnapshotFlags, withSnapshot, withSnapshotOptions } from '../open.ts'
import { writeLines } from '../output.ts'
import { formatBytes, formatCount, plural } from '../render/size.ts'
import { printable } from '../render/text.ts'

interface ChannelsFlags extends SnapshotFlags {
  readonly type?: readonly string[]
}

export function configure(command: Command): Command {
  return withSnapshotOptions(command)
    .argument('<path>', 'directory of a checkpoint, its _metadata file, or a URL')
    .argument('[operator]', 'uid, id or name; all by default')
    .option('--type <type...>', 'type of the records; of several the first that fits a channel is taken')
    .option('--json', 'JSON lines, one a channel; and errors as JSON')
    .addHelpText(
      'after',
      `
The type of records in flight is not in the snapshot. Types are written as inspect prints them: long, (string, long),
list<int>, row(string, double).

Example:
  kobel channels ./chk-42 enrich --type '(string, long)'`,
    )
    .action(channels)
}

/** A channel with what was read of it. */
interface Read {
  readonly operator: Operator
  readonly channel: ChannelState
  readonly layout?: Layout
  readonly records?: ChannelRecords
  readonly error?: KobelError
  /** The record at its end or beginning that another channel holds the rest of. */
  readonly joined?: JoinedRecord
}

/** Joined records by the channels they are in. */
type Joins = ReadonlyMap<string, JoinedRecord>

async function channels(path: string, operator: string | undefined, flags: ChannelsFlags): Promise<void> {
  const layouts = (flags.type ?? []).map(layoutOfText)
  await withSnapshot(path, flags, async (snapshot) => {
    const operators = operator === undefined ? snapshot.operators : [snapshot.operator(operator)]
    if (!flags.json && operators.every((each) => each.channelState().length === 0)) {
      return writeLines(['no records in flight: only unaligned checkpoints keep them'])
    }
    const joins = layouts.length === 0 ? new Map() : await joinsOf(snapshot, layouts)
    await writeLines(linesOf(operators, layouts, joins, flags.json ?? false))
  })
}

/** The other end of a channel may be that of an operator that is not asked for. */
async function joinsOf(snapshot: Snapshot, layouts: readonly Layout[]): Promise<Joins> {
  const cut: ReadChannel[] = []
  for (const operator of snapshot.operators) {
    for (const channel of operator.channelState()) {
      const { layout, records } = await readChannel(operator, channel, layouts)
      if (!layout || !records) continue
      const { head, tail } = records
      const isEnd = channel.kind === 'result-subpartition' || tail.length > 0
      if (isEnd)
        cut.push({ operator: operator.id, channel, layout, records: { head: head.slice(), tail: tail.slice() } })
    }
  }
  const joins = new Map<string, JoinedRecord>()
  for (const joined of await joinCutRecords(cut)) {
    for (const each of [joined.input, joined.output]) joins.set(placeOf(each.operator, each.channel), joined)
  }
  return joins
}

function placeOf(operator: string, channel: ChannelState): string {
  const { kind, subtask } = channel
  return channel.kind === 'input-channel'
    ? [operator, kind, subtask, channel.gateIndex, channel.inputChannelIndex].join(' ')
    : [operator, kind, subtask, channel.partitionIndex, channel.subpartitionIndex].join(' ')
}

async function* linesOf(
  operators: readonly Operator[],
  layouts: readonly Layout[],
  joins: Joins,
  json: boolean,
): AsyncGenerator<string, void, undefined> {
  for (const operator of operators) {
    for (const channel of operator.channelState()) {
      const read = withJoined(await readChannel(operator, channel, layouts), joins)
      if (json) yield jsonLine(read)
      else yield* textLines(read)
    }
  }
}

async function readChannel(operator: Operator, channel: ChannelState, layouts: readonly Layout[]): Promise<Read> {
  let failed: KobelError | undefined
  for (const layout of layouts) {
    try {
      return { operator, channel, layout, records: await channel.records(layout) }
    } catch (error) {
      if (!(error instanceof KobelError)) throw error
      failed ??= error
    }
  }
  return { operator, channel, ...(failed && { error: failed }) }
}

/** An input gets the record that it holds the beginning of; the output before it has what comes behind. */
function withJoined(read: Read, joins: Joins): Read {
  const joined = joins.get(placeOf(read.operator.id, read.channel))
  if (joined === undefined || read.records === undefined) return read
  const { elements } = read.records
  const none = new Uint8Array(0)
  const records =
    read.channel.kind === 'input-channel'
      ? { ...read.records, elements: [...elements, joined.elements[0]!], tail: none }
      : { elements: joined.elements.slice(1), head: none, tail: none }
  return { ...read, records, joined }
}

function* textLines({ operator, channel, layout, records, error, joined }: Read): Generator<string, void, undefined> {
  const place =
    channel.kind === 'input-channel'
      ? `input gate ${channel.gateIndex} channel ${channel.inputChannelIndex}`
      : `output partition ${channel.partitionIndex} subpartition ${channel.subpartitionIndex}`
  const parts = [plural(channel.buffers, 'buffer'), formatBytes(channel.size)]
  if (records)
    parts.push(`${formatCount(records.elements.length)} ${records.elements.length === 1 ? 'record' : 'records'}`)
  if (joined && channel.kind === 'input-channel') parts.push('the last of them ends in the output before')
  if (joined && channel.kind !== 'input-channel') parts.push('and the end of one that begins in the input behind')
  yield `${printable(operator.label)}  subtask ${channel.subtask}  ${place}  ${parts.join(', ')}`
  if (error) yield `  cannot be read with this type: ${printable(error.describe())}`
  if (!records || !layout) return
  if (records.head.length > 0) yield `  … the end of a record that began elsewhere: ${toBase64(records.head)}`
  for (const element of records.elements) yield `  ${printable(streamElementJson(element, layout))}`
  if (records.tail.length > 0) yield `  the beginning of a record that ends elsewhere: ${toBase64(records.tail)} …`
}

/** The channel that holds the rest of a record. */
function endOf({ operator, channel }: ReadChannel): Record<string, string | number> {
  const { kind, subtask } = channel
  return channel.kind === 'input-channel'
    ? { operator, kind, subtask, gateIndex: channel.gateIndex, inputChannelIndex: channel.inputChannelIndex }
    : { operator, kind, subtask, partitionIndex: channel.partitionIndex, subpartitionIndex: channel.subpartitionIndex }
}

function jsonLine({ operator, channel, layout, records, error, joined }: Read): string {
  const { kind, subtask, buffers, size } = channel
  const place =
    channel.kind === 'input-channel'
      ? { gateIndex: channel.gateIndex, inputChannelIndex: channel.inputChannelIndex }
      : { partitionIndex: channel.partitionIndex, subpartitionIndex: channel.subpartitionIndex }
  const head = JSON.stringify({
    operator: operator.id,
    ...(operator.uid !== undefined && { uid: operator.uid }),
    kind,
    subtask,
    ...place,
    buffers,
    bytes: size,
    ...(joined && { joinedWith: endOf(channel.kind === 'input-channel' ? joined.output : joined.input) }),
    ...(error && { error: { code: error.code, message: error.message, where: error.where } }),
    ...(records && records.head.length > 0 && { head: toBase64(records.head) }),
    ...(records && records.tail.length > 0 && { tail: toBase64(records.tail) }),
  })
  if (!records || !layout) return head
  return `${head.slice(0, -1)},"records":[${records.elements.map((each) => streamElementJson(each, layout)).join(',')}]}`
}
