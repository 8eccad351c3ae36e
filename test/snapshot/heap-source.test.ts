import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { toHex } from '../../src/bytes/encoding.ts'
import { KobelError } from '../../src/error.ts'
import type { KeyedStateInfo } from '../../src/format/keyed-state.ts'
import type { KeyGroupsStateHandle } from '../../src/format/metadata/index.ts'
import { openKeyGroups } from '../../src/snapshot/canonical-source.ts'
import { heapSource } from '../../src/snapshot/heap-source.ts'
import type { KeyedSource, ScanOptions, SourceContext } from '../../src/snapshot/keyed-source.ts'
import { openSnapshotIn } from '../../src/snapshot/open.ts'
import { openKeyedSource } from '../../src/snapshot/open-source.ts'
import type { Operator } from '../../src/snapshot/operator.ts'
import { FileStore } from '../../src/store/file.ts'
import type { Store } from '../../src/store/store.ts'

// Contents are compared with what Flink's jobs wrote in fixtures.test.ts; here: windows, errors, requests, sniffing.

const files = new FileStore()

interface Opened {
  readonly operator: Operator
  readonly context: SourceContext
  readonly subtask: number
  readonly handle: KeyGroupsStateHandle
}

/** The key-group handles of a snapshot, and what is needed to open them. */
async function handlesOf(name: string): Promise<Opened[]> {
  const snapshot = await openSnapshotIn(files, resolve(`fixtures/${name}/snapshot`), { heads: 'lazy' })
  return snapshot.operators.flatMap((operator) =>
    operator.metadata.subtasks.flatMap(({ index, managedKeyedState: handle }) =>
      handle?.kind === 'key-groups' ? [{ operator, context: operator.context, subtask: index, handle }] : [],
    ),
  )
}

async function linesOf(source: KeyedSource, options: ScanOptions = {}): Promise<string[]> {
  const lines: string[] = []
  for await (const batch of source.scan(options)) {
    const pairs =
      batch.kind === 'entries'
        ? [batch.keys, batch.namespaces, batch.mapKeys, batch.values]
        : [batch.keys, batch.namespaces]
    for (let i = 0; i < batch.count; i++) {
      const parts = pairs.map((pair) => toHex(batch.buffer.subarray(pair[2 * i]!, pair[2 * i + 1]!)))
      const timestamp = batch.kind === 'timers' ? batch.timestamps[i] : ''
      lines.push([batch.keyGroup, batch.states[batch.stateIds[i]!]!.name, timestamp, ...parts].join(' '))
    }
  }
  return lines.sort()
}

for (const name of ['2.3.0/hashmap/kinds-native', '2.3.0/hashmap/kinds-native-compressed']) {
  test(`${name}: windows of any size give the same entries`, async () => {
    let entries = 0
    for (const { context, subtask, handle } of (await handlesOf(name)).slice(0, 2)) {
      const { stream, head } = await openKeyGroups(context, handle)
      const whole = await linesOf(heapSource(subtask, handle, stream, head))
      entries += whole.length
      for (const windowBytes of [1, 50, 1000]) {
        assert.deepEqual(await linesOf(heapSource(subtask, handle, stream, head, windowBytes)), whole)
      }
    }
    assert.ok(entries > 100, `${entries} entries`)
  })

  test(`${name}: one state, and some key groups`, async () => {
    for (const { context, subtask, handle } of (await handlesOf(name)).slice(0, 2)) {
      const { stream, head } = await openKeyGroups(context, handle)
      const source = heapSource(subtask, handle, stream, head)
      const whole = await linesOf(source)
      for (const { name: only } of source.states) {
        const wanted = (state: KeyedStateInfo): boolean => state.name === only
        const of = whole.filter((line) => line.split(' ')[1] === only)
        assert.deepEqual(await linesOf(source, { wanted }), of)
      }
      const { keyGroupFirst, keyGroupLast } = handle.keyGroupRange
      const middle = (keyGroupFirst + keyGroupLast) >> 1
      const parts = [
        ...(await linesOf(source, { keyGroups: [0, middle] })),
        ...(await linesOf(source, { keyGroups: [middle + 1, 40000] })),
      ]
      assert.deepEqual(parts.sort(), whole)
    }
  })
}

