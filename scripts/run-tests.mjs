// Runs every compiled test with node's own runner, on any Node: older ones take no globs, newer ones no directories.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'

const files = readdirSync('build/test', { recursive: true })
  .filter((name) => name.endsWith('.test.js'))
  .map((name) => `build/test/${name}`)
  .sort()
const { status } = spawnSync(process.execPath, ['--test', ...process.argv.slice(2), ...files], { stdio: 'inherit' })
process.exit(status ?? 1)
