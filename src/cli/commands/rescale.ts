import type { Command } from 'commander'
import { editOf } from '../../edit/description.ts'
import { KobelError } from '../../error.ts'
import { type EditFlags, runEdit, withEditOptions } from '../editing.ts'

interface RescaleFlags extends EditFlags {
  readonly maxParallelism: string
  readonly parallelism?: string
  readonly operator?: readonly string[]
}

export function configure(command: Command): Command {
  return withEditOptions(command)
    .argument('<path>', 'directory of a savepoint or checkpoint, its _metadata file, or a URL')
    .requiredOption(
      '--max-parallelism <n>',
      'the new max parallelism, 1 to 32768; not less than the stored parallelism',
    )
    .option('--parallelism <n>', 'the parallelism that the savepoint says: into so many files keyed state goes')
    .option('--operator <name...>', 'only these operators (uid, id or name); those of one job vertex must agree')
    .addHelpText(
      'after',
      `
Every entry and timer goes to the key group that the hash of its key gives. Hashes that Java and Flink specify are
known; those of classes of your own are learned from where their keys lie; each key is verified. Keys whose hash is not
known, enums and arrays are refused. Operators with max parallelism 1 keep it.

Example:
  kobel rescale ./savepoint-4f2a --max-parallelism 512 --to ./savepoint-512`,
    )
    .action(rescale)
}

async function rescale(path: string, flags: RescaleFlags): Promise<void> {
  const change = {
    maxParallelism: numberOf('--max-parallelism', flags.maxParallelism),
    ...(flags.parallelism !== undefined && { parallelism: numberOf('--parallelism', flags.parallelism) }),
  }
  const names = flags.operator ?? ['*']
  const description = { operators: Object.fromEntries(names.map((name) => [name, change])) }
  await runEdit('rescale', path, flags, async (snapshot) => ({
    edit: await editOf(snapshot, description),
    description,
  }))
}

function numberOf(option: string, text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text)
  throw new KobelError('USAGE', `${option} takes a whole number, found ${JSON.stringify(text)}`)
}
