import type { Command } from 'commander'
import { editOf, type OperatorDescription } from '../../edit/description.ts'
import { KobelError } from '../../error.ts'
import { type EditFlags, runEdit, withEditOptions } from '../editing.ts'

interface RenameFlags extends EditFlags {
  readonly uid?: string
  readonly uidHash?: string
  readonly name?: string
  readonly state?: string
}

export function configure(command: Command): Command {
  return withEditOptions(command)
    .argument('<path>', 'directory of a savepoint or checkpoint, its _metadata file, or a URL')
    .argument('<operator>', 'the operator: uid, id or name')
    .option('--uid <uid>', 'its new uid; the id becomes its hash')
    .option('--uid-hash <id>', 'its new id, 32 hex digits, for operators whose uid was lost')
    .option('--name <name>', 'its new name; with --state the new name of that state')
    .option('--state <state>', 'not the operator is renamed, but this state of it')
    .addHelpText(
      'after',
      `
State is neither decoded nor changed.

Examples:
  kobel rename ./savepoint-4f2a cbc357ccb763df2852fee8c4fc7d55f2 --uid accounts --to ./savepoint-uid
  kobel rename ./savepoint-4f2a accounts --state balance --name amounts --to ./savepoint-amounts`,
    )
    .action(rename)
}

async function rename(path: string, operator: string, flags: RenameFlags): Promise<void> {
  const description = { operators: { [operator]: changeOf(flags) } }
  await runEdit('rename', path, flags, async (snapshot) => ({ edit: await editOf(snapshot, description), description }))
}

function changeOf({ uid, uidHash, name, state }: RenameFlags): OperatorDescription {
  if (state !== undefined) {
    if (name === undefined) throw new KobelError('USAGE', 'say with --name what the state is to be called')
    return { states: { [state]: { rename: name } } }
  }
  if (uid === undefined && uidHash === undefined && name === undefined) {
    throw new KobelError('USAGE', 'say the new uid (--uid), id (--uid-hash) or name (--name)')
  }
  return {
    ...(uid !== undefined && { uid }),
    ...(uidHash !== undefined && { uidHash }),
    ...(name !== undefined && { name }),
  }
}
