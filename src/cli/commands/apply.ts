import type { Command } from 'commander'
import { KobelError } from '../../error.ts'
import { checkPreviewed, openEditFile, previewNote } from '../edit-file.ts'
import { type EditFlags, runEdit, withEditOptions } from '../editing.ts'

interface ApplyFlags extends EditFlags {
  readonly source?: string
  readonly preview?: string
}

export function configure(command: Command): Command {
  return withEditOptions(command)
    .argument('<edit>', 'the edit: JSON, YAML, or a module whose default export is a function of the edit')
    .option('--source <path>', 'the snapshot, where the edit does not name it as from')
    .option('--preview <file>', 'what kobel preview --json printed: refuses where the source or the edit changed since')
    .addHelpText(
      'after',
      `
Example:
  kobel preview fix.json --json > fix.preview
  kobel apply fix.json --preview fix.preview --to ./savepoint-fixed`,
    )
    .action(apply)
}

async function apply(file: string, flags: ApplyFlags): Promise<void> {
  const opened = await openEditFile(file, flags.source)
  if (flags.dryRun && flags.to !== undefined)
    throw new KobelError('USAGE', '--dry-run writes nothing, so --to has no use')
  await runEdit('apply', opened.source, flags, async (snapshot) => {
    const built = await opened.build(snapshot)
    if (flags.preview !== undefined) await checkPreviewed(flags.preview, await previewNote(built.edit))
    return built
  })
}
