import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { contentsOf, dumpLines, load, scratchDirectory, sinkIn } from '../support/write.ts'

// Whatever ends a writer: there is no savepoint, or the whole one.
const scratch = await scratchDirectory()
const LINES = await dumpLines('fixtures/2.3.0/rocksdb/kinds/snapshot')
const DUMP = join(scratch, 'dump.jsonl')
await writeFile(DUMP, `${LINES.join('\n')}\n`)
const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))
const moduleUrl = (path: string): string => JSON.stringify(new URL(`../../src/${path}.js`, import.meta.url).href)

/** A program that loads the dump, and waits forever where `_metadata` would be written. */
function waitingLoad(directory: string): ChildProcess {
  const program = `
    import { readFileSync } from 'node:fs'
    import { loadDump } from ${moduleUrl('write/load')}
    import { FileSpill, WritableFileStore } from ${moduleUrl('store/file-writer')}
    class Waiting extends WritableFileStore {
      async writeNew() { console.log('ready'); await new Promise((resolve) => setTimeout(resolve, 1e6)) }
    }
    const lines = readFileSync(${JSON.stringify(DUMP)}, 'utf8').split('\\n')
    const sink = { store: new Waiting(), directory: ${JSON.stringify(directory)}, spill: new FileSpill(), inlineBytes: 0 }
    await loadDump(lines, sink, {})`
  return spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
}

async function filesOf(directory: string): Promise<string[]> {
  return readdir(directory).catch((): string[] => [])
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  child.kill('SIGKILL')
  await ended
}

test('killed between the files and _metadata: nothing opens; a second load makes it whole and cleans up', async () => {
  const directory = join(scratch, 'killed')
  const child = waitingLoad(directory)
  await new Promise<void>((resolve) => child.stdout!.once('data', () => resolve()))
  await killed(child)
  const left = await readdir(directory)
  assert.ok(left.length > 5 && !left.includes('_metadata'), left.join())
  await assert.rejects(dumpLines(directory), { code: 'NOT_FOUND' })

  // What a writer left that died earlier, and in the middle of a file.
  const orphans = [`${'0'.repeat(32)}-keyed-0-${'1'.repeat(16)}`, '.kobel-staged']
  for (const name of orphans) await writeFile(join(directory, name), 'left')
  const result = await load(LINES, sinkIn(directory), { clean: true })
  assert.deepEqual(result.orphans, [...orphans].sort())
  assert.deepEqual(result.removed, result.orphans)
  assert.deepEqual((await readdir(directory)).sort(), ['_metadata', ...left].sort())
  assert.deepEqual(await dumpLines(directory), LINES)
})

test('killed after any file there is no savepoint or the whole one', async (context) => {
  for (const count of [1, 4, 8, 12, 13]) {
    const directory = join(scratch, `after-${count}`)
    const child = spawn(process.execPath, [MAIN, 'load', DUMP, '--to', directory, '--inline-bytes', '0'], {
      stdio: 'ignore',
    })
    while (child.exitCode === null && (await filesOf(directory)).length < count) await setImmediate()
    await killed(child)
    const files = await filesOf(directory)
    context.diagnostic(`${files.length} files${files.includes('_metadata') ? ', whole' : ''}`)
    if (files.includes('_metadata')) assert.deepEqual(await dumpLines(directory), LINES)
    else await assert.rejects(dumpLines(directory), { code: 'NOT_FOUND' })
  }
})

test('a target that exists is refused and not touched', async () => {
  const directory = join(scratch, 'existing')
  await load(LINES, sinkIn(directory))
  const before = await contentsOf(directory)
  await assert.rejects(load(LINES, sinkIn(directory)), { code: 'CONFLICT', message: /is a savepoint already/ })
  assert.deepEqual(await contentsOf(directory), before)

  const other = join(scratch, 'other')
  await mkdir(other)
  await writeFile(join(other, 'notes.txt'), 'mine')
  await assert.rejects(load(LINES, sinkIn(other)), { code: 'CONFLICT', message: /notes\.txt/ })
  await assert.rejects(load(LINES, sinkIn(join(other, 'notes.txt'))), { code: 'CONFLICT' })
  assert.deepEqual(await readdir(other), ['notes.txt'])
})

test('of two commits to one directory one wins', async () => {
  const directory = join(scratch, 'race')
  const outcomes = await Promise.allSettled([1, 2, 3].map(() => load(LINES, sinkIn(directory))))
  assert.deepEqual(outcomes.map((each) => each.status).sort(), ['fulfilled', 'rejected', 'rejected'])
  assert.deepEqual(await dumpLines(directory), LINES)
})

test('a line that is wrong leaves no savepoint and no file', async () => {
  const cut = LINES[5]!.slice(0, 40)
  const BODY = LINES.slice(0, -1)
  const row = LINES.find((line) => line.includes('"kind":"value"'))!
  const wrong: readonly (readonly [readonly string[], string, RegExp])[] = [
    [[...LINES.slice(0, 5), cut], 'USAGE', /^line 6: the line is not JSON/],
    [LINES.slice(1), 'USAGE', /^line 1: a dump begins with a line \{"plan"/],
    [[], 'USAGE', /there are no lines/],
    [LINES.slice(0, -1), 'TRUNCATED', /it was cut/],
    [[...LINES.slice(0, 5), ...LINES.slice(6)], 'TRUNCATED', /\d+ rows when it was made, \d+ are here/],
    [[...LINES, LINES.at(-2)!], 'USAGE', /a line behind the last one/],
    [[...LINES.slice(0, -1), '{"end":{"rows":1,"partial":true}}'], 'INCOMPATIBLE', /is a part/],
    [
      [...BODY, row, JSON.stringify({ end: { rows: BODY.length } })],
      'CONFLICT',
      /two rows give a value for the same key/,
    ],
    [[...BODY, row.replace(/"state":"[^"]*"/, '"state":"gone"')], 'NOT_FOUND', /no keyed state "gone"/],
    [[...BODY, row.replace(/"keyGroup":\d+/, '"keyGroup":99999')], 'USAGE', /Java’s hash of its key gives/],
  ]
  for (const [i, [lines, code, message]] of wrong.entries()) {
    const directory = join(scratch, `wrong-${i}`)
    await assert.rejects(load(lines, sinkIn(directory)), { code, message })
    const files = await filesOf(directory)
    assert.ok(!files.includes('_metadata') && !files.some((name) => name.startsWith('.')), files.join())
  }
})
