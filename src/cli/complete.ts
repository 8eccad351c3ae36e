import { Command, type Option } from 'commander'
import { withSnapshot } from './open.ts'

/** A command as the list of `main.ts` has it. */
export interface CompletableCommand {
  readonly load: () => Promise<{ readonly configure: (command: Command) => Command }>
}

/**
 * What may stand at the last of the words of a command line: commands, options, and the names of operators and states of
 * the snapshot that the line names. Nothing where files are wanted, which shells know best.
 *
 * @param words all behind `kobel`; the last one is what was typed of the word at the cursor.
 */
export async function candidatesFor(
  words: readonly string[],
  commands: Readonly<Record<string, CompletableCommand>>,
): Promise<string[]> {
  const [name = '', ...rest] = words
  const typed = words.at(-1) ?? ''
  const all = rest.length === 0 ? commandWords(commands) : await wordsOf(name, rest, commands)
  return all.filter((each) => each.startsWith(typed) && (typed !== '' || !each.startsWith('-')))
}

function commandWords(commands: Readonly<Record<string, CompletableCommand>>): string[] {
  return [...Object.keys(commands), 'help', '--help', '--version']
}

async function wordsOf(
  name: string,
  words: readonly string[],
  commands: Readonly<Record<string, CompletableCommand>>,
): Promise<string[]> {
  if (name === 'help') return Object.keys(commands)
  const listed = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!listed) return []
  const command = (await listed.load()).configure(new Command(name).helpOption('-h, --help', 'print this help'))
  const typed = words.at(-1)!
  if (typed.startsWith('-')) return flagsOf(command)
  const { values, pending } = readWords(command, words.slice(0, -1))
  if (pending) return valuesOf(pending, values)
  return argumentWords(command, values)
}

function flagsOf(command: Command): string[] {
  return [...command.options.flatMap((option) => option.long ?? option.short ?? []), '--help']
}

/** Positional words before the cursor, and the option that the word at the cursor is a value of. */
function readWords(
  command: Command,
  words: readonly string[],
): { readonly values: readonly string[]; readonly pending: Option | undefined } {
  const values: string[] = []
  let pending: Option | undefined
  for (const word of words) {
    if (word.startsWith('-')) {
      const option = command.options.find((each) => each.long === word || each.short === word)
      pending = option && (option.required || option.optional) ? option : undefined
    } else if (pending) {
      if (!pending.variadic) pending = undefined
    } else values.push(word)
  }
  return { values, pending }
}

async function valuesOf(option: Option, values: readonly string[]): Promise<string[]> {
  if (option.argChoices) return [...option.argChoices]
  return option.long === '--operator' ? operatorNames(values[0]) : []
}

async function argumentWords(command: Command, values: readonly string[]): Promise<string[]> {
  const name = command.registeredArguments[values.length]?.name()
  if (name === 'operator') return operatorNames(values[0])
  if (name === 'state') return stateNames(values[0], values[1])
  return []
}

/** A line that is being typed may name nothing yet: then there is nothing to offer. */
async function namesIn(path: string | undefined, operator: string | undefined): Promise<string[]> {
  const names: string[] = []
  // A key must not wait for the network.
  if (path === undefined || /^[a-z][a-z0-9+.-]*:\/\//i.test(path)) return names
  try {
    await withSnapshot(path, { latest: true }, async (snapshot) => {
      if (operator === undefined) names.push(...snapshot.operators.map((each) => each.label))
      else {
        const found = snapshot.operator(operator)
        await found.load()
        names.push(...found.states.map((state) => state.name))
      }
    })
  } catch {
    return []
  }
  return names
}

function operatorNames(path: string | undefined): Promise<string[]> {
  return namesIn(path, undefined)
}

function stateNames(path: string | undefined, operator: string | undefined): Promise<string[]> {
  return operator === undefined ? Promise.resolve([]) : namesIn(path, operator)
}
