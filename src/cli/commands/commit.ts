import type { Command } from 'commander'
import { KobelError } from '../../error.ts'
import { openWritable } from '../../node/open-writable.ts'
import { commit } from '../../write/commit.ts'
import { mergeHandles, type WriteHandle } from '../../write/handle.ts'
import { linesOf } from '../lines.ts'
import { type BaseFlags, baseOf, describeLines, planFrom, withBaseOptions } from '../write-options.ts'

interface CommitFlags extends BaseFlags {
  readonly to: string
  readonly flink?: string
  readonly clean?: boolean
  readonly json?: boolean
}

export function configure(command: Command): Command {
  return withBaseOptions(
    command
      .argument('<plan>', 'the write plan that the workers had')
      .argument('[handles...]', 'files of handles, one a line; - or nothing: from stdin')
      .requiredOption('--to <directory>', 'the directory that the workers wrote to')
      .option('--flink <version>', "the Flink version to write for (the plan's), as the workers had it")
      .option('--clean', 'remove files that no handle names: of workers that died or ran twice'),
  )
    .option('--json', 'the result as JSON')
    .addHelpText(
      'after',
      `
Checks that every partition of the plan is there, once and whole, and writes _metadata last, never over an existing one:
before this there is no savepoint. A partition that was written twice with the same contents counts once.

Example:
  cat handle-*.json | kobel commit plan.json --to s3://bucket/savepoint-new --clean`,
    )
    .action(run)
}

async function run(file: string, handles: readonly string[], flags: CommitFlags): Promise<void> {
  const plan = await planFrom(file, flags.flink)
  const { store, directory } = openWritable(flags.to)
  try {
    const merged = mergeHandles(await readHandles(handles.length === 0 ? ['-'] : handles))
    const result = await commit(store, directory, plan, merged, { clean: flags.clean ?? false, ...baseOf(flags) })
    const title = `savepoint for Flink ${plan.flink} in ${result.directory}`
    process.stdout.write(flags.json ? `${JSON.stringify(result)}\n` : describeLines(title, result))
  } finally {
    await store.close?.()
  }
}

async function readHandles(files: readonly string[]): Promise<WriteHandle[]> {
  const found: WriteHandle[] = []
  for (const file of files) {
    let number = 0
    for await (const line of linesOf(file)) {
      number++
      if (line.trim() === '') continue
      try {
        found.push(JSON.parse(line) as WriteHandle)
      } catch {
        const message = `line ${number} is no handle: it is not JSON`
        throw new KobelError('USAGE', message, file === '-' ? {} : { file })
      }
    }
  }
  return found
}
