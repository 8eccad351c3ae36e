import { Reader } from '../../bytes/reader.ts'
import { KobelError } from '../../error.ts'
import type { Layout } from '../layout.ts'
import { CLASS, emptyObject, TypedBytes, type Value } from '../value.ts'
import { POJO_EXACT } from './pojo-flags.ts'
import { leftOver, readValue } from './read.ts'

/** Places that are tried for one value; beyond them it counts as not told apart. */
const MAX_TRIES = 4096

/**
 * Reads a value that holds bytes of an unknown class, from `start` to exactly `end`. The fields of a record around
 * those bytes are decoded where just one length of the unknown bytes lets all the rest fit: the true length always
 * does, so it is that one. Otherwise the fields before them are decoded, the unknown field takes all bytes up to the
 * end, and the fields behind it are missing. What is no record becomes {@link TypedBytes}.
 *
 * @throws KobelError `CORRUPT` or `TRUNCATED` where the bytes do not fit even so.
 */
export function readPartly(layout: Layout, bytes: Uint8Array, start: number, end: number): Value {
  const reader = new Reader(bytes, start, end)
  try {
    const value = readValue(layout, reader, 0)
    if (reader.offset !== end) throw leftOver(reader, end)
    return value
  } catch (error) {
    if (!isUnknown(error)) throw error
  }
  const record = recordOf(layout, bytes, start, end)
  return record
    ? record.build(readSlots(record.slots, bytes, record.start, end))
    : new TypedBytes(classOf(layout), bytes.slice(start, end))
}

function isUnknown(error: unknown): boolean {
  return error instanceof KobelError && error.code === 'UNKNOWN_SERIALIZER'
}

function classOf(layout: Layout): string {
  return 'className' in layout && layout.className !== undefined ? layout.className : layout.op
}

interface Slot {
  readonly layout: Layout
  /** A null flag stands before the value. */
  readonly flag: boolean
}

interface RecordShape {
  readonly slots: readonly Slot[]
  readonly start: number
  /** Makes the value from the fields read: all of them, or the first few. */
  readonly build: (values: readonly Value[]) => Value
}

/** The fields of a record one after another; undefined where the layout is no record. */
function recordOf(layout: Layout, bytes: Uint8Array, start: number, end: number): RecordShape | undefined {
  switch (layout.op) {
    case 'tuple':
      return { slots: layout.fields.map((field) => ({ layout: field, flag: false })), start, build: (values) => values }
    case 'object':
      return {
        slots: layout.fields.map((field) => ({ layout: field.layout, flag: false })),
        start,
        build: named(layout.fields.map((field) => field.name)),
      }
    case 'pojo': {
      if (end <= start || bytes[start] !== POJO_EXACT) return undefined
      return {
        slots: layout.fields.map((field) => ({ layout: field.layout, flag: true })),
        start: start + 1,
        build: named(layout.fields.map((field) => field.name)),
      }
    }
    default:
      return undefined
  }
}

function named(names: readonly string[]): (values: readonly Value[]) => Value {
  return (values) => {
    const object: { [name: string]: Value; [CLASS]?: string } = emptyObject()
    values.forEach((value, i) => {
      object[names[i]!] = value
    })
    return object
  }
}

/** Where each slot of a solution ends. */
type Ends = readonly number[]

function readSlots(slots: readonly Slot[], bytes: Uint8Array, start: number, end: number): Value[] {
  const solutions: Ends[] = []
  const search = { failed: new Set<string>(), triesLeft: MAX_TRIES }
  findEnds(slots, bytes, start, end, [], solutions, search)
  const ends = solutions.length === 1 && search.triesLeft > 0 ? solutions[0]! : undefined
  const values: Value[] = []
  let at = start
  for (let i = 0; i < slots.length; i++) {
    const slot = slots[i]!
    if (ends) {
      values.push(readSlot(slot, bytes, at, ends[i]!))
      at = ends[i]!
      continue
    }
    const next = endOfSlot(slot, bytes, at, end)
    values.push(readSlot(slot, bytes, at, next ?? end))
    if (next === undefined) break
    at = next
  }
  return values
}

/** Finds up to two ways to divide the bytes among the slots; `search.failed` holds places from which there is none. */
function findEnds(
  slots: readonly Slot[],
  bytes: Uint8Array,
  at: number,
  end: number,
  ends: Ends,
  solutions: Ends[],
  search: { readonly failed: Set<string>; triesLeft: number },
): void {
  const i = ends.length
  if (i === slots.length) {
    if (at === end) solutions.push(ends)
    return
  }
  const place = `${i}:${at}`
  if (search.failed.has(place) || --search.triesLeft <= 0) return
  const before = solutions.length
  const next = tryEndOfSlot(slots[i]!, bytes, at, end)
  if (typeof next === 'number') {
    findEnds(slots, bytes, next, end, [...ends, next], solutions, search)
  } else if (next === 'unknown') {
    const first = at + (slots[i]!.flag ? 1 : 0)
    for (let candidate = first; candidate <= end && solutions.length < 2; candidate++) {
      findEnds(slots, bytes, candidate, end, [...ends, candidate], solutions, search)
    }
  }
  if (solutions.length === before) search.failed.add(place)
}

function tryEndOfSlot(slot: Slot, bytes: Uint8Array, at: number, end: number): number | 'unknown' | 'misfit' {
  try {
    return endOfSlot(slot, bytes, at, end) ?? 'unknown'
  } catch (error) {
    if (error instanceof KobelError) return 'misfit'
    throw error
  }
}

/** Where the slot ends, undefined where that is not known. */
function endOfSlot(slot: Slot, bytes: Uint8Array, at: number, end: number): number | undefined {
  const reader = new Reader(bytes, at, end)
  if (slot.flag && reader.bool()) return reader.offset
  try {
    readValue(slot.layout, reader)
    return reader.offset
  } catch (error) {
    if (isUnknown(error)) return undefined
    throw error
  }
}

function readSlot(slot: Slot, bytes: Uint8Array, at: number, end: number): Value {
  if (!slot.flag) return readPartly(slot.layout, bytes, at, end)
  return new Reader(bytes, at, end).bool() ? null : readPartly(slot.layout, bytes, at + 1, end)
}
