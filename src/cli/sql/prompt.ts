import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import type { Database } from '../../query/duckdb/index.ts'
import { reportFailure } from '../failure.ts'
import { completions } from './complete.ts'
import { describeTable, listTables } from './describe.ts'

/** Where statements are remembered, the newest last. */
function historyFile(): string {
  return process.env.KOBEL_HISTORY ?? join(homedir(), '.kobel', 'sql-history')
}

const MOST_REMEMBERED = 1000

const HELP = `Statements end with a semicolon. Tab completes tables and columns; Ctrl-C cancels a statement.
  \\d            tables
  \\d TABLE      columns of a table
  \\q            leave`

/** Reads statements from the terminal until it is left. */
export async function prompt(
  database: Database,
  run: (statement: string, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const reader = createInterface({
    input: process.stdin,
    output: process.stdout,
    history: readHistory(),
    historySize: MOST_REMEMBERED,
    completer: (line: string) => completions(line, database.tables),
  })
  process.stdout.write(`${database.tables.length} tables. \\d lists them, \\h helps, \\q leaves.\n`)
  let running: AbortController | undefined
  let open: string[] = []
  reader.on('SIGINT', () => {
    if (running) return running.abort()
    if (open.length === 0 && reader.line === '') return reader.close()
    open = []
    process.stdout.write('\n')
    reader.write(null, { ctrl: true, name: 'u' })
    show(reader, open)
  })
  show(reader, open)
  for await (const line of reader) {
    const command = open.length === 0 ? line.trim() : ''
    if (command === '\\q' || /^(?:quit|exit);?$/i.test(command)) break
    if (command.startsWith('\\')) process.stdout.write(`${await meta(command, database)}\n`)
    else if (line.trim() !== '') open.push(line)
    if (isComplete(open)) {
      const statement = open.join('\n')
      open = []
      remember(statement)
      running = new AbortController()
      const { signal } = running
      try {
        await run(statement, signal)
      } catch (error) {
        if (signal.aborted) process.stdout.write('cancelled\n')
        else reportFailure(error, false)
      }
      running = undefined
    }
    show(reader, open)
  }
  reader.close()
}

function show(reader: Interface, open: readonly string[]): void {
  reader.setPrompt(open.length === 0 ? 'kobel> ' : '   ..> ')
  reader.prompt()
}

/** A semicolon at the end that does not stand in a text. */
export function isComplete(lines: readonly string[]): boolean {
  const text = lines
    .join('\n')
    .replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*/g, ' ')
    .trimEnd()
  return text.endsWith(';') && !text.includes("'")
}

async function meta(command: string, database: Database): Promise<string> {
  const [name, ...rest] = command.split(/\s+/)
  if (name === '\\d' || name === '\\dt') {
    return rest.length === 0 ? listTables(database.tables) : describeTable(database.tables, rest.join(' '))
  }
  return HELP
}

function readHistory(): string[] {
  const file = historyFile()
  if (!existsSync(file)) return []
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .slice(-MOST_REMEMBERED)
    .reverse()
}

/** A history that cannot be written is no reason to stop. */
function remember(statement: string): void {
  try {
    const file = historyFile()
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    appendFileSync(file, `${statement.replaceAll('\n', ' ')}\n`, { mode: 0o600 })
  } catch {
    // Told to nobody: the statement runs all the same.
  }
}
