import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type ConnectorState, describeConnectors } from '../../src/connectors/describe.ts'
import { KobelError } from '../../src/error.ts'
import { describeSnapshot } from '../../src/snapshot/describe.ts'
import { kobel, linesOf } from '../cli/run.ts'
import { mutations } from '../serializer/mutations.ts'
import { filesOf, openGolden, SNAPSHOTS } from './snapshots.ts'

const SEQUENCE = '2.3.0/sequence/hashmap-canonical'
const UNALIGNED = ['1.20.0/unaligned/hashmap-checkpoint', '2.3.0/unaligned/hashmap-checkpoint']
const FINISHED = '2.3.0/finished/hashmap-canonical'

test('the splits of a source, and its enumerator', async () => {
  const snapshot = await openGolden(SEQUENCE)
  const states = await describeConnectors(snapshot)
  const source = states.find((state) => state.operator === snapshot.operator('seq-source').id)?.source
  const expected = SNAPSHOTS[SEQUENCE]!.operators.find((operator) => operator.uid === 'seq-source')!
  const ranges = source!.splits.map((split) => 'decoded' in split && (split.decoded as { from: number; to: number }))
  assert.deepEqual(
    ranges.map((range) => range && { from: range.from, to: range.to }).sort((a, b) => (a && b ? a.from - b.from : 0)),
    expected.readerSplits,
  )
  assert.deepEqual(source?.enumerator?.decoded, { splits: expected.enumeratorSplits })
  assert.equal(states.length, 1)
})

test('a connector that is chosen, and does not fit', async () => {
  const snapshot = await openGolden(SEQUENCE)
  const [state] = await describeConnectors(snapshot, { connectors: { 'seq-source': 'kafka' } })
  assert.equal(state?.source?.connector, undefined)
  assert.ok(state?.source?.splits.every((split) => 'bytes' in split && split.bytes !== undefined))
  await assert.rejects(
    () => describeConnectors(snapshot, { connectors: { 'seq-source': 'kafkaa' } }),
    (error) => error instanceof KobelError && error.code === 'USAGE' && /kafka/.test(error.message),
  )
})

test('finished operators are named', async () => {
  const { operators } = await describeSnapshot(await openGolden(FINISHED))
  const finished = operators.filter((operator) => operator.fullyFinished).map((operator) => operator.uid)
  const expected = SNAPSHOTS[FINISHED]!.operators.filter((operator) => operator.finished).map(
    (operator) => operator.uid,
  )
  assert.deepEqual(finished.sort(), expected.sort())
})

for (const name of UNALIGNED) {
  test(`records in flight: ${name}`, async () => {
    const snapshot = await openGolden(name)
    const { inFlight } = SNAPSHOTS[name]!.operators.find((operator) => operator.inFlight)!
    const channels = snapshot.operator('slow-op').channelState()
    for (const [subtask, expected] of inFlight!.entries()) {
      const own = channels.filter((channel) => channel.subtask === subtask)
      assert.equal(own.length, 1)
      const [channel] = own
      assert.equal(channel?.kind, 'input-channel')
      const { elements, head, tail } = await channel!.records('long')
      assert.deepEqual([head.length, tail.length], [0, 0])
      assert.deepEqual(
        elements.map((element) => element.kind === 'record' && [element.timestamp, element.value]),
        expected.map((value) => [1_700_000_000_000n + BigInt(value), BigInt(value)]),
      )
      // The handle counts the lengths of the buffers too.
      assert.equal((await channel!.bytes()).length + 4 * channel!.buffers, channel!.size)
      await assert.rejects(() => channel!.records('(string, long)'), KobelError)
    }
  })
}

test('damaged snapshots: channels and sources give a value or a KobelError', async () => {
  for (const name of [...UNALIGNED, SEQUENCE]) {
    const files = filesOf(name)
    for (const [file, bytes] of files) {
      for (const damaged of mutations(bytes, 25, 9)) {
        try {
          const snapshot = await openGolden(name, new Map([...files, [file, damaged]]))
          await describeConnectors(snapshot)
          for (const operator of snapshot.operators) {
            for (const channel of operator.channelState()) await channel.records('long')
          }
        } catch (error) {
          assert.ok(error instanceof KobelError, String((error as Error).stack))
        }
      }
    }
  }
})

function onDisk(name: string, use: (path: string) => void): void {
  const path = mkdtempSync(join(tmpdir(), 'kobel-'))
  try {
    mkdirSync(path, { recursive: true })
    for (const [file, bytes] of filesOf(name)) writeFileSync(join(path, file), bytes)
    use(path)
  } finally {
    rmSync(path, { recursive: true })
  }
}

test('kobel inspect shows a source', () => {
  onDisk(SEQUENCE, (path) => {
    const picture = kobel(['inspect', path, '--operator', 'seq-source']).stdout
    assert.match(picture, /source \(sequence\) {2}2 splits: .*57\.\.49999.*; enumerator: none unassigned/)
    const json = JSON.parse(kobel(['inspect', path, '--json']).stdout) as {
      operators: (ConnectorState & { uid: string })[]
    }
    const source = json.operators.find((operator) => operator.uid === 'seq-source')?.source
    assert.equal(source?.connector, 'sequence')
    assert.equal(source?.splits.length, 2)
    const chosen = kobel(['inspect', path, '--json', '--connector', 'seq-source=kafka']).stdout
    assert.match(chosen, /"bytes": "AAEx/)
    assert.equal(kobel(['inspect', path, '--connector', 'kafka']).status, 2)
  })
})

test('kobel channels lists channels, and reads records of a given type', () => {
  onDisk(UNALIGNED[1]!, (path) => {
    const { inFlight } = SNAPSHOTS[UNALIGNED[1]!]!.operators.find((operator) => operator.inFlight)!
    const listed = linesOf(kobel(['channels', path, 'slow-op']).stdout)
    assert.equal(listed.length, 2)
    assert.equal(listed[0], 'slow-op  subtask 0  input gate 0 channel 0  1 buffer, 13.0 kB')
    const lines = linesOf(kobel(['channels', path, 'slow-op', '--type', 'string', 'long', '--json']).stdout)
    const read = lines.map((line) => JSON.parse(line) as { records: { value: number }[] })
    assert.deepEqual(
      read.map(({ records }) => records.map(({ value }) => value)),
      inFlight,
    )
    assert.match(kobel(['channels', path, '--type', 'string']).stdout, /cannot be read with this type/)
    assert.equal(kobel(['channels', path, '--type', 'strin']).status, 2)
  })
  onDisk(SEQUENCE, (path) => {
    assert.match(kobel(['channels', path]).stdout, /only unaligned checkpoints/)
  })
})
