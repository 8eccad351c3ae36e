/**
 * Dumps snapshots of real Flink, loads the dumps and dumps what was loaded: the same lines. With `--convert` the snapshot is
 * not loaded from its dump but edited without changing anything.
 *
 *     node build/scripts/load-fixtures.js DIRECTORY [--convert] [--fields FILE] [--only REGEXP]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { edit } from '../src/edit/edit.ts'
import { dumpSnapshot } from '../src/export/dump.ts'
import { type FieldDescriptions, KobelError, openSnapshot } from '../src/node/index.ts'
import { FileSpill, WritableFileStore } from '../src/store/file-writer.ts'
import { loadDump } from '../src/write/load.ts'
import { expectedFiles, readJson } from './compare.ts'

async function dump(directory: string, fields: FieldDescriptions): Promise<string[]> {
  const snapshot = await openSnapshot(directory, { fields })
  try {
    const lines: string[] = []
    for await (const line of dumpSnapshot(snapshot)) lines.push(line)
    return lines
  } finally {
    await snapshot.close()
  }
}

async function load(
  lines: readonly string[],
  directory: string,
  flink: string,
  fields: FieldDescriptions,
): Promise<void> {
  const store = new WritableFileStore()
  const sink = { store, directory, spill: new FileSpill(directory), memoryBytes: 64 << 20 }
  await loadDump(lines, sink, { flink, fields }).finally(() => store.close())
}

async function convert(from: string, directory: string, fields: FieldDescriptions): Promise<void> {
  const store = new WritableFileStore()
  const snapshot = await openSnapshot(from, { fields })
  try {
    await edit(snapshot).apply({ store, directory, spill: new FileSpill(tmpdir()) })
  } finally {
    await snapshot.close()
    await store.close()
  }
}

/** Timers that lay in raw keyed state become managed ones, which stand elsewhere. */
function isSame(before: readonly string[], after: readonly string[], isSorted: boolean): boolean {
  const [a, b] = isSorted ? [before, after] : [[...before].sort(), [...after].sort()]
  return a.length === b.length && a.every((line, i) => line === b[i])
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      fields: { type: 'string' },
      only: { type: 'string', default: '' },
      convert: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  })
  const directory = positionals[0]
  if (directory === undefined)
    throw new Error('usage: load-fixtures DIRECTORY [--convert] [--fields FILE] [--only REGEXP]')
  const fields = values.fields === undefined ? {} : await readJson<FieldDescriptions>(values.fields)
  const scratch = await mkdtemp(join(tmpdir(), 'kobel-load-'))
  const only = new RegExp(values.only)
  const files = (await expectedFiles(directory)).filter((file) => only.test(relative(directory, file)))
  const refused = new Map<string, string[]>()
  let equal = 0
  let lineCount = 0
  for (const [number, file] of files.entries()) {
    const name = relative(directory, file)
    const target = join(scratch, String(number))
    try {
      const { snapshot, flinkVersion } = await readJson<{ snapshot: string; flinkVersion: string }>(file)
      const before = await dump(join(file, '..', snapshot), fields)
      const flink = flinkVersion.startsWith('1.') && Number(flinkVersion.split('.')[1]) < 16 ? '1.16' : flinkVersion
      if (values.convert) await convert(join(file, '..', snapshot), target, fields)
      else await load(before, target, flink, fields)
      const after = await dump(target, fields)
      if (isSame(before, after, !name.includes('heap-timers'))) equal++
      else console.log(`not ok ${name}: the dump of the loaded one is another`)
      lineCount += before.length
    } catch (error) {
      if (!(error instanceof KobelError)) throw error
      const reason = `${error.code} ${error.message}`
      refused.set(reason, [...(refused.get(reason) ?? []), name])
    } finally {
      await rm(target, { recursive: true, force: true })
    }
  }
  await rm(scratch, { recursive: true })
  const refusedCount = [...refused.values()].reduce((sum, names) => sum + names.length, 0)
  for (const [reason, names] of refused)
    console.log(`refused ${names.length}: ${reason}\n  ${names.slice(0, 5).join('\n  ')}`)
  console.log(`${equal} of ${files.length - refusedCount} equal (${lineCount} lines), ${refusedCount} refused`)
  process.exitCode = equal + refusedCount === files.length ? 0 : 1
}

await main()
