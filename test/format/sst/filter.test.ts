import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { fromBase64, fromHex } from '../../../src/bytes/encoding.ts'
import { KobelError } from '../../../src/error.ts'
import { mayContain } from '../../../src/format/sst/filter.ts'
import { openTable, readWhole, type Table } from '../../../src/format/sst/table.ts'
import { tableMayContain } from '../../../src/format/sst/table-index.ts'
import { randomNumbers } from '../../bytes/pseudo.ts'

/** Tables that frocksdb wrote, and which absent keys its filter excluded or let pass (by `BLOOM_FILTER_USEFUL`). */
interface FilterDatabase {
  readonly truth: number
  readonly files: Readonly<Record<string, string>>
  readonly excluded: readonly string[]
  readonly passed: readonly string[]
}

const GOLDEN = JSON.parse(gunzipSync(readFileSync('test/format/sst/frocksdb-filters.json.gz')).toString()) as {
  readonly truths: readonly Readonly<Record<string, readonly string[]>>[]
  readonly databases: Readonly<Record<string, FilterDatabase>>
}

function tableOf({ files }: FilterDatabase, withFilter = true): { bytes: Uint8Array; table: Table } {
  const name = Object.keys(files).find((each) => each.endsWith('.sst'))!
  const bytes = fromBase64(files[name]!)
  return { bytes, table: readWhole(bytes, openTable(bytes.length, { withFilter })) }
}

for (const [name, database] of Object.entries(GOLDEN.databases)) {
  test(`the filter says what RocksDB's says: ${name}`, () => {
    const { bytes, table } = tableOf(database)
    const may = (hex: string): boolean => readWhole(bytes, tableMayContain(table, fromHex(hex)))
    assert.ok(table.filter)
    for (const entry of GOLDEN.truths[database.truth]!.state!) assert.equal(may(entry.split('=')[0]!), true, entry)
    for (const key of database.passed) assert.equal(may(key), true, key)
    assert.ok(database.excluded.length > 70)
    // The hash of longer keys is not known in the newer form: those pass.
    const passes = (key: string): boolean => name.includes('format 5') && key.length > 2 * 240
    for (const key of database.excluded) assert.equal(may(key), passes(key), key)
  })
}

test('a filter is read only where it is asked for', () => {
  for (const database of Object.values(GOLDEN.databases)) assert.equal(tableOf(database, false).table.filter, undefined)
})

test('a filter that is damaged lets all pass', () => {
  const { table } = tableOf(GOLDEN.databases['8.10 format 5']!)
  const { files, excluded } = GOLDEN.databases['8.10 format 5']!
  const bytes = fromBase64(files[Object.keys(files).find((each) => each.endsWith('.sst'))!]!)
  const [filter] = table.otherBlocks
  bytes[filter!.offset + 3]! ^= 1
  const damaged = readWhole(bytes, openTable(bytes.length, { withFilter: true }))
  assert.equal(damaged.filter, undefined)
  assert.equal(readWhole(bytes, tableMayContain(damaged, fromHex(excluded[0]!))), true)
})

test('any bytes are a filter', () => {
  const numbers = randomNumbers(8)
  const key = Uint8Array.of(1, 2, 3, 4, 5)
  const forms = [
    [0xff, 0, 6, 0, 0],
    [6, 1, 0, 0, 0],
    [0xfe, 0, 0, 0, 0],
    [0, 1, 0, 0, 0],
    [0xff, 1, 6, 0, 0],
    [6, 0, 0, 0, 0],
  ]
  for (let round = 0; round < 2000; round++) {
    const length = numbers.next().value % 200
    const filter = Uint8Array.from({ length }, () => numbers.next().value)
    const form = forms[round % (forms.length + 1)]
    if (form !== undefined && length >= 5) filter.set(form, length - 5)
    assert.equal(typeof mayContain(filter, key), 'boolean')
  }
  // Ribbon, no probes, unknown forms, and no filter at all.
  for (const tail of forms.slice(2)) assert.equal(mayContain(Uint8Array.of(...new Uint8Array(64), ...tail), key), true)
  assert.equal(mayContain(new Uint8Array(0), key), true)
})

test('mutated tables give an answer or a KobelError', () => {
  const numbers = randomNumbers(9)
  const database = GOLDEN.databases['8.10 format 5, in parts']!
  const { bytes } = tableOf(database)
  for (let round = 0; round < 500; round++) {
    const mutated = bytes.slice()
    for (let i = 0; i < 1 + (round % 3); i++) mutated[numbers.next().value % mutated.length] = numbers.next().value
    try {
      const table = readWhole(mutated, openTable(mutated.length, { withFilter: true, verifyChecksums: false }))
      readWhole(mutated, tableMayContain(table, fromHex(database.excluded[round % 70]!)))
    } catch (error) {
      assert.ok(error instanceof KobelError, String(error))
    }
  }
})
