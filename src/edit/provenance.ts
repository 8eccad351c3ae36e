import { KobelError } from '../error.ts'
import { join, nameOf, parentOf, type Store } from '../store/store.ts'
import type { WritableStore } from '../store/writable.ts'
import type { EditReport } from './apply.ts'
import type { StateReport } from './stats.ts'

/**
 * Where a savepoint comes from: beside its directory as `<directory>.kobel.json`, since Flink removes the directory of a
 * savepoint only where it holds nothing else. It has no time, so that equal edits leave equal records.
 */
export interface Provenance {
  readonly kobelProvenance: 1
  /** Of kobel. */
  readonly version: string
  readonly command: string
  readonly source: {
    readonly location: string
    readonly fingerprint: string
    readonly checkpointId: string
  }
  /** As described, or the text of the file that describes it. */
  readonly edit: unknown
  readonly result: {
    readonly fingerprint: string
    readonly files: number
    readonly bytes: number
    readonly operators: readonly Readonly<Record<string, unknown>>[]
  }
}

/** The location of a savepoint's record. */
export function provenanceOf(directory: string): string {
  return join(parentOf(directory), `${nameOf(directory)}.kobel.json`)
}

export async function writeProvenance(store: WritableStore, directory: string, record: Provenance): Promise<void> {
  const location = provenanceOf(directory)
  // One may be left of a savepoint that was here before.
  await store.remove(location)
  await store.writeNew(location, new TextEncoder().encode(`${JSON.stringify(record, null, 2)}\n`))
}

/** Undefined where there is none. */
export async function readProvenance(store: Store, directory: string): Promise<Provenance | undefined> {
  const location = provenanceOf(directory)
  if ((await store.size(location)) === undefined) return undefined
  try {
    const json = JSON.parse(new TextDecoder().decode(await store.readWhole(location))) as Provenance
    if (json.kobelProvenance === 1) return json
  } catch (error) {
    if (error instanceof KobelError) throw error
  }
  throw new KobelError('CORRUPT', 'the record of where the savepoint comes from cannot be read', { file: location })
}

/** What a record says of the operators: counts, no samples. */
export function operatorsOf(report: EditReport): Readonly<Record<string, unknown>>[] {
  const stateOf = ({ samples: _, ...rest }: StateReport): object => rest
  return report.operators.map(({ states, ...rest }) => ({ ...rest, states: states.map(stateOf) }))
}
