import { Reader } from '../bytes/reader.ts'
import { KobelError, locate } from '../error.ts'
import { stateValueJson } from '../export/dump.ts'
import type { EntryBatch } from '../format/batch.ts'
import type { KeyedStateInfo } from '../format/keyed-state.ts'
import { longJson, valueToJson } from '../serializer/interpreter/json.ts'
import { readPart, readStateValue } from '../snapshot/decode.ts'
import { UNKNOWN_LAYOUT } from '../snapshot/operator-state.ts'
import { fieldDifferences } from './fields.ts'
import type { DiffOptions, EntryDifference, OperatorPair, StateSummary } from './model.ts'
import { sortedAnew } from './resort.ts'
import { compareRows, type Row, rowsInOrder } from './rows.ts'
import { sameSerializers } from './types.ts'

type Sums = { -readonly [name in keyof StateSummary]: StateSummary[name] }

/** Sums of states by name, made as entries are met. */
export class Sum {
  private readonly sums = new Map<string, Sums>()

  of(state: string, kind: string): Sums {
    const known = this.sums.get(state)
    if (known) return known
    const none = { entries: 0, bytes: 0 }
    const sum: Sums = { state, kind, before: none, after: none, same: 0, added: 0, removed: 0, changed: 0 }
    this.sums.set(state, sum)
    return sum
  }

  add(side: 'before' | 'after', sum: Sums, bytes: number): void {
    sum[side] = { entries: sum[side].entries + 1, bytes: sum[side].bytes + bytes }
  }

  list(): StateSummary[] {
    return [...this.sums.values()]
  }
}

/**
 * Entries of an operator's keyed state that differ. Both snapshots are read once, in the order of keys; where max
 * parallelism or the type of a key differs, all entries are sorted anew.
 */
export async function* diffEntries(
  pair: OperatorPair,
  options: DiffOptions,
  sum: Sum,
): AsyncGenerator<EntryDifference, void, undefined> {
  const { before, after } = pair
  const wanted = ({ name }: KeyedStateInfo): boolean => options.states?.includes(name) ?? true
  const comparing = new Comparing(pair, options, sum)
  const [left, right] = inOneOrder(pair, wanted, options)
  try {
    let [one, other] = [await next(left), await next(right)]
    while (one || other) {
      const order = !one ? 1 : !other ? -1 : compareRows(one, other)
      const found =
        order < 0 ? comparing.removed(one!) : order > 0 ? comparing.added(other!) : comparing.both(one!, other!)
      if (found) yield found
      if (order <= 0) one = await next(left)
      if (order >= 0) other = await next(right)
      options.onEntries?.(1)
    }
  } catch (error) {
    throw locate(error, { operator: pair.label })
  } finally {
    await left.return()
    await right.return()
  }
  comparing.count(before, after)
}

async function next(rows: AsyncGenerator<Row, void, undefined>): Promise<Row | undefined> {
  return (await rows.next()).value ?? undefined
}

type RowStream = AsyncGenerator<Row, void, undefined>

function inOneOrder(
  { before, after }: OperatorPair,
  wanted: (info: KeyedStateInfo) => boolean,
  { spill, memoryBytes }: DiffOptions,
): [RowStream, RowStream] {
  const left = rowsInOrder(before, wanted)
  const right = rowsInOrder(after, wanted)
  const declared = new Map(before.keyedStates.map((state) => [state.name, state.declarations[0]]))
  const sameKeys = after.keyedStates.every((state) =>
    state.declarations.every((info) => {
      const other = declared.get(state.name)
      return other === undefined || sameSerializers(other, info, 'keys')
    }),
  )
  if (before.maxParallelism === after.maxParallelism && sameKeys) return [left, right]
  const names = [...new Set([...before.keyedStates, ...after.keyedStates].map((state) => state.name))].sort()
  const ranks = new Map(names.map((name, rank) => [name, rank]))
  const rankOf = (name: string): number => ranks.get(name) ?? names.length
  const asBefore = (info: KeyedStateInfo): KeyedStateInfo => declared.get(info.name) ?? info
  return [
    sortedAnew(left, rankOf, asBefore, spill, memoryBytes),
    sortedAnew(right, rankOf, asBefore, spill, memoryBytes),
  ]
}

const TIMESTAMP_BYTES = 8

function bytesOf({ batch, i }: Row): number {
  const length = (pairs: Uint32Array): number => (pairs[2 * i + 1] ?? 0) - (pairs[2 * i] ?? 0)
  const keys = length(batch.keys) + length(batch.namespaces)
  if (batch.kind === 'timers') return keys + TIMESTAMP_BYTES
  const isMap = batch.states[batch.stateIds[i]!]!.kind === 'map'
  return keys + (isMap ? length(batch.mapKeys) : 0) + length(batch.values)
}

class Comparing {
  private readonly operator: string
  private readonly options: DiffOptions
  private readonly sum: Sum
  private readonly same = new Map<KeyedStateInfo, Map<KeyedStateInfo, boolean>>()

  constructor({ label }: OperatorPair, options: DiffOptions, sum: Sum) {
    this.operator = label
    this.options = options
    this.sum = sum
  }

  /** States without entries have a line of zeros. */
  count(before: OperatorPair['before'], after: OperatorPair['after']): void {
    for (const { name, kind } of [...before.keyedStates, ...after.keyedStates]) {
      if (this.options.states?.includes(name) ?? true) this.sum.of(name, kind)
    }
  }

