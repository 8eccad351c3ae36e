import { Writer } from '../bytes/writer.ts'
import { type ErrorPlace, KobelError, locate } from '../error.ts'
import type { Spill, WritableStore } from '../store/writable.ts'
import { ColumnReader, type ColumnRows } from './column-rows.ts'
import { hashOfHandle, type PartitionHandle, type WriteHandle } from './handle.ts'
import { KeyedPartition } from './keyed-partition.ts'
import { OperatorPartition } from './operator-partition.ts'
import {
  operatorOf,
  operatorOfRow,
  type Partition,
  type PlanOptions,
  partitionId,
  placeKey,
  planHash,
  type WritePlan,
} from './plan.ts'
import type { ResolvedOperator } from './resolve.ts'
import type { WriteRow } from './rows.ts'
import type { SortedRuns, SpilledRun } from './sorted-runs.ts'
import { StreamOutput } from './stream-output.ts'

/** Where and how a partition is written. */
export interface PartitionSink {
  readonly store: WritableStore
  /** The savepoint's directory, which every worker can write to. */
  readonly directory: string
  readonly spill: Spill
  /** Bytes of rows held in memory; 64 MiB by default. */
  readonly memoryBytes?: number
  /** Streams of up to so many bytes go into `_metadata` (Flink's `state.storage.fs.memory-threshold`); 20 KiB by default. */
  readonly inlineBytes?: number
}

export const MEMORY_BYTES: number = 64 << 20
export const INLINE_BYTES = 20480

/** Rows of a partition that one of several threads was given. */
export interface HandedRuns {
  readonly rows: number
  /** Elements of each operator state. */
  readonly counts: readonly number[]
  readonly runs: readonly SpilledRun[]
}

/** A partition to which rows are added, and which is written in the end. */
export class PartitionWriter {
  readonly partition: Partition
  rows = 0
  readonly keyed: KeyedPartition | undefined
  readonly operatorState: OperatorPartition | undefined
  private readonly plan: string
  private readonly sink: PartitionSink
  private readonly runs: SortedRuns

  constructor(plan: WritePlan, partition: Partition, sink: PartitionSink, options: PlanOptions = {}, hash?: string) {
    const resolved = operatorOf(plan, partition.operator, options)
    this.partition = partition
    this.plan = hash ?? planHash(plan)
    this.sink = sink
    const memoryBytes = sink.memoryBytes ?? MEMORY_BYTES
    if (partition.part === 'keyed') {
      this.keyed = new KeyedPartition(resolved, partition.subtask, sink.spill, memoryBytes)
      this.runs = this.keyed.runs
    } else {
      this.operatorState = new OperatorPartition(resolved, partition.subtask, sink.spill, memoryBytes)
      this.runs = this.operatorState.runs
    }
  }

  get heldBytes(): number {
    return this.runs.heldBytes
  }

  /**
   * Gives the kind of the row's state.
   *
   * @param key holds the bytes of the row's key, for keyed state; its key group is the next.
   * @param sequence orders rows that have no order of their own: higher for each row.
   * @throws KobelError `USAGE` where the row does not fit the state, naming what was expected and found.
   */
  add(row: WriteRow, key: Writer, keyGroup: number, sequence: number): string {
    const kind = this.keyed ? this.keyed.add(row, key, keyGroup, sequence) : this.operatorState!.add(row, sequence)
    this.rows++
    return kind
  }

  /** Adds a row of columns; as `add`. */
  addColumns(reader: ColumnReader, row: number, key: Writer, keyGroup: number, sequence: number): void {
    const keyed = this.keyed!
    keyed.addColumns(reader.encodersOf(keyed.declared), row, key, keyGroup, sequence)
    this.rows++
  }

  /** Lets go of memory. */
  spill(): Promise<void> {
    return this.runs.spill()
  }

  /** What was added, for another thread that writes the partition. */
  async handOff(): Promise<HandedRuns> {
    return { rows: this.rows, counts: this.operatorState?.counts ?? [], runs: await this.runs.handOff() }
  }

  /** Takes what another thread was given. */
  adopt({ rows, counts, runs }: HandedRuns): void {
    this.rows += rows
    for (const run of runs) this.runs.adopt(run)
    counts.forEach((count, id) => {
      this.operatorState!.counts[id]! += count
    })
  }

  /** Writes the partition; it is durable when this resolves. */
  async finish(): Promise<PartitionHandle> {
    const { store, directory, inlineBytes } = this.sink
    const id = partitionId(this.partition)
    const output = new StreamOutput(store, directory, inlineBytes ?? INLINE_BYTES, id)
    try {
      const keyGroups = await this.keyed?.write(output)
      const states = await this.operatorState?.write(output)
      const handle = {
        ...this.partition,
        id,
        rows: this.rows,
        bytes: output.length,
        stream: await output.finish(),
        ...(keyGroups && { keyGroups }),
        ...(states && { states }),
      }
      return { ...handle, hash: hashOfHandle(handle) }
    } catch (error) {
      await output.abandon()
      throw error
    } finally {
      await this.runs.close()
    }
  }

  /** Lets go of what was added. */
  abandon(): Promise<void> {
    return this.runs.close()
  }

  /** The handle of this partition alone. */
  handleOf(partition: PartitionHandle): WriteHandle {
    return { kobelHandle: 1, plan: this.plan, partitions: [partition] }
  }
}

/**
 * Writes one partition: its rows in any order, as objects or columns, in bounded memory. The same rows give the same file, whoever writes them
 * and however often.
 *
 * @throws KobelError `CONFLICT` where two rows give the same entry; `USAGE` where a row does not fit its state.
 */
export async function writePartition(
  plan: WritePlan,
  partition: Partition,
  rows: Iterable<WriteRow | ColumnRows> | AsyncIterable<WriteRow | ColumnRows>,
  sink: PartitionSink,
  options: PlanOptions = {},
): Promise<WriteHandle> {
  const writer = new PartitionWriter(plan, partition, sink, options)
  const own = operatorOf(plan, partition.operator, options)
  const key = new Writer(64)
  const memoryBytes = sink.memoryBytes ?? MEMORY_BYTES
  let sequence = 0
  const checkOwn = (resolved: ResolvedOperator, name: string): void => {
    if (resolved === own) return
    throw new KobelError('USAGE', `the row is of another operator than the partition: ${name}`)
  }
  try {
    for await (const each of rows) {
      try {
        if ('columns' in each) {
          checkOwn(operatorOf(plan, each.operator, options), each.operator)
          const reader = new ColumnReader(own, each)
          for (let i = 0; i < each.count; i++) {
            writer.addColumns(reader, i, key, reader.placeKey(i, key), sequence++)
            if (writer.heldBytes > memoryBytes) await writer.spill()
          }
          continue
        }
        checkOwn(operatorOfRow(plan, each, options), String(each.operator ?? each.uid))
        writer.add(each, key, partition.part === 'keyed' ? placeKey(own, each, key) : 0, sequence++)
      } catch (error) {
        throw locate(error, placeOf(own, each as WriteRow))
      }
      if (writer.heldBytes > memoryBytes) await writer.spill()
    }
  } catch (error) {
    await writer.abandon()
    throw error
  }
  return writer.handleOf(await writer.finish())
}

/** Where a row belongs, for an error about it. */
export function placeOf({ operator }: ResolvedOperator, row: WriteRow): ErrorPlace {
  const { state, keyGroup } = row
  return {
    operator: operator.uid ?? operator.id,
    ...(typeof state === 'string' && { state }),
    ...(typeof keyGroup === 'number' && { keyGroup }),
  }
}
