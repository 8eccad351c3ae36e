import { KobelError } from '../error.ts'
import { type Metadata, readMetadata } from '../format/metadata/index.ts'
import { join, nameOf, parentOf, type Store, type StoreEntry } from '../store/store.ts'
import { mapConcurrent } from './concurrent.ts'
import { streamBytes, streamsOf } from './handles.ts'

/** How snapshots are looked for. */
export interface DiscoverOptions {
  /** Directories below the given one: 4 find `checkpoints/<job>/chk-N` two levels down. */
  readonly depth?: number
  /** Hears of directories that were listed. */
  readonly onDirectory?: () => void
}

/** A savepoint or checkpoint that was found, or what is left of one: plain data. */
export interface FoundSnapshot {
  readonly location: string
  readonly kind: 'savepoint' | 'checkpoint' | 'unknown'
  /** 32 hex digits, where the directory above is that of a job. */
  readonly job?: string
  /** Of `chk-N`. */
  readonly number?: number
  /** Whether `_metadata` is there: without it Flink never completed the snapshot, or began to delete it. */
  readonly complete: boolean
  /** When `_metadata` was written, in milliseconds since 1970, where the store says so. */
  readonly modified?: number
  readonly metadataBytes: number
  /** Files in its own directory, and their bytes, without `_metadata`. */
  readonly files: number
  readonly ownBytes: number
  /** Bytes that it refers to wherever they lie, each place once; absent where `_metadata` cannot be read. */
  readonly stateBytes?: number
  /** Of these, bytes that other snapshots found here refer to as well. */
  readonly sharedBytes?: number
  readonly operators?: number
  readonly checkpointId?: string
  readonly metadataVersion?: number
  /** Why `_metadata` cannot be read. */
  readonly problem?: string
}

/** The directory of a job's checkpoints. */
export interface FoundJob {
  readonly job: string
  readonly location: string
  /** Files of `shared` and `taskowned`. */
  readonly files: number
  readonly bytes: number
  /** Bytes of these that no snapshot found here refers to: left over, or of a checkpoint under way. */
  readonly unreferencedBytes: number
}

export interface Discovery {
  readonly location: string
  /** By job, in it the newest first; then savepoints, the newest first. */
  readonly snapshots: readonly FoundSnapshot[]
  readonly jobs: readonly FoundJob[]
  /** Directories that were not looked into, because they lie too deep or there are too many. */
  readonly unseen: number
}

const METADATA = '_metadata'
const CHECKPOINT = /^chk-(\d{1,15})$/
const SAVEPOINT = /^savepoint-[0-9a-f]{6}-[0-9a-f]{12}$/
const JOB = /^[0-9a-f]{32}$/
const DEPTH = 4
const MOST_DIRECTORIES = 20_000
/** Files that snapshots refer to beyond this are not compared. */
const MOST_PLACES = 2_000_000

/** The number of a checkpoint's directory, -1 for others. */
export function checkpointNumber(name: string): number {
  return Number(CHECKPOINT.exec(name)?.[1] ?? -1)
}

interface Candidate {
  readonly location: string
  readonly entry: StoreEntry | undefined
  readonly children: readonly StoreEntry[]
}

/**
 * Finds the snapshots below a directory or a bucket's prefix, reads the `_metadata` of each, and works out what they share.
 *
 * @throws KobelError `NOT_FOUND` where there is nothing; `STORE` where the store fails.
 */
export async function discoverSnapshots(
  store: Store,
  location: string,
  options: DiscoverOptions = {},
): Promise<Discovery> {
  const candidates: Candidate[] = []
  const shared = new Map<string, StoreEntry[]>()
  const unseen = await walk(store, location, options, candidates, shared)
  const places = new Places()
  if (candidates.length === 0 && unseen === 0 && (await store.list(location)).length === 0) {
    throw new KobelError('NOT_FOUND', 'there is no such directory, or nothing in it, or it cannot be listed', {
      file: location,
    })
  }
  const found = await mapConcurrent(candidates, (candidate) => describe(store, candidate, places))
  const snapshots = found
    .map(({ snapshot, keys }) => (keys ? { ...snapshot, sharedBytes: places.sharedBytes(keys) } : snapshot))
    .sort(bySnapshot)
  const jobs = [...shared]
    .map(([directory, files]): FoundJob => {
      const named = files.filter((file) => !places.names.has(file.name))
      const bytes = (list: readonly StoreEntry[]): number => list.reduce((sum, file) => sum + (file.size ?? 0), 0)
      const job = nameOf(directory)
      return { job, location: directory, files: files.length, bytes: bytes(files), unreferencedBytes: bytes(named) }
    })
    .sort((a, b) => (a.location < b.location ? -1 : 1))
  return { location, snapshots, jobs, unseen }
}

