import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fromHex, toHex } from '../../src/bytes/encoding.ts'
import { Reader } from '../../src/bytes/reader.ts'
import { Writer } from '../../src/bytes/writer.ts'
import { KobelError } from '../../src/error.ts'
import { type Metadata, readMetadata, type SubtaskMetadata, writeMetadata } from '../../src/format/metadata/index.ts'
import { readProperties } from '../../src/format/metadata/properties.ts'
import { readStreamHandle, writeStreamHandle } from '../../src/format/metadata/stream-handle.ts'

/**
 * Whole `_metadata` files that Flink's own serializers wrote from handles made up for the purpose: version 2 by Flink
 * 1.8.3, version 3 by 1.15.4, versions 3 to 6 by 2.3.0, and two each by 1.20.3 and 2.3.0. Between them they hold every
 * tag in its usual position. Expected values are those the handles were made from.
 */
const GOLDEN = JSON.parse(readFileSync(join(process.cwd(), 'test/format/metadata.json'), 'utf8')) as Record<
  string,
  string
>

function golden(name: string): Uint8Array {
  return fromHex(GOLDEN[name]!)
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)
const keyGroupRange = { keyGroupFirst: 2, keyGroupLast: 4 }
const offsets = [10, -1, 2 ** 40]
const file = (name: string) => ({ kind: 'file', path: `file:/a b/${name}`, size: 123 }) as const
const relative = { kind: 'relative-file', path: 'r', size: 300 } as const
const segment = (scope: 'EXCLUSIVE' | 'SHARED') =>
  ({ kind: 'segment-file', path: 'file:/m/f', startPosition: 7, size: 8, scope, logicalFileId: 'lid' }) as const
const inline = { kind: 'byte-stream', name: 'inl', bytes: bytes(1, 2, 3) } as const
const states = [
  { name: 'split', mode: 'SPLIT_DISTRIBUTE', offsets: [5, 9] },
  { name: 'union', mode: 'UNION', offsets: [11] },
  { name: 'cast', mode: 'BROADCAST', offsets: [] },
]
const keyGroupsV2 = { kind: 'key-groups', keyGroupRange, offsets, stream: relative, stateHandleId: 'sid-12' }
const incremental = {
  kind: 'incremental',
  checkpointId: 41n,
  backendIdentifier: '00000000-0000-0001-0000-000000000002',
  keyGroupRange: { keyGroupFirst: 0, keyGroupLast: 127 },
  metaState: inline,
  sharedState: [
    { localPath: '000011.sst', handle: file('1.sst') },
    { localPath: '2.sst', handle: segment('SHARED') },
  ],
  privateState: [{ localPath: 'MANIFEST-4', handle: relative }],
  since115: { checkpointedSize: 777, stateHandleId: 'sid-11' },
}
const changelog = {
  kind: 'changelog',
  keyGroupRange: { keyGroupFirst: 0, keyGroupLast: 5 },
  checkpointedSize: 888,
  materialized: [incremental, keyGroupsV2],
  nonMaterialized: [
    {
      kind: 'changelog-in-memory',
      keyGroupRange: { keyGroupFirst: 0, keyGroupLast: 5 },
      from: 4n,
      to: 6n,
      changes: [
        { keyGroup: -1, bytes: bytes(9) },
        { keyGroup: 3, bytes: bytes(8, 7) },
      ],
      stateHandleId: 'sid-9',
    },
    {
      kind: 'changelog-stream',
      keyGroupRange: { keyGroupFirst: 0, keyGroupLast: 5 },
      streams: [{ offset: 33, stream: file('log') }],
      size: 100,
      checkpointedSize: 50,
      stateHandleId: 'sid-13',
      storageIdentifier: 'filesystem',
    },
  ],
  materializationId: 3n,
  checkpointId: 12n,
  stateHandleId: 'sid-14',
}
const input = { kind: 'input-channel', subtaskIndex: 1, gateIndex: 2, stream: relative }
const output = { kind: 'result-subpartition', subtaskIndex: 1, partitionIndex: 5, stream: relative }
const input1 = { ...input, inputChannelIndex: 3, offsets: [4, 5], size: 6 }
const input2 = { ...input, inputChannelIndex: 4, offsets: [7], size: 8 }
const output1 = { ...output, subpartitionIndex: 6, offsets: [], size: 0 }
const output2 = { ...output, subpartitionIndex: 7, offsets: [9], size: 10 }

