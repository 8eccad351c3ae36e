import type { Command } from 'commander'
import { KobelError } from '../../error.ts'
import { openStore } from '../../node/open-store.ts'
import { discoverSnapshots } from '../../snapshot/discover.ts'
import { outputWidth, writeLines } from '../output.ts'
import { colorsFor } from '../render/colors.ts'
import { discoveryLines } from '../render/discovery.ts'
import { shortPath } from '../render/path.ts'
import { startProgress } from '../render/progress.ts'

interface LsFlags {
  readonly depth?: string
  readonly json?: boolean
}

export function configure(command: Command): Command {
  return command
    .argument('<path>', 'directory, or a URL that can be listed')
    .option('--depth <n>', 'how many directories deep to look (4)')
    .option('--json', 'print what was found as one JSON object')
    .addHelpText('after', '\nExample:\n  kobel ls s3://bucket/flink')
    .action(ls)
}

async function ls(path: string, flags: LsFlags): Promise<void> {
  const depth = depthOf(flags.depth)
  const { store, location } = openStore(path)
  const progress = startProgress('directories listed', process.stderr)
  try {
    const options = { ...(depth !== undefined && { depth }), onDirectory: () => progress.add(1) }
    const discovery = await discoverSnapshots(store, location, options).finally(progress.end)
    if (flags.json) return await writeLines([JSON.stringify(discovery, null, 2)])
    const colors = colorsFor(process.stdout, process.env)
    await writeLines(discoveryLines(discovery, shortPath, Date.now(), outputWidth(), colors))
  } finally {
    await store.close?.()
  }
}

function depthOf(text: string | undefined): number | undefined {
  if (text === undefined || /^\d{1,2}$/.test(text)) return text === undefined ? undefined : Number(text)
  throw new KobelError('USAGE', `--depth takes a number of directories; found ${JSON.stringify(text)}`)
}
