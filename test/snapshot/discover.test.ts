import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OperatorMetadata, StreamStateHandle } from '../../src/format/metadata/index.ts'
import { discoverSnapshots } from '../../src/snapshot/discover.ts'
import { openSnapshotIn } from '../../src/snapshot/open.ts'
import { CountingStore } from '../../src/store/counting.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import type { StoreEntry } from '../../src/store/store.ts'
import { TINY_ID, tinyMetadata, tinyStream } from '../support/tiny-savepoint.ts'

const JOB_A = 'a'.repeat(32)
const JOB_B = 'b'.repeat(32)
const EMPTY = tinyStream(127, [])

/** `_metadata` of a checkpoint whose operator state lies in these files. */
function metadataOf(checkpointId: bigint, streams: readonly StreamStateHandle[]): Uint8Array {
  const operator: OperatorMetadata = {
    id: TINY_ID,
    parallelism: streams.length,
    maxParallelism: 128,
    fullyFinished: false,
    subtasks: streams.map((stream, index) => ({
      index,
      finished: false,
      managedOperatorState: { kind: 'operator-stream', states: [], stream },
      inputChannelState: [],
      resultSubpartitionState: [],
    })),
  }
  return tinyMetadata(EMPTY, { checkpointId, operators: [operator] })
}

const shared = (name: string, size: number): StreamStateHandle => ({
  kind: 'file',
  path: `hdfs:/flink/${JOB_A}/shared/${name}`,
  size,
})

/** Two jobs and a savepoint. The first job has two checkpoints that share a file, and what is left of two others. */
function bucket(): MemoryStore {
  return new MemoryStore([
    [
      `/b/${JOB_A}/chk-9/_metadata`,
      metadataOf(9n, [shared('x', 100), { kind: 'relative-file', path: 'own', size: 7 }]),
    ],
    [`/b/${JOB_A}/chk-9/own`, new Uint8Array(7)],
    [`/b/${JOB_A}/chk-10/_metadata`, metadataOf(10n, [shared('x', 100), shared('y', 30)])],
    [`/b/${JOB_A}/chk-11/part`, new Uint8Array(5)],
    [`/b/${JOB_A}/shared/x`, new Uint8Array(100)],
    [`/b/${JOB_A}/shared/y`, new Uint8Array(30)],
    [`/b/${JOB_A}/shared/z`, new Uint8Array(11)],
    [`/b/${JOB_B}/chk-2/_metadata`, Uint8Array.of(1, 2, 3)],
    ['/b/savepoints/savepoint-aaaaaa-0123456789ab/_metadata', tinyMetadata(EMPTY)],
    ['/b/savepoints/savepoint-bbbbbb-0123456789ab/state', new Uint8Array(3)],
  ])
}

test('snapshots are found by job and number, with what they share', async () => {
  const { snapshots, jobs, unseen } = await discoverSnapshots(bucket(), '/b')
  assert.deepEqual(
    snapshots.map(({ location, kind, complete, stateBytes, sharedBytes, ownBytes }) => [
      location.slice(3),
      kind,
      complete,
      stateBytes,
      sharedBytes,
      ownBytes,
    ]),
    [
      [`${JOB_A}/chk-11`, 'checkpoint', false, undefined, undefined, 5],
      [`${JOB_A}/chk-10`, 'checkpoint', true, 130, 100, 0],
      [`${JOB_A}/chk-9`, 'checkpoint', true, 107, 100, 7],
      [`${JOB_B}/chk-2`, 'checkpoint', true, undefined, undefined, 0],
      ['savepoints/savepoint-aaaaaa-0123456789ab', 'savepoint', true, 0, 0, 0],
      ['savepoints/savepoint-bbbbbb-0123456789ab', 'savepoint', false, undefined, undefined, 3],
    ],
  )
  assert.match(snapshots[3]!.problem ?? '', /./)
  assert.equal(snapshots[1]!.job, JOB_A)
  assert.deepEqual(jobs, [{ job: JOB_A, location: `/b/${JOB_A}`, files: 3, bytes: 141, unreferencedBytes: 11 }])
  assert.equal(unseen, 0)
})

test('how deep is bounded, and what was left out is said', async () => {
  const { snapshots, unseen } = await discoverSnapshots(bucket(), '/b', { depth: 1 })
  assert.deepEqual(snapshots, [])
  assert.equal(unseen, 3 + 1 + 2)
})

test('of each directory and each _metadata one request is made', async () => {
  const store = new CountingStore(bucket())
  let listed = 0
  await discoverSnapshots(store, '/b', { onDirectory: () => listed++ })
  // The bucket, two jobs, savepoints, six snapshots; besides, `shared` is listed and four files are read.
  assert.equal(listed, 10)
  assert.equal(store.requests, 10 + 1 + 4)
})

test('the newest checkpoint of a job is taken by its number', async () => {
  const snapshot = await openSnapshotIn(bucket(), `/b/${JOB_A}`, { latest: true, heads: 'lazy' })
  assert.equal(snapshot.location, `/b/${JOB_A}/chk-10`)
})

test('without latest the snapshots are listed', async () => {
  await assert.rejects(openSnapshotIn(bucket(), `/b/${JOB_A}`), {
    code: 'NOT_FOUND',
    message: /holds 2: chk-10, chk-9; name one of them, or take the newest with --latest/,
  })
  await assert.rejects(openSnapshotIn(bucket(), '/b'), {
    message: new RegExp(`holds 3: ${JOB_A}/chk-10, ${JOB_A}/chk-9, ${JOB_B}/chk-2;`),
  })
})

/** A memory store that knows when `_metadata` files were written. */
class AgedStore extends MemoryStore {
  override async list(location: string): Promise<StoreEntry[]> {
    const age: Readonly<Record<string, number>> = { 'chk-9': 90, 'chk-10': 80, 'chk-2': 85 }
    const modified = age[location.slice(location.lastIndexOf('/') + 1)] ?? 1
    return (await super.list(location)).map((entry) => ({ ...entry, modified }))
  }
}

test('of several jobs the newest is taken by its age, which has to be known', async () => {
  const store = bucket()
  for (const name of [...store.files.keys()]) if (name.includes('savepoint')) store.files.delete(name)
  store.files.set(`/b/${JOB_B}/chk-2/_metadata`, tinyMetadata(EMPTY, { checkpointId: 2n }))
  await assert.rejects(openSnapshotIn(store, '/b', { latest: true }), { message: /their age is not known.*chk-2/ })
  const aged = new AgedStore(store.files)
  // Inside a job the number counts: chk-10 stands for its job, though chk-9 is said to be newer.
  const snapshot = await openSnapshotIn(aged, '/b', { latest: true, heads: 'lazy' })
  assert.equal(snapshot.metadata.checkpointId, 2n)
})

test('a directory of checkpoints that were never completed says so', async () => {
  const store = new MemoryStore([[`/b/${JOB_A}/chk-11/part`, new Uint8Array(5)]])
  await assert.rejects(openSnapshotIn(store, `/b/${JOB_A}`, { latest: true }), {
    code: 'NOT_FOUND',
    message: /chk-11, without _metadata: never completed/,
  })
})
