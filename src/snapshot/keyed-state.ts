import { compareBytes } from '../bytes/encoding.ts'
import { Reader } from '../bytes/reader.ts'
import { KobelError, locate } from '../error.ts'
import type { EntryBatch, TimerBatch } from '../format/batch.ts'
import type { KeyedStateInfo, KeyedStateKind } from '../format/keyed-state.ts'
import { hashValue, isHashable } from '../serializer/interpreter/hash.ts'
import { valueToJson } from '../serializer/interpreter/json.ts'
import { bytesOfValue } from '../serializer/interpreter/write.ts'
import { type Layout, someLayout } from '../serializer/layout.ts'
import { keyLayout } from '../serializer/table/codecs.ts'
import { mergeTypes, type Type } from '../serializer/type.ts'
import type { Value } from '../serializer/value.ts'
import { BatchDecoder, type Entry, readPart, type Timer } from './decode.ts'
import { keyGroupOfHash, subtaskOfKeyGroup } from './key-groups.ts'
import { noSuch } from './names.ts'
import type { Operator } from './operator.ts'
import { locatedSkips, type OnSkip, skipOrThrow } from './skipped.ts'

/** Which entries of a state are wanted. */
export interface EntriesOptions {
  /** First and last key group, both inclusive. */
  readonly keyGroups?: readonly [first: number, last: number]
  /** Only entries of this key: one key group is read where its hash is known. */
  readonly key?: Value
  /** Where it is given, what cannot be read is passed over and told; without it the first error is thrown. */
  readonly onSkip?: OnSkip
}

/** A keyed state of an operator, over all its subtasks. Timers are states of the kind `timer`. */
export class KeyedState {
  readonly operator: Operator
  readonly name: string
  private readonly infos: readonly KeyedStateInfo[]

  /** @param infos the state as each subtask declares it; they may differ in their types. */
  constructor(operator: Operator, name: string, infos: readonly KeyedStateInfo[] = []) {
    this.operator = operator
    this.name = name
    this.infos = infos
  }

  get kind(): KeyedStateKind {
    return this.first().kind
  }

  get ttl(): boolean {
    return this.first().ttl
  }

  get keyType(): Type {
    return this.merged((info) => info.keyType)
  }

  get namespaceType(): Type {
    return this.merged((info) => info.namespaceType)
  }

  get mapKeyType(): Type | undefined {
    return this.first().mapKeyType && this.merged((info) => info.mapKeyType ?? { kind: 'unknown' })
  }

  /** Of the value; LIST: of an element; MAP: of the user value. Without TTL. */
  get valueType(): Type {
    return this.merged((info) => info.valueType)
  }

  /** The state as each subtask that has it declares it. */
  get declarations(): readonly KeyedStateInfo[] {
    return this.infos
  }

  /** Decoded entries in ascending order of key groups. Timers: see {@link timers}. */
  async *entries(options: EntriesOptions = {}): AsyncGenerator<Entry, void, undefined> {
    const decoder = new BatchDecoder()
    for await (const { batch, i } of this.batches('entries', options)) {
      const entry = this.decode(batch, options.onSkip, () => decoder.entry(batch as EntryBatch, i))
      if (entry) yield entry
    }
  }

  /** Timers of a state of the kind `timer`. */
  async *timers(options: EntriesOptions = {}): AsyncGenerator<Timer, void, undefined> {
    const decoder = new BatchDecoder()
    for await (const { batch, i } of this.batches('timers', options)) {
      const timer = this.decode(batch, options.onSkip, () => decoder.timer(batch as TimerBatch, i))
      if (timer) yield timer
    }
  }

  /** Decodes an entry of a batch; one whose bytes do not fit their types is told to `onSkip`, and undefined. */
  decode<T>(batch: EntryBatch | TimerBatch, onSkip: OnSkip | undefined, decode: () => T): T | undefined {
    try {
      return decode()
    } catch (error) {
      const { keyGroup } = batch
      const located = locate(error, { operator: this.operator.label, state: this.name, keyGroup })
      const place = { part: 'keyed', subtask: this.subtaskOf(keyGroup), keyGroups: [keyGroup, keyGroup] } as const
      skipOrThrow(located, onSkip, { ...place, states: [this.name], entries: 1 })
      return undefined
    }
  }

  private subtaskOf(keyGroup: number): number {
    return subtaskOfKeyGroup(this.operator.maxParallelism, this.operator.parallelism, keyGroup)
  }

  /**
   * What the state holds for one key: the value; LIST: the array of elements; MAP: the array of `[user key, value]`.
   * Undefined where it holds nothing. Reads one key group where the hash of the key's type is known, else all.
   *
   * @param options.namespace the window or other namespace; where absent, the state must hold one at most.
   * @throws KobelError `USAGE` where the key does not fit its type, or several namespaces hold a value.
   */
  async get(key: Value, options: { readonly namespace?: Value } = {}): Promise<Value | undefined> {
    const found: Entry[] = []
    let namespaceJson: string | undefined
    for await (const { batch, i } of this.batches('entries', { key, ...options })) {
      const state = batch.states[batch.stateIds[i]!]!
      const entry = new BatchDecoder().entry(batch as EntryBatch, i)
      const json = valueToJson(state.namespace, entry.namespace)
      if (options.namespace !== undefined && json !== valueToJson(state.namespace, options.namespace)) continue
      namespaceJson ??= json
      if (json !== namespaceJson) {
        throw new KobelError(
          'USAGE',
          `the key has values in several namespaces (${namespaceJson}, ${json}, …): say which one with the option namespace`,
          {
            operator: this.operator.label,
            state: this.name,
          },
        )
      }
      found.push(entry)
    }
    if (found.length === 0) return undefined
    return found[0]!.mapKey === undefined ? found[0]!.value : found.map((entry) => [entry.mapKey!, entry.value])
  }

