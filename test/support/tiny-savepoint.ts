import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writer } from '../../src/bytes/writer.ts'
import { type Metadata, writeMetadata } from '../../src/format/metadata/index.ts'

const BASE = 'org.apache.flink.api.common.typeutils.base'

/** A framed serializer snapshot without a body: i32 2, utf class, i32 version. */
export function simpleSnapshot(writer: Writer, className: string): void {
  writer.i32(2)
  writer.utf(className)
  writer.i32(3)
}

/** A text of ASCII characters as `StringValue` writes it: length + 1, then the characters. */
function flinkString(text: string): Uint8Array {
  return Uint8Array.of(text.length + 1, ...[...text].map((character) => character.charCodeAt(0)))
}

export interface TinyEntry {
  readonly keyGroup: number
  readonly key: string
  readonly value: bigint
}

export interface TinyStream {
  readonly bytes: Uint8Array
  /** Where each key group begins. */
  readonly offsets: number[]
}

/**
 * A stream in canonical layout with one VALUE state `count` of longs under string keys, written down by hand from the
 * format: entries by key group, at most one for each.
 */
export function tinyStream(keyGroupLast: number, entries: readonly TinyEntry[]): TinyStream {
  const writer = new Writer(1024)
  writer.i32(6)
  writer.bool(false)
  simpleSnapshot(writer, `${BASE}.StringSerializer$StringSerializerSnapshot`)
  writer.i16(1)
  writer.utf('count')
  writer.i32(0)
  writer.i32(1)
  writer.utf('KEYED_STATE_TYPE')
  writer.utf('VALUE')
  writer.i32(2)
  writer.utf('VALUE_SERIALIZER')
  simpleSnapshot(writer, `${BASE}.LongSerializer$LongSerializerSnapshot`)
  writer.utf('NAMESPACE_SERIALIZER')
  simpleSnapshot(writer, 'org.apache.flink.runtime.state.VoidNamespaceSerializer$VoidNamespaceSerializerSnapshot')
  const offsets: number[] = []
  for (let keyGroup = 0; keyGroup <= keyGroupLast; keyGroup++) {
    const entry = entries.find((each) => each.keyGroup === keyGroup)
    offsets.push(entry ? writer.toBytes().length : 0)
    if (!entry) continue
    writer.i16(0)
    const key = flinkString(entry.key)
    writer.i32(1 + key.length + 1)
    // The key group, with the mark of the last entry of a run; then key and VoidNamespace.
    writer.u8(keyGroup | 0x80)
    writer.raw(key)
    writer.u8(0)
    writer.i32(8)
    writer.i64(entry.value)
    writer.i16(-1)
  }
  return { bytes: writer.toBytes(), offsets }
}

export const TINY_ID = '00112233445566778899aabbccddeeff'

/** `_metadata` of a savepoint with one operator of one subtask, and its state inline or in the file `state`. */
export function tinyMetadata(stream: TinyStream, change: Partial<Metadata> = {}, file?: string): Uint8Array {
  return writeMetadata({
    version: 4,
    checkpointId: 7n,
    masterStates: [],
    operators: [
      {
        id: TINY_ID,
        parallelism: 1,
        maxParallelism: 128,
        fullyFinished: false,
        subtasks: [
          {
            index: 0,
            finished: false,
            managedKeyedState: {
              kind: 'savepoint-key-groups',
              keyGroupRange: { keyGroupFirst: 0, keyGroupLast: stream.offsets.length - 1 },
              offsets: stream.offsets,
              stream:
                file === undefined
                  ? { kind: 'byte-stream', name: 'inline', bytes: stream.bytes }
                  : { kind: 'relative-file', path: file, size: stream.bytes.length },
            },
            inputChannelState: [],
            resultSubpartitionState: [],
          },
        ],
      },
    ],
    ...change,
  })
}

/** A new directory below the system's, with these files; removed when the test process ends. */
export function directoryWith(files: Readonly<Record<string, Uint8Array>>): string {
  const directory = mkdtempSync(join(tmpdir(), 'kobel-'))
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(directory, name), bytes)
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** A savepoint of {@link TINY_ENTRIES}; the state lies in a file of its own if `file` is given. */
export function tinySavepoint(file?: string): string {
  const stream = tinyStream(127, TINY_ENTRIES)
  return directoryWith({
    _metadata: tinyMetadata(stream, {}, file),
    ...(file !== undefined && { [file]: stream.bytes }),
  })
}

/** In their key groups at max parallelism 128; that of the empty text is the one of hash 0. */
export const TINY_ENTRIES: readonly TinyEntry[] = [
  { keyGroup: 15, key: 'carol', value: 1n },
  { keyGroup: 21, key: 'dave, "d"', value: 2n ** 53n + 1n },
  { keyGroup: 94, key: '', value: -1n },
  { keyGroup: 116, key: 'alice', value: 42n },
]
