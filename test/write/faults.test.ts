import assert from 'node:assert/strict'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { KobelError } from '../../src/error.ts'
import { FileSpill, WritableFileStore } from '../../src/store/file-writer.ts'
import type { StagedFile } from '../../src/store/writable.ts'
import { commit } from '../../src/write/commit.ts'
import { mergeHandles } from '../../src/write/handle.ts'
import { writeRows } from '../../src/write/load.ts'
import { writePartition } from '../../src/write/partition.ts'
import { partitionId, partitionOf, partitionsOf, readPlan } from '../../src/write/plan.ts'
import type { WriteRow } from '../../src/write/rows.ts'
import { contentsOf, dumpLines, scratchDirectory, sinkIn } from '../support/write.ts'

// Whatever fails, wherever: an error that says so, nothing that looks whole, and a second attempt that succeeds.
const scratch = await scratchDirectory()

const plan = readPlan({
  flink: '2.3',
  operators: [
    {
      uid: 'op',
      parallelism: 3,
      maxParallelism: 16,
      key: 'string',
      states: [{ name: 'text', type: 'string' }],
      operatorStates: [{ name: 'offsets', kind: 'operator-list', type: 'long' }],
    },
  ],
})
const ROWS: readonly WriteRow[] = [
  ...Array.from({ length: 400 }, (_, i) => ({ operator: 'op', state: 'text', key: `k${i}`, value: 'x'.repeat(2000) })),
  ...Array.from({ length: 5 }, (_, value) => ({ operator: 'op', state: 'offsets', value })),
]

const WHOLE = join(scratch, 'whole')
await writeRows(plan, ROWS, sinkIn(WHOLE))
const CONTENTS = await contentsOf(WHOLE)

/** Does something before the operation of a number, and counts them. */
class Faulty extends WritableFileStore {
  count = 0
  private readonly at: number
  private readonly fault: () => Promise<void>

  constructor(at: number, fault: () => Promise<void>) {
    super()
    this.at = at
    this.fault = fault
  }

  private async step<T>(run: () => Promise<T>): Promise<T> {
    if (this.count++ === this.at) await this.fault()
    return run()
  }

  override async stage(directory: string): Promise<StagedFile> {
    const file = await this.step(() => super.stage(directory))
    return {
      append: (bytes) => this.step(() => file.append(bytes)),
      publish: (name) => this.step(() => file.publish(name)),
      abandon: () => file.abandon(),
    }
  }

  override writeNew(location: string, bytes: Uint8Array): Promise<void> {
    return this.step(() => super.writeNew(location, bytes))
  }

  override list(location: string): ReturnType<WritableFileStore['list']> {
    return this.step(() => super.list(location))
  }
}

const full = async (): Promise<void> => {
  throw new KobelError('STORE', 'the file could not be written: ENOSPC: no space left on device')
}

test('a disk that is full at any point leaves nothing that looks whole', async () => {
  let failed = 0
  for (let at = 0; ; at++) {
    const directory = join(scratch, `full-${at}`)
    const store = new Faulty(at, full)
    const writing = writeRows(plan, ROWS, sinkIn(directory, { store }))
    const outcome = await writing.then(
      () => 'written',
      (error: unknown) => (error as KobelError).code,
    )
    if (store.count <= at) break
    const files = await readdir(directory).catch((): string[] => [])
    // The last listing only looks for orphans.
    const isWhole = files.includes('_metadata')
    assert.equal(outcome, 'STORE')
    assert.deepEqual(
      files.filter((name) => name.startsWith('.')),
      [],
    )
    if (isWhole) assert.deepEqual(await contentsOf(directory), CONTENTS)
    else {
      await assert.rejects(dumpLines(directory), { code: 'NOT_FOUND' })
      await writeRows(plan, ROWS, sinkIn(directory), { clean: true })
      assert.deepEqual(await contentsOf(directory), CONTENTS)
    }
    failed++
  }
  assert.ok(failed > 12, `${failed} points`)
})

test('a full disk for temporary files is told, too', async () => {
  const spill = new FileSpill(join(scratch, 'no-such-directory'))
  const directory = join(scratch, 'spilled')
  await assert.rejects(writeRows(plan, ROWS, sinkIn(directory, { spill, memoryBytes: 1000 })), {
    code: 'STORE',
    message: /could not be written/,
  })
  assert.deepEqual(await readdir(directory).catch((): string[] => []), [])
})

test('a target that vanishes at any point', async () => {
  for (let at = 0; ; at++) {
    const directory = join(scratch, `vanished-${at}`)
    const store = new Faulty(at, () => rm(directory, { recursive: true, force: true }))
    const outcome = await writeRows(plan, ROWS, sinkIn(directory, { store })).then(
      () => 'written',
      (error: unknown) => (error instanceof KobelError ? 'refused' : String(error)),
    )
    if (store.count <= at) break
    if (outcome === 'written') assert.deepEqual(await contentsOf(directory), CONTENTS)
    else {
      assert.equal(outcome, 'refused')
      await assert.rejects(dumpLines(directory), { code: 'NOT_FOUND' })
    }
  }
})

test('workers that die, are retried and run twice', async () => {
  const directory = join(scratch, 'twice')
  const sink = sinkIn(directory)
  const rowsOf = (id: string): WriteRow[] =>
    ROWS.filter((row, i) => partitionOf(plan, row, i).some((each) => partitionId(each) === id))
  const partitions = partitionsOf(plan)
  // One dies in the middle of its rows, one after its file was there and before its handle was.
  const dying = async function* (rows: readonly WriteRow[]): AsyncGenerator<WriteRow> {
    yield* rows.slice(0, 5)
    throw new Error('the worker died')
  }
  const [first, second] = partitions
  await assert.rejects(writePartition(plan, first!, dying(rowsOf(partitionId(first!))), sink), /the worker died/)
  await writePartition(plan, second!, rowsOf(partitionId(second!)), sink)
  const write = (): Promise<Awaited<ReturnType<typeof writePartition>>[]> =>
    Promise.all(partitions.map((each) => writePartition(plan, each, rowsOf(partitionId(each)), sink)))
  const handles = [...(await write()), ...(await write())]
  // One ran with other rows, and its handle was lost: its file is an orphan.
  await writePartition(plan, second!, rowsOf(partitionId(second!)).slice(1), sink)
  const result = await commit(sink.store, directory, plan, mergeHandles(handles), { clean: true })
  assert.equal(result.orphans.length, 1)
  assert.deepEqual(result.removed, result.orphans)
  const { rows } = { rows: (await dumpLines(directory)).slice(1) }
  assert.deepEqual(rows, (await dumpLines(WHOLE)).slice(1))
})

test('an unhashable key is told with what to do', async () => {
  const unhashable = readPlan({
    flink: '2.3',
    operators: [
      {
        uid: 'op',
        key: { enum: 'acme.Color', constants: ['RED'] },
        states: [{ name: 'v', type: 'long' }],
      },
    ],
  })
  const row = { operator: 'op', state: 'v', key: 'RED', value: 1 }
  await assert.rejects(writeRows(unhashable, [row], sinkIn(join(scratch, 'unhashable'))), {
    code: 'UNHASHABLE',
    message: /^line 1: the hash of the key is not known to kobel: give each row its keyGroup/,
  })
})
