import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromHex } from '../../src/bytes/encoding.ts'
import { Reader } from '../../src/bytes/reader.ts'
import { Writer } from '../../src/bytes/writer.ts'
import { KobelError } from '../../src/error.ts'
import type { KeyGroupsStateHandle } from '../../src/format/metadata/index.ts'
import { type RawTimers, writeRawTimers } from '../../src/format/raw-timers.ts'
import { readVersionedSnapshot, type SerializerSnapshot } from '../../src/serializer/snapshot.ts'
import { SERIALIZER_TABLE } from '../../src/serializer/table.ts'
import { BatchDecoder } from '../../src/snapshot/decode.ts'
import type { KeyedSource, ScanOptions, SourceContext } from '../../src/snapshot/keyed-source.ts'
import { openRawTimersSource } from '../../src/snapshot/raw-timers-source.ts'
import { StreamOpener } from '../../src/snapshot/streams.ts'
import { MemoryStore } from '../../src/store/memory.ts'

// Written down by hand from InternalTimerServiceSerializationProxy and LegacyTimerSerializer of Flink 2.3.0.

const STRING = 'org.apache.flink.api.common.typeutils.base.StringSerializer$StringSerializerSnapshot'
const VOID = 'org.apache.flink.runtime.state.VoidNamespaceSerializer$VoidNamespaceSerializerSnapshot'

function hex(text: string): string {
  return Buffer.from(text, 'latin1').toString('hex')
}

function versioned(className: string): string {
  return `${className.length.toString(16).padStart(4, '0')}${hex(className)}00000003`
}

const NO_TIMERS = `f1cd859f 00000002 00000001 0004${hex('user')} ${versioned(STRING)} ${versioned(VOID)} 00000000 00000000`
const TIMERS = `f1cd859f 00000002 00000001 0004${hex('user')} ${versioned(STRING)} ${versioned(VOID)}
  00000002 0261 00 0000000000000007 0262 00 fffffffffffffff0
  00000001 0263 00 0000018bcfe56800`

function bytesOf(text: string): Uint8Array {
  return fromHex(text.replaceAll(/\s/g, ''))
}

const context: SourceContext = {
  streams: new StreamOpener(new MemoryStore(), ''),
  table: SERIALIZER_TABLE,
  options: {},
  maxParallelism: 128,
}

/** Key groups 4 and 5. */
function handleOf(...keyGroups: Uint8Array[]): KeyGroupsStateHandle {
  const offsets: number[] = []
  const writer = new Writer()
  writer.raw(Uint8Array.of(9, 9, 9))
  for (const bytes of keyGroups) {
    offsets.push(writer.offset)
    writer.raw(bytes)
  }
  return {
    kind: 'key-groups',
    keyGroupRange: { keyGroupFirst: 4, keyGroupLast: 3 + keyGroups.length },
    offsets,
    stream: { kind: 'byte-stream', name: 'raw', bytes: writer.toBytes() },
  }
}

async function timersOf(source: KeyedSource, options: ScanOptions = {}): Promise<unknown[]> {
  const found: unknown[] = []
  const decoder = new BatchDecoder()
  for await (const batch of source.scan(options)) {
    assert.equal(batch.kind, 'timers')
    if (batch.kind !== 'timers') continue
    for (let i = 0; i < batch.count; i++) {
      const { keyGroup, timestamp, key, namespace } = decoder.timer(batch, i)
      found.push([batch.states[batch.stateIds[i]!]!.name, keyGroup, key, namespace, timestamp])
    }
  }
  return found
}

const EXPECTED = [
  ['_timer_state/event_user', 5, 'a', null, 7n],
  ['_timer_state/event_user', 5, 'b', null, -16n],
  ['_timer_state/processing_user', 5, 'c', null, 1700000000000n],
]

test('timers in raw keyed state have the names of managed ones', async () => {
  const handle = handleOf(bytesOf(NO_TIMERS), bytesOf(TIMERS))
  for (const windowBytes of [1, 10, 1 << 20]) {
    const source = await openRawTimersSource(context, 3, handle, windowBytes)
    assert.equal(source.format, 'raw-timers')
    assert.equal(source.subtask, 3)
    assert.deepEqual(
      source.states.map(({ name, kind }) => [name, kind]),
      [
        ['_timer_state/event_user', 'timer'],
        ['_timer_state/processing_user', 'timer'],
      ],
    )
    assert.equal(source.head.keySerializer.className, STRING)
    assert.deepEqual(await timersOf(source), EXPECTED)
    assert.deepEqual(await timersOf(source, { keyGroups: [4, 4] }), [])
    const wanted = { wanted: ({ name }: { readonly name: string }) => name.includes('processing') }
    assert.deepEqual(await timersOf(source, wanted), EXPECTED.slice(2))
  }
})

function snapshot(className: string): SerializerSnapshot {
  const reader = new Reader(bytesOf(versioned(className)))
  return readVersionedSnapshot({ reader, table: SERIALIZER_TABLE, extents: new Map(), depth: 0 })
}

test('timers are written as they are read', () => {
  const timer = (key: string, timestamp: bigint): RawTimers['event'][number] => ({
    key: fromHex(key),
    namespace: Uint8Array.of(0),
    timestamp,
  })
  const writer = new Writer()
  writeRawTimers(writer, [
    {
      name: 'user',
      key: snapshot(STRING),
      namespace: snapshot(VOID),
      event: [timer('0261', 7n), timer('0262', -16n)],
      processing: [timer('0263', 1700000000000n)],
    },
  ])
  assert.deepEqual(writer.toBytes(), bytesOf(TIMERS))
})

test('raw keyed state of another kind has no states', async () => {
  const source = await openRawTimersSource(context, 0, handleOf(bytesOf('00000001000000020003'), bytesOf(TIMERS)))
  assert.deepEqual(source.states, [])
  assert.deepEqual(await timersOf(source), [])
})

test('cut and mutated timers give a KobelError, or other timers', async () => {
  const whole = bytesOf(TIMERS)
  for (let length = 12; length < whole.length; length++) {
    await assert.rejects(
      async () => timersOf(await openRawTimersSource(context, 0, handleOf(whole.slice(0, length)))),
      (error) => error instanceof KobelError && error.code === 'TRUNCATED',
    )
  }
  for (let at = 0; at < whole.length; at++) {
    for (const byte of [0, 1, 0x7f, 0x80, 0xff]) {
      const mutated = whole.slice()
      mutated[at] = byte
      await openRawTimersSource(context, 0, handleOf(mutated))
        .then((source) => timersOf(source))
        .catch((error: unknown) => {
          if (!(error instanceof KobelError)) throw error
        })
    }
  }
})
