import { relative } from 'node:path'

/** A path below the working directory without that. */
export function shortPath(location: string): string {
  const short = location.startsWith('/') ? relative('', location) : location
  return short === '' || short.startsWith('..') ? location : short
}
