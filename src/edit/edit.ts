import { toHex } from '../bytes/encoding.ts'
import { KobelError } from '../error.ts'
import type { StateMetaInfo } from '../format/state-meta-info.ts'
import type { SerializerSnapshot } from '../serializer/snapshot.ts'
import type { Value } from '../serializer/value.ts'
import type { Entry, Timer } from '../snapshot/decode.ts'
import { operatorIdOf, type Snapshot } from '../snapshot/open.ts'
import type { Operator } from '../snapshot/operator.ts'
import type { WriteRow } from '../write/rows.ts'
import { applyPlan, type EditReport } from './apply.ts'
import { withField } from './change.ts'
import {
  type ApplyOptions,
  type EditPlan,
  type EditSink,
  type ElementEdit,
  type EntryKey,
  newOperatorEdit,
  newStateEdit,
  type OperatorEdit,
  type StateEdit,
  type TargetOperator,
} from './model.ts'
import { type NewState, newStateInfos } from './new-state.ts'
import type { TypeChange } from './type-change.ts'

/** A row of a state that is set: members as `kobel dump` prints them. */
export type StateRow = Omit<WriteRow, 'operator'>

/** What is to become of a snapshot. Nothing is written before `apply`. */
export class Edit {
  readonly snapshot: Snapshot
  private readonly edits = new Map<Operator, OperatorEdit>()
  private readonly more: TargetOperator[] = []
  private readonly notes: string[] = []

  constructor(snapshot: Snapshot) {
    this.snapshot = snapshot
  }

  /** An operator by uid, id or name. @throws KobelError `NOT_FOUND`, with names that are near. */
  operator(name: string): EditOperator {
    const operator = this.snapshot.operator(name)
    const known = this.edits.get(operator) ?? newOperatorEdit()
    this.edits.set(operator, known)
    return new EditOperator(operator, known, this.notes)
  }

  /** All operators. */
  operators(): EditOperator[] {
    return this.snapshot.operators.map((operator) => this.operator(operator.id))
  }

  /** A copy of an operator, under another uid; it can be edited for itself. */
  copy(name: string, uid: string): EditOperator {
    return this.take(this.snapshot, name, uid)
  }

  /** An operator of another snapshot, which is added. @param uid where it gets another one. */
  take(from: Snapshot, name: string, uid?: string): EditOperator {
    const source = from.operator(name)
    const edit = newOperatorEdit()
    this.more.push({ source, edit })
    this.notes.push(`take ${source.id} of ${from.location}`)
    const operator = new EditOperator(source, edit, this.notes)
    return uid === undefined ? operator : operator.setUid(uid)
  }

  /** Adds to what tells equal edits from others. */
  note(text: string): void {
    this.notes.push(text)
  }

  /** What is applied. */
  plan(): EditPlan {
    const targets = this.snapshot.operators.map((source) => ({
      source,
      edit: this.edits.get(source) ?? newOperatorEdit(),
    }))
    return { snapshot: this.snapshot, targets: [...targets, ...this.more], text: this.notes.join('\n') }
  }

  /** Decodes everything and writes nothing: what `apply` would do. */
  preview(options: ApplyOptions = {}): Promise<EditReport> {
    return applyPlan(this.plan(), undefined, { samples: 3, ...options })
  }

  /** Writes the new savepoint. @throws KobelError `CONFLICT` where the target exists. */
  apply(sink: EditSink, options: ApplyOptions = {}): Promise<EditReport> {
    return applyPlan(this.plan(), sink, options)
  }
}

/** Begins an edit of a snapshot. */
export function edit(snapshot: Snapshot): Edit {
  return new Edit(snapshot)
}

const ID = /^[0-9a-f]{32}$/

export class EditOperator {
  readonly operator: Operator
  private readonly edit: OperatorEdit
  private readonly notes: string[]

  constructor(operator: Operator, edit: OperatorEdit, notes: string[]) {
    this.operator = operator
    this.edit = edit
    this.notes = notes
  }

  /** Leaves the operator out. A job that has it must be started with `--allowNonRestoredState` only where it is gone there. */
  remove(): this {
    this.edit.remove = true
    return this.note('remove')
  }

  /** Another uid, of which the operator's id is the hash. */
  setUid(uid: string): this {
    this.edit.uid = uid
    this.edit.id = operatorIdOf(uid)
    return this.note('uid', uid)
  }

  /** Another id: 32 hex digits, as `setUidHash` of a job takes it. */
  setUidHash(id: string): this {
    if (!ID.test(id)) throw new KobelError('USAGE', `a uid hash is 32 hex digits, found ${JSON.stringify(id)}`)
    this.edit.id = id
    return this.note('id', id)
  }

  /** Another name, where `_metadata` has one (Flink 2.x). */
  setName(name: string): this {
    this.edit.name = name
    return this.note('name', name)
  }

  /** Puts all keyed state into other key groups. */
  setMaxParallelism(maxParallelism: number): this {
    if (!Number.isInteger(maxParallelism) || maxParallelism < 1 || maxParallelism > 32768) {
      throw new KobelError('USAGE', `max parallelism is 1 to 32768, found ${maxParallelism}`)
    }
    this.edit.maxParallelism = maxParallelism
    return this.note('maxParallelism', maxParallelism)
  }

