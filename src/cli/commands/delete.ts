import type { Command } from 'commander'
import { editOf, type StateDescription } from '../../edit/description.ts'
import type { EntryKey } from '../../edit/model.ts'
import { KobelError } from '../../error.ts'
import type { Snapshot } from '../../snapshot/open.ts'
import { keyArgument, rowsOf } from '../edit-rows.ts'
import { type EditFlags, runEdit, withEditOptions } from '../editing.ts'

interface DeleteFlags extends EditFlags {
  readonly key?: readonly string[]
  readonly namespace?: string
  readonly mapKey?: string
  readonly rows?: string
  readonly where?: string
}

export function configure(command: Command): Command {
  return withEditOptions(command)
    .argument('<path>', 'directory of a savepoint or checkpoint, its _metadata file, or a URL')
    .argument('<operator>', 'the operator: uid, id or name')
    .argument('<state>', 'name of a keyed state or of timers; with --where also of an operator state')
    .option('--key <json...>', 'keys of which all entries are removed, as JSON; text keys may be bare')
    .option('--namespace <json>', 'only in this window or other namespace')
    .option('--map-key <json>', 'only this key of their maps')
    .option('--rows <file>', 'JSON lines with key, and namespace and mapKey where they narrow it down; - for stdin')
    .option('--where <conditions>', 'entries that fit: value.amount < 0 and key != "alice"; timestamp < 1700000000000')
    .addHelpText(
      'after',
      `
Examples:
  kobel delete ./savepoint-4f2a accounts balance --key alice --to ./savepoint-fixed
  kobel delete ./savepoint-4f2a accounts balance --where 'value.amount < 0' --to ./savepoint-fixed`,
    )
    .action(remove)
}

async function remove(path: string, operator: string, state: string, flags: DeleteFlags): Promise<void> {
  await runEdit('delete', path, flags, async (snapshot) => {
    const description = {
      operators: { [operator]: { states: { [state]: await changeOf(snapshot, operator, state, flags) } } },
    }
    return { edit: await editOf(snapshot, description), description }
  })
}

async function changeOf(
  snapshot: Snapshot,
  operator: string,
  state: string,
  flags: DeleteFlags,
): Promise<StateDescription> {
  if (flags.where !== undefined) return { deleteWhere: flags.where }
  if (flags.rows !== undefined) return { delete: (await rowsOf(flags.rows)) as unknown as EntryKey[] }
  if (!flags.key) throw new KobelError('USAGE', 'say which entries: --key, --rows or --where')
  const keys: EntryKey[] = []
  for (const key of flags.key)
    keys.push((await keyArgument(snapshot, operator, state, { ...flags, key })) as unknown as EntryKey)
  return { delete: keys }
}
