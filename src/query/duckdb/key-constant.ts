import type { Value } from '../../serializer/value.ts'
import type { KeyedState } from '../../snapshot/keyed-state.ts'

export function keyOfConstant(_state: KeyedState, _json: string): Value | undefined {
  return undefined
}