  /** The parallelism that the savepoint says: into so many files keyed state goes. */
  setParallelism(parallelism: number): this {
    if (!Number.isInteger(parallelism) || parallelism < 1) {
      throw new KobelError('USAGE', `a parallelism is 1 or more, found ${parallelism}`)
    }
    this.edit.parallelism = parallelism
    return this.note('parallelism', parallelism)
  }

  /** Another description of the same keys' bytes; see `describeKey`. */
  describeKey(key: SerializerSnapshot): this {
    this.edit.key = key
    return this.note('key', toHex(key.raw))
  }

  /** Java's `hashCode` of a key, where kobel does not know it; verified for every key. */
  keyHash(hash: (key: Value) => number): this {
    this.edit.keyHash = hash
    return this.note('keyHash', hash)
  }

  /** Adds a keyed state under the keys that the operator has; `set` gives its entries. @param flink that restores it. */
  addState(name: string, state: NewState, flink: string): EditState {
    const create = (key: SerializerSnapshot): readonly StateMetaInfo[] => newStateInfos(name, state, key, flink)
    this.edit.created.set(name, create)
    this.note('add state', name, state)
    return this.state(name)
  }

  /** A keyed state, timers or an operator state, by name. */
  state(name: string): EditState {
    const known = this.edit.states.get(name) ?? newStateEdit()
    this.edit.states.set(name, known)
    return new EditState(name, known, this.edit, (...what) => this.note(`state ${name}`, ...what))
  }

  private note(...what: unknown[]): this {
    this.notes.push([this.operator.id, ...what.map(textOf)].join(' '))
    return this
  }
}

export class EditState {
  private readonly name: string
  private readonly edit: StateEdit
  private readonly operator: OperatorEdit
  private readonly note: (...what: unknown[]) => void

  constructor(name: string, edit: StateEdit, operator: OperatorEdit, note: (...what: unknown[]) => void) {
    this.name = name
    this.edit = edit
    this.operator = operator
    this.note = note
  }

  remove(): this {
    this.edit.remove = true
    return this.noted('remove')
  }

  rename(name: string): this {
    this.edit.rename = name
    return this.noted('rename', name)
  }

  /** Keeps the entries that fit the test. */
  filter(keep: (entry: Entry) => boolean): this {
    this.edit.steps.push({ op: 'filter', keep })
    return this.noted('filter', keep)
  }

  /** Makes a new value of each entry: LIST: an array; MAP: of one user key. */
  map(map: (entry: Entry) => Value): this {
    this.edit.steps.push({ op: 'map', map })
    return this.noted('map', map)
  }

  /** Changes one field (`address.city`) of every value; all else is copied undecoded where the layout allows it. */
  field(path: string, change: (old: Value) => Value): this {
    this.edit.steps.push({ op: 'field', path: path.split('.'), change })
    return this.noted('field', path, change)
  }

  /** As `field`, in entries that fit a test. */
  fieldWhere(path: string, change: (old: Value) => Value, fits: (entry: Entry) => boolean): this {
    const names = path.split('.')
    const map = (entry: Entry): Value => (fits(entry) ? withField(entry.value, names, change) : entry.value)
    this.edit.steps.push({ op: 'map', map })
    return this.noted('fieldWhere', path, change, fits)
  }

  /** Removes the entries of keys, in their JSON form. */
  delete(...keys: readonly EntryKey[]): this {
    this.edit.steps.push({ op: 'delete', keys })
    return this.noted('delete', keys)
  }

  /** Replaces entries, or adds them where there is none of the key. */
  set(...rows: readonly StateRow[]): this {
    this.edit.upserts.push(...rows.map((row) => ({ ...row, operator: '' }) as WriteRow))
    return this.noted('set', rows)
  }

  /** Moves the time of last access. */
  shiftTtl(millis: bigint): this {
    this.edit.steps.push({ op: 'shiftTtl', millis })
    return this.noted('shiftTtl', millis)
  }

  filterTimers(keep: (timer: Timer) => boolean): this {
    this.edit.steps.push({ op: 'filterTimers', keep })
    return this.noted('filterTimers', keep)
  }

  shiftTimers(millis: bigint): this {
    this.edit.steps.push({ op: 'shiftTimers', millis })
    return this.noted('shiftTimers', millis)
  }

  /** Elements of operator state; `undefined` removes one. */
  elements(map: ElementEdit['map']): this {
    this.operator.elements.set(this.name, { map })
    return this.noted('elements', map)
  }

  /** Gives the state another type; see `replaceType`, `describeType`, `addTtl` and `removeTtl`. */
  type(change: TypeChange, text: string): this {
    this.edit.type = change
    return this.noted('type', text)
  }

  private noted(...what: unknown[]): this {
    this.note(...what)
    return this
  }
}

/** Functions count by their text: what they refer to is not seen. */
function textOf(what: unknown): string {
  if (typeof what === 'string') return what
  if (typeof what === 'function' || typeof what === 'bigint') return String(what)
  return JSON.stringify(what, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each))
}
