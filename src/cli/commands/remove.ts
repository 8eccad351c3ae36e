import type { Command } from 'commander'
import { editOf } from '../../edit/description.ts'
import { type EditFlags, runEdit, withEditOptions } from '../editing.ts'

interface RemoveFlags extends EditFlags {
  readonly state?: readonly string[]
}

export function configure(command: Command): Command {
  return withEditOptions(command)
    .argument('<path>', 'directory of a savepoint or checkpoint, its _metadata file, or a URL')
    .argument('<operator>', 'the operator: uid, id or name')
    .option('--state <name...>', 'not the operator is removed, but these states of it')
    .addHelpText(
      'after',
      `
Example:
  kobel remove ./savepoint-4f2a accounts --state audit-log --to ./savepoint-small`,
    )
    .action(remove)
}

async function remove(path: string, operator: string, flags: RemoveFlags): Promise<void> {
  const states = flags.state?.map((name) => [name, { remove: true }] as const)
  const change = states ? { states: Object.fromEntries(states) } : { remove: true }
  const description = { operators: { [operator]: change } }
  await runEdit('remove', path, flags, async (snapshot) => ({ edit: await editOf(snapshot, description), description }))
}
