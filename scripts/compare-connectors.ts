/** Compares splits of sources, finished operators and records in flight with what is expected of them. */
import { describeConnectors, operatorIdOf, type Snapshot } from '../src/node/index.ts'

type Json = null | boolean | number | string | Json[] | { [name: string]: Json }

export interface ExpectedConnector {
  readonly uid?: string
  readonly operatorId?: string
  readonly finished?: boolean
  /** Splits of a sequence, in any order. */
  readonly readerSplits?: readonly Json[]
  readonly enumeratorSplits?: readonly Json[]
  /** By subtask: the longs in its channels, then those in the outputs to it. */
  readonly inFlight?: readonly (readonly number[])[]
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
    for (const [subtask, records] of operator.inFlight?.entries() ?? []) {
      const values = await longsInFlight(snapshot, id, subtask)
      compare(`${label} in flight to subtask ${subtask}`, records.map(String), values)
    }
  }
}

function rangesOf(splits: readonly unknown[]): string[] {
  return splits
    .map((split) => `${(split as Json & { from: Json })?.from}..${(split as Json & { to: Json })?.to}`)
    .sort()
}

/** Records in the channels of a subtask, then those in the outputs to it of other operators. */
async function longsInFlight(snapshot: Snapshot, id: string, subtask: number): Promise<string[]> {
  const inputs = snapshot.operators
    .flatMap((operator) => (operator.id === id ? operator.channelState() : []))
    .filter((channel) => channel.kind === 'input-channel' && channel.subtask === subtask)
  const outputs = snapshot.operators
    .flatMap((operator) => (operator.id === id ? [] : operator.channelState()))
    .filter((channel) => channel.kind === 'result-subpartition' && channel.subpartitionIndex === subtask)
  const values: string[] = []
  for (const channel of [...inputs, ...outputs]) {
    const { elements, head, tail } = await channel.records('long')
    if (head.length + tail.length > 0) values.push('a record that is cut')
    for (const element of elements) {
      if (element.kind !== 'record') continue
      const isStamped = element.timestamp === 1_700_000_000_000n + (element.value as bigint)
      values.push(isStamped ? String(element.value) : `${element.value} at ${element.timestamp}`)
    }
  }
  return values
}
