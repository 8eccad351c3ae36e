/**
 * Converts every snapshot below directories to a self-contained canonical savepoint, and compares the dumps: editing
 * nothing must change nothing. `node build/scripts/compare-convert.js fixtures [more directories] [--fields file]`
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { edit } from '../src/edit/edit.ts'
import { dumpSnapshot } from '../src/export/dump.ts'
import { type FieldDescriptions, FileSpill, openSnapshot, WritableFileStore } from '../src/node/index.ts'

const args = process.argv.slice(2)
const at = args.indexOf('--fields')
const fields = at < 0 ? undefined : (JSON.parse(await readFile(args[at + 1]!, 'utf8')) as FieldDescriptions)
const roots = at < 0 ? args : [...args.slice(0, at), ...args.slice(at + 2)]
const scratch = await mkdtemp(join(tmpdir(), 'kobel-convert-'))
const counts = { same: 0, refused: 0, different: 0, undumpable: 0 }
try {
  for (const root of roots) for (const directory of await snapshotsBelow(root)) await compare(root, directory)
} finally {
  await rm(scratch, { recursive: true, force: true })
}
const all = Object.values(counts).reduce((sum, count) => sum + count, 0)
console.log(
  `${counts.same} of ${all} convert to savepoints that dump the same; ${counts.refused} refused, ${counts.undumpable} have no dump, ${counts.different} differ`,
)
process.exitCode = counts.different === 0 ? 0 : 1

async function compare(root: string, directory: string): Promise<void> {
  const name = relative(root, directory)
  const target = join(scratch, 'converted')
  await rm(target, { recursive: true, force: true })
  const snapshot = await openSnapshot(directory, fields ? { fields } : {})
  const store = new WritableFileStore()
  try {
    const before = await dump(directory).catch((error: Error) => error)
    if (before instanceof Error) {
      counts.undumpable++
      console.log(`no dump    ${name}: ${before.message.slice(0, 150)}`)
      return
    }
    try {
      await edit(snapshot).apply({ store, directory: target, spill: new FileSpill(), inlineBytes: 300 })
    } catch (error) {
      counts.refused++
      console.log(`refused    ${name}: ${(error as Error).message.slice(0, 150)}`)
      return
    }
    const after = await dump(target)
    const difference = firstDifference(before, after)
    if (difference === undefined) {
      counts.same++
      return
    }
    counts.different++
    console.log(`different  ${name}: ${difference}`)
  } catch (error) {
    counts.different++
    console.log(`failed     ${name}: ${(error as Error).message.slice(0, 300)}`)
  } finally {
    await store.close()
    await snapshot.close()
  }
}

/** Rows of raw timers stand elsewhere once they are managed, and the plan tells how subtasks lie: rows are compared as a set. */
function firstDifference(before: readonly string[], after: readonly string[]): string | undefined {
  const [a, b] = [before.slice(1).sort(), after.slice(1).sort()]
  const place = a.findIndex((line, i) => line !== b[i])
  if (place < 0 && a.length === b.length) return undefined
  return `${a.length} and ${b.length} rows, first ${a[place]?.slice(0, 200)} / ${b[place]?.slice(0, 200)}`
}

async function dump(directory: string): Promise<string[]> {
  const snapshot = await openSnapshot(directory, fields ? { fields } : {})
  const lines: string[] = []
  try {
    for await (const line of dumpSnapshot(snapshot)) lines.push(line)
  } finally {
    await snapshot.close()
  }
  return lines
}

async function snapshotsBelow(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.name === '_metadata')
    .map((entry) => entry.parentPath)
    .sort()
}
