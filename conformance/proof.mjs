// Writes proof.json from what `run.sh write` and `run.sh edit` printed: node proof.mjs FILE DIRECTORY/VERSION/{write,edit}.log …
// Versions and proofs that are not among the logs keep their rows.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'

const [file, ...logs] = process.argv.slice(2)

/** Lines "ok resume JOB PATH name=value …", before it "JOB: 147 steps compared, 553 results, 0 differences". */
function rowsOf(log) {
  const proof = basename(log, '.log')
  const version = basename(dirname(log))
  const rows = []
  let counted
  for (const line of readFileSync(log, 'utf8').split('\n')) {
    const count = /^[\w-]+: (?:(\d+) steps compared, (\d+) results|(\d+) read), (\d+) differences$/.exec(line)
    if (count) counted = count
    const notDone = /^FAILED (write|edit|rescale|convert) ([\w-]+): (.*)$/.exec(line)
    if (notDone) rows.push({ version, proof, what: `${notDone[1] === 'write' ? '' : `${notDone[1]} `}${notDone[2]}`, check: notDone[1], ok: false, reason: notDone[3] })
    const check = /^(ok|FAILED) (resume|read|dispose) (.*)$/.exec(line)
    if (!check) continue
    const words = check[3].split(' ').filter((word) => word !== '')
    const path = words.find((word) => word.startsWith('/'))
    const place = path.split('/')
    const own = proof === 'write' ? place.at(-2) : place.at(-1).replace(/^(edit|rescaled|converted)-/, (_, verb) => `${verbs[verb]} `)
    const options = Object.fromEntries(words.filter((word) => word.includes('=')).map((word) => word.split('=')))
    rows.push({
      version,
      proof,
      what: own,
      check: options.claim ? 'claim' : check[2],
      backend: options.backend,
      parallelism: options.parallelism === undefined ? undefined : Number(options.parallelism),
      compared: counted ? Number(counted[1] ?? counted[3]) : undefined,
      results: counted?.[2] === undefined ? undefined : Number(counted[2]),
      differences: counted ? Number(counted[4]) : undefined,
      ok: check[1] === 'ok',
    })
    counted = undefined
  }
  return rows
}

const verbs = { edit: 'edit', rescaled: 'rescale', converted: 'convert' }
const rows = logs.flatMap(rowsOf)
const before = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).rows : []
const isNew = (row) => rows.some((each) => each.version === row.version && each.proof === row.proof)
const all = [...before.filter((row) => !isNew(row)), ...rows]
const lines = all.map((row) => `    ${JSON.stringify(row)}`)
writeFileSync(file, `{\n  "date": "${new Date().toISOString().slice(0, 10)}",\n  "rows": [\n${lines.join(',\n')}\n  ]\n}\n`)
const failed = all.filter((row) => !row.ok)
console.log(`${all.length - failed.length} of ${all.length} passed`)
for (const row of failed) console.log(`not ok ${row.version} ${row.proof} ${row.what} ${row.check} ${row.backend ?? ''} ${row.parallelism ?? ''} ${row.reason ?? ''}`)
