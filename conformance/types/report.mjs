// Prints for each described type and version: whether kobel's snapshot has the bytes of Flink's, how Flink takes it, and
// whether Flink reads the values and they have the same bytes. Writes golden.json.gz: what Flink wrote, versions that wrote
// the same together.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

const [out, ...versions] = process.argv.slice(2)
const read = (name) =>
  new Map(
    readFileSync(join(out, name), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t'))
      .map(([first, ...rest]) => [first, rest]),
  )
const golden = new Map()
const rows = new Map()
let failures = 0

for (const version of versions) {
  const [flink, kobel, verdicts] = ['flink', 'kobel', 'verdict'].map((each) => read(`${version}-${each}.tsv`))
  for (const [name, [type, snapshot, ...values]] of flink) {
    const [made, ...bytes] = kobel.get(name)
    const [verdict, count] = verdicts.get(name)
    const expected = values.filter((_, i) => i % 2 === 1)
    const sameSnapshot = made === snapshot
    const sameValues = expected.filter((each, i) => bytes[i] === each).length
    // What Flink met of subclasses it was not told of, it tells the job's serializer; that is no migration.
    const compatible = /COMPATIBLE_AS_IS/.test(verdict) ? 'as is' : /WITH_RECONFIGURED/.test(verdict) ? 'reconfigured' : ''
    const good = sameSnapshot && compatible !== '' && sameValues === expected.length && Number(count) === expected.length
    if (!good) failures++
    const cell = good
      ? `= ${compatible} ${expected.length}`
      : `${made === '' ? `NONE: ${bytes[0]}` : sameSnapshot ? '=' : 'DIFFERS'} | ${verdict} ${count} | ${sameValues}/${expected.length}`
    rows.set(name, [...(rows.get(name) ?? []), `${version}: ${cell}`])
    const entries = golden.get(name) ?? []
    const found = entries.find((each) => each.type === type && each.snapshot === snapshot && String(each.bytes) === String(expected))
    if (found) found.versions.push(version)
    else entries.push({ name, versions: [version], type, snapshot, values: values.filter((_, i) => i % 2 === 0), bytes: expected })
    golden.set(name, entries)
  }
}
for (const [name, cells] of rows) console.log(`${name.padEnd(36)} ${cells.join('   ')}`)
console.log(`${rows.size} types, ${failures} failures`)
const lines = [...golden.values()].flat().map((each) => JSON.stringify(each))
writeFileSync(join(out, 'golden.json.gz'), gzipSync(`[\n${lines.join(',\n')}\n]\n`, { level: 9 }))
process.exitCode = failures > 0 ? 1 : 0
