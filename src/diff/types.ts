import { equalBytes } from '../bytes/encoding.ts'
import type { KeyedStateInfo } from '../format/keyed-state.ts'
import { type StateMetaInfo, serializerOf } from '../format/state-meta-info.ts'
import { formatType, type Type } from '../serializer/type.ts'
import { KeyedState } from '../snapshot/keyed-state.ts'
import type { OperatorState } from '../snapshot/operator-state.ts'
import type { Difference } from './model.ts'

/** Whether the parts are written by equal serializers, so that equal bytes are equal values. */
export function sameSerializers(one: KeyedStateInfo, other: KeyedStateInfo, parts: 'keys' | 'values'): boolean {
  if (one === other) return true
  if (one.kind !== other.kind || one.ttl !== other.ttl || one.splits !== other.splits) return false
  const names =
    parts === 'values'
      ? ['VALUE_SERIALIZER']
      : ['NAMESPACE_SERIALIZER', ...(one.kind === 'map' ? ['USER_KEY_SERIALIZER'] : [])]
  if (parts === 'keys' && one.key !== other.key && !sameType(one.keyType, other.keyType)) return false
  if (parts === 'keys' && one.kind === 'map' && !sameType(one.mapKeyType, other.mapKeyType)) return false
  return names.every((name) => sameSnapshot(one.metaInfo, other.metaInfo, name))
}

function sameSnapshot(one: StateMetaInfo | undefined, other: StateMetaInfo | undefined, name: string): boolean {
  const [a, b] = [one && serializerOf(one, name), other && serializerOf(other, name)]
  if (!a || !b) return a === b
  return equalBytes(a.raw, b.raw)
}

function sameType(one: Type | undefined, other: Type | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

type TypePart = (Difference & { kind: 'type-changed' })['part']

/** How the declarations of a state differ. */
export function* diffTypes(
  operator: string,
  before: KeyedState | OperatorState,
  after: KeyedState | OperatorState,
): Generator<Difference, void, undefined> {
  const texts = [textsOf(before), textsOf(after)] as const
  for (const [part, text] of texts[0]) {
    const other = texts[1].get(part) ?? 'none'
    if (text !== other) yield { kind: 'type-changed', operator, state: before.name, part, before: text, after: other }
  }
  for (const [part, text] of texts[1]) {
    if (!texts[0].has(part)) {
      yield { kind: 'type-changed', operator, state: before.name, part, before: 'none', after: text }
    }
  }
}

function textsOf(state: KeyedState | OperatorState): Map<TypePart, string> {
  const texts = new Map<TypePart, string>([['kind', state.kind]])
  const { mapKeyType } = state
  if (state instanceof KeyedState) {
    texts.set('key', formatType(state.keyType))
    texts.set('namespace', formatType(state.namespaceType))
    texts.set('ttl', state.ttl ? 'with TTL' : 'without TTL')
  }
  if (mapKeyType) texts.set('mapKey', formatType(mapKeyType))
  if (state.kind !== 'timer') texts.set('value', formatType(state.valueType))
  return texts
}
