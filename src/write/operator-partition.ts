import { toBase64 } from '../bytes/encoding.ts'
import { Reader } from '../bytes/reader.ts'
import { Writer } from '../bytes/writer.ts'
import { KobelError } from '../error.ts'
import { writeOperatorHead } from '../format/operator-state.ts'
import { valueToJson } from '../serializer/interpreter/json.ts'
import { readPart } from '../snapshot/decode.ts'
import type { Spill } from '../store/writable.ts'
import type { WrittenState } from './handle.ts'
import type { ResolvedOperator, ResolvedOperatorState } from './resolve.ts'
import { encodeElement, encodeOrder, type WriteRow } from './rows.ts'
import { type SortedRecord, SortedRuns } from './sorted-runs.ts'
import { SnappyOutput, type StreamOutput } from './stream-output.ts'

/** The operator state of one subtask. Elements keep the order in which they come, or have that of their rows. */
export class OperatorPartition {
  readonly resolved: ResolvedOperator
  readonly runs: SortedRuns
  /** Elements of each state. */
  readonly counts: number[]
  private readonly declared: ResolvedOperatorState

  constructor(resolved: ResolvedOperator, subtask: number, spill: Spill, memoryBytes: number) {
    const declared = resolved.operatorState.get(subtask)
    if (!declared) {
      throw new KobelError('USAGE', `the plan declares no operator state for subtask ${subtask}`, {
        operator: resolved.operator.id,
      })
    }
    this.resolved = resolved
    this.declared = declared
    this.runs = new SortedRuns(spill, memoryBytes)
    this.counts = declared.states.map(() => 0)
  }

  /** Gives the kind of the row's state. */
  add(row: WriteRow, sequence: number): string {
    const id = this.declared.ids.get(String(row.state))
    if (id === undefined) {
      throw new KobelError('NOT_FOUND', `the plan declares no operator state ${JSON.stringify(row.state)} here`)
    }
    const state = this.declared.states[id]!
    const kind = KINDS[state.mode]
    if (row.kind !== undefined && row.kind !== kind) {
      throw new KobelError('USAGE', `the plan declares the state as ${kind}, the row says ${row.kind}`)
    }
    const { runs } = this
    const { writer } = runs
    const start = runs.begin()
    try {
      if (state.order === undefined) writer.i64(0n)
      else encodeOrder(state.order, row, writer)
      writer.i64Number(sequence)
      runs.endKey(start)
      const valueStart = writer.offset
      encodeElement(state, row, writer)
      runs.end(start, valueStart, id)
    } catch (error) {
      runs.undo(start)
      throw error
    }
    this.counts[id]!++
    return kind
  }

  /** Writes the stream: head, then all elements, those of a state together. */
  async write(output: StreamOutput): Promise<WrittenState[]> {
    const { operatorStates, broadcastStates, compressed, states } = this.declared
    const head = new Writer(4096)
    const version = this.resolved.target.operatorHeadVersion
    writeOperatorHead(head, { version, compressed, operatorStates, broadcastStates })
    output.write(head.toBytes())
    const body = compressed ? new SnappyOutput(output) : output
    const endChunk = (): void => {
      if (body instanceof SnappyOutput) body.endChunk()
    }
    // The identifier of the Snappy stream stands before the first element.
    endChunk()
    const offsets: number[][] = states.map(() => [])
    let open = -1
    const openUpTo = (id: number): void => {
      while (open < id) {
        endChunk()
        open++
        if (!states[open]!.mapKey) continue
        offsets[open]!.push(output.length)
        const count = new Writer(4)
        count.i32(this.counts[open]!)
        body.write(count.toBytes())
      }
    }
    const mapKeys = new Set<string>()
    await this.runs.drain(
      (record) => {
        const { tag: id, bytes, valueStart, end } = record
        if (id !== open) mapKeys.clear()
        openUpTo(id)
        if (!states[id]!.mapKey) {
          endChunk()
          offsets[id]!.push(output.length)
        }
        body.write(bytes.subarray(states[id]!.mapKey ? this.checkMapKey(record, mapKeys) : valueStart, end))
      },
      () => output.flush(),
    )
    openUpTo(states.length - 1)
    endChunk()
    return states.map(({ name, mode }, id) => ({ name, mode, offsets: offsets[id]! }))
  }

  /** A key of a BROADCAST state cannot occur twice. Gives where the key begins. */
  private checkMapKey({ tag, bytes, valueStart }: SortedRecord, known: Set<string>): number {
    const { name, mapKey } = this.declared.states[tag]!
    const reader = new Reader(bytes, valueStart)
    const end = reader.i32() + reader.offset
    const text = toBase64(bytes.subarray(reader.offset, end))
    if (!known.has(text)) {
      known.add(text)
      return reader.offset
    }
    const key = valueToJson(mapKey!, readPart(mapKey!, reader, reader.offset, end)).slice(0, 200)
    const { uid, id } = this.resolved.operator
    throw new KobelError('CONFLICT', `two rows give a value for the key ${key}`, { operator: uid ?? id, state: name })
  }
}

const KINDS = { BROADCAST: 'broadcast', UNION: 'operator-union', SPLIT_DISTRIBUTE: 'operator-list' } as const
