import { Sha256 } from '../bytes/sha256.ts'
import { KobelError } from '../error.ts'
import { type Metadata, type OperatorMetadata, readMetadata, type StreamStateHandle } from '../format/metadata/index.ts'
import { StreamOpener } from '../snapshot/streams.ts'
import { join, type Store } from '../store/store.ts'
import type { WritableStore } from '../store/writable.ts'

/** A snapshot that operators are added to. It is not changed. */
export interface Base {
  readonly store: Store
  /** Where `_metadata` is. */
  readonly directory: string
}

/** What of a base becomes part of the new savepoint. */
export interface TakenBase {
  readonly metadata: Metadata
  readonly operators: readonly OperatorMetadata[]
  /** Files that were copied, and their sizes. */
  readonly copied: ReadonlyMap<string, number>
  /** Bytes of files that are referred to where they are. */
  readonly referenced: number
}

/** @throws KobelError `CONFLICT` where the base has one of the operators. */
export async function readBase(
  { store, directory }: Base,
  added: readonly { id: string; uid?: string }[],
): Promise<Metadata> {
  const metadata = readMetadata(await store.readWhole(join(directory, '_metadata')))
  const known = new Set(metadata.operators.map((each) => each.id))
  for (const { id, uid } of added) {
    if (!known.has(id)) continue
    throw new KobelError('CONFLICT', 'the savepoint has this operator already: an edit changes its state', {
      operator: uid ?? id,
      file: directory,
    })
  }
  return metadata
}

/** Takes the operators of a base by reference: files beside its `_metadata` get absolute paths. */
export async function referBase(base: Base, metadata: Metadata): Promise<TakenBase> {
  let referenced = 0
  const operators = await mapStreams(metadata.operators, async (handle) => {
    if ('size' in handle) referenced += handle.size
    if (handle.kind !== 'relative-file') return handle
    const file = join(base.directory, handle.path)
    const size = await base.store.size(file)
    if (size === undefined) throw new KobelError('NOT_FOUND', 'a file of the savepoint is missing', { file })
    return { kind: 'file', path: uriOf(file), size: handle.size }
  })
  return { metadata, operators, copied: new Map(), referenced }
}

/** Flink's URI of a location: of a local path with its scheme, so that it does not depend on the default file system. */
function uriOf(location: string): string {
  return location.startsWith('/') ? `file:${location}` : location
}

const STEP_BYTES = 1 << 20

/** Takes the operators of a base by copying their files beside the new `_metadata`. */
export async function copyBase(
  base: Base,
  metadata: Metadata,
  store: WritableStore,
  directory: string,
): Promise<TakenBase> {
  const streams = new StreamOpener(base.store, base.directory)
  const copied = new Map<string, number>()
  /** Files that several handles share are copied once. */
  const known = new Map<string, StreamStateHandle>()
  const operators = await mapStreams(metadata.operators, async (handle, operator) => {
    if (handle.kind !== 'relative-file' && handle.kind !== 'file') return handle
    const before = known.get(`${handle.kind} ${handle.path}`)
    if (before) return before
    const name = await copyFile(streams, handle, store, directory, `${operator}-copy-${copied.size}`)
    copied.set(name, handle.size)
    const made = { kind: 'relative-file', path: name, size: handle.size } as const
    known.set(`${handle.kind} ${handle.path}`, made)
    return made
  })
  return { metadata, operators, copied, referenced: 0 }
}

async function copyFile(
  streams: StreamOpener,
  handle: StreamStateHandle & { readonly size: number },
  store: WritableStore,
  directory: string,
  prefix: string,
): Promise<string> {
  const stream = await streams.open(handle)
  const file = await store.stage(directory, prefix)
  const hash = store.newHash?.() ?? new Sha256()
  try {
    for (let at = 0; at < handle.size; at += STEP_BYTES) {
      const bytes = await stream.read(at, Math.min(handle.size, at + STEP_BYTES))
      hash.update(bytes)
      await file.append(bytes)
    }
    return await file.publish(`${prefix}-${hash.digest().slice(0, 16)}`)
  } catch (error) {
    await file.abandon()
    throw error
  }
}

const STREAM_KINDS: ReadonlySet<unknown> = new Set(['byte-stream', 'file', 'relative-file', 'segment-file'])

/** Operators with every stream handle replaced, wherever it stands in the handles of state. */
async function mapStreams(
  operators: readonly OperatorMetadata[],
  change: (handle: StreamStateHandle, operator: string) => Promise<StreamStateHandle>,
): Promise<OperatorMetadata[]> {
  const visit = async (value: unknown, operator: string): Promise<unknown> => {
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
    if (Array.isArray(value)) {
      const made: unknown[] = []
      for (const each of value) made.push(await visit(each, operator))
      return made
    }
    if ('kind' in value && STREAM_KINDS.has(value.kind)) return change(value as StreamStateHandle, operator)
    const made: Record<string, unknown> = {}
    for (const [name, each] of Object.entries(value)) made[name] = await visit(each, operator)
    return made
  }
  const changed: OperatorMetadata[] = []
  for (const operator of operators) changed.push((await visit(operator, operator.id)) as OperatorMetadata)
  return changed
}
