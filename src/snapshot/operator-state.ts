import { Reader } from '../bytes/reader.ts'
import { KobelError, locate } from '../error.ts'
import type { ElementBatch } from '../format/batch.ts'
import { OffsetPairs } from '../format/batch.ts'
import type { OperatorStateMode } from '../format/metadata/index.ts'
import { readBroadcastEntries } from '../format/operator-state.ts'
import { type StateMetaInfo, serializerOf } from '../format/state-meta-info.ts'
import { hasUnknown, type Layout } from '../serializer/layout.ts'
import { mergeTypes, type Type } from '../serializer/type.ts'
import type { Value } from '../serializer/value.ts'
import { readPart } from './decode.ts'
import type { Operator } from './operator.ts'
import type { OperatorSource } from './operator-source.ts'
import { type OnSkip, skipOrThrow } from './skipped.ts'

export type OperatorStateKind = 'operator-list' | 'operator-union' | 'broadcast'

/** Which elements are wanted. */
export interface ElementsOptions {
  readonly subtask?: number
  /** Where it is given, what cannot be read is passed over and told; without it the first error is thrown. */
  readonly onSkip?: OnSkip
}

/** A decoded element of a LIST or UNION state, or entry of a BROADCAST state. */
export interface Element {
  readonly subtask: number
  /** BROADCAST only. */
  readonly mapKey?: Value
  readonly value: Value
}

const KINDS: Readonly<Record<OperatorStateMode, OperatorStateKind>> = {
  SPLIT_DISTRIBUTE: 'operator-list',
  UNION: 'operator-union',
  BROADCAST: 'broadcast',
}

export const UNKNOWN_LAYOUT: Layout = { op: 'unknown', className: 'unknown' }

/** A LIST, UNION or BROADCAST state of an operator, over all its subtasks. */
export class OperatorState {
  readonly operator: Operator
  readonly name: string
  readonly mode: OperatorStateMode
  private readonly sources: readonly OperatorSource[]

  constructor(operator: Operator, name: string, mode: OperatorStateMode, sources: readonly OperatorSource[]) {
    this.operator = operator
    this.name = name
    this.mode = mode
    this.sources = sources
  }

  /** The same state in every subtask that has it, in the order first met. */
  static merge(operator: Operator, sources: readonly OperatorSource[]): OperatorState[] {
    const modes = new Map<string, OperatorStateMode>()
    for (const source of sources) {
      for (const { name, mode } of source.handle.states) if (!modes.has(name)) modes.set(name, mode)
      // A state without elements may stand in the head only.
      for (const { name } of source.head.operatorStates) if (!modes.has(name)) modes.set(name, modeOf(source, name))
      for (const { name } of source.head.broadcastStates) if (!modes.has(name)) modes.set(name, 'BROADCAST')
    }
    return [...modes].map(([name, mode]) => new OperatorState(operator, name, mode, sources))
  }

  get kind(): OperatorStateKind {
    return KINDS[this.mode]
  }

  /** Of an element; BROADCAST: of the value. */
  get valueType(): Type {
    return this.typeOf('VALUE_SERIALIZER')
  }

  /** BROADCAST only. */
  get mapKeyType(): Type | undefined {
    return this.mode === 'BROADCAST' ? this.typeOf('KEY_SERIALIZER') : undefined
  }

  /** The state as each subtask that has it declares it. */
  get declarations(): readonly StateMetaInfo[] {
    return this.sources.flatMap((source) => source.states.get(this.name) ?? [])
  }

  /** Decoded elements, by subtask, in the stored order. Every subtask has its own copy of a BROADCAST state. */
  async *elements(options: ElementsOptions = {}): AsyncGenerator<Element, void, undefined> {
    for await (const { batch, value, mapKey } of this.batchesWithLayouts(options)) {
      const reader = new Reader(batch.buffer)
      for (let i = 0; i < batch.count; i++) {
        const at = (pairs: Uint32Array, layout: Layout): Value =>
          readPart(layout, reader, pairs[2 * i]!, pairs[2 * i + 1]!)
        const element = this.decode(batch, options.onSkip, () => ({
          subtask: batch.subtask,
          ...(mapKey && { mapKey: at(batch.mapKeys, mapKey) }),
          value: at(batch.values, value),
        }))
        if (element) yield element
      }
    }
  }

