// Writes results.json from what `run.sh full` left in its directory: node results.mjs DIRECTORY FILE SECONDS [NOTE]
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

const [directory, file, seconds, note] = process.argv.slice(2)

function read(path) {
  const bytes = readFileSync(path)
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()
}

/** The places (VERSION/BACKEND/NAME) whose snapshot Flink restored with all it should hold. */
function verifiedPlaces(set) {
  const verified = read(join(directory, `verified-${set}.log`)).matchAll(/^ok verify \S+ (\S+)/gm)
  return new Set(Array.from(verified, ([, path]) => path.match(/[^/]+\/(hashmap|rocksdb|forst)\/[^/]+/)?.[0]))
}

function rowsOf(set) {
  const verified = verifiedPlaces(set)
  return JSON.parse(read(join(directory, `compared-${set}.json`))).map(({ path, compared, differences, gaps }) => {
    const expected = JSON.parse(read(join(directory, set, path)))
    const name = path.replace(/\.json(\.gz)?$/, '')
    return {
      version: expected.flinkVersion,
      backend: expected.backend,
      format: expected.format,
      job: expected.job,
      variant: `${set}/${name.replace(/\/expected$/, '').split('/').slice(2).join('/')}`,
      settings: expected.settings,
      entriesCompared: compared,
      differences: differences.map((each) => each.slice(0, 300)),
      knownGaps: gaps.length,
      // Of a series of checkpoints the last one is restored.
      verifiedByFlink: name.endsWith('/expected') && verified.has(name.replace(/\/expected$/, '')),
    }
  })
}

const rows = [...rowsOf('fixtures'), ...rowsOf('families')]
const flinkVersions = [...new Set(rows.map((row) => row.version))].sort()
const head = { date: new Date().toISOString().slice(0, 10), seconds: Number(seconds), ...(note && { note }), flinkVersions }
const lines = rows.map((row) => `    ${JSON.stringify(row)}`)
writeFileSync(file, `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "rows": [\n${lines.join(',\n')}\n  ]\n}\n`)
const different = rows.filter((row) => row.differences.length > 0).length
const restored = rows.filter((row) => row.verifiedByFlink).length
console.log(`${rows.length} snapshots, ${different} with differences, ${restored} verified by Flink`)
