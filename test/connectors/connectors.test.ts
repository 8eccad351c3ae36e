import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fromHex, toBase64 } from '../../src/bytes/encoding.ts'
import { type ConnectorObject, chooseConnector } from '../../src/connectors/choose.ts'
import { readCommittableCollector } from '../../src/connectors/committable-collector.ts'
import type { Role } from '../../src/connectors/connector.ts'
import { readCoordinatorState } from '../../src/connectors/coordinator.ts'
import { CONNECTORS } from '../../src/connectors/table.ts'
import { KobelError } from '../../src/error.ts'
import { readVersioned, readWhole, type Versioned } from '../../src/format/simple-versioned.ts'
import { mutations } from '../serializer/mutations.ts'

interface GoldenState {
  readonly name: string
  readonly coordinator?: string
  /** Hex of the elements of the list state. */
  readonly elements: readonly string[]
}

interface Golden {
  readonly sequence: readonly (Omit<GoldenState, 'name'> & {
    readonly from: string
    readonly readerSplits: readonly { readonly from: number; readonly to: number }[]
  })[]
  readonly fileSource: readonly GoldenState[]
  readonly fileSink: readonly GoldenState[]
  readonly serializers: Readonly<
    Record<string, { readonly role: Role; readonly version: number; readonly bytes: string }>
  >
}

const golden = JSON.parse(readFileSync('test/connectors/golden.json', 'utf8')) as Golden

const framed = (hex: string): Versioned => readWhole(fromHex(hex), readVersioned)
const utf = (text: string): string =>
  (text.length.toString(16).padStart(4, '0') + Buffer.from(text).toString('hex')).toString()

/** What one object alone is taken for. */
function told(role: Role, version: number, hex: string): ConnectorObject & { connector?: string } {
  const versioned = { version, bytes: fromHex(hex.replaceAll(' ', '')) }
  const choice = chooseConnector(new Map([[role, [versioned]]]), CONNECTORS)
  return { ...(choice.connector && { connector: choice.connector }), ...choice.decode(role, versioned) }
}

test('splits and enumerators of sequences that Flink wrote', () => {
  for (const { elements, coordinator, readerSplits, from } of golden.sequence) {
    const splits = elements.map(framed)
    const { version, enumerator } = readCoordinatorState(fromHex(coordinator!))
    assert.equal(version, 1)
    const choice = chooseConnector(
      new Map([
        ['split', splits],
        ['enumerator', [enumerator]],
      ]),
      CONNECTORS,
    )
    assert.equal(choice.connector, 'sequence', from)
    const decoded = splits.map(
      (split) => choice.decode('split', split).decoded as { splitId: string; from: number; to: number },
    )
    assert.deepEqual(
      decoded.map((split) => ({ from: split.from, to: split.to })).sort((a, b) => a.from - b.from),
      readerSplits,
    )
    assert.deepEqual(decoded.map((split) => split.splitId).sort(), ['1', '2'])
    assert.deepEqual(choice.decode('enumerator', enumerator).decoded, { splits: [] })
  }
})

test('splits and pending splits of a file source that Flink wrote', () => {
  const [state] = golden.fileSource
  const splits = state!.elements.map(framed)
  const { enumerator } = readCoordinatorState(fromHex(state!.coordinator!))
  const choice = chooseConnector(
    new Map([
      ['split', splits],
      ['enumerator', [enumerator]],
    ]),
    CONNECTORS,
  )
  assert.equal(choice.connector, 'file')
  assert.deepEqual(choice.decode('split', splits[0]!), {
    version: 1,
    decoded: {
      splitId: '0000000004',
      path: 'file:/tmp/lab-sql-filesource2/f2.txt',
      offset: 0,
      length: 350_890,
      fileModificationTime: 1_795_369_480_858,
      fileSize: 350_890,
      hostnames: [],
      readerPosition: { offset: -1, recordsAfterOffset: 836 },
    },
  })
  const pending = choice.decode('enumerator', enumerator).decoded as {
    readonly splits: readonly { readonly splitId: string }[]
    readonly alreadyProcessedPaths: readonly string[]
  }
  // Six files: two are being read, four wait.
  assert.deepEqual(
    pending.splits.map((split) => split.splitId).sort(),
    [1, 2, 3, 5].map((id) => `000000000${id}`),
  )
  assert.deepEqual(
    [...pending.alreadyProcessedPaths].sort(),
    [0, 1, 2, 3, 4, 5].map((i) => `file:/tmp/lab-sql-filesource2/f${i}.txt`),
  )
})

