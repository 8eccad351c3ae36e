import { fromBase64 } from '../bytes/encoding.ts'
import { KobelError, locate } from '../error.ts'
import { isRawTimers } from '../format/raw-timers.ts'
import { type CommitOptions, type CommitResult, checkTarget, commit } from './commit.ts'
import type { PartitionHandle } from './handle.ts'
import { MEMORY_BYTES, type PartitionSink, PartitionWriter } from './partition.ts'
import {
  objectAt,
  type Partition,
  type PlanOptions,
  partitionId,
  partitionOf,
  partitionsOf,
  planHash,
  readPlan,
  type WritePlan,
} from './plan.ts'
import type { WriteRow } from './rows.ts'

export interface LoadOptions extends PlanOptions, CommitOptions {
  /**
   * The Flink version to write for: a dump does not say from which it comes. 2.3 by default, but where the dump has values
   * of Kryo there is no default.
   */
  readonly flink?: string
  readonly onRows?: (count: number) => void
}

export interface LoadResult extends CommitResult {
  /** The version written for. */
  readonly flink: string
  /** By kind: `value`, `timer`, `operator-list`, … */
  readonly rows: Readonly<Record<string, number>>
}

/**
 * Writes a canonical savepoint of what `dumpSnapshot` printed, entry by entry byte for byte. Rows may come in any order
 * behind the plan; elements of operator state keep theirs. Key groups are taken from the rows.
 *
 * @throws KobelError `CONFLICT` where the target exists; `INCOMPATIBLE` where the dump has channel state or raw state,
 *   of which it does not tell all; `USAGE` where a line does not fit, naming it. Then there is no savepoint.
 */
export async function loadDump(
  lines: Iterable<string> | AsyncIterable<string>,
  sink: PartitionSink,
  options: LoadOptions = {},
): Promise<LoadResult> {
  await checkTarget(sink.store, sink.directory)
  let load: Load | undefined
  let number = 0
  try {
    for await (const line of lines) {
      number++
      if (line === '') continue
      try {
        const json = parseLine(line)
        if (!load) load = new Load(planOfLine(json, options.flink), sink, options)
        else {
          const wait = load.add(json as unknown as WriteRow)
          if (wait) await wait
        }
      } catch (error) {
        throw atLine(error, number)
      }
      options.onRows?.(1)
    }
    if (!load) throw new KobelError('USAGE', 'a dump begins with a line {"plan": …}, there are no lines')
    return await load.finish()
  } finally {
    await sink.spill.close()
  }
}

function atLine(error: unknown, number: number): unknown {
  if (!(error instanceof KobelError)) return error
  return locate(new KobelError(error.code, `line ${number}: ${error.message}`, error.where, { cause: error }), {})
}

function parseLine(line: string): Record<string, unknown> {
  let json: unknown
  try {
    json = JSON.parse(line)
  } catch (error) {
    throw new KobelError('USAGE', `the line is not JSON, it may have been cut: ${(error as Error).message}`)
  }
  return objectAt(json, 'a line')
}

const NEWEST_FLINK = '2.3'

function planOfLine(json: Record<string, unknown>, flink: string | undefined): WritePlan {
  if (json.plan === undefined) throw new KobelError('USAGE', 'a dump begins with a line {"plan": …}')
  const plan = readPlan({ ...objectAt(json.plan, 'the plan'), flink: flink ?? NEWEST_FLINK })
  if (flink !== undefined || !hasKryo(plan)) return plan
  throw new KobelError(
    'USAGE',
    'the dump has values of Kryo, which Flink 1.x and 2.x write differently: say which version the job runs (--flink, option flink)',
  )
}

/** Whether a value may be Kryo's: its text would become the bytes of the Kryo of the version written for. */
function hasKryo(plan: WritePlan): boolean {
  const latin = new TextDecoder('latin1')
  const snapshots = new Set(
    plan.operators.flatMap(({ keyed, operatorState }) => [
      ...keyed.map((each) => each.keySerializer),
      ...[...keyed, ...operatorState].flatMap((each) =>
        [...each.states, ...('broadcastStates' in each ? each.broadcastStates : [])].flatMap((state) =>
          state.serializers.map(([, snapshot]) => snapshot),
        ),
      ),
    ]),
  )
  return [...snapshots].some((snapshot) => latin.decode(fromBase64(snapshot)).includes('KryoSerializer'))
}

/** All partitions of a dump, with one bound of memory for them. */
class Load {
  private readonly plan: WritePlan
  private readonly hash: string
  private readonly sink: PartitionSink
  private readonly options: LoadOptions
  private readonly partitions: readonly Partition[]
  private readonly writers: ReadonlyMap<string, PartitionWriter>
  private readonly counts = new Map<string, number>()
  private readonly memoryBytes: number
  private heldBytes = 0

  constructor(plan: WritePlan, sink: PartitionSink, options: LoadOptions) {
    this.plan = plan
    this.hash = planHash(plan)
    this.sink = sink
    this.options = options
    this.memoryBytes = sink.memoryBytes ?? MEMORY_BYTES
    this.partitions = partitionsOf(plan)
    this.writers = new Map(
      this.partitions.map((each) => [partitionId(each), new PartitionWriter(plan, each, sink, options, this.hash)]),
    )
  }

  /** Gives a promise where memory has to be freed before the next row. */
  add(row: WriteRow & { readonly part?: string }): Promise<void> | undefined {
    if (row.part !== undefined) {
      this.addBlob(row as unknown as Record<string, unknown>)
      return undefined
    }
    for (const partition of this.placesOf(row)) {
      const id = partitionId(partition)
      const writer = this.writers.get(id)
      if (!writer) throw new KobelError('NOT_FOUND', `the plan has no partition ${id} for the row`)
      const before = writer.heldBytes
      writer.add(row)
      this.heldBytes += writer.heldBytes - before
    }
    const kind = String(row.kind)
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1)
    return this.heldBytes > this.memoryBytes ? this.free() : undefined
  }

  private placesOf(row: WriteRow): Partition[] {
    return partitionOf(this.plan, row, 0, this.options)
  }

  /** Timers in raw keyed state are rows as well, and become managed state; of other blobs too little is known. */
  private addBlob(row: Record<string, unknown>): void {
    const { part, kind, operator } = row
    if (kind === 'raw-keyed' && isRawTimers(fromBase64(String(row.bytes)))) return
    throw new KobelError(
      'INCOMPATIBLE',
      `the dump has ${kind} state (${part}), which cannot be loaded: where its pieces begin is not in a dump`,
      { operator: String(operator) },
    )
  }

  private async free(): Promise<void> {
    const largest = [...this.writers.values()].sort((a, b) => b.heldBytes - a.heldBytes)
    for (const writer of largest) {
      if (this.heldBytes <= this.memoryBytes / 2) return
      this.heldBytes -= writer.heldBytes
      await writer.spill()
    }
  }

  async finish(): Promise<LoadResult> {
    const { store, directory } = this.sink
    const written: PartitionHandle[] = []
    for (const writer of this.writers.values()) written.push(await writer.finish())
    const handle = { kobelHandle: 1, plan: this.hash, partitions: written } as const
    const result = await commit(store, directory, this.plan, handle, this.options)
    return {
      ...result,
      flink: this.plan.flink,
      rows: Object.fromEntries([...this.counts].sort(([a], [b]) => (a < b ? -1 : 1))),
    }
  }
}
