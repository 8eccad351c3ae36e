import type { Value } from '../value.ts'
import type { Graph } from './graph.ts'
import type { KryoVersion } from './primitives.ts'
import type { Sink } from './sink.ts'
import type { DeclaredType } from './types.ts'

/** How the objects of a class lie: one of Kryo's serializers. */
export interface ObjectCodec {
  /** False where no reference marker stands before an object: primitive wrappers, and enums in Kryo 5. */
  readonly referenced?: false
  /** A value is shown as what it holds (`Optional`): its own class does not show. */
  readonly holder?: true
  readonly read: (graph: Graph, className: string, args: readonly DeclaredType[]) => Value
  /** Absent where the value does not keep enough to write it again. */
  readonly write?: (sink: Sink, value: Value, className: string, args: readonly DeclaredType[]) => void
}

/** What is known of classes when values of one serializer snapshot are read. */
export interface KryoClasses {
  readonly version: KryoVersion
  readonly classOf: (id: number) => string | undefined
  readonly idOf: (className: string) => number | undefined
  readonly codecOf: (className: string) => ObjectCodec | undefined
  /** Whether a field of this type can hold no subclass, so that no class stands in the data. */
  readonly isFinal: (type: DeclaredType) => boolean
}