test('a stream that was cut is TRUNCATED wherever it ends', async () => {
  const [{ context, subtask, handle }] = (await handlesOf('2.3.0/hashmap/kinds-native')) as [Opened]
  const { stream, head } = await openKeyGroups(context, handle)
  const bytes = await stream.read(0, stream.length)
  for (let length = stream.length - 1; length > head.length; length -= 397) {
    const cut = { ...stream, length, read: async (start: number, end: number) => bytes.subarray(start, end) }
    const offsets = handle.offsets.map((offset) => (offset < length ? offset : -1))
    await assert.rejects(
      linesOf(heapSource(subtask, { ...handle, offsets }, cut, head)),
      (error) => error instanceof KobelError && error.code === 'TRUNCATED' && error.where.keyGroup !== undefined,
    )
  }
})

test('mutated streams give entries or a KobelError', async () => {
  const random = mulberry(11)
  for (const name of ['2.3.0/hashmap/kinds-native', '2.3.0/hashmap/kinds-native-compressed']) {
    for (const { context, subtask, handle } of (await handlesOf(name)).slice(0, 2)) {
      const { stream, head } = await openKeyGroups(context, handle)
      const bytes = await stream.read(0, stream.length)
      for (let round = 0; round < 25; round++) {
        const mutated = bytes.slice()
        for (let n = 0; n < 4; n++) {
          const at = head.length + Math.floor(random() * (mutated.length - head.length))
          mutated[at] = [0, 1, 0x7f, 0xff, Math.floor(random() * 256)][n]!
        }
        const changed = { ...stream, read: async (start: number, end: number) => mutated.subarray(start, end) }
        await linesOf(heapSource(subtask, handle, changed, head)).catch((error: unknown) => {
          if (!(error instanceof KobelError)) throw error
        })
      }
    }
  }
})

test('a value of an unknown class: what is before it is read, what it hides is counted and named', async () => {
  let blocked = 0
  for (const { context, subtask, handle } of await handlesOf('2.3.0/hashmap/unknown-native')) {
    const { stream, head } = await openKeyGroups(context, handle)
    const source = heapSource(subtask, handle, stream, head)
    for (const state of source.states) {
      const wanted = (each: KeyedStateInfo): boolean => each.name === state.name
      await linesOf(source, { wanted }).catch((error: unknown) => {
        if (!(error instanceof KobelError)) throw error
        blocked++
        assert.equal(error.code, 'UNKNOWN_SERIALIZER')
        assert.match(error.message, /\d+ entries of \S+/)
        assert.notEqual(error.where.keyGroup, undefined)
        assert.notEqual(error.where.file, undefined)
      })
    }
  }
  assert.ok(blocked > 0, 'the fixture has such a value')
})

test('the layout behind the tags 3 and 12 is told without a request of its own', async () => {
  for (const [name, format] of [
    ['1.8.3/hashmap/kinds-small', 'heap'],
    ['1.8.3/rocksdb/kinds-small', 'canonical'],
    ['2.3.0/hashmap/kinds-native', 'heap'],
    ['2.3.0/hashmap/kinds-native-compressed', 'heap'],
  ] as const) {
    const handles = await handlesOf(name)
    assert.ok(handles.length > 0, name)
    for (const { context, subtask, handle } of handles) {
      let reads = 0
      const read = (location: string, start: number, end: number): Promise<Uint8Array> => {
        reads++
        return files.read(location, start, end)
      }
      const store: Store = Object.assign(Object.create(files), { read })
      const streams = Object.assign(Object.create(context.streams), { store })
      const source = await openKeyedSource({ ...context, streams }, subtask, handle)
      assert.equal(source.format, format, `${name} ${JSON.stringify(handle.keyGroupRange)}`)
      assert.equal(reads, handle.stream.kind === 'byte-stream' ? 0 : 1)
    }
  }
})

function mulberry(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
