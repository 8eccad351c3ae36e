import { tablesOfOperator } from '../query/table.ts'
import { keyGroupOfHash } from '../snapshot/key-groups.ts'
import { KeyHashes } from '../snapshot/key-hashes.ts'
import type { KeyedBatch } from '../snapshot/keyed-source.ts'
import { noSuch } from '../snapshot/names.ts'
import type { Snapshot } from '../snapshot/open.ts'
import type { Operator } from '../snapshot/operator.ts'
import { OperatorState } from '../snapshot/operator-state.ts'
import { locatedSkips, type OnSkip } from '../snapshot/skipped.ts'
import { profileElements } from './elements.ts'
import type { FieldSummary } from './fields.ts'
import { KeyedStateProfiler } from './keyed.ts'
import type { SizeSummary } from './sizes.ts'
import { KeyGroupSums, type Spread, subtaskSums } from './skew.ts'
import type { TimeSummary } from './times.ts'

/** What to look at, and what to ask. */
export interface ProfileOptions {
  /** Only these operators; all by default. */
  readonly operators?: readonly Operator[]
  /** Only the state of this name. */
  readonly state?: string
  /** How many of the largest keys and values are named; 5 by default. */
  readonly largest?: number
  /** Parallelisms to work out the spread for; half and double the present one by default. */
  readonly parallelisms?: readonly number[]
  /** Other max parallelisms to work out the spread for: each key is hashed anew. None by default. */
  readonly maxParallelisms?: readonly number[]
  /** Entries of states with TTL whose last access was longer ago than this are counted as expired. Milliseconds. */
  readonly ttlMs?: number
  /** The time that TTL is held against, in milliseconds since 1970. Needed with `ttlMs`. */
  readonly now?: number
  /** Where it is given, broken parts are passed over and told; without it the first error is thrown. */
  readonly onSkip?: OnSkip
  /** Hears of progress. */
  readonly onEntries?: (count: number) => void
}

/** Something large: its text in the form of `kobel dump`, cut to 200 characters, and what it takes. */
export interface LargeItem {
  readonly keyGroup: number
  readonly key: string
  /** Where it is not VoidNamespace. */
  readonly namespace?: string
  /** MAP: of the largest entries. */
  readonly mapKey?: string
  readonly entries: number
  readonly bytes: number
}

/** A keyed state, timers, or an operator state. */
export interface StateProfile {
  readonly name: string
  readonly kind: string
  /** Entries of MAP states are those of the maps; of LIST states there is one for each key. */
  readonly entries: number
  /** Of keys, namespaces, user keys and values as a canonical savepoint has them. */
  readonly bytes: number
  /** Different keys, see `FieldSummary.distinct`. */
  readonly keys?: number
  readonly keyBytes?: SizeSummary
  readonly valueBytes?: SizeSummary
  /** Keys (with their namespace) that take most, all entries of a MAP together. */
  readonly largestKeys?: readonly LargeItem[]
  /** MAP: the largest entries. */
  readonly largestEntries?: readonly LargeItem[]
  /** When timers fire. */
  readonly timers?: TimeSummary
  /** Last access of states with TTL. */
  readonly ttl?: TimeSummary & { readonly expired?: number }
  /** Of key, namespace, map key and value. */
  readonly fields: readonly FieldSummary[]
}

export interface OperatorProfile {
  readonly id: string
  readonly operator: string
  readonly parallelism: number
  readonly maxParallelism: number
  /** Of keyed state. */
  readonly entries: number
  readonly bytes: number
  /** Entries and bytes of keyed state by subtask and by key group. */
  readonly subtasks: { readonly entries: readonly number[]; readonly bytes: readonly number[] }
  readonly keyGroups: { readonly entries: readonly number[]; readonly bytes: readonly number[] }
  readonly spread?: Spread
  /** The spread at other parallelisms. */
  readonly whatIf: readonly Spread[]
  /** Asked max parallelisms for which the keys' hash is not known. */
  readonly unknownHash: boolean
  readonly states: readonly StateProfile[]
}

/** The outcome: plain data, JSON as it is. */
export interface Profile {
  readonly location: string
  readonly entries: number
  readonly bytes: number
  readonly operators: readonly OperatorProfile[]
}

/**
 * Reads all state once and says what is in it: how much, how it is spread, what is large, what values there are. Memory
 * is that of the scan and some 100 kB for each field.
 *
 * @throws KobelError `NOT_FOUND` where no operator has the state; errors of reading, without `onSkip`.
 */
export async function profileSnapshot(snapshot: Snapshot, options: ProfileOptions = {}): Promise<Profile> {
  const operators: OperatorProfile[] = []
  for (const operator of options.operators ?? snapshot.operators) {
    operators.push(await profileOperator(operator, options))
  }
  const sum = (of: (each: OperatorProfile) => number): number => operators.reduce((all, each) => all + of(each), 0)
  return {
    location: snapshot.location,
    entries: sum((each) => each.states.reduce((all, state) => all + state.entries, 0)),
    bytes: sum((each) => each.states.reduce((all, state) => all + state.bytes, 0)),
    operators,
  }
}

