import type { Command } from 'commander'
import { type Provenance, readProvenance } from '../../edit/provenance.ts'
import { openStore } from '../../node/open-store.ts'
import { writeLines } from '../output.ts'
import { formatBytes, plural } from '../render/size.ts'
import { printable } from '../render/text.ts'

interface LogFlags {
  readonly json?: boolean
}

/** A chain that comes back to itself ends here. */
const MOST = 1000

export function configure(command: Command): Command {
  return command
    .argument('<path>', 'directory of a savepoint')
    .option('--json', 'the records as a JSON array')
    .addHelpText('after', '\nExample:\n  kobel log ./savepoint-fixed')
    .action(log)
}

async function log(path: string, flags: LogFlags): Promise<void> {
  const chain: { directory: string; record: Provenance }[] = []
  const { store, location } = openStore(path)
  try {
    for (let directory: string | undefined = location.replace(/\/_metadata$/, ''); directory && chain.length < MOST; ) {
      const record: Provenance | undefined = await readProvenance(store, directory)
      if (record) chain.push({ directory, record })
      directory = record?.source.location
    }
  } finally {
    await store.close?.()
  }
  if (flags.json) return writeLines([JSON.stringify(chain, null, 2)])
  if (chain.length === 0) return writeLines(['kobel did not make this snapshot: no record lies beside it'])
  await writeLines(chain.flatMap(({ directory, record }) => linesOf(directory, record)).map(printable))
}

function linesOf(directory: string, { command, version, edit, source, result }: Provenance): string[] {
  return [
    directory,
    `  by kobel ${command} (${version}): ${plural(result.files, 'file')}, ${formatBytes(result.bytes)}`,
    `  edit: ${JSON.stringify(edit)}`,
    `  from ${source.location}, checkpoint ${source.checkpointId}, fingerprint ${source.fingerprint.slice(0, 16)}`,
  ]
}
