import { fromBase64, toBase64 } from '../../bytes/encoding.ts'
import type { Reader } from '../../bytes/reader.ts'
import { KobelError } from '../../error.ts'
import { numberJson } from '../interpreter/json.ts'
import type { Codec, Layout } from '../layout.ts'
import { bigIntFromBytes, float32Shortest } from '../numbers.ts'
import type { Value } from '../value.ts'
import { bytesOf, unfit } from './check.ts'
import { plainDecimal } from './sql-decimal.ts'
import { dateFromDays, timestampText } from './sql-time.ts'
import { variantOfJson } from './variant-write.ts'

/**
 * A VARIANT (`org.apache.flink.types.variant.BinaryVariant`, the variant of Parquet and Spark): a dictionary of names,
 * and a value that refers to it. As a value it is `{ metadata, value }`, the bytes; JSON has it readable besides.
 */
interface Variant {
  readonly metadata: Uint8Array
  readonly value: Uint8Array
}

/** Metadata of the given length, then the value up to the reader's limit. */
export function readVariant(reader: Reader, metadataLength: number): Value {
  const metadata = reader.take(metadataLength).slice()
  return { metadata, value: reader.take(reader.remaining).slice() }
}

/** i32 length of the metadata, metadata, value: the form inside a binary row. */
export function variantBytes(variant: Value): Uint8Array {
  const { metadata, value } = variantOf(variant)
  const bytes = new Uint8Array(4 + metadata.length + value.length)
  new DataView(bytes.buffer).setInt32(0, metadata.length)
  bytes.set(metadata, 4)
  bytes.set(value, 4 + metadata.length)
  return bytes
}

export function variantOf(variant: Value): Variant {
  const { metadata, value } = (variant ?? {}) as { metadata?: Value; value?: Value }
  if (metadata === undefined || value === undefined) throw unfit('a variant { metadata, value }', null)
  return { metadata: bytesOf(metadata), value: bytesOf(value) }
}

export function variantJson(variant: Value): string {
  const { metadata, value } = variantOf(variant)
  return `{"variant":${readableJson({ metadata, value })},"metadata":"${toBase64(metadata)}","value":"${toBase64(value)}"}`
}

/** The bytes where they are given (`variantJson` gives them); else what `variant` holds, or the JSON itself, is encoded. */
export function variantFromJson(json: unknown): Value {
  const members = typeof json === 'object' && json !== null && !Array.isArray(json) ? Object.keys(json) : []
  const { variant, metadata, value } = (json ?? {}) as Readonly<Record<string, unknown>>
  const others = members.filter((name) => name !== 'variant' && name !== 'metadata' && name !== 'value')
  if (others.length === 0 && typeof metadata === 'string' && typeof value === 'string') {
    return { metadata: fromBase64(metadata), value: fromBase64(value) }
  }
  return variantOfJson(members.length === 1 && members[0] === 'variant' ? variant : json)
}

/** `VariantSerializer`: i32 length of the value, i32 length of the metadata, value, metadata. */
export function variantLayout(): Layout {
  const codec: Codec = {
    name: 'Variant',
    delimited: true,
    read: (reader) => {
      const { valueLength, metadataLength } = readLengths(reader)
      const value = reader.take(valueLength)
      const metadata = reader.take(metadataLength)
      return { metadata: metadata.slice(), value: value.slice() }
    },
    write: (writer, variant) => {
      const { metadata, value } = variantOf(variant)
      writer.i32(value.length)
      writer.i32(metadata.length)
      writer.raw(value)
      writer.raw(metadata)
    },
    skip: (reader) => {
      const { valueLength, metadataLength } = readLengths(reader)
      reader.skip(valueLength)
      reader.skip(metadataLength)
    },
    toJson: variantJson,
    fromJson: variantFromJson,
  }
  return { op: 'codec', className: 'org.apache.flink.types.variant.Variant', codec }
}

function readLengths(reader: Reader): { valueLength: number; metadataLength: number } {
  return { valueLength: reader.i32(), metadataLength: reader.i32() }
}

/** What the variant says, as JSON text; `null` where its bytes are damaged, as they are given beside it. */
function readableJson(variant: Variant): string {
  try {
    const left = MIN_TEXT + MAX_GROWTH * (variant.metadata.length + variant.value.length)
    return jsonAt({ ...variant, left }, 0, 0)
  } catch (error) {
    if (error instanceof KobelError) return 'null'
    throw error
  }
}

const MAX_DEPTH = 200
/** Names are shared, and nothing keeps values from sharing bytes: the text may be this many times their length. */
const MAX_GROWTH = 16
const MIN_TEXT = 65_536

interface Walk extends Variant {
  /** Characters that the text may still grow by. */
  left: number
}

function counted(walk: Walk, text: string): string {
  walk.left -= text.length + 1
  if (walk.left < 0) throw damaged('its values overlap')
  return text
}

/**
 * u8 header: 2 bits of the basic type, 6 bits of its own:
 * ```
 * 0 primitive  6 bits kind; content            2 object  size, ids, offsets, values
 * 1 short text 6 bits length; UTF-8            3 array   size, offsets, values
 * ```
 */
