import type { Command } from 'commander'
import { KobelError } from '../../error.ts'
import { dumpSchema, statesModule } from '../../export/state-types.ts'
import { noSuch } from '../../snapshot/names.ts'
import { type SnapshotFlags, withSnapshot, withSnapshotOptions } from '../open.ts'
import { writeLines } from '../output.ts'

interface TypesFlags extends SnapshotFlags {
  readonly operator?: readonly string[]
  readonly format?: string
}

const FORMATS = ['ts', 'json-schema']

export function configure(command: Command): Command {
  return withSnapshotOptions(command)
    .argument('<path>', 'directory of a savepoint or checkpoint, its _metadata file, or a URL')
    .option('--operator <name...>', 'only these operators: uid, id or name')
    .option('--format <format>', 'ts: a TypeScript module; json-schema: a JSON Schema of the lines of kobel dump', 'ts')
    .option('--json', 'errors as JSON')
    .addHelpText('after', '\nExample:\n  kobel types ./savepoint-4f2a > states.ts')
    .action(types)
}

async function types(path: string, flags: TypesFlags): Promise<void> {
  const { format = 'ts' } = flags
  if (!FORMATS.includes(format)) throw new KobelError('USAGE', noSuch('format', format, FORMATS).message)
  await withSnapshot(path, flags, async (snapshot) => {
    const operators = flags.operator?.map((name) => snapshot.operator(name)) ?? [...snapshot.operators]
    for (const operator of operators) await operator.load()
    operators.sort((a, b) => (a.label < b.label ? -1 : 1))
    await writeLines([
      format === 'ts'
        ? statesModule(operators).replace(/\n$/, '')
        : JSON.stringify(dumpSchema([...new Set(operators)]), null, 2),
    ])
  })
}
