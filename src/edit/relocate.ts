import { KobelError } from '../error.ts'
import type {
  KeyedStateHandle,
  OperatorMetadata,
  StreamStateHandle,
  SubtaskMetadata,
} from '../format/metadata/index.ts'
import { writeMetadata } from '../format/metadata/index.ts'
import type { Snapshot } from '../snapshot/open.ts'
import { join } from '../store/store.ts'
import { checkTarget } from '../write/commit.ts'
import type { EditSink } from './model.ts'
import { Outputs } from './output.ts'
import { StreamCopier } from './streams.ts'

export interface RelocateOptions {
  /** `_metadata` names the files where they are; nothing is copied. */
  readonly reference?: boolean
  /** Beginnings of paths and what stands for them; nothing is looked up or copied. */
  readonly rewrite?: readonly (readonly [from: string, to: string])[]
}

export interface RelocateResult {
  readonly directory: string
  readonly files: number
  readonly bytes: number
}

/** Writes `_metadata` anew with other paths, and the files beside it; the format of the state stays. */
export async function relocateSnapshot(
  snapshot: Snapshot,
  sink: EditSink,
  options: RelocateOptions = {},
): Promise<RelocateResult> {
  await checkTarget(sink.store, sink.directory)
  const outputs = new Outputs(sink, snapshot.location, undefined)
  const operators: OperatorMetadata[] = []
  try {
    for (const { metadata, context } of snapshot.operators) {
      const copier = options.rewrite
        ? new PathRewriter(options.rewrite)
        : new StreamCopier(context.streams, outputs, options.reference ?? false)
      const subtasks: SubtaskMetadata[] = []
      for (const subtask of metadata.subtasks) subtasks.push(await relocateSubtask(copier, subtask, metadata.id))
      operators.push({ ...metadata, subtasks })
    }
    // Relative paths came with version 3.
    const version = Math.max(snapshot.metadata.version, 3) as 3 | 4 | 5 | 6
    const bytes = writeMetadata({ ...snapshot.metadata, version, operators })
    await sink.store.writeNew(join(sink.directory, '_metadata'), bytes)
    return { directory: sink.directory, files: outputs.files, bytes: outputs.bytes + bytes.length }
  } catch (error) {
    await outputs.abandon()
    throw error
  }
}

interface Copier {
  copy(handle: StreamStateHandle, partition: string): Promise<StreamStateHandle>
  copyKeyed(handle: KeyedStateHandle, partition: string): Promise<KeyedStateHandle>
  copyRest(subtask: SubtaskMetadata, operator: string): Promise<Partial<SubtaskMetadata>>
}

async function relocateSubtask(copier: Copier, subtask: SubtaskMetadata, id: string): Promise<SubtaskMetadata> {
  const { index, managedKeyedState: keyed, rawKeyedState: raw, managedOperatorState: state } = subtask
  const rest = await copier.copyRest(subtask, id)
  return {
    ...subtask,
    ...rest,
    ...(keyed && { managedKeyedState: await copier.copyKeyed(keyed, `${id}-keyed-${index}`) }),
    ...(raw && { rawKeyedState: await copier.copyKeyed(raw, `${id}-rawkeyed-${index}`) }),
    ...(state && {
      managedOperatorState: { ...state, stream: await copier.copy(state.stream, `${id}-operator-${index}`) },
    }),
  }
}

/** Replaces the beginning of paths. */
class PathRewriter extends StreamCopier {
  private readonly rewrites: readonly (readonly [from: string, to: string])[]

  constructor(rewrites: readonly (readonly [from: string, to: string])[]) {
    super(undefined, undefined, true)
    this.rewrites = rewrites
  }

  override copy(handle: StreamStateHandle): Promise<StreamStateHandle> {
    if (handle.kind === 'key-groups-stream') return this.copy(handle.stream).then((stream) => ({ ...handle, stream }))
    if (handle.kind === 'relative-file') {
      throw new KobelError('USAGE', 'the files lie beside _metadata: copy the directory, there is no path to rewrite', {
        file: handle.path,
      })
    }
    if (!('path' in handle)) return Promise.resolve(handle)
    const rewrite = this.rewrites.find(([from]) => handle.path.startsWith(from))
    return Promise.resolve(rewrite ? { ...handle, path: rewrite[1] + handle.path.slice(rewrite[0].length) } : handle)
  }
}
