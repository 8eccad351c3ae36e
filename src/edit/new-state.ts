import { toBase64 } from '../bytes/encoding.ts'
import { Writer } from '../bytes/writer.ts'
import { KobelError } from '../error.ts'
import type { StateMetaInfo } from '../format/state-meta-info.ts'
import { type SerializerSnapshot, writeSerializerSnapshot } from '../serializer/snapshot.ts'
import { describePlan } from '../write/describe-plan.ts'
import { operatorOf } from '../write/plan.ts'
import type { StateDescription } from '../write/plan-description.ts'

/** A keyed state as the plan of a new savepoint describes it. */
export type NewState = Omit<StateDescription, 'name' | 'duplicates' | 'order'>

/** What the head of a stream says of a described state, under the keys that are there. */
export function newStateInfos(
  name: string,
  state: NewState,
  key: SerializerSnapshot,
  flink: string,
): readonly StateMetaInfo[] {
  const writer = new Writer(key.raw.length + 4)
  writeSerializerSnapshot(writer, key)
  const operator = {
    uid: 'the operator',
    maxParallelism: 1,
    key: { snapshot: toBase64(writer.toBytes()) },
    states: [{ ...state, name }],
  }
  const plan = describePlan({ flink, operators: [operator] })
  const declared = operatorOf(plan, plan.operators[0]!.id).keyed.get(0)
  if (declared) return declared.head.states
  throw new KobelError('USAGE', 'a state that is added is keyed state', { state: name })
}