  /** Entries or timers as places in batches, undecoded: for those who also need the state as its subtask declares it. */
  async *batches(
    kind: 'entries' | 'timers',
    options: EntriesOptions & { readonly namespace?: Value },
  ): AsyncGenerator<{ batch: EntryBatch | TimerBatch; i: number }, void, undefined> {
    const match = 'key' in options ? await this.keyMatch(options.key as Value, options.namespace) : undefined
    const keyGroups = match?.keyGroup === undefined ? options.keyGroups : ([match.keyGroup, match.keyGroup] as const)
    const wanted = (state: KeyedStateInfo): boolean => state.name === this.name
    let declared = this.infos.length > 0
    const onSkip = options.onSkip && locatedSkips(options.onSkip, { operator: this.operator.label })
    for (const source of await this.operator.keyedSources(keyGroups, onSkip)) {
      declared ||= source.states.some(wanted)
      const keyPrefix = match?.keyPrefix
      for await (const batch of source.scan({
        ...(keyGroups && { keyGroups }),
        ...(onSkip && { onSkip }),
        ...(keyPrefix && { keyPrefix }),
        ...(match?.namespace && { namespace: match.namespace }),
        wanted,
      })) {
        if (batch.kind !== kind) continue
        for (let i = 0; i < batch.count; i++) {
          if (match === undefined || match.matches(batch, i)) yield { batch, i }
        }
      }
    }
    if (!declared) await this.failIfUnknown(onSkip !== undefined)
  }

  /** In a lazily opened snapshot a wrong name shows only when nothing was found. Skipped handles may have named it. */
  private async failIfUnknown(skips: boolean): Promise<void> {
    await this.operator.load()
    if (skips && this.operator.unreadable.some((each) => each.part === 'keyed')) return
    const names = this.operator.keyedStates.map((state) => state.name)
    if (!names.includes(this.name)) throw noSuch('state', this.name, names, { operator: this.operator.label })
  }

  private async keyMatch(key: Value, namespace: Value | undefined): Promise<KeyMatch> {
    const source = await this.operator.firstKeyedSource()
    const state = source?.states.find((each) => each.name === this.name) ?? source?.states[0]
    if (!source || !state) return { keyGroup: undefined, keyPrefix: undefined, matches: () => false }
    const match = keyMatch(state.key, key, this.operator.maxParallelism)
    if (namespace === undefined || hasManyForms(state.namespace)) return match
    return { ...match, namespace: bytesOfValue(state.namespace, namespace) }
  }

  private first(): KeyedStateInfo {
    const [first] = this.infos
    if (first) return first
    throw new KobelError(
      'USAGE',
      'the type of a state is known only after load(), or when the snapshot is opened without heads: lazy',
      {
        operator: this.operator.label,
        state: this.name,
      },
    )
  }

  private merged(typeOf: (info: KeyedStateInfo) => Type): Type {
    return this.infos.slice(1).reduce((merged, info) => mergeTypes(merged, typeOf(info)), typeOf(this.first()))
  }
}

interface KeyMatch {
  /** Undefined where the hash of the key's type is not known. */
  readonly keyGroup: number | undefined
  /** The key's bytes, where equal keys have equal bytes. */
  readonly keyPrefix: Uint8Array | undefined
  /** The bytes of the namespace that is wanted, likewise. */
  readonly namespace?: Uint8Array
  readonly matches: (batch: EntryBatch | TimerBatch, i: number) => boolean
}

/** Whether equal values can have different bytes. */
function hasManyForms(layout: Layout): boolean {
  return someLayout(layout, (each) => each.op === 'bigInteger' || each.op === 'codec')
}

/** Keys are compared by their bytes; where equal keys can have two byte forms, by their text. */
function keyMatch(layout: Layout, key: Value, maxParallelism: number): KeyMatch {
  const bytes = bytesOfValue(keyLayout(layout), key)
  const keyGroup = isHashable(layout) ? keyGroupOfHash(hashValue(layout, new Reader(bytes)), maxParallelism) : undefined
  const text = hasManyForms(layout) ? valueToJson(layout, key) : undefined
  const matches = (batch: EntryBatch | TimerBatch, i: number): boolean => {
    const [start, end] = [batch.keys[2 * i]!, batch.keys[2 * i + 1]!]
    if (text === undefined) return compareBytes(batch.buffer.subarray(start, end), bytes) === 0
    return valueToJson(layout, readPart(layout, new Reader(batch.buffer), start, end)) === text
  }
  return { keyGroup, keyPrefix: text === undefined ? bytes : undefined, matches }
}
