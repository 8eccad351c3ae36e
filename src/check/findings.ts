import type { KobelErrorCode } from '../error.ts'
import type { Skipped } from '../snapshot/skipped.ts'

/**
 * `error`: Flink will fail on it, or state is lost. `warning`: it is not as Flink writes it. `note`: what kobel could not
 * check, and what may be as it should.
 */
export type Severity = 'error' | 'warning' | 'note'

/**
 * Codes of errors say why a part cannot be read. The others:
 *
 * - `MISSING_FILE`, `WRONG_SIZE`: a file that `_metadata` names.
 * - `WRONG_RANGE`, `OVERLAP`, `GAP`: the key groups of subtasks.
 * - `WRONG_OFFSET`: a place in a stream that cannot be.
 * - `WRONG_PARALLELISM`: subtasks, parallelism and max parallelism that do not fit.
 * - `WRONG_KEY_GROUP`: keys that Flink would look for in another key group.
 * - `DUPLICATE`: the same key twice.
 * - `UNVERIFIED_KEYS`: keys whose hash is not known.
 */
export type FindingCode =
  | KobelErrorCode
  | 'MISSING_FILE'
  | 'WRONG_SIZE'
  | 'WRONG_RANGE'
  | 'OVERLAP'
  | 'GAP'
  | 'WRONG_OFFSET'
  | 'WRONG_PARALLELISM'
  | 'WRONG_KEY_GROUP'
  | 'DUPLICATE'
  | 'UNVERIFIED_KEYS'

/** Something that is wrong in a snapshot, or could not be checked: plain data. */
export interface Finding {
  readonly severity: Severity
  readonly code: FindingCode
  /** Uid, name or id of the operator. */
  readonly operator: string
  readonly state?: string
  readonly subtask?: number
  readonly keyGroup?: number
  /** First and last key group, where there are several. */
  readonly keyGroups?: readonly [first: number, last: number]
  readonly file?: string
  /** How many entries or elements it is about, where there are several. */
  readonly count?: number
  readonly message: string
}

/** More findings are counted only. */
const MOST_FINDINGS = 10_000

/** Gathers findings; those of the same kind at the same place become one with a count. */
export class Findings {
  /** Findings that were not kept. */
  more = 0
  private readonly found = new Map<string, { finding: Finding; count: number }>()

  add(finding: Finding): void {
    const { severity, code, operator, state, subtask, keyGroup, keyGroups, file } = finding
    const place = JSON.stringify([severity, code, operator, state, subtask, keyGroup, keyGroups, file])
    const known = this.found.get(place)
    if (known) known.count += finding.count ?? 1
    else if (this.found.size >= MOST_FINDINGS) this.more++
    else this.found.set(place, { finding, count: finding.count ?? 1 })
  }

  /** In the order of operators, the gravest first. */
  list(): Finding[] {
    const rank: Readonly<Record<Severity, number>> = { error: 0, warning: 1, note: 2 }
    const all = [...this.found.values()].map(({ finding, count }) => (count === 1 ? finding : { ...finding, count }))
    return all.sort((a, b) => rank[a.severity] - rank[b.severity])
  }
}

/** What kobel does not know is no fault of the snapshot. */
function severityOf(code: KobelErrorCode): Severity {
  if (code === 'UNKNOWN_SERIALIZER') return 'note'
  return code === 'UNSUPPORTED_VERSION' || code === 'LIMIT' ? 'warning' : 'error'
}

/** The findings of something that could not be read: one for each state that is known to miss something. */
export function findingsOf(operator: string, skipped: Skipped): Finding[] {
  const { error, keyGroups, states, subtask, entries, part, stale } = skipped
  const where = part === 'keyed' || part === 'operator' ? '' : `${part}: `
  const older = stale ? '; deleted entries and older values may show instead' : ''
  const finding: Finding = {
    severity: severityOf(error.code),
    code: error.code,
    operator,
    ...(subtask >= 0 && { subtask }),
    ...keyGroupMembers(keyGroups),
    ...(error.where.file !== undefined && { file: error.where.file }),
    ...(entries !== undefined && entries > 1 && { count: entries }),
    message: `${where}${error.message}${older}`,
  }
  const named = states ?? (error.where.state === undefined ? undefined : [error.where.state])
  return named ? named.map((state) => ({ ...finding, state })) : [finding]
}

/** The members of a finding about these key groups. */
export function keyGroupMembers(
  keyGroups: readonly [number, number] | undefined,
): Pick<Finding, 'keyGroup' | 'keyGroups'> {
  if (!keyGroups) return {}
  const [first, last] = keyGroups
  return first === last ? { keyGroup: first } : { keyGroups: [first, last] }
}