/** Lists directories level by level; gives how many were left out. */
async function walk(
  store: Store,
  root: string,
  options: DiscoverOptions,
  candidates: Candidate[],
  shared: Map<string, StoreEntry[]>,
): Promise<number> {
  let level: { location: string; entry: StoreEntry | undefined }[] = [{ location: root, entry: undefined }]
  let seen = 0
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > (options.depth ?? DEPTH)) return level.length
    const left = Math.max(0, level.length - (MOST_DIRECTORIES - seen))
    const taken = level.slice(0, level.length - left)
    seen += taken.length
    const next: typeof level = []
    await mapConcurrent(taken, async ({ location, entry }) => {
      const children = await store.list(location)
      options.onDirectory?.()
      if (isSnapshot(location, children)) {
        candidates.push({ location, entry, children })
        return
      }
      for (const child of children) {
        if (!child.directory) continue
        if (child.name === 'shared' || child.name === 'taskowned') {
          const files = await filesBelow(store, child.location)
          shared.set(location, [...(shared.get(location) ?? []), ...files])
        } else {
          next.push({ location: child.location, entry: child })
        }
      }
    })
    if (left > 0) return left + next.length
    level = next
  }
  return 0
}

/** With file merging each subtask has a directory of its own. */
async function filesBelow(store: Store, directory: string): Promise<StoreEntry[]> {
  const children = await store.list(directory)
  const inside = await mapConcurrent(
    children.filter((child) => child.directory),
    (child) => store.list(child.location),
  )
  return [...children, ...inside.flat()].filter((file) => !file.directory)
}

function isSnapshot(location: string, children: readonly StoreEntry[]): boolean {
  const name = nameOf(location)
  return (
    CHECKPOINT.test(name) || SAVEPOINT.test(name) || children.some((each) => each.name === METADATA && !each.directory)
  )
}

/** The newest first: by checkpoint number inside a job, else by age. */
function bySnapshot(a: FoundSnapshot, b: FoundSnapshot): number {
  const [jobA, jobB] = [
    a.number === undefined ? '' : parentOf(a.location),
    b.number === undefined ? '' : parentOf(b.location),
  ]
  if (jobA !== jobB) return jobA === '' ? 1 : jobB === '' ? -1 : jobA < jobB ? -1 : 1
  if (a.number !== undefined && b.number !== undefined) return b.number - a.number
  return (b.modified ?? 0) - (a.modified ?? 0) || (a.location < b.location ? -1 : 1)
}

async function describe(
  store: Store,
  { location, entry, children }: Candidate,
  places: Places,
): Promise<{ snapshot: FoundSnapshot; keys?: ReadonlyMap<string, number> }> {
  const name = nameOf(location)
  const file = children.find((child) => child.name === METADATA && !child.directory)
  const own = children.filter((child) => child !== file && !child.directory)
  const job = nameOf(parentOf(location))
  const number = checkpointNumber(name)
  const modified = file?.modified ?? entry?.modified
  const base: FoundSnapshot = {
    location,
    kind: number >= 0 ? 'checkpoint' : SAVEPOINT.test(name) ? 'savepoint' : 'unknown',
    ...(JOB.test(job) && { job }),
    ...(number >= 0 && { number }),
    complete: file !== undefined,
    ...(modified !== undefined && { modified }),
    metadataBytes: file?.size ?? 0,
    files: own.length,
    ownBytes: own.reduce((sum, child) => sum + (child.size ?? 0), 0),
  }
  if (!file) return { snapshot: base }
  try {
    const metadata = readMetadata(await store.readWhole(join(location, METADATA)))
    const keys = places.add(location, metadata)
    const kind = metadata.properties?.parsed?.kind
    const snapshot: FoundSnapshot = {
      ...base,
      ...(kind && { kind }),
      stateBytes: sum(keys.values()),
      operators: metadata.operators.length,
      checkpointId: String(metadata.checkpointId),
      metadataVersion: metadata.version,
    }
    return { snapshot, keys }
  } catch (error) {
    if (!(error instanceof KobelError) || error.code === 'STORE') throw error
    return { snapshot: { ...base, problem: error.message } }
  }
}

function sum(values: Iterable<number>): number {
  let total = 0
  for (const value of values) total += value
  return total
}

/** Places that snapshots refer to, with the number of snapshots that do. */
class Places {
  /** Names of all files. */
  readonly names: Set<string> = new Set()
  private readonly users = new Map<string, number>()

  /** The places of one snapshot, each once, with their bytes. */
  add(location: string, metadata: Metadata): Map<string, number> {
    const keys = new Map<string, number>()
    for (const operator of metadata.operators) {
      for (const { stream } of streamsOf(operator)) {
        const handle = stream.kind === 'key-groups-stream' ? stream.stream : stream
        if (!('path' in handle)) continue
        const path = handle.kind === 'relative-file' ? join(location, handle.path) : handle.path
        const start = handle.kind === 'segment-file' ? ` ${handle.startPosition}` : ''
        keys.set(`${path}${start}`, streamBytes(handle))
        this.names.add(nameOf(path))
      }
    }
    for (const key of keys.keys()) {
      if (this.users.size < MOST_PLACES) this.users.set(key, (this.users.get(key) ?? 0) + 1)
    }
    return keys
  }

  sharedBytes(keys: ReadonlyMap<string, number>): number {
    let bytes = 0
    for (const [key, size] of keys) if ((this.users.get(key) ?? 0) > 1) bytes += size
    return bytes
  }
}
