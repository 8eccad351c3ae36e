import { Reader } from '../bytes/reader.ts'
import { Writer } from '../bytes/writer.ts'
import { KobelError } from '../error.ts'
import { CanonicalBuilder } from '../format/canonical.ts'
import { type KeyParts, keyGroupPrefixBytes, splitCompositeKey } from '../format/composite-key.ts'
import { writeKeyedHead } from '../format/keyed-head.ts'
import type { KeyedStateInfo } from '../format/keyed-state.ts'
import { valueToJson } from '../serializer/interpreter/json.ts'
import { readPart } from '../snapshot/decode.ts'
import { keyGroupRangeOf } from '../snapshot/key-groups.ts'
import type { WrittenKeyGroups } from './handle.ts'
import type { ResolvedKeyed, ResolvedOperator } from './resolve.ts'
import { encodeEntry, type WriteRow } from './rows.ts'
import type { SortedRecord, SortedRuns } from './sorted-runs.ts'
import { SnappyOutput, type StreamOutput } from './stream-output.ts'

/** Bytes of a key group that are gathered before they are moved on. */
const GATHERED_BYTES = 1 << 16
/** Before the composite key: key group and state id, so that records sort into the order of the file. */
const SORT_PREFIX = 4

/** The keyed state of one subtask: rows in any order become a stream of key groups. */
export class KeyedPartition {
  private readonly resolved: ResolvedOperator
  private readonly declared: ResolvedKeyed
  private readonly runs: SortedRuns
  private readonly range: { readonly keyGroupFirst: number; readonly keyGroupLast: number }
  private readonly key = new Writer(256)

  constructor(resolved: ResolvedOperator, subtask: number, runs: SortedRuns) {
    const { maxParallelism, parallelism } = resolved.operator
    const declared = resolved.keyed.get(subtask)
    if (!declared) {
      throw new KobelError('USAGE', `the plan declares no keyed state for subtask ${subtask}`, {
        operator: resolved.operator.id,
      })
    }
    this.resolved = resolved
    this.declared = declared
    this.runs = runs
    this.range = keyGroupRangeOf(maxParallelism, parallelism, subtask)
  }

  add(row: WriteRow): string {
    const { ids, states } = this.declared
    const id = ids.get(String(row.state))
    if (id === undefined) {
      throw new KobelError('NOT_FOUND', `the plan declares no keyed state ${JSON.stringify(row.state)} here`)
    }
    const state = states[id]!
    if (row.kind !== undefined && row.kind !== state.kind) {
      throw new KobelError('USAGE', `the plan declares the state as ${state.kind}, the row says ${row.kind}`)
    }
    const { keyGroup, compositeKey, value } = encodeEntry(this.resolved, state, row)
    const { keyGroupFirst, keyGroupLast } = this.range
    if (!(keyGroup >= keyGroupFirst && keyGroup <= keyGroupLast)) {
      throw new KobelError(
        'USAGE',
        `a row of key group ${keyGroup} is not of this partition, which has ${keyGroupFirst} to ${keyGroupLast}`,
      )
    }
    const { key } = this
    key.offset = 0
    key.i16(keyGroup)
    key.i16(id)
    key.raw(compositeKey)
    this.runs.add(key.bytes.subarray(0, key.offset), value)
    return state.kind
  }

  /** Writes the stream: head, then each key group that has entries. */
  async write(output: StreamOutput): Promise<WrittenKeyGroups> {
    const { keyGroupFirst, keyGroupLast } = this.range
    const { head } = this.declared
    const offsets = new Array<number>(keyGroupLast - keyGroupFirst + 1).fill(0)
    const headWriter = new Writer(4096)
    writeKeyedHead(headWriter, head)
    output.write(headWriter.toBytes())
    const body = new KeyGroupBody(output, head.compressed)
    const last = new LastKey()
    await this.runs.drain(
      (record) => {
        const { bytes, keyStart, keyEnd, valueEnd } = record
        const keyGroup = (bytes[keyStart]! << 8) | bytes[keyStart + 1]!
        const stateId = (bytes[keyStart + 2]! << 8) | bytes[keyStart + 3]!
        if (last.equals(record)) throw this.duplicate(this.declared.states[stateId]!, keyGroup, record)
        if (keyGroup !== body.keyGroup) {
          body.end()
          offsets[keyGroup - keyGroupFirst] = output.length
          body.keyGroup = keyGroup
        }
        body.add(stateId, bytes, keyStart + SORT_PREFIX, keyEnd, valueEnd)
        last.set(record)
      },
      () => output.flush(),
    )
    body.end()
    return { keyGroupFirst, keyGroupLast, offsets }
  }

  private duplicate(state: KeyedStateInfo, keyGroup: number, record: SortedRecord): KobelError {
    const reader = new Reader(record.bytes, record.keyStart + SORT_PREFIX, record.keyEnd)
    reader.skip(keyGroupPrefixBytes(this.resolved.operator.maxParallelism))
    if (state.kind === 'timer') reader.skip(8)
    const parts: KeyParts = { keyStart: 0, keyEnd: 0, namespaceStart: 0, namespaceEnd: 0, mapKeyStart: 0 }
    splitCompositeKey(state, reader, parts)
    const part = state.splits ? readPart(state.key, reader, parts.keyStart, parts.keyEnd) : undefined
    const key = part === undefined ? '' : ` ${valueToJson(state.key, part).slice(0, 200)}`
    const what = state.kind === 'timer' ? 'timer' : state.kind === 'map' ? 'map entry' : 'value'
    return new KobelError('CONFLICT', `two rows give a ${what} for the same key${key}`, {
      operator: this.resolved.operator.uid ?? this.resolved.operator.id,
      state: state.name,
      keyGroup,
    })
  }
}

/** The bytes of key groups, each a Snappy stream where the state is compressed. */
class KeyGroupBody {
  keyGroup = -1
  private readonly output: StreamOutput
  private readonly compressed: boolean
  private readonly builder = new CanonicalBuilder()
  private snappy: SnappyOutput | undefined

  constructor(output: StreamOutput, compressed: boolean) {
    this.output = output
    this.compressed = compressed
  }

  add(stateId: number, bytes: Uint8Array, keyStart: number, keyEnd: number, valueEnd: number): void {
    this.builder.add(stateId, bytes, keyStart, keyEnd, keyEnd, valueEnd)
    if (this.builder.length >= GATHERED_BYTES) this.write(this.builder.take())
  }

  /** Ends the key group, if there is one. */
  end(): void {
    if (this.keyGroup < 0) return
    this.write(this.builder.finish())
    this.snappy?.endChunk()
    this.snappy = undefined
    this.keyGroup = -1
  }

  private write(bytes: Uint8Array): void {
    if (!this.compressed) return this.output.write(bytes)
    this.snappy ??= new SnappyOutput(this.output)
    this.snappy.write(bytes)
  }
}

/** The key of the record before, copied: buffers are used again. */
class LastKey {
  private bytes: Uint8Array = new Uint8Array(256)
  private length = -1

  equals({ bytes, keyStart, keyEnd }: SortedRecord): boolean {
    if (keyEnd - keyStart !== this.length) return false
    for (let i = this.length - 1; i >= 0; i--) if (this.bytes[i] !== bytes[keyStart + i]) return false
    return true
  }

  set({ bytes, keyStart, keyEnd }: SortedRecord): void {
    this.length = keyEnd - keyStart
    if (this.length > this.bytes.length) this.bytes = new Uint8Array(this.length * 2)
    for (let i = 0; i < this.length; i++) this.bytes[i] = bytes[keyStart + i]!
  }
}