/** The subtasks of the first operator in the files of Flink 2.3.0. */
function subtasks(merged: boolean): unknown {
  const nothing = { inputChannelState: [], resultSubpartitionState: [] }
  const emptySegment = { kind: 'empty-segment-file' }
  const directories = { taskOwnedDirectory: 'file:/to', sharedDirectory: 'file:/sh' }
  const mergedInput = {
    kind: 'merged-input-channel',
    subtaskIndex: 1,
    size: 14,
    stream: relative,
    channels: [
      { gateIndex: 2, inputChannelIndex: 3, offsets: [4, 5], size: 6 },
      { gateIndex: 2, inputChannelIndex: 4, offsets: [7], size: 8 },
    ],
  }
  const mergedOutput = {
    kind: 'merged-result-subpartition',
    subtaskIndex: 1,
    size: 10,
    stream: relative,
    subpartitions: [
      { partitionIndex: 5, subpartitionIndex: 6, offsets: [], size: 0 },
      { partitionIndex: 5, subpartitionIndex: 7, offsets: [9], size: 10 },
    ],
  }
  return [
    {
      index: 0,
      finished: false,
      managedOperatorState: { kind: 'operator-stream', states, stream: inline },
      rawOperatorState: { kind: 'operator-stream', states: [], stream: file('raw') },
      managedKeyedState: { kind: 'savepoint-key-groups', keyGroupRange, offsets, stream: file('sp') },
      rawKeyedState: keyGroupsV2,
      inputChannelState: [input1],
      resultSubpartitionState: [output1],
    },
    {
      index: 1,
      finished: false,
      managedOperatorState: {
        kind: 'file-merging-operator-stream',
        states,
        ...directories,
        empty: false,
        stream: segment('EXCLUSIVE'),
      },
      managedKeyedState: incremental,
      ...nothing,
    },
    { index: 2, finished: true, ...nothing },
    {
      index: 4,
      finished: false,
      managedOperatorState: {
        kind: 'file-merging-operator-stream',
        states: [],
        ...directories,
        empty: true,
        stream: emptySegment,
      },
      managedKeyedState: changelog,
      inputChannelState: merged ? [mergedInput, input2] : [],
      resultSubpartitionState: merged ? [mergedOutput, output2] : [],
    },
  ]
}