function jsonAt(walk: Walk, at: number, depth: number): string {
  if (depth > MAX_DEPTH) throw damaged('it is nested too deeply')
  const header = unsigned(walk.value, at, 1)
  const info = header >> 2
  switch (header & 3) {
    case 0:
      return counted(walk, primitiveJson(walk.value, info, at + 1))
    case 1:
      return counted(walk, textJson(walk.value, at + 1, info))
    case 2:
      return objectJson(walk, info, at + 1, depth)
    default:
      return arrayJson(walk, info, at + 1, depth)
  }
}

function objectJson(walk: Walk, info: number, at: number, depth: number): string {
  const { value } = walk
  counted(walk, '{}')
  const idBytes = ((info >> 2) & 3) + 1
  const offsetBytes = (info & 3) + 1
  const sizeBytes = (info & 0x10) === 0 ? 1 : 4
  const size = unsigned(value, at, sizeBytes)
  const ids = at + sizeBytes
  const offsets = ids + size * idBytes
  const values = offsets + (size + 1) * offsetBytes
  if (values > value.length) throw damaged('an object goes beyond its end')
  const members = Array.from({ length: size }, (_, i) => {
    const name = counted(walk, nameOf(walk.metadata, unsigned(value, ids + i * idBytes, idBytes)))
    return `${name}:${jsonAt(walk, values + unsigned(value, offsets + i * offsetBytes, offsetBytes), depth + 1)}`
  })
  return `{${members.join(',')}}`
}

function arrayJson(walk: Walk, info: number, at: number, depth: number): string {
  const { value } = walk
  counted(walk, '[]')
  const offsetBytes = (info & 3) + 1
  const sizeBytes = (info & 4) === 0 ? 1 : 4
  const size = unsigned(value, at, sizeBytes)
  const offsets = at + sizeBytes
  const values = offsets + (size + 1) * offsetBytes
  if (values > value.length) throw damaged('an array goes beyond its end')
  const elements = Array.from({ length: size }, (_, i) =>
    jsonAt(walk, values + unsigned(value, offsets + i * offsetBytes, offsetBytes), depth + 1),
  )
  return `[${elements.join(',')}]`
}

/** u8 version and (length of offsets - 1) << 6, count of names, offsets, UTF-8. */
function nameOf(metadata: Uint8Array, id: number): string {
  const offsetBytes = (unsigned(metadata, 0, 1) >> 6) + 1
  const count = unsigned(metadata, 1, offsetBytes)
  if (id >= count) throw damaged(`the name ${id} of ${count}`)
  const names = 1 + (count + 2) * offsetBytes
  const start = unsigned(metadata, 1 + (id + 1) * offsetBytes, offsetBytes)
  const end = unsigned(metadata, 1 + (id + 2) * offsetBytes, offsetBytes)
  if (start > end) throw damaged('a name ends before it begins')
  return textJson(metadata, names + start, end - start)
}

function primitiveJson(value: Uint8Array, kind: number, at: number): string {
  switch (kind) {
    case 0:
      return 'null'
    case 1:
      return 'true'
    case 2:
      return 'false'
    case 3:
    case 4:
    case 5:
    case 6:
      return `${signed(value, at, 1 << (kind - 3))}`
    case 7:
      return numberJson(view(value, at, 8).getFloat64(0, true))
    case 8:
    case 9:
    case 10:
      return plainDecimal(signed(value, at + 1, 4 << (kind - 8)), unsigned(value, at, 1))
    case 11:
      return `"${dateFromDays(view(value, at, 4).getInt32(0, true))}"`
    case 12:
    case 13:
      return `"${microsText(signed(value, at, 8), kind === 13)}"`
    case 14:
      return numberJson(float32Shortest(view(value, at, 4).getFloat32(0, true)))
    case 15:
      return `"${toBase64(slice(value, at + 4, unsigned(value, at, 4)))}"`
    case 16:
      return textJson(value, at + 4, unsigned(value, at, 4))
    default:
      throw damaged(`a primitive of the unknown kind ${kind}`)
  }
}

function microsText(micros: bigint, local: boolean): string {
  const ofMilli = ((micros % 1000n) + 1000n) % 1000n
  return timestampText({ millis: (micros - ofMilli) / 1000n, nanoOfMilli: Number(ofMilli) * 1000 }, local)
}

const textDecoder = new TextDecoder('utf-8', { ignoreBOM: true })

function textJson(bytes: Uint8Array, at: number, length: number): string {
  return JSON.stringify(textDecoder.decode(slice(bytes, at, length)))
}

function slice(bytes: Uint8Array, at: number, length: number): Uint8Array {
  if (at + length > bytes.length) throw damaged('it goes beyond its end')
  return bytes.subarray(at, at + length)
}

function view(bytes: Uint8Array, at: number, length: number): DataView {
  const part = slice(bytes, at, length)
  return new DataView(part.buffer, part.byteOffset, length)
}

/** Little-endian, of up to 4 bytes. */
function unsigned(bytes: Uint8Array, at: number, length: number): number {
  return slice(bytes, at, length).reduceRight((sum, byte) => sum * 256 + byte, 0)
}

function signed(bytes: Uint8Array, at: number, length: number): bigint {
  return bigIntFromBytes(slice(bytes, at, length).slice().reverse())
}

function damaged(found: string): KobelError {
  return new KobelError('CORRUPT', `a variant is damaged: ${found}`)
}
