import { Reader } from '../bytes/reader.ts'
import { KobelError } from '../error.ts'
import { isHashable } from '../serializer/interpreter/hash.ts'
import { hashFields, isFieldHashable, isRecord, type RecordLayout } from '../serializer/interpreter/hash-fields.ts'
import { childrenOf, type Layout, someLayout } from '../serializer/layout.ts'
import { type Convention, conventionsFor, ordersOf } from './hash-conventions.ts'
import { keyGroupOfHash } from './key-groups.ts'
import type { Operator } from './operator.ts'

/** A key as it is stored, and the key group it was found in. */
export interface KnownKey {
  readonly bytes: Uint8Array
  readonly keyGroup: number
}

/** How a class makes its `hashCode`, as the key groups of its keys tell. */
export interface LearnedHash {
  /** For people: the convention and the fields in their order. */
  readonly convention: string
  readonly fields: readonly string[]
  /** Different keys: all of them are in the key group that the convention gives. */
  readonly keysChecked: number
  /** The chance that some of the conventions tried fits so many keys without being the right one, as a power of 2. */
  readonly log2Chance: number
  /**
   * Fields that the keys seen do not tell enough of (always null, 0 or empty, always the same, always as another field):
   * several conventions differ in them. Whoever adds keys with other values there must refuse.
   */
  readonly unproven: readonly string[]
  /** `hashCode` of a key from its bytes. @throws KobelError `UNHASHABLE` for a key of a subclass. */
  readonly hash: (bytes: Uint8Array) => number
}

/** What was learned, or why nothing was. */
export type HashLesson =
  | { readonly learned: LearnedHash; readonly reason?: undefined }
  | { readonly learned?: undefined; readonly reason: string }

/** A chance hit must be less likely than this. */
const LOG2_CHANCE = -40

/** Different keys of an operator that are looked at. */
const MAX_KEYS = 2000

/**
 * Learns how the class of an operator's keys makes its `hashCode` from where its keys are. Reads keyed state until it
 * has seen enough different keys.
 */
export async function learnKeyHash(operator: Operator): Promise<HashLesson> {
  const keys = new Map<string, KnownKey>()
  let layout: Layout | undefined
  for await (const batch of operator.scan()) {
    for (let i = 0; i < batch.count; i++) {
      const state = batch.states[batch.stateIds[i]!]!
      if (!state.splits) return { reason: 'where a key ends is not known' }
      layout ??= state.key
      // Each subtask lays its keys out in its own way: fields may have another order after a restore.
      if (layout !== state.key && !sameLayout(layout, state.key)) continue
      const bytes = batch.buffer.subarray(batch.keys[2 * i]!, batch.keys[2 * i + 1]!)
      const text = String.fromCharCode(...bytes.subarray(0, MAX_KEY_BYTES))
      if (!keys.has(text)) keys.set(text, { bytes: bytes.slice(), keyGroup: batch.keyGroup })
    }
    if (keys.size >= MAX_KEYS) break
  }
  if (!layout) return { reason: 'the operator has no keys' }
  return learnHash(layout, [...keys.values()], operator.maxParallelism)
}

/** Longer keys that begin the same count as one. */
const MAX_KEY_BYTES = 4096

function sameLayout(a: Layout, b: Layout): boolean {
  return describe(a) === describe(b)
}

function describe(layout: Layout, depth = 0): string {
  if (depth > 20) return ''
  const names = layout.op === 'pojo' || layout.op === 'object' ? layout.fields.map((field) => field.name) : []
  const constants = layout.op === 'enum' ? layout.constants : []
  return JSON.stringify([layout.op, names, constants, childrenOf(layout).map((each) => describe(each, depth + 1))])
}

/**
 * Tries the usual conventions against keys whose key groups are known. One is accepted if it puts every key where it is,
 * and if it is less likely than 2^-40 that any of those tried would do so by chance. What counts are the different
 * hashes that it gives: many keys with one hash prove no more than one key.
 */
export function learnHash(layout: Layout, keys: readonly KnownKey[], maxParallelism: number): HashLesson {
  if (isHashable(layout))
    return { reason: 'the hash of the keys is specified by Java or Flink: there is nothing to learn' }
  if (!isRecord(layout)) return { reason: 'keys that are no POJO, case class, record or Avro record cannot be learned' }
  if (keys.length === 0) return { reason: 'there are no keys' }
  const isAvro = layout.op === 'object' && layout.avro === true
  const usable = layout.fields.flatMap((field, i) => (isFieldHashable(field.layout, isAvro) ? [i] : []))
  if (usable.length === 0) return { reason: 'no field of the key has a hash that follows from its bytes' }
  try {
    return tryAll(layout, usable, keys, maxParallelism)
  } catch (error) {
    if (error instanceof KobelError && error.code === 'UNHASHABLE') return { reason: error.message }
    throw error
  }
}