describe('_metadata of real Flink', () => {
  for (const name of Object.keys(GOLDEN)) {
    it(`${name} is written back byte for byte`, () => {
      assert.equal(toHex(writeMetadata(readMetadata(golden(name)))), GOLDEN[name])
    })
  }

  for (const version of [3, 4, 5, 6]) {
    it(`version ${version} is read completely`, () => {
      const metadata = readMetadata(golden(`V${version} by Flink 2.3.0`))
      assert.equal(metadata.version, version)
      assert.equal(metadata.checkpointId, 99n)
      assert.deepEqual(metadata.masterStates, [
        { version: 2, name: 'hook', bytes: bytes(1) },
        { version: -1, name: '', bytes: bytes() },
      ])
      const named = version >= 5
      const [first, finished, empty] = metadata.operators
      assert.deepEqual(first, {
        ...(named ? { name: 'name é', uid: 'uid' } : {}),
        id: '000102030405060708090a0b0c0d0e0f',
        parallelism: 5,
        maxParallelism: 128,
        coordinatorState: { kind: 'byte-stream', name: 'coord', bytes: bytes(42) },
        fullyFinished: false,
        subtasks: subtasks(version === 6),
      })
      assert.deepEqual(finished, {
        id: 'ffffffffffffffff0000000000000001',
        parallelism: 2,
        maxParallelism: 4,
        fullyFinished: true,
        subtasks: [],
      })
      assert.deepEqual(empty, {
        ...(named ? { name: 'n' } : {}),
        id: '00000000000000070000000000000007',
        parallelism: 1,
        maxParallelism: 1,
        fullyFinished: false,
        subtasks: [],
      })
      assert.equal(metadata.properties === undefined, version === 3)
    })
  }

  it('version 3 of Flink 1.15 has the first forms of the changelog handles', () => {
    const s3 = { kind: 'file', path: 's3://b/k', size: 123 }
    const range = { keyGroupFirst: 0, keyGroupLast: 1 }
    const [operator] = readMetadata(golden('V3 by Flink 1.15.4')).operators
    assert.deepEqual(operator!.subtasks[0]!.managedKeyedState, {
      kind: 'changelog',
      keyGroupRange: range,
      checkpointedSize: 888,
      materialized: [
        {
          kind: 'incremental',
          checkpointId: 41n,
          backendIdentifier: '00000000-0000-0001-0000-000000000002',
          keyGroupRange: range,
          metaState: s3,
          sharedState: [{ localPath: '1.sst', handle: s3 }],
          privateState: [],
          since115: { checkpointedSize: 777, stateHandleId: 'sid-11' },
        },
      ],
      nonMaterialized: [
        {
          kind: 'changelog-stream',
          keyGroupRange: range,
          streams: [
            { offset: 33, stream: s3 },
            { offset: 0, stream: { kind: 'byte-stream', name: 'x', bytes: bytes() } },
          ],
          size: 100,
          checkpointedSize: 50,
          stateHandleId: 'sid-10',
        },
      ],
      materializationId: 12n,
      stateHandleId: 'sid-8',
    })
  })

  it('version 2 is read completely', () => {
    const metadata = readMetadata(golden('V2 by Flink 1.8.3'))
    const hdfs = { kind: 'file', path: 'hdfs://h/k', size: 123 }
    const small = { kind: 'byte-stream', name: 'x', bytes: bytes(5) }
    const kg = { keyGroupRange: { keyGroupFirst: 1, keyGroupLast: 2 }, offsets: [10, 20] }
    const union = [{ name: 'u', mode: 'UNION', offsets: [11] }]
    const nothing = { finished: false, inputChannelState: [], resultSubpartitionState: [] }
    assert.deepEqual(metadata, {
      version: 2,
      checkpointId: 7n,
      masterStates: [{ version: 2, name: 'hook', bytes: bytes(1) }],
      operators: [
        {
          id: '00000000000000010000000000000002',
          parallelism: 3,
          maxParallelism: 128,
          fullyFinished: false,
          subtasks: [
            {
              index: 0,
              ...nothing,
              managedOperatorState: { kind: 'operator-stream', states: union, stream: small },
              managedKeyedState: { kind: 'key-groups', ...kg, stream: hdfs },
              rawKeyedState: { kind: 'key-groups', ...kg, stream: small },
            },
            { index: 1, ...nothing },
            {
              index: 2,
              ...nothing,
              rawOperatorState: { kind: 'operator-stream', states: union, stream: hdfs },
              managedKeyedState: {
                kind: 'incremental',
                checkpointId: 41n,
                backendIdentifier: '00000000-0000-0001-0000-000000000002',
                keyGroupRange: { keyGroupFirst: 0, keyGroupLast: 1 },
                metaState: hdfs,
                sharedState: [{ localPath: '1.sst', handle: hdfs }],
                privateState: [{ localPath: 'MANIFEST', handle: small }],
              },
            },
          ],
        },
      ],
    })
  })

  it('key groups in the place of a stream are read, by the grammar', () => {
    const hex = '03000000050000000100000000000000070600017200000000000000ff'
    const handle = readStreamHandle(new Reader(fromHex(hex)))
    assert.deepEqual(handle, {
      kind: 'key-groups-stream',
      keyGroupRange: { keyGroupFirst: 5, keyGroupLast: 5 },
      offsets: [7],
      stream: { kind: 'relative-file', path: 'r', size: 255 },
    })
    const writer = new Writer()
    writeStreamHandle(writer, handle)
    assert.equal(toHex(writer.toBytes()), hex)
  })

  it('the fields without meaning of version 2 are kept', () => {
    const original = golden('V2 by Flink 1.8.3')
    const chainLengthAt = 8 + 8 + 4 + 8 + 15 + 4 + 16 + 8
    const changed = original.slice()
    changed[chainLengthAt + 3] = 3
    changed[chainLengthAt + 19] = 5
    const [operator] = readMetadata(changed).operators
    assert.equal(operator!.chainLength, 3)
    assert.equal(operator!.subtasks[0]!.duration, -251n)
    assert.deepEqual(writeMetadata(readMetadata(changed)), changed)
  })
})

