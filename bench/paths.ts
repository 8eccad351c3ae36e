import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openSnapshot } from '../src/node/index.ts'

/** Where the savepoints of the bench lie. */
export const DATA: string = process.env.KOBEL_BENCH_DATA ?? 'bench/data'

/** The snapshot of a case: D is a checkpoint below the directory of its job. */
export function snapshotOf(name: string): string {
  const directory = join(DATA, name)
  if (existsSync(join(directory, '_metadata'))) return directory
  for (const job of readdirSync(directory)) {
    const checkpoints = readdirSync(join(directory, job)).filter((each) => each.startsWith('chk-'))
    const last = checkpoints.sort((a, b) => Number(a.slice(4)) - Number(b.slice(4))).at(-1)
    if (last !== undefined) return join(directory, job, last)
  }
  throw new Error(`${directory} holds no snapshot: see bench/README.md`)
}

const HEAP = process.env.KOBEL_BENCH_HEAP ?? '4g'
const OPENED = ['util', 'lang', 'time', 'net', 'text', 'io', 'lang.reflect', 'util.concurrent']

/** The command that runs `kobel.bench.Main` of bench/flink. */
export function java(...args: readonly string[]): readonly string[] {
  const classpath = readFileSync('bench/flink/target/classpath.txt', 'utf8').trim()
  return [
    'java',
    `-Xmx${HEAP}`,
    ...OPENED.map((name) => `--add-opens=java.base/java.${name}=ALL-UNNAMED`),
    '-cp',
    `bench/flink/target/classes:${classpath}`,
    'kobel.bench.Main',
    ...args,
  ]
}

/** The command of the loop in C, compiled when it is first asked for, with the places of the key groups. */
export async function cLoop(name: 'A' | 'B'): Promise<readonly string[]> {
  const program = join(DATA, 'scan')
  const source = 'bench/c/scan.c'
  if (!existsSync(program) || statSync(program).mtimeMs < statSync(source).mtimeMs) {
    mkdirSync(DATA, { recursive: true })
    execFileSync('gcc', ['-O3', '-o', program, source], { stdio: 'inherit' })
  }
  const offsets = join(DATA, `${name}.offsets`)
  writeFileSync(offsets, await keyGroupLines(snapshotOf(name)))
  return [program, name, offsets]
}

async function keyGroupLines(path: string): Promise<string> {
  await using snapshot = await openSnapshot(path)
  const lines: string[] = []
  for (const { managedKeyedState: handle } of snapshot.operators.flatMap((each) => each.metadata.subtasks)) {
    if (!handle || !('offsets' in handle) || handle.stream.kind !== 'relative-file') continue
    const { offsets, stream } = handle
    const starts = offsets.filter((offset) => offset > 0)
    starts.forEach((start, i) => {
      lines.push(`${join(path, stream.path)} ${start} ${starts[i + 1] ?? stream.size}\n`)
    })
  }
  return lines.join('')
}
