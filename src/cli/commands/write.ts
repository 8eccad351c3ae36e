import type { Command } from 'commander'
import { KobelError } from '../../error.ts'
import { writeSavepoint } from '../../node/write-savepoint.ts'
import type { WritePlan } from '../../write/plan.ts'
import type { RowOrLine } from '../../write/take-lines.ts'
import { type RowTarget, rowsFrom } from '../row-input.ts'
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

interface CommandFlags extends EngineFlags, BaseFlags, RowTarget {
  readonly rows?: string
  readonly from: readonly string[]
}

export function configure(command: Command): Command {
  command
    .argument('<plan>', 'the write plan as JSON: described, or the first line of a dump')
    .requiredOption('--to <directory>', 'the new savepoint, which must not be there yet')
    .option('--rows <file>', 'the rows, JSON lines or an Arrow IPC stream; from stdin where it is not given')
    .option('--operator <name>', 'the operator of all rows, where they do not name it')
    .option('--state <name>', 'the state of all rows, where they do not name it')
    .option(
      '--from <select>',
      'the rows of a statement of DuckDB, over Parquet, CSV or JSON files; may be given again',
      collect,
      [],
    )
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

The columns of --from are named so too; without a column value, the others are its fields.

Examples:
  kobel write plan.json --to ./savepoint-new < rows.jsonl
  kobel write plan.json --to ./savepoint-new --from "SELECT id AS key, amount, currency FROM 'accounts/*.parquet'"
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

function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value]
}

/** Where rows come from. */
async function* rowsOf(plan: WritePlan, flags: CommandFlags): AsyncGenerator<RowOrLine, void, undefined> {
  const { rows, from } = flags
  if (from.length === 0) return yield* rowsFrom(rows ?? '-', flags)
  if (rows !== undefined) throw new KobelError('USAGE', '--rows and --from cannot be given together')
  const { rowsFromSql } = await import('../sql/from.ts')
  yield* rowsFromSql(plan, from, flags)
}
