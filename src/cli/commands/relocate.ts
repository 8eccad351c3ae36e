import type { Command } from 'commander'
import { relocateSnapshot } from '../../edit/relocate.ts'
import { KobelError } from '../../error.ts'
import type { EditFlags } from '../editing.ts'
import { withSnapshot, withSnapshotOptions } from '../open.ts'
import { writeLines } from '../output.ts'
import { formatBytes, plural } from '../render/size.ts'
import { sinkOf, withWriteOptions } from '../write-options.ts'

interface RelocateFlags extends EditFlags {
  readonly rewrite?: readonly string[]
}

export function configure(command: Command): Command {
  return withWriteOptions(withSnapshotOptions(command))
    .argument('<path>', 'directory of a savepoint or checkpoint, its _metadata file, or a URL')
    .requiredOption('--to <directory>', 'the directory of the new _metadata, which must not be there yet')
    .option('--reference', 'copy no file: _metadata names them where they are now')
    .option('--rewrite <from=to...>', 'copy no file: in paths that begin so, this beginning is replaced')
    .option('--json', 'the result as JSON')
    .addHelpText(
      'after',
      `
The format stays: a native savepoint stays native, a RocksDB checkpoint keeps its files. kobel convert makes a canonical
savepoint instead.

Examples:
  kobel relocate ./checkpoints/chk-42 --to ./savepoint-42
  kobel relocate ./savepoint-4f2a --rewrite s3://old-bucket/=s3://new-bucket/ --to ./savepoint-moved`,
    )
    .action(relocate)
}

async function relocate(path: string, flags: RelocateFlags & { readonly to: string }): Promise<void> {
  const rewrite = flags.rewrite?.map((text): [string, string] => {
    const match = /^([^=]+)=(.*)$/s.exec(text)
    if (match) return [match[1]!, match[2]!]
    throw new KobelError('USAGE', `--rewrite takes from=to, found ${JSON.stringify(text)}`)
  })
  await withSnapshot(path, flags, async (snapshot) => {
    const sink = sinkOf(flags)
    try {
      const result = await relocateSnapshot(snapshot, sink, {
        reference: flags.reference ?? false,
        ...(rewrite && { rewrite }),
      })
      const text = `_metadata in ${flags.to}: ${plural(result.files, 'file')} copied, ${formatBytes(result.bytes)}`
      await writeLines([flags.json ? JSON.stringify(result) : text])
    } finally {
      await sink.store.close?.()
    }
  })
}
