/** Compares splits of sources, finished operators and records in flight with what is expected of them. */
import { describeConnectors, joinCutRecords, operatorIdOf, type Snapshot } from '../src/node/index.ts'

type Json = null | boolean | number | string | Json[] | { [name: string]: Json }

export interface ExpectedConnector {
  readonly uid?: string
  readonly operatorId?: string
  readonly finished?: boolean
  /** Splits of a sequence, in any order. */
  readonly readerSplits?: readonly Json[]
  readonly enumeratorSplits?: readonly Json[]
  /** By subtask: the longs in its channels, then those in the outputs to it; each has the time stamp of its second. */
  readonly inFlight?: readonly (readonly number[])[]
  /** Likewise without time stamps. */
  readonly recordsInFlight?: readonly (readonly number[])[]
}

export interface Differences {
  readonly differences: string[]
  compared: number
}

export async function compareConnectors(
  snapshot: Snapshot,
  expected: readonly ExpectedConnector[],
  outcome: Differences,
): Promise<void> {
  const compare = (what: string, wanted: readonly string[], found: readonly string[]): void => {
    outcome.compared += wanted.length
    if (wanted.join() !== found.join()) outcome.differences.push(`${what}: ${found.join()} instead of ${wanted.join()}`)
  }
  const states = await describeConnectors(snapshot)
  for (const operator of expected) {
    const id = operator.operatorId ?? operatorIdOf(operator.uid ?? '')
    const label = operator.uid ?? id
    const found = snapshot.operators.find((each) => each.id === id)
    if (operator.finished !== undefined)
      compare(`${label} finished`, [String(operator.finished)], [String(found?.fullyFinished)])
    const source = states.find((state) => state.operator === id)?.source
    if (operator.readerSplits) {
      const splits = source?.splits.map((split) => ('decoded' in split ? split.decoded : null)) ?? []
      compare(`${label} reader`, rangesOf(operator.readerSplits), rangesOf(splits))
    }
    if (operator.enumeratorSplits) {
      const { splits } = (source?.enumerator?.decoded ?? {}) as { splits?: readonly unknown[] }
      compare(`${label} enumerator`, rangesOf(operator.enumeratorSplits), rangesOf(splits ?? [null]))
    }
    const { inFlight = operator.recordsInFlight } = operator
    for (const [subtask, records] of inFlight?.entries() ?? []) {
      const values = await longsInFlight(snapshot, id, subtask, operator.inFlight !== undefined)
      compare(`${label} in flight to subtask ${subtask}`, records.map(String), values)
    }
  }
}

function rangesOf(splits: readonly unknown[]): string[] {
  return splits
    .map((split) => `${(split as Json & { from: Json })?.from}..${(split as Json & { to: Json })?.to}`)
    .sort()
}

/** Records in the channels of a subtask, then those in the outputs to it of other operators; cut ones put together. */
async function longsInFlight(snapshot: Snapshot, id: string, subtask: number, stamped: boolean): Promise<string[]> {
  const layout = 'long'
  const channels = snapshot.operators.flatMap((operator) =>
    operator.channelState().map((channel) => ({ operator: operator.id, channel, layout })),
  )
  const inputs = channels.filter(
    ({ operator, channel }) => operator === id && channel.kind === 'input-channel' && channel.subtask === subtask,
  )
  const outputs = channels.filter(
    ({ operator, channel }) =>
      operator !== id && channel.kind === 'result-subpartition' && channel.subpartitionIndex === subtask,
  )
  const read = await Promise.all(
    [...inputs, ...outputs].map(async (each) => ({ ...each, records: await each.channel.records(layout) })),
  )
  const joins = await joinCutRecords(read)
  const values: string[] = []
  for (const each of read) {
    const asOutput = joins.find(({ output }) => output === each)
    const isJoined = asOutput !== undefined || joins.some(({ input }) => input === each)
    const { elements, head, tail } = each.records
    if (!isJoined && head.length + tail.length > 0) values.push('a record that is cut')
    for (const element of asOutput?.elements ?? elements) {
      if (element.kind !== 'record') continue
      const wanted = stamped ? 1_700_000_000_000n + (element.value as bigint) : undefined
      values.push(element.timestamp === wanted ? String(element.value) : `${element.value} at ${element.timestamp}`)
    }
  }
  return values
}
