import type { Command } from 'commander'
import { type ConnectorState, describeConnectors } from '../../connectors/describe.ts'
import { KobelError } from '../../error.ts'
import { describeSnapshot, type SnapshotDescription } from '../../snapshot/describe.ts'
import { type SnapshotFlags, withSnapshot, withSnapshotOptions } from '../open.ts'
import { outputWidth, writeLines } from '../output.ts'
import { colorsFor } from '../render/colors.ts'
import { shortPath } from '../render/path.ts'
import { startProgress } from '../render/progress.ts'
import { snapshotLines } from '../render/snapshot.ts'

interface InspectFlags extends SnapshotFlags {
  readonly counts?: boolean
  readonly operator?: string
  readonly connector?: readonly string[]
}

export function configure(command: Command): Command {
  return withSnapshotOptions(command)
    .argument('<path>', 'directory of a savepoint or checkpoint, its _metadata file, or a URL')
    .option('--counts', 'read all keyed state, and count entries and bytes of each state')
    .option('--operator <name>', 'only this operator: uid, id or name')
    .option('--connector <operator=name...>', 'which connector a source or sink is, where that cannot be told')
    .option('--json', 'print all of it as one JSON object')
    .addHelpText('after', '\nExample:\n  kobel inspect ./savepoint-4f2a --counts')
    .action(inspect)
}

async function inspect(path: string, flags: InspectFlags): Promise<void> {
  await withSnapshot(path, flags, async (snapshot, shareOf) => {
    const operators = flags.operator === undefined ? snapshot.operators : [snapshot.operator(flags.operator)]
    const progress = startProgress('entries counted', process.stderr, shareOf(operators))
    const described = await describeSnapshot(snapshot, {
      counts: flags.counts ?? false,
      operators,
      onEntries: progress.add,
    }).finally(progress.end)
    const connectors = connectorsOf(flags.connector ?? [])
    const description = withConnectors(described, await describeConnectors(snapshot, { operators, connectors }))
    if (flags.json) return writeLines([JSON.stringify(description, null, 2)])
    const shown = { ...description, location: shortPath(description.location) }
    return writeLines(snapshotLines(shown, outputWidth(), colorsFor(process.stdout, process.env)))
  })
}

/** The state of sources and sinks as members `source` and `sink` of their operators. */
function withConnectors(description: SnapshotDescription, states: readonly ConnectorState[]): SnapshotDescription {
  const byOperator = new Map(states.map(({ operator, ...state }) => [operator, state]))
  const operators = description.operators.map((operator) => ({ ...operator, ...byOperator.get(operator.id) }))
  return { ...description, operators }
}

function connectorsOf(texts: readonly string[]): Record<string, string> {
  const pairs = texts.map((text) => {
    const at = text.lastIndexOf('=')
    if (at > 0) return [text.slice(0, at), text.slice(at + 1)]
    throw new KobelError(
      'USAGE',
      `--connector takes operator=name, such as orders=kafka; found ${JSON.stringify(text)}`,
    )
  })
  return Object.fromEntries(pairs) as Record<string, string>
}
