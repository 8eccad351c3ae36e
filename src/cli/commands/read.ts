import type { Command } from 'commander'
import { KobelError } from '../../error.ts'
import { noSuch } from '../../snapshot/names.ts'
import { csvLines } from '../formats/csv.ts'
import { jsonLines } from '../formats/json-lines.ts'
import { rowTableLines } from '../formats/row-table.ts'
import { type SnapshotFlags, withSnapshot, withSnapshotOptions } from '../open.ts'
import { outputWidth, writeLines } from '../output.ts'
import { colorsFor } from '../render/colors.ts'
import { startProgress } from '../render/progress.ts'
import { type Row, type RowSelection, type Rows, rowsOf } from '../rows.ts'
import { Salvage } from '../salvage.ts'

interface ReadFlags extends SnapshotFlags {
  readonly format?: string
  readonly key?: string
  readonly keyGroup?: string
  readonly namespace?: string
  readonly limit?: string
  readonly salvage?: boolean
}

const FORMATS = ['table', 'jsonl', 'csv']

export function configure(command: Command): Command {
  return withSnapshotOptions(command)
    .argument('<path>', 'directory of a savepoint or checkpoint, its _metadata file, or a URL')
    .argument('<operator>', 'uid, id or name')
    .argument('<state>', 'name of a keyed state, of timers, or of an operator state')
    .option('--format <format>', 'table (on a terminal), jsonl (in a pipe) or csv')
    .option('--json', 'JSON lines, and errors as JSON')
    .option('--key <json>', 'only entries of this key, as JSON; text keys may be bare')
    .option('--key-group <n|a-b>', 'only entries of this key group, or from a to b')
    .option('--namespace <json>', 'only entries of this namespace, as JSON')
    .option('--limit <n>', 'at most so many rows')
    .option('--salvage', 'read on past broken parts, and say on stderr what is missing')
    .addHelpText('after', '\nExample:\n  kobel read ./savepoint-4f2a accounts balance --key alice')
    .action(read)
}

async function read(path: string, operator: string, state: string, flags: ReadFlags): Promise<void> {
  const format = formatOf(flags)
  const salvage = flags.salvage ? new Salvage() : undefined
  const selection = { ...selectionOf(flags), ...(salvage && { onSkip: salvage.onSkip }) }
  await withSnapshot(path, flags, async (snapshot, shareOf) => {
    const rows = await rowsOf(snapshot.operator(operator), state, selection)
    // With a key or key groups only a part is read.
    const isAll = flags.key === undefined && flags.keyGroup === undefined && flags.limit === undefined
    const share = isAll ? shareOf([snapshot.operator(operator)]) : undefined
    const progress = startProgress('entries read', process.stderr, share)
    const counted: Rows = { ...rows, rows: counting(limited(rows.rows, selection.limit), progress.add) }
    await writeLines(linesOf(format, counted)).finally(progress.end)
    salvage?.report(flags.json ?? false)
  })
}

function linesOf(format: string, rows: Rows): AsyncGenerator<string, void, undefined> {
  if (format === 'csv') return csvLines(rows)
  if (format === 'jsonl') return jsonLines(rows)
  return rowTableLines(rows, outputWidth(), colorsFor(process.stdout, process.env))
}

function formatOf({ format, json }: ReadFlags): string {
  if (format === undefined) return json || !process.stdout.isTTY ? 'jsonl' : 'table'
  if (!FORMATS.includes(format)) throw new KobelError('USAGE', noSuch('format', format, FORMATS).message)
  if (json && format !== 'jsonl') throw new KobelError('USAGE', `--json prints JSON lines, --format ${format} does not`)
  return format
}

function selectionOf({ key, keyGroup, namespace, limit }: ReadFlags): RowSelection {
  return {
    ...(key !== undefined && { key }),
    ...(namespace !== undefined && { namespace }),
    ...(keyGroup !== undefined && { keyGroups: keyGroupsOf(keyGroup) }),
    limit: limit === undefined ? Number.POSITIVE_INFINITY : limitOf(limit),
  }
}

function keyGroupsOf(text: string): readonly [number, number] {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text)
  const first = Number(match?.[1])
  const last = Number(match?.[2] ?? match?.[1])
  if (!match || first > last) {
    throw new KobelError(
      'USAGE',
      `--key-group takes a key group, or a range such as 0-63; found ${JSON.stringify(text)}`,
    )
  }
  return [first, last]
}

function limitOf(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new KobelError('USAGE', `--limit takes a number of rows; found ${JSON.stringify(text)}`)
}

async function* limited(rows: AsyncIterable<Row>, limit: number): AsyncGenerator<Row, void, undefined> {
  if (limit === 0) return
  let count = 0
  for await (const row of rows) {
    yield row
    if (++count >= limit) return
  }
}

async function* counting(rows: AsyncIterable<Row>, add: (count: number) => void): AsyncGenerator<Row, void, undefined> {
  for await (const row of rows) {
    add(1)
    yield row
  }
}
