import type { Command } from 'commander'
import { type LoadOptions, loadDump } from '../../write/load.ts'
import { linesOf } from '../lines.ts'
import { startProgress } from '../render/progress.ts'
import { describeWritten, planOptionsOf, sinkOf, type WriteFlags, withWriteOptions } from '../write-options.ts'

interface LoadFlags extends WriteFlags {
  readonly clean?: boolean
  readonly partial?: boolean
}

export function configure(command: Command): Command {
  command
    .argument('[dump]', 'what kobel dump printed; - or nothing: from stdin', '-')
    .requiredOption('--to <directory>', 'the new savepoint, which must not be there yet')
    .option('--flink <version>', 'the Flink version that is to restore it, 1.16 to 2.3 (2.3)')
  return withWriteOptions(command)
    .option('--clean', 'remove files that an interrupted load left in the directory')
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
  const sink = sinkOf(flags)
  const options: LoadOptions = {
    ...(flags.flink !== undefined && { flink: flags.flink }),
    clean: flags.clean ?? false,
    partial: flags.partial ?? false,
    ...(await planOptionsOf(flags)),
  }
  const progress = startProgress('lines read', process.stderr)
  try {
    const result = await loadDump(linesOf(dump), sink, { ...options, onRows: progress.add }).finally(progress.end)
    process.stdout.write(flags.json ? `${JSON.stringify(result)}\n` : describeWritten(result))
  } finally {
    await sink.store.close?.()
  }
}
