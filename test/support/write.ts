import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { dumpSnapshot } from '../../src/export/dump.ts'
import { openSnapshot } from '../../src/node/index.ts'
import { FileSpill, WritableFileStore } from '../../src/store/file-writer.ts'
import { type LoadOptions, type LoadResult, loadDump } from '../../src/write/load.ts'
import type { PartitionSink } from '../../src/write/partition.ts'

/** A directory that is removed after the tests of a file. */
export async function scratchDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'kobel-write-'))
  after(() => rm(directory, { recursive: true, force: true }))
  return directory
}

export function sinkIn(directory: string, settings: Partial<PartitionSink> = {}): PartitionSink {
  return { store: new WritableFileStore(), directory, spill: new FileSpill(), inlineBytes: 0, ...settings }
}

export async function dumpLines(directory: string): Promise<string[]> {
  const snapshot = await openSnapshot(directory)
  try {
    const lines: string[] = []
    for await (const line of dumpSnapshot(snapshot)) lines.push(line)
    return lines
  } finally {
    await snapshot.close()
  }
}

export function load(lines: readonly string[], sink: PartitionSink, options: LoadOptions = {}): Promise<LoadResult> {
  return loadDump(lines, sink, options)
}

/** Files of a directory and their bytes, as hex. */
export async function contentsOf(directory: string): Promise<Map<string, string>> {
  const names = (await readdir(directory)).sort()
  const files = names.map(async (name) => [name, (await readFile(join(directory, name))).toString('hex')] as const)
  return new Map(await Promise.all(files))
}