  removed(row: Row): EntryDifference {
    const sum = this.sum.of(row.info.name, row.info.kind)
    this.sum.add('before', sum, bytesOf(row))
    sum.removed++
    return { kind: 'removed', ...this.placeOf(row), ...this.valueOf(row, 'before') }
  }

  added(row: Row): EntryDifference {
    const sum = this.sum.of(row.info.name, row.info.kind)
    this.sum.add('after', sum, bytesOf(row))
    sum.added++
    return { kind: 'added', ...this.placeOf(row), ...this.valueOf(row, 'after') }
  }

  both(one: Row, other: Row): EntryDifference | undefined {
    const sum = this.sum.of(one.info.name, one.info.kind)
    this.sum.add('before', sum, bytesOf(one))
    this.sum.add('after', sum, bytesOf(other))
    const changed =
      one.batch.kind === 'entries' && other.batch.kind === 'entries' ? this.changeOf(one, other) : undefined
    if (!changed) {
      sum.same++
      return undefined
    }
    sum.changed++
    return { kind: 'changed', ...this.placeOf(other), ...changed }
  }

  /** Bytes that are the same are the same value where the types are; other bytes may still be the same value. */
  private changeOf(one: Row, other: Row): Pick<EntryDifference, 'before' | 'after' | 'fields' | 'ttl'> | undefined {
    const sameType = this.sameType(one.info, other.info)
    if (sameType && sameBytes(one, other)) return undefined
    const [before, after] = [valueText(one), valueText(other)]
    const ttl = this.options.ignoreTtl || before.ttl === after.ttl ? undefined : ttlOf(before.ttl, after.ttl)
    if (before.json === after.json) return ttl && { ttl }
    const values = { before: JSON.parse(before.json) as unknown, after: JSON.parse(after.json) as unknown }
    const fields = fieldDifferences(values.before, values.after)
    return { ...values, ...(fields.length > 0 && { fields }), ...(ttl && { ttl }) }
  }

  private sameType(one: KeyedStateInfo, other: KeyedStateInfo): boolean {
    let of = this.same.get(one)
    if (!of) {
      of = new Map()
      this.same.set(one, of)
    }
    let same = of.get(other)
    if (same === undefined) {
      same = sameSerializers(one, other, 'values')
      of.set(other, same)
    }
    return same
  }

  private placeOf(row: Row): Omit<EntryDifference, 'kind'> {
    const { batch, i, info } = row
    const part = (layout: typeof info.key, pairs: Uint32Array): unknown =>
      JSON.parse(
        valueToJson(layout, readPart(layout, new Reader(batch.buffer), pairs[2 * i]!, pairs[2 * i + 1]!)),
      ) as unknown
    const hasNamespace = info.splits && info.namespace.op !== 'constant'
    try {
      return {
        operator: this.operator,
        state: info.name,
        stateKind: info.kind,
        keyGroup: batch.keyGroup,
        ...(batch.kind === 'timers' && { timestamp: String(batch.timestamps[i]!) }),
        key: part(info.splits ? info.key : UNKNOWN_LAYOUT, batch.keys),
        ...(hasNamespace && { namespace: part(info.namespace, batch.namespaces) }),
        ...(batch.kind === 'entries' && info.splits && info.mapKey && { mapKey: part(info.mapKey, batch.mapKeys) }),
      }
    } catch (error) {
      throw locate(error, { state: info.name, keyGroup: batch.keyGroup })
    }
  }

  private valueOf(row: Row, side: 'before' | 'after'): Pick<EntryDifference, 'before' | 'after'> {
    return row.batch.kind === 'timers' ? {} : { [side]: JSON.parse(valueText(row).json) as unknown }
  }
}

function sameBytes(one: Row, other: Row): boolean {
  const [a, b] = [one.batch as EntryBatch, other.batch as EntryBatch]
  const [aStart, aEnd] = [a.values[2 * one.i]!, a.values[2 * one.i + 1]!]
  const [bStart, bEnd] = [b.values[2 * other.i]!, b.values[2 * other.i + 1]!]
  if (aEnd - aStart !== bEnd - bStart) return false
  for (let i = aStart, j = bStart; i < aEnd; i++, j++) if (a.buffer[i] !== b.buffer[j]) return false
  return true
}

interface ValueText {
  readonly json: string
  /** JSON of the times of last access. */
  readonly ttl: string | undefined
}

function valueText({ batch, i, info }: Row): ValueText {
  const { values, buffer, keyGroup } = batch as EntryBatch
  try {
    const { value, ttl } = readStateValue(info, new Reader(buffer), values[2 * i]!, values[2 * i + 1]!)
    const times =
      ttl === undefined ? undefined : typeof ttl === 'bigint' ? longJson(ttl) : `[${ttl.map(longJson).join(',')}]`
    return { json: stateValueJson(info, value), ttl: times }
  } catch (error) {
    if (error instanceof KobelError) throw locate(error, { state: info.name, keyGroup })
    throw error
  }
}

function ttlOf(before: string | undefined, after: string | undefined): { before: unknown; after: unknown } {
  const parsed = (text: string | undefined): unknown => (text === undefined ? null : (JSON.parse(text) as unknown))
  return { before: parsed(before), after: parsed(after) }
}