describe('checkpoint properties', () => {
  const flags = { discardCancelled: false, discardFailed: false, discardSuspended: false, unclaimed: false }

  it('of a retained checkpoint and of a synchronous savepoint', () => {
    assert.deepEqual(readMetadata(golden('V4 by Flink 2.3.0')).properties!.parsed, {
      kind: 'checkpoint',
      name: 'Checkpoint',
      sharingFilesStrategy: 'FORWARD_BACKWARD',
      forced: false,
      discardSubsumed: true,
      discardFinished: true,
      ...flags,
    })
    assert.deepEqual(readMetadata(golden('V5 by Flink 2.3.0')).properties!.parsed, {
      kind: 'savepoint',
      name: 'Terminate Savepoint',
      formatType: 'NATIVE',
      postCheckpointAction: 'TERMINATE',
      forced: false,
      discardSubsumed: false,
      discardFinished: false,
      ...flags,
    })
    for (const version of ['1.20.3', '2.3.0']) {
      const { parsed } = readMetadata(golden(`METADATA-PROPS by Flink ${version}`)).properties!
      assert.ok(parsed?.kind === 'savepoint')
      assert.deepEqual([parsed.name, parsed.formatType], ['Savepoint', 'CANONICAL'])
    }
  })

  it('null and unknown ones do not keep a file from being read', () => {
    assert.equal(readMetadata(golden('METADATA by Flink 2.3.0')).properties!.parsed, null)
    const { raw } = readMetadata(golden('METADATA-PROPS by Flink 2.3.0')).properties!
    const others = [fromHex('aced000574000161'), fromHex('01020304')]
    const renamed = raw.slice()
    renamed[40] = renamed[40]! ^ 1
    for (const one of [...others, renamed, Uint8Array.of(...raw, 0x70)]) {
      const stored = readProperties(one)
      assert.equal(stored.parsed, undefined)
      assert.equal(stored.raw, one)
    }
  })

  it('a file that was cut inside them is truncated', () => {
    const { raw } = readMetadata(golden('METADATA-PROPS by Flink 2.3.0')).properties!
    for (let length = 0; length < raw.length; length++) {
      assert.throws(() => readProperties(raw.slice(0, length)), { code: 'TRUNCATED' }, `${length}`)
    }
  })
})

describe('writing _metadata', () => {
  const empty: Metadata = { version: 6, checkpointId: 1n, masterStates: [], operators: [] }
  const idle: SubtaskMetadata = { index: 0, finished: false, inputChannelState: [], resultSubpartitionState: [] }

  it('stores null for properties where there are none', () => {
    assert.equal(toHex(writeMetadata(empty)), '4960672d0000000600000000000000010000000000000000aced000570')
    assert.equal(toHex(writeMetadata({ ...empty, version: 3 })), '4960672d0000000300000000000000010000000000000000')
  })

  it('writes what a lower version has a place for', () => {
    const { operators } = readMetadata(golden('V5 by Flink 2.3.0'))
    const { checkpointId, masterStates } = readMetadata(golden('V3 by Flink 2.3.0'))
    const written = writeMetadata({ version: 3, checkpointId, masterStates, operators })
    assert.equal(toHex(written), GOLDEN['V3 by Flink 2.3.0'])
  })

  it('refuses what a version has no place for', () => {
    const newest = readMetadata(golden('V6 by Flink 2.3.0'))
    for (const version of [2, 3, 4, 5] as const) {
      assert.throws(() => writeMetadata({ ...newest, version }), { code: 'INCOMPATIBLE' })
    }
    const operator = { id: '00'.repeat(16), parallelism: 1, maxParallelism: 1, fullyFinished: false, subtasks: [idle] }
    const finished = { ...operator, subtasks: [{ ...idle, finished: true }] }
    assert.throws(() => writeMetadata({ ...empty, version: 2, operators: [finished] }), { code: 'INCOMPATIBLE' })
    assert.throws(() => writeMetadata({ ...empty, operators: [{ ...operator, uid: '' }] }), { code: 'USAGE' })
    assert.throws(() => writeMetadata({ ...empty, operators: [{ ...operator, id: 'ab' }] }), { code: 'USAGE' })
  })
})

