import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'
import { expectedFiles, readJson } from '../../scripts/compare.ts'
import { toHex } from '../../src/bytes/encoding.ts'
import { Reader } from '../../src/bytes/reader.ts'
import { Writer } from '../../src/bytes/writer.ts'
import { writeCompositeKey } from '../../src/format/composite-key.ts'
import { writeKeyedHead } from '../../src/format/keyed-head.ts'
import type { KeyedStateInfo } from '../../src/format/keyed-state.ts'
import { writeOperatorHead } from '../../src/format/operator-state.ts'
import { openSnapshot, readMetadata, TypedBytes, writeMetadata } from '../../src/node/index.ts'
import { rendersLosslessly } from '../../src/serializer/lossless.ts'
import { canonicalValue, readStateValue } from '../../src/snapshot/decode.ts'

// What was read is written back as the same bytes: _metadata, heads of streams, and values where the text keeps all.
for (const file of await expectedFiles('fixtures')) {
  test(`round trip of ${relative('fixtures', file)}`, async () => {
    const { snapshot: path } = await readJson<{ snapshot: string }>(file)
    const directory = join(dirname(file), path)
    const bytes = await readFile(join(directory, '_metadata'))
    assert.equal(toHex(writeMetadata(readMetadata(bytes))), toHex(bytes), '_metadata')
    await using snapshot = await openSnapshot(directory)
    for (const operator of snapshot.operators) {
      if (operator.unreadable.length > 0) continue
      for (const source of await operator.keyedSources()) {
        if (source.head.length === 0) continue
        const writer = new Writer()
        writeKeyedHead(writer, source.head)
        assert.equal(writer.offset, source.head.length, `${operator.label}: head of keyed state`)
        const handle = operator.metadata.subtasks.find((each) => each.index === source.subtask)?.managedKeyedState
        const stored =
          handle?.kind === 'incremental' ? handle.metaState : handle && 'stream' in handle ? handle.stream : undefined
        if (!stored || source.format === 'raw-timers') continue
        const stream = await operator.context.streams.open(stored)
        assert.equal(
          toHex(writer.toBytes()),
          toHex(await stream.read(0, source.head.length)),
          `${operator.label}: head`,
        )
      }
      for (const source of operator.operatorSources) {
        const writer = new Writer()
        writeOperatorHead(writer, source.head)
        assert.equal(
          toHex(writer.toBytes()),
          toHex(await source.stream.read(0, source.head.length)),
          `${operator.label}: head of operator state`,
        )
      }
    }
  })
}

test('composite keys and values of canonical savepoints are written back byte for byte', async () => {
  let entries = 0
  for (const job of ['kinds', 'namespaces', 'windows', 'types']) {
    await using snapshot = await openSnapshot(`fixtures/2.3.0/rocksdb/${job}/snapshot`)
    for (const operator of snapshot.operators) {
      const prefixBytes = operator.maxParallelism > 128 ? 2 : 1
      for await (const batch of operator.scan()) {
        if (batch.kind !== 'entries') continue
        for (let i = 0; i < batch.count; i++) {
          const state: KeyedStateInfo = batch.states[batch.stateIds[i]!]!
          const part = (pairs: Uint32Array): Uint8Array => batch.buffer.subarray(pairs[2 * i]!, pairs[2 * i + 1]!)
          const writer = new Writer()
          writeCompositeKey(
            state,
            writer,
            prefixBytes,
            batch.keyGroup,
            part(batch.keys),
            part(batch.namespaces),
            part(batch.mapKeys),
          )
          // The composite key stands right before the four bytes of the value's length.
          const end = batch.values[2 * i]! - 4
          const stored = batch.buffer.slice(end - writer.offset, end)
          stored[0]! &= 0x7f
          assert.equal(toHex(writer.toBytes()), toHex(stored), `${operator.label}/${state.name}`)
          const { value, ttl } = readStateValue(
            state,
            new Reader(batch.buffer),
            batch.values[2 * i]!,
            batch.values[2 * i + 1]!,
          )
          entries++
          if (value instanceof TypedBytes) continue
          if (toHex(canonicalValue(state, value, ttl)) === toHex(part(batch.values))) continue
          // Equal numbers have two byte forms, and Flink writes nulls of maps in two ways: the dump adds such bytes.
          assert.ok(
            !rendersLosslessly(state.value) || (state.kind === 'map' && value === null && ttl === undefined),
            `${operator.label}/${state.name}`,
          )
        }
      }
    }
  }
  assert.ok(entries > 1000, `${entries} entries`)
})
