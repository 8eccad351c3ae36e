import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Writer } from '../../src/bytes/writer.ts'
import { readChannelRecords, type StreamElement, writeRecord } from '../../src/format/channel-state.ts'
import { openSnapshot } from '../../src/node/index.ts'
import type { Layout } from '../../src/serializer/layout.ts'
import { joinCutRecords, type ReadChannel } from '../../src/snapshot/channel-join.ts'
import type { ChannelState } from '../../src/snapshot/channels.ts'
import { kobel } from '../cli/run.ts'

const LONG: Layout = { op: 'i64' }

interface Expected {
  readonly snapshot: string
  readonly operators: readonly { readonly uid: string; readonly recordsInFlight?: readonly (readonly number[])[] }[]
}

function expectedOf(directory: string): { location: string; records: readonly (readonly number[])[] } {
  const expected = JSON.parse(readFileSync(`${directory}/expected.json`, 'utf8')) as Expected
  const records = expected.operators.find(({ uid }) => uid === 'unaligned')!.recordsInFlight!
  return { location: `${directory}/${expected.snapshot}`, records }
}

function valuesOf(elements: readonly StreamElement[]): bigint[] {
  return elements.map((element) => (element.kind === 'record' ? (element.value as bigint) : -1n))
}

for (const backend of ['hashmap', 'rocksdb']) {
  const { location, records } = expectedOf(`fixtures/2.3.0/${backend}/unaligned`)

  test(`records that Flink cut are whole again: ${backend}`, async () => {
    const snapshot = await openSnapshot(location, { records: 'long' })
    const channels: (ReadChannel & { elements: readonly StreamElement[] })[] = []
    for (const operator of snapshot.operators) {
      for (const channel of operator.channelState()) {
        // Of the type that was given at opening.
        const read = await channel.records()
        channels.push({ operator: operator.id, channel, layout: LONG, records: read, elements: read.elements })
      }
    }
    const joins = await joinCutRecords(channels)
    assert.equal(joins.length, 2)
    for (const { input, output, elements } of joins) {
      const { subtask } = input.channel
      assert.equal(output.channel.subpartitionIndex, subtask)
      const before = channels.find((each) => each === input)!.elements
      assert.deepEqual(valuesOf([...before, ...elements]), records[subtask]!.map(BigInt))
    }
  })

  test(`kobel channels shows each record once: ${backend}`, () => {
    const { stdout } = kobel(['channels', location, '--type', 'long', '--json'])
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { head?: string; tail?: string; records: { value: number }[] })
    assert.ok(lines.every(({ head, tail }) => head === undefined && tail === undefined))
    const values = lines.flatMap((line) => line.records.map(({ value }) => value))
    assert.deepEqual(
      values.sort((a, b) => a - b),
      records.flat().sort((a, b) => a - b),
    )
  })
}

test('records are of no type where none was given', async () => {
  const snapshot = await openSnapshot(expectedOf('fixtures/2.3.0/rocksdb/unaligned').location)
  const [channel] = snapshot.operators.flatMap((operator) => operator.channelState())
  await assert.rejects(channel!.records(), { code: 'USAGE' })
})

function recordsOf(values: readonly bigint[]): Uint8Array {
  const writer = new Writer(64)
  for (const value of values) writeRecord(writer, { kind: 'record', value }, LONG)
  return writer.toBytes()
}

function channelOf(kind: ChannelState['kind'], subtask: number, index: number, bytes: Uint8Array): ReadChannel {
  const place =
    kind === 'input-channel'
      ? { kind, gateIndex: 0, inputChannelIndex: index }
      : { kind, partitionIndex: 0, subpartitionIndex: index }
  const side = kind === 'input-channel' ? 'input' : 'output'
  const channel = { ...place, subtask, buffers: 1, size: bytes.length + 4, bytes: async () => bytes } as ChannelState
  return { operator: side, channel, layout: LONG, records: readChannelRecords(bytes, LONG, side) }
}

test('the output is found by its numbers, else by being the only one that fits', async () => {
  const bytes = recordsOf([1n, 2n, 3n])
  for (let cut = 14; cut < 26; cut++) {
    const input = channelOf('input-channel', 1, 0, bytes.slice(0, cut))
    const rest = bytes.slice(cut)
    const fitting = channelOf('result-subpartition', 0, 1, rest)
    const other = channelOf('result-subpartition', 3, 3, rest)
    const whole = channelOf('result-subpartition', 3, 2, recordsOf([9n]))
    for (const outputs of [[fitting], [other, fitting, whole], [other, whole]]) {
      const [join, ...more] = await joinCutRecords([...outputs, input])
      assert.equal(more.length, 0)
      assert.equal(join?.output, outputs.includes(fitting) ? fitting : other)
      assert.deepEqual(valuesOf(join!.elements), [2n, 3n])
    }
    // Two that fit equally well, or none.
    assert.deepEqual(await joinCutRecords([input, other, { ...other }]), [])
    assert.deepEqual(await joinCutRecords([input, whole]), [])
    assert.deepEqual(await joinCutRecords([fitting, other]), [])
  }
})
