import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import type { EditReport } from '../edit/apply.ts'
import { fingerprintOf } from '../edit/apply.ts'
import type { Edit } from '../edit/edit.ts'
import type { ApplyOptions } from '../edit/model.ts'
import { operatorsOf, writeProvenance } from '../edit/provenance.ts'
import { KobelError } from '../error.ts'
import { openSnapshotIn, type Snapshot } from '../snapshot/open.ts'
import { type SnapshotFlags, withSnapshot, withSnapshotOptions } from './open.ts'
import { writeLines } from './output.ts'
import { reportLines } from './render/edit.ts'
import { startProgress } from './render/progress.ts'
import { Salvage } from './salvage.ts'
import { sinkOf, withWriteOptions } from './write-options.ts'

/** Options of every command that makes a savepoint of another one. */
export interface EditFlags extends SnapshotFlags {
  readonly to?: string
  readonly dryRun?: boolean
  readonly reference?: boolean
  readonly salvage?: boolean
  readonly inlineBytes?: string
  readonly memory?: string
  readonly spill?: string
}

export function withEditOptions(command: Command): Command {
  return withWriteOptions(
    withSnapshotOptions(command)
      .option('--to <directory>', 'the new savepoint, which must not be there yet')
      .option('--dry-run', 'read and decode everything, say what would be done, and write nothing')
      .option('--reference', "refer to the source's files where they stay as they are, instead of copying them")
      .option('--json', 'what was done as JSON'),
  )
}

/** What is to be done, and how the record beside the savepoint tells it. */
export interface DescribedEdit {
  readonly edit: Edit
  readonly description: unknown
}

/**
 * Opens the source, makes the edit and applies it. Ctrl-C leaves nothing behind.
 * @param samples of changed entries that are shown for each state.
 */
export async function runEdit(
  command: string,
  path: string,
  flags: EditFlags,
  build: (snapshot: Snapshot) => Promise<DescribedEdit>,
  samples: number = flags.dryRun ? 3 : 0,
): Promise<void> {
  if (flags.to === undefined && !flags.dryRun) {
    throw new KobelError(
      'USAGE',
      'say where the new savepoint goes (--to), or that nothing is to be written (--dry-run)',
    )
  }
  await withSnapshot(path, flags, async (snapshot) => {
    const { edit, description } = await build(snapshot)
    const progress = startProgress('entries', process.stderr)
    const salvage = flags.salvage ? new Salvage() : undefined
    const cancel = new AbortController()
    const onInterrupt = (): void => cancel.abort()
    process.once('SIGINT', onInterrupt)
    process.once('SIGTERM', onInterrupt)
    const options: ApplyOptions = {
      reference: flags.reference ?? false,
      samples,
      signal: cancel.signal,
      onEntries: progress.add,
      ...(salvage && { onSkip: salvage.onSkip }),
    }
    try {
      const report = await applyOrPreview(command, snapshot, edit, description, flags, options).finally(progress.end)
      await writeLines(flags.json ? [JSON.stringify(report)] : reportLines(report, flags.to))
      salvage?.report(flags.json ?? false)
    } finally {
      process.off('SIGINT', onInterrupt)
      process.off('SIGTERM', onInterrupt)
    }
  })
}

async function applyOrPreview(
  command: string,
  snapshot: Snapshot,
  edit: Edit,
  description: unknown,
  flags: EditFlags,
  options: ApplyOptions,
): Promise<EditReport> {
  if (flags.dryRun || flags.to === undefined) return edit.preview(options)
  const sink = sinkOf({ ...flags, to: flags.to })
  try {
    const report = await edit.apply(sink, options)
    const result = await openSnapshotIn(sink.store, sink.directory, { heads: 'lazy' })
    await writeProvenance(sink.store, sink.directory, {
      kobelProvenance: 1,
      version: version(),
      command,
      source: {
        location: snapshot.location,
        fingerprint: report.fingerprint,
        checkpointId: String(snapshot.metadata.checkpointId),
      },
      edit: description,
      result: {
        fingerprint: await fingerprintOf(result),
        files: report.files,
        bytes: report.bytes,
        operators: operatorsOf(report),
      },
    })
    return report
  } finally {
    await sink.store.close?.()
  }
}

function version(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
