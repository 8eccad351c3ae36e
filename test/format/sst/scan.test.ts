import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32c, maskCrc32c } from '../../../src/bytes/crc32c.ts'
import { fromHex } from '../../../src/bytes/encoding.ts'
import { inflateRaw } from '../../../src/bytes/inflate.ts'
import { KobelError } from '../../../src/error.ts'
import { readCurrent, readManifest } from '../../../src/format/sst/manifest.ts'
import { createMergedEntries } from '../../../src/format/sst/merge.ts'
import { planSources } from '../../../src/format/sst/scan.ts'
import { openTable, readWhole } from '../../../src/format/sst/table.ts'
import { randomNumbers } from '../../bytes/pseudo.ts'
import { type GoldenDatabase, goldenDatabases, manifestOf, scanAll } from './golden.ts'

const databases = goldenDatabases()
const readable = databases.filter(({ name }) => !name.endsWith('zstd'))

function database(part: string): GoldenDatabase {
  return databases.find(({ name }) => name.includes(part))!
}

for (const { name, files, truth } of readable) {
  test(`the same entries as RocksDB shows: ${name}`, () => {
    const { columnFamilies } = manifestOf(files)
    for (const columnFamily of columnFamilies) {
      assert.deepEqual(scanAll(files, columnFamily), truth[columnFamily.name] ?? [], columnFamily.name)
    }
    const names = columnFamilies.map((columnFamily) => columnFamily.name)
    assert.deepEqual(
      Object.keys(truth).filter((each) => !names.includes(each)),
      [],
    )
  })
}

test('all sequences of windows and outputs give the same', () => {
  for (const part of ['many-levels', 'two-level-filter', 'flink-1.12.7', 'import-clip']) {
    const { files, truth } = database(part)
    for (const columnFamily of manifestOf(files).columnFamilies) {
      const output = createMergedEntries(100, 3)
      const options = { windowBytes: 1, output, verifyChecksums: false }
      assert.deepEqual(scanAll(files, columnFamily, options), truth[columnFamily.name] ?? [])
    }
  }
})

/** A key of the database, a bit shorter or longer, or a bare key-group prefix. */
function boundNear(entries: readonly string[], number: number): string {
  const key = entries[number % entries.length]!.split('=')[0]!
  return [key, `${key}00`, key.slice(0, -2), key.slice(0, 4)][(number >> 16) % 4]!
}

test('ranges of keys and single keys', () => {
  const numbers = randomNumbers(5)
  for (const { name, files, truth } of readable) {
    for (const columnFamily of manifestOf(files).columnFamilies) {
      const all = truth[columnFamily.name] ?? []
      for (let round = 0; round < (all.length === 0 ? 0 : 12); round++) {
        const from = boundNear(all, numbers.next().value)
        const to = round % 3 === 0 ? `${from}00` : boundNear(all, numbers.next().value)
        const expected = all.filter((entry) => entry.split('=')[0]! >= from && entry.split('=')[0]! < to)
        const range = { from: fromHex(from), to: fromHex(to) }
        assert.deepEqual(scanAll(files, columnFamily, range), expected, `${name} ${columnFamily.name} ${from} ${to}`)
      }
    }
  }
})

test('a key is looked up with few reads', () => {
  const { files, truth } = database('many-levels')
  const columnFamily = manifestOf(files).columnFamilies.find(({ name }) => name === 'state')!
  const key = truth.state![20]!.split('=')[0]!
  let count = 0
  const range = { from: fromHex(key), to: fromHex(`${key}00`) }
  const entries = scanAll(files, columnFamily, range, (ranges) => {
    count += ranges.length
  })
  assert.deepEqual(entries, [truth.state![20]])
  assert.ok(columnFamily.files.length > 4)
  // The tables are smaller than the tail that is read to open them; only those whose keys include it are opened.
  assert.equal(count, 1)
})