interface Hit {
  readonly convention: Convention
  readonly order: readonly number[]
  readonly hashes: readonly ArrayLike<number>[]
}

function tryAll(
  layout: RecordLayout,
  usable: readonly number[],
  keys: readonly KnownKey[],
  maxParallelism: number,
): HashLesson {
  const passOver = new Set(layout.fields.keys())
  for (const i of usable) passOver.delete(i)
  const hasEnums = someLayout(layout, (each) => each.op === 'enum')
  const hasNested = layout.fields.some((field) => someLayout(field.layout, isRecord))
  const className = layout.className ?? ''
  const byStyle = new Map<string, Int32Array[] | undefined>()
  const hits: Hit[] = []
  const orders = new Map<Convention['orders'], readonly (readonly number[])[]>()
  let candidates = 0
  for (const convention of conventionsFor(layout, hasEnums, hasNested)) {
    const { styleId, combine } = convention
    if (!byStyle.has(styleId)) byStyle.set(styleId, hashAll(layout, keys, convention, passOver))
    const hashes = byStyle.get(styleId)
    if (!hashes) return { reason: 'some keys are null or of a subclass, which has a hash of its own' }
    const kind = convention.orders
    if (!orders.has(kind)) orders.set(kind, ordersOf(layout, usable, kind))
    for (const order of orders.get(kind)!) {
      candidates++
      const fits = (key: KnownKey, k: number): boolean =>
        keyGroupOfHash(combine(hashes[k]!, order, className), maxParallelism) === key.keyGroup
      if (keys.every(fits)) hits.push({ convention, order, hashes })
    }
  }
  return judge(layout, hits, keys.length, candidates, maxParallelism, passOver)
}

/** The hashes of the fields of every key; undefined where a key is no exact record. */
function hashAll(
  layout: RecordLayout,
  keys: readonly KnownKey[],
  { style }: Convention,
  passOver: ReadonlySet<number>,
): Int32Array[] | undefined {
  const all: Int32Array[] = []
  for (const { bytes } of keys) {
    const hashes = hashFields(layout, new Reader(bytes), style, passOver)
    if (!hashes) return undefined
    all.push(Int32Array.from(hashes))
  }
  return all
}

function judge(
  layout: RecordLayout,
  hits: readonly Hit[],
  keysChecked: number,
  candidates: number,
  maxParallelism: number,
  passOver: ReadonlySet<number>,
): HashLesson {
  if (hits.length === 0) {
    return { reason: `none of the usual conventions puts the ${keysChecked} keys into their key groups` }
  }
  const className = layout.className ?? ''
  const judged = hits.map((hit) => {
    const different = new Set(hit.hashes.map((each) => hit.convention.combine(each, hit.order, className))).size
    return { ...hit, log2Chance: Math.log2(candidates) - different * Math.log2(maxParallelism) }
  })
  const sure = judged.filter((hit) => hit.log2Chance < LOG2_CHANCE)
  if (sure.length === 0) {
    return {
      reason: `${keysChecked} different keys are too few to tell ${candidates} conventions apart at max parallelism ${maxParallelism}`,
    }
  }
  // All that are sure give the same hashes for the keys seen, but not for all keys: the one with most fields is taken.
  const best = sure.reduce((a, b) => (b.order.length > a.order.length ? b : a))
  const { convention, order } = best
  const names = order.map((i) => layout.fields[i]!.name)
  return {
    learned: {
      convention: `${convention.name}: ${names.join(', ')}`,
      fields: names,
      keysChecked,
      log2Chance: best.log2Chance,
      unproven: layout.fields.flatMap((field, i) => (isProven(i, best, sure, className) ? [] : [field.name])),
      hash: (bytes) => {
        const hashes = hashFields(layout, new Reader(bytes), convention.style, passOver)
        if (hashes) return convention.combine(hashes, order, className)
        throw new KobelError('UNHASHABLE', `a key is null or of a subclass of ${className}: its hash was not learned`)
      },
    },
  }
}

/** Whether the field's part in the hash is beyond doubt: all that are sure say the same when only this field changes. */
function isProven(i: number, best: Hit, sure: readonly Hit[], className: string): boolean {
  if (best.hashes.every((each) => each[i] === 0)) return false
  const changed = ({ convention, order, hashes }: Hit): number => {
    const copy = Array.from(hashes[0]!)
    copy[i] = (copy[i]! + CHANGE) | 0
    return convention.combine(copy, order, className)
  }
  return sure.every((each) => changed(each) === changed(best))
}

/** Any number without a pattern. */
const CHANGE = 0x5bd1e995
