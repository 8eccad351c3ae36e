import type { KeyedStateHandle, MetadataVersion } from '../format/metadata/index.ts'
import { streamsOf } from './handles.ts'
import type { Snapshot } from './open.ts'
import type { Operator } from './operator.ts'

/** Which versions of Flink can have written a snapshot. */
export interface FlinkRange {
  readonly first: string
  /** Absent where kobel knows no later version that writes otherwise. */
  readonly last?: string
  /** What narrows the range, beside the version of `_metadata`. */
  readonly marks: readonly string[]
}

const RANGES: Readonly<Record<MetadataVersion, readonly [first: string, last: string | undefined]>> = {
  2: ['1.3', '1.10'],
  3: ['1.11', '1.15'],
  4: ['1.16', '1.20'],
  5: ['2.0', '2.0'],
  6: ['2.1', undefined],
}

/** `_metadata` alone gives a range; the forms of handles narrow it, and the heads of the operators that are loaded. */
export function flinkRangeOf(snapshot: Snapshot, loaded: readonly Operator[]): FlinkRange {
  const [first, last] = RANGES[snapshot.metadata.version]
  const range = new NarrowedRange(first, last)
  for (const { metadata } of snapshot.operators) {
    for (const { stream } of streamsOf(metadata)) {
      if (stream.kind === 'segment-file') range.atLeast('1.20', 'several states share a file')
    }
    for (const { managedKeyedState } of metadata.subtasks)
      if (managedKeyedState) narrowByHandle(range, managedKeyedState)
  }
  for (const operator of loaded) {
    for (const { head } of operator.operatorSources) narrowByHead(range, 'operator', OPERATOR_HEADS, head.version)
    for (const version of operator.keyedVersions) narrowByHead(range, 'keyed', KEYED_HEADS, version)
  }
  return range.result()
}

type Versions = Readonly<Record<number, readonly [first: string, last?: string]>>

/** Which Flink wrote streams of operator state of these versions. */
const OPERATOR_HEADS: Versions = {
  2: ['1.3', '1.4'],
  3: ['1.5', '1.5'],
  4: ['1.6', '1.6'],
  5: ['1.7', '1.17'],
  6: ['1.18'],
}

const KEYED_HEADS: Versions = { 3: ['1.3', '1.3'], 4: ['1.4', '1.5'], 5: ['1.6', '1.6'], 6: ['1.7'] }

function narrowByHead(range: NarrowedRange, of: string, versions: Versions, version: number): void {
  const [first, last] = versions[version] ?? []
  const mark = `${of} state of version ${version}`
  if (first !== undefined) range.atLeast(first, mark)
  if (last !== undefined) range.atMost(last, mark)
}

function narrowByHandle(range: NarrowedRange, handle: KeyedStateHandle): void {
  switch (handle.kind) {
    case 'savepoint-key-groups':
      return range.atLeast('1.13', 'its own handle for canonical state')
    case 'key-groups':
      if (handle.stateHandleId !== undefined) return range.atLeast('1.15', 'handles with an id')
      return range.atMost('1.14', 'handles without an id')
    case 'incremental':
      if (handle.since115) return range.atLeast('1.15', 'handles with an id')
      return range.atMost('1.14', 'handles without an id')
    case 'changelog':
      return range.atLeast('1.14', 'changelog state')
  }
}

class NarrowedRange {
  private first: string
  private last: string | undefined
  private readonly marks = new Set<string>()

  constructor(first: string, last: string | undefined) {
    this.first = first
    this.last = last
  }

  atLeast(version: string, mark: string): void {
    if (order(version) <= order(this.first)) return
    if (this.last !== undefined && order(version) > order(this.last)) return
    this.first = version
    this.marks.add(mark)
  }

  atMost(version: string, mark: string): void {
    if (this.last === undefined || order(version) >= order(this.last) || order(version) < order(this.first)) return
    this.last = version
    this.marks.add(mark)
  }

  result(): FlinkRange {
    return { first: this.first, ...(this.last !== undefined && { last: this.last }), marks: [...this.marks] }
  }
}

function order(version: string): number {
  const [major, minor] = version.split('.')
  return Number(major) * 1000 + Number(minor)
}