test('a file split of Flink 1.12 has no time and size of the file', () => {
  const path = '01 0104 687474 0000 ffffffff 0103 2f61 00 00'.replace('0104 687474', '0105 66696c65')
  const numbers = '0000000000000005 0000000000000064'
  const hex = `${utf('7')} ${path} ${numbers} 00000001 ${utf('host')} 01 000000000000000a 0000000000000003`
  assert.deepEqual(told('split', 1, hex), {
    connector: 'file',
    version: 1,
    decoded: {
      splitId: '7',
      path: 'file:/a',
      offset: 5,
      length: 100,
      hostnames: ['host'],
      readerPosition: { offset: 10, recordsAfterOffset: 3 },
    },
  })
})

test('bucket states and committables of a file sink that Flink wrote', () => {
  const byName = (name: string): Versioned[] =>
    golden.fileSink.find((state) => state.name === name)!.elements.map(framed)
  const writer = byName('writer_raw_states')
  const committer = byName('streaming_committer_raw_states')
  assert.deepEqual(told('writerState', writer[0]!.version, Buffer.from(writer[0]!.bytes).toString('hex')), {
    connector: 'file',
    version: 3,
    decoded: {
      bucketId: '',
      bucketPath: 'file:/tmp/lab-sql-filesink',
      inProgressFileCreationTime: null,
      inProgressFile: null,
    },
  })
  const collector = readCommittableCollector(committer[1]!)
  const [checkpoint] = collector.checkpoints
  assert.deepEqual([checkpoint?.checkpointId, checkpoint?.numberOfSubtasks], [1, 2])
  const [subtask] = checkpoint!.subtasks
  assert.deepEqual([subtask?.subtask, subtask?.numCommittables, subtask?.numFailed], [1, 1, 0])
  const [request] = subtask!.requests
  assert.deepEqual([request?.retries, request?.state], [0, 'RECEIVED'])
  const { version, bytes } = request!.committable
  const part = '/tmp/lab-sql-filesink/part-e744c078-148a-432c-983a-f873ea04f4ff-0'
  assert.deepEqual(told('committable', version, Buffer.from(bytes).toString('hex')), {
    connector: 'file',
    version: 2,
    decoded: {
      bucketId: '',
      pendingFile: {
        path: `file:${part}`,
        size: 45,
        recoverable: {
          offset: 45,
          targetFile: part,
          tempFile: `${part.replace('part-', '.part-')}.inprogress.9d75036b-8d4c-4f92-9131-478a023d0839`,
        },
      },
      inProgressFileToCleanup: null,
      compactedFileToCleanup: null,
    },
  })
})

const NONE = '8000000000000000'

test('splits of Kafka', () => {
  // As flink-connector-kafka 3.4.0 wrote it.
  assert.deepEqual(told('split', 0, `${utf('clicks')} 00000001 0000000000000006 ${NONE}`), {
    connector: 'kafka',
    version: 0,
    decoded: { topic: 'clicks', partition: 1, startingOffset: 6, stoppingOffset: null },
  })
  const offsets = (starting: string): unknown =>
    (told('split', 0, `${utf('t')} 00000000 ${starting} 000000000000000a`).decoded as { startingOffset: unknown })
      .startingOffset
  assert.equal(offsets('ffffffffffffffff'), 'latest')
  assert.equal(offsets('fffffffffffffffe'), 'earliest')
  assert.equal(offsets('fffffffffffffffd'), 'committed')
  assert.equal(told('split', 0, `${utf('no topic')} 00000001 0000000000000006 ${NONE}`).decoded, undefined)
})

