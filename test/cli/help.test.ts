import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kobel } from './run.ts'

/** The names below `Commands:` in the help. */
function commands(): string[] {
  const { stdout } = kobel(['--help'])
  const names = [...stdout.matchAll(/^ {2}([a-z]+)\b/gm)].map(([, name]) => name!)
  return names.filter((name) => name !== 'kobel')
}

test('every command has a help with an example, and takes --json', () => {
  const names = commands()
  assert.ok(names.length > 20, names.join(' '))
  for (const name of names) {
    if (name === 'help') continue
    const { status, stdout, stderr } = kobel([name, '--help'])
    assert.equal(status, 0, name)
    assert.equal(stderr, '', name)
    assert.match(stdout, new RegExp(`Examples?:\\n(?:.*\\n)*? *kobel ${name}|kobel ${name}`), name)
    assert.match(stdout, /^Examples?:|\nExamples?:/, name)
    if (name !== 'completion') assert.match(stdout, /--json/, name)
  }
})