async function profileOperator(operator: Operator, options: ProfileOptions): Promise<OperatorProfile> {
  await operator.load()
  const { parallelism, maxParallelism } = operator
  const tables = tablesOfOperator(operator).filter(({ source }) => (options.state ?? source.name) === source.name)
  if (options.state !== undefined && tables.length === 0) {
    throw noSuch(
      'state',
      options.state,
      operator.states.map((state) => state.name),
      { operator: operator.label },
    )
  }
  const keyed = new Map(
    tables.flatMap((table) =>
      table.source instanceof OperatorState ? [] : [[table.source.name, new KeyedStateProfiler(table, options)]],
    ),
  )
  const sums = new KeyGroupSums(maxParallelism)
  const others = new OtherMaxParallelisms(options.maxParallelisms ?? [])
  await scanKeyed(operator, keyed, sums, others, options)
  const states = [...keyed.values()].map((state) => state.profile())
  for (const table of tables) {
    if (table.source instanceof OperatorState) states.push(await profileElements(table, options))
  }
  const isKeyed = keyed.size > 0
  return {
    id: operator.id,
    operator: operator.label,
    parallelism,
    maxParallelism,
    entries: sums.entries.reduce((all, each) => all + each, 0),
    bytes: sums.bytes.reduce((all, each) => all + each, 0),
    subtasks: isKeyed ? both(sums, (each) => subtaskSums(each, parallelism)) : NOTHING,
    keyGroups: isKeyed ? both(sums, (each) => [...each]) : NOTHING,
    ...(isKeyed && { spread: sums.spread(parallelism) }),
    whatIf: isKeyed ? [...atParallelisms(sums, operator, options), ...others.spreads(operator, options)] : [],
    unknownHash: others.unknownHash,
    states,
  }
}

const NOTHING = { entries: [], bytes: [] } as const

function both(sums: KeyGroupSums, of: (sums: Float64Array) => number[]): { entries: number[]; bytes: number[] } {
  return { entries: of(sums.entries), bytes: of(sums.bytes) }
}

async function scanKeyed(
  operator: Operator,
  keyed: ReadonlyMap<string, KeyedStateProfiler>,
  sums: KeyGroupSums,
  others: OtherMaxParallelisms,
  options: ProfileOptions,
): Promise<void> {
  if (keyed.size === 0) return
  const onSkip = options.onSkip && locatedSkips(options.onSkip, { operator: operator.label })
  const wanted = ({ name }: { readonly name: string }): boolean => keyed.has(name)
  for await (const batch of operator.scan({ wanted, ...(onSkip && { onSkip }) })) {
    const profilers = batch.states.map((state) => keyed.get(state.name))
    for (let i = 0; i < batch.count; i++) {
      const bytes = profilers[batch.stateIds[i]!]?.add(batch, i)
      if (bytes === undefined) continue
      sums.add(batch.keyGroup, bytes)
      others.add(batch, i, bytes)
    }
    options.onEntries?.(batch.count)
  }
}

/** The present max parallelism with other parallelisms: half and double where none are asked for. */
function atParallelisms(sums: KeyGroupSums, operator: Operator, { parallelisms }: ProfileOptions): Spread[] {
  const { parallelism, maxParallelism } = operator
  const wanted = parallelisms ?? [Math.floor(parallelism / 2), parallelism * 2].filter((each) => each > 1)
  return wanted
    .filter((each) => each >= 1 && each <= maxParallelism && each !== parallelism)
    .map((each) => sums.spread(each))
}

/** Key groups as they would be with other max parallelisms. */
class OtherMaxParallelisms {
  /** Some keys have a hash that is not known. */
  unknownHash = false
  private readonly hashes = new KeyHashes()
  private readonly sums: readonly KeyGroupSums[]

  constructor(maxParallelisms: readonly number[]) {
    this.sums = maxParallelisms.map((each) => new KeyGroupSums(each))
  }

  add(batch: KeyedBatch, i: number, bytes: number): void {
    if (this.sums.length === 0) return
    const hash = this.hashes.hashOf(batch, i, batch.states[batch.stateIds[i]!]!)
    if (hash === undefined) this.unknownHash = true
    else for (const sums of this.sums) sums.add(keyGroupOfHash(hash, sums.entries.length), bytes)
  }

  spreads(operator: Operator, { parallelisms }: ProfileOptions): Spread[] {
    if (this.unknownHash) return []
    const wanted = parallelisms ?? [operator.parallelism]
    return this.sums.flatMap((sums) =>
      wanted.filter((each) => each >= 1 && each <= sums.entries.length).map((each) => sums.spread(each)),
    )
  }
}