  /** Decodes an element of a batch; one whose bytes do not fit its type is told to `onSkip`, and undefined. */
  decode<T>(batch: ElementBatch, onSkip: OnSkip | undefined, decode: () => T): T | undefined {
    try {
      return decode()
    } catch (error) {
      this.skip(error, onSkip, batch.subtask, 1)
      return undefined
    }
  }

  private skip(error: unknown, onSkip: OnSkip | undefined, subtask: number, entries?: number): void {
    const located = locate(error, { operator: this.operator.label, state: this.name })
    const counted = entries === undefined ? {} : { entries }
    skipOrThrow(located, onSkip, { part: 'operator', subtask, states: [this.name], ...counted })
  }

  /** Elements as bytes. A batch of LIST and UNION has one element; of BROADCAST all entries of a subtask. */
  async *batches(options: ElementsOptions = {}): AsyncGenerator<ElementBatch, void, undefined> {
    for await (const { batch } of this.batchesWithLayouts(options)) yield batch
  }

  async *batchesWithLayouts(
    options: ElementsOptions,
  ): AsyncGenerator<{ batch: ElementBatch; value: Layout; mapKey: Layout | undefined }, void, undefined> {
    for (const { part, subtask, error } of this.operator.unreadable) {
      if (part === 'operator') this.skip(error, options.onSkip, subtask)
    }
    for (const source of this.sources) {
      if (options.subtask !== undefined && options.subtask !== source.subtask) continue
      const offsets = source.handle.states.find((state) => state.name === this.name)?.offsets ?? []
      const info = source.states.get(this.name)
      const value = (info && serializerOf(info, 'VALUE_SERIALIZER')?.layout) ?? UNKNOWN_LAYOUT
      const mapKey =
        this.mode === 'BROADCAST'
          ? ((info && serializerOf(info, 'KEY_SERIALIZER')?.layout) ?? UNKNOWN_LAYOUT)
          : undefined
      for (const offset of offsets) {
        let batch: ElementBatch
        try {
          const { bytes } = await source.element(offset, Number.POSITIVE_INFINITY)
          batch = mapKey ? broadcastBatch(source.subtask, bytes, mapKey, value) : elementBatch(source.subtask, bytes)
        } catch (error) {
          this.skip(locate(error, { file: source.stream.location }), options.onSkip, source.subtask)
          continue
        }
        yield { batch, value, mapKey }
      }
    }
  }

  private typeOf(serializer: string): Type {
    const types = this.declarations.map((info): Type => serializerOf(info, serializer)?.type ?? { kind: 'unknown' })
    return types.slice(1).reduce(mergeTypes, types[0] ?? { kind: 'unknown' })
  }
}

function modeOf(source: OperatorSource, name: string): OperatorStateMode {
  const option = source.states.get(name)?.options.find(([key]) => key === 'OPERATOR_STATE_DISTRIBUTION_MODE')?.[1]
  return option === 'UNION' ? 'UNION' : 'SPLIT_DISTRIBUTE'
}

function elementBatch(subtask: number, bytes: Uint8Array): ElementBatch {
  return {
    kind: 'elements',
    subtask,
    count: 1,
    buffer: bytes,
    mapKeys: new Uint32Array(0),
    values: Uint32Array.of(0, bytes.length),
  }
}

function broadcastBatch(subtask: number, bytes: Uint8Array, mapKey: Layout, value: Layout): ElementBatch {
  try {
    const { keys, values, count } = readBroadcastEntries(bytes, 0, mapKey, value)
    return { kind: 'elements', subtask, count, buffer: bytes, mapKeys: keys, values }
  } catch (error) {
    if (
      !(error instanceof KobelError) ||
      error.code !== 'UNKNOWN_SERIALIZER' ||
      !(hasUnknown(mapKey) || hasUnknown(value))
    )
      throw error
    // Entries of an unknown class cannot be told apart: all of them are one value of bytes.
    const values = new OffsetPairs(1)
    values.push(0, bytes.length)
    return { kind: 'elements', subtask, count: 1, buffer: bytes, mapKeys: new Uint32Array(2), values: values.view() }
  }
}
