import { readdirSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { fromBase64, toHex } from '../../../src/bytes/encoding.ts'
import { readCurrent, readManifest, type SstManifest, sstFileName } from '../../../src/format/sst/manifest.ts'
import type { MergedEntries } from '../../../src/format/sst/merge.ts'
import { type FileRange, type ScanOptions, scanColumnFamily } from '../../../src/format/sst/scan.ts'

/** A database directory that real RocksDB wrote, and what RocksDB shows of it: `key=value` in hex by column family. */
export interface GoldenDatabase {
  readonly name: string
  readonly files: ReadonlyMap<string, Uint8Array>
  readonly truth: Readonly<Record<string, readonly string[]>>
}

interface GoldenFile {
  readonly truths: readonly GoldenDatabase['truth'][]
  readonly databases: Readonly<Record<string, { readonly truth: number; readonly files: Record<string, string> }>>
}

const DIRECTORY = 'test/format/sst'

export function goldenDatabases(): GoldenDatabase[] {
  const files = readdirSync(DIRECTORY).filter((name) => /\.json(\.gz)?$/.test(name))
  return files.sort().flatMap((file) => {
    const golden = readGolden(file)
    return Object.entries(golden.databases).map(([name, database]) => ({
      name: `${file} ${name}`,
      files: new Map(Object.entries(database.files).map(([path, text]) => [path, fromBase64(text)])),
      truth: golden.truths[database.truth]!,
    }))
  })
}

function readGolden(file: string): GoldenFile {
  const bytes = readFileSync(`${DIRECTORY}/${file}`)
  return JSON.parse((file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()) as GoldenFile
}

export function manifestOf(files: ReadonlyMap<string, Uint8Array>): SstManifest {
  return readManifest(files.get(readCurrent(files.get('CURRENT')!))!)
}

/** Drives a scan over files in memory; `onRead` sees what it wants. */
export function scanAll(
  files: ReadonlyMap<string, Uint8Array>,
  columnFamily: SstManifest['columnFamilies'][number],
  options: ScanOptions = {},
  onRead: (ranges: readonly FileRange[]) => void = () => {},
): string[] {
  const entries: string[] = []
  const scan = scanColumnFamily(columnFamily.files, options)
  let bytes: readonly Uint8Array[] | undefined
  for (let step = scan.next(); !step.done; step = scan.next(bytes)) {
    if (step.value.entries !== undefined) entries.push(...textOf(step.value.entries))
    else {
      onRead(step.value.read)
      bytes = step.value.read.map(({ file, start, end }) => {
        return (files.get(sstFileName(file.number)) ?? new Uint8Array(0)).slice(start, end)
      })
    }
  }
  return entries
}

export function textOf(entries: MergedEntries): string[] {
  return Array.from({ length: entries.count }, (_, i) => {
    const key = entries.buffer.subarray(entries.keys[2 * i], entries.keys[2 * i + 1])
    const value = entries.buffer.subarray(entries.values[2 * i], entries.values[2 * i + 1])
    return `${toHex(key)}=${toHex(value)}`
  })
}
