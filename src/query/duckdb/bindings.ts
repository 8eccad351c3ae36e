import { createRequire } from 'node:module'
import type * as DuckDB from '@duckdb/node-bindings'
import { KobelError } from '../../error.ts'

/**
 * DuckDB's C interface. The package `@duckdb/node-api` above it costs 0.2 s of CPU to import, more than reading a
 * million rows; and `require` spares the search for the names that a CommonJS module exports.
 */
export type Bindings = typeof DuckDB

export const BINDINGS_VERSION = '1.5.6-r.1'

/** @throws KobelError `USAGE` where the optional dependency is not installed. */
export function loadBindings(): Bindings {
  const require = createRequire(import.meta.url)
  try {
    return require('@duckdb/node-bindings') as Bindings
  } catch (error) {
    throw new KobelError(
      'USAGE',
      `SQL needs DuckDB, which is not installed here: npm install @duckdb/node-bindings@${BINDINGS_VERSION} (${(error as Error).message.split('\n', 1)[0]})`,
      {},
      { cause: error },
    )
  }
}
