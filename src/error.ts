/** What went wrong, for programs. The exit code of the command line follows from it (see {@link exitCodeOf}). */
export type KobelErrorCode =
  | 'USAGE'
  | 'NOT_FOUND'
  | 'CORRUPT'
  | 'TRUNCATED'
  | 'UNSUPPORTED_VERSION'
  | 'UNKNOWN_SERIALIZER'
  | 'LIMIT'
  | 'STORE'
  | 'INCOMPATIBLE'
  | 'CONFLICT'
  | 'UNHASHABLE'

/** Where it went wrong. Every member is optional: only what is known is said. */
export interface ErrorPlace {
  /** Path or URI of the file. */
  readonly file?: string | undefined
  /** Byte offset in that file or block. */
  readonly offset?: number | undefined
  readonly operator?: string | undefined
  readonly state?: string | undefined
  readonly keyGroup?: number | undefined
}

/** The only error class that kobel throws on purpose. The message says what was expected, what was found and what to do. */
export class KobelError extends Error {
  override readonly name = 'KobelError'
  readonly code: KobelErrorCode
  readonly where: ErrorPlace

  constructor(code: KobelErrorCode, message: string, where: ErrorPlace = {}, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.where = where
  }

  /** The message followed by the known places, for people. */
  describe(): string {
    const places = [
      this.where.operator === undefined ? '' : `operator ${this.where.operator}`,
      this.where.state === undefined ? '' : `state ${this.where.state}`,
      this.where.keyGroup === undefined ? '' : `key group ${this.where.keyGroup}`,
      this.where.file === undefined ? '' : this.where.file,
      this.where.offset === undefined ? '' : `offset ${this.where.offset}`,
    ].filter((place) => place !== '')
    return places.length === 0 ? this.message : `${this.message} (${places.join(', ')})`
  }
}

/** Adds a place to an error on its way up; what is already known is kept. */
export function locate(error: unknown, place: ErrorPlace): unknown {
  if (!(error instanceof KobelError)) return error
  const located = new KobelError(
    error.code,
    error.message,
    { ...place, ...withoutUndefined(error.where) },
    { cause: error.cause },
  )
  if (error.stack !== undefined) located.stack = error.stack
  return located
}

function withoutUndefined(place: ErrorPlace): ErrorPlace {
  return Object.fromEntries(Object.entries(place).filter(([, value]) => value !== undefined))
}

const EXIT_CODES: Readonly<Record<KobelErrorCode, number>> = {
  USAGE: 2,
  NOT_FOUND: 3,
  CORRUPT: 3,
  TRUNCATED: 3,
  UNSUPPORTED_VERSION: 3,
  UNKNOWN_SERIALIZER: 3,
  LIMIT: 3,
  STORE: 4,
  INCOMPATIBLE: 5,
  CONFLICT: 5,
  UNHASHABLE: 5,
}

/** The exit code of a process that ends with this error. */
export function exitCodeOf(code: KobelErrorCode): number {
  return EXIT_CODES[code]
}
