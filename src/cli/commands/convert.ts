import type { Command } from 'commander'
import { edit } from '../../edit/edit.ts'
import { type EditFlags, runEdit, withEditOptions } from '../editing.ts'

export function configure(command: Command): Command {
  return withEditOptions(command)
    .argument('<path>', 'directory of a savepoint or checkpoint, its _metadata file, or a URL')
    .option('--salvage', 'write what can be read, and say on stderr what is missing')
    .addHelpText(
      'after',
      `
The new savepoint is canonical and self-contained: any state backend restores it, and it needs no file of the source.
Its contents, the checkpoint id and all operators stay.

Example:
  kobel convert ./checkpoints/chk-42 --to ./savepoint-42`,
    )
    .action((path: string, flags: EditFlags) =>
      runEdit('convert', path, flags, async (snapshot) => ({ edit: edit(snapshot), description: {} })),
    )
}
