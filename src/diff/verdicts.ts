import type { KeyedHead } from '../format/keyed-head.ts'
import type { StateMetaInfo } from '../format/state-meta-info.ts'
import type { SerializerSnapshot } from '../serializer/snapshot.ts'
import { KeyedState } from '../snapshot/keyed-state.ts'
import type { Operator } from '../snapshot/operator.ts'
import type { OperatorState } from '../snapshot/operator-state.ts'
import { AS_IS, compatibilityOf, type Verdict, worst } from './compatibility.ts'
import type { Difference, OperatorPair } from './model.ts'

/** What Flink does with each state that both have, if the job of the second is restored from the first. */
export async function* verdictsOf(
  { label, before, after }: OperatorPair,
  isWanted: (name: string) => boolean,
): AsyncGenerator<Difference, void, undefined> {
  const keys = await keyVerdict(before, after)
  const olds = new Map(before.states.map((state) => [state.name, state]))
  for (const state of after.states) {
    const old = olds.get(state.name)
    if (!old || !isWanted(state.name)) continue
    const verdict = stateVerdict(old, state)
    const found = state instanceof KeyedState ? worst([keys, verdict]) : verdict
    yield { kind: 'verdict', operator: label, state: state.name, ...found }
  }
}

/** A key cannot migrate: its bytes place the entry. */
async function keyVerdict(before: Operator, after: Operator): Promise<Verdict> {
  const [old, young] = [await headOf(before), await headOf(after)]
  return old && young ? unmoved('key', compatibilityOf(old.keySerializer, young.keySerializer)) : AS_IS
}

async function headOf(operator: Operator): Promise<KeyedHead | undefined> {
  return (await operator.keyedSources()).find((source) => source.format !== 'raw-timers')?.head
}

function unmoved(what: string, { verdict, reason }: Verdict): Verdict {
  if (verdict !== 'migrates') return reason === undefined ? { verdict } : { verdict, reason: `${what}: ${reason}` }
  return {
    verdict: 'refused',
    reason: `${what}: it would have to migrate, which Flink does for values only (${reason})`,
  }
}

type State = KeyedState | OperatorState

function stateVerdict(before: State, after: State): Verdict {
  if (before.kind !== after.kind) return { verdict: 'refused', reason: `a ${before.kind} state is now ${after.kind}` }
  const [old, young] = [serializersOf(before), serializersOf(after)]
  const verdicts = [...young].flatMap(([name, snapshot]) => {
    const known = old.get(name)
    if (!known) return []
    const found = compatibilityOf(known, snapshot)
    if (name === 'NAMESPACE_SERIALIZER') return [unmoved('namespace', found)]
    if (name === 'KEY_SERIALIZER') return [unmoved('map key', found)]
    return [after.kind === 'map' ? mapVerdict(known, snapshot, found) : found]
  })
  return worst(verdicts)
}

/** RocksDB keeps user keys in its own keys, so that they cannot migrate there. */
function mapVerdict(before: SerializerSnapshot, after: SerializerSnapshot, found: Verdict): Verdict {
  const [old, young] = [keyOf(before), keyOf(after)]
  return old && young && found.verdict === 'migrates'
    ? worst([found, unmoved('map key', compatibilityOf(old, young))])
    : found
}

function keyOf({ body }: SerializerSnapshot): SerializerSnapshot | undefined {
  const nested = (body as { readonly nested?: readonly SerializerSnapshot[] } | undefined)?.nested
  return nested?.length === 2 ? nested[0] : undefined
}

function serializersOf(state: State): Map<string, SerializerSnapshot> {
  const [first] = state.declarations
  const info: StateMetaInfo | undefined =
    first && 'metaInfo' in first ? first.metaInfo : (first as StateMetaInfo | undefined)
  return new Map(info?.serializers ?? [])
}
