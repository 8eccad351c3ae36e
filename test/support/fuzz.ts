import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { KobelError } from '../../src/error.ts'
import { dumpSnapshot } from '../../src/export/dump.ts'
import { describeSnapshot } from '../../src/snapshot/describe.ts'
import { KeyedState } from '../../src/snapshot/keyed-state.ts'
import { openSnapshotIn, type Snapshot } from '../../src/snapshot/open.ts'
import type { Operator } from '../../src/snapshot/operator.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { mutate, Random } from './mutate.ts'

/**
 * Damages snapshots and reads all of them, in a program of its own: so that it can be ended where it hangs, and its
 * memory is its own. Prints a line for each file tree that is begun, and one for each failure.
 *
 *     node --expose-gc --max-old-space-size=192 fuzz.js '{"fixtures": […], "first": 0, "count": 300}'
 */
interface Settings {
  /** Directories with a snapshot each. */
  readonly fixtures: readonly string[]
  /** Seeds `first` to before `first + count`, of all fixtures in turn. */
  readonly first: number
  readonly count: number
}

export interface Failure {
  readonly fixture: string
  readonly seed: number
  readonly done: string
  readonly problem: string
}

const MAX_MS = 2000
const MAX_BYTES = 64 << 20

async function main({ fixtures, first, count }: Settings): Promise<void> {
  const loaded = new Map<string, Fixture>()
  const outcomes = new Map<string, number>()
  for (let seed = first; seed < first + count; seed++) {
    const directory = fixtures[seed % fixtures.length]!
    const fixture = loaded.get(directory) ?? loadFixture(directory)
    loaded.set(directory, fixture)
    const { files, done } = mutate(fixture.files, new Random(seed))
    process.stdout.write(`${JSON.stringify({ begun: { fixture: directory, seed, done } })}\n`)
    const problem = await examine(files, fixture.location, outcomes)
    if (problem !== undefined) {
      process.stdout.write(`${JSON.stringify({ failure: { fixture: directory, seed, done, problem } })}\n`)
    }
  }
  process.stdout.write(`${JSON.stringify({ outcomes: Object.fromEntries(outcomes) })}\n`)
}

interface Fixture {
  readonly files: ReadonlyMap<string, Uint8Array>
  /** Of the snapshot among the files. */
  readonly location: string
}

/** The files of a directory, but for the answers, and its newest snapshot. */
function loadFixture(directory: string): Fixture {
  const names = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('expected'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  const metadata = names.filter((name) => name.endsWith('_metadata')).at(-1)
  if (metadata === undefined) throw new Error(`${directory} has no snapshot`)
  return {
    files: new Map(names.map((name) => [`/${name}`, new Uint8Array(readFileSync(name))])),
    location: `/${dirname(metadata)}`,
  }
}

/** What went wrong; undefined where every part gave a value or a `KobelError`, in time and in memory. */
async function examine(
  files: Map<string, Uint8Array>,
  location: string,
  outcomes: Map<string, number>,
): Promise<string | undefined> {
  const input = [...files.values()].reduce((sum, bytes) => sum + bytes.length, 0)
  globalThis.gc?.()
  const before = liveBytes()
  memory.limit = before + input + MAX_BYTES
  memory.exceeded = undefined
  const start = process.cpuUsage()
  const failed: string[] = []
  const attempt = async (what: string, read: () => Promise<unknown>): Promise<boolean> => {
    const begun = process.cpuUsage()
    let outcome = 'value'
    try {
      await read()
    } catch (error) {
      outcome = error instanceof KobelError ? error.code : 'DEFECT'
      if (!(error instanceof KobelError)) failed.push(`${what}: ${error instanceof Error ? error.stack : error}`)
    }
    const ms = milliseconds(begun)
    if (ms > MAX_MS) failed.push(`${what} took ${ms} ms`)
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    return outcome === 'value'
  }
  await readAll(new MemoryStore(files), location, attempt)
  if (memory.exceeded !== undefined) failed.push(memory.exceeded)
  const total = milliseconds(start)
  if (total > 4 * MAX_MS) failed.push(`all took ${total} ms`)
  return failed.length === 0 ? undefined : failed.slice(0, 3).join('\n')
}

/** Gives whether there was a value. */
type Attempt = (what: string, read: () => Promise<unknown>) => Promise<boolean>

async function readAll(store: MemoryStore, location: string, attempt: Attempt): Promise<void> {
  let opened: Snapshot | undefined
  await attempt('open', async () => {
    opened = await openSnapshotIn(store, location)
  })
  const snapshot = opened
  if (!snapshot) return
  await attempt('describe', () => describeSnapshot(snapshot, { counts: true }))
  const dumped = await attempt('dump', () => drain(dumpSnapshot(snapshot)))
  for (const operator of snapshot.operators) {
    // What was dumped was read; else one state may hide the others.
    const { states } = operator
    await readStates(operator, dumped ? states.slice(0, 1) : [...states.slice(0, 2), ...states.slice(-2)], attempt)
  }
}

async function readStates(operator: Operator, states: Operator['states'], attempt: Attempt): Promise<void> {
  for (const state of states) {
    const what = `${operator.label} ${state.name}`
    if (!(state instanceof KeyedState)) {
      await attempt(what, () => drain(state.elements()))
      continue
    }
    if (state.kind === 'timer') {
      await attempt(what, () => drain(state.timers()))
      continue
    }
    const found = await attempt(`entries of ${what}`, () => drain(state.entries()))
    if (!found) continue
    await attempt(`get of ${what}`, async () => {
      for await (const entry of state.entries()) return state.get(entry.key, { namespace: entry.namespace })
    })
  }
  await attempt(`blobs of ${operator.label}`, async () => {
    for (const blob of await operator.blobs()) await blob.read(0, Math.min(blob.length, 1 << 20))
  })
}

async function drain(values: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of values) {
    // What matters is that it ends.
  }
}

function milliseconds(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since)
  return Math.round((user + system) / 1000)
}

function liveBytes(): number {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Allocations of typed arrays are seen as they happen; what is garbage by then does not count. */
const memory: { limit: number; exceeded: string | undefined } = { limit: Number.POSITIVE_INFINITY, exceeded: undefined }
const WATCHED_BYTES = 1 << 20

function watchAllocations(): void {
  const types = ['Uint8Array', 'Uint16Array', 'Uint32Array', 'Int32Array', 'BigInt64Array', 'BigUint64Array'] as const
  const scope = globalThis as unknown as Record<string, new (...args: unknown[]) => ArrayBufferView>
  for (const type of types) {
    scope[type] = new Proxy(scope[type]!, {
      construct(target, args, newTarget) {
        if (typeof args[0] === 'number' && args[0] >= WATCHED_BYTES) note(type, args[0])
        return Reflect.construct(target, args, newTarget) as ArrayBufferView
      },
    })
  }
}

function note(type: string, length: number): void {
  const bytes = length * (type === 'Uint8Array' ? 1 : type === 'Uint16Array' ? 2 : type.startsWith('Big') ? 8 : 4)
  if (memory.exceeded !== undefined || liveBytes() + bytes < memory.limit) return
  globalThis.gc?.()
  const over = liveBytes() + bytes - memory.limit
  if (over > 0)
    memory.exceeded = `a ${type} of ${length} is ${over >> 20} MiB over the limit: ${new Error('here').stack}`
}

watchAllocations()
await main(JSON.parse(process.argv[2]!) as Settings)
