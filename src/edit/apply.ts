import { sha256 } from '../bytes/sha256.ts'
import { KobelError } from '../error.ts'
import { type Metadata, type OperatorMetadata, writeMetadata } from '../format/metadata/index.ts'
import { streamsOf } from '../snapshot/handles.ts'
import type { Snapshot } from '../snapshot/open.ts'
import { join } from '../store/store.ts'
import { checkTarget } from '../write/commit.ts'
import type { ApplyOptions, EditPlan, EditSink } from './model.ts'
import { writeOperator } from './operator.ts'
import { Outputs } from './output.ts'
import type { OperatorReport } from './stats.ts'

/** What was done, or would be done. */
export interface EditReport {
  /** Absent where nothing was written. */
  readonly directory?: string
  readonly files: number
  readonly bytes: number
  readonly metadataVersion: number
  /** Of the source. */
  readonly fingerprint: string
  /** Hash of what the edit says. */
  readonly edit: string
  readonly operators: readonly OperatorReport[]
  readonly warnings: readonly string[]
}

/**
 * Makes the new savepoint: `_metadata` comes last, and only where there is none. Without a sink all is decoded and
 * counted, and nothing is written.
 *
 * @throws KobelError `CONFLICT` where the target exists; whatever fails, no file is left.
 */
export async function applyPlan(
  plan: EditPlan,
  sink: EditSink | undefined,
  options: ApplyOptions = {},
): Promise<EditReport> {
  if (sink) await checkTarget(sink.store, sink.directory)
  checkVersions(plan)
  const fingerprint = await fingerprintOf(plan.snapshot)
  const outputs = new Outputs(sink, sha256(new TextEncoder().encode(`${fingerprint} ${plan.text}`)), options.signal)
  try {
    const operators: OperatorMetadata[] = []
    const reports: OperatorReport[] = []
    for (const target of plan.targets) {
      outputs.check()
      const { metadata, report } = await writeOperator(target, outputs, options)
      reports.push(report)
      if (metadata) operators.push(metadata)
    }
    const metadata = metadataOf(plan.snapshot, operators)
    const bytes = writeMetadata(metadata)
    outputs.check()
    if (sink) await writeNew(sink, bytes)
    return {
      ...(sink && { directory: sink.directory }),
      files: outputs.files + 1,
      bytes: outputs.bytes + bytes.length,
      metadataVersion: metadata.version,
      fingerprint,
      edit: sha256(new TextEncoder().encode(plan.text)),
      operators: reports,
      warnings: warningsOf(reports),
    }
  } catch (error) {
    await outputs.abandon()
    throw error
  } finally {
    await sink?.spill.close()
  }
}

/** Names are stored since version 5; Kryo 5 came with it, and writes other bytes than the one before. */
const FIRST_WITH_NAMES = 5

function checkVersions({ snapshot, targets }: EditPlan): void {
  const isNew = snapshot.metadata.version >= FIRST_WITH_NAMES
  for (const { source, edit } of targets) {
    const where = { operator: source.label }
    if (edit.name !== undefined && !isNew) {
      throw new KobelError(
        'INCOMPATIBLE',
        'the savepoint is of Flink 1.x, whose _metadata has no names; a uid can be set',
        where,
      )
    }
    if (source.context.options.kryoVersion !== (isNew ? 5 : 2)) {
      throw new KobelError(
        'INCOMPATIBLE',
        'an operator of Flink 1.x and one of 2.x cannot be put together: what Kryo wrote differs. Restore one of them with the other version first',
        where,
      )
    }
  }
}

/** Operators that run in one vertex must agree, and which do is not stored. */
function warningsOf(reports: readonly OperatorReport[]): string[] {
  const stayed = reports.filter((each) => !each.removed && each.maxParallelism[0] === each.maxParallelism[1])
  const moved = reports.find((each) => each.maxParallelism[0] !== each.maxParallelism[1])
  const other = stayed.find((each) => each.maxParallelism[0] === moved?.maxParallelism[0])
  if (!moved || !other) return []
  return [
    `operators that run in one job vertex must have the same max parallelism: ${moved.operator} has ${moved.maxParallelism[1]} now, ${other.operator} keeps ${other.maxParallelism[1]}`,
  ]
}

async function writeNew(sink: EditSink, bytes: Uint8Array): Promise<void> {
  try {
    await sink.store.writeNew(join(sink.directory, '_metadata'), bytes)
  } catch (error) {
    if (!(error instanceof KobelError) || error.code !== 'CONFLICT') throw error
    throw new KobelError('CONFLICT', 'the target became a savepoint meanwhile; it is not changed', {
      file: sink.directory,
    })
  }
}

/** Handles of canonical savepoints and relative paths need version 3 at least; Flink 1.16 and later read 4. */
const OLDEST_WRITTEN = 4

function metadataOf(snapshot: Snapshot, operators: readonly OperatorMetadata[]): Metadata {
  const { metadata } = snapshot
  const ids = new Set<string>()
  for (const { id } of operators) {
    if (ids.has(id))
      throw new KobelError('INCOMPATIBLE', 'two operators of the new savepoint have the same id', { operator: id })
    ids.add(id)
  }
  return {
    ...metadata,
    version: Math.max(metadata.version, OLDEST_WRITTEN) as Metadata['version'],
    operators: [...operators].sort((a, b) => (a.id < b.id ? -1 : 1)),
  }
}

/** Equal for equal snapshots: of `_metadata`, and of the sizes of all files it refers to. */
export async function fingerprintOf(snapshot: Snapshot): Promise<string> {
  const streams = snapshot.operators[0]?.context.streams
  const sizes = new Map<string, number>()
  for (const operator of snapshot.operators) {
    for (const { stream } of streamsOf(operator.metadata)) {
      if (!('path' in stream) || sizes.has(stream.path) || !streams) continue
      const opened = await streams.open(stream).catch(() => undefined)
      sizes.set(stream.path, (await opened?.available?.()) ?? -1)
    }
  }
  const text = [...sizes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([path, size]) => `${path} ${size}`)
  return sha256(new TextEncoder().encode([sha256(writeMetadata(snapshot.metadata)), ...text].join('\n')))
}
