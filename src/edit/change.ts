import { Reader } from '../bytes/reader.ts'
import { KobelError, locate } from '../error.ts'
import type { EntryBatch, TimerBatch } from '../format/batch.ts'
import type { KeyedStateInfo } from '../format/keyed-state.ts'
import { valueToJson } from '../serializer/interpreter/json.ts'
import { TypedBytes, type Value } from '../serializer/value.ts'
import { BatchDecoder, canonicalValue, type Entry, readStateValue } from '../snapshot/decode.ts'
import { KeyMatcher, rowText } from './keys.ts'
import type { StateEdit, StateStep } from './model.ts'
import { FieldPatch } from './patch.ts'
import type { InPlacePatch } from './patch-stream.ts'

/** What becomes of an entry. */
export const KEEP = 0
export const CHANGED = 1
export const REMOVED = 2

/** An entry before and after, as JSON. */
export interface Sample {
  readonly key: string
  readonly before: string | undefined
  readonly after: string | undefined
}

/** What an edit does to the entries of one state. */
export interface EntryChange {
  /** Bytes of the new value after `CHANGED`: from `start` to before `end`. */
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
  readonly timestamp: bigint
  changed: number
  removed: number
  readonly samples: readonly Sample[]
  /** Key groups outside of which nothing changes; undefined: anywhere. */
  readonly keyGroups: ReadonlySet<number> | undefined
  readonly matcher: KeyMatcher | undefined
  /** Set where each entry can be changed where it lies. */
  readonly inPlace: InPlacePatch | undefined
  entry(batch: EntryBatch, i: number): number
  timer(batch: TimerBatch, i: number): number
}

const NOTHING = new Uint8Array(0)

type DecodedStep = Extract<StateStep, { op: 'filter' | 'map' | 'field' | 'shiftTtl' }>

export class StateChange implements EntryChange {
  bytes: Uint8Array = NOTHING
  start = 0
  end = 0
  timestamp = 0n
  changed = 0
  removed = 0
  readonly samples: Sample[] = []
  readonly keyGroups: ReadonlySet<number> | undefined
  readonly matcher: KeyMatcher | undefined
  private readonly source: KeyedStateInfo
  private readonly target: KeyedStateInfo
  private readonly edit: StateEdit
  private readonly steps: readonly DecodedStep[]
  private readonly patch: FieldPatch | undefined
  private readonly decoder = new BatchDecoder()
  private readonly most: number

  private constructor(
    source: KeyedStateInfo,
    target: KeyedStateInfo,
    edit: StateEdit,
    maxParallelism: number,
    samples: number,
  ) {
    this.source = source
    this.target = target
    this.edit = edit
    this.most = samples
    this.steps = edit.steps.filter(isDecoded)
    this.matcher = KeyMatcher.of(source, edit)
    const onlyNamed = edit.steps.every((step) => step.op === 'delete') && !this.retypes && !edit.type?.check
    this.keyGroups = onlyNamed ? this.matcher?.keyGroups(maxParallelism) : undefined
    this.patch = FieldPatch.of(source, target, edit)
  }

  /** Undefined where the bytes of all entries stay. */
  static of(
    source: KeyedStateInfo,
    target: KeyedStateInfo,
    edit: StateEdit | undefined,
    maxParallelism: number,
    samples: number,
  ): EntryChange | undefined {
    if (!edit) return undefined
    const typed = edit.type !== undefined && !edit.type.bytesStay
    if (edit.steps.length === 0 && edit.upserts.length === 0 && !typed && !edit.type?.check) return undefined
    return new StateChange(source, target, edit, maxParallelism, samples)
  }

  get inPlace(): InPlacePatch | undefined {
    return this.matcher || this.most > this.samples.length ? undefined : this.patch?.inPlace
  }

  entry(batch: EntryBatch, i: number): number {
    const matched = this.matcher?.match(batch, i)
    if (matched === null) return this.remove(batch, i)
    if (matched !== undefined) return this.replace(batch, i, matched, 0, matched.length)
    const check = this.edit.type?.check
    if (this.steps.length === 0 && !this.retypes && !check) return KEEP
    try {
      if (this.patch?.apply(batch, i)) return this.replace(batch, i, this.patch.bytes, 0, this.patch.length)
      return this.decode(batch, i)
    } catch (error) {
      throw locate(error, { state: this.source.name, keyGroup: batch.keyGroup })
    }
  }

  timer(batch: TimerBatch, i: number): number {
    if (this.matcher?.match(batch, i) === null) return this.removeTimer(batch, i)
    this.timestamp = batch.timestamps[i]!
    const before = this.timestamp
    for (const step of this.edit.steps) {
      if (step.op === 'shiftTimers') this.timestamp += step.millis
      if (step.op !== 'filterTimers') continue
      if (!step.keep({ ...this.decoder.timer(batch, i), timestamp: this.timestamp })) return this.removeTimer(batch, i)
    }
    if (this.timestamp === before) return KEEP
    this.changed++
    if (this.samples.length < this.most) this.sampleTimer(batch, i, String(before), String(this.timestamp))
    return CHANGED
  }

  private get retypes(): boolean {
    return this.edit.type !== undefined && !this.edit.type.bytesStay
  }

