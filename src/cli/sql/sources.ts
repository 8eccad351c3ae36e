import type { Command } from 'commander'
import { KobelError } from '../../error.ts'
import type { NamedSnapshot } from '../../query/duckdb/index.ts'
import type { Snapshot } from '../../snapshot/open.ts'
import { type SnapshotFlags, withSnapshot, withSnapshotOptions } from '../open.ts'

/** Options of commands that run SQL over one snapshot or several. */
export interface SourceFlags extends SnapshotFlags {
  readonly attach?: readonly string[]
}

export function withSources(command: Command): Command {
  return withSnapshotOptions(command).option(
    '--attach <name=path>',
    'another snapshot, whose tables are name.operator.state',
    (value: string, previous: readonly string[]) => [...previous, value],
    [],
  )
}

/** Opens all snapshots for as long as `use` takes. */
export async function openSources(
  path: string,
  flags: SourceFlags,
  use: (source: Snapshot | readonly NamedSnapshot[]) => Promise<void>,
): Promise<void> {
  const attached = (flags.attach ?? []).map((text) => {
    const at = text.indexOf('=')
    if (at < 1) throw new KobelError('USAGE', `--attach takes name=path; found ${JSON.stringify(text)}`)
    return { name: text.slice(0, at), path: text.slice(at + 1) }
  })
  await withSnapshot(path, flags, async (snapshot) => {
    if (attached.length === 0) return use(snapshot)
    const open = async (opened: readonly NamedSnapshot[]): Promise<void> => {
      const next = attached[opened.length]
      if (next === undefined) return use([{ name: MAIN, snapshot }, ...opened])
      await withSnapshot(next.path, flags, (other) => open([...opened, { name: next.name, snapshot: other }]))
    }
    await open([])
  })
}

/** The name of the first snapshot, which needs none. */
const MAIN = 'this'
