import { equalBytes } from '../bytes/encoding.ts'
import { KobelError } from '../error.ts'
import { noSuch } from '../snapshot/names.ts'
import type { Snapshot } from '../snapshot/open.ts'
import type { Operator } from '../snapshot/operator.ts'
import { OperatorState } from '../snapshot/operator-state.ts'
import { diffElements } from './elements.ts'
import { diffEntries, Sum } from './entries.ts'
import type { Difference, DiffOptions, DiffSummary, OperatorPair, OperatorSummary } from './model.ts'
import { diffTypes } from './types.ts'
import { verdictsOf } from './verdicts.ts'

/**
 * What differs between two snapshots, whatever their formats, backends, parallelisms and max parallelisms: operators,
 * states, types, and every entry by its key. Streams without a cap; memory is that of two scans, and of sorting where key
 * groups differ. The summary is what the generator returns.
 *
 * @throws KobelError `NOT_FOUND` for an operator that neither has; errors of reading.
 */
export async function* diffSnapshots(
  before: Snapshot,
  after: Snapshot,
  options: DiffOptions,
): AsyncGenerator<Difference, DiffSummary, undefined> {
  const { pairs, removed, added } = pairsOf(before, after, options)
  const operators: OperatorSummary[] = []
  let count = 0
  const told = (difference: Difference): Difference => {
    count++
    return difference
  }
  try {
    for (const operator of removed) yield told({ kind: 'operator-removed', operator: operator.label })
    for (const operator of added) yield told({ kind: 'operator-added', operator: operator.label })
    for (const pair of pairs) {
      const sum = new Sum()
      await pair.before.load()
      await pair.after.load()
      for (const each of diffTopology(pair)) yield told(each)
      if (await coordinatorsDiffer(pair)) {
        const what = { what: 'coordinator', before: 'other bytes', after: 'other bytes' } as const
        yield told({ kind: 'operator-changed', operator: pair.label, ...what })
      }
      for await (const each of diffStates(pair, options, sum)) yield told(each)
      if (options.typesOnly) {
        for await (const each of verdictsOf(pair, (name) => options.states?.includes(name) ?? true)) yield each
      }
      operators.push({ operator: pair.label, states: sum.list() })
    }
  } finally {
    await options.spill.close()
  }
  return { before: before.location, after: after.location, equal: count === 0, operators }
}

async function* diffStates(
  pair: OperatorPair,
  options: DiffOptions,
  sum: Sum,
): AsyncGenerator<Difference, void, undefined> {
  const isWanted = (name: string): boolean => options.states?.includes(name) ?? true
  const olds = new Map(pair.before.states.map((state) => [state.name, state]))
  const news = new Map(pair.after.states.map((state) => [state.name, state]))
  for (const [name, state] of olds) {
    if (!isWanted(name)) continue
    const other = news.get(name)
    if (other) yield* diffTypes(pair.label, state, other)
    else yield { kind: 'state-removed', operator: pair.label, state: name, stateKind: state.kind }
  }
  for (const [name, state] of news) {
    if (isWanted(name) && !olds.has(name)) {
      yield { kind: 'state-added', operator: pair.label, state: name, stateKind: state.kind }
    }
  }
  if (options.typesOnly) return
  const keyed = [...pair.before.keyedStates, ...pair.after.keyedStates].some(({ name }) => isWanted(name))
  if (keyed) yield* diffEntries(pair, options, sum)
  const names = new Set([...pair.before.operatorStates, ...pair.after.operatorStates].map((state) => state.name))
  for (const name of names) {
    if (!isWanted(name)) continue
    const [one, other] = [olds.get(name), news.get(name)]
    const [old, young] = [
      one instanceof OperatorState ? one : undefined,
      other instanceof OperatorState ? other : undefined,
    ]
    yield* diffElements(pair.label, old, young, options, sum)
  }
}

interface Paired {
  readonly pairs: readonly OperatorPair[]
  readonly removed: readonly Operator[]
  readonly added: readonly Operator[]
}

/** Operators are the same where their ids are, or where the options say so. */
function pairsOf(before: Snapshot, after: Snapshot, options: DiffOptions): Paired {
  const renamed = new Map(
    (options.renamed ?? []).map(([old, young]) => [before.operator(old).id, after.operator(young).id]),
  )
  const rest = new Map(after.operators.map((operator) => [operator.id, operator]))
  const pairs: OperatorPair[] = []
  const removed: Operator[] = []
  for (const operator of before.operators) {
    const id = renamed.get(operator.id) ?? operator.id
    const other = rest.get(id)
    rest.delete(id)
    if (other) pairs.push({ label: labelOf(operator, other), before: operator, after: other })
    else removed.push(operator)
  }
  const added = [...rest.values()]
  if (!options.operators) return { pairs, removed, added }
  const wanted = new Set(options.operators.flatMap((name) => idsOf(name, before, after)))
  const isWanted = ({ id }: Operator): boolean => wanted.has(id)
  return {
    pairs: pairs.filter((pair) => isWanted(pair.before) || isWanted(pair.after)),
    removed: removed.filter(isWanted),
    added: added.filter(isWanted),
  }
}

/** A uid that one of them knows names both. */
function labelOf(before: Operator, after: Operator): string {
  return before.uid ?? after.uid ?? before.label
}

function idsOf(name: string, before: Snapshot, after: Snapshot): string[] {
  const ids: string[] = []
  for (const snapshot of [before, after]) {
    try {
      ids.push(snapshot.operator(name).id)
    } catch (error) {
      if (!(error instanceof KobelError) || error.code !== 'NOT_FOUND') throw error
    }
  }
  const labels = [...before.operators, ...after.operators].map((operator) => operator.label)
  if (ids.length === 0) throw noSuch('operator', name, [...new Set(labels)])
  return ids
}

function* diffTopology({ label, before, after }: OperatorPair): Generator<Difference, void, undefined> {
  for (const what of ['parallelism', 'maxParallelism', 'name'] as const) {
    const [old, young] = [before[what] ?? null, after[what] ?? null]
    // Flink 1.x stores no names: nothing is said of what one of them cannot know.
    if (old === young || (what === 'name' && (old === null || young === null))) continue
    yield { kind: 'operator-changed', operator: label, what, before: old, after: young }
  }
  if (before.id !== after.id) {
    const [old, young] = [before.uid ?? before.id, after.uid ?? after.id]
    yield { kind: 'operator-changed', operator: label, what: 'uid', before: old, after: young }
  }
}

async function coordinatorsDiffer({ before, after }: OperatorPair): Promise<boolean> {
  const [one, other] = [await coordinatorOf(before), await coordinatorOf(after)]
  return !equalBytes(one, other)
}

async function coordinatorOf(operator: Operator): Promise<Uint8Array> {
  const blob = (await operator.blobs()).find(({ part }) => part === 'coordinator')
  return blob ? blob.read(0, blob.length) : new Uint8Array(0)
}
