#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { KobelError } from '../error.ts'
import { reportFailure } from './failure.ts'
import { endQuietlyOnClosedPipe } from './output.ts'

/** A command's file is imported when the command is used: the start of one must not pay for the others. */
interface LazyCommand {
  /** The heading that it stands below in the help. */
  readonly group: 'Look' | 'Query and export' | 'Write' | 'Edit' | 'Prove' | 'Help'
  readonly summary: string
  readonly load: () => Promise<{ readonly configure: (command: Command) => Command }>
}

const COMMANDS: Readonly<Record<string, LazyCommand>> = {
  inspect: {
    group: 'Look',
    summary: 'operators, states, types, sizes, format, Flink version',
    load: () => import('./commands/inspect.ts'),
  },
  ls: {
    group: 'Look',
    summary: 'snapshots below a directory: age, size, what they share',
    load: () => import('./commands/ls.ts'),
  },
  read: {
    group: 'Look',
    summary: 'entries of a state as a table, JSON lines or CSV',
    load: () => import('./commands/read.ts'),
  },
  profile: {
    group: 'Look',
    summary: 'how much, how spread, what is large, what values: one pass over the state',
    load: () => import('./commands/profile.ts'),
  },
  types: {
    group: 'Look',
    summary: 'TypeScript types, or a JSON Schema, of the states',
    load: () => import('./commands/types.ts'),
  },
  channels: {
    group: 'Look',
    summary: 'records in flight that an unaligned checkpoint keeps',
    load: () => import('./commands/channels.ts'),
  },
  sql: {
    group: 'Query and export',
    summary: 'every state is a table: SQL, as a statement or at a prompt',
    load: () => import('./commands/sql.ts'),
  },
  export: {
    group: 'Query and export',
    summary: 'states as Parquet, Arrow, CSV or JSON lines',
    load: () => import('./commands/export.ts'),
  },
  dump: {
    group: 'Query and export',
    summary: 'everything, losslessly, as JSON lines',
    load: () => import('./commands/dump.ts'),
  },
  write: {
    group: 'Write',
    summary: 'writes a savepoint of rows, by a plan',
    load: () => import('./commands/write.ts'),
  },
  load: {
    group: 'Write',
    summary: 'writes a savepoint of what dump printed',
    load: () => import('./commands/load.ts'),
  },
  worker: {
    group: 'Write',
    summary: 'writes partitions of a savepoint, for other engines; prints a handle',
    load: () => import('./commands/worker.ts'),
  },
  commit: {
    group: 'Write',
    summary: 'makes a savepoint of the handles of workers',
    load: () => import('./commands/commit.ts'),
  },
  set: {
    group: 'Edit',
    summary: 'sets entries, or a field of all entries',
    load: () => import('./commands/set.ts'),
  },
  delete: {
    group: 'Edit',
    summary: 'removes entries by key or by a condition',
    load: () => import('./commands/delete.ts'),
  },
  rename: {
    group: 'Edit',
    summary: 'changes the uid, id or name of an operator, or the name of a state',
    load: () => import('./commands/rename.ts'),
  },
  remove: {
    group: 'Edit',
    summary: 'leaves out an operator, or states of it',
    load: () => import('./commands/remove.ts'),
  },
  rescale: {
    group: 'Edit',
    summary: 'changes max parallelism',
    load: () => import('./commands/rescale.ts'),
  },
  preview: {
    group: 'Edit',
    summary: 'what an edit would change',
    load: () => import('./commands/preview.ts'),
  },
  apply: {
    group: 'Edit',
    summary: 'makes the savepoint that an edit describes',
    load: () => import('./commands/apply.ts'),
  },
  log: {
    group: 'Edit',
    summary: 'which edits made a savepoint, and of what',
    load: () => import('./commands/log.ts'),
  },
  convert: {
    group: 'Edit',
    summary: 'any snapshot to a canonical savepoint that needs no other file',
    load: () => import('./commands/convert.ts'),
  },
  relocate: {
    group: 'Edit',
    summary: 'moves a snapshot: copies its files, or changes their paths',
    load: () => import('./commands/relocate.ts'),
  },
  check: {
    group: 'Prove',
    summary: 'whether all of a snapshot is there and right',
    load: () => import('./commands/check.ts'),
  },
  diff: {
    group: 'Prove',
    summary: 'what differs between two snapshots: operators, types, every entry',
    load: () => import('./commands/diff.ts'),
  },
  test: {
    group: 'Prove',
    summary: 'whether a snapshot holds to a file of expectations in SQL',
    load: () => import('./commands/test.ts'),
  },
  completion: {
    group: 'Help',
    summary: 'a script that completes commands and names in bash, zsh or fish',
    load: () => import('./commands/completion.ts'),
  },
}

async function buildProgram(args: readonly string[]): Promise<Command> {
  const program = new Command('kobel')
    .description('Reads, queries, writes and modifies savepoints and checkpoints of Apache Flink, without Java.')
    .option('--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .addHelpText(
      'after',
      '\nExample:\n  kobel inspect ./savepoint-4f2a\n\nkobel COMMAND --help says more of a command.',
    )
    .action(() => {
      if (program.opts<{ version?: boolean }>().version) process.stdout.write(`${version()}\n`)
      else program.outputHelp()
    })
  const chosen = args.find((arg) => !arg.startsWith('-'))
  for (const [name, { group, summary, load }] of Object.entries(COMMANDS)) {
    const command = program
      .command(name)
      .summary(summary)
      .helpGroup(`${group}:`)
      .description(summary)
      .helpOption('-h, --help', 'print this help')
    if (name === chosen) (await load()).configure(command)
  }
  if (chosen !== undefined && !Object.hasOwn(COMMANDS, chosen)) {
    const { noSuch } = await import('../snapshot/names.ts')
    throw new KobelError('USAGE', noSuch('command', chosen, Object.keys(COMMANDS)).message)
  }
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({ writeErr: () => {} })
  }
  return program
}

/** The file is found from `build/src/cli` and from `build/bundle/cli`. */
function version(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

/** commander says `error: unknown option '--jsn'\n(Did you mean --json?)`. */
function usageError(error: CommanderError): KobelError {
  const message = error.message
    .replace(/^error: /, '')
    .replace(/\n\(Did you mean (.*)\?\)$/s, ': did you mean $1?')
    .replace(/\.$/, '')
  return new KobelError('USAGE', message)
}

async function run(args: readonly string[]): Promise<number> {
  try {
    if (args[0] === '__complete') {
      const { candidatesFor } = await import('./complete.ts')
      for (const candidate of await candidatesFor(args.slice(1), COMMANDS)) process.stdout.write(`${candidate}\n`)
      return 0
    }
    const program = await buildProgram(args)
    await program.parseAsync(args, { from: 'user' })
    // A command that found what it looked for says so by the exit code.
    return Number(process.exitCode ?? 0)
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0
    return reportFailure(error instanceof CommanderError ? usageError(error) : error, args.includes('--json'))
  }
}

endQuietlyOnClosedPipe()
const args = process.argv.slice(2)
// `kobel help inspect` is `kobel inspect --help`.
process.exitCode = await run(args[0] === 'help' ? [...args.slice(1, 2), '--help'] : args)
