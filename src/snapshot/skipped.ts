import { KobelError, type KobelErrorCode, locate } from '../error.ts'
import type { StatePart } from './handles.ts'

/** A part of the state that was passed over because it could not be read. */
export interface Skipped {
  readonly part: StatePart
  /** -1 for state of the whole operator. */
  readonly subtask: number
  /** First and last key group of which something is missing. */
  readonly keyGroups?: readonly [first: number, last: number]
  /** States of which something is missing; all where it is absent. */
  readonly states?: readonly string[]
  /** How many entries are missing, where that is known. */
  readonly entries?: number
  /** The table of a database that was skipped lay over older ones: deleted entries and older values may show instead. */
  readonly stale?: boolean
  readonly error: KobelError
}

/** Hears of what is skipped. Where one is given, reading goes on past broken parts. */
export type OnSkip = (skipped: Skipped) => void

/** What is wrong with the stored bytes. A server that fails, or a wrong use, is no reason to leave state out. */
const SKIPPED_CODES: ReadonlySet<KobelErrorCode> = new Set([
  'NOT_FOUND',
  'CORRUPT',
  'TRUNCATED',
  'UNSUPPORTED_VERSION',
  'UNKNOWN_SERIALIZER',
  'LIMIT',
])

/** Whether reading may go on after the error. */
export function canSkip(error: unknown): error is KobelError {
  return error instanceof KobelError && SKIPPED_CODES.has(error.code)
}

/** Tells of an error where somebody listens; else, and where it is not one of the stored bytes, throws it on. */
export function skipOrThrow(error: unknown, onSkip: OnSkip | undefined, skipped: Omit<Skipped, 'error'>): void {
  if (onSkip === undefined || !canSkip(error)) throw error
  onSkip({ ...skipped, error })
}

/** A listener that adds a place to each error. */
export function locatedSkips(onSkip: OnSkip, place: KobelError['where']): OnSkip {
  return (skipped) => onSkip({ ...skipped, error: locate(skipped.error, place) as KobelError })
}
