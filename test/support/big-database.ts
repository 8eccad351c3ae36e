import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32c, maskCrc32c } from '../../src/bytes/crc32c.ts'
import { Writer } from '../../src/bytes/writer.ts'
import { writeMetadata } from '../../src/format/metadata/index.ts'
import { head, Output, writeText } from './big-savepoint.ts'
import { TINY_ID } from './tiny-savepoint.ts'

/** A checkpoint of RocksDB of any size. */
export interface BigDatabase {
  /** About so many bytes of state. */
  readonly bytes: number
  /** Characters of a value. */
  readonly valueBytes: number
  /** Bytes of entries in a block. */
  readonly blockBytes: number
}

const KEY_GROUPS = 128
const TRAILER_BYTES = 8
/** Of the key: key group, long, namespace. */
const USER_KEY_BYTES = 10

/**
 * Writes an incremental checkpoint of one operator with VALUE states `first` and `second`: a table of each, in the form of
 * RocksDB's tables written down by hand, neither compressed nor with checksums.
 */
export function writeBigDatabase(directory: string, options: BigDatabase): void {
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'meta'), head(false))
  writeFileSync(join(directory, 'CURRENT'), 'MANIFEST-000001\n')
  const names = ['first', 'second']
  const tables = names.map((_, i) => writeTable(directory, i + 2, options))
  const manifest = Buffer.concat(names.map((name, i) => logRecord(columnFamilyEdit(i + 1, name, tables[i]!))))
  writeFileSync(join(directory, 'MANIFEST-000001'), manifest)
  const file = (path: string, size: number) => ({
    localPath: path,
    handle: { kind: 'relative-file' as const, path, size },
  })
  const handle = {
    kind: 'incremental' as const,
    checkpointId: 7n,
    backendIdentifier: '01234567-89ab-cdef-0123-456789abcdef',
    keyGroupRange: { keyGroupFirst: 0, keyGroupLast: KEY_GROUPS - 1 },
    metaState: file('meta', head(false).length).handle,
    sharedState: tables.map(({ name, size }) => file(name, size)),
    privateState: [file('CURRENT', 16), file('MANIFEST-000001', manifest.length)],
  }
  writeFileSync(
    join(directory, '_metadata'),
    writeMetadata({
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
            {
              index: 0,
              finished: false,
              managedKeyedState: handle,
              inputChannelState: [],
              resultSubpartitionState: [],
            },
          ],
        },
      ],
    }),
  )
}

interface WrittenTable {
  readonly name: string
  readonly number: number
  readonly size: number
  readonly smallest: Uint8Array
  readonly largest: Uint8Array
}

function writeTable(directory: string, number: number, { bytes, valueBytes, blockBytes }: BigDatabase): WrittenTable {
  const name = `${String(number).padStart(6, '0')}.sst`
  const file = new Output(join(directory, name))
  const perKeyGroup = Math.ceil(bytes / 2 / KEY_GROUPS / (valueBytes + USER_KEY_BYTES + TRAILER_BYTES + 5))
  const index = new Writer(1 << 16)
  let block = new Writer(2 * blockBytes + 2 * valueBytes)
  let pending: Uint8Array[] = []
  const value = new Writer(valueBytes + 8)
  let last: Uint8Array = new Uint8Array(0)
  let smallest: Uint8Array | undefined
  const endBlock = (): void => {
    if (block.offset === 0) return
    writeEntry(index, last, handleBytes(file.length, endOfBlock(block)))
    pending.push(block.toBytes(), new Uint8Array(5))
    file.write(Buffer.concat(pending))
    pending = []
    block = new Writer(2 * blockBytes + 2 * valueBytes)
  }
  for (let keyGroup = 0; keyGroup < KEY_GROUPS; keyGroup++) {
    for (let i = 0; i < perKeyGroup; i++) {
      const key = internalKey(keyGroup, i)
      smallest ??= key
      value.offset = 0
      writeText(value, valueBytes, i)
      writeEntry(block, key, value.bytes.subarray(0, value.offset))
      last = key
      if (block.offset >= blockBytes) endBlock()
    }
  }
  endBlock()
  const writeBlock = (each: Writer): Uint8Array => {
    const handle = handleBytes(file.length, endOfBlock(each))
    file.write(each.toBytes())
    file.write(new Uint8Array(5))
    return handle
  }
  const indexHandle = writeBlock(index)
  const metaIndexHandle = writeBlock(new Writer(16))
  file.write(footer(metaIndexHandle, indexHandle))
  file.close()
  return { name, number, size: file.length, smallest: smallest!, largest: last }
}

/** User key, then sequence number 0 and type 1, a value. */
function internalKey(keyGroup: number, i: number): Uint8Array {
  const key = new Uint8Array(USER_KEY_BYTES + TRAILER_BYTES)
  key[0] = keyGroup
  new DataView(key.buffer).setBigInt64(1, BigInt(i))
  key[USER_KEY_BYTES] = 1
  return key
}

function writeEntry(writer: Writer, key: Uint8Array, value: Uint8Array): void {
  writer.u8(0)
  writeVarint(writer, key.length)
  writeVarint(writer, value.length)
  writer.raw(key)
  writer.raw(value)
}

/** One restart, at the first entry; gives the size of the block. */
function endOfBlock(block: Writer): number {
  for (const byte of [0, 0, 0, 0, 1, 0, 0, 0]) block.u8(byte)
  return block.offset
}

function handleBytes(offset: number, size: number): Uint8Array {
  const writer = new Writer(20)
  writeVarint(writer, offset)
  writeVarint(writer, size)
  return writer.toBytes()
}

/** Of format version 5, with checksums of type 0: none. */
function footer(metaIndex: Uint8Array, index: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(53)
  bytes.set(metaIndex, 1)
  bytes.set(index, 1 + metaIndex.length)
  bytes[41] = 5
  bytes.set([0xf7, 0xcf, 0xf4, 0x85, 0xb7, 0x41, 0xe2, 0x88], 45)
  return bytes
}

function columnFamilyEdit(id: number, name: string, table: WrittenTable): Uint8Array {
  const writer = new Writer(256)
  const slice = (bytes: Uint8Array): void => {
    writeVarint(writer, bytes.length)
    writer.raw(bytes)
  }
  for (const number of [200, id, 201]) writeVarint(writer, number)
  slice(Buffer.from(name))
  // A file of level 6: number, size, bounds, the smallest and largest sequence number.
  for (const number of [100, 6, table.number, table.size]) writeVarint(writer, number)
  slice(table.smallest)
  slice(table.largest)
  for (const number of [0, 0]) writeVarint(writer, number)
  return writer.toBytes()
}

/** In one fragment: all together are shorter than a block of the log. */
function logRecord(payload: Uint8Array): Uint8Array {
  const record = Buffer.alloc(7 + payload.length)
  record.writeUInt16LE(payload.length, 4)
  record[6] = 1
  record.set(payload, 7)
  record.writeUInt32LE(maskCrc32c(crc32c(record, 6, record.length)), 0)
  return record
}

function writeVarint(writer: Writer, value: number): void {
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) writer.u8((rest % 128) | 0x80)
  writer.u8(rest)
}
