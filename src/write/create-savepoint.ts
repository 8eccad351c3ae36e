import { describePlan } from './describe-plan.ts'
import { type Partition, partitionsOf, readPlan, type WritePlan } from './plan.ts'
import type {
  OperatorDescription,
  OperatorStateDescription,
  PlanDescription,
  StateDescription,
  WindowsDescription,
} from './plan-description.ts'
import type { TypeDescription } from './types/description.ts'

export interface SavepointOptions {
  /** `2.3`, `1.20`: the Flink that is to restore it. */
  readonly flink: string
  /** 1 where it is not given. */
  readonly checkpointId?: bigint | number
}

/** A write plan with what `partitionsOf` gives of it, and where the savepoint shall be. */
export interface SavepointPlan extends WritePlan {
  readonly partitions: readonly Partition[]
  readonly target: string
}

/**
 * Begins the description of a savepoint: operators one after another, each followed by its states. Nothing is changed:
 * every step gives a new description.
 */
export function createSavepoint({ flink, checkpointId = 1n }: SavepointOptions): SavepointBuilder {
  return new SavepointBuilder({ flink, checkpointId: idOf(checkpointId), operators: [] })
}

function idOf(checkpointId: bigint | number): number | string {
  const id = Number(checkpointId)
  return Number.isSafeInteger(id) ? id : String(checkpointId)
}

export class SavepointBuilder {
  /** The plan as plain JSON. */
  readonly description: PlanDescription

  constructor(description: PlanDescription) {
    this.description = description
  }

  /** An operator by the uid that the job gives it. */
  operator(uid: string, options: Omit<OperatorDescription, 'uid' | 'states' | 'operatorStates'> = {}): OperatorBuilder {
    const operators = [...this.description.operators, { uid, ...options }]
    return new OperatorBuilder({ ...this.description, operators })
  }

  /**
   * The write plan of a savepoint in `target`.
   * @throws KobelError `USAGE` where the description is wrong; `INCOMPATIBLE` where that Flink lacks a type.
   */
  plan(target: string): SavepointPlan {
    const plan = readPlan(describePlan(this.description))
    // Not members of the JSON: handles carry its hash, which must not depend on the place.
    return Object.defineProperties(plan, {
      partitions: { value: partitionsOf(plan) },
      target: { value: target },
    }) as SavepointPlan
  }
}

/** The operator that was named last. */
export class OperatorBuilder extends SavepointBuilder {
  /** A keyed state; a value, where the kind is not given. */
  state(name: string, type: TypeDescription, options: Omit<StateDescription, 'name' | 'type'> = {}): OperatorBuilder {
    return this.withState({ name, type, ...options })
  }

  list(
    name: string,
    element: TypeDescription,
    options: Pick<StateDescription, 'ttl' | 'namespace'> = {},
  ): OperatorBuilder {
    return this.state(name, element, { kind: 'list', ...options })
  }

  map(
    name: string,
    mapKey: TypeDescription,
    value: TypeDescription,
    options: Pick<StateDescription, 'ttl' | 'namespace'> = {},
  ): OperatorBuilder {
    return this.state(name, value, { kind: 'map', mapKey, ...options })
  }

  /** Both queues of a timer service; `user-timers` are those of process functions. */
  timers(service = 'user-timers', options: Pick<StateDescription, 'namespace'> = {}): OperatorBuilder {
    return this.withState({ name: service, kind: 'timer', ...options })
  }

  /** The states of a window operator. */
  windows(windows: WindowsDescription): OperatorBuilder {
    return this.withOperator((operator) => ({ ...operator, windows }))
  }

  /** An operator state. */
  operatorState(
    name: string,
    type: TypeDescription,
    options: Omit<OperatorStateDescription, 'name' | 'type'> = { kind: 'operator-list' },
  ): OperatorBuilder {
    return this.withOperator((operator) => ({
      ...operator,
      operatorStates: [...(operator.operatorStates ?? []), { name, type, ...options }],
    }))
  }

  private withState(state: StateDescription): OperatorBuilder {
    return this.withOperator((operator) => ({ ...operator, states: [...(operator.states ?? []), state] }))
  }

  private withOperator(change: (operator: OperatorDescription) => OperatorDescription): OperatorBuilder {
    const { operators } = this.description
    return new OperatorBuilder({
      ...this.description,
      operators: [...operators.slice(0, -1), change(operators.at(-1)!)],
    })
  }
}
