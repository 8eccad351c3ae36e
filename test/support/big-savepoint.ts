import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { snappyFrame } from '../../src/bytes/snappy-framed.ts'
import { Writer } from '../../src/bytes/writer.ts'
import type { KeyedStateHandle, KeyGroupOffsets } from '../../src/format/metadata/index.ts'
import { writeMetadata } from '../../src/format/metadata/index.ts'
import { simpleSnapshot, TINY_ID } from './tiny-savepoint.ts'

/** A savepoint of any size. */
export interface BigSavepoint {
  /** About so many bytes of state. */
  readonly bytes: number
  readonly format?: 'canonical' | 'heap'
  readonly compressed?: boolean
  /** Entries lie in the order of their keys, as RocksDB writes them, or in none, as the heap backend does. */
  readonly sorted?: boolean
  /** So many key groups share the entries; the others are empty. */
  readonly keyGroups?: number
  /** Characters of a value. */
  readonly valueBytes?: number
  /** One more entry, with a value of so many characters. */
  readonly bigValueBytes?: number
}

const BASE = 'org.apache.flink.api.common.typeutils.base'
const KEY_GROUPS = 128
/** What an entry takes beside its value in canonical layout: lengths, key group, key, namespace, length of the text. */
const ENTRY_BYTES = 4 + 1 + 8 + 1 + 4 + 4

/**
 * Writes a savepoint of one operator with string values under long keys: VALUE states `first` and `second`, half of the
 * entries each. Keys do not belong to their key groups by hash, which scans do not ask for.
 */
export function writeBigSavepoint(directory: string, options: BigSavepoint): void {
  mkdirSync(directory, { recursive: true })
  const { keyGroups = KEY_GROUPS, valueBytes = 100, format = 'canonical' } = options
  const entries = Math.ceil(options.bytes / (ENTRY_BYTES + valueBytes) / keyGroups / 2)
  const file = new Output(join(directory, 'state'))
  file.write(head(options.compressed ?? false))
  const offsets: number[] = []
  for (let keyGroup = 0; keyGroup < KEY_GROUPS; keyGroup++) {
    const count = keyGroup < keyGroups ? entries : 0
    offsets.push(count === 0 && format === 'canonical' ? 0 : file.length)
    const big = keyGroup === 0 ? (options.bigValueBytes ?? 0) : 0
    if (format === 'heap') writeHeapKeyGroup(file, options, keyGroup, count, big)
    else if (count > 0) writeCanonicalKeyGroup(file, options, keyGroup, count, big)
  }
  file.close()
  writeFileSync(join(directory, '_metadata'), metadata(format, offsets, file.length))
}

/** Plain bytes of a key group are handed on in pieces: compressed, or as they are. */
function pieces(file: Output, compressed: boolean): { writer: Writer; flush: (last: boolean) => void } {
  const writer = new Writer(1 << 20)
  let begun = false
  const flush = (last: boolean): void => {
    if (!last && writer.offset < 1 << 19) return
    const plain = writer.bytes.subarray(0, writer.offset)
    file.write(compressed ? snappyFrame(plain, !begun) : plain)
    begun = true
    writer.offset = 0
  }
  return { writer, flush }
}

function writeCanonicalKeyGroup(
  file: Output,
  { compressed = false, sorted = true, valueBytes = 100 }: BigSavepoint,
  keyGroup: number,
  count: number,
  big: number,
): void {
  const { writer, flush } = pieces(file, compressed)
  for (let state = 0; state < 2; state++) {
    writer.i16(state)
    const total = count + (state === 1 && big > 0 ? 1 : 0)
    for (let i = 0; i < total; i++) {
      const length = i === count ? big : valueBytes
      writer.i32(10)
      writer.u8(i === total - 1 ? keyGroup | 0x80 : keyGroup)
      writeKey(writer, i, sorted)
      writer.u8(0)
      const lengthAt = writer.offset
      writer.i32(0)
      writeText(writer, length, i)
      writer.view.setInt32(lengthAt, writer.offset - lengthAt - 4)
      flush(false)
    }
  }
  writer.i16(-1)
  flush(true)
}