test('all forms of the enumerator of Kafka', () => {
  const orders = `${utf('orders')} 00000002`
  const split = `${orders} fffffffffffffffe ${NONE}`.replaceAll(' ', '')
  const sized = (split.length / 2).toString(16).padStart(8, '0') + split
  const found = { topic: 'orders', partition: 2 }
  const start = { ...found, startingOffset: 'earliest', stoppingOffset: null }
  const decoded = (version: number, hex: string): unknown => told('enumerator', version, hex).decoded
  assert.deepEqual(decoded(0, `00000001 00000000 00000003 00000001 ${sized}`), {
    splits: [{ ...start, subtask: 3, status: 'assigned' }],
  })
  assert.deepEqual(decoded(1, `00000001 ${orders}`), { splits: [{ ...found, status: 'assigned' }] })
  assert.deepEqual(decoded(2, `00000001 ${orders} 00000001 01`), {
    splits: [{ ...found, status: 'unassigned' }],
    initialDiscoveryFinished: true,
  })
  assert.deepEqual(decoded(3, `00000001 00000000 ${sized} 00000000 00`), {
    splits: [{ ...start, status: 'assigned' }],
    initialDiscoveryFinished: false,
  })
})

test('the sink of Kafka', () => {
  assert.deepEqual(told('writerState', 1, utf('kafka-sink')), {
    connector: 'kafka',
    version: 1,
    decoded: { transactionalIdPrefix: 'kafka-sink' },
  })
  const transactions = `00000001 ${utf('txn-pool-0-0')} 0000000000000002`
  assert.deepEqual(told('writerState', 2, `${utf('txn-pool')} 00000000 00000002 00000001 ${transactions}`).decoded, {
    transactionalIdPrefix: 'txn-pool',
    ownedSubtaskId: 0,
    totalNumberOfOwnedSubtasks: 2,
    transactionOwnership: 'explicit',
    precommittedTransactions: [{ transactionalId: 'txn-pool-0-0', checkpointId: 2 }],
  })
  assert.deepEqual(told('committable', 1, `0005 00000000000003e9 ${utf('txn-lab-0-2')}`), {
    connector: 'kafka',
    version: 1,
    decoded: { epoch: 5, producerId: 1001, transactionalId: 'txn-lab-0-2' },
  })
})

test('a hybrid source holds splits of another', () => {
  const inner = `${utf('clicks')} 00000001 0000000000000006 ${NONE}`.replaceAll(' ', '')
  const hybrid = `00000001 ${utf('clicks-1')} 00000000 0000001c ${inner}`
  assert.deepEqual(told('split', 0, hybrid), {
    connector: 'hybrid',
    version: 0,
    decoded: {
      sourceIndex: 1,
      splitId: 'clicks-1',
      split: {
        version: 0,
        connector: 'kafka',
        decoded: { topic: 'clicks', partition: 1, startingOffset: 6, stoppingOffset: null },
      },
    },
  })
  assert.deepEqual(told('enumerator', 0, '00000000 00000007 00000002 abcd').decoded, {
    sourceIndex: 0,
    enumerator: { version: 7, bytes: 'q80=' },
  })
})

