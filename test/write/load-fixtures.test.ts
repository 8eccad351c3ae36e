import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { after, test } from 'node:test'
import { expectedFiles, readJson } from '../../scripts/compare.ts'
import { dumpSnapshot } from '../../src/export/dump.ts'
import { type FieldDescriptions, openSnapshot } from '../../src/node/index.ts'
import { FileSpill, WritableFileStore } from '../../src/store/file-writer.ts'
import { loadDump } from '../../src/write/load.ts'

// What real Flink wrote, dumped and loaded, dumps the same; and rows in any order give the same bytes.
const fields = await readJson<FieldDescriptions>('conformance/fields.json')
const files = await expectedFiles('fixtures')
const scratch = await mkdtemp(join(tmpdir(), 'kobel-load-'))
after(() => rm(scratch, { recursive: true, force: true }))

/** Entries behind a value of unknown extent: there is no dump that could be loaded. */
const UNDUMPABLE = '2.3.0/hashmap/unknown-native/expected.json'

/** What a dump does not tell all of, or Flink has no canonical form for. */
const REFUSED: readonly (readonly [RegExp, RegExp])[] = [
  [/\/forst\/async\//, /State API V2/],
  [/\/raw\//, /raw-operator state/],
  [/\/unaligned\//, /input-channel state/],
]

let compared = 0

for (const [number, file] of files.entries()) {
  const name = relative('fixtures', file)
  test(`load of ${name}`, async (context) => {
    const { snapshot } = await readJson<{ snapshot: string }>(file)
    const version = name.split('/')[0]!
    const flink = version.startsWith('1.8') ? '1.16' : version
    if (name === UNDUMPABLE) {
      await assert.rejects(dump(join(file, '..', snapshot)), { code: 'UNKNOWN_SERIALIZER' })
      return
    }
    const lines = await dump(join(file, '..', snapshot))
    const directory = join(scratch, String(number))
    const refusal = REFUSED.find(([fixture]) => fixture.test(name))
    if (refusal) {
      await assert.rejects(load(lines, directory, flink), { code: 'INCOMPATIBLE', message: refusal[1] })
      assert.deepEqual(await readdir(directory).catch(() => []), [])
      return
    }
    const result = await load(lines, directory, flink)
    assert.equal(
      Object.values(result.rows).reduce((sum, count) => sum + count, 0),
      lines.slice(1, -1).filter((line) => !line.includes('"part":')).length,
    )
    const again = await dump(directory)
    // Timers that lay in raw keyed state have become managed: the plan says so, and they stand among the other rows.
    if (name.includes('/heap-timers/')) again.splice(0, again.length, lines[0]!, ...inOrderOf(again.slice(1), lines))
    assert.equal(again[0], lines[0])
    const difference = again.findIndex((line, i) => i > 0 && line !== lines[i])
    assert.equal(again[difference], lines[difference])
    assert.equal(again.length, lines.length)
    compared += again.length
    const shuffled = join(scratch, `${number}-shuffled`)
    await load(shuffleKeyed(lines), shuffled, flink, 4096)
    assert.deepEqual(await contents(shuffled), await contents(directory))
    context.diagnostic(`${lines.length} lines, ${compared} in all`)
  })
}

async function dump(directory: string): Promise<string[]> {
  const snapshot = await openSnapshot(directory, { fields })
  try {
    const lines: string[] = []
    for await (const line of dumpSnapshot(snapshot)) lines.push(line)
    return lines
  } finally {
    await snapshot.close()
  }
}

async function load(
  lines: readonly string[],
  directory: string,
  flink: string,
  memoryBytes = 64 << 20,
): ReturnType<typeof loadDump> {
  const store = new WritableFileStore()
  const sink = { store, directory, spill: new FileSpill(scratch), memoryBytes, inlineBytes: 300 }
  return loadDump(lines, sink, { flink, fields }).finally(() => store.close())
}

/** The same lines in another order, if they are the same. */
function inOrderOf(lines: readonly string[], order: readonly string[]): string[] {
  const places = new Map(order.map((line, i) => [line, i]))
  return [...lines].sort((a, b) => (places.get(a) ?? -1) - (places.get(b) ?? -1))
}

/** Keyed rows in another order, among the others, whose order counts. */
function shuffleKeyed(lines: readonly string[]): string[] {
  const [plan, ...rows] = lines
  const keyed = rows.filter((row) => row.includes('"keyGroup":'))
  let seed = 42
  for (let i = keyed.length - 1; i > 0; i--) {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0
    const j = seed % (i + 1)
    ;[keyed[i], keyed[j]] = [keyed[j]!, keyed[i]!]
  }
  return [plan!, ...rows.map((row) => (row.includes('"keyGroup":') ? keyed.pop()! : row))]
}

async function contents(directory: string): Promise<Map<string, string>> {
  const names = (await readdir(directory)).sort()
  return new Map(
    await Promise.all(
      names.map(async (name) => [name, (await readFile(join(directory, name))).toString('hex')] as const),
    ),
  )
}
