import assert from 'node:assert/strict'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { expectedFiles, readJson } from '../../scripts/compare.ts'
import { edit } from '../../src/edit/edit.ts'
import { dumpSnapshot } from '../../src/export/dump.ts'
import { type FieldDescriptions, FileSpill, openSnapshot, WritableFileStore } from '../../src/node/index.ts'
import { scratchDirectory } from '../support/write.ts'

// Editing nothing makes a canonical savepoint that dumps as its source, from every format that real Flink wrote.
const fields = await readJson<FieldDescriptions>('conformance/fields.json')
const files = await expectedFiles('fixtures')
const scratch = await scratchDirectory()

/** Entries behind a value of unknown extent: there is nothing to compare with. */
const UNDUMPABLE = '2.3.0/hashmap/unknown-native/expected.json'
/** Flink restores no canonical savepoint of them. */
const REFUSED = /\/forst\/async\//

for (const [number, file] of files.entries()) {
  const name = relative('fixtures', file)
  test(`convert of ${name}`, async () => {
    const { snapshot: path } = await readJson<{ snapshot: string }>(file)
    await using snapshot = await openSnapshot(join(file, '..', path), { fields })
    const directory = join(scratch, String(number))
    const sink = { store: new WritableFileStore(), directory, spill: new FileSpill(), inlineBytes: 300 }
    if (name === UNDUMPABLE) return assert.rejects(edit(snapshot).apply(sink), { code: 'UNKNOWN_SERIALIZER' })
    if (REFUSED.test(name)) return assert.rejects(edit(snapshot).apply(sink), { code: 'INCOMPATIBLE' })
    await edit(snapshot).apply(sink)
    assert.deepEqual(await rowsOf(directory), await rowsOf(join(file, '..', path)))
  })
}

/** Lines of a dump without the plan: timers of raw keyed state become managed, and stand elsewhere then. */
async function rowsOf(directory: string): Promise<string[]> {
  await using snapshot = await openSnapshot(directory, { fields })
  const lines: string[] = []
  for await (const line of dumpSnapshot(snapshot)) lines.push(line)
  return lines.slice(1).sort()
}