test('what the serializers of Kafka and of Flink write', () => {
  const orders = { topic: 'orders', partition: 2 }
  const other = { topic: 'a.b_c-d', partition: 0 }
  const split = { ...orders, startingOffset: 42, stoppingOffset: null }
  const ending = { ...other, startingOffset: 'earliest', stoppingOffset: 100 }
  const file = {
    splitId: '0000000001',
    path: 's3://bucket/dir/a b.csv',
    offset: 128,
    length: 256,
    fileModificationTime: 1_700_000_000_000,
    fileSize: 4096,
    hostnames: ['h1', 'h2'],
    readerPosition: { offset: 150, recordsAfterOffset: 3 },
  }
  const inProgress = {
    path: 'file:///out/part-0',
    recoverable: { offset: 77, targetFile: '/out/part-0', tempFile: '/out/.part-0.inprogress' },
  }
  const cleanup = { bucketId: 'day=1', pendingFile: null }
  const expected: Readonly<Record<string, readonly [string, unknown]>> = {
    'kafka split': ['kafka', split],
    'kafka split with an end': ['kafka', ending],
    'kafka enumerator 0': [
      'kafka',
      {
        splits: [
          { ...split, subtask: 0, status: 'assigned' },
          { ...ending, subtask: 1, status: 'assigned' },
        ],
      },
    ],
    'kafka enumerator 1': [
      'kafka',
      { splits: [orders, other].map((partition) => ({ ...partition, status: 'assigned' })) },
    ],
    'kafka enumerator 2': [
      'kafka',
      {
        splits: [
          { ...orders, status: 'assigned' },
          { ...other, status: 'unassigned' },
        ],
        initialDiscoveryFinished: true,
      },
    ],
    'kafka enumerator 3': [
      'kafka',
      {
        splits: [
          { ...split, status: 'assigned' },
          { ...ending, status: 'unassigned' },
        ],
        initialDiscoveryFinished: true,
      },
    ],
    'kafka writer state': [
      'kafka',
      {
        transactionalIdPrefix: 'txn',
        ownedSubtaskId: 1,
        totalNumberOfOwnedSubtasks: 2,
        transactionOwnership: 'explicit',
        precommittedTransactions: [{ transactionalId: 'txn-1-7', checkpointId: 7 }],
      },
    ],
    'kafka committable': ['kafka', { epoch: 3, producerId: 1001, transactionalId: 'txn-1-7' }],
    'hybrid split': [
      'hybrid',
      { sourceIndex: 1, splitId: 'orders-2', split: { version: 0, connector: 'kafka', decoded: split } },
    ],
    'hybrid enumerator': [
      'hybrid',
      {
        sourceIndex: 1,
        enumerator: {
          version: 2,
          connector: 'kafka',
          decoded: {
            splits: [
              { ...orders, status: 'assigned' },
              { ...other, status: 'unassigned' },
            ],
            initialDiscoveryFinished: false,
          },
        },
      },
    ],
    'file split': ['file', file],
    'file enumerator': ['file', { splits: [file], alreadyProcessedPaths: ['s3://bucket/dir/b'] }],
    'file bucket': [
      'file',
      {
        bucketId: 'day=1',
        bucketPath: 'file:/out/day=1',
        inProgressFileCreationTime: 1_700_000_000_000,
        inProgressFile: inProgress,
      },
    ],
    'file cleanup': ['file', { ...cleanup, inProgressFileToCleanup: inProgress, compactedFileToCleanup: null }],
    'file compacted': [
      'file',
      { ...cleanup, inProgressFileToCleanup: null, compactedFileToCleanup: 'file:///out/compacted' },
    ],
  }
  assert.deepEqual(Object.keys(golden.serializers), Object.keys(expected))
  for (const [name, { role, version, bytes }] of Object.entries(golden.serializers)) {
    const [connector, decoded] = expected[name]!
    assert.deepEqual(told(role, version, bytes), { connector, version, decoded }, name)
  }
})

test('where several connectors fit, none is taken', () => {
  // No split left, and no reader that has one: version 1 of Kafka and of a sequence look alike.
  const enumerator = { version: 1, bytes: fromHex('00000000') }
  const choice = chooseConnector(new Map([['enumerator', [enumerator]]]), CONNECTORS)
  assert.deepEqual(choice.candidates, ['sequence', 'kafka'])
  assert.equal(choice.connector, undefined)
  assert.deepEqual(choice.decode('enumerator', enumerator), { version: 1, bytes: 'AAAAAA==' })
  const kafka = CONNECTORS.filter((connector) => connector.name === 'kafka')
  const chosen = chooseConnector(new Map([['enumerator', [enumerator]]]), kafka)
  assert.deepEqual(chosen.decode('enumerator', enumerator), { version: 1, decoded: { splits: [] } })
})

test('bytes of no known connector are kept', () => {
  assert.deepEqual(told('split', 9, '010203'), { version: 9, bytes: toBase64(fromHex('010203')) })
  const known = framed(golden.sequence[0]!.elements[0]!)
  // A known split beside an enumerator of another kind is decoded all the same.
  const choice = chooseConnector(
    new Map([
      ['split', [known]],
      ['enumerator', [{ version: 9, bytes: fromHex('01') }]],
    ]),
    CONNECTORS,
  )
  assert.equal(choice.connector, 'sequence')
  assert.deepEqual(choice.decode('split', known).decoded, { splitId: '1', from: 109, to: 49_999 })
})

