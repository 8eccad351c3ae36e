import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openSnapshotIn, type Snapshot } from '../../src/snapshot/open.ts'
import { MemoryStore } from '../../src/store/memory.ts'

/** Files of a snapshot by their names, to be damaged. */
export type Files = Map<string, Uint8Array>

export function filesOf(directory: string): Files {
  const files: Files = new Map()
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isFile()) files.set(path.slice(directory.length + 1), new Uint8Array(readFileSync(path)))
  }
  return files
}

/** The files, but one is replaced, or gone where nothing is given. */
export function withFile(files: Files, name: string, bytes?: Uint8Array): Files {
  const changed = new Map(files)
  if (bytes) changed.set(name, bytes)
  else changed.delete(name)
  return changed
}

/** The bytes with one bit turned around. */
export function withBit(bytes: Uint8Array, at: number, bit = 0): Uint8Array {
  const changed = bytes.slice()
  changed[at]! ^= 1 << bit
  return changed
}

export function openFiles(files: Files): Promise<Snapshot> {
  const store = new MemoryStore([...files].map(([name, bytes]) => [`/s/${name}`, bytes] as const))
  return openSnapshotIn(store, '/s', { heads: 'lazy' })
}
