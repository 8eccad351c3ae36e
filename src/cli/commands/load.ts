import { resolve } from 'node:path'
import type { Command } from 'commander'
import { KobelError } from '../../error.ts'
import { FileSpill, WritableFileStore } from '../../store/file-writer.ts'
import { type LoadOptions, type LoadResult, loadDump } from '../../write/load.ts'
import { linesOf } from '../lines.ts'
import { readFields } from '../open.ts'
import { startProgress } from '../render/progress.ts'
import { formatBytes } from '../render/size.ts'
import { printable } from '../render/text.ts'
import { loadSerializers } from '../user-serializers.ts'

interface LoadFlags {
  readonly to: string
  readonly flink?: string
  readonly inlineBytes?: string
  readonly memory?: string
  readonly spill?: string
  readonly fields?: string
  readonly serializers?: string
  readonly clean?: boolean
  readonly json?: boolean
}

export function configure(command: Command): Command {
  return command
    .argument('[dump]', 'what kobel dump printed; - or nothing: from stdin', '-')
    .requiredOption('--to <directory>', 'the new savepoint, which must not be there yet')
    .option('--flink <version>', 'the Flink version that is to restore it, 1.16 to 2.3 (2.3)')
    .option('--inline-bytes <count>', 'state streams of up to so many bytes go into _metadata (20480)')
    .option('--memory <mebibytes>', 'memory for rows; more are spilled to temporary files (64)')
    .option('--spill <directory>', "where temporary files go; by default the system's directory for them")
    .option('--clean', 'remove files that an interrupted load left in the directory')
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
  const store = new WritableFileStore()
  const located = store.locate(flags.to)
  if (located === undefined && /^[a-z][a-z0-9+.-]+:\/\//i.test(flags.to)) {
    throw new KobelError('USAGE', `kobel load writes to local directories, not to ${flags.to}`)
  }
  const inlineBytes = countOf('--inline-bytes', flags.inlineBytes)
  const memory = countOf('--memory', flags.memory)
  const options: LoadOptions = {
    ...(flags.flink !== undefined && { flink: flags.flink }),
    clean: flags.clean ?? false,
    ...(flags.fields !== undefined && { fields: await readFields(flags.fields) }),
    ...(flags.serializers !== undefined && { serializers: await loadSerializers(flags.serializers) }),
  }
  const sink = {
    store,
    directory: located ?? resolve(flags.to),
    spill: new FileSpill(flags.spill),
    ...(inlineBytes !== undefined && { inlineBytes }),
    ...(memory !== undefined && { memoryBytes: memory * 2 ** 20 }),
  }
  const progress = startProgress('lines read', process.stderr)
  try {
    const result = await loadDump(linesOf(dump), sink, { ...options, onRows: progress.add }).finally(progress.end)
    process.stdout.write(flags.json ? `${JSON.stringify(result)}\n` : describe(result))
  } finally {
    await store.close()
  }
}

function countOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined || /^\d{1,9}$/.test(text)) return text === undefined ? undefined : Number(text)
  throw new KobelError('USAGE', `${option} takes a whole number, found ${JSON.stringify(text)}`)
}

function describe(result: LoadResult): string {
  const counts = Object.entries(result.rows).map(([kind, count]) => `  ${kind.padEnd(14)} ${count}`)
  const kept = result.orphans.filter((name) => !result.removed.includes(name))
  const lines = [
    `savepoint for Flink ${result.flink} in ${result.directory}`,
    `  ${result.files === 1 ? '1 file' : `${result.files} files`}, ${formatBytes(result.bytes)}`,
    ...counts,
    ...(result.removed.length > 0 ? [`  removed: ${result.removed.join(', ')}`] : []),
    ...(kept.length > 0 ? [`  not part of it (see --clean): ${kept.join(', ')}`] : []),
  ]
  return `${lines.map(printable).join('\n')}\n`
}
