import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { loadSavepoint, openSnapshot, readPlan, writeSavepoint } from '../../src/node/index.ts'
import { contentsOf, dumpLines, scratchDirectory } from '../support/write.ts'

const scratch = await scratchDirectory()
const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))

const plan = readPlan({
  flink: '1.20',
  operators: [
    {
      uid: 'op',
      parallelism: 3,
      maxParallelism: 128,
      key: 'long',
      states: [
        { name: 'count', type: 'long' },
        { name: 'list', kind: 'list', type: 'string' },
      ],
      operatorStates: [
        { name: 'offsets', kind: 'operator-list', type: 'long' },
        { name: 'rules', kind: 'broadcast', mapKey: 'string', type: 'long' },
      ],
    },
  ],
})

function* rows(): Generator<string> {
  for (let i = 0; i < 9000; i++) {
    yield JSON.stringify({ operator: 'op', state: 'count', key: i, value: i * 3 })
    yield JSON.stringify({ operator: 'op', state: 'list', key: i % 50, value: [String(i)] })
    if (i % 1000 === 0) yield JSON.stringify({ operator: 'op', state: 'offsets', value: i })
    if (i % 3000 === 0) yield JSON.stringify({ operator: 'op', state: 'rules', mapKey: String(i), value: i })
  }
}

test('the savepoint is the same for any number of workers, however much is spilled', async () => {
  const embedded = join(scratch, 'embedded')
  const expected = await writeSavepoint(plan, rows(), embedded)
  assert.deepEqual(expected.rows, { broadcast: 3, list: 9000, 'operator-list': 9, value: 9000 })
  const files = await contentsOf(embedded)
  for (const [workers, memoryBytes] of [
    [2, 64 << 20],
    [3, 20_000],
  ] as const) {
    const directory = join(scratch, `workers-${workers}`)
    let told = 0
    const onRows = (count: number): void => {
      told += count
    }
    const result = await writeSavepoint(plan, rows(), directory, { workers, memoryBytes, onRows })
    assert.deepEqual({ ...result, directory: embedded }, expected)
    assert.equal(told, 18012)
    assert.deepEqual(await contentsOf(directory), files)
  }
  const snapshot = await openSnapshot(embedded)
  const state = snapshot.operator('op').state('list')
  assert.deepEqual(
    await state.get(7n),
    Array.from({ length: 180 }, (_, i) => String(7 + 50 * i)),
  )
  await snapshot.close()
})

test('a dump is loaded by workers, and what is wrong with it is told', async () => {
  const lines = await dumpLines('fixtures/2.3.0/rocksdb/kinds/snapshot')
  const directory = join(scratch, 'loaded')
  await loadSavepoint(lines, directory, { workers: 2, inlineBytes: 0 })
  assert.deepEqual(await dumpLines(directory), lines)
  const refused = async (wrong: readonly string[], code: string, message: RegExp): Promise<void> => {
    const target = join(scratch, 'refused')
    await assert.rejects(loadSavepoint(wrong, target, { workers: 2, inlineBytes: 0 }), { code, message })
    assert.ok(!(await readdir(target).catch((): string[] => [])).includes('_metadata'))
  }
  await refused(lines.slice(0, -1), 'TRUNCATED', /it was cut/)
  await refused([...lines.slice(0, 9), ...lines.slice(10)], 'TRUNCATED', /rows when it was made/)
  await refused([...lines, ...lines.slice(1)], 'USAGE', /two lines \{"end"|behind the last one/)
  await refused([...lines.slice(0, 9), '{', ...lines.slice(10)], 'USAGE', /^line 10: the line is not JSON/)
  await refused(lines.slice(1), 'USAGE', /^line 1: a dump begins with/)
  await assert.rejects(loadSavepoint(lines, directory, { workers: 2 }), { code: 'CONFLICT' })
  await assert.rejects(loadSavepoint(lines, join(scratch, 'none'), { workers: 0 }), { code: 'USAGE' })
})

for (const workers of [1, 2]) {
  test(`what is stopped leaves no savepoint: ${workers} workers`, async () => {
    const directory = join(scratch, `stopped-${workers}`)
    const controller = new AbortController()
    let told = 0
    const onRows = (count: number): void => {
      told += count
      if (told > 5000) controller.abort(new Error('stopped'))
    }
    const stopped = writeSavepoint(plan, rows(), directory, { workers, signal: controller.signal, onRows })
    await assert.rejects(stopped, /stopped/)
    await assert.rejects(openSnapshot(directory), { code: 'NOT_FOUND' })
    await writeSavepoint(plan, rows(), directory, { workers, clean: true })
  })
}

test('an interrupted command leaves no savepoint, and says so', async () => {
  const directory = join(scratch, 'interrupted')
  const child = spawn(process.execPath, [MAIN, 'load', '--to', directory, '--workers', '2'])
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk
  })
  const lines = await dumpLines('fixtures/2.3.0/rocksdb/kinds/snapshot')
  child.stdin.write(`${lines[0]}\n${lines[1]}\n`)
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  const feeding = setInterval(() => child.stdin.write('\n'), 20)
  child.stdin.on('error', () => undefined)
  setTimeout(() => child.kill('SIGINT'), 1500)
  assert.equal(await ended, 4)
  clearInterval(feeding)
  assert.match(errors, /was interrupted: there is no savepoint/)
  await assert.rejects(openSnapshot(directory), { code: 'NOT_FOUND' })
})
