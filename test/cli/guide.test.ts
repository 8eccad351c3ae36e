import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { kobel, linesOf } from './run.ts'

/** Words of a command as a shell sees them; single quotes are all that the guide uses. */
function wordsOf(command: string): string[] {
  return [...command.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2]!)
}

/** A shell session of the guide: a command, and what it prints. A last line `…` stands for the rest. */
const SESSION = /```console\n\$ (kobel .*)\n([\s\S]*?)\n```/g

/** A file of the guide: its name stands in the line before. */
const FILE = /`(out\/[\w.-]+)`[^\n]*:\n\n```\w+\n([\s\S]*?)\n```/g

/** How old a checkout is differs, and with it the width of a column. */
function withoutAge(line: string): string {
  return line.replace(/just now|\d+ (?:minute|hour|day|month|year)s? ago/, 'some time ago').replace(/ {2,}/g, '  ')
}

const GUIDE = readdirSync('docs/guide').filter((name) => name.endsWith('.md'))
const PAGES = ['README.md', ...GUIDE.map((name) => `docs/guide/${name}`)]

for (const page of PAGES) {
  const text = readFileSync(page, 'utf8')
  const sessions = [...text.matchAll(SESSION)]
  if (sessions.length === 0) continue
  test(`${page} shows what the commands print`, (context) => {
    // What a page writes below out/ is there for its later commands, and gone afterwards.
    const out = mkdtempSync(join(tmpdir(), 'kobel-guide-'))
    context.after(() => rmSync(out, { recursive: true }))
    for (const [, name, content] of text.matchAll(FILE)) writeFileSync(name!.replace(/^out/, out), `${content}\n`)
    for (const [, command, shown] of sessions) {
      const words = wordsOf(command!).map((word) => word.replace(/^out\//, `${out}/`))
      const { stdout, stderr } = kobel(words.slice(1), { COLUMNS: '100' })
      const plain = (line: string): string => (command!.startsWith('kobel ls ') ? withoutAge(line) : line)
      const lines = linesOf(stdout + stderr).map((line) =>
        plain(line.replaceAll(out, 'out').replaceAll(`${process.cwd()}/`, '/home/you/').replaceAll('\r', '')),
      )
      const expected = shown!.split('\n').map(plain)
      if (expected.at(-1) === '…') {
        expected.pop()
        lines.length = Math.min(lines.length, expected.length)
      }
      assert.deepEqual(lines, expected, command)
    }
  })
}

test('the library example of the README runs', () => {
  const [, code] = /```ts\n([\s\S]*?)\n```/.exec(readFileSync('README.md', 'utf8'))!
  // In the package's own directory its name resolves to itself.
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', code!], {
    encoding: 'utf8',
  })
  assert.equal(stderr, '')
  assert.equal(status, 0)
  assert.equal(stdout, 'value value of 3\n5\n')
})
