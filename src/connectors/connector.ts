import { Reader } from '../bytes/reader.ts'
import { KobelError } from '../error.ts'
import type { Versioned } from '../format/simple-versioned.ts'

/** Plain data, as JSON has it. Longs beyond 2^53 are texts. */
export type Plain = null | boolean | number | string | readonly Plain[] | { readonly [name: string]: Plain | undefined }

/** What a connector stores, by the place where Flink keeps it. */
export type Role = 'split' | 'enumerator' | 'writerState' | 'committable'

/** Reads what one `SimpleVersionedSerializer` of a connector wrote. */
export interface Decoder {
  readonly versions: readonly number[]
  /** Must throw a KobelError where the bytes do not fit; bytes left over mean that they do not. */
  readonly read: (reader: Reader, version: number, nested: Nested) => Plain
}

/** Reads an object that another connector wrote, inside that of a wrapping one. */
export type Nested = (role: Role, versioned: Versioned) => Plain

/** The public layouts of one connector. */
export interface Connector extends Readonly<Partial<Record<Role, Decoder>>> {
  readonly name: string
}

/** What the decoder reads, undefined where the bytes are not of its form. */
export function decodeWith(
  decoder: Decoder | undefined,
  { version, bytes }: Versioned,
  nested: Nested,
): Plain | undefined {
  if (!decoder?.versions.includes(version)) return undefined
  const reader = new Reader(bytes)
  try {
    const decoded = decoder.read(reader, version, nested)
    return reader.remaining === 0 ? decoded : undefined
  } catch (error) {
    if (error instanceof KobelError) return undefined
    throw error
  }
}

export function plainLong(value: bigint): number | string {
  return value > 2n ** 53n || value < -(2n ** 53n) ? String(value) : Number(value)
}

/** Refuses what no writer would have written: how the bytes of another connector are told. */
export function expectThat(holds: boolean, what: string, reader: Reader): void {
  if (!holds) throw new KobelError('CORRUPT', `${what} was expected`, { offset: reader.offset })
}

/** `i32 count`, then as many things of at least `minBytesEach` bytes. */
export function readMany<T>(reader: Reader, what: string, minBytesEach: number, read: () => T): T[] {
  return Array.from({ length: reader.count(what, minBytesEach) }, read)
}

/** `i32 magic` */
export function readMagic(reader: Reader, magic: number): void {
  expectThat(reader.i32() === (magic | 0), `the number ${magic.toString(16)}`, reader)
}
