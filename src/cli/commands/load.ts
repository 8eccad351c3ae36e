import type { Command } from 'commander'
import { loadSavepoint } from '../../node/write-savepoint.ts'
import { linesOf } from '../lines.ts'
import { type EngineFlags, runEngine, withEngineOptions } from '../write-options.ts'

interface LoadFlags extends EngineFlags {
  readonly partial?: boolean
}

export function configure(command: Command): Command {
  command
    .argument('[dump]', 'what kobel dump printed; - or nothing: from stdin', '-')
    .requiredOption('--to <directory>', 'the new savepoint, which must not be there yet')
    .option('--flink <version>', 'the Flink version that is to restore it, 1.16 to 2.3 (2.3)')
  return withEngineOptions(command)
    .option('--partial', 'take a dump that was cut, or made with --operator or --salvage: the rest comes out empty')
    .option('--fields <file>', 'the same file that the dump was made with')
    .option('--serializers <file>', 'the same module that the dump was made with')
    .option('--json', 'the result as JSON')
    .addHelpText(
      'after',
      `
Writes a canonical savepoint that any state backend restores, entry by entry byte for byte as it was dumped. It is there
when _metadata is, which comes last; whatever fails before leaves no savepoint.

Example:
  kobel dump ./savepoint-4f2a | kobel load --to ./savepoint-copy --flink 1.20`,
    )
    .action(load)
}

async function load(dump: string, flags: LoadFlags): Promise<void> {
  await runEngine(flags, 'lines read', (options) =>
    loadSavepoint(linesOf(dump), flags.to, {
      ...options,
      ...(flags.flink !== undefined && { flink: flags.flink }),
      partial: flags.partial ?? false,
    }),
  )
}