test('the coordinator of Flink 1.11 keeps readers and assignments', () => {
  const readers = `00000001 00000000 ${utf('host-a')}`
  const assignments = '00000001 00000001 0000000000000007 00000001 00000000 00000001 00000002 abcd'
  const hex = `00000000 00000001 00000001 ff ${readers} ${assignments}`.replaceAll(' ', '')
  assert.deepEqual(readCoordinatorState(fromHex(hex)), {
    version: 0,
    enumerator: { version: 1, bytes: fromHex('ff') },
    readers: [{ subtask: 0, location: 'host-a' }],
    assignments: [{ checkpointId: 7, subtask: 0, split: { version: 1, bytes: fromHex('abcd') } }],
  })
  assert.throws(() => readCoordinatorState(fromHex('0000000500000000')), /version 5/)
  assert.throws(() => readCoordinatorState(fromHex('00000001000000010000000000')), /1 bytes behind/)
})

/** A committer's state as Flink 1.20 wrote it (subtasks of version 1), and as 1.14 did. */
const SIZED = (hex: string): string => (hex.length / 2).toString(16).padStart(8, '0') + hex

test('older forms of a committer', () => {
  const committable = `00000001${SIZED('abcd')}`
  const request = SIZED(`${committable}0000000200000001`)
  const subtask = SIZED(`00000004${`0000000000000001${request}`}000000030000000100000002`)
  const checkpoint = SIZED(`000000000000000500000002${`0000000100000001${subtask}`}`)
  const v2 = readCommittableCollector({ version: 2, bytes: fromHex(`b91f252c0000000100000001${checkpoint}`) })
  assert.deepEqual(v2.checkpoints, [
    {
      checkpointId: 5,
      numberOfSubtasks: 2,
      subtasks: [
        {
          subtask: 4,
          requests: [{ committable: { version: 1, bytes: fromHex('abcd') }, retries: 2, state: 'RETRY' }],
          numCommittables: 3,
          numDrained: 1,
          numFailed: 2,
        },
      ],
    },
  ])
  const v1 = readCommittableCollector({ version: 1, bytes: fromHex(`b91f252c0000000100000001${SIZED('abcd')}`) })
  assert.deepEqual(v1.checkpoints, [
    { subtasks: [{ requests: [{ committable: { version: 1, bytes: fromHex('abcd') } }] }] },
  ])
})

test('damaged states of connectors give a value or a KobelError', () => {
  const attempt = (read: () => unknown): void => {
    try {
      read()
    } catch (error) {
      assert.ok(error instanceof KobelError, String((error as Error).stack))
    }
  }
  for (const { role, version, bytes } of Object.values(golden.serializers)) {
    for (const damaged of mutations(fromHex(bytes), 300, 6)) {
      const versioned = { version, bytes: damaged }
      attempt(() => chooseConnector(new Map([[role, [versioned]]]), CONNECTORS).decode(role, versioned))
    }
  }
  const states = [...golden.sequence, ...golden.fileSource, ...golden.fileSink]
  for (const { elements, coordinator } of states) {
    for (const bytes of mutations(fromHex(elements[0]!), 300, 3)) {
      attempt(() => {
        const versioned = readWhole(bytes, readVersioned)
        for (const role of ['split', 'writerState', 'committable', 'enumerator'] as const) {
          chooseConnector(new Map([[role, [versioned]]]), CONNECTORS).decode(role, versioned)
        }
        readCommittableCollector(versioned)
      })
    }
    for (const bytes of mutations(fromHex(coordinator ?? '00'), 300, 4)) {
      attempt(() => {
        const { enumerator } = readCoordinatorState(bytes)
        chooseConnector(new Map([['enumerator', [enumerator]]]), CONNECTORS).decode('enumerator', enumerator)
      })
    }
  }
})
