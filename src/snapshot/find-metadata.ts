import { KobelError } from '../error.ts'
import { join, nameOf, parentOf, type Store, type StoreEntry } from '../store/store.ts'
import { mapConcurrent } from './concurrent.ts'
import { checkpointNumber } from './discover.ts'
import { nearest } from './names.ts'

const METADATA = '_metadata'

/** A `_metadata` file, read. */
export interface MetadataFile {
  readonly location: string
  readonly bytes: Uint8Array
}

/**
 * Finds `_metadata` from a snapshot's directory or the file itself. With `latest` also from a directory of snapshots, from
 * that of a job's checkpoints, or from one above those of several jobs.
 *
 * @throws KobelError `NOT_FOUND`; where there are snapshots below the location the message lists them.
 */
export async function findMetadata(store: Store, location: string, latest: boolean): Promise<MetadataFile> {
  const named = nameOf(location) === METADATA
  const direct = named ? location.replace(/\/+$/, '') : join(location, METADATA)
  try {
    return { location: direct, bytes: await store.readWhole(direct) }
  } catch (error) {
    if (named || !(error instanceof KobelError) || error.code !== 'NOT_FOUND') throw error
  }
  const children = await store.list(location)
  const below = await snapshotsBelow(store, children)
  const complete = below.filter((each) => each.complete)
  if (complete.length === 0) throw await noSnapshot(store, location, children, below)
  const names = listed(complete)
  const count = complete.length === 1 ? 'one' : complete.length
  if (!latest) {
    throw new KobelError(
      'NOT_FOUND',
      `the directory is no snapshot, but holds ${count}: ${names}; name one of them, or take the newest with --latest (option latest)`,
      { file: location },
    )
  }
  const newest = newestOf(complete)
  if (newest) return findMetadata(store, newest.location, false)
  throw new KobelError(
    'NOT_FOUND',
    `the directory holds ${count} snapshots of several jobs, and their age is not known: ${names}; name one of them`,
    { file: location },
  )
}

interface SnapshotBelow {
  /** From the directory on: `chk-7`, or with that of its job. */
  readonly name: string
  readonly location: string
  readonly modified: number | undefined
  readonly complete: boolean
}

/** Snapshots directly below a directory, or below those of jobs in it; the newest first. */
async function snapshotsBelow(store: Store, children: readonly StoreEntry[]): Promise<SnapshotBelow[]> {
  const directories = children.filter(
    (child) => child.directory && child.name !== 'shared' && child.name !== 'taskowned',
  )
  const found = await mapConcurrent(directories, async (child): Promise<SnapshotBelow[]> => {
    const inside = await store.list(child.location)
    if (checkpointNumber(child.name) >= 0 || hasMetadata(inside)) return [snapshotOf(child, inside, '')]
    const checkpoints = inside.filter((each) => each.directory && checkpointNumber(each.name) >= 0)
    return mapConcurrent(checkpoints, async (each) =>
      snapshotOf(each, await store.list(each.location), `${child.name}/`),
    )
  })
  return newestFirst(found.flat())
}

function hasMetadata(children: readonly StoreEntry[]): boolean {
  return children.some((child) => child.name === METADATA && !child.directory)
}

function snapshotOf({ name, location }: StoreEntry, children: readonly StoreEntry[], prefix: string): SnapshotBelow {
  const file = children.find((child) => child.name === METADATA && !child.directory)
  return { name: prefix + name, location, modified: file?.modified, complete: file !== undefined }
}

/** The snapshots of a directory by checkpoint number, then by age; directories by the age of their newest one. */
function newestFirst(snapshots: readonly SnapshotBelow[]): SnapshotBelow[] {
  const age = (a: SnapshotBelow, b: SnapshotBelow): number =>
    (b.modified ?? 0) - (a.modified ?? 0) || (a.name < b.name ? -1 : 1)
  const number = ({ location }: SnapshotBelow): number => checkpointNumber(nameOf(location))
  const groups = directoriesOf(snapshots).map((group) => group.sort((a, b) => number(b) - number(a) || age(a, b)))
  return groups.sort(([a], [b]) => age(a!, b!)).flat()
}

function directoriesOf(snapshots: readonly SnapshotBelow[]): SnapshotBelow[][] {
  const groups = new Map<string, SnapshotBelow[]>()
  for (const snapshot of snapshots) {
    const directory = parentOf(snapshot.location)
    const group = groups.get(directory)
    if (group) group.push(snapshot)
    else groups.set(directory, [snapshot])
  }
  return [...groups.values()]
}

/** Of snapshots in their order; undefined where it cannot be told which one is the newest. */
function newestOf(snapshots: readonly SnapshotBelow[]): SnapshotBelow | undefined {
  const groups = directoriesOf(snapshots)
  const isTold = groups.length === 1 || groups.every(([first]) => first!.modified !== undefined)
  return isTold ? newestFirst(snapshots)[0] : undefined
}

function listed(snapshots: readonly SnapshotBelow[]): string {
  const names = snapshots.map((each) => each.name)
  return `${names.slice(0, 12).join(', ')}${names.length > 12 ? ', …' : ''}`
}

async function noSnapshot(
  store: Store,
  location: string,
  children: readonly StoreEntry[],
  incomplete: readonly SnapshotBelow[],
): Promise<KobelError> {
  const notFound = (message: string): KobelError => new KobelError('NOT_FOUND', message, { file: location })
  if (incomplete.length > 0) {
    return notFound(`the directory holds ${listed(incomplete)}, without ${METADATA}: never completed, or being deleted`)
  }
  if (children.length > 0) {
    return notFound(
      `the directory has no ${METADATA} file: it is not a savepoint or checkpoint, or was never completed`,
    )
  }
  if ((await store.size(location)) !== undefined) {
    return notFound(`a snapshot is a directory with a ${METADATA} file, this is another file`)
  }
  const near = nearest(
    nameOf(location),
    (await store.list(parentOf(location))).map((entry) => entry.name),
  )
  return notFound(`there is no such directory${near.length > 0 ? `: did you mean ${near.join(' or ')}?` : ''}`)
}
