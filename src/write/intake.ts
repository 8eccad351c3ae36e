import { Writer } from '../bytes/writer.ts'
import { KobelError, locate } from '../error.ts'
import { subtaskOfKeyGroup } from '../snapshot/key-groups.ts'
import { ColumnReader, type ColumnRows } from './column-rows.ts'
import type { PartitionHandle, WriteHandle } from './handle.ts'
import { type HandedRuns, MEMORY_BYTES, type PartitionSink, PartitionWriter, placeOf } from './partition.ts'
import {
  isKeyed,
  operatorOf,
  operatorOfRow,
  type Partition,
  type PlanOptions,
  partitionId,
  partitionOf,
  partitionsOf,
  placeKey,
  planHash,
  type WritePlan,
} from './plan.ts'
import type { ResolvedOperator } from './resolve.ts'
import type { WriteRow } from './rows.ts'

/** Takes rows of all partitions in any order, with one bound of memory for them, and writes the partitions in the end. */
export class Intake {
  /** Rows taken, by kind. */
  readonly counts: Map<string, number> = new Map()
  private readonly plan: WritePlan
  private readonly hash: string
  private readonly options: PlanOptions
  private readonly writers: ReadonlyMap<string, PartitionWriter>
  private readonly memoryBytes: number
  private readonly key: Writer = new Writer(64)
  private readonly keyed = new Map<ResolvedOperator, PartitionWriter[]>()
  private heldBytes = 0

  /** @param only the partitions whose rows are taken; all of the plan by default. */
  constructor(plan: WritePlan, sink: PartitionSink, options: PlanOptions = {}, only?: readonly Partition[]) {
    this.plan = plan
    this.hash = planHash(plan)
    this.options = options
    this.memoryBytes = sink.memoryBytes ?? MEMORY_BYTES
    const partitions = only ?? partitionsOf(plan)
    this.writers = new Map(
      partitions.map((each) => [partitionId(each), new PartitionWriter(plan, each, sink, options, this.hash)]),
    )
  }

  /**
   * Gives a promise where memory has to be freed before the next row.
   *
   * @param index of the row among all: elements of LIST states are spread by it, and rows without an order keep its.
   */
  add(row: WriteRow, index: number): Promise<void> | undefined {
    const resolved = operatorOfRow(this.plan, row, this.options)
    try {
      const kind = isKeyed(row) ? this.addKeyed(resolved, row, index) : this.addElement(row, index)
      this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1)
    } catch (error) {
      throw locate(error, placeOf(resolved, row))
    }
    return this.heldBytes > this.memoryBytes ? this.free() : undefined
  }

  /**
   * Adds rows that are given as columns.
   * @param index of the first of them among all rows.
   */
  async addColumns(rows: ColumnRows, index: number): Promise<void> {
    const resolved = operatorOf(this.plan, rows.operator, this.options)
    const { operator } = resolved
    const place = { operator: operator.uid ?? operator.id, state: rows.state }
    try {
      const reader = new ColumnReader(resolved, rows)
      const { maxParallelism, parallelism } = operator
      let writers = this.keyed.get(resolved) ?? []
      for (let row = 0; row < rows.count; row++) {
        const keyGroup = reader.placeKey(row, this.key)
        const subtask = subtaskOfKeyGroup(maxParallelism, parallelism, keyGroup)
        const writer = writers[subtask] ?? this.keyedWriter(resolved, subtask)
        if (!writer) throw this.noPartition(partitionId({ operator: operator.id, part: 'keyed', subtask }))
        if (!writers[subtask]) writers = this.keyed.get(resolved)!
        const before = writer.heldBytes
        writer.addColumns(reader, row, this.key, keyGroup, index + row)
        this.heldBytes += writer.heldBytes - before
        if (this.heldBytes > this.memoryBytes) await this.free()
      }
      this.counts.set(reader.kind, (this.counts.get(reader.kind) ?? 0) + rows.count)
    } catch (error) {
      throw locate(error, place)
    }
  }

  private addKeyed(resolved: ResolvedOperator, row: WriteRow, index: number): string {
    const { maxParallelism, parallelism, id } = resolved.operator
    const keyGroup = placeKey(resolved, row, this.key)
    const subtask = subtaskOfKeyGroup(maxParallelism, parallelism, keyGroup)
    const writer = this.keyed.get(resolved)?.[subtask] ?? this.keyedWriter(resolved, subtask)
    if (!writer) throw this.noPartition(partitionId({ operator: id, part: 'keyed', subtask }))
    return this.addTo(writer, row, keyGroup, index)
  }

  /** Looked up once: a name for each row would cost more than the row. */
  private keyedWriter(resolved: ResolvedOperator, subtask: number): PartitionWriter | undefined {
    const writer = this.writers.get(partitionId({ operator: resolved.operator.id, part: 'keyed', subtask }))
    const found = this.keyed.get(resolved) ?? []
    if (writer) found[subtask] = writer
    this.keyed.set(resolved, found)
    return writer
  }

  private addElement(row: WriteRow, index: number): string {
    let kind = ''
    for (const partition of partitionOf(this.plan, row, index, this.options)) {
      const id = partitionId(partition)
      const writer = this.writers.get(id)
      if (!writer) throw this.noPartition(id)
      kind = this.addTo(writer, row, 0, index)
    }
    return kind
  }

  private addTo(writer: PartitionWriter, row: WriteRow, keyGroup: number, index: number): string {
    const before = writer.heldBytes
    const kind = writer.add(row, this.key, keyGroup, index)
    this.heldBytes += writer.heldBytes - before
    return kind
  }

  private noPartition(id: string): KobelError {
    if (!partitionsOf(this.plan).some((each) => partitionId(each) === id)) {
      return new KobelError('NOT_FOUND', `the plan has no partition ${id} for the row`)
    }
    const own = [...this.writers.keys()].join(', ')
    return new KobelError('USAGE', `the row is of the partition ${id}, rows of ${own} were expected`)
  }

  private async free(): Promise<void> {
    const largest = [...this.writers.values()].sort((a, b) => b.heldBytes - a.heldBytes)
    for (const writer of largest) {
      if (this.heldBytes <= this.memoryBytes / 2) return
      this.heldBytes -= writer.heldBytes
      await writer.spill()
    }
  }

  /**
   * Writes the partitions; they are durable when this resolves.
   * @param untouched whether partitions are written for which no row came.
   */
  async finish(untouched = true, signal?: AbortSignal): Promise<WriteHandle> {
    const written: PartitionHandle[] = []
    for (const writer of this.writers.values()) {
      signal?.throwIfAborted()
      if (untouched || writer.rows > 0) written.push(await writer.finish())
    }
    return { kobelHandle: 1, plan: this.hash, partitions: written }
  }

  /** What was added, by partition, for other threads that write them. */
  async handOff(): Promise<Map<string, HandedRuns>> {
    const handed = new Map<string, HandedRuns>()
    for (const [id, writer] of this.writers) if (writer.rows > 0) handed.set(id, await writer.handOff())
    return handed
  }

  /** Lets go of everything. */
  async abandon(): Promise<void> {
    await Promise.all([...this.writers.values()].map((writer) => writer.abandon()))
  }

  rows(): Record<string, number> {
    return Object.fromEntries([...this.counts].sort(([a], [b]) => (a < b ? -1 : 1)))
  }
}

/** Says which line an error is about. */
export function atLine(error: unknown, number: number): unknown {
  if (!(error instanceof KobelError)) return error
  return locate(new KobelError(error.code, `line ${number}: ${error.message}`, error.where, { cause: error }), {})
}
