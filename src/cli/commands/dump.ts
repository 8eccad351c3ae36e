import type { Command } from 'commander'
import { dumpSnapshot } from '../../export/dump.ts'
import { type SnapshotFlags, withSnapshot, withSnapshotOptions } from '../open.ts'
import { writeLines } from '../output.ts'
import { startProgress } from '../render/progress.ts'
import { Salvage } from '../salvage.ts'

interface DumpFlags extends SnapshotFlags {
  readonly bytes?: boolean
  readonly operator?: readonly string[]
  readonly salvage?: boolean
}

export function configure(command: Command): Command {
  return withSnapshotOptions(command)
    .argument('<path>', 'directory of a savepoint or checkpoint, its _metadata file, or a URL')
    .option('--operator <name...>', 'only these operators: uid, id or name')
    .option('--bytes', 'add the raw bytes to every line, not only where the text does not give them back')
    .option('--salvage', 'read on past broken parts, and say on stderr what is missing')
    .option('--json', 'errors as JSON (the dump is JSON lines anyway)')
    .addHelpText(
      'after',
      `
The first line is the plan: what load needs and rows do not say. Then comes one line for each entry, in an order that
equal snapshots share, so that dumps can be compared with diff.

Example:
  kobel dump ./savepoint-4f2a > before.jsonl`,
    )
    .action(dump)
}

async function dump(path: string, flags: DumpFlags): Promise<void> {
  await withSnapshot(path, flags, async (snapshot, shareOf) => {
    const operators = flags.operator?.map((name) => snapshot.operator(name))
    const progress = startProgress('lines written', process.stderr, shareOf(operators))
    const salvage = flags.salvage ? new Salvage() : undefined
    const lines = dumpSnapshot(snapshot, {
      bytes: flags.bytes ?? false,
      ...(operators && { operators }),
      ...(salvage && { onSkip: salvage.onSkip }),
    })
    await writeLines(counted(lines, progress.add)).finally(progress.end)
    salvage?.report(flags.json ?? false)
  })
}

async function* counted(lines: AsyncIterable<string>, add: (count: number) => void): AsyncGenerator<string> {
  for await (const line of lines) {
    add(1)
    yield line
  }
}
