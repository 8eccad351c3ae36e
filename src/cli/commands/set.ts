import type { Command } from 'commander'
import { editOf, type StateDescription } from '../../edit/description.ts'
import type { StateRow } from '../../edit/edit.ts'
import { KobelError } from '../../error.ts'
import type { Snapshot } from '../../snapshot/open.ts'
import { jsonArgument, keyArgument, rowsOf } from '../edit-rows.ts'
import { type EditFlags, runEdit, withEditOptions } from '../editing.ts'

interface SetFlags extends EditFlags {
  readonly key?: string
  readonly namespace?: string
  readonly mapKey?: string
  readonly value?: string
  readonly timestamp?: string
  readonly ttl?: string
  readonly rows?: string
  readonly field?: readonly string[]
  readonly where?: string
}

export function configure(command: Command): Command {
  return withEditOptions(command)
    .argument('<path>', 'directory of a savepoint or checkpoint, its _metadata file, or a URL')
    .argument('<operator>', 'the operator: uid, id or name')
    .argument('<state>', 'name of a keyed state or of timers')
    .option('--key <json>', 'the key of the entry, as JSON; text keys may be bare')
    .option('--namespace <json>', 'its window or other namespace')
    .option('--map-key <json>', 'its key in the map, of a MAP state')
    .option('--value <json>', 'its new value, as kobel dump prints it')
    .option('--timestamp <ms>', 'of a timer')
    .option('--ttl <ms>', 'when it was used last, where the state has TTL')
    .option('--rows <file>', 'JSON lines with such members instead; - for stdin')
    .option('--field <path=json...>', 'change a field in all entries: visits=0, address.city="Bern", visits+=1')
    .option('--where <conditions>', 'with --field: only in entries that fit, such as value.visits < 0')
    .addHelpText(
      'after',
      `
An entry of the same key is replaced, else it is added. Only the key groups with such keys are read and written anew.

Examples:
  kobel set ./savepoint-4f2a accounts balance --key alice --value 100 --to ./savepoint-fixed
  kobel set ./savepoint-4f2a accounts user --field visits=0 --where 'value.visits < 0' --to ./savepoint-fixed`,
    )
    .action(set)
}

async function set(path: string, operator: string, state: string, flags: SetFlags): Promise<void> {
  await runEdit('set', path, flags, async (snapshot) => {
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
  flags: SetFlags,
): Promise<StateDescription> {
  if (flags.field) {
    return {
      fields: Object.fromEntries(flags.field.map(fieldOf)),
      ...(flags.where !== undefined && { where: flags.where }),
    }
  }
  if (flags.rows !== undefined) return { set: (await rowsOf(flags.rows)) as unknown as StateRow[] }
  if (flags.key === undefined)
    throw new KobelError('USAGE', 'say which entry (--key), a file of rows (--rows), or a field of all (--field)')
  const { value, timestamp, ttl } = flags
  const row = {
    ...(await keyArgument(snapshot, operator, state, flags)),
    ...(value !== undefined && { value: jsonArgument('--value', value) }),
    ...(timestamp !== undefined && { timestamp }),
    ...(ttl !== undefined && { ttl }),
  }
  return { set: [row as unknown as StateRow] }
}

function fieldOf(text: string): [string, unknown] {
  const match = /^([\w$.]+)(\+?=)(.*)$/s.exec(text)
  if (!match) throw new KobelError('USAGE', `--field takes path=json or path+=number, found ${JSON.stringify(text)}`)
  const value = jsonArgument('--field', match[3]!)
  return [match[1]!, match[2] === '+=' ? { add: value } : value]
}
