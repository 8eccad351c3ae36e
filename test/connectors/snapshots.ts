import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { fromBase64 } from '../../src/bytes/encoding.ts'
import { openSnapshotIn, type Snapshot } from '../../src/snapshot/open.ts'
import { MemoryStore } from '../../src/store/memory.ts'

/** Small snapshots that real Flink wrote, and what the job that it ran is known to have put into them. */
export interface Golden {
  /** Base64, by name. */
  readonly files: Readonly<Record<string, string>>
  readonly operators: readonly {
    readonly uid: string
    readonly finished?: boolean
    readonly readerSplits?: readonly { readonly from: number; readonly to: number }[]
    readonly enumeratorSplits?: readonly unknown[]
    /** By subtask. */
    readonly inFlight?: readonly (readonly number[])[]
  }[]
}

export const SNAPSHOTS: Readonly<Record<string, Golden>> = JSON.parse(
  gunzipSync(readFileSync('test/connectors/snapshots.json.gz')).toString(),
) as Record<string, Golden>

export function filesOf(name: string): Map<string, Uint8Array> {
  const files = Object.entries(SNAPSHOTS[name]?.files ?? {})
  return new Map(files.map(([file, text]) => [file, fromBase64(text)]))
}

export function openGolden(name: string, files: ReadonlyMap<string, Uint8Array> = filesOf(name)): Promise<Snapshot> {
  const located = [...files].map(([file, bytes]) => [`/snapshot/${file}`, bytes] as const)
  return openSnapshotIn(new MemoryStore(located), '/snapshot', { heads: 'lazy' })
}
