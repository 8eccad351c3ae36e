import type { Reader } from '../../bytes/reader.ts'
import { KobelError } from '../../error.ts'
import { readVarint } from '../strings.ts'

/** Values nested deeper than this are taken for damage; the deepest known from real jobs is below 20. */
export const MAX_DEPTH = 200

export function tooDeep(reader: Reader): KobelError {
  return new KobelError('LIMIT', `values are nested deeper than ${MAX_DEPTH}`, { offset: reader.offset })
}

export function unknownExtent(className: string, reader: Reader): KobelError {
  return new KobelError(
    'UNKNOWN_SERIALIZER',
    `kobel does not know the serializer snapshot ${className}, and nothing else tells where its bytes end; give a row for it with the option serializers`,
    { offset: reader.offset },
  )
}

/**
 * Elements that take no bytes are no evidence for a count, so their number is limited; inside other values, where a few
 * bytes could ask for many of them over and over, to what hardly costs anything.
 */
const MAX_EMPTY = 1 << 20
const MAX_EMPTY_INSIDE = 64

function checkEmpty(count: number, what: string, depth: number, reader: Reader): void {
  const most = depth === 0 ? MAX_EMPTY : MAX_EMPTY_INSIDE
  if (count <= most) return
  throw new KobelError('LIMIT', `${count} ${what} without bytes are over the limit of ${most}`, {
    offset: reader.offset,
  })
}

/** Reads an i32 count of things of which each takes at least `minimum` bytes. */
export function readCount(reader: Reader, what: string, minimum: number, depth: number): number {
  const count = reader.count(what, minimum)
  if (minimum === 0) checkEmpty(count, what, depth, reader)
  return count
}

/** Reads blocks of elements of at least `minimum` bytes each, `varint count, elements`, up to the block of none. */
export function forBlocks(reader: Reader, minimum: number, depth: number, readBlock: (count: number) => void): void {
  for (let total = 0; ; ) {
    const at = reader.offset
    const count = readVarint(reader)
    if (count === 0) return
    total += count
    if (count * minimum > reader.remaining) {
      throw new KobelError(
        'TRUNCATED',
        `a block of ${count} elements was expected, but only ${reader.remaining} bytes are left`,
        { offset: at },
      )
    }
    if (minimum === 0) checkEmpty(total, 'elements', depth, reader)
    readBlock(count)
  }
}
