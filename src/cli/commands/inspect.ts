import { relative } from 'node:path'
import type { Command } from 'commander'
import { describeSnapshot } from '../../snapshot/describe.ts'
import { type SnapshotFlags, withSnapshot, withSnapshotOptions } from '../open.ts'
import { outputWidth, writeLines } from '../output.ts'
import { colorsFor } from '../render/colors.ts'
import { startProgress } from '../render/progress.ts'
import { snapshotLines } from '../render/snapshot.ts'

interface InspectFlags extends SnapshotFlags {
  readonly counts?: boolean
  readonly operator?: string
}

export function configure(command: Command): Command {
  return withSnapshotOptions(command)
    .argument('<path>', 'directory of a savepoint or checkpoint, its _metadata file, or a URL')
    .option('--counts', 'read all keyed state, and count entries and bytes of each state')
    .option('--operator <name>', 'only this operator: uid, id or name')
    .option('--json', 'print all of it as one JSON object')
    .addHelpText('after', '\nExample:\n  kobel inspect ./savepoint-4f2a --counts')
    .action(inspect)
}

async function inspect(path: string, flags: InspectFlags): Promise<void> {
  await withSnapshot(path, flags, async (snapshot) => {
    const progress = startProgress('entries counted', process.stderr)
    const description = await describeSnapshot(snapshot, {
      counts: flags.counts ?? false,
      ...(flags.operator !== undefined && { operators: [snapshot.operator(flags.operator)] }),
      onEntries: progress.add,
    }).finally(progress.end)
    if (flags.json) return writeLines([JSON.stringify(description, null, 2)])
    const shown = { ...description, location: shortPath(description.location) }
    return writeLines(snapshotLines(shown, outputWidth(), colorsFor(process.stdout, process.env)))
  })
}

/** A path below the working directory without that. */
function shortPath(location: string): string {
  const short = location.startsWith('/') ? relative('', location) : location
  return short === '' || short.startsWith('..') ? location : short
}
