import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { KobelError } from '../error.ts'
import { openStore } from '../node/open-store.ts'
import { openWritable } from '../node/open-writable.ts'
import type { EngineOptions } from '../node/write-savepoint.ts'
import { openSnapshotIn, type Snapshot } from '../snapshot/open.ts'
import { FileSpill } from '../store/file-writer.ts'
import type { CommitOptions } from '../write/commit.ts'
import type { WriteResult } from '../write/load.ts'
import type { PartitionSink } from '../write/partition.ts'
import { type PlanOptions, readPlan, type WritePlan } from '../write/plan.ts'
import { resolveTypes } from '../write/types/references.ts'
import { readFields } from './open.ts'
import { startProgress } from './render/progress.ts'
import { formatBytes } from './render/size.ts'
import { printable } from './render/text.ts'
import { loadSerializers } from './user-serializers.ts'

/** Options of the commands that write a savepoint, or parts of one. */
export interface WriteFlags {
  readonly to: string
  readonly flink?: string
  readonly inlineBytes?: string
  readonly memory?: string
  readonly spill?: string
  readonly fields?: string
  readonly serializers?: string
  readonly json?: boolean
}

export function withWriteOptions(command: Command): Command {
  return command
    .option('--inline-bytes <count>', 'state streams of up to so many bytes go into _metadata (20480)')
    .option('--memory <mebibytes>', 'memory for rows; more are spilled to temporary files (64)')
    .option('--spill <directory>', "where temporary files go; by default the system's directory for them")
}

export interface BaseFlags {
  readonly base?: string
  readonly copy?: boolean
}

export function withBaseOptions(command: Command): Command {
  return command
    .option('--base <savepoint>', 'a savepoint that the operators of the plan are added to; it is not changed')
    .option('--copy', 'copy the files of the base; else the new savepoint refers to them where they are')
}

/** The savepoint that operators are added to. */
export function baseOf(flags: BaseFlags): Pick<CommitOptions, 'base' | 'copy'> {
  if (flags.base === undefined && flags.copy) throw new KobelError('USAGE', '--copy needs --base')
  if (flags.base === undefined) return {}
  const { store, location } = openStore(flags.base.replace(/\/_metadata$/, ''))
  return { base: { store, directory: location }, copy: flags.copy ?? false }
}

/** Of the commands that write a whole savepoint. */
export interface EngineFlags extends WriteFlags {
  readonly workers?: string
  readonly clean?: boolean
}

export function withEngineOptions(command: Command): Command {
  return withWriteOptions(command)
    .option('--workers <count>', 'threads that encode, sort and write (1); the savepoint is the same for any number')
    .option('--clean', 'remove files that an interrupted command left in the directory')
}

/**
 * Runs the local engine. An interrupt (Ctrl-C) stops it: then there is no savepoint.
 * @param what progress counts.
 */
export async function runEngine(
  flags: EngineFlags,
  what: string,
  run: (options: EngineOptions) => Promise<WriteResult>,
): Promise<void> {
  const inlineBytes = countOf('--inline-bytes', flags.inlineBytes)
  const memory = countOf('--memory', flags.memory)
  const workers = countOf('--workers', flags.workers)
  const cancelled = new AbortController()
  const stop = (): void =>
    cancelled.abort(new KobelError('STORE', 'the command was interrupted: there is no savepoint', { file: flags.to }))
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  const progress = startProgress(what, process.stderr)
  try {
    const result = await run({
      ...(await planOptionsOf(flags)),
      clean: flags.clean ?? false,
      signal: cancelled.signal,
      onRows: progress.add,
      ...(inlineBytes !== undefined && { inlineBytes }),
      ...(memory !== undefined && { memoryBytes: memory * 2 ** 20 }),
      ...(workers !== undefined && { workers }),
      ...(flags.spill !== undefined && { spillDirectory: flags.spill }),
    }).finally(progress.end)
    process.stdout.write(flags.json ? `${JSON.stringify(result)}\n` : describeWritten(result))
  } finally {
    process.off('SIGINT', stop)
    process.off('SIGTERM', stop)
  }
}

export function withTypeOptions(command: Command): Command {
  return command
    .option('--fields <file>', 'declared fields of classes that Kryo wrote, as JSON')
    .option('--serializers <file>', 'rows for serializers of your own, a module in JavaScript or TypeScript')
}

export function sinkOf(flags: WriteFlags): PartitionSink {
  const inlineBytes = countOf('--inline-bytes', flags.inlineBytes)
  const memory = countOf('--memory', flags.memory)
  return {
    ...openWritable(flags.to),
    spill: new FileSpill(flags.spill),
    ...(inlineBytes !== undefined && { inlineBytes }),
    ...(memory !== undefined && { memoryBytes: memory * 2 ** 20 }),
  }
}

export async function planOptionsOf(flags: Pick<WriteFlags, 'fields' | 'serializers'>): Promise<PlanOptions> {
  return {
    ...(flags.fields !== undefined && { fields: await readFields(flags.fields) }),
    ...(flags.serializers !== undefined && { serializers: await loadSerializers(flags.serializers) }),
  }
}

function countOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined || /^\d{1,9}$/.test(text)) return text === undefined ? undefined : Number(text)
  throw new KobelError('USAGE', `${option} takes a whole number, found ${JSON.stringify(text)}`)
}

/**
 * A plan from a file: described, with serializer snapshots, or a dump, of which the first line is taken.
 * @param flink the version to write for, where the plan does not say it.
 */
export async function planFrom(file: string, flink: string | undefined): Promise<WritePlan> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') throw new KobelError('NOT_FOUND', 'there is no such plan', { file })
    throw new KobelError('STORE', `the plan could not be read: ${message}`, { file })
  }
  const json = parsePlan(text, file)
  const plan = (json.plan ?? json) as Record<string, unknown>
  if (plan.flink === undefined && flink === undefined) {
    throw new KobelError('USAGE', 'the plan does not say for which Flink version it is: add --flink 1.20', { file })
  }
  return readPlan(await resolveTypes({ ...plan, flink: flink ?? plan.flink }, openLocation))
}

/** Savepoints that the plan takes types from. */
function openLocation(path: string): Promise<Snapshot> {
  const { store, location } = openStore(path)
  return openSnapshotIn(store, location)
}

function parsePlan(text: string, file: string): Record<string, unknown> {
  for (const part of [text, text.slice(0, Math.max(0, text.indexOf('\n')))]) {
    try {
      const json: unknown = JSON.parse(part)
      if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Record<string, unknown>
    } catch {
      // Said below.
    }
  }
  throw new KobelError('USAGE', 'a plan is a JSON object, or the first line of a dump', { file })
}

function describeWritten(result: WriteResult): string {
  const counts = Object.entries(result.rows).map(([kind, count]) => `  ${kind.padEnd(14)} ${count}`)
  return describeLines(`savepoint for Flink ${result.flink} in ${result.directory}`, result, counts)
}

export function describeLines(
  title: string,
  result: Pick<WriteResult, 'files' | 'bytes' | 'orphans' | 'removed'>,
  counts: readonly string[] = [],
): string {
  const kept = result.orphans.filter((name) => !result.removed.includes(name))
  const lines = [
    title,
    `  ${result.files === 1 ? '1 file' : `${result.files} files`}, ${formatBytes(result.bytes)}`,
    ...counts,
    ...(result.removed.length > 0 ? [`  removed: ${result.removed.join(', ')}`] : []),
    ...(kept.length > 0 ? [`  not part of it (see --clean): ${kept.join(', ')}`] : []),
  ]
  return `${lines.map(printable).join('\n')}\n`
}
