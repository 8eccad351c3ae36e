import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { kobel, linesOf } from './run.ts'

/** Words of a command as a shell sees them; single quotes are all that the guide uses. */
function wordsOf(command: string): string[] {
  return [...command.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2]!)
}

/** A shell session of the guide: a command, and what it prints. A last line `…` stands for the rest. */
const SESSION = /```console\n\$ (kobel .*)\n([\s\S]*?)\n```/g

/** How old a checkout is differs, and with it the width of a column. */
function withoutAge(line: string): string {
  return line.replace(/just now|\d+ (?:minute|hour|day|month|year)s? ago/, 'some time ago').replace(/ {2,}/g, '  ')
}

for (const page of ['README.md', 'docs/guide/command-line.md']) {
  test(`${page} shows what the commands print`, () => {
    const sessions = [...readFileSync(page, 'utf8').matchAll(SESSION)]
    assert.ok(sessions.length >= 2)
    for (const [, command, shown] of sessions) {
      const { stdout, stderr } = kobel(wordsOf(command!).slice(1), { COLUMNS: '100' })
      const plain = (line: string): string => (command!.startsWith('kobel ls ') ? withoutAge(line) : line)
      const lines = linesOf(stdout + stderr).map((line) =>
        plain(line.replace(`${process.cwd()}/`, '/home/you/').replace('\r', '')),
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
