import { fromBase64 } from '../bytes/encoding.ts'
import { KobelError } from '../error.ts'
import { readBase } from './base.ts'
import { type CommitOptions, type CommitResult, checkTarget, commit } from './commit.ts'
import { atLine, Intake } from './intake.ts'
import type { PartitionSink } from './partition.ts'
import { objectAt, type PlanOptions, readPlan, type WritePlan } from './plan.ts'
import { parseLine, type RowOrLine, type Taken, type TakeOptions, takeRows } from './take-lines.ts'

export interface WriteOptions extends PlanOptions, CommitOptions, TakeOptions {}

export interface WriteResult extends CommitResult {
  /** The version written for. */
  readonly flink: string
  /** By kind: `value`, `timer`, `operator-list`, … */
  readonly rows: Readonly<Record<string, number>>
}

export interface LoadOptions extends WriteOptions {
  /**
   * The Flink version to write for: a dump does not say from which it comes. 2.3 by default, but where the dump has values
   * of Kryo there is no default.
   */
  readonly flink?: string
}

export type LoadResult = WriteResult

/**
 * Writes a savepoint of rows, in this program: all four steps. Rows are objects, or lines of JSON; keyed ones may come
 * in any order.
 *
 * @throws KobelError `CONFLICT` where the target exists; `USAGE` where a row does not fit, naming its line. Then there
 *   is no savepoint.
 */
export async function writeRows(
  plan: WritePlan,
  rows: Iterable<RowOrLine> | AsyncIterable<RowOrLine>,
  sink: PartitionSink,
  options: WriteOptions = {},
): Promise<WriteResult> {
  try {
    await checkTarget(sink.store, sink.directory)
    if (options.base) await readBase(options.base, plan.operators)
    const intake = new Intake(plan, sink, options)
    await takeRows(intake, rows, 0, options)
    return await commitIntake(plan, intake, sink, options)
  } finally {
    await sink.spill.close()
  }
}

/**
 * Writes a canonical savepoint of what `dumpSnapshot` printed, entry by entry byte for byte. Rows may come in any order
 * behind the plan; elements of operator state keep theirs. Key groups are taken from the rows.
 *
 * @throws KobelError `CONFLICT` where the target exists; `INCOMPATIBLE` where the dump has channel state or raw state,
 *   of which it does not tell all, or is a part; `TRUNCATED` where it was cut; `USAGE` where a line does not fit, naming it. Then there is no savepoint.
 */
export async function loadDump(
  lines: Iterable<string> | AsyncIterable<string>,
  sink: PartitionSink,
  options: LoadOptions = {},
): Promise<LoadResult> {
  await checkTarget(sink.store, sink.directory)
  const opened = await openDump(lines, options.flink)
  try {
    const intake = new Intake(opened.plan, sink, options)
    checkEnded(await takeRows(intake, opened.rows, 1, options), options)
    return await commitIntake(opened.plan, intake, sink, options)
  } finally {
    await opened.rows.return()
    await sink.spill.close()
  }
}

/** A dump: its plan, and the lines behind it. */
export interface OpenedDump {
  readonly plan: WritePlan
  readonly rows: AsyncGenerator<string, void, undefined>
}

/** Reads the first line of a dump. @throws KobelError `USAGE` where it is no plan. */
export async function openDump(
  lines: Iterable<string> | AsyncIterable<string>,
  flink: string | undefined,
): Promise<OpenedDump> {
  const rows = iterate(lines)
  try {
    const first = await rows.next()
    if (first.done) throw new KobelError('USAGE', 'a dump begins with a line {"plan": …}, there are no lines')
    return { plan: planAtLine(first.value, flink), rows }
  } catch (error) {
    await rows.return()
    throw error
  }
}

/** @throws KobelError `TRUNCATED` where a dump has no last line. */
export function checkEnded({ end }: Pick<Taken, 'end'>, { partial }: Pick<TakeOptions, 'partial'>): void {
  if (end || partial) return
  throw new KobelError(
    'TRUNCATED',
    'the dump does not end with the line {"end": …}: it was cut. --partial (option partial) takes it for whole',
  )
}

async function* iterate<T>(items: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  yield* items
}

async function commitIntake(
  plan: WritePlan,
  intake: Intake,
  { store, directory }: PartitionSink,
  options: WriteOptions,
): Promise<WriteResult> {
  const handle = await intake.finish(true, options.signal)
  options.signal?.throwIfAborted()
  const result = await commit(store, directory, plan, handle, options)
  return { ...result, flink: plan.flink, rows: intake.rows() }
}

const NEWEST_FLINK = '2.3'

function planAtLine(line: string, flink: string | undefined): WritePlan {
  try {
    return planOfLine(parseLine(line), flink)
  } catch (error) {
    throw atLine(error, 1)
  }
}

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
