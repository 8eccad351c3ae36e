import { KobelError } from '../error.ts'
import type { KeyedStateInfo } from '../format/keyed-state.ts'
import { BatchDecoder } from '../snapshot/decode.ts'
import { keyGroupOfHash, MAX_PARALLELISM } from '../snapshot/key-groups.ts'
import { KeyHashes } from '../snapshot/key-hashes.ts'
import type { KeyedBatch, KeyedSource } from '../snapshot/keyed-source.ts'
import type { Operator } from '../snapshot/operator.ts'
import { type Findings, findingsOf } from './findings.ts'

/** Formats in which nothing but the writer's care keeps a key from standing twice. */
const UNSORTED: ReadonlySet<KeyedSource['format']> = new Set(['canonical', 'heap'])

/** Bytes of the keys of a key group that are held to find those that stand twice. */
const MOST_KEY_BYTES = 32 << 20
/** What a key costs beside its bytes. */
const SET_ENTRY_BYTES = 56

/** Entries read of a state, by its name. */
export type EntryCounts = Map<string, number>

/** Checks the entries of one source: batches in the order of the scan. */
export class EntryChecker {
  private readonly operator: Operator
  private readonly source: KeyedSource
  private readonly findings: Findings
  private readonly counts: EntryCounts
  private readonly decoder = new BatchDecoder()
  private readonly hashes = new KeyHashes()
  private readonly maxParallelism: number
  private keyGroup = -1
  private seen = new Map<number, Set<string>>()
  private seenBytes = 0

  constructor(operator: Operator, source: KeyedSource, findings: Findings, counts: EntryCounts) {
    this.operator = operator
    this.source = source
    this.findings = findings
    this.counts = counts
    this.maxParallelism = Math.min(Math.max(1, operator.maxParallelism), MAX_PARALLELISM)
  }

  check(batch: KeyedBatch): void {
    const isNew = batch.keyGroup !== this.keyGroup
    if (isNew) {
      this.keyGroup = batch.keyGroup
      this.seen = new Map()
      this.seenBytes = 0
    }
    const looksForTwice = UNSORTED.has(this.source.format)
    for (let i = 0; i < batch.count; i++) {
      const stateId = batch.stateIds[i]!
      const state = batch.states[stateId]!
      if (!this.decodes(batch, i, state)) continue
      this.counts.set(state.name, (this.counts.get(state.name) ?? 0) + 1)
      const hash = this.hashes.hashOf(batch, i, state)
      const expected = hash === undefined ? batch.keyGroup : keyGroupOfHash(hash, this.maxParallelism)
      if (expected !== batch.keyGroup) {
        const message = `the key belongs to key group ${expected}: Flink will not find it`
        this.add('WRONG_KEY_GROUP', state, message)
      }
      if (looksForTwice && this.isTwice(batch, i, stateId)) this.add('DUPLICATE', state, 'the same key stands twice')
    }
  }

  private decodes(batch: KeyedBatch, i: number, state: KeyedStateInfo): boolean {
    try {
      if (batch.kind === 'timers') this.decoder.timer(batch, i)
      else this.decoder.entry(batch, i)
      return true
    } catch (error) {
      if (!(error instanceof KobelError)) throw error
      const { subtask } = this.source
      const keyGroups = [batch.keyGroup, batch.keyGroup] as const
      const skipped = { part: 'keyed', subtask, keyGroups, states: [state.name], error } as const
      for (const finding of findingsOf(this.operator.label, skipped)) this.findings.add(finding)
      return false
    }
  }

  private isTwice(batch: KeyedBatch, i: number, stateId: number): boolean {
    if (this.seenBytes > MOST_KEY_BYTES) return false
    const key = wholeKey(batch, i)
    this.seenBytes += key.length + SET_ENTRY_BYTES
    let keys = this.seen.get(stateId)
    if (!keys) {
      keys = new Set()
      this.seen.set(stateId, keys)
    }
    if (keys.has(key)) return true
    keys.add(key)
    return false
  }

  private add(code: 'WRONG_KEY_GROUP' | 'DUPLICATE', state: KeyedStateInfo, message: string): void {
    const { subtask } = this.source
    const place = { operator: this.operator.label, state: state.name, subtask, keyGroup: this.keyGroup }
    this.findings.add({ severity: 'error', code, ...place, message })
  }
}

const LATIN1 = new TextDecoder('latin1')

/** Key, namespace and user key; of timers also the time stamp. */
function wholeKey(batch: KeyedBatch, i: number): string {
  const part = (pairs: Uint32Array): string => LATIN1.decode(batch.buffer.subarray(pairs[2 * i]!, pairs[2 * i + 1]!))
  const key = part(batch.keys)
  const parts = [key.length, key, part(batch.namespaces)]
  if (batch.kind === 'timers') return `${batch.timestamps[i]!} ${parts.join(' ')}`
  const isMap = batch.states[batch.stateIds[i]!]!.kind === 'map'
  return isMap ? `${parts.join(' ')} ${part(batch.mapKeys)}` : parts.join(' ')
}