function writeHeapKeyGroup(
  file: Output,
  { compressed = false, sorted = false, valueBytes = 100 }: BigSavepoint,
  keyGroup: number,
  count: number,
  big: number,
): void {
  const number = new Writer(4)
  number.i32(keyGroup)
  file.write(number.toBytes())
  for (let state = 0; state < 2; state++) {
    const { writer, flush } = pieces(file, compressed)
    const total = count + (state === 1 && big > 0 ? 1 : 0)
    writer.i16(state)
    writer.i32(total)
    for (let i = 0; i < total; i++) {
      writer.u8(0)
      writeKey(writer, i, sorted)
      writeText(writer, i === count ? big : valueBytes, i)
      flush(false)
    }
    flush(true)
  }
}

/** Keys that differ, in ascending order or in none. */
function writeKey(writer: Writer, i: number, sorted: boolean): void {
  writer.i32(0)
  writer.i32(sorted ? i : Math.imul(i, 0x9e3779b1) & 0x7fffffff)
}

/** A text as `StringValue` writes it: length + 1 in base 128, then ASCII characters, which hardly compress. */
export function writeText(writer: Writer, length: number, seed: number): void {
  let rest = length + 1
  for (; rest >= 0x80; rest >>>= 7) writer.u8((rest & 0x7f) | 0x80)
  writer.u8(rest)
  for (let left = length; left > 0; ) {
    const from = (seed * 7919) % (TEXT.length >> 1)
    const part = TEXT.subarray(from, Math.min(TEXT.length, from + left))
    writer.raw(part)
    left -= part.length
  }
}

const TEXT: Uint8Array = pseudoText(1 << 16)

function pseudoText(length: number): Uint8Array {
  let state = 1
  return Uint8Array.from({ length }, () => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 1
    return 0x61 + ((state >>> 8) % 26)
  })
}

export function head(compressed: boolean): Uint8Array {
  const writer = new Writer(1024)
  writer.i32(6)
  writer.bool(compressed)
  simpleSnapshot(writer, `${BASE}.LongSerializer$LongSerializerSnapshot`)
  writer.i16(2)
  for (const name of ['first', 'second']) {
    writer.utf(name)
    writer.i32(0)
    writer.i32(1)
    writer.utf('KEYED_STATE_TYPE')
    writer.utf('VALUE')
    writer.i32(2)
    writer.utf('VALUE_SERIALIZER')
    simpleSnapshot(writer, `${BASE}.StringSerializer$StringSerializerSnapshot`)
    writer.utf('NAMESPACE_SERIALIZER')
    simpleSnapshot(writer, 'org.apache.flink.runtime.state.VoidNamespaceSerializer$VoidNamespaceSerializerSnapshot')
  }
  return writer.toBytes()
}

function metadata(format: 'canonical' | 'heap', offsets: readonly number[], size: number): Uint8Array {
  const place: KeyGroupOffsets = {
    keyGroupRange: { keyGroupFirst: 0, keyGroupLast: KEY_GROUPS - 1 },
    offsets: [...offsets],
    stream: { kind: 'relative-file', path: 'state', size },
  }
  const handle: KeyedStateHandle =
    format === 'canonical' ? { kind: 'savepoint-key-groups', ...place } : { kind: 'key-groups', ...place }
  return writeMetadata({
    version: 4,
    checkpointId: 7n,
    masterStates: [],
    operators: [
      {
        id: TINY_ID,
        parallelism: 1,
        maxParallelism: KEY_GROUPS,
        fullyFinished: false,
        subtasks: [
          { index: 0, finished: false, managedKeyedState: handle, inputChannelState: [], resultSubpartitionState: [] },
        ],
      },
    ],
  })
}

/** A file that is written front to back. */
export class Output {
  length = 0
  private readonly file: number

  constructor(path: string) {
    this.file = openSync(path, 'w')
  }

  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) at += writeSync(this.file, bytes, at)
    this.length += bytes.length
  }

  close(): void {
    closeSync(this.file)
  }
}
