import type { Command } from 'commander'
import { checkSnapshot } from '../../check/check.ts'
import { type SnapshotFlags, withSnapshot, withSnapshotOptions } from '../open.ts'
import { outputWidth, writeLines } from '../output.ts'
import { checkLines } from '../render/check.ts'
import { colorsFor } from '../render/colors.ts'
import { shortPath } from '../render/path.ts'
import { startProgress } from '../render/progress.ts'

interface CheckFlags extends SnapshotFlags {
  readonly operator?: readonly string[]
  readonly notes?: boolean
}

export function configure(command: Command): Command {
  return withSnapshotOptions(command)
    .argument('<path>', 'directory of a savepoint or checkpoint, its _metadata file, or a URL')
    .option('--operator <name...>', 'only these operators: uid, id or name')
    .option('--notes', 'list what could not be checked')
    .option('--json', 'print findings and what is left as one JSON object')
    .addHelpText(
      'after',
      `
Reads all state: every file must be there with its size, every entry decode, every checksum hold, every key lie in its
key group. The exit code is 0 if all is fine, and 1 if something is wrong.

Example:
  kobel check ./checkpoints/4f2a --latest`,
    )
    .action(check)
}

async function check(path: string, flags: CheckFlags): Promise<void> {
  await withSnapshot(path, flags, async (snapshot, shareOf) => {
    const operators = flags.operator?.map((name) => snapshot.operator(name))
    const progress = startProgress('entries checked', process.stderr, shareOf(operators))
    const report = await checkSnapshot(snapshot, {
      ...(operators && { operators }),
      onEntries: progress.add,
    }).finally(progress.end)
    if (!report.fine) process.exitCode = 1
    if (flags.json) return writeLines([JSON.stringify(report, null, 2)])
    const findings = report.findings.map((finding) =>
      finding.file === undefined ? finding : { ...finding, file: shortPath(finding.file) },
    )
    const shown = { ...report, findings, location: shortPath(report.location) }
    const colors = colorsFor(process.stdout, process.env)
    return writeLines(checkLines(shown, flags.notes ?? false, outputWidth(), colors))
  })
}
