import { fromBase64 } from '../bytes/encoding.ts'
import { Reader } from '../bytes/reader.ts'
import type { Writer } from '../bytes/writer.ts'
import { KobelError } from '../error.ts'
import { hashValue, isHashable } from '../serializer/interpreter/hash.ts'
import type { Layout } from '../serializer/layout.ts'
import { keyGroupOfHash } from '../snapshot/key-groups.ts'
import { encodeJson } from './encode-json.ts'
import type { ResolvedOperator } from './resolve.ts'

/** What a row tells of its key. */
export interface KeyedRow {
  readonly key?: unknown
  readonly keyGroup?: number
  readonly bytes?: { readonly key?: string }
}

/** Writes the key of a row. @throws KobelError `USAGE` where there is none, or it is null. */
export function encodeKey(layout: Layout, row: KeyedRow, writer: Writer): void {
  if (row.bytes?.key !== undefined) return writer.raw(fromBase64(row.bytes.key))
  if (row.key === undefined) throw new KobelError('USAGE', 'the row has no key')
  if (row.key === null && !PRINTS_NULL.has(layout.op)) throw new KobelError('USAGE', 'a key cannot be null')
  encodeJson(layout)(row.key, writer)
}

/** Layouts of which a value that is not Java's null prints as null. */
const PRINTS_NULL: ReadonlySet<Layout['op']> = new Set(['constant', 'tagged', 'codec', 'union'])

/**
 * The key group of a key, whose bytes lie from 0 to the writer's offset.
 *
 * @param given what the row says: it is taken where kobel does not know the hash of the key, and compared where it does.
 * @throws KobelError `UNHASHABLE` where it is not known, and not given.
 */
export function keyGroupOfBytes(
  { operator }: ResolvedOperator,
  layout: Layout,
  key: Writer,
  given: number | undefined,
): number {
  const hash = hasherOf(layout)
  if (!hash) {
    if (given !== undefined) return given
    throw new KobelError(
      'UNHASHABLE',
      'the hash of the key is not known to kobel: give each row its keyGroup, or write the state with a key of another type',
      { operator: operator.uid ?? operator.id },
    )
  }
  const keyGroup = keyGroupOfHash(hash(key), operator.maxParallelism)
  if (given === undefined || given === keyGroup) return keyGroup
  throw new KobelError(
    'USAGE',
    `the row says key group ${JSON.stringify(given)}, Java’s hash of its key gives ${keyGroup}: leave keyGroup out`,
  )
}

type Hasher = (key: Writer) => number

const HASHERS = new WeakMap<Layout, Hasher | null>()

function hasherOf(layout: Layout): Hasher | null {
  const known = HASHERS.get(layout)
  if (known !== undefined) return known
  const made = makeHasher(layout)
  HASHERS.set(layout, made)
  return made
}

/** The usual keys are hashed from their bytes at once. */
function makeHasher(layout: Layout): Hasher | null {
  if (!isHashable(layout)) return null
  const interpret: Hasher = ({ bytes, offset }) => hashValue(layout, new Reader(bytes, 0, offset))
  if (layout.op === 'i32') return ({ view }) => view.getInt32(0)
  if (layout.op === 'i64' && layout.hash === undefined && !layout.flipped) {
    return ({ view }) => view.getInt32(0) ^ view.getInt32(4)
  }
  if (layout.op !== 'string' || layout.notNull === true) return interpret
  return (key) => {
    const { bytes, offset } = key
    if (bytes[0] !== offset || offset >= 0x80) return interpret(key)
    let hash = 0
    for (let i = 1; i < offset; i++) {
      const unit = bytes[i]!
      if (unit >= 0x80) return interpret(key)
      hash = (Math.imul(hash, 31) + unit) | 0
    }
    return hash
  }
}
