import type { Command } from 'commander'
import { openEditFile } from '../edit-file.ts'
import { type EditFlags, runEdit, withEditOptions } from '../editing.ts'

interface PreviewFlags extends EditFlags {
  readonly source?: string
  readonly samples?: string
}

export function configure(command: Command): Command {
  return withEditOptions(command)
    .argument('<edit>', 'the edit: JSON, YAML, or a module whose default export is a function of the edit')
    .option('--source <path>', 'the snapshot, where the edit does not name it as from')
    .option('--samples <count>', 'changed entries that are shown for each state (3)')
    .addHelpText(
      'after',
      `
All is read and decoded as apply does it, and nothing is written.

Example:
  kobel preview fix.json --source ./savepoint-4f2a`,
    )
    .action(preview)
}

async function preview(file: string, flags: PreviewFlags): Promise<void> {
  const { source, build } = await openEditFile(file, flags.source)
  await runEdit('preview', source, { ...flags, dryRun: true }, build, Number(flags.samples ?? 3))
}
