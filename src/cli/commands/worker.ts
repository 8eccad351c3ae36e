import type { Command } from 'commander'
import { KobelError } from '../../error.ts'
import { Intake } from '../../write/intake.ts'
import { type Partition, partitionId, partitionsOf, type WritePlan } from '../../write/plan.ts'
import { takeRows } from '../../write/take-lines.ts'
import { type RowTarget, rowsFrom } from '../row-input.ts'
import {
  planFrom,
  planOptionsOf,
  sinkOf,
  type WriteFlags,
  withTypeOptions,
  withWriteOptions,
} from '../write-options.ts'

interface WorkerFlags extends WriteFlags, RowTarget {
  readonly partition?: readonly string[]
  readonly rows?: string
}

export function configure(command: Command): Command {
  command
    .argument('<plan>', 'the write plan, the same for all workers and for commit')
    .requiredOption('--to <directory>', 'the directory of the savepoint, the same for all workers and for commit')
    .option('--partition <id...>', 'write just these partitions, also where no row comes')
    .option('--rows <file>', 'the rows, JSON lines or an Arrow IPC stream; from stdin where it is not given')
    .option('--operator <name>', 'the operator of all rows, where they do not name it')
    .option('--state <name>', 'the state of all rows, where they do not name it')
    .option('--flink <version>', "the Flink version to write for (the plan's)")
  withWriteOptions(command)
  return withTypeOptions(command)
    .option('--json', 'errors as JSON (the handle is JSON anyway)')
    .addHelpText(
      'after',
      `
One worker of several, on any machine that reaches the directory: takes rows on stdin, writes their partitions, and
prints a handle, one line of JSON, once the files are durable. kobel commit makes the savepoint of the handles.

A partition is written by one worker as a whole. Its id is OPERATOR-keyed-SUBTASK or OPERATOR-operator-SUBTASK; without
--partition, those are written that rows came for.

Example:
  kobel worker plan.json --to s3://bucket/savepoint-new < part-7.jsonl > handle-7.json`,
    )
    .action(work)
}

async function work(file: string, flags: WorkerFlags): Promise<void> {
  const plan = await planFrom(file, flags.flink)
  const options = await planOptionsOf(flags)
  const only = flags.partition?.map((id) => partitionNamed(plan, id))
  const sink = sinkOf(flags)
  const intake = new Intake(plan, sink, options, only)
  try {
    await takeRows(intake, rowsFrom(flags.rows ?? '-', flags), 0, { partial: true })
    const handle = await intake.finish(only !== undefined)
    process.stdout.write(`${JSON.stringify(handle)}\n`)
  } catch (error) {
    await intake.abandon()
    throw error
  } finally {
    await sink.spill.close()
    await sink.store.close?.()
  }
}

/** The operator of a partition may be named by its uid. */
function partitionNamed(plan: WritePlan, id: string): Partition {
  const operators = new Map(plan.operators.map((each) => [each.id, each.uid]))
  const named = (each: Partition): boolean =>
    id === partitionId(each) || id === partitionId({ ...each, operator: operators.get(each.operator) ?? each.operator })
  const found = partitionsOf(plan).find(named)
  if (found) return found
  const ids = partitionsOf(plan).map(partitionId)
  throw new KobelError('NOT_FOUND', `the plan has no partition ${id}; it has ${ids.slice(0, 6).join(', ')}`)
}
