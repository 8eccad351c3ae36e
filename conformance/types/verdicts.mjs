// Which changes of a type Flink takes: verdicts.mjs write VERSION OUT makes pairs of snapshots for `Verdicts`;
// verdicts.mjs collect OUT FILE.tsv… gathers what Flink said into a file of the tests.
import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const cases = JSON.parse(
  readFileSync(join(import.meta.dirname, 'verdicts.json'), 'utf8').replaceAll('"@', '"kobel.conformance.described.Classes$'),
)

async function write(version, out) {
  const kobel = (file) =>
    import(pathToFileURL(resolve(process.env.KOBEL ?? join(import.meta.dirname, '../../build'), 'src', file)).href)
  const { serializerSnapshotOf } = await kobel('index.js')
  const lines = cases.flatMap(([name, before, after]) => {
    try {
      const snapshots = [before, after].map((type) => Buffer.from(serializerSnapshotOf(type, version).raw).toString('base64'))
      return [[name, ...snapshots].join('\t')]
    } catch (error) {
      process.stderr.write(`${version} ${name}: ${error.message}\n`)
      return []
    }
  })
  writeFileSync(out, `${lines.join('\n')}\n`)
}

function collect(out, files) {
  const verdicts = new Map(cases.map(([name, before, after]) => [name, { name, before, after, flink: {} }]))
  for (const file of files) {
    const version = basename(file).split('-')[0]
    for (const line of readFileSync(file, 'utf8').trimEnd().split('\n')) {
      const [name, verdict] = line.split('\t')
      verdicts.get(name).flink[version] = verdict
    }
  }
  writeFileSync(out, `[\n${[...verdicts.values()].map((each) => `  ${JSON.stringify(each)}`).join(',\n')}\n]\n`)
}

const [mode, ...args] = process.argv.slice(2)
if (mode === 'write') await write(...args)
else collect(args[0], args.slice(1))