describe('damaged _metadata', () => {
  const failsWith = (input: Uint8Array, code: string, message: RegExp): void => {
    assert.throws(
      () => readMetadata(input),
      (error) => error instanceof KobelError && error.code === code && message.test(error.message),
    )
  }
  const header = (version: string): Uint8Array => fromHex(`4960672d${version}${'00'.repeat(16)}`)

  it('is refused with what is wrong', () => {
    failsWith(bytes(), 'CORRUPT', /not a Flink _metadata file/)
    failsWith(fromHex('504b030400000006'), 'CORRUPT', /not a Flink _metadata file/)
    failsWith(header('00000001'), 'UNSUPPORTED_VERSION', /version 1 .*too old/)
    failsWith(header('00000007'), 'UNSUPPORTED_VERSION', /version 7 .*newer than this kobel/)
    failsWith(header('fffffff0'), 'UNSUPPORTED_VERSION', /version -16/)
    failsWith(fromHex('4960672d00000006ffffffffffffffff0000000000000000'), 'CORRUPT', /checkpoint id/)
    failsWith(Uint8Array.of(...header('00000003'), 0), 'CORRUPT', /1 bytes follow/)
    failsWith(fromHex('4960672d000000060000000000000001000000007fffffff'), 'TRUNCATED', /operators/)
  })

  it('names the operator', () => {
    const cut = golden('V6 by Flink 2.3.0').slice(0, 300)
    assert.throws(
      () => readMetadata(cut),
      (error) => error instanceof KobelError && error.where.operator === '000102030405060708090a0b0c0d0e0f',
    )
  })

  it('is refused when handles are nested too deep', () => {
    const level = '080000000000000001000000000000000000000001' // a changelog handle of one materialized handle
    const operator = `${'00'.repeat(16)}0000000100000001000000000100000000${'00'.repeat(8)}`
    const input = fromHex(`4960672d00000003${'00'.repeat(8)}0000000000000001${operator}${level.repeat(5000)}00`)
    failsWith(input, 'LIMIT', /nested/)
  })

  it('gives a value or a KobelError, quickly, and a value is written as it reads', () => {
    let seed = 4711
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
      return Math.floor((seed / 0x80000000) * below)
    }
    let slowest = 0
    let survived = 0
    for (const hex of Object.values(GOLDEN)) {
      const original = fromHex(hex)
      for (let round = 0; round < 1500; round++) {
        const input = original.slice(0, round % 4 === 0 ? random(original.length) : original.length)
        for (let flips = 1 + random(3); flips > 0 && input.length > 8; flips--) {
          input[8 + random(input.length - 8)] = round % 2 === 0 ? random(256) : [0, 0x7f, 0x80, 0xff][random(4)]!
        }
        const start = performance.now()
        const metadata = valueOrKobelError(() => readMetadata(input))
        slowest = Math.max(slowest, performance.now() - start)
        if (metadata === undefined) continue
        survived++
        assert.deepEqual(readMetadata(writeMetadata(metadata)), metadata)
      }
    }
    assert.ok(survived > 500, `${survived} mutated files were still readable`)
    assert.ok(slowest < 2000, `the slowest took ${slowest} ms`)
  })
})

function valueOrKobelError(read: () => Metadata): Metadata | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof KobelError) return undefined
    throw error
  }
}