test('codecs that are not built in', () => {
  const { files, truth } = database('format-5-zstd')
  const columnFamily = manifestOf(files).columnFamilies.find(({ name }) => name === 'state')!
  assert.throws(
    () => scanAll(files, columnFamily),
    (error: unknown) =>
      error instanceof KobelError && error.code === 'UNSUPPORTED_VERSION' && /zstd/.test(error.message),
  )
  assert.ok(truth.state!.length > 0)
  // A wrong decompressor is noticed by the length that it gives, or by what it throws.
  for (const zstd of [(input: Uint8Array) => input, (input: Uint8Array) => inflateRaw(input)]) {
    assert.throws(
      () => scanAll(files, columnFamily, { decompressors: { zstd } }),
      (error: unknown) => error instanceof KobelError && error.code === 'CORRUPT',
    )
  }
})

test('rescaled tables hold range deletions', () => {
  const { files } = database('flink-2.3.0-rescaled')
  const tables = [...files].filter(([name]) => name.endsWith('.sst'))
  const deletions = tables.flatMap(([, bytes]) => readWhole(bytes, openTable(bytes.length)).rangeDeletions)
  assert.equal(deletions.length, 3)
})

test('CURRENT', () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
  assert.equal(readCurrent(bytes('MANIFEST-000005\n')), 'MANIFEST-000005')
  for (const text of ['', 'MANIFEST-000005', '../MANIFEST-000005\n', 'MANIFEST-5\n\n', 'x'.repeat(1000)]) {
    assert.throws(() => readCurrent(bytes(text)), KobelError)
  }
})

function manifestBytes({ files }: GoldenDatabase): Uint8Array {
  return files.get(readCurrent(files.get('CURRENT')!))!
}

test('a MANIFEST cut short is noticed, or misses whole edits', () => {
  const manifest =
    database('flink-1.12.7').files.get('MANIFEST-000006') ?? database('tiny').files.get('MANIFEST-000005')!
  let whole = 0
  for (let length = 0; length < manifest.length; length++) {
    try {
      readManifest(manifest.subarray(0, length))
      whole++
    } catch (error) {
      if (!(error instanceof KobelError)) throw error
    }
  }
  assert.ok(whole < 60)
})

function mutated(bytes: Uint8Array, numbers: Generator<number, never>): Uint8Array {
  const copy = bytes.slice()
  for (let flips = 1 + (numbers.next().value % 4); flips > 0; flips--) {
    const at = (numbers.next().value >> 4) % copy.length
    copy[at] = numbers.next().value >> 16
  }
  return copy
}

/** Rights the checksums of a log of one block. */
function withChecksums(log: Uint8Array): Uint8Array {
  const view = new DataView(log.buffer, log.byteOffset, log.byteLength)
  for (let at = 0; at + 7 <= log.length; ) {
    const end = Math.min(log.length, at + 7 + view.getUint16(at + 4, true))
    view.setUint32(at, maskCrc32c(crc32c(log, at + 6, end)), true)
    at = end
  }
  return log
}

test('a mutated MANIFEST with right checksums gives a manifest or a KobelError', () => {
  const numbers = randomNumbers(98)
  const sources = [database('flink-1.12.7'), database('tiny'), database('many-levels')].map(manifestBytes)
  let failed = 0
  for (let round = 0; round < 3000; round++) {
    const bytes = withChecksums(mutated(sources[round % 3]!, numbers))
    try {
      planSources(readManifest(bytes).columnFamilies.flatMap(({ files }) => files))
    } catch (error) {
      if (!(error instanceof KobelError)) throw error
      failed++
    }
  }
  assert.ok(failed > 300 && failed < 3000, `${failed}`)
})

test('mutated databases give entries or a KobelError', () => {
  const numbers = randomNumbers(99)
  let failed = 0
  for (let round = 0; round < 4; round++) {
    for (const { files } of readable) {
      const started = performance.now()
      for (let i = 0; i < 8; i++) {
        const chosen = [...files.keys()][(numbers.next().value >> 8) % files.size]!
        const broken = new Map(files).set(chosen, mutated(files.get(chosen)!, numbers))
        try {
          for (const columnFamily of manifestOf(broken).columnFamilies) {
            scanAll(broken, columnFamily, { verifyChecksums: false })
          }
        } catch (error) {
          if (!(error instanceof KobelError)) throw error
          failed++
        }
      }
      assert.ok(performance.now() - started < 5000)
    }
  }
  assert.ok(failed > 200, `${failed}`)
})
