import type { Command } from 'commander'
import { writeSavepoint } from '../../node/write-savepoint.ts'
import type { WritePlan } from '../../write/plan.ts'
import type { RowOrLine } from '../../write/take-lines.ts'
import { linesOf } from '../lines.ts'
import {
  type BaseFlags,
  baseOf,
  type EngineFlags,
  planFrom,
  runEngine,
  withBaseOptions,
  withEngineOptions,
  withTypeOptions,
} from '../write-options.ts'

interface CommandFlags extends EngineFlags, BaseFlags {
  readonly rows?: string
}

export function configure(command: Command): Command {
  command
    .argument('<plan>', 'the write plan as JSON: described, or the first line of a dump')
    .requiredOption('--to <directory>', 'the new savepoint, which must not be there yet')
    .option('--rows <file>', 'the rows, JSON lines as kobel dump prints them; from stdin where it is not given')
    .option('--flink <version>', "the Flink version that is to restore it, 1.16 to 2.3 (the plan's)")
  return withTypeOptions(withBaseOptions(withEngineOptions(command)))
    .option('--json', 'the result as JSON')
    .addHelpText(
      'after',
      `
A row names its operator by uid or id, its state, its key and its value:
  {"operator":"accounts","state":"balance","key":"alice","value":12}

The savepoint is canonical: any state backend restores it. It is there when _metadata is, which comes last; whatever fails
before leaves no savepoint.

Examples:
  kobel write plan.json --to ./savepoint-new < rows.jsonl
  kobel write new-operator.json --base ./savepoint-4f2a --to ./savepoint-more --rows rows.jsonl`,
    )
    .action(write)
}

async function write(file: string, flags: CommandFlags): Promise<void> {
  const plan = await planFrom(file, flags.flink)
  await runEngine(flags, 'rows read', (options) =>
    writeSavepoint(plan, rowsOf(plan, flags), flags.to, { ...options, ...baseOf(flags) }),
  )
}

/** Where rows come from. */
function rowsOf(_plan: WritePlan, flags: CommandFlags): AsyncIterable<RowOrLine> {
  return linesOf(flags.rows ?? '-')
}
