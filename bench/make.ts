import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DATA, java } from './paths.ts'

/** Makes the savepoints of the bench with real Flink: see bench/README.md. Those that are there stay. */
const MAKE: readonly (readonly [name: string, ...args: string[]])[] = [
  ['A', 'write', 'A', '5000000'],
  ['A10', 'write', 'A', '500000'],
  ['B', 'write', 'B', '2000000'],
  ['B10', 'write', 'B', '200000'],
  ['C', 'write', 'C', '200000'],
  ['E', 'write', 'B', '2000000', 'compressed'],
  ['E10', 'write', 'B', '200000', 'compressed'],
  ['D', 'checkpoint', '2000000'],
  ['D10', 'checkpoint', '200000'],
]

mkdirSync(DATA, { recursive: true })
const wanted = process.argv.slice(2)
for (const [name, kind, ...args] of MAKE) {
  const directory = resolve(join(DATA, name))
  if ((wanted.length > 0 && !wanted.includes(name)) || existsSync(directory)) continue
  const [count, ...rest] = kind === 'write' ? args.slice(1) : args
  const command =
    kind === 'write' ? java('write', args[0]!, count!, directory, ...rest) : java('checkpoint', count!, directory)
  console.log(`${name}: ${kind} ${args.join(' ')}`)
  const { status } = spawnSync(command[0]!, command.slice(1), { stdio: ['ignore', 'inherit', 'inherit'] })
  if (status !== 0) {
    rmSync(directory, { recursive: true, force: true })
    throw new Error(`Flink could not make ${name}`)
  }
}
