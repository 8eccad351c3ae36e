import { toBase64 } from '../bytes/encoding.ts'
import { Writer } from '../bytes/writer.ts'
import { KobelError } from '../error.ts'
import { writeOperatorHead } from '../format/operator-state.ts'
import type { WrittenState } from './handle.ts'
import type { ResolvedOperator, ResolvedOperatorState } from './resolve.ts'
import { encodeElement, type WriteRow } from './rows.ts'
import type { SortedRuns } from './sorted-runs.ts'
import { SnappyOutput, type StreamOutput } from './stream-output.ts'

/** The operator state of one subtask. Elements keep the order in which they come. */
export class OperatorPartition {
  private readonly resolved: ResolvedOperator
  private readonly declared: ResolvedOperatorState
  private readonly runs: SortedRuns
  private readonly key = new Writer(16)
  private readonly counts: number[]
  /** Keys of each BROADCAST state, which cannot occur twice. */
  private readonly mapKeys: Set<string>[]
  private sequence = 0

  constructor(resolved: ResolvedOperator, subtask: number, runs: SortedRuns) {
    const declared = resolved.operatorState.get(subtask)
    if (!declared) {
      throw new KobelError('USAGE', `the plan declares no operator state for subtask ${subtask}`, {
        operator: resolved.operator.id,
      })
    }
    this.resolved = resolved
    this.declared = declared
    this.runs = runs
    this.counts = declared.states.map(() => 0)
    this.mapKeys = declared.states.map(() => new Set())
  }

  add(row: WriteRow): string {
    const id = this.declared.ids.get(String(row.state))
    if (id === undefined) {
      throw new KobelError('NOT_FOUND', `the plan declares no operator state ${JSON.stringify(row.state)} here`)
    }
    const state = this.declared.states[id]!
    const { mapKey, value } = encodeElement(state, row)
    if (state.mapKey) {
      const known = this.mapKeys[id]!
      const text = toBase64(mapKey)
      if (known.has(text)) {
        throw new KobelError('CONFLICT', `two rows give a value for the key ${JSON.stringify(row.mapKey)}`, {
          state: state.name,
        })
      }
      known.add(text)
    }
    const { key } = this
    key.offset = 0
    key.i16(id)
    key.i64Number(this.sequence++)
    this.counts[id]!++
    this.runs.add(key.bytes.subarray(0, key.offset), concat(mapKey, value))
    return state.mode === 'BROADCAST' ? 'broadcast' : state.mode === 'UNION' ? 'operator-union' : 'operator-list'
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
    await this.runs.drain(
      ({ bytes, keyStart, keyEnd, valueEnd }) => {
        const id = (bytes[keyStart]! << 8) | bytes[keyStart + 1]!
        openUpTo(id)
        if (!states[id]!.mapKey) {
          endChunk()
          offsets[id]!.push(output.length)
        }
        body.write(bytes.subarray(keyEnd, valueEnd))
      },
      () => output.flush(),
    )
    openUpTo(states.length - 1)
    endChunk()
    return states.map(({ name, mode }, id) => ({ name, mode, offsets: offsets[id]! }))
  }
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b
  const joined = new Uint8Array(a.length + b.length)
  joined.set(a)
  joined.set(b, a.length)
  return joined
}
