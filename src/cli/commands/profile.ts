import type { Command } from 'commander'
import { KobelError } from '../../error.ts'
import { type ProfileOptions, profileSnapshot } from '../../profile/profile.ts'
import { type SnapshotFlags, withSnapshot, withSnapshotOptions } from '../open.ts'
import { outputWidth, writeLines } from '../output.ts'
import { colorsFor } from '../render/colors.ts'
import { profileLines } from '../render/profile.ts'
import { startProgress } from '../render/progress.ts'
import { Salvage } from '../salvage.ts'

interface ProfileFlags extends SnapshotFlags {
  readonly parallelism?: readonly string[]
  readonly maxParallelism?: readonly string[]
  readonly ttl?: string
  readonly now?: string
  readonly largest?: string
  readonly salvage?: boolean
}

export function configure(command: Command): Command {
  return withSnapshotOptions(command)
    .argument('<path>', 'directory of a savepoint or checkpoint, its _metadata file, or a URL')
    .argument('[operator]', 'uid, id or name; all by default')
    .argument('[state]', 'name of a state; all by default')
    .option('--parallelism <n...>', 'what if the parallelism were this; half and double by default')
    .option('--max-parallelism <n...>', 'what if the max parallelism were this: hashes every key anew')
    .option('--ttl <time>', 'count entries as expired that were not accessed for 30m, 12h, 7d, …')
    .option('--now <time>', 'the time that --ttl is held against, ISO; now by default')
    .option('--largest <n>', 'how many of the largest keys are named; 5 by default')
    .option('--salvage', 'read on past broken parts, and say on stderr what is missing')
    .option('--json', 'print the profile as one JSON object')
    .addHelpText(
      'after',
      `
Reads all state once: how much there is, how it is spread over subtasks and key groups, what is large, what values
there are. Counts of different values are exact up to 1,024, then good to 2 %.

Example:
  kobel profile ./savepoint-4f2a accounts balance --parallelism 12`,
    )
    .action(profile)
}

async function profile(
  path: string,
  operator: string | undefined,
  state: string | undefined,
  flags: ProfileFlags,
): Promise<void> {
  const salvage = flags.salvage ? new Salvage() : undefined
  const asked = optionsOf(flags)
  await withSnapshot(path, flags, async (snapshot, shareOf) => {
    const operators = operator === undefined ? undefined : [snapshot.operator(operator)]
    const progress = startProgress('entries read', process.stderr, shareOf(operators))
    const found = await profileSnapshot(snapshot, {
      ...asked,
      ...(operators && { operators }),
      ...(state !== undefined && { state }),
      ...(salvage && { onSkip: salvage.onSkip }),
      onEntries: progress.add,
    }).finally(progress.end)
    await writeLines(
      flags.json ? [JSON.stringify(found)] : profileLines(found, outputWidth(), colorsFor(process.stdout, process.env)),
    )
    salvage?.report(flags.json ?? false)
  })
}

function optionsOf(flags: ProfileFlags): ProfileOptions {
  const numbers = (name: string, texts: readonly string[]): number[] =>
    texts.flatMap((text) => text.split(',')).map((text) => wholeNumber(name, text, 1, 32768))
  return {
    ...(flags.parallelism && { parallelisms: numbers('--parallelism', flags.parallelism) }),
    ...(flags.maxParallelism && { maxParallelisms: numbers('--max-parallelism', flags.maxParallelism) }),
    ...(flags.largest !== undefined && { largest: wholeNumber('--largest', flags.largest, 0, 1000) }),
    ...(flags.ttl !== undefined && { ttlMs: durationMs(flags.ttl), now: timeOf(flags.now) }),
  }
}

function wholeNumber(name: string, text: string, first: number, last: number): number {
  const number = Number(text)
  if (Number.isInteger(number) && number >= first && number <= last) return number
  throw new KobelError('USAGE', `${name} takes a number from ${first} to ${last}, found ${JSON.stringify(text)}`)
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

function durationMs(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text)
  if (match) return Number(match[1]) * UNITS[match[2]!]!
  throw new KobelError('USAGE', `--ttl takes a time such as 30m, 12h or 7d, found ${JSON.stringify(text)}`)
}

function timeOf(text: string | undefined): number {
  const time = text === undefined ? Date.now() : Date.parse(text)
  if (!Number.isNaN(time)) return time
  throw new KobelError('USAGE', `--now takes a time such as 2026-11-22T10:00:00Z, found ${JSON.stringify(text)}`)
}
