import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as zlib from 'node:zlib'
import { KobelError } from '../../src/error.ts'
import type { Decompress } from '../../src/format/sst/compression.ts'
import { NODE_DECOMPRESSORS, zstdOfNode, zstdOfPackage } from '../../src/node/decompressors.ts'
import { randomNumbers } from '../bytes/pseudo.ts'
import { goldenDatabases, manifestOf, scanAll } from '../format/sst/golden.ts'

const databases = goldenDatabases().filter(({ name }) => name.endsWith('zstd'))

const ways: readonly (readonly [string, Decompress | undefined])[] = [
  ['here', NODE_DECOMPRESSORS.zstd],
  ['of the package', zstdOfPackage()],
  ['of Node', zstdOfNode(zlib)],
]

for (const [way, zstd] of ways) {
  test(`the same entries as RocksDB shows with the zstd ${way}`, { skip: zstd === undefined }, () => {
    assert.ok(databases.length >= 2)
    for (const { name, files, truth } of databases) {
      for (const columnFamily of manifestOf(files).columnFamilies) {
        const entries = scanAll(files, columnFamily, { decompressors: { zstd: zstd! } })
        assert.deepEqual(entries, truth[columnFamily.name] ?? [], name)
      }
    }
  })

  test(`damaged blocks are entries or a KobelError with the zstd ${way}`, { skip: zstd === undefined }, () => {
    const numbers = randomNumbers(21)
    for (let round = 0; round < 300; round++) {
      const { files } = databases[round % databases.length]!
      const [name, bytes] = [...files].find(([each]) => each.endsWith('.sst'))!
      const mutated = bytes.slice()
      for (let i = 0; i < 3; i++) mutated[numbers.next().value % mutated.length] = numbers.next().value
      const damaged = new Map([...files, [name, mutated]])
      try {
        for (const columnFamily of manifestOf(damaged).columnFamilies) {
          scanAll(damaged, columnFamily, { decompressors: { zstd: zstd! }, verifyChecksums: false })
        }
      } catch (error) {
        assert.ok(error instanceof KobelError, String(error))
      }
    }
  })
}
