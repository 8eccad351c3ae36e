// The main job on a real savepoint that Flink 2.3.0 wrote: what is in it, one state as a table, one key.
import { spawnSync } from 'node:child_process'

const savepoint = 'fixtures/2.3.0/hashmap/windows/snapshot'
const commands = [
  ['inspect', savepoint],
  ['read', savepoint, 'windows-session', 'window-contents', '--format', 'table', '--limit', '5'],
]
for (const command of commands) {
  console.log(`\n$ kobel ${command.join(' ')}\n`)
  const { status } = spawnSync(process.execPath, ['build/bundle/cli/main.js', ...command], { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
