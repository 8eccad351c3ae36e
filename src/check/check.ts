import { Reader } from '../bytes/reader.ts'
import { hasUnknown, type Layout } from '../serializer/layout.ts'
import { readPart } from '../snapshot/decode.ts'
import { canHash } from '../snapshot/key-hashes.ts'
import type { KeyedSource } from '../snapshot/keyed-source.ts'
import type { Snapshot } from '../snapshot/open.ts'
import type { Operator } from '../snapshot/operator.ts'
import type { OperatorState } from '../snapshot/operator-state.ts'
import { locatedSkips, type OnSkip } from '../snapshot/skipped.ts'
import { EntryChecker, type EntryCounts } from './entries.ts'
import { checkFiles } from './files.ts'
import { type Finding, Findings, findingsOf } from './findings.ts'
import { checkRanges } from './ranges.ts'
import { checkTables } from './tables.ts'

/** How a snapshot is checked. */
export interface CheckOptions {
  /** Only these operators; all by default. */
  readonly operators?: readonly Operator[]
  /** Hears of progress. */
  readonly onEntries?: (count: number) => void
}

/** What can be read of a state. */
export interface CheckedState {
  readonly name: string
  /** Entries, timers or elements that were read. */
  readonly entries: number
  /** Whether all of it could be read and is right. */
  readonly whole: boolean
}

export interface CheckedOperator {
  readonly id: string
  /** As findings name it. */
  readonly operator: string
  readonly states: readonly CheckedState[]
}

/** The outcome of a check: plain data. */
export interface CheckReport {
  readonly location: string
  /** No finding is an error or a warning. */
  readonly fine: boolean
  readonly findings: readonly Finding[]
  /** Findings beyond those listed. */
  readonly more: number
  /** Files besides `_metadata`, of each operator, and their bytes. */
  readonly files: number
  readonly bytes: number
  readonly entries: number
  readonly operators: readonly CheckedOperator[]
}

/**
 * Checks a snapshot: that every file is there with its stated size, that ranges follow Flink's formula, that every stream
 * decodes to its end, every checksum holds, and every key lies in its key group and stands there once. Reads all state
 * once, in windows.
 *
 * @throws KobelError `STORE` where files cannot be asked for; what is wrong with them is a finding.
 */
export async function checkSnapshot(snapshot: Snapshot, options: CheckOptions = {}): Promise<CheckReport> {
  const findings = new Findings()
  const operators: CheckedOperator[] = []
  const sum = { files: 0, bytes: 0 }
  for (const operator of options.operators ?? snapshot.operators) {
    const { files, bytes } = await checkFiles(operator, findings)
    sum.files += files
    sum.bytes += bytes
    checkRanges(operator, findings)
    const counts = await checkOperator(operator, findings, options.onEntries ?? (() => {}))
    operators.push({ id: operator.id, operator: operator.label, states: statesOf(counts) })
  }
  const list = findings.list()
  return {
    location: snapshot.location,
    fine: findings.more === 0 && list.every((finding) => finding.severity === 'note'),
    findings: list,
    more: findings.more,
    ...sum,
    entries: operators.reduce((all, { states }) => all + states.reduce((part, state) => part + state.entries, 0), 0),
    operators: operators.map((operator) => ({ ...operator, states: withWhole(operator, list) })),
  }
}

function statesOf(counts: EntryCounts): CheckedState[] {
  return [...counts].map(([name, entries]) => ({ name, entries, whole: true }))
}

/** A finding that names no state is about all. */
function withWhole({ operator, states }: CheckedOperator, findings: readonly Finding[]): CheckedState[] {
  const broken = findings.filter((each) => each.operator === operator && each.severity === 'error')
  const all = broken.some((each) => each.state === undefined)
  const named = new Set(broken.map((each) => each.state))
  return states.map((state) => ({ ...state, whole: !all && !named.has(state.name) }))
}

async function checkOperator(
  operator: Operator,
  findings: Findings,
  onEntries: (count: number) => void,
): Promise<EntryCounts> {
  await operator.load()
  const counts: EntryCounts = new Map(operator.states.map((state) => [state.name, 0]))
  const add: OnSkip = (skipped) => {
    for (const finding of findingsOf(operator.label, skipped)) findings.add(finding)
  }
  const onSkip = locatedSkips(add, { operator: operator.label })
  for (const source of await operator.keyedSources(undefined, onSkip)) {
    noteUnknown(operator, source, findings)
    const checker = new EntryChecker(operator, source, findings, counts)
    for await (const batch of source.scan({ onSkip })) {
      checker.check(batch)
      onEntries(batch.count)
    }
  }
  await checkTables(operator, findings)
  if (operator.operatorStates.length === 0) {
    for (const { part, subtask, error } of operator.unreadable)
      if (part === 'operator') onSkip({ part, subtask, error })
  }
  for (const state of operator.operatorStates) onEntries(await checkElements(state, onSkip, findings, counts))
  return counts
}

/** What of the keyed state cannot be looked into. */
function noteUnknown(operator: Operator, source: KeyedSource, findings: Findings): void {
  const label = operator.label
  const { states } = source
  if (states.length > 0 && !states.some(canHash)) {
    const message = 'the hash of the keys is not known: whether they lie in their key groups was not checked'
    findings.add({ severity: 'note', code: 'UNVERIFIED_KEYS', operator: label, message })
  }
  for (const state of states) {
    const layouts = [state.key, state.namespace, ...(state.mapKey ? [state.mapKey] : []), state.value]
    if (layouts.some(hasUnknown)) noteBytes(label, state.name, findings)
  }
}

function noteBytes(operator: string, state: string, findings: Findings): void {
  const message = 'some of it is of a class that kobel does not know, and was not decoded'
  findings.add({ severity: 'note', code: 'UNKNOWN_SERIALIZER', operator, state, message })
}

async function checkElements(
  state: OperatorState,
  onSkip: OnSkip,
  findings: Findings,
  counts: EntryCounts,
): Promise<number> {
  let count = 0
  for await (const { batch, value, mapKey } of state.batchesWithLayouts({ onSkip })) {
    if (hasUnknown(value) || (mapKey && hasUnknown(mapKey))) noteBytes(state.operator.label, state.name, findings)
    const reader = new Reader(batch.buffer)
    const decode = (pairs: Uint32Array, layout: Layout, i: number): void => {
      readPart(layout, reader, pairs[2 * i]!, pairs[2 * i + 1]!)
    }
    for (let i = 0; i < batch.count; i++) {
      const decoded = state.decode(batch, onSkip, () => {
        if (mapKey) decode(batch.mapKeys, mapKey, i)
        decode(batch.values, value, i)
        return true
      })
      if (decoded) count++
    }
  }
  counts.set(state.name, count)
  return count
}