  private decode(batch: EntryBatch, i: number): number {
    const entry = this.decoder.entry(batch, i)
    if (hasTypedBytes(entry.value)) {
      throw new KobelError(
        'UNKNOWN_SERIALIZER',
        'a value of a class unknown to kobel cannot be changed; describe the class (--serializers, --fields), or leave the state as it is',
      )
    }
    let { value, ttl } = entry
    for (const step of this.steps) {
      const now: Entry = { ...entry, value, ...(ttl !== undefined && { ttl }) }
      if (step.op === 'filter') {
        if (!step.keep(now)) return this.remove(batch, i)
      } else if (step.op === 'map') value = step.map(now)
      else if (step.op === 'field') value = withField(value, step.path, step.change)
      else ttl = shifted(ttl, step.millis)
    }
    if (this.edit.type?.check) this.convertAll(value, checking(this.edit.type.check))
    if (this.edit.type?.convert) value = this.convertAll(value, this.edit.type.convert)
    if (value === undefined)
      throw new KobelError('USAGE', 'the function of a map gave undefined; it gives the new value')
    const bytes = canonicalValue(this.target, value, this.target.ttl ? this.ttlOf(value, ttl) : undefined)
    return this.replace(batch, i, bytes, 0, bytes.length)
  }

  private convertAll(value: Value, convert: (value: Value) => Value): Value {
    if (this.source.kind === 'list') return (value as readonly Value[]).map(convert)
    return this.source.kind === 'map' && value === null ? null : convert(value)
  }

  /** A list has a time for each element; where TTL is new, or an element, the edit says which. */
  private ttlOf(value: Value, ttl: Entry['ttl']): Entry['ttl'] {
    const fresh = this.edit.type?.ttlMillis ?? 0n
    if (this.target.kind !== 'list') return ttl ?? fresh
    const known = Array.isArray(ttl) ? (ttl as readonly bigint[]) : []
    return (value as readonly Value[]).map((_, n) => known[n] ?? known.at(-1) ?? fresh)
  }

  private remove(batch: EntryBatch, i: number): number {
    this.removed++
    if (this.samples.length < this.most) this.sample(batch, i, undefined)
    return REMOVED
  }

  private removeTimer(batch: TimerBatch, i: number): number {
    this.removed++
    if (this.samples.length < this.most) this.sampleTimer(batch, i, String(batch.timestamps[i]), undefined)
    return REMOVED
  }

  private replace(batch: EntryBatch, i: number, bytes: Uint8Array, start: number, end: number): number {
    if (!this.retypes && sameBytes(batch, i, bytes, start, end)) return KEEP
    this.bytes = bytes
    this.start = start
    this.end = end
    this.changed++
    if (this.samples.length < this.most) this.sample(batch, i, bytes.slice(start, end))
    return CHANGED
  }

  private sample(batch: EntryBatch, i: number, after: Uint8Array | undefined): void {
    const { value } = this.decoder.entry(batch, i)
    const text = (state: KeyedStateInfo, each: Value): string =>
      state.kind === 'list' && Array.isArray(each)
        ? `[${each.map((element) => valueToJson(state.value, element)).join(',')}]`
        : valueToJson(state.value, each)
    this.samples.push({
      key: rowText(this.source, batch, i),
      before: text(this.source, value),
      after: after && text(this.target, readStateValue(this.target, new Reader(after), 0, after.length).value),
    })
  }

  private sampleTimer(batch: TimerBatch, i: number, before: string, after: string | undefined): void {
    this.samples.push({ key: rowText(this.source, batch, i), before, after })
  }
}

function checking(check: (value: Value) => void): (value: Value) => Value {
  return (value) => {
    check(value)
    return value
  }
}

function isDecoded(step: StateStep): step is DecodedStep {
  return step.op === 'filter' || step.op === 'map' || step.op === 'field' || step.op === 'shiftTtl'
}

function shifted(ttl: Entry['ttl'], millis: bigint): Entry['ttl'] {
  if (ttl === undefined) return undefined
  return typeof ttl === 'bigint' ? ttl + millis : ttl.map((each) => each + millis)
}

/** The value with one field changed. */
export function withField(value: Value, path: readonly string[], change: (old: Value) => Value): Value {
  const [name, ...rest] = path
  if (name === undefined) return change(value)
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array || value instanceof TypedBytes) {
    throw new KobelError('USAGE', `the value has no field ${name}: it is ${value === null ? 'null' : typeof value}`)
  }
  if (Array.isArray(value)) {
    const at = Number(/^f?(\d+)$/.exec(name)?.[1] ?? Number.NaN)
    if (!(at < value.length)) throw new KobelError('USAGE', `the value has no field ${name}`)
    return value.map((each, n) => (n === at ? withField(each, rest, change) : each))
  }
  const object = value as { readonly [name: string]: Value }
  if (!Object.hasOwn(object, name)) {
    throw new KobelError('USAGE', `the value has no field ${name}; it has ${Object.keys(object).join(', ')}`)
  }
  // Keeps the prototype-less form and the mark of a subclass.
  const copy = Object.create(Object.getPrototypeOf(object)) as { [name: string]: Value }
  for (const each of Reflect.ownKeys(object)) copy[each as string] = object[each as string]!
  copy[name] = withField(object[name]!, rest, change)
  return copy
}

function hasTypedBytes(value: Value): boolean {
  if (value instanceof TypedBytes) return true
  return Array.isArray(value) && value.some((each) => each instanceof TypedBytes)
}

function sameBytes(batch: EntryBatch, i: number, bytes: Uint8Array, start: number, end: number): boolean {
  const from = batch.values[2 * i]!
  if (batch.values[2 * i + 1]! - from !== end - start) return false
  for (let n = end - start - 1; n >= 0; n--) if (batch.buffer[from + n] !== bytes[start + n]) return false
  return true
}
